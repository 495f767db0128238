/* The fields that tell about a file. */
#include "chserve/describe.h"

#include "chserve/condition.h"
#include "chserve/date.h"
#include "chserve/range.h"

#include "common/put.h"
#include "common/say.h"

#include <string.h>
#include <time.h>

#define FIELDS 512 /* bytes that they seldom exceed */
#define ETAG_SIZE 64

static char *
write_hex(char *to, unsigned long long n)
{
	char digits[16];
	size_t i = sizeof(digits);

	do
		digits[--i] = "0123456789abcdef"[n & 15];
	while (n >>= 4);
	memcpy(to, digits + i, sizeof(digits) - i);
	return to + sizeof(digits) - i;
}

/* "size-seconds.nanoseconds", with the coding of a sibling. */
static void
write_etag(char etag[ETAG_SIZE], const struct found *found)
{
	char *to = etag;

	*to++ = '"';
	to = write_hex(to, (unsigned long long)found->st.st_size);
	*to++ = '-';
	to = write_hex(to, (unsigned long long)found->st.st_mtime);
	*to++ = '.';
	to = write_hex(to, (unsigned long long)found->st.st_mtim.tv_nsec);
	if (found->coding) {
		*to++ = '-';
		to = stpcpy(to, found->coding);
	}
	strcpy(to, "\"");
}

static void
put_field(struct ch_buf *out, const char *name, const char *value)
{
	put_string(out, name);
	put_string(out, value);
	put_bytes(out, "\r\n", 2);
}

/* A time to come would be one that no clock has shown (section 8.8.2.1). */
static void
put_modified(struct ch_buf *out, time_t modified)
{
	time_t now = time(NULL);
	char date[DATE_SIZE];

	date_write(date, modified < now ? modified : now);
	put_field(out, "Last-Modified: ", date);
}

/* What is the same in every answer about the file. */
static void
put_validators(struct ch_buf *out, const struct found *found, const char *etag)
{
	put_field(out, "ETag: ", etag);
	put_modified(out, found->st.st_mtime);
	put_string(out, "Cache-Control: no-cache\r\n");
	if (found->varies)
		put_string(out, "Vary: Accept-Encoding\r\n");
}

static void
put_content(struct ch_buf *out, const struct found *found)
{
	put_field(out, "Content-Type: ", found->type->name);
	if (found->coding)
		put_field(out, "Content-Encoding: ", found->coding);
	put_string(out, "Accept-Ranges: bytes\r\n"
	    "X-Content-Type-Options: nosniff\r\n");
}

/* The whole file, or a piece of it. Only a GET can ask for one. */
static int
find_range(struct ch_buf *out, const char *range, off_t size, off_t *at,
    off_t *len)
{
	int status = range ? range_read(range, size, at, len) : 200;

	if (status == 206)
		put_format(out, "Content-Range: bytes %lld-%lld/%lld\r\n",
		    (long long)*at, (long long)(*at + *len - 1),
		    (long long)size);
	else if (status == 416)
		put_format(out, "Content-Range: bytes */%lld\r\n",
		    (long long)size);
	else
		*len = size;
	return status;
}

int
describe_file(struct ch_buf *out, const struct head *head,
    const struct found *found, off_t *at, off_t *len)
{
	const char *range = NULL;
	char etag[ETAG_SIZE];
	int status;

	if (ch_buf_reserve(out, FIELDS))
		say_memory();
	*at = *len = 0;
	write_etag(etag, found);
	put_validators(out, found, etag);
	status = condition_check(head, etag, found->st.st_mtime);
	if (status)
		return status;
	if (strcmp(head->method, "GET") == 0)
		range = condition_range(head, etag, found->st.st_mtime);
	status = find_range(out, range, found->st.st_size, at, len);
	if (status != 416)
		put_content(out, found);
	return status;
}
