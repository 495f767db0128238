#!/usr/bin/env bats
#
# chwork: what routes say, and what the worker does itself.

load helper

# routes LINE...: the routes file.
routes() {
	printf '%s\n' "$@" > routes
}

# once ARG...: one run over what is there.
once() {
	run --separate-stderr timeout 60 chwork --once "$@"
}

# taken N CHANNEL...: N messages from there, in $output.
taken() {
	run timeout 60 chrecv -t 30 -c "$@"
	[ "$status" -eq 0 ]
}

@test "close answers with its code, accept with a subprotocol" {
	chsend a reply_channel=r
	chsend b reply_channel=r
	chsend c reply_channel=r 'subprotocols:=["v1","v2"]'
	once -r 'a close' -r 'b close 4001' \
	    -r 'c subprotocols.1={p} accept --subprotocol {p}'
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	taken 3 r
	has_line '{"close":true}'
	has_line '{"close":4001}'
	has_line '{"accept":true,"subprotocol":"v2"}'
}

@test "send forwards the message as it is, group to the members" {
	chgroup add g.x m1 m2
	chsend a '{"to": "x",  "n":1.0}'
	chsend b to=x
	once -r 'a to={x} send jobs.{x}' -r 'b to={x} group g.{x}'
	[ "$status" -eq 0 ]
	taken 1 jobs.x
	[ "$output" = '{"to": "x",  "n":1.0}' ]
	taken 2 m1 m2
	has_line '{"to":"x"}'
}

@test "send --delay" {
	chsend a n:=1
	once -r 'a send --delay 0.3 b'
	run -1 chrecv --no-wait b
	taken 1 b
	[ "$output" = '{"n":1}' ]
}

@test "send into a full channel waits for room, in order, and loses nothing" {
	mkdir store
	echo '{"channels": [{"match": "b", "capacity": 5}]}' > store/config
	send_numbers a 1 300
	start chwork -r 'a send b'
	taken 300 b
	seq -f '{"n":%.0f}' 300 > want
	diff want <(echo "$output")
	kill "$pid"
	ended "$pid"
	[ "$ended" -eq 0 ]
	[ ! -s err ]
}

@test "what waits for room goes back when the worker ends" {
	mkdir store
	echo '{"channels": [{"match": "b", "capacity": 1}]}' > store/config
	send_numbers a 1 3
	once -r 'a send b'
	[ "$status" -eq 0 ]
	[ "$(chrecv -c 3 -t 30 a b | jq -c .n | sort | tr '\n' ' ')" = '1 2 3 ' ]
}

@test "settings are in the environment of the commands" {
	chsend a n:=1
	chsend b n:=2
	routes 'a exec printenv A PATH' 'A=1' 'PATH=/bin:/usr/bin' \
	    "b exec A='x y' printenv A PATH"
	once routes
	[ "$status" -eq 0 ]
	[[ $stderr == *'printenv: x y'*'printenv: /bin:/usr/bin'* ]]
	[[ $stderr != *'printenv: 1'* ]]
}

@test "a setting PATH is where the command is looked for" {
	mkdir bin
	printf '#!/bin/sh\necho "$0"\n' > bin/mine
	chmod +x bin/mine
	routes 'a exec mine'
	run -78 chwork --check routes
	routes "a exec PATH=$PWD/bin mine"
	run -0 chwork --check routes
	routes "PATH=bin:/bin" "a exec mine"
	run -0 chwork --check routes
}
