/* Conditional requests. */
#include "chserve/condition.h"

#include "chserve/date.h"

#include <string.h>

#define BLANK " \t"

enum { UNASKED = -1 }; /* no such field; else 0 or 1: what it says */

/* The length of the entity tag in quotes that text starts with, or 0. */
static size_t
tag_length(const char *text)
{
	const char *end = *text == '"' ? strchr(text + 1, '"') : NULL;

	return end ? (size_t)(end + 1 - text) : 0;
}

/* Whether the list has the tag; a weak one (W/) counts where `weak` says so. */
static int
has_tag(const char *list, const char *etag, int weak)
{
	size_t n;
	int is_weak;

	if (strcmp(list, "*") == 0)
		return 1;
	for (;;) {
		list += strspn(list, BLANK ",");
		is_weak = strncmp(list, "W/", 2) == 0;
		list += is_weak ? 2 : 0;
		n = tag_length(list);
		if (!n)
			return 0;
		if ((weak || !is_weak) && strlen(etag) == n &&
		    memcmp(list, etag, n) == 0)
			return 1;
		list += n;
	}
}

/* Whether it changed after that date; what is none asks nothing. */
static int
changed_since(const char *date, time_t modified)
{
	time_t since;

	return date_read(date, &since) ? UNASKED : modified > since;
}

int
condition_check(const struct head *head, const char *etag, time_t modified)
{
	int match = UNASKED, none_match = UNASKED;
	const char *since = NULL, *unmodified = NULL, *name, *value;
	size_t i;

	for (i = 0; i < head->n_fields; i++) {
		name = head->fields[i].name;
		value = head->fields[i].value;
		if (strncmp(name, "if-", 3) != 0)
			continue;
		if (strcmp(name, "if-none-match") == 0)
			none_match = none_match == 1 || has_tag(value, etag, 1);
		else if (strcmp(name, "if-modified-since") == 0)
			since = value;
		else if (strcmp(name, "if-match") == 0)
			match = match == 1 || has_tag(value, etag, 0);
		else if (strcmp(name, "if-unmodified-since") == 0)
			unmodified = value;
	}
	if (match == UNASKED && unmodified)
		match = changed_since(unmodified, modified) != 1;
	if (match == 0)
		return 412;
	if (none_match == UNASKED && since)
		none_match = changed_since(since, modified) == 0;
	return none_match == 1 ? 304 : 0;
}

const char *
condition_range(const struct head *head, const char *etag, time_t modified)
{
	const char *range = NULL, *only_if = NULL, *name;
	size_t i, n = 0;
	time_t date;

	for (i = 0; i < head->n_fields; i++) {
		name = head->fields[i].name;
		if (strcmp(name, "range") == 0) {
			range = head->fields[i].value;
			n++;
		} else if (strcmp(name, "if-range") == 0) {
			only_if = head->fields[i].value;
		}
	}
	if (n != 1 || !only_if || strcmp(only_if, etag) == 0)
		return n == 1 ? range : NULL;
	return date_read(only_if, &date) == 0 && date == modified ? range
	    : NULL;
}
