/* Connections are counted by address. */
#include "chserve/caps.h"
#include "chserve/ip.h"

#include "tap.h"

#define MANY 5000

static struct caps_seat *
take(const char *address, size_t most)
{
	struct ip ip;

	if (ip_read(&ip, address, strlen(address)))
		return NULL;
	return caps_take(&ip, most);
}

static void
test_one_address(void)
{
	struct caps_seat *seat = take("192.0.2.1", 2);

	ok(seat != NULL, "the first connection of an address");
	ok(take("192.0.2.1", 2) == seat, "the second one has the same seat");
	is_int(caps_count(seat), 2, "which are two");
	ok(take("192.0.2.1", 2) == NULL, "a third one is too much");
	ok(take("192.0.2.1", 3) == seat, "unless more are allowed");
	caps_leave(seat);
	caps_more(seat, -1);
	is_int(caps_count(seat), 1, "what has left is not counted");
	caps_more(seat, 1);
	ok(take("192.0.2.1", 2) == NULL, "what counts as one is");
	caps_more(seat, -1);
	caps_leave(seat);
	is_int(caps_addresses(), 0, "the last one takes the seat with it");
	ok(take("192.0.2.1", 0) == NULL, "where none is allowed, none is");
	is_int(caps_addresses(), 0, "and nothing is kept");
	caps_leave(NULL);
	caps_more(NULL, 1);
	is_int(caps_count(NULL), 0, "no seat is nobody's");
}

static void
test_networks(void)
{
	struct caps_seat *net = take("2001:db8:0:1::1", 9), *ipv4;

	ok(take("2001:db8:0:1:ffff::2", 9) == net, "a /64 counts as one");
	ok(take("2001:db8:0:2::1", 9) != net, "another one as another");
	ipv4 = take("192.0.2.1", 9);
	ok(ipv4 != take("192.0.2.2", 9), "IPv4 addresses are whole");
	ok(take("::ffff:192.0.2.1", 9) == ipv4, "in either form");
	is_int(caps_addresses(), 4, "these are four");
	caps_leave(net);
	caps_leave(net);
	caps_leave(take("2001:db8:0:2::1", 9));
	caps_leave(take("2001:db8:0:2::1", 9));
	is_int(caps_addresses(), 3, "seats are found again");
}

static void
test_many(void)
{
	static struct caps_seat *seats[MANY];
	size_t before = caps_addresses(), i, same = 0;
	struct ip ip;

	ip_read(&ip, "10.0.0.0", 8);
	for (i = 0; i < MANY; i++) {
		ip.bytes[14] = (unsigned char)(i >> 8);
		ip.bytes[15] = (unsigned char)i;
		seats[i] = caps_take(&ip, 2);
	}
	for (i = 0; i < MANY; i++) {
		ip.bytes[14] = (unsigned char)(i >> 8);
		ip.bytes[15] = (unsigned char)i;
		same += caps_take(&ip, 2) == seats[i];
	}
	is_int(same, MANY, "many addresses, each with a seat of its own");
	for (i = 0; i < MANY; i++) {
		caps_leave(seats[i]);
		caps_leave(seats[i]);
	}
	is_int(caps_addresses(), before, "and none when they have left");
}

int
main(void)
{
	test_one_address();
	test_networks();
	test_many();
	return done_testing();
}
