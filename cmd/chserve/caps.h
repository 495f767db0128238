/*
 * caps.h - how many connections each address has. Pure counting.
 *
 * An IPv6 address counts with its /64: that is what one customer gets, and may
 * take any address of. What has no connection takes no memory.
 */
#ifndef CHSERVE_CAPS_H
#define CHSERVE_CAPS_H

#include <stddef.h>

struct ip;

/* An address that has some. */
struct caps_seat;

/*
 * One more from there; it is given back by caps_leave. NULL if there are `most`
 * already.
 */
struct caps_seat *caps_take(const struct ip *ip, size_t most);

/* More (less) of what counts as connections do. NULL is fine. */
void caps_more(struct caps_seat *seat, int more);

/* One less; the last one takes the seat with it. NULL is fine. */
void caps_leave(struct caps_seat *seat);

/* How many there are; 0 of NULL. */
size_t caps_count(const struct caps_seat *seat);

/* How many addresses have some. */
size_t caps_addresses(void);

#endif
