/*
 * notify.h - telling the service manager how we are, as sd_notify(3) does.
 *
 * Without NOTIFY_SOCKET in the environment all of this does nothing. Only the
 * process that the manager started speaks to it.
 */
#ifndef CHSERVE_NOTIFY_H
#define CHSERVE_NOTIFY_H

/*
 * Take what the environment says, and take it out, so that no child speaks in
 * our place. First of all.
 */
void notify_open(void);
void notify_close(void);

/* We serve, and are so: "listening on 127.0.0.1:8000". Again after SIGHUP. */
void notify_ready(const char *status);

/* Hooks for SIGHUP, around those that read files again. */
void notify_reloading(int number);
void notify_reloaded(int number);

void notify_stopping(void);

/* Say that we are alive as often as the manager wants; after loop_open. */
void notify_watchdog(void);

#endif
