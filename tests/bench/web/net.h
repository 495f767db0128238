/* net.h - sockets of the benchmarks, on the loopback. */
#ifndef TESTS_BENCH_WEB_NET_H
#define TESTS_BENCH_WEB_NET_H

#include <stddef.h>

/* All of them end the process where they fail. */

/* As many descriptors as we may have; how many those are. */
size_t net_descriptors(void);

/* Listen at a free port, which is stored. */
int net_listen(int *port);

/* Connect, trying again for a while if nobody listens yet. */
int net_connect(int port);

void net_send(int fd, const void *bytes, size_t n);

/* Ends the process with the reason that errno holds. */
void net_fail(const char *what);

#endif
