/* Listening sockets, passed from one server to the next. */
#include "chserve/takeover.h"

#include "base/hash.h"
#include "base/io.h"
#include "common/say.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define VERSION 1
#define PATIENCE_S 5
#define FDS (1 + PLACES_LINES_MAX + PLACES_JOBS_MAX)

/* What is said: then come the descriptors, in this order. */
struct message {
	unsigned version;
	unsigned control; /* 1: the socket of the offer */
	unsigned lines;   /* connections to those before */
	unsigned sockets; /* that listen */
};

union ancillary {
	struct cmsghdr header; /* for its alignment */
	char space[CMSG_SPACE(sizeof(int) * FDS)];
};

#define place_of(watch_, member) \
	((struct place *)(void *)((char *)(watch_) - \
	    offsetof(struct place, member)))

/* --- names ---------------------------------------------------------------- */

/* The path of a unix socket, the same whoever writes it. */
static void
full_path(char full[PATH_MAX + 128], const char *path)
{
	const char *slash = strrchr(path, '/');
	char folder[128] = ".", real[PATH_MAX];

	if (slash == path)
		strcpy(folder, "/");
	else if (slash)
		snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path),
		    path);
	snprintf(full, PATH_MAX + 128, "%s/%s",
	    realpath(folder, real) ? real : folder, slash ? slash + 1 : path);
}

/* The abstract name of its offer; what is too long for one is hashed. */
static socklen_t
name_of(struct sockaddr_un *name, const struct place *place)
{
	char where[PATH_MAX + 128];
	size_t room = sizeof(name->sun_path) - 1;
	int n;

	if (place->at.local)
		full_path(where, place->at.host);
	else
		snprintf(where, sizeof(where), "%s:%u", place->at.host,
		    place->at.port);
	memset(name, 0, sizeof(*name));
	name->sun_family = AF_UNIX;
	n = snprintf(name->sun_path + 1, room, "chserve/%u/%s",
	    (unsigned)geteuid(), where);
	if ((size_t)n >= room)
		n = snprintf(name->sun_path + 1, room, "chserve/%u/#%016llx",
		    (unsigned)geteuid(),
		    (unsigned long long)ch_hash(where, strlen(where), 0));
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
	    (size_t)n);
}

/* Whether the other end is of our user, or root. */
static int
is_trusted(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 &&
	    (peer.uid == geteuid() || peer.uid == 0);
}

/* --- asking --------------------------------------------------------------- */

static int
connect_to(const struct place *place)
{
	struct timeval patience = { .tv_sec = PATIENCE_S };
	struct sockaddr_un name;
	socklen_t len = name_of(&name, place);
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (connect(fd, (struct sockaddr *)&name, len) || !is_trusted(fd))
		ch_io_close(&fd);
	return fd;
}

/* The descriptors that came; their number. */
static size_t
take_out(struct msghdr *header, int fds[FDS])
{
	struct cmsghdr *part = CMSG_FIRSTHDR(header);
	size_t n = 0;

	if (part && part->cmsg_level == SOL_SOCKET &&
	    part->cmsg_type == SCM_RIGHTS) {
		n = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(fds, CMSG_DATA(part), n * sizeof(int));
	}
	return n;
}

/* Whether it is what we asked for: a socket that listens at the place. */
static int
is_of(const struct place *place, int fd)
{
	struct sockaddr_storage address;
	socklen_t len = sizeof(address), size = sizeof(int);
	int listens = 0;

	if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) ||
	    !listens || getsockname(fd, (struct sockaddr *)&address, &len))
		return 0;
	if (place->at.local)
		return address.ss_family == AF_UNIX;
	return len == place->len && !memcmp(&address, &place->address, len);
}

static void
close_all(int *fds, size_t n)
{
	while (n)
		ch_io_close(&fds[--n]);
}

/* Put them where they belong; 0, or -1: they are not what they should be. */
static int
sort(struct place *place, const struct message *message, const int *fds,
    size_t n)
{
	size_t i;

	if (message->version != VERSION || message->control != 1 ||
	    message->lines >= PLACES_LINES_MAX || !message->sockets ||
	    message->sockets > PLACES_JOBS_MAX ||
	    n != 1 + message->lines + message->sockets)
		return -1;
	for (i = n - message->sockets; i < n; i++)
		if (!is_of(place, fds[i]))
			return -1;
	place->control.fd = *fds++;
	for (i = 0; i < message->lines; i++)
		place->lines[place->n_lines++] = *fds++;
	for (i = 0; i < message->sockets; i++)
		place->fds[place->n++] = *fds++;
	return 0;
}

