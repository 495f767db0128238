/* date.h - times as HTTP writes them (RFC 9110, section 5.6.7). Pure. */
#ifndef CHSERVE_DATE_H
#define CHSERVE_DATE_H

#include <stddef.h>
#include <time.h>

#define DATE_SIZE 30 /* "Sun, 06 Nov 1994 08:49:37 GMT" and a NUL */

/* Write the time, of a year from 0 to 9999, as HTTP has it since 1999. */
void date_write(char text[DATE_SIZE], time_t time);

/* Read one of the three forms there are; -1 if it is none of them. */
int date_read(const char *text, time_t *time);

#endif
