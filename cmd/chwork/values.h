/*
 * values.h - the values of actions' options, and their operands.
 *
 * What is wrong with them is told.
 */
#ifndef CHWORK_VALUES_H
#define CHWORK_VALUES_H

#include "chwork/line.h"

/* Each stores the value, the word that is next, in the route's field. */
void value_group(struct line *line, const char *value, void *field);
void value_subprotocol(struct line *line, const char *value, void *field);
void value_reply(struct line *line, const char *value, void *field);
void value_retries(struct line *line, const char *value, void *field);
void value_header(struct line *line, const char *value, void *field);
void value_file(struct line *line, const char *value, void *field);
void value_channel(struct line *line, const char *value, void *field);
void value_duration(struct line *line, const char *value, void *field);
void value_jobs(struct line *line, const char *value, void *field);
void value_per(struct line *line, const char *value, void *field);

/* Each reads what is behind the action and its options into the route. */
void operand_command(struct line *line);
void operand_group(struct line *line);
void operand_url(struct line *line);
void operand_channel(struct line *line);
void operand_code(struct line *line);

#endif
