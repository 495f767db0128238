/*
 * mem.h - a store inside one process: the smallest honest backend, and the
 * reference that the tests compare others with.
 *
 * A store is lists under one mutex: queues of records, groups of members, and
 * the receivers to wake. Layers that opened the same "mem:NAME" share it.
 */
#ifndef CH_MEM_MEM_H
#define CH_MEM_MEM_H

#include "layer/backend.h"

/* The text of a message, shared by all records that carry it. */
struct ch_mem_text {
	unsigned refs;
	size_t len;
	char bytes[]; /* and a NUL */
};

/* One message, for one channel or for several behind the same "p!". */
struct ch_mem_record {
	struct ch_mem_record *next;
	struct ch_mem_text *text;
	enum ch_kind kind;
	int64_t time;   /* when it was sent, ms since the epoch */
	int64_t due;    /* by ch_clock; 0: at once */
	int64_t expiry; /* ms from when it is due, CH_NEVER */
	size_t n;       /* channels */
	size_t taken;   /* of them */
	char channels[][CH_NAME_MAX + 1];
};

struct ch_mem_list {
	struct ch_mem_record *first;
	struct ch_mem_record *last;
	uint64_t n;
};

struct ch_mem_queue {
	struct ch_mem_queue *next;
	uint64_t id;               /* they are listed in the order of it */
	char name[CH_NAME_MAX + 1];
	struct ch_mem_list ready;     /* in the order of arrival */
	struct ch_mem_list delayed;   /* in the order of `due` */
	uint64_t notices;          /* of those ready */
	uint64_t sent, received, expired, full;
	int64_t used;              /* ch_clock of the last use */
	struct ch_layer *owner;    /* of "p!"; NULL: none */
	int gone;                  /* it had an owner, which closed */
};

struct ch_mem_member {
	struct ch_mem_member *next;
	char channel[CH_NAME_MAX + 1];
	int64_t added; /* ch_clock */
};

struct ch_mem_group {
	struct ch_mem_group *next;
	char name[CH_NAME_MAX + 1];
	struct ch_mem_member *members;
	uint64_t sent, missed;
};

struct ch_mem_receiver {
	struct ch_receiver base;
	struct ch_mem_receiver *next; /* in its store */
	char **names;
	size_t n;
	/*
	 * A timer serves as bell and as alarm clock: to ring it is to let it
	 * run out now; else it runs out when a delayed message is due.
	 */
	int timer;
	int until;             /* -1: none */
	int asleep;
	uint64_t turn;         /* id of the queue served last */
	struct ch_mem_list seen;  /* a watcher's: what is to be shown to it */
	struct ch_mem_list given; /* what the caller still looks at */
};

struct ch_mem_store {
	struct ch_mem_store *next; /* of the named ones */
	char *name;             /* "" : not shared */
	unsigned refs;
	pid_t pid;
	pthread_mutex_t mutex;
	pthread_cond_t room;    /* something left a queue */
	struct ch_mem_queue *queues;
	struct ch_mem_group *groups;
	struct ch_mem_receiver *receivers;
	uint64_t next_id;
};

struct ch_mem_layer {
	struct ch_layer base;
	struct ch_mem_store *store;
};

static inline struct ch_mem_store *
ch_mem_store(const struct ch_layer *layer)
{
	return ((const struct ch_mem_layer *)layer)->store;
}

static inline void
ch_mem_lock(struct ch_mem_store *store)
{
	pthread_mutex_lock(&store->mutex);
}

/* Returns rc, so that a locked stretch can end in `return`. */
static inline int
ch_mem_unlock(struct ch_mem_store *store, int rc)
{
	pthread_mutex_unlock(&store->mutex);
	return rc;
}

/* --- records.c: all under the mutex ------------------------------------- */

struct ch_mem_text *ch_mem_text_new(const char *bytes, size_t len);
void ch_mem_text_free(struct ch_mem_text *text); /* one reference less */

/* Room for n channels; the caller fills them in. Takes a reference of text. */
struct ch_mem_record *ch_mem_record_new(struct ch_mem_text *text,
    enum ch_kind kind, size_t n);
void ch_mem_record_free(struct ch_mem_record *record);
/* When it expires, by ch_clock, or CH_NEVER. */
int64_t ch_mem_record_end(const struct ch_mem_record *record);

void ch_mem_list_add(struct ch_mem_list *list, struct ch_mem_record *record);
/* Insert where its due time belongs, behind its equals. */
void ch_mem_list_insert(struct ch_mem_list *list, struct ch_mem_record *record);
/* Take out what `*at` points to, which was reached after `before` or first. */
struct ch_mem_record *ch_mem_list_remove(struct ch_mem_list *list,
    struct ch_mem_record *before);
/* Free all; returns how many there were. */
uint64_t ch_mem_list_clear(struct ch_mem_list *list);

