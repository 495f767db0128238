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
		takes: "jobs.*", running: 0, waiting: 0, done: 0, failed: 0,
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
	[ "$(chstat --json 'jobs*' | grep -c worker)" -eq 0 ]
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
	seen 'map({(.takes): .}) | add |
		(.a | .failed == 2 and .retried == 1 and .dead == 1) and
		(.b | .failed == 1 and .dropped == 1) and .c.done == 1 and
		.e.running == 1'
}

@test "chstat: the name of a routes file commands no terminal" {
	echo 'a drop' > $'r\e[2J'
	start chwork $'r\e[2J'
	seen 'length == 1'
	run chstat
	[[ $output == *' r\u001b[2J:1 '* ]]
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

# --- hooks ------------------------------------------------------------------

@test "--before and --after: around each command, with what it met" {
	local i
	script hook <<- 'END'
		chsend seen at="$1" n="$CH_N" room="$CH_ARG_x" fate="$CH_FATE" \
			code="$CH_STATUS" stdin="$(cat)"
		[[ $CH_SECONDS =~ ^([0-9]+\.[0-9]{3})?$ ]]
	END
	script run <<- 'END'
		chsend seen at=run n="$CH_N"
		exit "$CH_N"
	END
	start chwork --before "./hook 'be fore'" --after './hook after' \
		-r 'in y={x} exec ./run' -r 'lost drop'
	for i in 0 3; do chsend in n:="$i" y=z; done
	taken 6 seen
	jq -es 'map(select(.n == "0")) == [
		{at: "be fore", n: "0", room: "z", fate: "", code: "",
			stdin: "{\"n\":0,\"y\":\"z\"}"},
		{at: "run", n: "0"},
		{at: "after", n: "0", room: "z", fate: "done", code: "0",
			stdin: "{\"n\":0,\"y\":\"z\"}"}]' <<< "$output"
	jq -es 'map(select(.n == "3" and .at == "after")) |
		.[0].fate == "dropped" and .[0].code == "3"' <<< "$output"
	refute grep -q 'hook' err
}

@test "--before: its failure is that of the message" {
	script guard <<- 'END'
		echo "not $CH_N" >&2
		[ "$CH_N" != 1 ] || exit 4
		exit $((CH_RETRIES ? 0 : 75))
	END
	start chwork --before ./guard --after 'chsend ended x=y' \
		-r 'in exec --dead lost chsend made n=x'
	chsend in n:=1
	taken 1 lost
	jq -e '.status == 4 and .stderr == "not 1\n" and .route == "-r 1"' \
		<<< "$output"
	chsend in n:=2
	taken 1 made
	taken 3 ended
	grep -q 'in: --before: ./guard: exit status 4: not 1' err
}

@test "--before: a request is answered, and one that hangs is ended" {
	mkfifo never
	script hang <<< 'read -r _ < never'
	start chwork --before ./hang -r 'http.request exec --timeout 0.1 echo' \
		-r 'http.request cgi --timeout 0.1 ./hang'
	chsend http.request reply_channel='r?1' method=GET path=/
	taken 1 'r?1'
	[ "$(jq .status <<< "$output")" -eq 504 ]
}

@test "--before: who leaves ends what is before his command" {
	mkfifo never
	script hang <<- 'END'
		echo "$$" > started
		read -r _ < never
	END
	watch_fifo started
	start chwork -v --before ./hang -r 'http.request exec echo'
	chsend http.request reply_channel='r?1' method=GET path=/
	next_line "$fd"
	chsend http.disconnect reply_channel='r?1'
	timeout 60 tail --pid="$line" -f /dev/null
	log_says 'the client has left'
}

@test "hooks that make no sense are refused at the start" {
	run chwork --check --before './nowhere x' -r 'a drop'
	[ "$status" -eq 78 ]
	[[ $output == 'chwork: --before:1: '*nowhere* ]]
	run chwork --check --after "true 'x" -r 'a drop'
	[ "$status" -eq 78 ]
	[[ $output == 'chwork: --after:6: '* ]]
	run chwork --check --after '' -r 'a drop'
	[ "$status" -eq 78 ]
}

# --- what it says -----------------------------------------------------------

@test "--log-format json: an object a line, whatever is said" {
	script say <<- 'END'
		printf 'one "quoted" \\ \377\33[31m\n' >&2
		exit 3
	END
	start chwork -v --log-format json -r 'in exec ./say'
	worker=$pid
	chsend in n:=1
	log_says 'exit status 3'
	kill "$worker"
	ended "$worker"
	jq -es --arg pid "$worker" 'all(.program == "chwork" and
		(.time | test("^20..-..-..T..:..:..[.]...Z$")) and
		(.pid | tostring) == $pid) and
		(map(.level) | unique) == ["error", "info"] and
		any(.text | endswith("./say: one \"quoted\" \\ ?\u001b[31m"))' err
	run chwork --log-format xml -r 'a drop'
	[ "$status" -eq 64 ]
}

@test "the service manager hears when it is ready, reloads, lives and ends" {
	/usr/bin/python3 "$ROOT/tests/cli/listencases.py" notified "$PWD/manager" \
		'1 route' chwork -r 'a drop'
}
