#!/usr/bin/env bats
#
# chwork: a process for each connection, as websocketd has it.

load helper
load worker

# joins N, says N KEY=VALUE..., leaves N: a connection's messages
joins() { chsend websocket.connect reply_channel="r?$1" path=/x order:=0; }
leaves() { chsend websocket.disconnect reply_channel="r?$1" path=/x code:=1000; }
says() {
	local n=$1
	shift
	chsend websocket.receive reply_channel="r?$n" path=/x "$@"
}

# gets N LINE...: what comes to connection N, one message after the other
gets() {
	local n=$1
	shift
	run timeout 60 chrecv -t 30 -c $# "r?$n"
	[ "$output" = "$(printf '%s\n' "$@")" ] && return
	printf 'got:\n%s\n' "$output"
	cat err
	return 1
}

@test "lines in, lines out, a process for each connection" {
	script count <<- 'END'
		n=0
		while IFS= read -r line; do echo "$((++n)) $line"; done
	END
	work 'websocket.* path=/x stream --per connection ./count'
	joins 1
	joins 2
	gets 1 '{"accept":true}'
	gets 2 '{"accept":true}'
	says 1 text='a  b '
	says 1 text='$(id) "c"'
	says 2 text=other
	gets 1 '{"text":"1 a  b "}' '{"text":"2 $(id) \"c\""}'
	gets 2 '{"text":"1 other"}'
}

@test "a text of several lines is several lines, --null keeps it one" {
	work 'websocket.* n=1 stream --per connection cat -A' \
	    'websocket.* stream --null --per connection --text tr ab AB'
	chsend websocket.connect reply_channel='r?1' n:=1
	gets 1 '{"accept":true}'
	chsend websocket.receive reply_channel='r?1' n:=1 text=$'a\nb'
	gets 1 '{"text":"a$"}' '{"text":"b$"}'
	joins 2
	gets 2 '{"accept":true}'
	says 2 text=$'a\nb'
	leaves 2
	gets 2 '{"text":"A\nB"}'
}

@test "the variables of CGI, and the connection's own" {
	script show <<< 'env > env.out; echo done'
	work 'websocket.* path=/{room} stream --per connection NAME=value ./show'
	chsend websocket.connect reply_channel='r?1' path=/a query_string=q=1 \
	    headers:='[["host","h:80"],["x-it","1"]]' client:='["::1",7]'
	gets 1 '{"accept":true}' '{"text":"done"}' '{"close":1000}'
	run cat env.out
	has_line NAME=value
	has_line GATEWAY_INTERFACE=websocketd-CGI/0.1
	has_line REQUEST_URI=/a?q=1
	has_line REMOTE_ADDR=::1
	has_line SERVER_NAME=h
	has_line HTTP_X_IT=1
	has_line CH_ARG_room=a
	has_line 'CH_REPLY_CHANNEL=r?1'
}

@test "the end of the process closes the connection" {
	script killed <<< 'kill -9 $$'
	work 'websocket.* n=1 stream --per connection echo bye' \
	    'websocket.* n=2 stream --per connection sh -c "echo no >&2; exit 3"' \
	    'websocket.* stream --per connection ./killed'
	for n in 1 2 3; do
		chsend websocket.connect reply_channel="r?$n" n:=$n
	done
	gets 1 '{"accept":true}' '{"text":"bye"}' '{"close":1000}'
	gets 2 '{"accept":true}' '{"close":1011}'
	gets 3 '{"accept":true}' '{"close":1011}'
	log_says 'r?2: -r 2: sh: exit status 3: no'
	log_says 'r?3: -r 3: ./killed: killed by signal 9'
}

