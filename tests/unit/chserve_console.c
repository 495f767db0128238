/* The console's page is there, whole, and runs by its number only. */
#include "chserve/console.h"

#include "tap.h"

int
main(void)
{
	struct ch_buf page = CH_BUF_INIT, fields = CH_BUF_INIT;
	struct ch_buf other = CH_BUF_INIT;
	char nonce[64], want[128];
	const char *at;

	console_page(&page, &fields);
	is_int(strncmp(page.data, "<!DOCTYPE html>", 15), 0, "it begins");
	is_str(page.data + page.len - 8, "</html>\n", "it ends");
	is_int((intmax_t)strlen(page.data), (intmax_t)page.len, "as text");
	ok(!strstr(page.data, "@NONCE@"), "no mark is left");
	at = strstr(fields.data, "script-src 'nonce-");
	if (!ok(at != NULL, "the policy has a number"))
		return done_testing();
	snprintf(nonce, sizeof(nonce), "%.*s", (int)strcspn(at + 18, "'"),
	    at + 18);
	ok(strlen(nonce) >= 16, "a long one: %s", nonce);
	snprintf(want, sizeof(want), "<script nonce=\"%s\">", nonce);
	ok(strstr(page.data, want), "the script has it");
	snprintf(want, sizeof(want), "<style nonce=\"%s\">", nonce);
	ok(strstr(page.data, want), "the style has it");
	ok(!strstr(page.data, "src=") && !strstr(page.data, "http://"),
	    "nothing is fetched");
	ch_buf_clear(&fields);
	console_page(&other, &fields);
	ok(!strstr(fields.data, nonce), "the next has another");
	ch_buf_release(&page);
	ch_buf_release(&other);
	ch_buf_release(&fields);
	return done_testing();
}
