# chserve(1): files and WebSockets on one side, messages on the other. What
# needs bytes on the wire is in wscases.py; there, too, the consumers are our
# own programs.

load helper

setup() {
	ch_setup
	mkdir public
	echo '<p>hello</p>' > public/index.html
}

# stop: end it, cleanly
stop() {
	kill -TERM "$server"
	ended "$server"
	[ "$ended" -eq 0 ]
}

# case_of NAME: a case of wscases.py; then the server must have survived it
case_of() {
	timeout 120 python3 "$ROOT/tests/cli/wscases.py" "$1" "$url"
	kill -0 "$server"
}

# get ARGUMENT...: curl; the status is the last line
get() {
	curl -sS --max-time 30 --path-as-is -w '\n%{http_code}\n' "$@"
}

status_of() {
	get -o /dev/null "$@" | tail -n 1
}

# --- starting and ending ----------------------------------------------------

@test "it says where it listens, and ends with 0 on SIGTERM and SIGINT" {
	serve
	stop
	rm ready
	serve
	kill -INT "$server"
	ended "$server"
	[ "$ended" -eq 0 ]
	[ ! -s err ]
}

@test "several listeners, IPv6 among them" {
	watch_fifo ready
	START_OUT=ready start chserve -l 127.0.0.1:0 -l '[::1]:0' -l localhost:0 \
		--root public
	next_line "$fd"
	[[ $line =~ ^'chserve: listening on http://127.0.0.1:'[1-9][0-9]*/$ ]]
	next_line "$fd"
	[[ $line =~ ^'chserve: listening on http://[::1]:'[1-9][0-9]*/$ ]]
	run get "${line#chserve: listening on }"
	has_line '<p>hello</p>'
	has_line 200
	next_line "$fd"
}

