#!/usr/bin/env bats
#
# Calls: chsend -C and a consumer that answers, one at a time or many.

load helper

# service N: N workers that answer calls to `add`
service() {
	local i
	for ((i = 0; i < $1; i++)); do
		START_ERR=err$i start chwork -v -j 2 \
			-r "add exec --reply json jq -c '{sum: (.a + .b)}'"
	done
	waiting add "$1"
}

@test "a consumer of exec answers with its output" {
	service 1
	run -0 chsend -C -t 60 add a:=1 b:=2
	[ "$output" = '{"sum":3}' ]
	run -0 chsend -C -t 60 add '{"a":1,"b":1}' '{"a":2,"b":2}'
	[ "$output" = $'{"sum":2}\n{"sum":4}' ]
}

@test "many calls in flight, to several workers" {
	service 3
	run -0 --separate-stderr chsend -C -e -t 60 < <(seq 60 | jq -c \
		'{channel: "add", id: ("n" + (. | tostring)), message: {a: ., b: 1}}')
	[ -z "$stderr" ]
	[ "${#lines[@]}" -eq 60 ]
	[ "$(jq -r '.id[1:] + " " + (.message.sum - 1 | tostring)' <<< "$output" |
		awk '$1 == $2' | sort -u | wc -l)" -eq 60 ]
	for i in 0 1 2; do
		grep -q '^chwork: add: ' "err$i"
	done
}

@test "a service that is slow for one call is not for the others" {
	mkfifo go
	printf '%s\n' '#!/bin/sh' '[ "$CH_N" != 1 ] || read -r x < go' \
		'echo "{\"n\":$CH_N}"' > answer
	chmod +x answer
	start chwork -j 2 -r 'ask exec --reply json ./answer'
	watch_fifo got
	got=$fd
	mkfifo in
	START_OUT=got start bash -c 'exec chsend -C -e -t 60 < in'
	exec {in}> in
	echo '{"channel":"ask","message":{"n":1}}' >&"$in"
	echo '{"channel":"ask","id":{"x":[2]},"message":{"n":2}}' >&"$in"
	next_line "$got"
	[ "$line" = '{"id":{"x":[2]},"message":{"n":2}}' ]
	echo > go
	next_line "$got"
	[ "$line" = '{"id":1,"message":{"n":1}}' ]
	exec {in}>&-
	ended "$pid"
	[ "$ended" -eq 0 ]
}

@test "calls without their reply: 124, those with it are printed" {
	start chwork -r 'yes exec --reply json printf "{}"' -r 'no drop'
	printf '{"channel":"%s","message":{}}\n' yes no yes > calls
	run -124 --separate-stderr chsend -C -e -t 2 < calls
	[ "$(sort <<< "$output")" = '{"id":1,"message":{}}
{"id":3,"message":{}}' ]
	[ "$stderr" = 'chsend: 1 of 3 calls without their reply: timed out' ]
}

@test "what is no call is refused, the others are made" {
	start chwork -r 'yes exec --reply json printf "{}"'
	printf '%s\n' '{"group":"g","message":{}}' '{"channel":"yes"}' \
		'{"channel":"yes","message":{}}' > calls
	run -65 --separate-stderr chsend -C -e -t 60 < calls
	[ "$output" = '{"id":1,"message":{}}' ]
	[[ $stderr == *'stdin:1:1: a group cannot be called'* ]]
	run -65 chsend -e <<< '{"channel":"a","id":1,"message":{}}'
	[[ $output == *'an id is for calls (-C)' ]]
}

@test "-c N: so many replies to each call" {
	start chwork -r "twice exec --reply json printf '{\"n\":1}{\"n\":2}{\"n\":3}'"
	run -0 chsend -C -e -c 2 -t 60 <<< '{"channel":"twice","id":"x","message":{}}'
	[ "$output" = '{"id":"x","message":{"n":1}}
{"id":"x","message":{"n":2}}' ]
}

@test "--more: until a reply does not say more_content" {
	start chwork -r 'page exec --reply http printf "\nhello"'
	run -0 chsend -C --more -t 60 page '{}'
	[ "$(jq -rj .content <<< "$output")" = hello ]
	[ "$(tail -n 1 <<< "$output")" = '{"content":""}' ]
}

@test "more calls than may be in flight at once" {
	seq 2000 | jq -c '{channel: "same", message: {n: .}}' > calls
	start bash -c 'chrecv -c 2000 same |
		jq -c --unbuffered "{channel: .reply_channel, message: {n: .n}}" |
		chsend -e'
	run -0 chsend -C -e -t 120 < calls
	[ "${#lines[@]}" -eq 2000 ]
	[ "$(jq -r 'select(.id != .message.n)' <<< "$output")" = '' ]
}

@test "who answers late is told, dropped and counted" {
	mkfifo go
	printf '%s\n' '#!/bin/sh' 'read -r x < go; echo "{}"' > slow
	chmod +x slow
	START_ERR=worker start chwork -v -r 'ask exec --reply json ./slow'
	waiting ask 1
	run -124 chsend -C -t 0.2 ask n:=1
	echo > go
	timeout 60 grep -qm1 'chsend.reply.*gone' \
		<(tail -n +1 -F --pid="$pid" worker 2> tail.err)
	[ "$(chstat --json 'chsend.reply*' | wc -l)" -eq 0 ]
}
