/* The page to try things out with: console.html, kept in the program. */
#include "chserve/console.h"

#include "base/id.h"
#include "common/put.h"

#include <string.h>

#define MARK "@NONCE@"

/* The file as it is, found from where make runs. */
__asm__(".pushsection .rodata\n"
	"console_html:\n"
	".incbin \"cmd/chserve/console.html\"\n"
	".byte 0\n"
	".popsection\n");
extern const char console_html[] __attribute__((visibility("hidden")));

void
console_page(struct ch_buf *page, struct ch_buf *fields)
{
	char nonce[CH_ID_UNIQUE + 1];
	const char *at = console_html, *mark;

	ch_id_random(nonce, CH_ID_UNIQUE);
	while ((mark = strstr(at, MARK))) {
		put_bytes(page, at, (size_t)(mark - at));
		put_string(page, nonce);
		at = mark + sizeof(MARK) - 1;
	}
	put_string(page, at);
	put_format(fields,
	    "Content-Security-Policy: default-src 'none'; "
	    "script-src 'nonce-%s'; style-src 'nonce-%s'; connect-src 'self'; "
	    "img-src data:; base-uri 'none'; form-action 'none'; "
	    "frame-ancestors 'none'\r\n"
	    "Cache-Control: no-store\r\n"
	    "Referrer-Policy: no-referrer\r\n", nonce, nonce);
}
