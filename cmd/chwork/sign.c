/* sign.c - a signature by which the receiver of a post knows who sent it. */
#include "chwork/sign.h"

#include "base/io.h"
#include "common/put.h"
#include "common/say.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

static const char *
fault(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return strerror(errno);
	if (!S_ISREG(st.st_mode))
		return "a key is a file";
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return "a key must belong to who runs chwork, or to root";
	if (st.st_mode & 077)
		return "others can read this key; chmod 600 it";
	return NULL;
}

const char *
sign_key(struct ch_buf *key, const char *dir, const char *file)
{
	int at = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC), fd = -1;
	const char *wrong = NULL;

	if (at >= 0)
		fd = openat(at, file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		wrong = strerror(errno);
	ch_io_close(&at);
	if (!wrong)
		wrong = fault(fd);
	if (!wrong && ch_io_slurp(fd, key, SIGN_MOST) < 0)
		wrong = errno == EFBIG ? "this key is too long"
				       : strerror(errno);
	ch_io_close(&fd);
	while (key->len && strchr("\r\n", key->data[key->len - 1]))
		key->data[--key->len] = '\0';
	if (!wrong && key->len < SIGN_LEAST)
		wrong = "a key has at least 16 characters";
	return wrong;
}

void
sign_put(struct ch_buf *out, const struct ch_buf *key, int64_t time,
    const char *body, size_t len)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	struct ch_buf text = CH_BUF_INIT;
	unsigned n = 0;

	put_format(&text, "%" PRId64 ".", time);
	put_bytes(&text, body, len);
	if (!HMAC(EVP_sha256(), key->data, (int)key->len,
		(const unsigned char *)text.data, text.len, digest, &n))
		say_memory();
	put_format(out, "t=%" PRId64 ",v1=", time);
	for (unsigned i = 0; i < n; i++)
		put_format(out, "%02x", digest[i]);
	ch_buf_release(&text);
}
