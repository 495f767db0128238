/* coding.h - what compressions a client takes (Accept-Encoding). Pure. */
#ifndef CHSERVE_CODING_H
#define CHSERVE_CODING_H

#include "chserve/head.h"

/*
 * How gladly it takes that coding, from 0, not at all, to 1000; `unsaid` where
 * neither it nor * is named.
 */
int coding_quality(const struct head *head, const char *coding, int unsaid);

#endif
