/*
 * takeover.h - listening sockets, passed from one server to the next.
 *
 * A server offers each of its places under an abstract name, made of its user
 * and the address. One that is started with --take-over asks there, and gets
 * the sockets themselves: both accept from them until the old one ends, and no
 * connection is refused or reset in between. Both see that the other is of the
 * same user, or root.
 *
 * With the sockets goes the one of the offer, so that the name is never gone;
 * the old one does not answer there as long as its heir lives, which it sees
 * by a connection that the heir keeps, and passes on to its own heir.
 *
 * What the process started by the user does; not the children of -j.
 */
#ifndef CHSERVE_TAKEOVER_H
#define CHSERVE_TAKEOVER_H

#include "chserve/places.h"

/*
 * Ask for the sockets of this place, whose `at` is set: 1 if it has them now,
 * 0 if nobody offers them, -1 with errno if who does gave no answer.
 */
int takeover_ask(struct place *place);

/* Offer all places but those that somebody else looks after. */
void takeover_offer(void);

/* The place is being closed: take its offer back. */
void takeover_end(struct place *place);

/* In a child: let go of what is the parent's. */
void takeover_forget(struct place *place);

/* Whether no other server has it: no heir, and none before us that lives. */
int takeover_is_last(const struct place *place);

#endif
