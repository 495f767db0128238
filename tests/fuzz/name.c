/*
 * name.c - fuzzes names and globs: a glob, a NUL, a name.
 *
 * What is accepted is what the rules say, and globs match as fnmatch(3) has it.
 */
#include "channel.h"

#include "model/name.h"

#include <fnmatch.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LETTERS \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"

/* The rules once more, in another way. */
static int
may_be_sent_to(const char *name)
{
	size_t n = strspn(name, LETTERS);

	if (!n || *name == '.' || strlen(name) > CH_NAME_MAX)
		return 0;
	if (!name[n])
		return 1;
	return (name[n] == '!' || name[n] == '?') && name[n + 1] &&
	    name[n + 1 + strspn(name + n + 1, LETTERS)] == '\0';
}

static void
check(int good)
{
	if (!good)
		abort();
}

static void
check_name(const char *name)
{
	struct ch_err err = CH_ERR_INIT;
	int use, rc;

	for (use = CH_TO_SEND; use <= CH_TO_NEW; use++) {
		rc = ch_name_check(name, (enum ch_use)use, &err);
		check(rc == CH_OK || (rc == CH_REFUSED && err.text[0] &&
		    !strpbrk(err.text, "\n\x1b")));
		if (use == CH_TO_SEND)
			check((rc == CH_OK) == may_be_sent_to(name));
		if (rc == CH_OK && (use == CH_TO_SEND || use == CH_TO_JOIN))
			check(!ch_name_is_glob(name) &&
			    ch_name_queue_len(name) <= strlen(name));
	}
}

/*
 * Whether a bracket has "[." in it: to fnmatch(3) that begins a collating
 * symbol, to our globs these are two characters.
 */
static int
has_symbol(const char *glob)
{
	const char *end;

	for (; (glob = strchr(glob, '[')); glob = end) {
		end = ++glob;
		end += *end == '!';
		end += *end != '\0'; /* the first one may be a ] */
		end += strcspn(end, "]");
		for (; glob < end; glob++)
			if (glob[0] == '[' && glob[1] == '.')
				return 1;
	}
	return 0;
}

static void
check_match(const char *glob, const char *name)
{
	int matches = ch_glob_match(glob, name);

	if (!ch_name_is_glob(glob) || has_symbol(glob) ||
	    ch_name_check(glob, CH_TO_MATCH, NULL) != CH_OK ||
	    ch_name_check(name, CH_TO_SEND, NULL) != CH_OK)
		return;
	check(matches == (fnmatch(glob, name, 0) == 0));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	size_t n;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	n = strlen(text);
	check_name(text);
	if (n < size) {
		check_name(text + n + 1);
		check_match(text, text + n + 1);
	}
	free(text);
	return 0;
}
