/*
 * limits.c - what the store's config says: capacity, expiry and sizes.
 *
 * A pattern is a glob over full channel names or, behind "re:", a POSIX
 * extended regular expression that is searched for in them. Each of capacity
 * and expiry comes from the first pattern that matches and names it.
 */
#include "model/limits.h"

#include "base/err.h"
#include "model/name.h"

#include <jansson.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#define PROTOCOL_EXPIRY 60000
#define ABSENT (-1)

struct ch_limits_rule {
	char *glob; /* NULL: regex */
	regex_t regex;
	int64_t capacity; /* ABSENT: not said */
	int64_t expiry;   /* ABSENT: not said */
};

void
ch_limits_init(struct ch_limits *limits)
{
	*limits = (struct ch_limits){
		.capacity = 1000,
		.expiry = ABSENT,
		.group_expiry = 86400000,
		.max_size = CH_MESSAGE_MAX,
	};
}

void
ch_limits_release(struct ch_limits *limits)
{
	size_t i;

	for (i = 0; i < limits->nrules; i++) {
		if (limits->rules[i].glob)
			free(limits->rules[i].glob);
		else
			regfree(&limits->rules[i].regex);
	}
	free(limits->rules);
	ch_limits_init(limits);
}

/* --- parsing ------------------------------------------------------------ */

static int
parse_count(int64_t *count, const char *key, const json_t *value,
    struct ch_err *err)
{
	if (!json_is_integer(value) || json_integer_value(value) < 1)
		return ch_err_set(err, CH_CONFIG,
		    "\"%s\" is not a whole number from 1 on", key);
	*count = json_integer_value(value);
	return CH_OK;
}

static int
parse_seconds(int64_t *ms, const char *key, const json_t *value,
    struct ch_err *err)
{
	double seconds = json_number_value(value);

	if (json_is_null(value)) {
		*ms = CH_NEVER;
		return CH_OK;
	}
	if (!json_is_number(value) || seconds < 0)
		return ch_err_set(err, CH_CONFIG,
		    "\"%s\" is neither a number of seconds nor null", key);
	*ms = seconds < 1e15 ? (int64_t)(seconds * 1000 + 0.5) : CH_NEVER;
	return CH_OK;
}

static int
parse_pattern(struct ch_limits_rule *rule, const json_t *value,
    struct ch_err *err)
{
	const char *match = json_string_value(value);
	struct ch_err why = CH_ERR_INIT;
	char reason[128];
	int rc;

	if (!match)
		return ch_err_set(err, CH_CONFIG, "\"match\" is not a string");
	if (strncmp(match, "re:", 3) == 0) {
		rc = regcomp(&rule->regex, match + 3,
		    REG_EXTENDED | REG_NOSUB);
		if (!rc)
			return CH_OK;
		regerror(rc, &rule->regex, reason, sizeof(reason));
		return ch_err_set(err, CH_CONFIG, "\"match\": \"%s\": %s",
		    match, reason);
	}
	if (ch_name_check(match, CH_TO_MATCH, &why) != CH_OK)
		return ch_err_set(err, CH_CONFIG, "\"match\": %s", why.text);
	rule->glob = strdup(match);
	return rule->glob ? CH_OK : ch_err_memory(err);
}

static int
parse_rule_key(struct ch_limits_rule *rule, const char *key,
    const json_t *value, struct ch_err *err)
{
	if (strcmp(key, "match") == 0)
		return CH_OK;
	if (strcmp(key, "capacity") == 0)
		return parse_count(&rule->capacity, key, value, err);
	if (strcmp(key, "expiry") == 0)
		return parse_seconds(&rule->expiry, key, value, err);
	return ch_err_set(err, CH_CONFIG, "unknown key \"%s\" in \"channels\"",
	    key);
}

static int
parse_rule(struct ch_limits *limits, json_t *value, struct ch_err *err)
{
	struct ch_limits_rule rule = {
		.capacity = ABSENT,
		.expiry = ABSENT,
	};
	const char *key;
	json_t *member;
	int rc;

	if (!json_is_object(value))
		return ch_err_set(err, CH_CONFIG,
		    "\"channels\" holds something that is not an object");
	json_object_foreach(value, key, member) {
		rc = parse_rule_key(&rule, key, member, err);
		if (rc != CH_OK)
			return rc;
	}
	rc = parse_pattern(&rule, json_object_get(value, "match"), err);
	if (rc == CH_OK)
		limits->rules[limits->nrules++] = rule;
	return rc;
}

