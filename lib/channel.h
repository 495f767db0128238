/*
 * channel.h - channels for the Unix command line.
 *
 * The one public header of libchannel. A *layer* is an open channel layer: a
 * store in a directory (the default), or another backend named by a URL.
 * Through it a process sends messages to *channels* (named queues, each message
 * delivered at most once, to one receiver) and to *groups* (named sets of
 * channels), and receives them. A message is one JSON object in UTF-8.
 *
 * Calling sequence
 * ----------------
 *     struct ch_layer *layer = NULL;
 *     struct ch_receiver *receiver = NULL;
 *     struct ch_message message;
 *     struct ch_err err = CH_ERR_INIT;
 *
 *     rc = ch_open(&layer, NULL, &err);
 *     if (rc == CH_OK)
 *         rc = ch_send(layer, "jobs", "{\"n\":1}", 7, NULL, &err);
 *     if (rc == CH_OK)
 *         rc = ch_receiver_new(&receiver, layer, &name, 1, 0, &err);
 *     if (rc == CH_OK)
 *         rc = ch_receive(receiver, &message, ch_clock() + 1000, &err);
 *     ch_receiver_free(receiver);
 *     ch_close(layer);
 *
 * Errors
 * ------
 * A function that can fail returns CH_OK (0) or a negative enum ch_status and,
 * where it takes a struct ch_err, leaves a sentence there. `err` may be NULL.
 * The library never prints, never exits and never changes a signal's
 * disposition. The negated status is the exit status of our programs.
 *
 * Time
 * ----
 * Durations are milliseconds. A deadline is a value of ch_clock(), or CH_NOW
 * (0: do not wait), or CH_NEVER (wait without end). EINTR is not an error:
 * a wait goes on after a signal handler ran.
 *
 * Threads and processes
 * ---------------------
 * Threads may share a layer; a receiver belongs to one thread at a time. After
 * fork() the child may go on using a layer, which is then opened anew; it owns
 * no prefix of its parent's, and must not use the parent's receivers.
 */
#ifndef CHANNEL_H
#define CHANNEL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CH_API __attribute__((visibility("default")))

/* Longest name of a channel or a group, in bytes, without the NUL. */
#define CH_NAME_MAX 100
/* Default limit of a message's size, in bytes ("max_size" in config). */
#define CH_MESSAGE_MAX 1048576

#define CH_NOW ((int64_t)0)
#define CH_NEVER INT64_MAX

/* What a call came to. Negated, the exit status that channels(7) lists. */
enum ch_status {
	CH_OK = 0,
	CH_NONE = -1,         /* the answer is no: nothing there, no such one */
	CH_USAGE = -64,       /* the call or command line makes no sense */
	CH_REFUSED = -65,     /* a name, message or file we do not accept */
	CH_UNAVAILABLE = -69, /* the store, lock or server cannot be had */
	CH_IO = -74,          /* the system failed, the disk is full */
	CH_FULL = -75,        /* the channel is at capacity, or is taken */
	CH_DENIED = -77,      /* not permitted */
	CH_CONFIG = -78,      /* the store or its configuration is not sound */
	CH_TIMEOUT = -124     /* nothing came before the deadline */
};

/* Filled by the call that fails; the caller's own, nothing to free. */
struct ch_err {
	int status;     /* enum ch_status */
	int os;         /* errno, where the system gave the reason, else 0 */
	char text[512]; /* a sentence without capital, full stop or newline */
};
#define CH_ERR_INIT { 0, 0, "" }

struct ch_layer;    /* an open channel layer */
struct ch_receiver; /* a listener on some of its channels */
struct ch_reader;   /* messages out of a stream of bytes */

/* The library's version, "MAJOR.MINOR.PATCH". */
CH_API const char *ch_version(void);

/* The clock of deadlines: CLOCK_BOOTTIME in milliseconds, never 0. */
CH_API int64_t ch_clock(void);

/* --- layers ------------------------------------------------------------- */

