/* answer.h - answers that we give ourselves. */
#ifndef CHSERVE_ANSWER_H
#define CHSERVE_ANSWER_H

#include "chserve/request.h"

/* The words of a status (RFC 9110, section 15). */
const char *answer_reason(int status);

/* Append Date and Server. */
void answer_put_date(struct ch_buf *out);

/* A status with a line of text; `fields` may be NULL. */
void answer_words(struct request *request, int status, const char *fields);

/* A text of that type. */
void answer_text(struct request *request, int status, const char *type,
    const char *text, size_t len);

/* The file that the path names; 0 if there is none. */
int answer_file(struct request *request);

#endif
