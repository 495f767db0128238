/* Where we listen: addresses and the sockets that are open on them. */
#include "chserve/places.h"

#include "chserve/address.h"
#include "chserve/inherit.h"
#include "chserve/net.h"
#include "chserve/takeover.h"

#include "base/err.h"
#include "base/io.h"
#include "common/say.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#define ADDRESSES 32  /* of a name, at most */
#define FREE_TRIES 16 /* for a port that is free on all addresses */

struct place *places;
static int kept; /* some of the sockets are kept, and the files another's */
static struct places_plan plan = { .jobs = 1 };

void
places_plan(const struct places_plan *to)
{
	plan = *to;
}

/* --- one place ------------------------------------------------------------ */

static struct place *
new_place(const struct places_use *use)
{
	struct place *place = calloc(1, sizeof(*place)), **end = &places;

	if (!place)
		say_memory();
	place->use = use;
	place->control.fd = place->heir.fd = -1;
	while (*end)
		end = &(*end)->next;
	*end = place;
	return place;
}

static void
close_place(struct place *place)
{
	int last = takeover_is_last(place);

	while (place->n)
		ch_io_close(&place->fds[--place->n]);
	takeover_end(place);
	if (!kept && last && place->file.ino)
		local_remove(&place->file, place->at.host);
	free(place);
}

/* Close the place that was added last. */
static void
take_back(struct place *place)
{
	struct place **at = &places;

	while (*at != place)
		at = &(*at)->next;
	*at = place->next;
	close_place(place);
}

/* Its first socket; it knows where it is. */
static void
add_first(struct place *place, int fd)
{
	place->fds[place->n++] = fd;
	place->len = sizeof(place->address);
	getsockname(fd, (struct sockaddr *)&place->address, &place->len);
	address_peer(&place->at, &place->address, place->len);
}

/* Get the sockets of the server that listens there; as takeover_ask. */
static int
take_over(struct place *place)
{
	size_t i;
	int rc = plan.take_over ? takeover_ask(place) : 0;

	for (i = 0; rc > 0 && !place->at.local && i < place->n; i++)
		if (plan.jobs > place->n)
			net_shared(place->fds[i]);
	return rc;
}

/* A socket for every process; 0, or -1 with errno. */
static int
fill(struct place *place)
{
	int fd;

	while (place->n < plan.jobs) {
		fd = net_open(&place->address, place->len, NET_MORE);
		if (fd < 0)
			return -1;
		place->fds[place->n++] = fd;
	}
	return 0;
}

/* --- the network ---------------------------------------------------------- */

static int
refused(const char *where, int os, struct ch_err *err)
{
	return ch_err_set(err, os == EACCES || os == EPERM ? CH_DENIED
							   : CH_UNAVAILABLE,
	    "listen on %s: %s", where, os == EADDRINUSE
		? "another program listens there" : strerror(os));
}

static void
set_port(struct sockaddr_storage *address, in_port_t port)
{
	if (address->ss_family == AF_INET6)
		((struct sockaddr_in6 *)address)->sin6_port = port;
	else
		((struct sockaddr_in *)address)->sin_port = port;
}

static in_port_t
port_of(const struct sockaddr_storage *address)
{
	return address->ss_family == AF_INET6
	    ? ((const struct sockaddr_in6 *)address)->sin6_port
	    : ((const struct sockaddr_in *)address)->sin_port;
}

static int
open_or_take(struct place *place)
{
	int rc = port_of(&place->address) ? take_over(place) : 0, fd;

	if (rc > 0) { /* better fewer sockets than none of them */
		fill(place);
		return 0;
	}
	if (rc < 0)
		return -1;
	fd = net_open(&place->address, place->len,
	    plan.jobs > 1 ? NET_FIRST : NET_ALONE);
	if (fd < 0)
		return -1;
	add_first(place, fd);
	return fill(place);
}

/* Listen on one address; the place, or NULL with errno. */
static struct place *
open_one(const struct sockaddr_storage *address, socklen_t len,
    const struct places_use *use)
{
	struct place *place = new_place(use);
	int os;

	place->address = *address;
	place->len = len;
	address_peer(&place->at, address, len);
	if (open_or_take(place) == 0)
		return place;
	os = errno;
	take_back(place);
	errno = os;
	return NULL;
}

/* What a name's address says of this machine, not of the address. */
static int
is_not_here(int os)
{
	return os == EADDRNOTAVAIL || os == EAFNOSUPPORT;
}

/* Whether it is in the list before: /etc/hosts may say a thing twice. */
static int
is_twin(const struct addrinfo *info, const struct addrinfo *first)
{
	for (; first != info; first = first->ai_next)
		if (first->ai_addrlen == info->ai_addrlen &&
		    !memcmp(first->ai_addr, info->ai_addr, info->ai_addrlen))
			return 1;
	return 0;
}