/*
 * ch_open opens the layer that `url` names: "/path" or "file:///path" (a store
 * in a directory, made with mode 0700 where there is none), "mem:" (inside this
 * process), "redis://", "rediss://", "redis+unix://", "http://", "https://"
 * (loaded on demand, where installed). A path may also be relative. "mem:NAME"
 * is shared by all who open it in this process, "mem:" by nobody. NULL or "":
 * $CHANNELS_URL, else $XDG_STATE_HOME/channels, else ~/.local/state/channels,
 * whose parent directories are made. On CH_OK *layer is new, to be closed with
 * ch_close(); on failure it is NULL. CH_USAGE: no such kind of URL.
 * CH_CONFIG: not a store, not ours, or a config it cannot accept.
 * CH_DENIED: not permitted. CH_UNAVAILABLE: no such backend, a network file
 * system, no such parent directory. CH_IO: the system failed.
 */
CH_API int ch_open(struct ch_layer **layer, const char *url,
    struct ch_err *err);

/*
 * ch_close releases what the layer holds, the prefixes it owns included (their
 * queues and memberships go, their wills are not sent). All its receivers
 * must be freed before. NULL is fine.
 */
CH_API void ch_close(struct ch_layer *layer);

/* Where the layer is, for people and as a `url`; lives as long as the layer. */
CH_API const char *ch_location(const struct ch_layer *layer);

/*
 * ch_patience says until when calls may wait for a lock that another process
 * holds: at most 5 s, and not beyond `deadline` (at first CH_NEVER). Then they
 * return CH_UNAVAILABLE and name the holder.
 */
CH_API void ch_patience(struct ch_layer *layer, int64_t deadline);

/* The largest message this layer takes, in bytes. */
CH_API size_t ch_max_size(const struct ch_layer *layer);

/* --- names -------------------------------------------------------------- */

/* What a name is wanted for. */
enum ch_use {
	CH_TO_SEND,    /* a channel: "jobs", "p!local", "p?random" */
	CH_TO_RECEIVE, /* a channel, "p!", "p?random", or a glob: "task.*" */
	CH_TO_JOIN,    /* a group: no marks */
	CH_TO_MATCH,   /* a glob over channels or groups, or a name */
	CH_TO_NEW      /* a pattern for ch_new_channel: "p!" or "p?" */
};

/*
 * ch_name_check says whether `name` may be used so: [A-Za-z0-9._-], 1 to
 * CH_NAME_MAX bytes, not starting with a dot, at most one mark ! or ?. Globs
 * also have * ? and [...]. CH_REFUSED otherwise. A refused name never reaches
 * a file system.
 */
CH_API int ch_name_check(const char *name, enum ch_use use,
    struct ch_err *err);

/* Whether `name` is a glob (has * or [, or a ? that cannot be a mark). */
CH_API int ch_name_is_glob(const char *name);

/* Whether the whole of `name` matches `glob`: * any run, ? one, [a-z], [!a]. */
CH_API int ch_glob_match(const char *glob, const char *name);

/* --- messages ----------------------------------------------------------- */

enum ch_kind {
	CH_MESSAGE, /* a message */
	CH_JOINED,  /* notice: `channel` joined the group named by `text` */
	CH_LEFT     /* notice: `channel` left it */
};

/*
 * One message. To send: channel, text and len, the rest 0. Received: all of
 * it, `text` ended by a NUL that `len` does not count, valid until the next
 * call on that receiver. What one group send gave to several channels of one
 * process has the same `text` pointer in each, when received in one batch.
 */
struct ch_message {
	const char *channel; /* full name */
	const char *text;    /* a JSON object on one line, UTF-8 */
	size_t len;          /* bytes of text */
	int64_t time;        /* when it was sent: ms since the epoch */
	enum ch_kind kind;
};

/*
 * ch_message_check says whether text is one JSON object (RFC 8259) as we take
 * it: valid UTF-8, no lone surrogates, integers within 64 bits, finite
 * numbers, at most 512 levels deep, no line feed outside or inside. CH_REFUSED
 * with "LINE:COLUMN: what" otherwise; column counts characters from 1.
 */
