/*
 * manager.h - telling the service manager how we are, as sd_notify(3) does.
 *
 * Without NOTIFY_SOCKET in the environment all of this does nothing. Only the
 * process that the manager started speaks to it.
 */
#ifndef CMD_COMMON_MANAGER_H
#define CMD_COMMON_MANAGER_H

#include <stdint.h>

/*
 * Take what the environment says, and take it out, so that no child speaks in
 * our place. First of all.
 */
void manager_open(void);
void manager_close(void);

/* We work, and are so: "listening on 127.0.0.1:8000". Again after SIGHUP. */
void manager_ready(const char *status);

/* Around what SIGHUP has read again. */
void manager_reloading(void);
void manager_reloaded(void);

void manager_stopping(void);

/* Say that we are alive, each so many ms; 0: it does not want to hear. */
int64_t manager_interval(void);
void manager_alive(void);

#endif
