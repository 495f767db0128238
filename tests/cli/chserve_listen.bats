# chserve(1): where it listens, with how many processes, and how it ends.

load helper

setup() {
	ch_setup
	mkdir public
	echo '<p>hello</p>' > public/index.html
}

# serve OPTION...: a chserve; $server, $fd, its output, and its first line there
serve() {
	rm -f ready
	watch_fifo ready
	START_OUT=ready start chserve --root public "$@"
	server=$pid
	next_line "$fd" || { cat err; return 1; }
	url=${line#chserve: listening on }
}

# stop: end it, cleanly
stop() {
	kill -TERM "$server"
	ended "$server"
	[ "$ended" -eq 0 ]
}

# case_of NAME ARGUMENT...: a case of listencases.py
case_of() {
	timeout 120 python3 "$ROOT/tests/cli/listencases.py" "$@"
}

# get ARGUMENT...: curl; the status is the last line
get() {
	curl -sS --max-time 30 -w '\n%{http_code}\n' "$@"
}

# --- the end ----------------------------------------------------------------

@test "SIGTERM: the answer that is being sent is sent, new clients are refused" {
	head -c 20000000 /dev/zero > public/large
	serve -l 127.0.0.1:0
	case_of finishes_a_request "$url" "$server" /large 20000000
	ended "$server"
	[ "$ended" -eq 0 ]
}

@test "who does not read is not waited for longer than --drain-timeout" {
	head -c 20000000 /dev/zero > public/large
	serve -l 127.0.0.1:0 --drain-timeout 0.2
	host=${url#http://}
	exec {net}<> "/dev/tcp/127.0.0.1/$(tr -dc 0-9 <<< "${host##*:}")"
	printf 'GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n' >&"$net"
	read -r -u "$net" line
	before=$SECONDS
	stop
	((SECONDS - before < 5))
	exec {net}>&-
}

@test "SIGHUP does not end it, but for a terminal that goes" {
	serve -l 127.0.0.1:0
	kill -HUP "$server"
	run get "$url"
	has_line 200
	stop
	case_of terminal_goes
}