/*
 * Listen on all of them, at one port. Addresses that this machine lacks, as
 * ::1 where IPv6 is off, are left out, as long as there is another. 0, or -1
 * with errno and nothing open.
 */
static int
open_all(const struct addrinfo *first, const struct places_use *use)
{
	const struct addrinfo *info;
	struct place *opened[ADDRESSES], *place;
	struct sockaddr_storage address;
	in_port_t port = 0;
	size_t n = 0;
	int os = 0;

	for (info = first; info && n < ADDRESSES; info = info->ai_next) {
		if (is_twin(info, first))
			continue;
		memcpy(&address, info->ai_addr, info->ai_addrlen);
		if (!port_of(&address))
			set_port(&address, port);
		place = open_one(&address, info->ai_addrlen, use);
		if (place) {
			port = port_of(&place->address);
			opened[n++] = place;
			continue;
		}
		os = errno;
		if (!is_not_here(os))
			break;
	}
	if (n && (!os || is_not_here(os)))
		return 0;
	while (n)
		take_back(opened[--n]);
	errno = os;
	return -1;
}

static int
open_net(const char *where, const struct address *address,
    const struct places_use *use, struct ch_err *err)
{
	struct addrinfo hints = { .ai_flags = AI_PASSIVE,
		.ai_socktype = SOCK_STREAM }, *info = NULL;
	int rc = getaddrinfo(address->host, address->port, &hints, &info);
	int tries = strtoul(address->port, NULL, 10) ? 1 : FREE_TRIES;

	if (rc)
		return ch_err_set(err, CH_UNAVAILABLE, "listen on %s: %s",
		    where, gai_strerror(rc));
	do
		rc = open_all(info, use);
	while (rc && errno == EADDRINUSE && --tries);
	if (rc)
		rc = refused(where, errno, err);
	freeaddrinfo(info);
	return rc;
}

/* --- others --------------------------------------------------------------- */

static int
open_local(const struct address *address, const struct places_use *use,
    struct ch_err *err)
{
	struct place *place = new_place(use);
	int fd, rc;

	place->at.local = 1;
	strcpy(place->at.host, address->path);
	local_look(&place->file, address->path);
	rc = place->file.ino ? take_over(place) : 0;
	if (rc > 0)
		return CH_OK;
	memset(&place->file, 0, sizeof(place->file));
	if (rc == 0)
		rc = local_open(&fd, &place->file, address->path, &plan.local,
		    err);
	else
		rc = ch_err_set(err, CH_UNAVAILABLE, "listen on unix:%s: %s",
		    address->path, strerror(errno));
	if (rc == CH_OK)
		add_first(place, fd);
	else
		take_back(place);
	return rc;
}

static int
open_inherited(int fd, const struct places_use *use, struct ch_err *err)
{
	int rc = inherit_check(fd, err);
	struct place *place;

	for (place = places; rc == CH_OK && place; place = place->next)
		if (place->fds[0] == fd)
			return ch_err_set(err, CH_USAGE,
			    "listen on fd:%d: given twice", fd);
	if (rc != CH_OK)
		return rc;
	place = new_place(use);
	place->inherited = 1;
	add_first(place, fd);
	return CH_OK;
}

/* --- all of them ---------------------------------------------------------- */

int
places_open(const char *where, const struct places_use *use,
    struct ch_err *err)
{
	struct address address;
	int rc = address_read(&address, where, err);

	if (rc != CH_OK)
		return rc;
	switch (address.kind) {
	case ADDRESS_UNIX:
		return open_local(&address, use, err);
	case ADDRESS_FD:
		return open_inherited(address.fd, use, err);
	default:
		return open_net(where, &address, use, err);
	}
}

int
places_inherit(int n, const struct places_use *use, struct ch_err *err)
{
	int rc = CH_OK, i;

	for (i = 0; rc == CH_OK && i < n; i++)
		rc = open_inherited(INHERIT_FIRST + i, use, err);
	return rc;
}

void
places_keep(size_t job)
{
	struct place *place;
	size_t i;

	kept = 1;
	for (place = places; place; place = place->next) {
		takeover_forget(place);
		place->shared = place->n < plan.jobs;
		for (i = 0; place->n >= plan.jobs && i < place->n; i++)
			if (i % plan.jobs != job)
				ch_io_close(&place->fds[i]);
	}
}

void
places_close(void)
{
	struct place *place;

	while ((place = places)) {
		places = place->next;
		close_place(place);
	}
}

int
places_are_loopback(const struct places_use *use)
{
	struct place *place;

	for (place = places; place; place = place->next)
		if (place->use == use && !place->at.local &&
		    !address_is_loopback(&place->address))
			return 0;
	return 1;
}