@test "the end of the connection is the end of the input" {
	script tidy <<- 'END'
		while read -r line; do chsend out got="$line"; done
		chsend out got=end
		exit 1
	END
	work 'websocket.* stream --per connection ./tidy'
	joins 1
	gets 1 '{"accept":true}'
	says 1 text=a
	leaves 1
	run timeout 60 chrecv -t 30 -c 2 out
	[ "$output" = '{"got":"a"}
{"got":"end"}' ]
	# that it failed then is nobody's fault, and it is not told to close
	joins 2
	leaves 2
	timeout 60 chrecv -t 30 -c 1 out
	run -1 chrecv --no-wait 'r?1'
	[ ! -s err ]
}

@test "one that does not heed the end of its input is ended, all of it" {
	mkfifo held never
	script deaf <<- 'END'
		cat never > held &
		wait
	END
	work 'websocket.* stream --per connection ./deaf'
	joins 1
	leaves 1
	# end of file: nobody has it open for writing any more
	timeout 60 cat held
}

@test "--bytes: what comes is passed as it is, and comes back as bytes" {
	work 'websocket.* stream --per connection --bytes cat'
	joins 1
	gets 1 '{"accept":true}'
	says 1 text=ab
	gets 1 '{"bytes":"￿YWI="}'
	says 1 bytes='￿AP8K'
	gets 1 '{"bytes":"￿AP8K"}'
}

@test "a carriage return before the line feed is no part of the line" {
	work 'websocket.* stream --per connection printf "a\r\nb\rc\n"'
	joins 1
	gets 1 '{"accept":true}' '{"text":"a"}' '{"text":"b\rc"}' \
	    '{"close":1000}'
}

@test "--group and --subprotocol as with accept" {
	work 'websocket.* path=/{room} stream --per connection --group room-{room} --subprotocol chat cat'
	joins 1
	gets 1 '{"accept":true,"subprotocol":"chat"}'
	chgroup has room-x 'r?1'
}

@test "a command that cannot be started refuses, the worker goes on" {
	echo 'no interpreter' > bad
	chmod +x bad
	work 'websocket.* n=1 stream --per connection ./bad' \
	    'websocket.* stream --per connection cat'
	chsend websocket.connect reply_channel="r?1" n:=1
	gets 1 '{"close":1011}'
	joins 2
	gets 2 '{"accept":true}'
}

@test "--jobs: no more processes than that, and again when one has ended" {
	work 'websocket.* stream --per connection --jobs 1 cat'
	joins 1
	joins 2
	gets 1 '{"accept":true}'
	gets 2 '{"close":1013}'
	log_says '1 connections have a process: no more'
	leaves 1
	until chstat --json 'r?3' | grep -q '"pending":[1-9]' &&
	    [ "$(timeout 60 chrecv -t 30 'r?3' -c 1)" = '{"accept":true}' ]; do
		joins 3
		chrecv -t 0.05 nothing || true
	done
}

@test "a connection without its process is closed" {
	work 'websocket.* stream --per connection cat'
	says 1 text=lost
	gets 1 '{"close":1012}'
	leaves 1
}

@test "one that reads nothing loses its connection, others do not wait" {
	mkfifo never
	script deaf <<< 'exec cat never'
	work 'websocket.* n=1 stream --per connection ./deaf' \
	    'websocket.* stream --per connection cat'
	chsend websocket.connect reply_channel="r?1" n:=1
	joins 2
	gets 1 '{"accept":true}'
	gets 2 '{"accept":true}'
	head -c 600000 /dev/zero | tr '\0' x |
	    jq -Rc '{text: ., reply_channel: "r?1", n: 1}' > big
	cat big big | chsend websocket.receive -
	says 2 text=hello
	gets 2 '{"text":"hello"}'
	gets 1 '{"close":1013}'
	log_says 'r?1: -r 1: ./deaf reads too slowly'
}

@test "--timeout: one that does not read in time loses its connection" {
	mkfifo never
	script deaf <<< 'exec cat never'
	work 'websocket.* stream --per connection --timeout 0.2 ./deaf'
	joins 1
	gets 1 '{"accept":true}'
	says 1 text=x
	gets 1 '{"close":1011}'
	log_says 'ended at its timeout'
}

@test "SIGTERM: the processes meet the end of their input, browsers come again" {
	work 'websocket.* stream --per connection cat'
	joins 1
	gets 1 '{"accept":true}'
	says 1 text=a
	gets 1 '{"text":"a"}'
	kill "$worker"
	ended "$worker"
	[ "$ended" -eq 0 ]
	gets 1 '{"close":1012}'
	[ ! -s err ]
}

@test "new routes: who has a changed script comes again, others stay" {
	script one <<< 'while read -r line; do echo "1 $line"; done'
	script two <<< 'while read -r line; do echo "2 $line"; done'
	echo 'websocket.* path=/x stream --per connection ./one' > routes
	echo 'websocket.* path=/y stream --per connection ./two' >> routes
	start chwork routes
	worker=$pid
	joins 1
	chsend websocket.connect reply_channel='r?2' path=/y
	gets 1 '{"accept":true}'
	gets 2 '{"accept":true}'
	script one <<< 'while read -r line; do echo "new $line"; done'
	kill -HUP "$worker"
	gets 1 '{"close":1012}'
	leaves 1
	joins 3
	says 3 text=a
	gets 3 '{"accept":true}' '{"text":"new a"}'
	chsend websocket.receive reply_channel='r?2' path=/y text=a
	gets 2 '{"text":"2 a"}'
}

# pipes: how many of the worker's descriptors are pipes
pipes() {
	find "/proc/$worker/fd" -lname 'pipe:*' | wc -l
}

@test "no descriptor and no process is left of a connection" {
	work 'websocket.* stream --per connection cat'
	joins 0
	gets 0 '{"accept":true}'
	before=$(pipes)
	for n in {1..20}; do joins "$n"; done
	for n in {1..20}; do
		gets "$n" '{"accept":true}'
		says "$n" text=x
		gets "$n" '{"text":"x"}'
		leaves "$n"
	done
	until [ "$(wc -w < "/proc/$worker/task/$worker/children")" -eq 2 ]; do # and the guard
		chrecv -t 0.05 nothing || true
	done
	says 0 text=x
	gets 0 '{"text":"x"}'
	[ "$(pipes)" -eq "$before" ]
}

@test "what makes no sense is said, 78" {
	run -78 chwork --check -r 'websocket.receive stream --per connection cat' \
	    -r 'in stream --text cat' -r 'in stream --group g cat' \
	    -r 'websocket.* stream --per process cat' \
	    -r 'websocket.* stream --per connection --text --bytes cat'
	[ "${#lines[@]}" -eq 5 ]
	[[ ${lines[0]} == "chwork: -r 1:19: --per connection is for the channel websocket.*"* ]]
	[[ ${lines[1]} == "chwork: -r 2:4: --text, --bytes, --group and --subprotocol need --per connection" ]]
	[[ ${lines[3]} == "chwork: -r 4:26: process is not connection" ]]
	[[ ${lines[4]} == "chwork: -r 5:13: --text and --bytes are two ways" ]]
}

@test "with chserve: in, out, and closed by the script" {
	script talk <<- 'END'
		echo "hello ${HTTP_HOST%:*}"
		while read -r line && [ "$line" != bye ]; do echo "$line"; done
	END
	echo 'websocket.* path=/talk stream --per connection ./talk' > routes
	serve --routes routes
	run timeout 60 python3 "$ROOT/tests/cli/wspeer.py" "$url" /talk one bye
	[ "$output" = "hello 127.0.0.1
one
closed 1000" ]
}
