/* regex.c - regular expressions, by PCRE2. */
#include "chwork/regex.h"

#include "common/say.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#define STEPS 5000000 /* of a search: some 30 ms */
#define HEAP  32768   /* KiB for what may have to be tried otherwise */

struct regex {
	pcre2_code *code;
	pcre2_match_data *data;
	pcre2_match_context *context;
	const char *names; /* the table that PCRE2 describes */
	uint32_t n, size;  /* of its entries */
};

/* What a search has used. */
struct effort {
	size_t at; /* the place in the value, and */
	size_t steps;
};

/*
 * PCRE2 has limits of its own, but for each place where a search may begin
 * anew. So it is made to call us at every item of the expression.
 */
static int
count_step(pcre2_callout_block *block, void *arg)
{
	struct effort *effort = arg;
	size_t at = block->current_position;

	effort->steps += 1 +
	    (at > effort->at ? at - effort->at : effort->at - at);
	effort->at = at;
	return effort->steps > STEPS ? PCRE2_ERROR_CALLOUT : 0;
}

/* --- groups -------------------------------------------------------------- */

/* Behind a class, of which p is at the bracket. */
static const char *
skip_class(const char *p)
{
	p += p[1] == '^' ? 2 : 1;
	do {
		if (*p == '\\' && p[1])
			p++;
		else if (*p == '[' && p[1] == ':' && strstr(p, ":]"))
			p = strstr(p, ":]") + 1;
		if (*p)
			p++;
	} while (*p && *p != ']');
	return *p ? p + 1 : p;
}

/* Behind what a backslash, to which p points, takes the meaning of. */
static const char *
skip_escape(const char *p)
{
	const char *end;

	if (p[1] == 'Q') {
		end = strstr(p, "\\E");
		return end ? end + 2 : p + strlen(p);
	}
	return p[1] ? p + 2 : p + 1;
}

/* Where the first group without a name is. */
static size_t
find_group(const char *text)
{
	const char *p = text;

	while (*p) {
		if (*p == '\\')
			p = skip_escape(p);
		else if (*p == '[')
			p = skip_class(p);
		else if (!strncmp(p, "(?#", 3))
			p += strcspn(p, ")");
		else if (*p == '(' && p[1] != '?' && p[1] != '*')
			return (size_t)(p - text);
		else
			p++;
	}
	return 0;
}

/* What is wrong with the groups; NULL: nothing. */
static const char *
check_groups(const struct regex *regex, const char *text, size_t *offset)
{
	uint32_t groups;

	pcre2_pattern_info(regex->code, PCRE2_INFO_CAPTURECOUNT, &groups);
	*offset = 0;
	for (uint32_t i = 0; i < regex->n; i++) {
		const char *name = regex_capture(regex, i);
		const char *last = i ? regex_capture(regex, i - 1) : "";

		if (!pattern_is_name(name, strlen(name)))
			return "the name of a group is letters, digits and _";
		if (!strcmp(name, last))
			return "two groups have the same name";
	}
	if (groups <= regex->n)
		return NULL;
	*offset = find_group(text);
	return "this group has no name: (?<name>...) captures, (?:...) does "
	       "not";
}

/* --- all of it ----------------------------------------------------------- */

static pcre2_code *
compile(const char *text, char *wrong, size_t size, size_t *offset)
{
	pcre2_code *code;
	int number;

	code = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED,
	    PCRE2_UTF | PCRE2_AUTO_CALLOUT | PCRE2_DOLLAR_ENDONLY |
	    PCRE2_NEVER_BACKSLASH_C, &number, offset, NULL);
	if (!code)
		pcre2_get_error_message(number, (PCRE2_UCHAR *)wrong, size);
	return code;
}

struct regex *
regex_new(const char *text, char *wrong, size_t size, size_t *offset)
{
	pcre2_code *code = compile(text, wrong, size, offset);
	struct regex *regex;
	const char *what;

	if (!code)
		return NULL;
	regex = calloc(1, sizeof(*regex));
	if (!regex)
		say_memory();
	regex->code = code;
	regex->data = pcre2_match_data_create_from_pattern(code, NULL);
	regex->context = pcre2_match_context_create(NULL);
	if (!regex->data || !regex->context)
		say_memory();
	pcre2_set_heap_limit(regex->context, HEAP);
	pcre2_pattern_info(code, PCRE2_INFO_NAMECOUNT, &regex->n);
	pcre2_pattern_info(code, PCRE2_INFO_NAMEENTRYSIZE, &regex->size);
	pcre2_pattern_info(code, PCRE2_INFO_NAMETABLE, &regex->names);
	what = check_groups(regex, text, offset);
	if (!what)
		return regex;
	snprintf(wrong, size, "%s", what);
	regex_free(regex);
	return NULL;
}

/* An entry of the table: two bytes of the group's number, the name. */
static const char *
entry(const struct regex *regex, size_t i)
{
	return regex->names + i * regex->size;
}

const char *
regex_capture(const struct regex *regex, size_t i)
{
	return i < regex->n ? entry(regex, i) + 2 : NULL;
}

static void
add_captures(const struct regex *regex, const char *value,
    struct captures *captures)
{
	const PCRE2_SIZE *ends = pcre2_get_ovector_pointer(regex->data);

	for (size_t i = 0; i < regex->n; i++) {
		const char *e = entry(regex, i);
		size_t group = (size_t)((unsigned char)e[0] << 8 |
		    (unsigned char)e[1]);
		size_t from = ends[2 * group], to = ends[2 * group + 1];

		/* \K and look-arounds can turn them round. */
		if (from == PCRE2_UNSET || from > to)
			continue;
		captures->list[captures->n++] = (struct capture) {
			.name = e + 2,
			.value = value + from,
			.len = to - from,
		};
	}
}

int
regex_match(const struct regex *regex, const char *value, size_t len,
    struct captures *captures, size_t *end)
{
	struct effort effort = { 0, 0 };
	int rc;

	pcre2_set_callout(regex->context, count_step, &effort);
	rc = pcre2_match(regex->code, (PCRE2_SPTR)value, len, 0,
	    end ? PCRE2_ANCHORED : 0, regex->data, regex->context);
	if (rc == PCRE2_ERROR_NOMATCH)
		return 0;
	if (rc < 0)
		return REGEX_GIVEN_UP;
	add_captures(regex, value, captures);
	if (end)
		*end = pcre2_get_ovector_pointer(regex->data)[1];
	return 1;
}

void
regex_free(struct regex *regex)
{
	if (!regex)
		return;
	pcre2_match_context_free(regex->context);
	pcre2_match_data_free(regex->data);
	pcre2_code_free(regex->code);
	free(regex);
}
