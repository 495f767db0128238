/* console.h - the page to try things out with: connects, sends and shows. */
#ifndef CHSERVE_CONSOLE_H
#define CHSERVE_CONSOLE_H

#include "base/buf.h"

#define CONSOLE_PATH "/console"

/*
 * Append the page, and the fields for its answer ("Name: value\r\n" each), its
 * type apart. Its script and style run by a number used once, nothing else
 * does, and it may talk to us only.
 */
void console_page(struct ch_buf *page, struct ch_buf *fields);

#endif