CH_API int ch_message_check(const char *text, size_t len,
    struct ch_err *err);

/*
 * A reader cuts a stream into messages: any sequence of JSON objects, pretty-
 * printed or not. What came on one line is passed on as it came, the rest on
 * one line without white space. A line that begins with { in column 1 begins
 * a message: an object still open there is refused. After a refused message
 * reading goes on with the next line that begins with {.
 *
 * ch_reader_new: `source` names the stream in errors ("stdin"), `max` limits a
 * message's size in bytes (0: CH_MESSAGE_MAX), `separator` is '\n', or '\0'
 * for messages that each end with a NUL. Free with ch_reader_free().
 * ch_reader_feed: takes a copy of n bytes; n of 0 says that the stream ends.
 * ch_reader_next: CH_OK and a message (text, len, channel NULL; valid until
 * the next feed); CH_REFUSED, err->text "SOURCE:LINE:COLUMN: what", and the
 * next call goes on behind it; CH_NONE when more is to be fed, or at the end.
 * ch_reader_line: the line on which the last message began, from 1.
 */
CH_API int ch_reader_new(struct ch_reader **reader, const char *source,
    size_t max, int separator, struct ch_err *err);
CH_API int ch_reader_feed(struct ch_reader *reader, const char *bytes,
    size_t n, struct ch_err *err);
CH_API int ch_reader_next(struct ch_reader *reader,
    struct ch_message *message, struct ch_err *err);
CH_API uint64_t ch_reader_line(const struct ch_reader *reader);
CH_API void ch_reader_free(struct ch_reader *reader);

/* --- sending ------------------------------------------------------------ */

enum ch_send_flag {
	CH_DROP_OLDEST = 1, /* when full, the oldest make room; counted */
	CH_CHECKED = 2      /* the text passed a ch_reader: check no more */
};

/* How to send; NULL or all 0 is the common way. */
struct ch_send_opts {
	int64_t deadline; /* wait for room until then; CH_NOW: do not */
	int64_t delay;    /* deliver this many ms from now, 0: at once */
	int64_t at;       /* deliver then, ms since the epoch; 0: none */
	int64_t expiry;   /* ms until it expires, counted from when it is due;
	                     0: as configured; CH_NEVER: it does not */
	unsigned flags;   /* enum ch_send_flag */
	const char *exclude; /* group sends leave this channel out */
};

/*
 * ch_send sends one message; it never waits unless opts->deadline says so.
 * CH_OK: the store has it, and it survives this process. CH_FULL: at capacity,
 * err says how full. CH_NONE: the owner of "p!" is gone. CH_REFUSED: name or
 * text. CH_TIMEOUT: waited for room in vain. CH_UNAVAILABLE: its lock could
 * not be had. CH_IO: the disk is full, or the system failed.
 */
CH_API int ch_send(struct ch_layer *layer, const char *channel,
    const char *text, size_t len, const struct ch_send_opts *opts,
    struct ch_err *err);

/*
 * ch_send_many sends n messages in order, runs for the same channel under one
 * lock. It stops at the first that fails; *sent (may be NULL) is how many
 * went before it. Statuses as ch_send.
 */
CH_API int ch_send_many(struct ch_layer *layer,
    const struct ch_message *messages, size_t n,
    const struct ch_send_opts *opts, size_t *sent, struct ch_err *err);

/* --- receiving ---------------------------------------------------------- */

enum ch_receiver_flag {
	CH_NOTICES = 1, /* also deliver CH_JOINED and CH_LEFT (for owners) */
	CH_WATCH = 2    /* see messages sent from now on, take none of them */
};

/*
 * ch_receiver_new makes a listener on n names, each a channel, "p!" (all that
 * is behind it) or a glob (channels that appear later are heard as well; "p!"
 * only by a glob that ends in !, "p?random" by none).
 * Nothing is taken before ch_receive. Free with ch_receiver_free().
 * CH_REFUSED: a name. CH_UNAVAILABLE: no inotify instance for a glob.
 */
