#!/usr/bin/env bats
#
# chwork: routes read again on SIGHUP and with --watch.

load helper

# routes LINE...: the routes file, put in the place of the old one
routes() {
	printf '%s\n' "$@" > routes.new
	mv routes.new routes
}

# script NAME LINE...: a shell script, put in the place of the old one
script() {
	printf '%s\n' '#!/bin/bash' "${@:2}" > "$1.new"
	chmod +x "$1.new"
	mv "$1.new" "$1"
}

# work OPTION...: a chwork with the routes file
work() {
	START_ERR=err start chwork "$@" routes
}

# log_says TEXT [N]: returns when N lines of its log have it
log_says() {
	timeout 60 grep -qm"${2:-1}" -e "$1" <(tail -n +1 -F --pid="$pid" err 2> tail.err) &&
		[ "$(grep -c -e "$1" err)" -ge "${2:-1}" ]
}

# answers CHANNEL TEXT: until a message there is answered so
answers() {
	local i
	for ((i = 0; i < 300; i++)); do
		chsend "$1" reply_channel=r
		run chrecv -t 10 -c 1 r
		[[ $output != *"$2"* ]] || return 0
	done
	return 1
}

@test "SIGHUP: new routes take over, with their channels" {
	routes 'a exec --reply text echo one' 'b exec --reply text echo b'
	work
	answers a one
	routes 'a exec --reply text echo two' 'c exec --reply text echo c'
	chsend c reply_channel=r
	kill -HUP "$pid"
	run -0 chrecv -t 60 -c 1 r
	[ "$output" = '{"text":"c"}' ]
	answers a two
	grep -q '2 routes from now on: 2 are new, 2 gone' err
	chsend b n:=1
	run -0 chrecv -t 60 -c 1 b
	kill "$pid"
	ended "$pid"
	[ "$ended" -eq 0 ]
}

@test "routes that are not sound leave those of before in force" {
	routes 'a exec --reply text echo one'
	work
	answers a one
	routes 'a exec --reply text echo two' 'b fly'
	kill -HUP "$pid"
	log_says 'the routes of before stay in force'
	grep -q 'routes:2:3: fly is neither' err
	answers a one
	rm routes
	kill -HUP "$pid"
	log_says 'the routes of before stay in force' 2
	answers a one
	routes 'a exec --reply text echo three'
	kill -HUP "$pid"
	answers a three
}

@test "a stream whose route is the same goes on, another is replaced" {
	echo 'same stream ./same' > more.routes
	for name in same other; do
		script $name "while read -r m; do jq -c \
		    '{channel: .message.reply_channel, message: {text: \"'\$\$'\"}}' \
		    <<< \"\$m\"; done; chsend ended name=$name"
	done
	routes 'include more.routes' 'other stream ./other'
	work
	for name in same other; do
		run -0 chsend -C -t 60 $name a:=1
		echo "$output" > $name.pid
	done
	routes '# a line more' '' 'other stream A=1 ./other' \
	    'include more.routes'
	kill -HUP "$pid"
	run -0 chrecv -t 60 -c 1 ended
	[ "$output" = '{"name":"other"}' ]
	run -0 chsend -C -t 60 same a:=1
	[ "$output" = "$(cat same.pid)" ]
	run -0 chsend -C -t 60 other a:=1
	[ "$output" != "$(cat other.pid)" ]
	grep -q '2 routes from now on: 1 are new, 1 gone' err
	run -1 chrecv --no-wait ended
}

@test "work in hand is finished by the old routes" {
	mkfifo go
	script slow 'chsend begun path="$CH_PATH"; read -r < go; echo old'
	routes 'a path=/{x} exec --reply text ./slow'
	work -j 1
	chsend a path=/x reply_channel=r
	chsend a path=/y reply_channel=r
	exec {hold}<> go
	run -0 chrecv -t 60 -c 1 begun
	routes 'a exec --reply text echo new'
	kill -HUP "$pid"
	log_says '1 are new, 1 gone'
	echo >&"$hold"
	echo >&"$hold"
	run -0 chrecv -t 60 -c 2 r
	[ "${lines[0]}" = '{"text":"old"}' ]
	answers a new
	exec {hold}>&-
}

@test "--watch: a file, an include and a script that change" {
	echo 'a exec --reply text echo one' > more.routes
	routes 'include more.routes' 'b stream ./script'
	script script 'while read -r m; do jq -c \
	    "{channel: .message.reply_channel, message: {text: \"ant\"}}" \
	    <<< "$m"; done'
	work --watch
	answers a one
	answers b ant
	echo 'a exec --reply text echo two' > more.routes
	answers a two
	sed 's/ant/bee/' script > script.new
	chmod +x script.new
	mv script.new script
	answers b bee
	echo 'a fly' > more.routes
	log_says 'the routes of before stay in force'
	answers a two
	echo 'a exec --reply text echo three' > more.routes
	answers a three
	kill "$pid"
	ended "$pid"
	[ "$ended" -eq 0 ]
}

@test "--watch: an include that is new is watched as well" {
	routes 'a exec --reply text echo one'
	mkdir sub
	echo 'b exec --reply text echo one' > sub/more
	work --watch
	answers a one
	routes 'include sub/more'
	answers b one
	echo 'b exec --reply text echo two' > sub/more
	answers b two
}

@test "messages that wait when a channel goes and comes are not lost" {
	routes 'a send out' 'b exec echo up'
	work
	chsend b n:=1
	log_says up
	send_numbers a 1 200
	routes 'b drop'
	kill -HUP "$pid"
	log_says '1 are new, 2 gone'
	send_numbers a 201 400
	routes 'a send out'
	kill -HUP "$pid"
	run -0 chrecv -t 60 -c 400 out
	diff <(seq -f '{"n":%.0f}' 400) <(echo "$output")
}

@test "receive without connect is said; --default-accept accepts" {
	routes 'websocket.receive drop'
	chsend websocket.connect path=/x reply_channel=r
	run --separate-stderr -0 timeout 60 chwork --once routes
	[ "$stderr" = 'chwork: no route takes websocket.connect: connections will be rejected' ]
	run --separate-stderr -0 timeout 60 chwork --once --default-accept routes
	[ -z "$stderr" ]
	run -0 chrecv -t 60 -c 1 r
	[ "$output" = '{"accept":true}' ]
	run --separate-stderr -0 timeout 60 chwork --once routes --only websocket.receive
	[ -z "$stderr" ]
	run -0 chwork --check routes
	[ -z "$output" ]
}

@test "SIGHUP to chserve is for its worker, too" {
	routes 'a exec --reply text echo one'
	for jobs in 1 2; do
		serve -j "$jobs" --routes routes
		answers a one
		routes 'a exec --reply text echo two'
		kill -HUP "$server"
		answers a two
		kill "$server"
		ended "$server"
		routes 'a exec --reply text echo one'
	done
}

@test "SIGHUP before the worker is up does not end it" {
	mkfifo slow
	start chwork slow
	exec {w}> slow
	kill -HUP "$pid"
	echo 'a exec --reply text echo one' >&"$w"
	exec {w}>&-
	answers a one
	kill -0 "$pid"
}

@test "SIGHUP of a terminal that has gone ends it" {
	chsend a n:=1
	timeout 60 python3 - << 'END'
import os
import pty

pid, master = pty.fork()
if not pid:
    os.execvp("chwork", ["chwork", "-r", "a exec echo up"])
said = b""
while b"up" not in said:
    said += os.read(master, 1000)
os.close(master)
_, how = os.waitpid(pid, 0)
assert os.waitstatus_to_exitcode(how) == 0, how
END
}
