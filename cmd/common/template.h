/*
 * template.h - what -F says: text with fields in braces.
 *
 *     {a.b}       a field of the message: strings bare, other values as JSON
 *     {@channel}  where it was received
 *     {@group}    the group it was sent to
 *     {@time}     when it was sent: 2026-11-22T07:22:06.123Z
 *     {{          a brace
 *
 * What is missing is empty. A brace that closes nothing stands for itself.
 */
#ifndef CMD_COMMON_TEMPLATE_H
#define CMD_COMMON_TEMPLATE_H

#include "common/json.h"

#include <stdint.h>

/* What a template is filled with; names may be NULL. */
struct template_fields {
	struct json message;
	const char *channel;
	const char *group;
	int64_t time;
};

/* What is wrong with a template; NULL if nothing. */
const char *template_fault(const char *format);

/* Append a sound template, filled. */
void template_put(struct ch_buf *buf, const char *format,
    const struct template_fields *fields);

#endif
