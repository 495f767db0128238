/* The parts of a post: its address, its signature, when it is tried again. */
#include "chwork/sign.h"
#include "chwork/url.h"

#include "tap.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void
test_faults(void)
{
	static const char *const sound[] = { "http://a", "https://a/",
		"http://[::1]:80/x", "HTTPS://a.example/{x}/y?z={z}",
		"http://a?b={c}" };
	static const char *const faulty[] = { "", "a", "ftp://a/", "file:///a",
		"http://", "http:///x", "http://:80/", "http://{host}/",
		"http://a.{x}/", "http://a:{port}/", "http://u:p@a/",
		"http://a/b c", "http://a/\xc3\xa4", "http://a/#x",
		"http://a/x\n", "http://a{b}", "{x}://a/" };

	for (size_t i = 0; i < sizeof(sound) / sizeof(*sound); i++)
		is_str(url_fault(sound[i]), NULL, "%s", sound[i]);
	for (size_t i = 0; i < sizeof(faulty) / sizeof(*faulty); i++)
		ok(url_fault(faulty[i]), "fault %zu: %s", i,
		    url_fault(faulty[i]) ? url_fault(faulty[i]) : "accepted");
}

/* The URL with the capture x so; "" if it is refused. */
static void
expands(const char *url, const char *value, size_t len, const char *want)
{
	struct captures captures = { .list = { { "x", value, len } }, .n = 1 };
	struct ch_buf out = CH_BUF_INIT;
	struct pattern pattern;
	const char *wrong;

	if (pattern_parse(&pattern, url, &wrong) < 0) {
		ok(0, "%s: %s", url, wrong);
		return;
	}
	if (url_expand(&pattern, &captures, &out) < 0)
		ch_buf_clear(&out);
	is_str(out.data, want, "%s with %s", url, value);
	ch_buf_release(&out);
	pattern_release(&pattern);
}

static void
test_expand(void)
{
	expands("http://a/b", "", 0, "http://a/b");
	expands("http://a/{x}", "room-1_.~", 9, "http://a/room-1_.~");
	expands("http://a/{x}?y={x}", "a b&c=d/../#?%", 14,
	    "http://a/a%20b%26c%3Dd%2F..%2F%23%3F%25"
	    "?y=a%20b%26c%3Dd%2F..%2F%23%3F%25");
	expands("http://a/{x}", "\xc3\xa4\0z", 4, "http://a/%C3%A4%00z");
	expands("http://a/{x}/send", "..", 2, "");
	expands("http://a/{x}", ".", 1, "");
	expands("http://a/.{x}", ".", 1, "");
	expands("http://a/...{x}/b", ".", 1, "http://a/..../b");
	expands("http://a/b?{x}", "..", 2, "http://a/b?..");
	expands("http://a/b?c/{x}", "..", 2, "http://a/b?c/..");
}

/* A file of this mode; the key in it, or why not. */
static void
key_is(const char *dir, mode_t mode, const char *text, const char *want)
{
	struct ch_buf key = CH_BUF_INIT;
	char path[4096];
	const char *wrong;
	FILE *file;

	snprintf(path, sizeof(path), "%s/key", dir);
	unlink(path);
	file = fopen(path, "w");
	fputs(text, file);
	fclose(file);
	chmod(path, mode);
	wrong = sign_key(&key, dir, "key");
	if (want)
		is_str(wrong ? wrong : key.data, want, "key %03o", mode);
	else
		ok(wrong, "key %03o: %s", mode, wrong ? wrong : "taken");
	unlink(path);
	ch_buf_release(&key);
}

static void
test_keys(void)
{
	char dir[] = "/tmp/chwork_post.XXXXXX", full[SIGN_MOST + 2];
	struct ch_buf key = CH_BUF_INIT;

	if (!mkdtemp(dir)) {
		ok(0, "a directory");
		return;
	}
	key_is(dir, 0600, "0123456789abcdef\n", "0123456789abcdef");
	key_is(dir, 0400, "0123456789abcdef", "0123456789abcdef");
	key_is(dir, 0640, "0123456789abcdef", NULL);
	key_is(dir, 0604, "0123456789abcdef", NULL);
	key_is(dir, 0600, "0123456789abcde\n", NULL);
	key_is(dir, 0600, "", NULL);
	memset(full, 'x', sizeof(full) - 1);
	full[sizeof(full) - 1] = '\0';
	key_is(dir, 0600, full, NULL);
	ok(sign_key(&key, dir, "nowhere"), "a key that is not there");
	ok(sign_key(&key, dir, "."), "a directory is no key");
	ch_buf_release(&key);
	rmdir(dir);
}

/* The digest is what `openssl dgst -sha256 -hmac` prints. */
static void
test_signature(void)
{
	struct ch_buf key = CH_BUF_INIT, out = CH_BUF_INIT;

	ch_buf_adds(&key, "0123456789abcdef");
	sign_put(&out, &key, 1790000000, "{\"n\":1}", 7);
	is_str(out.data, "t=1790000000,v1="
	    "427530f348a22329382fd91beb670b07d0f7da3a5257624079f370956ce2db8a",
	    "the signature");
	ch_buf_release(&key);
	ch_buf_release(&out);
}

int
main(void)
{
	test_faults();
	test_expand();
	test_keys();
	test_signature();
	return done_testing();
}
