/* ip.h - IP addresses, and networks of them. Pure. */
#ifndef CHSERVE_IP_H
#define CHSERVE_IP_H

#include <stddef.h>

#define IP_SIZE 46 /* the longest as text, and a NUL */

struct ip {
	unsigned char bytes[16]; /* IPv4 as ::ffff:a.b.c.d */
	unsigned port;           /* 0: none told */
};

struct ip_net {
	struct ip first;
	unsigned bits; /* of the 16 bytes */
};

/*
 * Read the n bytes "1.2.3.4", "1.2.3.4:port", "2001:db8::1", "[2001:db8::1]" or
 * "[2001:db8::1]:port"; 0, or -1. A port that is a name, "_x", is none told.
 */
int ip_read(struct ip *ip, const char *text, size_t n);

/* Write it without its port, an IPv4 address in its own form. */
void ip_write(const struct ip *ip, char text[IP_SIZE]);

/* Read "address" or "address/bits"; 0, or -1. */
int ip_net_read(struct ip_net *net, const char *text);

/* Whether the address is in it. ::/0 has no IPv4 addresses. */
int ip_net_has(const struct ip_net *net, const struct ip *ip);

#endif
