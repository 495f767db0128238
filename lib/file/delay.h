/*
 * delay.h - messages that are not yet due: STORE/channels/NAME/delayed/.
 *
 * One file each, named by its due time and number. Who finds the channel with
 * something due moves it into the ring, in the order of the due times. The
 * commit that appends one also records its number (slot.delay_moved), so a
 * mover that is killed before deleting the file cannot deliver it twice.
 */
#ifndef CH_FILE_DELAY_H
#define CH_FILE_DELAY_H

#include "file/chan.h"

#define CH_DELAY_NAME 40

/*
 * Write the entry aside, before the lock is taken; entry->deadline is counted
 * in ms from when it is due (CH_NEVER: none). `name` says how it is called.
 */
int ch_delay_prepare(struct ch_chan *chan, const struct ch_entry *entry,
    char name[CH_DELAY_NAME], struct ch_err *err);
/*
 * Under the lock: let it be due at this time, by CLOCK_REALTIME or by the
 * queue's clock. Not yet committed.
 */
int ch_delay_publish(struct ch_chan *chan, const char *name, int64_t due,
    int by_real, struct ch_err *err);
/* Take back what was prepared and not published. */
void ch_delay_cancel(struct ch_chan *chan, const char *name);

/* Whether something may be due; under the lock. */
int ch_delay_is_due(const struct ch_chan *chan);
/* Move what is due into the ring; under the lock; commits. */
int ch_delay_move(struct ch_chan *chan, struct ch_err *err);
/* Forget all of them; under the lock; not yet committed. */
int ch_delay_clear(struct ch_chan *chan, struct ch_err *err);

#endif
