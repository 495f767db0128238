# What happens to messages, owners and groups when somebody dies or is stopped.

load helper

# hold FILE: a stopped process that holds the flock of FILE; its id is in $pid.
hold() {
	watch_fifo ready
	start flock "$1" sh -c 'echo "$$" > ready; kill -STOP "$PPID" "$$"'
	next_line "$fd"
	STARTED+=("$line")
	until [[ $(ps -o state= -p "$pid") == T ]]; do :; done
}

# --- senders and receivers --------------------------------------------------

@test "killed one-shot senders: what was acknowledged is there, once, in order" {
	for i in {1..300}; do
		chsend jobs "n:=$i" &
		pid=$!
		((i % 3)) || kill -KILL $pid || true
		if wait $pid; then echo "$i"; fi
	done > acked 2> /dev/null
	[ "$(wc -l < acked)" -ge 200 ]
	chrecv --no-wait -F '{n}' jobs > got
	sort -n got | cmp - got
	[ -z "$(uniq -d got)" ]
	[ -z "$(comm -23 <(sort acked) <(sort got))" ]
}

# killed PID: end it for good.
killed() {
	kill -KILL "$1"
	wait "$1" || true
}

@test "a killed stream: what went before it is there, in order, without a gap" {
	seq -f '{"n":%.0f}' 1 100000 > numbers
	for i in {1..15}; do
		START_OUT=sent start chsend -w jobs < numbers
		sender=$pid
		START_OUT=got start chrecv -F '{n}' jobs
		receiver=$pid
		chrecv -t "0.0$((i % 5 + 1))" nothing || true
		killed "$sender"
		killed "$receiver"
		timeout 60 chrecv --no-wait -F '{n}' jobs >> got || true
		# the receiver died with one message at most
		awk 'NR == 1 { gaps = $1 - 1 }
		    NR > 1 && $1 <= last { exit 1 }
		    NR > 1 { gaps += $1 - last - 1 }
		    { last = $1 }
		    END { exit gaps > 1 }' got
	done
}

@test "killed receivers lose what they held, one message each, and no more" {
	seq -f '{"n":%.0f}' 1 1000 | chsend jobs
	for i in {1..40}; do
		: > "out.$i"
		START_OUT=out.$i start chrecv -F '{n}' jobs
		receiver=$pid
		((i % 4)) || chrecv -t 0.01 nothing || true
		killed "$receiver"
	done
	chrecv --no-wait -c 1000 -F '{n}' jobs > out.rest || true
	cat out.* > got
	[ -z "$(sort got | uniq -d)" ]
	[ "$(wc -l < got)" -ge 960 ]
	for i in {1..40} rest; do sort -n "out.$i" | cmp - "out.$i"; done
}

@test "a receiver that is killed asleep takes nobody's message" {
	START_OUT=first start chrecv jobs
	first=$pid
	START_OUT=second start chrecv -c 1 jobs
	second=$pid
	waiting jobs 2
	killed "$first"
	chsend jobs a=1
	ended "$second"
	[ "$ended" -eq 0 ]
	[ "$(cat second)" = '{"a":"1"}' ]
	[ ! -s first ]
}

# --- locks ------------------------------------------------------------------

@test "a stopped lock holder: 69 within the time, with its pid" {
	chsend jobs a=1
	chsend other a=1
	hold "$CHANNELS_URL/channels/jobs/lock"
	run -69 chsend -t 0.2 jobs a=2
	[[ $output == *"jobs is locked by process $pid, which does not let go" ]]
	run -69 chrecv -t 0.2 jobs
	[[ $output == *"process $pid"* ]]
	run -0 chsend other a=2
	kill -CONT "$pid" "$line"
	ended "$pid"
	run -0 chsend jobs a=2
}

@test "without -t a lock is waited for 5 seconds" {
	chsend jobs a=1
	hold "$CHANNELS_URL/channels/jobs/lock"
	before=$EPOCHREALTIME
	run -69 chsend jobs a=2
	took=$(echo "$EPOCHREALTIME - $before" | bc)
	[ "$(echo "$took >= 4.9 && $took < 30" | bc)" = 1 ]
}

@test "a stopped holder of a group's lock is named as well" {
	chgroup add chat jobs
	hold "$CHANNELS_URL/groups/chat/lock"
	run -69 chsend -t 0.2 -g chat a=1
	[[ $output == *"group chat is locked by process $pid, which does not let go" ]]
}

# --- owners -----------------------------------------------------------------

# own PREFIX: a chrecv that owns it; $pid, and $name, its channel.
own() {
	rm -f name
	watch_fifo name
	START_OUT=name start chrecv --new "$1"
	next_line "$fd"
	name=$line
	exec {fd}>&-
}

@test "a prefix with a living owner is refused with its pid: 75" {
	own 'p!'
	run -75 chrecv --new 'p!'
	[[ $output == *"p! is owned by process $pid" ]]
	chsend "$name" a=1
	killed "$pid"
	run -124 chrecv --new 'p!' -t 0.01
	[[ ${lines[0]} == 'p!'* ]]
}

@test "a send to a dead owner is 1, and says so with -v" {
	own 'p!'
	chsend "$name" a=1
	killed "$pid"
	run -1 chsend -v "$name" a=2
	[[ $output == *"the owner of p! is gone"* ]]
	[ ! -e "$CHANNELS_URL/channels/p!" ]
	run -1 chsend "$name" a=3
}

@test "memberships vanish at once with their owner" {
	own 'p!'
	for group in a b c; do chgroup add "$group" "$name" "${name}2"; done
	chgroup add a jobs
	[ "$(chgroup count a)" = 3 ]
	killed "$pid"
	run -0 chsend -v -g a x=1
	[[ $output == *"sent to 1 of 3"* ]]
	[ "$(chgroup members a)" = jobs ]
	[ "$(chgroup list)" = a ]
	[ "$(ls "$CHANNELS_URL/groups")" = a ]
}

@test "each way of meeting a dead owner cleans up after it" {
	for meet in "chgroup list" "chgroup members a" "chgroup count a" \
	    "chstat" "chstat --sweep" "chsend -g a x=1" "chgroup has a p!1"; do
		own 'p!'
		chgroup add a "$name"
		killed "$pid"
		$meet > /dev/null || [ $? -eq 1 ]
		[ ! -e "$CHANNELS_URL/live/p" ] || { echo "$meet"; false; }
		[ ! -e "$CHANNELS_URL/groups/a" ] || { echo "$meet"; false; }
	done
}

@test "an owner that ends leaves nothing" {
	own 'p!'
	chgroup add a "$name"
	chsend "$name" a=1
	kill -TERM "$pid"
	wait "$pid" || true
	chstat --sweep
	for folder in channels groups live; do
		[ -z "$(ls "$CHANNELS_URL/$folder")" ]
	done
}