/* --- queues.c: all under the mutex -------------------------------------- */

/* The queue of a channel; NULL if there is none. */
struct ch_mem_queue *ch_mem_queue_find(struct ch_mem_store *store,
    const char *channel);
/* The same, made where there is none; NULL: no memory. */
struct ch_mem_queue *ch_mem_queue_get(struct ch_mem_store *store,
    const char *channel);
/* Drop what has expired, let in what is due. */
void ch_mem_queue_refresh(struct ch_mem_store *store,
    struct ch_mem_queue *queue);
/* Put a record in as opts says; CH_FULL or CH_NONE, and it is freed, if not. */
int ch_mem_queue_put(struct ch_layer *layer, struct ch_mem_queue *queue,
    struct ch_mem_record *record, const struct ch_send_opts *opts,
    struct ch_err *err);
/* Tell the owner of `channel`, if it has one, that it joined or left. */
void ch_mem_queue_notify(struct ch_mem_store *store, enum ch_kind kind,
    const char *channel, const char *group);
void ch_mem_queue_free(struct ch_mem_queue *queue);
/* Messages pending: those that count, due and not expired. */
uint64_t ch_mem_queue_pending(const struct ch_mem_queue *queue);

int ch_mem_send(struct ch_layer *layer, const struct ch_message *messages,
    size_t n, const struct ch_send_opts *opts, size_t *sent,
    struct ch_err *err);
int ch_mem_wait_room(struct ch_layer *layer, const char *channel,
    int64_t deadline, struct ch_err *err);
int ch_mem_own(struct ch_layer *layer, const char *prefix, struct ch_err *err);
int ch_mem_will(struct ch_layer *layer, const char *channel, const char *to,
    const char *text, size_t len, struct ch_err *err);
int ch_mem_stat_channels(struct ch_layer *layer, const char *glob,
    int (*each)(void *arg, const struct ch_channel_stat *stat), void *arg,
    struct ch_err *err);
int ch_mem_peek(struct ch_layer *layer, const char *channel, size_t max,
    int (*each)(void *arg, const struct ch_message *message), void *arg,
    struct ch_err *err);

/* --- receivers.c -------------------------------------------------------- */

/* Under the mutex: wake who listens to this queue. */
void ch_mem_ring(struct ch_mem_store *store, const struct ch_mem_queue *queue);
/* Under the mutex: show a record that came into this queue to its watchers. */
void ch_mem_show(struct ch_mem_store *store, const struct ch_mem_queue *queue,
    const struct ch_mem_record *record);
/* Under the mutex: whether one listens there; how many are asleep. */
int ch_mem_is_heard(struct ch_mem_store *store,
    const struct ch_mem_queue *queue, uint64_t *asleep);

int ch_mem_new_receiver(struct ch_receiver **receiver, struct ch_layer *layer,
    const char *const names[], size_t n, unsigned flags, struct ch_err *err);
void ch_mem_free_receiver(struct ch_receiver *receiver);
int ch_mem_take(struct ch_receiver *receiver, struct ch_message *messages,
    size_t max, size_t *got, struct ch_err *err);
int ch_mem_wait(struct ch_receiver *receiver, int64_t deadline,
    struct ch_err *err);
int ch_mem_fd(const struct ch_receiver *receiver);
int ch_mem_until(struct ch_receiver *receiver, int fd, struct ch_err *err);

/* --- groups.c ----------------------------------------------------------- */

int ch_mem_group_add(struct ch_layer *layer, const char *group,
    const char *channel, struct ch_err *err);
int ch_mem_group_discard(struct ch_layer *layer, const char *group,
    const char *channel, struct ch_err *err);
int ch_mem_group_has(struct ch_layer *layer, const char *group,
    const char *channel, struct ch_err *err);
int ch_mem_group_send(struct ch_layer *layer, const char *group,
    const char *text, size_t len, const struct ch_send_opts *opts,
    struct ch_group_sent *result, struct ch_err *err);
int ch_mem_group_drop(struct ch_layer *layer, const char *group,
    struct ch_err *err);
int ch_mem_group_members(struct ch_layer *layer, const char *group,
    const char *glob, int (*each)(void *arg, const char *channel), void *arg,
    struct ch_err *err);
int ch_mem_stat_groups(struct ch_layer *layer, const char *glob,
    int (*each)(void *arg, const struct ch_group_stat *stat), void *arg,
    struct ch_err *err);
/* Under the mutex: the members behind "p!" leave all groups. */
void ch_mem_groups_forget(struct ch_mem_store *store, const char *prefix);
/* Under the mutex: expired members leave; returns how many. */
uint64_t ch_mem_groups_expire(struct ch_layer *layer);
/* Under the mutex: empty the groups that match; NULL: all. */
void ch_mem_groups_flush(struct ch_mem_store *store, const char *glob);

#endif
