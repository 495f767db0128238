/*
 * mailbox.h - our reply channels, and who is behind each.
 *
 * All of one kind share a prefix that this process owns; the local part of the
 * name leads to the mailbox, which is the first member of what it belongs to
 * (a client, an exchange, an event stream).
 */
#ifndef CHSERVE_MAILBOX_H
#define CHSERVE_MAILBOX_H

#include "channel.h"

enum mailbox_kind {
	MAILBOX_WEBSOCKET, /* websocket.send.RANDOM! */
	MAILBOX_HTTP,      /* http.response.RANDOM! */
	MAILBOX_KINDS
};

struct mailbox {
	enum mailbox_kind kind;
	/* A message came; MAILBOX_HTTP only, the bridge reads the others. */
	void (*deliver)(struct mailbox *box, const struct ch_message *message);
	char *channel;     /* its name */
	const char *local; /* what is behind the mark */
	uint32_t slot;
	char **groups; /* that it is in */
	size_t n_groups;
};

/* The process-specific channels behind which they are, "p!". */
extern char mailbox_prefix[MAILBOX_KINDS][CH_NAME_MAX + 1];

/* Give it a name that was never used before. */
void mailbox_open(struct mailbox *box, enum mailbox_kind kind);
/* Take the name back; groups are the bridge's to leave before. */
void mailbox_close(struct mailbox *box);

/* Whose reply channel that is; NULL if it is gone. */
struct mailbox *mailbox_find(const char *channel);

size_t mailbox_count(enum mailbox_kind kind);

/* Call each for all of that kind; it may close the one it is given. */
void mailbox_each(enum mailbox_kind kind, void (*each)(struct mailbox *box));

/* It joined that group, or left it. */
void mailbox_joined(struct mailbox *box, const char *group);
void mailbox_left(struct mailbox *box, const char *group);

#endif
