/* What compressions a client takes (RFC 9110, section 12.5.3). */
#include "chserve/coding.h"

#include <string.h>
#include <strings.h>

#define BLANK " \t"

/* The thousandths behind "q=", 0 for what is no quality. */
static int
read_quality(const char *text, size_t n)
{
	int quality = 0, weight = 1000;
	size_t i;

	if (!n || n > 5 || (*text != '0' && *text != '1') ||
	    (n > 1 && text[1] != '.'))
		return 0;
	for (i = 0; i < n; i++) {
		if (i == 1)
			continue;
		if (text[i] < '0' || text[i] > '9')
			return 0;
		quality += (text[i] - '0') * weight;
		weight /= 10;
	}
	return quality > 1000 ? 0 : quality;
}

/* The quality that an element, "gzip;q=0.5", gives; 1000 where it says none. */
static int
quality_of(const char *element, size_t n)
{
	const char *end = element + n;
	const char *text = memchr(element, ';', n);

	if (!text)
		return 1000;
	text += 1 + strspn(text + 1, BLANK);
	if (strncasecmp(text, "q=", 2) != 0)
		return 0;
	text += 2;
	return read_quality(text, text < end ? (size_t)(end - text) : 0);
}

/* Walks a list: the element's length without space around it, 0 at the end. */
static size_t
next_element(const char **list)
{
	size_t n;

	*list += strspn(*list, BLANK ",");
	n = strcspn(*list, ",");
	while (n && strchr(BLANK, (*list)[n - 1]))
		n--;
	return n;
}

int
coding_quality(const struct head *head, const char *coding, int unsaid)
{
	int any = -1;
	const char *list;
	size_t i, n, len;

	for (i = 0; i < head->n_fields; i++) {
		if (strcmp(head->fields[i].name, "accept-encoding") != 0)
			continue;
		list = head->fields[i].value;
		for (; (n = next_element(&list)); list += n) {
			len = strcspn(list, BLANK ";,");
			if (len == strlen(coding) &&
			    strncasecmp(list, coding, len) == 0)
				return quality_of(list, n);
			if (len == 1 && *list == '*')
				any = quality_of(list, n);
		}
	}
	return any < 0 ? unsaid : any;
}