CH_API int ch_receiver_new(struct ch_receiver **receiver,
    struct ch_layer *layer, const char *const names[], size_t n,
    unsigned flags, struct ch_err *err);

/*
 * ch_receive takes one message, fairly between the channels, waiting for it
 * until `deadline`. CH_OK: *message is set, see struct ch_message. CH_TIMEOUT:
 * nothing before the deadline (with CH_NOW: nothing there). CH_NONE: what
 * ch_receiver_until() names has gone. CH_REFUSED: a queue is damaged (it is
 * left out from then on; the call may be repeated for the others).
 */
CH_API int ch_receive(struct ch_receiver *receiver,
    struct ch_message *message, int64_t deadline, struct ch_err *err);

/*
 * ch_receive_many takes what is there, 1 to `max` messages, waiting for the
 * first until `deadline`; *got says how many. Where messages are large the
 * file store hands out some 4 MiB at a time. Statuses as ch_receive.
 */
CH_API int ch_receive_many(struct ch_receiver *receiver,
    struct ch_message *messages, size_t max, size_t *got, int64_t deadline,
    struct ch_err *err);

/*
 * ch_receiver_fd is a descriptor for poll(2) and event loops: readable means
 * "look": call ch_receive with CH_NOW until it answers CH_TIMEOUT, and only
 * then poll again. It belongs to the receiver. Loops also look once in 30 s.
 */
CH_API int ch_receiver_fd(const struct ch_receiver *receiver);

/*
 * ch_receiver_until makes waits end with CH_NONE when the reader of `fd` (an
 * output: pipe, socket or terminal) goes away. A file, which has no reader, is
 * accepted and never ends a wait. The descriptor stays the caller's.
 */
CH_API int ch_receiver_until(struct ch_receiver *receiver, int fd,
    struct ch_err *err);

/* How many messages a CH_WATCH receiver came too late to see. */
CH_API uint64_t ch_receiver_missed(const struct ch_receiver *receiver);

CH_API void ch_receiver_free(struct ch_receiver *receiver);

/*
 * ch_new_channel makes a fresh name after `pattern`: "p!" gives "p!RANDOM" and
 * makes this layer the owner of "p!" until ch_close or its process's death
 * (CH_FULL, with the pid, while a living process owns it); "p?" gives
 * "p?RANDOM", a name and no more. `name` receives it with its NUL.
 */
CH_API int ch_new_channel(struct ch_layer *layer, const char *pattern,
    char name[CH_NAME_MAX + 1], struct ch_err *err);

/*
 * ch_own_random owns a prefix never used before, "STEM.RANDOM!" with 96 random
 * bits, and gives it in `name`. The owner may use every name behind it.
 */
CH_API int ch_own_random(struct ch_layer *layer, const char *stem,
    char name[CH_NAME_MAX + 1], struct ch_err *err);

/*
 * ch_will leaves a message to be sent to channel `to` when the owner of
 * `channel` ("p!local", owned by this layer) dies without ch_close: whoever
 * notices sends it, once. A channel has one will: a second call replaces it,
 * text NULL takes it back. CH_USAGE: this layer does not own `channel`.
 */
CH_API int ch_will(struct ch_layer *layer, const char *channel,
    const char *to, const char *text, size_t len, struct ch_err *err);

/* --- groups ------------------------------------------------------------- */

/* What became of a group send. */
struct ch_group_sent {
	uint64_t members; /* of the group, without the excluded one */
	uint64_t sent;    /* members whose channel took it */
	uint64_t full;    /* members whose channel was full */
	uint64_t gone;    /* members whose owner was found dead */
};

/* Adding again renews; both are idempotent. */
CH_API int ch_group_add(struct ch_layer *layer, const char *group,
    const char *channel, struct ch_err *err);
