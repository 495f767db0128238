/*
 * notify.h - what the service manager hears of this server as it goes
 * (common/manager.h).
 */
#ifndef CHSERVE_NOTIFY_H
#define CHSERVE_NOTIFY_H

/* Hooks for SIGHUP, around those that read files again. */
void notify_reloading(int number);
void notify_reloaded(int number);

/* Say that we are alive as often as the manager wants; after loop_open. */
void notify_watchdog(void);
void notify_end(void);

#endif
