/* IP addresses, and networks of them. */
#include "chserve/ip.h"

#include <arpa/inet.h>
#include <string.h>

#define IPV4_BITS 96 /* before those of an IPv4 address */

static const unsigned char ipv4_prefix[12] = { [10] = 0xff, [11] = 0xff };

static int
is_ipv4(const struct ip *ip)
{
	return memcmp(ip->bytes, ipv4_prefix, sizeof(ipv4_prefix)) == 0;
}

/* The number that the n digits are, at most max; -1 if they are none such. */
static long
read_number(const char *digits, size_t n, long max)
{
	long number = 0;
	size_t i;

	for (i = 0; i < n && number <= max; i++) {
		if (digits[i] < '0' || digits[i] > '9')
			return -1;
		number = number * 10 + digits[i] - '0';
	}
	return n && number <= max ? number : -1;
}

/* Read what follows an address: nothing, or a port. */
static int
read_port(struct ip *ip, const char *text, size_t n)
{
	long port = 0;

	if (n && (n < 2 || *text != ':'))
		return -1;
	if (n && text[1] != '_')
		port = read_number(text + 1, n - 1, 65535);
	if (port < 0)
		return -1;
	ip->port = (unsigned)port;
	return 0;
}

/* Read an address of n bytes, and nothing behind it. */
static int
read_bare(struct ip *ip, int family, const char *text, size_t n)
{
	char copy[IP_SIZE];

	if (n >= sizeof(copy) || memchr(text, '\0', n))
		return -1;
	memcpy(copy, text, n);
	copy[n] = '\0';
	if (family == AF_INET6)
		return inet_pton(family, copy, ip->bytes) == 1 ? 0 : -1;
	memcpy(ip->bytes, ipv4_prefix, sizeof(ipv4_prefix));
	return inet_pton(family, copy, ip->bytes + 12) == 1 ? 0 : -1;
}

int
ip_read(struct ip *ip, const char *text, size_t n)
{
	const char *colon = memchr(text, ':', n), *end;
	size_t len = n;

	ip->port = 0;
	if (n && *text == '[') {
		end = memchr(text, ']', n);
		len = end ? (size_t)(end - text) + 1 : 0;
		if (!len || read_bare(ip, AF_INET6, text + 1, len - 2))
			return -1;
	} else if (colon && memchr(colon + 1, ':', (size_t)(text + n - colon) -
	    1)) {
		return read_bare(ip, AF_INET6, text, n);
	} else {
		len = colon ? (size_t)(colon - text) : n;
		if (read_bare(ip, AF_INET, text, len))
			return -1;
	}
	return read_port(ip, text + len, n - len);
}

void
ip_write(const struct ip *ip, char text[IP_SIZE])
{
	if (is_ipv4(ip))
		inet_ntop(AF_INET, ip->bytes + 12, text, IP_SIZE);
	else
		inet_ntop(AF_INET6, ip->bytes, text, IP_SIZE);
}

int
ip_net_read(struct ip_net *net, const char *text)
{
	const char *slash = strchr(text, '/');
	size_t n = slash ? (size_t)(slash - text) : strlen(text);
	int dotted = !memchr(text, ':', n);
	long bits = dotted ? 32 : 128;

	net->first.port = 0;
	if (read_bare(&net->first, dotted ? AF_INET : AF_INET6, text, n))
		return -1;
	if (slash)
		bits = read_number(slash + 1, strlen(slash + 1), bits);
	if (bits < 0)
		return -1;
	net->bits = (unsigned)bits + (dotted ? IPV4_BITS : 0);
	return 0;
}

int
ip_net_has(const struct ip_net *net, const struct ip *ip)
{
	const unsigned char *a = net->first.bytes, *b = ip->bytes;
	unsigned whole = net->bits / 8, rest = net->bits % 8;

	if (net->bits < IPV4_BITS && is_ipv4(ip))
		return 0;
	return memcmp(a, b, whole) == 0 &&
	    (!rest || (a[whole] ^ b[whole]) >> (8 - rest) == 0);
}
