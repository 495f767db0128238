# chstat: what is in the store.

load helper

@test "the first line names the store, a table follows" {
	send_numbers jobs 1 3
	chrecv -c 1 jobs
	chsend --delay 1h jobs n:=9
	chgroup add chat a b
	run -0 chstat
	[ "${lines[0]}" = "store: $CHANNELS_URL" ]
	[[ ${lines[1]} =~ ^CHANNEL\ +PENDING\ +DELAYED\ +OLDEST\ +CAPACITY\ +WAITING\ +SENT\ +RECEIVED\ +EXPIRED\ +FULL$ ]]
	[[ ${lines[2]} =~ ^jobs\ +2\ +1\ +[0-9]+s\ +1000\ +0\ +[0-9]+\ +1\ +0\ +0$ ]]
	[[ ${lines[3]} =~ ^GROUP\ +MEMBERS\ +SENT\ +MISSED$ ]]
	[[ ${lines[4]} =~ ^chat\ +2\ +0\ +0$ ]]
}

@test "an empty store has its name alone" {
	run -0 chstat
	[ "$output" = "store: $CHANNELS_URL" ]
	run -0 chstat --json
	[ "$output" = '' ]
}

@test "--json prints one object a line, with its keys in order" {
	send_numbers jobs 1 3
	chrecv -c 1 jobs
	chgroup add chat jobs
	chsend -g chat n:=4
	run -0 chstat --json
	[[ ${lines[0]} =~ ^\{\"channel\":\"jobs\",\"pending\":3,\"oldest\":[0-9]+\.[0-9]{3},\"capacity\":1000,\"waiting\":0,\"sent\":4,\"received\":1,\"expired\":0,\"full\":0\}$ ]]
	[ "${lines[1]}" = '{"group":"chat","members":1,"sent":1,"missed":0}' ]
	chrecv --no-wait jobs
	run -0 chstat --json jobs
	[ "$(jq -c .oldest <<< "$output")" = null ]
}

@test "counters count: waiting, expired, full" {
	mkdir store && echo '{"capacity": 2}' > store/config
	start chrecv idle
	waiting idle 1
	run -75 chsend jobs '{"n":1}' '{"n":2}' '{"n":3}'
	[ "$(chstat --json jobs | jq .full)" -eq 1 ]
	chsend --expiry 1ms old n=1
	run -124 chrecv -t 0.1 old
	[ "$(chstat --json old | jq .expired)" -eq 1 ]
}

@test "who was killed asleep is not waiting" {
	start chrecv idle
	waiting idle 1
	kill -KILL "$pid"
	ended "$pid"
	[ "$(chstat --json idle | jq .waiting)" -eq 0 ]
	start chrecv idle
	waiting idle 1
}

@test "patterns choose channels and groups" {
	chsend task.a n=1 && chsend task.b n=1 && chsend other n=1
	chgroup add task.g x && chgroup add h x
	run -0 chstat --json 'task.*'
	[ "$(jq -r '.channel // .group' <<< "$output")" = $'task.a\ntask.b\ntask.g' ]
	run -0 chstat --json other h
	[ "$(jq -r '.channel // .group' <<< "$output")" = $'other\nh' ]
	run -0 chstat --json nothing
	[ "$output" = '' ]
	run -65 chstat ../x
}

@test "--peek shows the first N messages and takes none" {
	send_numbers jobs 1 5
	run -0 chstat --peek 2 jobs
	[ "$output" = $'{"n":1}\n{"n":2}' ]
	run -0 chstat --peek 100 --json jobs
	[ "${lines[4]}" = '{"channel":"jobs","message":{"n":5}}' ]
	[ "$(pending jobs)" -eq 5 ]
	run -0 chstat --peek 3 nothing
	[ "$output" = '' ]
	run -64 chstat --peek 0 jobs
	run -64 chstat --peek all jobs
}

@test "--sweep removes dead owners and what expired" {
	start chrecv --new 'p!'
	waiting 'p!' 1
	kill -KILL "$pid"
	ended "$pid" || true
	chsend --expiry 1ms jobs n=1
	run -124 chrecv -t 0.1 nothing
	run -0 chstat --sweep
	[ "$output" = '' ]
	[ ! -e "$CHANNELS_URL/channels/p!" ]
	[ "$(chstat --json jobs | jq -c '[.pending, .expired]')" = '[0,1]' ]
	run -0 chstat --sweep -v
	[[ $output == *'removed '* ]]
}

@test "--flush PATTERN empties what matches" {
	chsend task.a n=1 && chsend task.b n=1 && chsend other n=1
	chgroup add task.g x
	run -0 chstat --flush 'task.*'
	[ "$(chstat --json | jq -c 'select(.pending > 0 or .members > 0) | .channel // .group')" = '"other"' ]
}

@test "--flush of everything needs --force where nobody can be asked" {
	send_numbers jobs 1 3
	chsend --delay 1h later n=1
	chgroup add g a
	run -64 chstat --flush
	[ "$(pending jobs)" -eq 3 ]
	echo '{"capacity": 7}' > "$CHANNELS_URL/config"
	mkdir -p "$CHANNELS_URL/sessions" && touch "$CHANNELS_URL/sessions/kept"
	run -0 chstat --flush --force
	[ "$(chstat --json | jq -s 'map((.pending // 0) + (.members // 0)) | add // 0')" -eq 0 ]
	[ -e "$CHANNELS_URL/config" ] && [ -e "$CHANNELS_URL/sessions/kept" ]
	run -64 chstat --force
}

@test "--flush asks on a terminal" {
	send_numbers jobs 1 3
	run -1 script -qec 'chstat --flush' /dev/null <<< n
	[[ $output == *'empty all channels and groups of '*'[y/N]'* ]]
	[ "$(pending jobs)" -eq 3 ]
	run -0 script -qec 'chstat --flush' /dev/null <<< y
	[ "$(pending jobs)" -eq 0 ]
}

@test "--scratch runs a command on a store that is gone afterwards" {
	chsend jobs n=1
	export TMPDIR=$BATS_TEST_TMPDIR/tmp && mkdir "$TMPDIR"
	run -0 chstat --scratch -- bash -c 'chsend jobs n:=2; chrecv --no-wait jobs; echo "$CHANNELS_URL"'
	[ "${lines[0]}" = '{"n":2}' ]
	[[ ${lines[1]} == "$TMPDIR"/* ]]
	[ -z "$(ls -A "$TMPDIR")" ]
	[ "$(pending jobs)" -eq 1 ]
	run -5 chstat --scratch -- bash -c 'exit 5'
	run -127 chstat --scratch -- no-such-command
	[[ $output == 'chstat: run no-such-command: '* ]]
	run -64 chstat --scratch
	run -64 chstat --scratch -S x -- true
	[ -z "$(ls -A "$TMPDIR")" ]
}

@test "--scratch finds its siblings, and ends as its command by a signal" {
	run -0 env PATH=/usr/bin:/bin "$CH_BIN/chstat" --scratch -- chsend x n=1
	run -0 bash -c 'chstat --scratch -- bash -c "kill -TERM \$\$"; echo $?'
	[[ ${lines[-1]} == 143 ]]
}

@test "--scratch passes SIGTERM on and still removes the store" {
	export TMPDIR=$BATS_TEST_TMPDIR/tmp && mkdir "$TMPDIR"
	watch_fifo seen
	START_OUT=seen start chstat --scratch -- bash -c 'echo "$CHANNELS_URL"; exec chrecv x'
	next_line "$fd"
	kill -TERM "$pid"
	ended "$pid"
	[ "$ended" -eq 143 ]
	[ -z "$(ls -A "$TMPDIR")" ]
}

@test "--watch shows it again and again" {
	watch_fifo seen
	START_OUT=seen start chstat --json --watch jobs
	chsend jobs n:=1
	until next_line "$fd" && [[ $line == *'"pending":1,'* ]]; do :; done
	chsend jobs n:=2
	until next_line "$fd" && [[ $line == *'"pending":2,'* ]]; do :; done
	kill "$pid"
	ended "$pid"
	[ "$ended" -eq 143 ]
	run on_terminal 'timeout 1.5 chstat --watch'
	[ "$(grep -c $'^\e\\[H\e\\[Jstore: ' <<< "$output")" -ge 1 ]
	[[ $output == *$'\njobs '* ]]
	refute grep -q $'\e' < <(timeout 0.5 chstat --watch | cat)
}

@test "its ways exclude each other" {
	run -64 chstat --peek 1 --sweep
	run -64 chstat --sweep --flush
	run -64 chstat --json --sweep
	run -64 chstat --sweep jobs
	run -64 chstat --watch --peek 1
}