static int
parse_rules(struct ch_limits *limits, json_t *value, struct ch_err *err)
{
	size_t i, n = json_array_size(value);
	int rc = CH_OK;

	if (!json_is_array(value))
		return ch_err_set(err, CH_CONFIG,
		    "\"channels\" is not an array");
	if (!n)
		return CH_OK;
	limits->rules = calloc(n, sizeof(*limits->rules));
	if (!limits->rules)
		return ch_err_memory(err);
	for (i = 0; i < n && rc == CH_OK; i++)
		rc = parse_rule(limits, json_array_get(value, i), err);
	return rc;
}

static int
parse_durable(struct ch_limits *limits, const json_t *value,
    struct ch_err *err)
{
	if (!json_is_boolean(value))
		return ch_err_set(err, CH_CONFIG,
		    "\"durable\" is neither true nor false");
	limits->durable = json_is_true(value);
	return CH_OK;
}

static int
parse_key(struct ch_limits *limits, const char *key, json_t *value,
    struct ch_err *err)
{
	int64_t count = 0;
	int rc;

	if (strcmp(key, "channels") == 0)
		return parse_rules(limits, value, err);
	if (strcmp(key, "expiry") == 0)
		return parse_seconds(&limits->expiry, key, value, err);
	if (strcmp(key, "group_expiry") == 0)
		return parse_seconds(&limits->group_expiry, key, value, err);
	if (strcmp(key, "durable") == 0)
		return parse_durable(limits, value, err);
	if (strcmp(key, "capacity") == 0) {
		rc = parse_count(&count, key, value, err);
		if (rc == CH_OK)
			limits->capacity = (uint64_t)count;
		return rc;
	}
	if (strcmp(key, "max_size") == 0) {
		rc = parse_count(&count, key, value, err);
		if (rc == CH_OK)
			limits->max_size = (size_t)count;
		return rc;
	}
	return ch_err_set(err, CH_CONFIG, "unknown key \"%s\"", key);
}

int
ch_limits_parse(struct ch_limits *limits, const char *text, size_t len,
    struct ch_err *err)
{
	json_error_t error;
	const char *key;
	json_t *config, *value;
	int rc = CH_OK;

	ch_limits_init(limits);
	config = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
	if (!config)
		return ch_err_set(err, CH_CONFIG, "%d:%d: %s", error.line,
		    error.column, error.text);
	if (!json_is_object(config))
		rc = ch_err_set(err, CH_CONFIG, "1:1: not an object");
	json_object_foreach(config, key, value) {
		rc = parse_key(limits, key, value, err);
		if (rc != CH_OK)
			break;
	}
	json_decref(config);
	if (rc != CH_OK)
		ch_limits_release(limits);
	return rc;
}

/* --- asking ------------------------------------------------------------- */

static int
matches(const struct ch_limits_rule *rule, const char *channel)
{
	if (rule->glob)
		return ch_glob_match(rule->glob, channel);
	return regexec(&rule->regex, channel, 0, NULL, 0) == 0;
}

void
ch_limits_for(const struct ch_limits *limits, const char *channel,
    uint64_t *capacity, int64_t *expiry)
{
	const struct ch_limits_rule *rule;
	int64_t most = ABSENT, age = ABSENT;
	size_t i;

	for (i = 0; i < limits->nrules; i++) {
		rule = &limits->rules[i];
		if (!matches(rule, channel))
			continue;
		if (most == ABSENT)
			most = rule->capacity;
		if (age == ABSENT)
			age = rule->expiry;
		if (most != ABSENT && age != ABSENT)
			break;
	}
	if (age == ABSENT)
		age = limits->expiry;
	if (age == ABSENT)
		age = ch_name_is_protocol(channel) ? PROTOCOL_EXPIRY : CH_NEVER;
	*capacity = most == ABSENT ? limits->capacity : (uint64_t)most;
	*expiry = age;
}
