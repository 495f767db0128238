/* name.c - which names are accepted, what they mean, and globs over them. */
#include "model/name.h"

#include "base/err.h"
#include "channel.h"

#include <stdio.h>
#include <string.h>

static int
is_letter(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

enum ch_sort
ch_name_sort(const char *name)
{
	const char *mark = strpbrk(name, "!?");

	if (!mark)
		return CH_SORT_NORMAL;
	return *mark == '!' ? CH_SORT_PROCESS : CH_SORT_SINGLE;
}

size_t
ch_name_queue_len(const char *name)
{
	const char *mark = strchr(name, '!');

	return mark ? (size_t)(mark - name) + 1 : strlen(name);
}

int
ch_name_is_protocol(const char *name)
{
	return strncmp(name, "http.", 5) == 0 ||
	    strncmp(name, "websocket.", 10) == 0 || strpbrk(name, "!?");
}

/* A ? is a mark when letters stand on both sides and it is the only mark. */
int
ch_name_is_glob(const char *name)
{
	const char *mark = strchr(name, '?');

	if (strpbrk(name, "*["))
		return 1;
	if (!mark)
		return 0;
	return mark == name || !mark[1] || strpbrk(mark + 1, "!?") ||
	    memchr(name, '!', (size_t)(mark - name));
}

/*
 * Match c against the set behind a [, whose first character is p[0]. Returns
 * what follows the ], or NULL when there is none.
 */
static const char *
match_set(const char *p, unsigned char c, int *matches)
{
	int negated = *p == '!' || *p == '^', found = 0;
	unsigned char low, high;

	p += negated;
	do {
		if (!*p)
			return NULL;
		low = high = (unsigned char)*p++;
		if (p[0] == '-' && p[1] && p[1] != ']') {
			high = (unsigned char)p[1];
			p += 2;
		}
		found |= low <= c && c <= high;
	} while (*p != ']');
	*matches = found != negated;
	return p + 1;
}

/*
 * Match the one character c against what glob begins with (not *). Returns
 * what follows in glob, or NULL when it does not match.
 */
static const char *
match_one(const char *glob, char c)
{
	const char *after;
	int matches;

	if (*glob == '?')
		return glob + 1;
	if (*glob == '[') {
		after = match_set(glob + 1, (unsigned char)c, &matches);
		return after && matches ? after : NULL;
	}
	return *glob == c ? glob + 1 : NULL;
}

/*
 * Only the last * ever needs to take more, so the cost is at most the product
 * of the lengths, whatever the glob.
 */
int
ch_glob_match(const char *glob, const char *name)
{
	const char *star = NULL, *resume = NULL, *after;

	while (*name || *glob) {
		if (*glob == '*') {
			star = ++glob;
			resume = name;
			continue;
		}
		after = *name && *glob ? match_one(glob, *name) : NULL;
		if (after) {
			glob = after;
			name++;
		} else if (star && *resume) {
			glob = star;
			name = ++resume;
		} else {
			return 0;
		}
	}
	return 1;
}

int
ch_name_matches(const char *pattern, const char *name)
{
	return ch_name_is_glob(pattern) ? ch_glob_match(pattern, name) :
	    strcmp(pattern, name) == 0;
}

int
ch_name_hears(const char *wanted, const char *name)
{
	enum ch_sort sort = ch_name_sort(name);

	if (!ch_name_is_glob(wanted))
		return strcmp(wanted, name) == 0;
	if (sort == CH_SORT_SINGLE || (sort == CH_SORT_PROCESS &&
	    wanted[strlen(wanted) - 1] != '!'))
		return 0;
	return ch_glob_match(wanted, name);
}

/* Write `name` for people: cut when long, control bytes made visible. */
static const char *
quoted(char *out, size_t size, const char *name)
{
	size_t n = 0;
	unsigned char c;

	for (; *name && n + 8 < size; name++) {
		c = (unsigned char)*name;
		if (c < ' ' || c == 0x7f)
			n += (size_t)sprintf(out + n, "\\x%02x", c);
		else
			out[n++] = (char)c;
	}
	strcpy(out + n, *name ? "..." : "");
	return out;
}

static int
refuse(struct ch_err *err, const char *name, const char *why)
{
	char text[160];

	return ch_err_set(err, CH_REFUSED, "name '%s' refused: %s",
	    quoted(text, sizeof(text), name), why);
}

static const char up_to_mark[] =
    "receive on it up to the !, -e shows the full names";

static const char *
check_mark(const char *name, const char *mark, enum ch_use use)
{
	if (use == CH_TO_JOIN)
		return "a group has no ! or ?";
	if (mark == name)
		return "nothing before the mark";
	if (use == CH_TO_NEW && mark[1])
		return "a pattern ends with its ! or ?";
	if (use == CH_TO_RECEIVE && *mark == '!' && mark[1])
		return up_to_mark;
	if (use == CH_TO_SEND && !mark[1])
		return "nothing behind the mark";
	return NULL;
}

/* What is wrong with a name that is no glob; NULL: nothing. */
static const char *
check_plain(const char *name, enum ch_use use)
{
	const char *p, *mark = NULL, *why;

	for (p = name; *p; p++) {
		if (is_letter((unsigned char)*p))
			continue;
		if (*p != '!' && *p != '?')
			return "only letters, digits and . _ - are allowed";
		if (mark)
			return "more than one ! or ?";
		mark = p;
	}
	if (!mark)
		return use == CH_TO_NEW ?
		    "a pattern ends with ! or ?" : NULL;
	why = check_mark(name, mark, use);
	if (why)
		return why;
	if (use == CH_TO_NEW && p - name > CH_NAME_MAX - CH_NAME_RANDOM)
		return "too long to add a random part";
	return NULL;
}

/* What is wrong with a glob; NULL: nothing. */
static const char *
check_glob(const char *glob, enum ch_use use)
{
	const char *p;
	int matches;

	for (p = glob; *p; p++)
		if (!is_letter((unsigned char)*p) && !strchr("*?!^[]", *p))
			return "only letters, digits and . _ - ! * ? [ ] ^ "
			    "are allowed";
	while (glob && *glob) {
		if (use == CH_TO_RECEIVE && *glob == '!' && glob[1])
			return up_to_mark;
		glob = *glob == '[' ? match_set(glob + 1, 'a', &matches) :
		    glob + 1;
	}
	return glob ? NULL : "a [ without its ]";
}

int
ch_name_check(const char *name, enum ch_use use, struct ch_err *err)
{
	const char *why;

	if (!name || !*name)
		why = "it is empty";
	else if (*name == '.')
		why = "it starts with a dot";
	else if (strnlen(name, CH_NAME_MAX + 1) > CH_NAME_MAX)
		why = "longer than 100 bytes";
	else if ((use == CH_TO_RECEIVE || use == CH_TO_MATCH) &&
	    ch_name_is_glob(name))
		why = check_glob(name, use);
	else
		why = check_plain(name, use);
	return why ? refuse(err, name ? name : "", why) : CH_OK;
}
