#!/usr/bin/env bats
#
# chwork: what becomes of messages whose consumers fail.

load helper
load worker

# gone FILE: waits until no process whose id is in the file is left
gone() {
	local id
	while read -r id; do
		timeout 60 tail --pid="$id" -f /dev/null
	done < "$1"
}

# --- tried again, then dead ---------------------------------------------------

@test "--retries: tried again so often, then in the dead-letter channel" {
	script fail <<- 'END'
		echo "try $CH_RETRIES" >&2
		printf 'last \377 words\n' >&2
		exit 3
	END
	chsend in n:=1.50 '__retries__:=0'
	work 'in exec --retries 2 --retry-delay 10ms --dead lost ./fail'
	taken 1 lost
	jq -e '.channel == "in" and .message == {n: 1.5} and .route == "-r 1"
		and .reason == "exit status 3" and .status == 3 and .tries == 3
		and (.time | test("^20..-..-..T..:..:")) and
		(.stderr | test("last \\? words\n$"))' <<< "$output"
	[[ $output == *'"message":{"n":1.50}'* ]]
	[ "$(grep -c 'fail: try' err)" -eq 3 ]
	log_says 'fail: try 2'
	jq -c '{channel, message}' <<< "$output" | chsend -e
	taken 1 lost
}

@test "--retries: a success ends it" {
	script second <<- 'END'
		[ "$CH_RETRIES" -ge 1 ] || exit 1
		chsend out try:="$CH_RETRIES"
	END
	chsend in n:=1
	work 'in exec --retries 3 --retry-delay 10ms --dead lost ./second'
	taken 1 out
	[ "$output" = '{"try":1}' ]
	[ "$(pending lost)" = '' ]
}

@test "--dead: by signal, by timeout, not to be started" {
	script killed <<< 'kill -KILL $$'
	script hangs <<< 'exec tail -f /dev/null'
	printf '#!/nowhere/at/all\n' > strange
	echo 'no command' > dead
	chmod +x strange
	work 'a exec --dead lost ./killed' 'b exec --timeout 0.2 --dead lost ./hangs' \
		'c exec --dead lost ./strange'
	for channel in a b c; do chsend "$channel" n:=1; done
	taken 3 lost
	[ "$(jq -r '"\(.channel) \(.status) \(.reason)"' <<< "$output" | sort)" = \
'a null killed by signal 9 (Killed)
b null ended at its timeout
c null the command could not be started' ]
	kill -0 "$worker"
}

@test "exit 75 is tried again as --retries says" {
	chsend in n:=1
	work 'in exec --retries 0 --dead lost sh -c "exit 75"'
	taken 1 lost
	[ "$(jq -c '[.tries, .status]' <<< "$output")" = '[1,75]' ]
}

@test "--dead: where that channel is full, nothing is lost" {
	mkdir -m 700 store
	echo '{"capacity": 1}' > store/config
	chsend lost n:=0
	chsend in n:=1
	work 'in exec --dead lost false'
	log_says 'lost is full'
	taken 2 lost
	[ "$(jq -c '.message // .' <<< "$output" | tr '\n' ' ')" = '{"n":0} {"n":1} ' ]
}

@test "a request that was tried in vain is answered once, and kept" {
	chsend http.request reply_channel='r?1' path=/x
	work 'http.request exec --retries 1 --retry-delay 10ms --dead lost sh -c "exit 4"'
	taken 1 lost
	[ "$(jq -c '[.message.path, .tries]' <<< "$output")" = '["/x",2]' ]
	taken 1 'r?1'
	[ "$(jq .status <<< "$output")" = 500 ]
	run -1 chrecv --no-wait 'r?1'
}

@test "stream: the message in hand is tried again, then dead" {
	script echoes <<- 'END'
		while read -r line; do
			case $line in
			*die*) echo "dying" >&2; exit 5 ;;
			*) echo '{"channel":"out","message":{"seen":1}}' ;;
			esac
		done
	END
	work 'in stream --retries 1 --dead lost ./echoes'
	chsend in text=die
	chsend in text=ok
	taken 1 lost
	jq -e '.channel == "in" and .message == {text: "die"} and .tries == 2
		and .status == 5 and .stderr == "dying\n"' <<< "$output"
	taken 1 out
	[ "$output" = '{"seen":1}' ]
}