int
takeover_ask(struct place *place)
{
	struct message message = { 0, 0, 0, 0 };
	struct iovec piece = { &message, sizeof(message) };
	union ancillary ancillary;
	struct msghdr header = { .msg_iov = &piece, .msg_iovlen = 1,
		.msg_control = &ancillary,
		.msg_controllen = sizeof(ancillary) };
	int fds[FDS], line = connect_to(place);
	size_t n;
	ssize_t got;

	if (line < 0)
		return 0;
	got = recvmsg(line, &header, MSG_CMSG_CLOEXEC);
	if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		errno = ETIMEDOUT;
	n = got > 0 ? take_out(&header, fds) : 0;
	if (got == sizeof(message) && sort(place, &message, fds, n) == 0) {
		place->lines[place->n_lines++] = line;
		return 1;
	}
	close_all(fds, n);
	ch_io_close(&line);
	return got < 0 ? -1 : 0;
}

/* --- offering ------------------------------------------------------------- */

static ssize_t
send_all(const struct place *place, int to)
{
	struct message message = { VERSION, 1, (unsigned)place->n_lines,
		(unsigned)place->n };
	struct iovec piece = { &message, sizeof(message) };
	size_t n = 1 + place->n_lines + place->n;
	union ancillary ancillary;
	struct msghdr header = { .msg_iov = &piece, .msg_iovlen = 1,
		.msg_control = &ancillary,
		.msg_controllen = CMSG_SPACE(sizeof(int) * n) };
	struct cmsghdr *part;
	int *fds;

	memset(&ancillary, 0, sizeof(ancillary));
	part = CMSG_FIRSTHDR(&header);
	part->cmsg_level = SOL_SOCKET;
	part->cmsg_type = SCM_RIGHTS;
	part->cmsg_len = CMSG_LEN(sizeof(int) * n);
	fds = (int *)(void *)CMSG_DATA(part);
	*fds++ = place->control.fd;
	memcpy(fds, place->lines, place->n_lines * sizeof(int));
	memcpy(fds + place->n_lines, place->fds, place->n * sizeof(int));
	return sendmsg(to, &header, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* Somebody asks: once it has them, it answers the next one. */
static void
asked(struct watch *watch, uint32_t ready)
{
	struct place *place = place_of(watch, control);
	int fd = accept4(watch->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)ready;
	if (fd < 0)
		return;
	if (!is_trusted(fd) || send_all(place, fd) < 0) {
		ch_io_close(&fd);
		return;
	}
	say_more("%s is taken over", place->at.host);
	loop_remove(watch);
	place->heir.fd = fd;
	loop_add(&place->heir, EPOLLIN | EPOLLRDHUP);
}

/* Our heir has ended: the place is ours alone again. */
static void
bereaved(struct watch *watch, uint32_t ready)
{
	struct place *place = place_of(watch, heir);

	(void)ready;
	loop_remove(watch);
	ch_io_close(&watch->fd);
	loop_add(&place->control, EPOLLIN);
}

static int
open_offer(const struct place *place)
{
	struct sockaddr_un name;
	socklen_t len = name_of(&name, place);
	int fd = socket(AF_UNIX,
	    SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd >= 0 && (bind(fd, (struct sockaddr *)&name, len) ||
	    listen(fd, 4))) {
		say_more("%s: cannot be taken over: %s", place->at.host,
		    strerror(errno));
		ch_io_close(&fd);
	}
	return fd;
}

void
takeover_offer(void)
{
	struct place *place;

	for (place = places; place; place = place->next) {
		if (place->inherited)
			continue;
		if (place->control.fd < 0)
			place->control.fd = open_offer(place);
		place->control.ready = asked;
		place->heir.ready = bereaved;
		if (place->control.fd >= 0)
			loop_add(&place->control, EPOLLIN);
	}
}

void
takeover_end(struct place *place)
{
	if (place->heir.fd >= 0)
		loop_remove(&place->heir);
	else if (place->control.fd >= 0)
		loop_remove(&place->control);
	takeover_forget(place);
}

void
takeover_forget(struct place *place)
{
	ch_io_close(&place->heir.fd);
	ch_io_close(&place->control.fd);
	close_all(place->lines, place->n_lines);
	place->n_lines = 0;
}

int
takeover_is_last(const struct place *place)
{
	size_t i;
	char byte;

	for (i = 0; i < place->n_lines; i++)
		if (recv(place->lines[i], &byte, 1,
			MSG_PEEK | MSG_DONTWAIT) < 0)
			return 0; /* not closed at the other end */
	return place->heir.fd < 0;
}
