/* listen.h - accepting the connections that come to our places. */
#ifndef CHSERVE_LISTEN_H
#define CHSERVE_LISTEN_H

/* Accept what comes to the sockets that are open, for whom they are. */
void listen_start(void);

/*
 * Accept what is waiting already, and no more: for the kernel these clients
 * are connected, and closing the sockets would reset them.
 */
void listen_stop(void);

#endif
