/* How many connections each address has. */
#include "chserve/caps.h"

#include "chserve/ip.h"

#include "base/hash.h"
#include "common/say.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define FEWEST 64 /* places in the table */
#define IPV4_AT 12 /* in its 16 bytes */
#define NETWORK 8  /* bytes of an IPv6 address that are looked at */

struct caps_seat {
	unsigned char address[16];
	size_t n;
	struct caps_seat *next; /* in the same place of the table */
};

static struct caps_seat **table;
static size_t size; /* a power of two */
static size_t n_seats;
static uint64_t seed; /* so that nobody can choose where addresses meet */

static struct caps_seat **
place_of(const unsigned char *address)
{
	return &table[ch_hash(address, sizeof(((struct caps_seat *)0)->address),
	    seed) & (size - 1)];
}

static void
grow(void)
{
	struct caps_seat **old = table, **place, *seat;
	size_t n = size, i;

	size = n ? 2 * n : FEWEST;
	table = calloc(size, sizeof(struct caps_seat *));
	if (!table)
		say_memory();
	for (i = 0; i < n; i++)
		while ((seat = old[i])) {
			old[i] = seat->next;
			place = place_of(seat->address);
			seat->next = *place;
			*place = seat;
		}
	free(old);
}

static void
copy_address(unsigned char *address, const struct ip *ip)
{
	static const unsigned char ipv4[IPV4_AT] = { [10] = 0xff, 0xff };
	size_t n = memcmp(ip->bytes, ipv4, IPV4_AT) == 0 ? 16 : NETWORK;

	memset(address, 0, 16);
	memcpy(address, ip->bytes, n);
}

static struct caps_seat *
find(const unsigned char *address)
{
	struct caps_seat *seat = *place_of(address);

	while (seat && memcmp(seat->address, address, 16) != 0)
		seat = seat->next;
	return seat;
}

static struct caps_seat *
make(const unsigned char *address)
{
	struct caps_seat **place = place_of(address);
	struct caps_seat *seat = calloc(1, sizeof(*seat));

	if (!seat)
		say_memory();
	memcpy(seat->address, address, 16);
	seat->next = *place;
	*place = seat;
	n_seats++;
	return seat;
}

struct caps_seat *
caps_take(const struct ip *ip, size_t most)
{
	unsigned char address[16];
	struct caps_seat *seat;

	if (!size && getrandom(&seed, sizeof(seed), 0) < 0)
		seed = (uintptr_t)&seed;
	if (n_seats == size)
		grow();
	copy_address(address, ip);
	seat = find(address);
	if (!most || (seat && seat->n >= most))
		return NULL;
	if (!seat)
		seat = make(address);
	seat->n++;
	return seat;
}

void
caps_more(struct caps_seat *seat, int more)
{
	if (seat)
		seat->n += (size_t)more;
}

void
caps_leave(struct caps_seat *seat)
{
	struct caps_seat **at;

	if (!seat || --seat->n)
		return;
	at = place_of(seat->address);
	while (*at != seat)
		at = &(*at)->next;
	*at = seat->next;
	n_seats--;
	free(seat);
}

size_t
caps_count(const struct caps_seat *seat)
{
	return seat ? seat->n : 0;
}

size_t
caps_addresses(void)
{
	return n_seats;
}
