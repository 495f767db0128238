#!/usr/bin/env bats
#
# chwork: what it says of its work, and who else can see it.

load helper
load worker

# seen FILTER [ROUTE-CHANNEL]: waits until chstat says of the workers' routes
# that; a look every tenth of a second, a minute at most
seen() {
	local i
	for ((i = 0; i < 600; i++)); do
		chstat --json > stat
		jq -es "map(select(.worker)) | $1" stat > /dev/null && return
		chrecv -t 0.1 nothing || true
	done
	cat stat
	return 1
}

@test "chstat: routes, what runs, since when, and how far it is" {
	mkfifo go
	script job <<- 'END'
		echo 'CH_PROGRESS 1 of 2' >&2
		echo 'a line of its own' >&2
		printf 'CH_PROGRESS \33[31m2 of\377 2\n' >&2
		read -r _ < go
	END
	work 'jobs.* exec --jobs 1 ./job' 'other exec true'
	seen 'length == 2 and .[0] == {worker: '"$worker"', route: "-r 1",
		channel: "jobs.*", running: 0, waiting: 0, done: 0, failed: 0,
		retried: 0, dead: 0, dropped: 0, late: 0, busy: 0, jobs: []}'
	chsend jobs.a n:=1 n:=2
	chsend jobs.a n:=3
	seen '.[0] | .running == 1 and .waiting >= 1 and
		(.jobs | length == 1) and (.jobs[0] | .pid > 1 and .age >= 0 and
		.age < 60 and .progress == "\u001b[31m2 of? 2")'
	run chstat
	has_line "$(printf '%-7s %-20s %-20s %7s %7s %8s %6s %7s %5s %7s' \
		"$worker" '-r 1' 'jobs.*' 1 1 0 0 0 0 0)"
	[[ $output == *'WORKER  ROUTE '* ]]
	[[ $output == *s'  \u001b[31m2 of? 2'* ]]
	refute grep -q CH_PROGRESS err
	log_says 'a line of its own'
	[ "$(chstat --json 'jobs*' | jq -s 'map(select(.worker)) | length')" \
		-eq 1 ]
	[ "$(chstat --json elsewhere | wc -l)" -eq 0 ]
	echo > go
	seen '.[0].done == 1'
	echo > go
	seen '.[0] | .done == 2 and .running == 0 and .jobs == [] and .busy > 0'
	kill "$worker"
	ended "$worker"
	[ "$(chstat --json | grep -c worker)" -eq 0 ]
	run ls "$CHANNELS_URL/workers"
	[ -z "$output" ]
}

@test "chstat: what failed is counted, as it was dealt with" {
	work 'a exec --retries 1 --retry-delay 1ms --dead lost false' \
		'b exec false' 'c send d' 'e stream cat'
	chsend a n:=1
	chsend b n:=1
	chsend c n:=1
	seen 'map({(.channel): .}) | add |
		(.a | .failed == 2 and .retried == 1 and .dead == 1) and
		(.b | .failed == 1 and .dropped == 1) and .c.done == 1 and
		.e.running == 1'
}

@test "chstat: of a worker that was killed nothing is left" {
	work 'a exec true'
	seen 'length == 1'
	kill -KILL "$worker"
	ended "$worker"
	seen 'length == 0'
	run ls "$CHANNELS_URL/workers"
	[ -z "$output" ]
}

@test "chstat: while a reader holds a report the worker works on" {
	work 'a send b'
	seen 'length == 1'
	exec {hold}< "$(echo "$CHANNELS_URL"/workers/*)"
	flock "$hold"
	chsend a n:=1
	taken 1 b
	exec {hold}<&-
	seen '.[0].done == 1'
}