@test "stream: without --retries a death loses the message in hand, and says so" {
	script dies <<< 'read -r line; exit 5'
	work 'in stream ./dies'
	chsend in text=one
	log_says 'the last message it read: .*one'
	run -1 chrecv --no-wait in
}

@test "options that make no sense are said" {
	run -78 chwork --check -r 'in exec --retries many true' \
		-r 'in exec --dead in true' -r 'in.* exec --dead in.dead true' \
		-r 'in exec --dead "a b" true' -r 'in accept --retries 1' \
		-r 'websocket.* stream --per connection --dead x cat'
	[ "${#lines[@]}" -eq 6 ]
	[[ ${lines[0]} == 'chwork: -r 1:19: many is not a number from 0 to 1000' ]]
	[[ ${lines[1]} == *'in would come to this route again' ]]
	[[ ${lines[2]} == *'in.dead would come to this route again' ]]
	[[ ${lines[5]} == *'there is nothing for --retries and --dead' ]]
}

# --- what hostile ones do -----------------------------------------------------

@test "hostile consumers: others go on, each is in the log" {
	script floods <<< 'yes 2>/dev/null | head -c 3000000 >&2; chsend out n:=1'
	script deaf <<< 'exec <&-; chsend out n:=2'
	script forks <<< '(tail -f /dev/null & echo $! > forked); chsend out n:=3'
	script half <<< 'printf "half {"; chsend out n:=4'
	script odd <<< 'printf "\377\376\n"; chsend out n:=5'
	mkdir directory
	work 'a exec --reply none ./floods' 'b exec ./deaf' 'c exec ./forks' \
		'd exec --reply json ./half' 'e exec --reply text ./odd' \
		'f exec sh -c "chsend out n:=6"'
	for channel in a b c d e f; do
		chsend "$channel" reply_channel='r?1' text="$(printf '%02000d' 1)"
	done
	taken 6 out
	[ "$(sort <<< "$output" | tr -d '\n')" = \
		'{"n":1}{"n":2}{"n":3}{"n":4}{"n":5}{"n":6}' ]
	log_says 'lines were left out of the log'
	[ "$(wc -l < err)" -lt 2000 ]
	log_says 'not UTF-8'
	kill "$(cat forked)"
}

@test "a command that is none: said when the routes are read" {
	mkdir directory
	echo 'no script' > plain
	run -78 chwork --check -r 'a exec ./missing' -r 'b exec ./plain' \
		-r 'c exec ./directory'
	[ "${#lines[@]}" -eq 3 ]
	kill -0 $$
}

# --- the end of the worker ----------------------------------------------------

# hang: a script that heeds no signal, and another process below it; their ids
# are in the file ids
hang() {
	script hang <<- 'END'
		trap '' TERM HUP INT
		tail -f /dev/null &
		echo "$$" > ids.new
		echo "$!" >> ids.new
		mv ids.new ids
		chsend begun n:=1
		wait
		wait
	END
}

@test "kill -9: nothing that it started goes on" {
	hang
	chsend in n:=1
	work 'in exec ./hang'
	taken 1 begun
	kill -KILL "$worker"
	gone ids
	[ "$(wc -l < ids)" -eq 2 ]
}

@test "kill -9: neither a stream nor a process of a connection goes on" {
	hang
	work 'in stream ./hang' 'websocket.* stream --per connection ./hang'
	taken 1 begun
	mv ids first
	chsend websocket.connect reply_channel='r?1' path=/
	taken 1 begun
	kill -KILL "$worker"
	gone first
	gone ids
}

@test "--drain-timeout: what takes longer is ended, the rest given back" {
	hang
	start chwork -j 1 --drain-timeout 0.3 -r 'in exec ./hang'
	worker=$pid
	chsend in n:=1
	taken 1 begun
	chsend in n:=2
	kill -TERM "$worker"
	ended "$worker"
	grep -q 'what is still running is ended' err
	gone ids
	taken 1 in
	[ "$output" = '{"n":2}' ]
}

@test "a worker that ends leaves no guard and no zombie" {
	chsend in n:=1
	start chwork -r 'in exec chsend out n:=1'
	worker=$pid
	taken 1 out
	children=$(pgrep -P "$worker")
	[ -n "$children" ]
	kill -TERM "$worker"
	ended "$worker"
	for child in $children; do
		timeout 60 tail --pid="$child" -f /dev/null
	done
}
