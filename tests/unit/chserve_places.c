/* Places: all addresses of a name, one port, and sockets for every process. */
#include "chserve/places.h"

#include "channel.h"
#include "tap.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <unistd.h>

#define CONNECTIONS 1000
#define FEWEST 150

static const struct places_use use = { "listening", "http", NULL };
static const char *const *addresses; /* what every name means; NULL ends it */

static struct addrinfo *
new_info(const char *text, const char *port)
{
	struct addrinfo *info = calloc(1, sizeof(*info));
	struct sockaddr_storage *address = calloc(1, sizeof(*address));
	struct sockaddr_in *in = (void *)address;
	struct sockaddr_in6 *in6 = (void *)address;

	info->ai_addr = (void *)address;
	info->ai_addrlen = sizeof(*in);
	in->sin_family = AF_INET;
	in->sin_port = htons((in_port_t)atoi(port));
	if (inet_pton(AF_INET, text, &in->sin_addr) == 1)
		return info;
	info->ai_addrlen = sizeof(*in6);
	in6->sin6_family = AF_INET6;
	inet_pton(AF_INET6, text, &in6->sin6_addr);
	return info;
}

/* The system's answers are not ours to choose; these are. */
int
getaddrinfo(const char *host, const char *port, const struct addrinfo *hints,
    struct addrinfo **info)
{
	const char *const *address;

	(void)host, (void)hints;
	for (address = addresses; *address; address++) {
		*info = new_info(*address, port);
		info = &(*info)->ai_next;
	}
	return *addresses ? 0 : EAI_NONAME;
}

void
freeaddrinfo(struct addrinfo *info)
{
	struct addrinfo *next;

	for (; info; info = next) {
		next = info->ai_next;
		free(info->ai_addr);
		free(info);
	}
}

static void
plan(size_t jobs)
{
	const struct places_plan to = { jobs,
		{ 0600, (uid_t)-1, (gid_t)-1 }, 0 };

	places_plan(&to);
}

static size_t
count(void)
{
	const struct place *place;
	size_t n = 0;

	for (place = places; place; place = place->next)
		n++;
	return n;
}

/* A port that is bound and not listened on, so nobody else's. */
static int
hold_port(int family, char where[64])
{
	struct sockaddr_storage address;
	struct sockaddr_in *in = (void *)&address;
	socklen_t len = family == AF_INET ? sizeof(*in)
					  : sizeof(struct sockaddr_in6);
	int fd = socket(family, SOCK_STREAM, 0);

	memset(&address, 0, sizeof(address));
	address.ss_family = (sa_family_t)family;
	if (family == AF_INET)
		in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	else
		((struct sockaddr_in6 *)&address)->sin6_addr =
		    in6addr_loopback;
	bind(fd, (void *)&address, len);
	getsockname(fd, (void *)&address, &len);
	snprintf(where, 64, "name:%u", ntohs(in->sin_port));
	return fd;
}

static void
test_names(void)
{
	static const char *const both[] = { "::1", "127.0.0.1", "::1",
		"127.0.0.1", NULL };
	static const char *const some[] = { "2001:db8::1", "127.0.0.1",
		"192.0.2.1", NULL };
	static const char *const none[] = { "2001:db8::1", "192.0.2.1", NULL };
	static const char *const nothing[] = { NULL };
	struct ch_err err;

	plan(1);
	addresses = both;
	is_int(places_open("name:0", &use, NULL), CH_OK, "a name of two");
	is_int(count(), 2, "is listened on at both, once each");
	is_str(places->at.host, "::1", "the first,");
	is_str(places->next->at.host, "127.0.0.1", "the second,");
	is_int(places->at.port, places->next->at.port, "at the same port");
	ok(places->at.port, "which is one");
	ok(places_are_loopback(&use), "both are loopback");
	places_close();

	addresses = some;
	is_int(places_open("name:0", &use, NULL), CH_OK, "not all are ours");
	is_int(count(), 1, "those that are do");
	places_close();
	addresses = none;
	is_int(places_open("name:0", &use, &err), CH_UNAVAILABLE, "none is");
	is_int(count(), 0, "nothing is listened on");
	addresses = nothing;
	is_int(places_open("name:0", &use, &err), CH_UNAVAILABLE, "no such");
}

static void
test_busy(void)
{
	static const char *const both[] = { "127.0.0.1", "::1", NULL };
	struct ch_err err;
	char where[64], want[128];
	int fd = hold_port(AF_INET6, where);

	plan(1);
	addresses = both;
	snprintf(want, sizeof(want),
	    "listen on %s: another program listens there", where);
	is_int(places_open(where, &use, &err), CH_UNAVAILABLE,
	    "busy at one of two");
	is_str(err.text, want, "is said");
	is_int(count(), 0, "and the other one is not taken");
	close(fd);
	is_int(places_open(where, &use, &err), CH_OK, "then it is free");
	plan(4);
	is_int(places_open(where, &use, &err), CH_UNAVAILABLE,
	    "busy for who would share it");
	places_close();
	is_int(places_open(where, &use, &err), CH_OK, "four share it");
	is_int(places_open(where, &use, &err), CH_UNAVAILABLE,
	    "with nobody else");
	places_close();
}

static int
connections(int fd)
{
	int n = 0, got;

	fcntl(fd, F_SETFL, O_NONBLOCK);
	while ((got = accept(fd, NULL, NULL)) >= 0) {
		close(got);
		n++;
	}
	return n;
}

/* Of 1,000 connections to four sockets none has fewer than 150. */
static void
test_spread(void)
{
	static const char *const one[] = { "127.0.0.1", NULL };
	int fds[100], i, total = 0, got[4] = { 0 };
	size_t n, k, jobs = 4;

	plan(jobs);
	addresses = one;
	is_int(places_open("name:0", &use, NULL), CH_OK, "four processes");
	is_int(places->n, jobs, "have a socket each");
	for (n = 0; n < CONNECTIONS; n += 100) {
		for (i = 0; i < 100; i++) {
			fds[i] = socket(AF_INET, SOCK_STREAM, 0);
			connect(fds[i], (void *)&places->address, places->len);
		}
		for (k = 0; k < jobs; k++)
			got[k] += connections(places->fds[k]);
		for (i = 0; i < 100; i++)
			close(fds[i]);
	}
	for (k = 0; k < jobs; k++) {
		ok(got[k] >= FEWEST, "one has %d", got[k]);
		total += got[k];
	}
	is_int(total, CONNECTIONS, "and together all");
	places_keep(2);
	ok(places->fds[2] >= 0 && places->fds[0] < 0 && places->fds[1] < 0 &&
	    places->fds[3] < 0, "a process keeps its own");
	places_close();
}

int
main(void)
{
	test_names();
	test_busy();
	test_spread();
	return done_testing();
}
