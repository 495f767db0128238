/* complete.h - what Tab completes: commands, groups, channels, members. */
#ifndef CHTAIL_COMPLETE_H
#define CHTAIL_COMPLETE_H

#include "chtail/talk.h"

/* From now on; `talk` stays the caller's. */
void complete_start(const struct talk *talk);

#endif
