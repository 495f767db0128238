/*
 * access.h - the access log: a line for each request and each WebSocket.
 *
 * Calling sequence: access_open once, access_log for what happened,
 * access_reopen when the file was moved away, access_close. Without
 * access_open nothing is logged. No client can forge a line or a word of one:
 * what it sent is escaped. How lines reach the file is logfile.h's.
 */
#ifndef CHSERVE_ACCESS_H
#define CHSERVE_ACCESS_H

#include "base/buf.h"
#include "channel.h"

#include <stdint.h>

enum access_format {
	ACCESS_COMBINED, /* that of Apache and nginx */
	ACCESS_JSON      /* an object a line */
};

#define ACCESS_FORMATS "combined|json"

/* What happened. Words that are not known are NULL or "". */
struct access_entry {
	/* "WSCONNECT", "WSREJECT", "WSDISCONNECT"; NULL: a request */
	const char *event;
	const char *client; /* its address */
	const char *user;
	const char *method; /* NULL: the request made no sense */
	const char *target; /* path and query as they came */
	const char *version; /* "HTTP/1.1", "HTTP/2.0" */
	const char *host;
	const char *referer;
	const char *agent;
	int status;     /* WSDISCONNECT: the close code */
	uint64_t bytes; /* that the client was sent, heads not counted */
	int64_t ms;     /* how long it took; -1: unknown */
	int64_t time;   /* when it was over, ms since the epoch; 0: now */
};

/*
 * Log to a file, "-": standard output. A fifo may be without a reader. CH_IO,
 * CH_DENIED: it cannot be opened.
 */
int access_open(
    const char *file, enum access_format format, struct ch_err *err);
void access_log(const struct access_entry *entry);

/* Whether there is a log, for whom an entry is work to make. */
int access_is_open(void);

/*
 * Open the file again under its name; until then lines go to the old one, none
 * is lost. If that fails, they go on doing so.
 */
int access_reopen(struct ch_err *err);
void access_close(void);

/*
 * Append an entry's line, its line feed included; of no word more than `limit`
 * bytes. Pure, but for the time zone.
 */
void access_line(struct ch_buf *line, const struct access_entry *entry,
    enum access_format format, size_t limit);

#endif
