#!/usr/bin/env bats
#
# chwork: several workers on a store, and what is left of those that are killed.

load helper
load worker

@test "kill -9 at random, under load: no message is handled twice" {
	local i all=0
	script job <<< 'exec chsend made n:="$CH_N"'
	send_numbers in 1 400
	for i in 7 1 19 3 40 11; do
		start chwork -j 4 -r 'in exec ./job'
		timeout 60 chrecv -t 30 -c "$i" made >> handled
		kill -KILL "$pid"
		ended "$pid"
	done
	work 'in exec ./job'
	until [ "$(pending in)" -eq 0 ]; do
		chrecv -t 0.05 nothing || true
	done
	kill "$worker"
	ended "$worker"
	[ "$ended" -eq 0 ]
	chrecv --no-wait -c 1000 made >> handled
	[ -z "$(jq .n handled | sort | uniq -d)" ]
	# A killed worker loses what it held: commands that ran, and messages that
	# were to be next.
	all=$(wc -l < handled)
	echo "handled: $all"
	((all >= 400 - 6 * (4 + 16) && all <= 400))
}

@test "kill -9 of a worker with a warm script: no message is handled twice" {
	local i
	send_numbers in 1 900
	for i in 5 100 30; do
		start chwork -r 'in stream jq -c --unbuffered "{channel: \"made\", message: .message}"'
		timeout 60 chrecv -t 30 -c "$i" made >> handled
		kill -KILL "$pid"
		ended "$pid"
	done
	chrecv --no-wait -c 10000 made >> handled
	[ -z "$(jq .n handled | sort | uniq -d)" ]
	# In the order in which they were sent.
	jq .n handled | sort -nc
}

@test "workers share a channel: each has its part" {
	local i workers=()
	script job <<- 'END'
		exec chsend made n:="$CH_N" by="$PPID"
	END
	for i in 1 2 3; do
		START_ERR=err.$i work 'in exec --jobs 1 ./job'
		workers+=("$worker")
	done
	waiting in 3
	send_numbers in 1 150
	taken 150 made
	[ "$(jq -s 'map(.n) | unique | length' <<< "$output")" -eq 150 ]
	jq -es 'group_by(.by) | length == 3 and all(length >= 15)' <<< "$output"
}
