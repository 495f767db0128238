# chserve(1): where it listens, with how many processes, and how it ends.

load helper

setup() {
	ch_setup
	mkdir public
	echo '<p>hello</p>' > public/index.html
}

# serve OPTION...: a chserve; $server, $fd, its output, and its first line there
serve() {
	serve_with --root public "$@"
}

# serve_given KINDS COMMAND...: the same, with sockets opened for it
serve_given() {
	rm -f ready
	watch_fifo ready
	START_OUT=ready start python3 "$ROOT/tests/cli/listencases.py" given \
		"$1" "${@:2}" --root public
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

# --- unix sockets -----------------------------------------------------------

@test "-l unix:PATH: a socket for us alone, gone when we go" {
	serve -l unix:web -l 127.0.0.1:0
	[ "$line" = "chserve: listening on unix:web" ]
	[ "$(stat -c %a web)" = 600 ]
	run get --unix-socket web http://any.example/
	has_line '<p>hello</p>'
	next_line "$fd"
	run get "${line#chserve: listening on }"
	has_line 200
	stop
	[ ! -e web ]
	[ ! -s err ]
}

@test "through a unix socket any Host is right, beside it on loopback it is not" {
	serve -l 127.0.0.1:0 -l unix:web
	run get -H 'Host: any.example' "$url"
	has_line 421
	run get --unix-socket web http://any.example/
	has_line 200
	case_of message_through_unix unix:web web
}

@test "--socket-mode and --socket-owner: never more open than that" {
	serve -l unix:web --socket-mode 0660 --socket-owner "$(id -un):$(id -gn)"
	[ "$(stat -c %a web)" = 660 ]
	stop
	serve -l unix:web --socket-mode 666 --socket-owner ":$(id -g)"
	[ "$(stat -c %a:%g web)" = "666:$(id -g)" ]
	stop
	umask 0
	case_of never_more_open web timeout -s TERM 1 chserve -l unix:web \
		--socket-mode 0660 --socket-owner ":$(id -g)"
	for wrong in '--socket-mode 8' '--socket-mode 1777' '--socket-mode x' \
		'--socket-owner :' '--socket-owner no-such-user' \
		'--socket-owner :no-such-group'; do
		# shellcheck disable=SC2086
		run -64 chserve -l unix:web $wrong
		[[ $output == "chserve: --socket-"* ]]
	done
	[ ! -e web ]
}

@test "a dead socket is replaced, a living one and anything else never" {
	case_of leaves web
	serve -l unix:web
	run -69 chserve -l unix:web
	[ "$output" = "chserve: listen on unix:web: another program listens there" ]
	run get --unix-socket web http://localhost/
	has_line 200
	kill -KILL "$server"
	ended "$server"
	[ -S web ]
	serve -l unix:web
	stop
	echo precious > web
	run -78 chserve -l unix:web
	[ "$output" = "chserve: listen on unix:web: what is there is no socket" ]
	[ "$(cat web)" = precious ]
	ln -s nowhere link
	run -78 chserve -l unix:link
	run -69 chserve -l unix:no/such/directory
	[ "$output" = "chserve: listen on unix:no/such/directory: No such file or directory" ]
}

@test "a socket file that is no longer ours is not removed" {
	serve -l unix:web
	rm web
	case_of leaves web
	stop
	[ -S web ]
}

@test "what was opened before another address is refused is taken back" {
	serve -l 127.0.0.1:0
	port=${url##*:}
	run -69 chserve -l unix:web -l "127.0.0.1:${port%/}"
	[ ! -e web ]
}

# --- sockets that somebody else opened --------------------------------------

@test "-l fd:N: a socket that listens, and nothing else" {
	LISTEN_PID=1 serve_given tcp,unix:web chserve -l fd:3 -l fd:4
	run get "$url"
	has_line 200
	next_line "$fd"
	[ "$line" = "chserve: listening on unix:web" ]
	run get --unix-socket web http://any.example/
	has_line 200
	stop
	[ -S web ]
	export LISTEN_PID=1
	run -78 case_of given tcp chserve -l fd:9
	[[ $output == "chserve: listen on fd:9: Bad file descriptor" ]]
	run -78 case_of given udp chserve -l fd:3
	[[ $output == "chserve: listen on fd:3: it is no stream socket" ]]
	run -78 case_of given deaf chserve -l fd:3
	[[ $output == "chserve: listen on fd:3: it is a socket that does not listen" ]]
	run -78 chserve -l fd:0
	[[ $output == "chserve: listen on fd:0: it is no socket" ]]
	run -64 case_of given tcp chserve -l fd:3 -l fd:3
}

@test "LISTEN_FDS is taken where no -l is given" {
	serve_given tcp,unix:web chserve
	run get "$url"
	has_line 200
	next_line "$fd"
	[ "$line" = "chserve: listening on unix:web" ]
	stop
	[ -S web ]
	serve_given tcp chserve -l unix:other
	[ "$line" = "chserve: listening on unix:other" ]
	stop
	LISTEN_FDS=x run -78 case_of given tcp chserve
	LISTEN_FDS='' run -78 case_of given tcp chserve
}

@test "two servers share a socket, and one replaces the other" {
	case_of shared_by_two
}

@test "LISTEN_FDS for another process is left alone, and told to nobody" {
	mkdir bin
	cp "$CH_BIN/chserve" bin/
	cat > bin/chwork <<-'EOF'
		#!/bin/bash
		[[ $1 == -S ]] || exit 0
		{ env | grep -cE '^(LISTEN|NOTIFY|WATCHDOG)_'; ls /proc/self/fd; } > worker
		exec chrecv nothing
	EOF
	chmod +x bin/chwork
	echo 'websocket.connect accept' > routes
	mkfifo worker
	NOTIFY_SOCKET=/x WATCHDOG_USEC=1 serve_given tcp bin/chserve --routes routes
	mapfile -t worker < worker
	[ "${worker[0]}" = 0 ]
	[ "${#worker[@]}" -lt 7 ]
	stop
	LISTEN_PID=1 serve_given tcp chserve -l unix:web
	[ "$line" = "chserve: listening on unix:web" ]
}

# --- several processes ------------------------------------------------------

@test "-j 4: connections are spread evenly, on every kind of socket" {
	serve -j 4 -l 127.0.0.1:0 -l unix:web
	[ "$(pgrep -c -P "$server")" -eq 4 ]
	case_of spread "$url" 4
	case_of spread unix:web 4
	stop
	[ ! -e web ]
	serve_given tcp chserve -j 4
	case_of spread "$url" 4
}

@test "-j: a message to a group comes to the clients of all processes" {
	echo 'websocket.connect accept --group all' > routes
	serve -j 4 -l 127.0.0.1:0 --routes routes
	[ "$(pgrep -c -P "$server")" -eq 5 ]
	case_of group_of_all "$url" "$server"
	stop
	run -1 pgrep -P "$server"
	[ ! -s err ]
}

@test "-j: a process that dies is said and started again, nobody is refused" {
	serve -j 2 -l 127.0.0.1:0
	case_of one_dies "$url" "$server"
	grep -q '^chserve: process 1 was killed by signal 9 (Killed); starting it again in 0.1 s$' err
	grep -q '^chserve: process 2 was killed by signal 9 (Killed); starting it again in 0.1 s$' err
	stop
}

@test "-j: kill -9 of the parent ends its processes and their chwork" {
	echo 'websocket.connect accept --group all' > routes
	serve -j 4 -l 127.0.0.1:0 --routes routes
	case_of parent_dies "$url" "$server"
}

@test "-j: signals are passed on, a second SIGTERM ends at once" {
	head -c 20000000 /dev/zero > public/large
	serve -j 2 -l 127.0.0.1:0
	kill -HUP "$server"
	kill -USR1 "$server"
	run get "$url"
	has_line 200
	[ ! -s err ]
	host=${url#http://}
	exec {net}<> "/dev/tcp/127.0.0.1/$(tr -dc 0-9 <<< "${host##*:}")"
	printf 'GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n' >&"$net"
	read -r -u "$net" line
	before=$SECONDS
	kill -TERM "$server"
	until ! curl -s -o /dev/null "$url"; do :; done
	kill -TERM "$server"
	ended "$server"
	((SECONDS - before < 5))
	exec {net}>&-
}

@test "-j: SIGTERM to all of them, as from a terminal, is no second one" {
	head -c 20000000 /dev/zero > public/large
	serve -j 2 -l 127.0.0.1:0
	mapfile -t processes < <(pgrep -P "$server")
	case_of finishes_a_request "$url" /large 20000000 "${processes[@]}" \
		"$server"
	ended "$server"
	[ "$ended" -eq 0 ]
}

@test "-j: a process that hangs is killed at the end" {
	serve -j 2 -l 127.0.0.1:0 --drain-timeout 0.1
	kill -STOP "$(pgrep -P "$server" | head -n 1)"
	stop
	run -1 pgrep -P "$server"
}

@test "-j: what cannot be is said once" {
	run -64 chserve -l 127.0.0.1:0 -j 65
	run -64 chserve -l 127.0.0.1:0 -j 0
	run -64 chserve -l 127.0.0.1:0 -j 2 -S mem:
	[ "$output" = "chserve: -j: processes do not share the store mem:" ]
	serve -l 127.0.0.1:0
	port=${url##*:}
	run -69 chserve -j 2 -l "127.0.0.1:${port%/}"
	[ "$output" = "chserve: listen on 127.0.0.1:${port%/}: another program listens there" ]
	stop
	serve -j 2 -l 127.0.0.1:0
	port=${url##*:}
	run -69 chserve -j 2 -l "127.0.0.1:${port%/}"
}

@test "-j: when the first process cannot start, nothing is served" {
	local n rc
	for n in {10..16}; do
		(ulimit -n "$n" && exec timeout 20 chserve -j 2 -l 127.0.0.1:0) \
			> out 2> err && rc=0 || rc=$?
		[ ! -s out ]
		((rc > 64 && rc < 79))
		[ "$(grep -c '^chserve: ' err)" -eq 1 ]
	done
}

# --- from one server to the next --------------------------------------------

@test "--take-over: a new server before the old one is stopped, nobody notices" {
	case_of taken_over 1 1
	case_of taken_over 3 2
	case_of taken_over 1 4
}

@test "--take-over: when the new one ends, the old one goes on" {
	case_of heir_dies 15
	case_of heir_dies 9
	case_of all_alive
}

@test "--take-over: where none is it is as without" {
	serve -l 127.0.0.1:0 -l unix:web --take-over
	port=${url##*:}
	run -69 chserve -l "127.0.0.1:${port%/}"
	run -69 chserve -l unix:web
	rm web
	serve -l unix:web --take-over # that one is no longer there
	run get --unix-socket web http://localhost/
	has_line 200
}

@test "--take-over: nothing for strangers, nothing from who hangs" {
	serve -l 127.0.0.1:0
	where=127.0.0.1:$(tr -dc 0-9 <<< "${url##*:}")
	case_of stranger_asks "$where"
	kill -STOP "$server"
	run -69 chserve --take-over -l "$where"
	[ "$output" = "chserve: listen on $where: Connection timed out" ]
}

# --- the service manager ----------------------------------------------------

@test "the service manager hears when it is ready, reloads, lives and ends" {
	case_of notified "$PWD/manager" 'listening on 127.0.0.1:' \
		chserve -l 127.0.0.1:0
	case_of notified "@$PWD/manager" 'listening on 127.0.0.1:' \
		chserve -l 127.0.0.1:0
	rm manager
	case_of notified "$PWD/manager" 'listening on 127.0.0.1:' \
		chserve -l 127.0.0.1:0 -j 2
	# One that has gone stops nobody, nor does one that cannot be.
	NOTIFY_SOCKET=$PWD/manager serve -l 127.0.0.1:0
	stop
	NOTIFY_SOCKET=x WATCHDOG_USEC=1 serve -l 127.0.0.1:0
	stop
	[ ! -s err ]
}

# --- the end ----------------------------------------------------------------

@test "SIGTERM: the answer that is being sent is sent, new clients are refused" {
	head -c 20000000 /dev/zero > public/large
	serve -l 127.0.0.1:0
	case_of finishes_a_request "$url" /large 20000000 "$server"
	ended "$server"
	[ "$ended" -eq 0 ]
}

@test "SIGTERM: who had only just connected is answered" {
	serve -l 127.0.0.1:0
	case_of first_request "$url" "$server"
	ended "$server"
	[ "$ended" -eq 0 ]
	serve -l 127.0.0.1:0 -j 2
	case_of first_request "$url" "$server"
}

@test "SIGTERM: whom the kernel had accepted is answered" {
	serve -l 127.0.0.1:0
	case_of waiting_clients "$url" "$server"
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
