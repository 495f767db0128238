/* body.c - the body of a request as the standard input of a command. */
#include "chwork/body.h"

#include "base/io.h"
#include "common/put.h"
#include "common/say.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK    65536 /* bytes of a file read at once: a pipe */
#define PATIENCE 120000 /* ms without a piece; the server has less */

/* --- files --------------------------------------------------------------- */

int
body_file(const char *bytes, size_t len, const char *end)
{
	int fd = memfd_create("message", MFD_CLOEXEC);

	if (fd < 0)
		return -1;
	if (ch_io_write(fd, bytes, len) < 0 ||
	    ch_io_write(fd, end, strlen(end)) < 0 ||
	    lseek(fd, 0, SEEK_SET) < 0)
		ch_io_close(&fd);
	return fd;
}

/*
 * A file of the server's spool, whose names nobody can guess: whoever may send
 * a message must not have us read any other.
 */
static int
open_spooled(const char *path, struct stat *st)
{
	int fd;

	if (!strstr(path, "/spool/") || strstr(path, "/../")) {
		errno = EACCES;
		return -1;
	}
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd >= 0 && (fstat(fd, st) < 0 || !S_ISREG(st->st_mode))) {
		ch_io_close(&fd);
		errno = EACCES;
	}
	return fd;
}

static int
open_whole(struct body *body, struct json path)
{
	struct ch_buf bare = CH_BUF_INIT;
	struct stat st;
	int fd;

	put_string(&bare, "");
	json_bare(&bare, path);
	fd = open_spooled(bare.data, &st);
	ch_buf_release(&bare);
	if (fd >= 0)
		body->length = st.st_size;
	return fd;
}

/* --- what goes through the pipe ------------------------------------------ */

enum came { NOTHING, SOMETHING, THE_END, BROKEN };

/* The next bytes of the file that is open. */
static enum came
read_file(struct body *body)
{
	char bytes[CHUNK];
	ssize_t n = ch_io_read(body->file, bytes, sizeof(bytes));

	if (n > 0) {
		put_bytes(&body->ready, bytes, (size_t)n);
		return SOMETHING;
	}
	ch_io_close(&body->file);
	return n < 0 ? BROKEN : SOMETHING;
}

/* The next piece of the form, and the file that follows it. */
static enum came
take_form(struct body *body)
{
	struct form *form = &body->form;
	const struct form_piece *piece = &form->pieces[body->piece];
	struct stat st;

	if (body->file >= 0)
		return read_file(body);
	if (body->piece == form->n)
		return THE_END;
	put_bytes(&body->ready, form->text.data, piece->text);
	ch_buf_consume(&form->text, piece->text);
	body->piece++;
	if (piece->path) {
		body->file = open_spooled(piece->path, &st);
		if (body->file < 0)
			return BROKEN;
	}
	return SOMETHING;
}

static void
end_channel(struct body *body)
{
	if (!body->receiver)
		return;
	loop_unset(body->loop, &body->timer);
	loop_watch(body->loop, &body->bell, 0);
	ch_receiver_free(body->receiver);
	body->receiver = NULL;
}

static enum came
take_message(struct body *body)
{
	struct ch_err err = CH_ERR_INIT;
	struct ch_message message;
	struct json object;
	int rc = ch_receive(body->receiver, &message, CH_NOW, &err);

	if (rc == CH_TIMEOUT)
		return NOTHING;
	if (rc != CH_OK) {
		say_error("the body of a request: %s", err.text);
		return BROKEN;
	}
	object = (struct json) { message.text, message.len };
	if (json_kind(json_get(object, "closed", 6)) == 't')
		return BROKEN;
	json_unbox(&body->ready, json_get(object, "content", 7));
	if (json_kind(json_get(object, "more_content", 12)) != 't')
		end_channel(body);
	return SOMETHING;
}

static enum came
take(struct body *body)
{
	enum came came = SOMETHING;

	while (!body->ready.len && came == SOMETHING)
		came = body->form.n ? take_form(body)
		    : body->receiver ? take_message(body) : THE_END;
	return came;
}

static void
on_writable(void *arg)
{
	struct body *body = arg;
	ssize_t n;

	switch (take(body)) {
	case NOTHING:
		loop_watch(body->loop, &body->pipe, 0);
		loop_watch(body->loop, &body->bell, EPOLLIN);
		loop_set(body->loop, &body->timer, PATIENCE);
		break;
	case SOMETHING:
		n = write(body->pipe.fd, body->ready.data, body->ready.len);
		if (n > 0)
			ch_buf_consume(&body->ready, (size_t)n);
		else if (n < 0 && errno != EAGAIN)
			body_close(body); /* the command reads no more */
		break;
	case THE_END:
		body_close(body);
		break;
	case BROKEN:
		/* The command must not take for whole what it has. */
		loop_watch(body->loop, &body->pipe, 0);
		end_channel(body);
		body->broken(body->arg);
	}
}

static void
on_bell(void *arg)
{
	struct body *body = arg;

	loop_unset(body->loop, &body->timer);
	loop_watch(body->loop, &body->bell, 0);
	loop_watch(body->loop, &body->pipe, EPOLLOUT);
}

/* Nothing came for long: the server has died. */
static void
on_timer(void *arg)
{
	struct body *body = arg;

	if (take_message(body) == SOMETHING) {
		on_bell(body);
		return;
	}
	end_channel(body);
	body->broken(body->arg);
}

static int
open_pipe(struct body *body)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -1;
	fcntl(fds[1], F_SETFL, O_NONBLOCK);
	body->pipe = (struct source) { .fd = fds[1], .ready = on_writable,
		.arg = body };
	body->timer = (struct timer) { .fire = on_timer, .arg = body };
	loop_watch(body->loop, &body->pipe, EPOLLOUT);
	return fds[0];
}

/* What the message has of it, then what comes on that channel. */
static int
open_channel(struct body *body, struct worker *worker, struct json name)
{
	struct ch_buf bare = CH_BUF_INIT;
	struct ch_err err = CH_ERR_INIT;
	const char *names[1];
	int rc;

	put_string(&bare, "");
	json_bare(&bare, name);
	names[0] = bare.data;
	rc = ch_receiver_new(&body->receiver, worker->layer, names, 1, 0,
	    &err);
	ch_buf_release(&bare);
	if (rc != CH_OK) {
		say_error("the body of a request: %s", err.text);
		errno = EIO;
		return -1;
	}
	body->length = -1;
	body->bell = (struct source) { .ready = on_bell, .arg = body,
		.fd = ch_receiver_fd(body->receiver) };
	return open_pipe(body);
}

int
body_open(struct body *body, struct worker *worker, struct json message)
{
	struct json channel = json_get(message, "body_channel", 12);
	struct json path = json_get(message, "body_file", 9);
	int fd;

	body->loop = &worker->loop;
	body->pipe.fd = body->file = -1;
	if (json_kind(path) == '"')
		return open_whole(body, path);
	if (form_read(&body->form, message)) {
		body->length = body->form.length;
		return open_pipe(body);
	}
	json_unbox(&body->ready, json_get(message, "body", 4));
	if (json_kind(channel) == '"')
		return open_channel(body, worker, channel);
	body->length = (int64_t)body->ready.len;
	fd = body_file(body->length ? body->ready.data : "",
	    body->ready.len, "");
	ch_buf_release(&body->ready);
	return fd;
}

void
body_close(struct body *body)
{
	loop_forget(body->loop, &body->pipe);
	end_channel(body);
	form_release(&body->form);
	ch_io_close(&body->file);
	ch_buf_release(&body->ready);
}
