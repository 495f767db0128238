/*
 * bell.pml - a model of the queue, its lock and its bell, for Spin.
 *
 *	make model		(Debian: spin)
 *
 * Senders and receivers run as lib/file/{send,sub,chan}.c do, each step by
 * itself, and any of them may be killed between any two steps, KILLS in all.
 * What is shown: nobody is left asleep over a message (channels-store(5)). A
 * sender that rings after unlocking may strand a sleeper only by being killed
 * just then; one that rings before its change counts never does.
 */
#ifndef KILLS
#define KILLS 3
#endif
#define SENDERS 2
#define RECEIVERS 2
#define EACH 2          /* messages a sender sends */

byte kills = KILLS;
byte due;               /* messages in the queue */
byte waiting;           /* receivers counted as asleep */
byte open_bells;        /* who has the bell open to listen */
bool rung;              /* a byte is in the bell */
bool locked;            /* the lock, which its holder's death lets go */
bool stranded_by_kill;  /* a late ringer died between commit and ring */
byte taken, sent;
bool asleep[RECEIVERS];

#define LOCK   atomic { !locked -> locked = true }
#define UNLOCK locked = false

/* Between two steps a process may be killed. */
#define STEP(n) if :: kills > 0 -> kills--; goto dead_##n :: skip fi

/* Write to the bell; with no listener it fails, and the count is put right. */
inline ring_locked()
{
	if
	:: open_bells > 0 -> rung = true
	:: else -> waiting = 0
	fi
}

inline ring()
{
	if
	:: atomic { open_bells > 0 -> rung = true }
	:: else ->
		LOCK;
		ring_locked();
		UNLOCK
	fi
}

/* Early: ring under the lock, before the change counts. */
proctype early_sender()
{
	byte i;

	for (i : 1 .. EACH) {
		LOCK;
		STEP(locked);
		if
		:: waiting > 0 -> ring_locked()
		:: else
		fi;
		STEP(locked);
		due++;
		sent++;
		STEP(locked);
		UNLOCK;
		STEP(free)
	}
	goto dead_free;
dead_locked:
	UNLOCK;
dead_free:
	skip
}

/* Late: ring after unlocking. */
proctype late_sender()
{
	byte i;
	bool somebody;

	for (i : 1 .. EACH) {
		LOCK;
		STEP(locked);
		somebody = waiting > 0;
		due++;
		sent++;
		if
		:: kills > 0 -> kills--; stranded_by_kill = true;
			goto dead_locked
		:: skip
		fi;
		UNLOCK;
		if
		:: somebody && kills > 0 -> kills--; stranded_by_kill = true;
			goto dead_free
		:: skip
		fi;
		if
		:: somebody -> ring()
		:: else
		fi;
		STEP(free)
	}
	goto dead_free;
dead_locked:
	UNLOCK;
dead_free:
	skip
}

proctype receiver(byte me)
{
	bool counted;

	open_bells++;
	STEP(free);
look:
	LOCK;
	STEP(locked);
	if
	:: counted -> counted = false;
		if :: waiting > 0 -> waiting-- :: else fi
	:: else
	fi;
	STEP(locked);
	if
	:: due > 0 ->
		due--;
		taken++;
		STEP(locked);
		/* leaving nothing due: the others need not look */
		if
		:: due == 0 && waiting > 0 -> rung = false
		:: else
		fi;
		STEP(locked);
		UNLOCK;
		STEP(free);
		goto look
	:: else ->
		waiting++;
		counted = true;
		STEP(locked);
		rung = false;
		STEP(locked);
		UNLOCK
	fi;
	asleep[me] = true;
end_asleep:
	if
	:: rung -> skip
	:: kills > 0 -> kills--; asleep[me] = false; goto dead_free
	fi;
	asleep[me] = false;
	goto look;
dead_locked:
	UNLOCK;
dead_free:
	open_bells--
}

init
{
	byte i;

	atomic {
		run early_sender();
#ifdef LATE
		run late_sender();
#else
		run early_sender();
#endif
		for (i : 0 .. RECEIVERS - 1) {
			run receiver(i)
		}
	}
	/* nobody can move any more: who sleeps sleeps for good */
	timeout;
	assert(!locked);
	assert(taken <= sent);
	assert(due + taken == sent);
	assert(stranded_by_kill || !(due > 0 && !rung &&
	    (asleep[0] || asleep[1])))
}