CH_API int ch_group_discard(struct ch_layer *layer, const char *group,
    const char *channel, struct ch_err *err);

/* CH_OK if `channel` is a member, CH_NONE if not. */
CH_API int ch_group_has(struct ch_layer *layer, const char *group,
    const char *channel, struct ch_err *err);

/*
 * ch_group_send sends to every member but opts->exclude; opts->deadline is not
 * heeded. CH_OK even if members are full, gone or none: *result (may be NULL)
 * tells.
 */
CH_API int ch_group_send(struct ch_layer *layer, const char *group,
    const char *text, size_t len, const struct ch_send_opts *opts,
    struct ch_group_sent *result, struct ch_err *err);

/*
 * ch_group_members calls each(arg, channel) for every member whose name
 * matches `glob` (NULL: all), in no order; ch_groups calls it for every group
 * that has members. A return other than 0 ends the walk and is returned. The
 * callback may call the library.
 */
CH_API int ch_group_members(struct ch_layer *layer, const char *group,
    const char *glob, int (*each)(void *arg, const char *channel), void *arg,
    struct ch_err *err);
CH_API int ch_groups(struct ch_layer *layer, const char *glob,
    int (*each)(void *arg, const char *group), void *arg,
    struct ch_err *err);

/* Empty the group, and forget it. */
CH_API int ch_group_drop(struct ch_layer *layer, const char *group,
    struct ch_err *err);

/* --- looking inside ----------------------------------------------------- */

struct ch_channel_stat {
	const char *channel; /* as a receiver names it: "jobs", "p!" */
	uint64_t pending;    /* messages due and not expired */
	uint64_t delayed;    /* messages not yet due */
	uint64_t bytes;      /* of memory-mapped queue */
	int64_t oldest;      /* age of the oldest pending one, ms; -1: none */
	uint64_t capacity;
	uint64_t waiting;    /* receivers asleep */
	uint64_t sent;       /* since the channel was made: */
	uint64_t received;
	uint64_t expired;
	uint64_t full;       /* sends refused, and messages dropped for room */
	uint64_t lost;       /* emptied after a reboot */
	pid_t owner;         /* living owner of "p!", 0: none */
};

struct ch_group_stat {
	const char *group;
	uint64_t members;
	uint64_t sent;   /* group sends */
	uint64_t missed; /* deliveries that found a member full or gone */
};

/* Called for each match of `glob` (NULL: all); ends as ch_group_members. */
CH_API int ch_stat_channels(struct ch_layer *layer, const char *glob,
    int (*each)(void *arg, const struct ch_channel_stat *stat), void *arg,
    struct ch_err *err);
CH_API int ch_stat_groups(struct ch_layer *layer, const char *glob,
    int (*each)(void *arg, const struct ch_group_stat *stat), void *arg,
    struct ch_err *err);

/*
 * ch_peek calls each(arg, message) for the first `max` pending messages of
 * `channel` (as a receiver names it), oldest first, and takes none.
 */
CH_API int ch_peek(struct ch_layer *layer, const char *channel, size_t max,
    int (*each)(void *arg, const struct ch_message *message), void *arg,
    struct ch_err *err);

/*
 * ch_flush removes all messages, pending and delayed, of the channels that
 * match `glob`, and empties the groups that do (NULL: all). *flushed (may be
 * NULL) counts the messages. Config, sessions and spool stay.
 */
CH_API int ch_flush(struct ch_layer *layer, const char *glob,
    uint64_t *flushed, struct ch_err *err);

/*
 * ch_sweep removes what nobody needs: dead owners with their queues and
 * memberships (their wills are sent), expired messages and members, channels
 * unused for `idle` ms and empty, space that queues no longer need. *removed
 * (may be NULL) counts channels, members and messages gone. Long-running
 * programs call it every minute or so.
 */
CH_API int ch_sweep(struct ch_layer *layer, int64_t idle, uint64_t *removed,
    struct ch_err *err);

#ifdef __cplusplus
}
#endif

#endif
