/*
 * put.h - adding to a struct ch_buf in a program, where running out of memory
 * ends the program (74).
 */
#ifndef CMD_COMMON_PUT_H
#define CMD_COMMON_PUT_H

#include "base/buf.h"

void put_bytes(struct ch_buf *buf, const void *bytes, size_t n);
void put_string(struct ch_buf *buf, const char *string);
void put_char(struct ch_buf *buf, char c);
void put_format(struct ch_buf *buf, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
