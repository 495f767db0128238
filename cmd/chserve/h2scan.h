/*
 * h2scan.h - where frames begin in what a client sends. Pure.
 *
 * nghttp2 skips some frames without a word; who wants to see them all looks
 * here first, frame by frame.
 */
#ifndef CHSERVE_H2SCAN_H
#define CHSERVE_H2SCAN_H

#include <stddef.h>
#include <stdint.h>

#define H2SCAN_PREFACE 24
#define H2SCAN_HEAD 9
#define H2SCAN_WINDOW_UPDATE 8 /* the type whose payload is looked at */

struct h2scan {
	size_t before;  /* bytes of the preface still to come */
	uint8_t head[H2SCAN_HEAD + 4];
	size_t n;       /* bytes of it that are here */
	uint32_t left;  /* bytes of the payload still to come */
};
#define H2SCAN_INIT { .before = H2SCAN_PREFACE }

struct h2scan_frame {
	uint32_t length;
	int32_t stream;
	uint32_t increment; /* of WINDOW_UPDATE */
	uint8_t type, flags;
};

/*
 * One step through n > 0 bytes: up to the end of a frame's head, and then of
 * its payload. The number of bytes that step took; *begun tells whether they
 * are the last of a head, which is then in *frame. The head of WINDOW_UPDATE
 * counts with its payload.
 */
size_t h2scan_next(struct h2scan *scan, const uint8_t *bytes, size_t n,
    struct h2scan_frame *frame, int *begun);

#endif
