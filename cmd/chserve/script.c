/* The JavaScript that pages may use: chutils.js, kept in the program. */
#include "chserve/script.h"

#include "base/hash.h"
#include "chserve/condition.h"
#include "common/put.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* The file as it is, found from where make runs. */
__asm__(".pushsection .rodata\n"
	"chutils_js:\n"
	".incbin \"cmd/chserve/chutils.js\"\n"
	".byte 0\n"
	".popsection\n");
extern const char chutils_js[] __attribute__((visibility("hidden")));

int
script_begin(struct request *request)
{
	const char *method = request->head.method;
	struct ch_buf fields = CH_BUF_INIT;
	size_t len = strlen(chutils_js);
	char etag[32];
	int status;

	if (strcmp(request->path, SCRIPT_PATH) != 0 ||
	    (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0))
		return 0;
	snprintf(etag, sizeof(etag), "\"%" PRIx64 "\"",
	    (uint64_t)ch_hash(chutils_js, len, 0));
	status = condition_check(&request->head, etag, time(NULL));
	put_format(&fields, "ETag: %s\r\nCache-Control: no-cache\r\n"
	    "Content-Type: text/javascript; charset=utf-8\r\n"
	    "X-Content-Type-Options: nosniff\r\n", etag);
	request_begin(request, status ? status : 200, &fields,
	    status ? -1 : (off_t)len);
	if (!status)
		request_put(request, chutils_js, len);
	request_end(request);
	ch_buf_release(&fields);
	return 1;
}
