/* A Host: a name or an address, and perhaps a port. */
#include "chserve/host.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

static int
is_name_char(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
	    c == '~';
}

/* The length of "[address]", 0 if it is none. */
static size_t
bracket_length(const char *text, size_t n)
{
	const char *end = memchr(text, ']', n);
	char address[INET6_ADDRSTRLEN];
	struct in6_addr bytes;
	size_t len = end ? (size_t)(end - text) - 1 : 0;

	if (!len || len >= sizeof(address))
		return 0;
	memcpy(address, text + 1, len);
	address[len] = '\0';
	return inet_pton(AF_INET6, address, &bytes) == 1 ? len + 2 : 0;
}

/* The port that the n digits are; -1 for none that there could be. */
static long
read_port(const char *digits, size_t n)
{
	long port = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		if (digits[i] < '0' || digits[i] > '9' || port > 65535)
			return -1;
		port = port * 10 + digits[i] - '0';
	}
	return port > 65535 || (n && !port) ? -1 : port;
}

int
host_read(struct host *host, const char *text, size_t n)
{
	size_t len = 0;
	long port = 0;

	if (!n || n > HOST_MAX)
		return -1;
	if (*text == '[')
		len = bracket_length(text, n);
	else
		while (len < n && is_name_char((unsigned char)text[len]))
			len++;
	if (len < n)
		port = text[len] == ':'
		    ? read_port(text + len + 1, n - len - 1) : -1;
	if (!len || port < 0)
		return -1;
	host->name = text;
	host->len = len;
	host->port = (unsigned)port;
	return 0;
}

int
host_is(const struct host *host, const char *name)
{
	size_t n = host->len;

	if (n > 1 && host->name[n - 1] == '.')
		n--;
	return strlen(name) == n && strncasecmp(host->name, name, n) == 0;
}