@test "a busy port is said: 69" {
	serve
	port=${url##*:}
	run -69 chserve -l "127.0.0.1:${port%/}"
	[ "$output" = "chserve: listen on 127.0.0.1:${port%/}: another program listens there" ]
}

@test "what it does not understand is 64" {
	for wrong in '-l 127.0.0.1' '-l 127.0.0.1:x' '-l 127.0.0.1:65536' \
		'-l ::1:80' '-l :80' '-l unix:' '-l fd:x' '--workers 2' 'public' \
		'--connect-timeout x' '--socket-mode 0660' '--body x' \
		'--body-max 1X' '--form-files 0' '--tls-key x' '--tls-client-ca x' \
		'--tls-cert x --tls-client optional' \
		'--tls-cert x --tls-cert y --tls-key z'; do
		# shellcheck disable=SC2086
		run -64 chserve $wrong
		[[ $output == "chserve: "* ]]
	done
}

@test "a root that is none, or shows what it must not: 78" {
	echo 'websocket.connect accept' > public/routes
	mkdir bin
	printf '#!/bin/sh\n' > bin/chwork
	chmod +x bin/chwork
	cp "$CH_BIN/chserve" bin/
	run -78 chserve --root nowhere
	[ "$output" = "chserve: root nowhere: No such file or directory" ]
	run -78 chserve --root public/index.html
	run -78 bin/chserve --root public --routes public/routes
	[[ $output == *"the routes file public/routes is in it" ]]
	ln -s public/routes link
	run -78 bin/chserve --root public --routes link
	run -78 chserve --root . -S "$PWD/store"
	[[ $output == *"the store $PWD/store is in it" ]]
}

# wakes: how often the server has gone to sleep
wakes() {
	sed -n 's/^voluntary_ctxt_switches:[[:blank:]]*//p' "/proc/$server/status"
}

@test "idle, also after connections, it does not wake up" {
	serve --root public
	[ "$(status_of "$url")" = 200 ]
	case_of handshake_waits
	chrecv -c 1 -t 30 websocket.disconnect
	chrecv -t 0.3 nothing || true
	before=$(wakes)
	chrecv -t 3 nothing || true
	(($(wakes) - before <= 2)) # a deadline that was taken back, at most
}

# --- requests ---------------------------------------------------------------

@test "pipelined requests are answered in order" {
	echo second > public/two
	serve --root public --http-timeout 0.02
	host=${url#http://}
	exec {net}<> "/dev/tcp/127.0.0.1/$(tr -dc 0-9 <<< "${host##*:}")"
	printf 'GET %s HTTP/1.1\r\nHost: localhost\r\n%s\r\n' / '' /two '' \
		/none $'Connection: close\r\n' >&"$net"
	run timeout 30 cat <&"$net"
	exec {net}>&-
	[ "$(grep -E '^HTTP|hello|second' <<< "$output" | tr -d '\r')" = \
		$'HTTP/1.1 200 OK\n<p>hello</p>\nHTTP/1.1 200 OK\nsecond\nHTTP/1.1 503 Service Unavailable' ]
}

# --- who is let in ----------------------------------------------------------

@test "a page of another host opens no WebSocket" {
	serve
	case_of origins
}

@test "--origin lets pages in by pattern" {
	serve --origin 'https://*.example.org'
	case_of origin_allowed
}

@test "bound to loopback it answers to loopback names and --host only" {
	serve --host me.example --root public
	case_of host_is_checked
}

@test "bad requests are refused, each with its status" {
	serve
	case_of bad_requests
}

@test "beyond the connections it can have it says 503" {
	(ulimit -n 200 && exec chserve -l 127.0.0.1:0 > limited 2> err) &
	server=$!
	STARTED+=("$server")
	until [ -s limited ]; do chrecv -t 0.05 nothing || true; done
	url=$(sed 's/.*on //' limited)
	case_of holds_open
}

# --- the handshake ----------------------------------------------------------

@test "a connection is told with all its keys" {
	serve
	case_of connect_message
}

@test "a header that is not UTF-8 is boxed" {
	serve
	case_of header_that_is_not_utf8
}

@test "the handshake waits for the consumer" {
	serve
	case_of handshake_waits
}

@test "nothing that a client sends before acceptance is lost" {
	serve
	case_of nothing_before_acceptance_is_lost
}

@test "a text accepts, and is sent" {
	serve
	case_of accept_with_text
}

@test "close and accept:=false refuse: 403" {
	serve
	case_of reject_by_close
	case_of reject_by_accept_false
}

@test "a text with close is sent before the connection is closed" {
	serve
	case_of send_and_close
}

@test "without an answer in time: 403" {
	serve --connect-timeout 0.2
	case_of connect_timeout
}

@test "who leaves while waiting is told as gone, and in no group" {
	serve
	case_of leaves_while_waiting
}

@test "clients that offer subprotocols are served" {
	serve
	case_of subprotocol_offered
}

@test "an upgrade may come on a used connection" {
	serve --root public
	case_of upgrade_on_used_connection
}

@test "a head may come byte by byte" {
	serve
	case_of head_byte_by_byte
}

@test "websocket.connect is full: 503" {
	mkdir store
	echo '{"channels": [{"match": "websocket.connect", "capacity": 1}]}' > store/config
	serve
	chsend websocket.connect a:=1
	case_of full_connect
}

# --- messages ---------------------------------------------------------------

@test "fragments become one message, control frames fall between" {
	serve
	case_of fragments
}

@test "text arrives as it was sent" {
	serve
	case_of text_comes_as_it_is
}

@test "bytes and large frames pass both ways, wrong replies are ignored" {
	serve
	case_of both_ways
	grep -q 'has both text and bytes' err
}

@test "text that is not UTF-8: 1007" {
	serve
	case_of bad_utf8
}

@test "a message over the limit: 1009" {
	serve
	case_of too_big
}

@test "frames that are none: 1002" {
	serve
	case_of wrong_frames
}

@test "a ping is answered" {
	serve
	case_of pings
}

@test "a client that does not read is closed with 1008" {
	serve
	case_of slow_reader
}

@test "websocket.receive is full: it waits, then closes with 1013" {
	mkdir store
	echo '{"channels": [{"match": "websocket.receive", "capacity": 2}]}' > store/config
	serve
	case_of full_channel
}

# --- the end of a connection ------------------------------------------------

@test "the peer's close code is told" {
	serve
	case_of closed_by_peer
}

@test "a lost connection is 1006" {
	serve
	case_of lost
}

@test "a consumer closes" {
	serve
	case_of closed_by_consumer
}

@test "a closed connection leaves all its groups" {
	serve
	case_of leaves_all_groups
}

@test "SIGTERM: 1001 to the clients, and the consumers are told" {
	serve
	mkfifo case
	timeout 60 python3 "$ROOT/tests/cli/wscases.py" told_to_go "$url" > case &
	exec {told}< case
	next_line "$told"
	[ "$line" = open ]
	stop
	next_line "$told"
	[ "$line" = 1001 ]
	run chrecv -c 1 -t 30 websocket.disconnect
	[[ $output == *'"code":1001'* ]]
	run -1 chrecv --no-wait websocket.disconnect
}

@test "kill -9: every open connection is told once, as 1006, and left its groups" {
	serve
	mkfifo case
	timeout 60 python3 "$ROOT/tests/cli/wscases.py" killed_server "$url" > case &
	client=$!
	exec {told}< case
	next_line "$told"
	kill -KILL "$server"
	ended "$client"
	[ "$ended" -eq 0 ]
}

# killed_waiting: a server that was killed while a connection waited
killed_waiting() {
	serve
	mkfifo case
	timeout 60 python3 "$ROOT/tests/cli/wscases.py" left_waiting "$url" > case &
	client=$!
	exec {told}< case
	next_line "$told"
	kill -KILL "$server"
	ended "$client"
	[ "$ended" -eq 0 ]
}

@test "what a killed server left is told when the next one starts" {
	killed_waiting
	rm ready
	serve
	run chrecv -c 1 -t 30 websocket.disconnect
	[[ $output == *'"path":"/wait","order":1,"code":1006}' ]]
	run -1 chrecv --no-wait websocket.disconnect
}

@test "what a killed server left is told when a worker starts" {
	killed_waiting
	run timeout 60 chwork --once -r 'websocket.disconnect exec --reply none printenv CH_CODE'
	[ "$output" = "chwork: printenv: 1006" ]
}

# --- other people's clients -------------------------------------------------

@test "python3-websockets: echo through a consumer, both kinds" {
	cat > routes <<-'EOF'
		websocket.connect     accept
		websocket.receive     stream jq -c --unbuffered '{channel: .message.reply_channel, message: (.message | {text, bytes})}'
		websocket.disconnect  drop
	EOF
	serve --routes routes
	python=python3
	"$python" -c 'import websockets' 2> /dev/null || python=/usr/bin/python3
	timeout 60 "$python" - "$url" <<-'EOF'
		import asyncio, sys, websockets
		async def main():
		    url = sys.argv[1].replace("http", "ws")
		    async with websockets.connect(url) as ws:
		        for data in ("h\u00e9llo", bytes(range(256))):
		            await ws.send(data)
		            assert await ws.recv() == data
		        await (await ws.ping())
		asyncio.run(main())
	EOF
}

# --- a worker beside it -----------------------------------------------------

# fake_worker SCRIPT: a bin/ with chserve and this chwork beside it
fake_worker() {
	mkdir -p bin
	cp "$CH_BIN/chserve" bin/
	{ echo '#!/bin/bash'; cat; } > bin/chwork
	chmod +x bin/chwork
	PATH=$PWD/bin:$PATH
	echo 'websocket.connect accept' > routes
}

@test "--routes runs the chwork beside it, and ends it" {
	mkfifo alive
	fake_worker <<-'EOF'
		echo "$*" >> args
		[[ $2 != --takes ]] || exit 0
		exec chrecv nothing > alive
	EOF
	serve --routes routes --workers 3
	exec {alive}< alive
	diff args - <<-EOF
		-q --takes http.request -- routes
		-S $PWD/store -j 3 -- routes
	EOF
	stop
	timeout 60 cat <&"$alive"
}

@test "kill -9 of chserve ends its chwork" {
	mkfifo alive
	fake_worker <<-'EOF'
		[[ $2 != --takes ]] || exit 0
		exec chrecv nothing > alive
	EOF
	serve --routes routes
	exec {alive}< alive
	kill -KILL "$server"
	timeout 60 cat <&"$alive"
}

@test "a chwork that dies is said, and started again" {
	mkfifo said
	fake_worker <<-'EOF'
		[[ $2 != --takes ]] || exit 0
		echo started > said
		exit 3
	EOF
	serve --routes routes
	exec {said}<> said
	next_line "$said"
	next_line "$said"
	[ "$line" = started ]
	grep -q '^chserve: chwork ended with status 3; starting it again in 0.5 s$' err
	stop
}

@test "a routes file that is not sound: chwork's words and status" {
	fake_worker <<-'EOF'
		echo "chwork: routes:1: what is this?" >&2
		exit 78
	EOF
	run -78 chserve -l 127.0.0.1:0 --routes routes
	[ "$output" = "chwork: routes:1: what is this?" ]
}
