#!/usr/bin/env bats
#
# chwork --reply http: what a command prints is the answer to a request.

load helper
load worker

# app LINE...: a server for these routes
app() {
	printf '%s\n' "$@" > routes
	serve --routes routes -v
}

# get ARGUMENT...: what curl prints, then a line with the status
get() {
	run curl -sS --max-time 60 -w '\n%{http_code}\n' "$@"
}

# answered STATUS BODY
answered() {
	[ "${lines[-1]}" = "$1" ]
	[ "${output%$'\n'*}" = "$2" ]
}

# said TEXT: returns when the server or its chwork has said it
said() {
	timeout 60 grep -qm1 -- "$1" \
	    <(tail -n +1 -F --pid="$server" err 2> tail.err)
}

# once ARG...: one run over a request that waits on r?1; its answers
once() {
	chsend http.request reply_channel='r?1' method=GET path=/
	chwork --once "$@" 2> said
	run chrecv --no-wait -c 100 'r?1'
}

@test "a head and a body are the answer, the default for http.request" {
	script hello <<- 'END'
		printf 'Content-Type: text/plain\r\nX-Name: %s\r\n\r\n' "$CH_ARG_name"
		echo "hello $CH_ARG_name"
	END
	app 'http.request path=/hello/{name} exec ./hello'
	get -D head "${url}hello/you"
	answered 200 'hello you
'
	grep -q $'^[Xx]-[Nn]ame: you\r$' head
	get "${url}other"
	answered 404 '404 Not Found
'
	said 'http.request: no route takes it'
}

@test "status lines, and Status as CGI has it" {
	script answer <<- 'END'
		case $CH_PATH in
		/line) printf 'HTTP/1.1 418 Teapot\n\ntea' ;;
		/number) printf '201\nA: b\n\nmade' ;;
		/field) printf 'Status: 404 Not Found\n\nnone' ;;
		/moved) printf 'Location: /line\n\n' ;;
		esac
	END
	app 'http.request exec ./answer'
	get "${url}line"
	answered 418 tea
	get "${url}number"
	answered 201 made
	get "${url}field"
	answered 404 none
	get "${url}moved"
	answered 302 ''
	get -L "${url}moved"
	answered 418 tea
}

@test "the body comes while the command runs" {
	mkfifo go
	watch_fifo got
	got=$fd
	script slow <<< 'printf "\none\n"; read -r x < go; echo two'
	app 'http.request exec ./slow'
	START_OUT=got start curl -sSN --max-time 60 "$url"
	next_line "$got"
	[ "$line" = one ]
	echo > go
	next_line "$got"
	[ "$line" = two ]
}

@test "bytes arrive as they are, however many" {
	head -c 3000000 /dev/urandom > data
	script bytes <<< 'echo; cat data'
	app 'http.request exec ./bytes'
	curl -sS --max-time 60 -o got "$url"
	cmp data got
}

@test "a head that makes no sense is 502, and said with its place" {
	script bad <<< 'printf "Content-Type: a\noops\n\nbody"'
	app 'http.request path=/bad exec ./bad' \
	    'http.request path=/short exec echo -n A:' \
	    "http.request path=/split exec printf 'A: b\\rSet-Cookie: c\\n\\n'"
	get "${url}bad"
	answered 502 '502 Bad Gateway
'
	said 'routes:1: ./bad: output:2: this is no header field'
	get "${url}short"
	answered 502 '502 Bad Gateway
'
	said 'routes:2: echo: output:1: the output ends within the head'
	get -D head "${url}split"
	answered 502 '502 Bad Gateway
'
	refute grep -qi cookie head
}

@test "a command that fails before its body is 500" {
	script fail <<< 'echo; exit 3'
	printf '#!/nowhere\n' > gone
	chmod +x gone
	app 'http.request path=/fail exec ./fail' \
	    "http.request path=/dead exec sh -c 'kill -SEGV \$\$'" \
	    'http.request path=/late exec --timeout 0.1 tail -f /dev/null' \
	    'http.request path=/gone exec ./gone'
	get "${url}fail"
	answered 500 '500 Internal Server Error
'
	said './fail: exit status 3'
	get "${url}dead"
	answered 500 '500 Internal Server Error
'
	get "${url}late"
	answered 504 '504 Gateway Timeout
'
	get "${url}gone"
	answered 500 '500 Internal Server Error
'
}

@test "a command that fails within its body breaks the answer off" {
	script half <<< 'echo; echo half; exec 1>&-; exit 3'
	app 'http.request exec ./half'
	run -18 curl -sS --max-time 60 -o got "$url"
	[ "$(cat got)" = half ]
	run curl -sS --http2-prior-knowledge --max-time 60 -o got "$url"
	[ "$status" -ne 0 ]
	[ "$(cat got)" = half ]
}

@test "exit 75 before the body is tried again, then 503" {
	script later <<- 'END'
		[ "$CH_RETRIES" -ge 2 ] || exit 75
		printf '\nafter %s' "$CH_RETRIES"
	END
	app 'http.request path=/later exec ./later'
	get "${url}later"
	answered 200 'after 2'
}

@test "exit 75 too often is 503" {
	chsend http.request reply_channel='r?1' __retries__:=10
	run -0 chwork --once -r "http.request exec sh -c 'exit 75'"
	run -0 chrecv --no-wait 'r?1'
	[ "$(jq .status <<< "$output")" -eq 503 ]
}

@test "no output at all leaves the answer to somebody else" {
	once -r 'http.request exec true'
	[ -z "$output" ]
	[ ! -s said ]
	once -r "http.request exec --reply none echo hello"
	[ -z "$output" ]
}

@test "reject answers a request with 403" {
	app 'http.request reject'
	get "$url"
	answered 403 '403 Forbidden
'
}

@test "--reply http on other channels, too" {
	chsend ask reply_channel='r?2'
	once -r 'ask exec --reply http printf "200\n\nyes"' -r 'http.request drop'
	run chrecv --no-wait -c 9 'r?2'
	[ "$(jq -rj .content <<< "$output")" = yes ]
	[ "$(head -n 1 <<< "$output" | jq .status)" -eq 200 ]
}

@test "a stream of events begins before its first event" {
	mkfifo go
	script events <<- 'END'
		printf 'Content-Type: text/event-stream\n\n'
		read -r x < go
		printf 'data: %s\n\n' "$x"
	END
	app 'http.request exec ./events'
	START_OUT=got start curl -sSN --max-time 60 -D head "$url"
	timeout 60 grep -qm1 event-stream <(tail -n +1 -F head 2> tail.err)
	echo hello > go
	ended "$pid"
	[ "$(head -n 1 got)" = 'data: hello' ]
}

@test "who leaves ends the command that works for him" {
	watch_fifo alive
	script endless <<- 'END'
		trap 'echo ended > alive; exit' TERM
		printf '\nhello\n'
		echo begun > alive
		while :; do read -r x <> never; done
	END
	mkfifo never
	app 'http.request exec ./endless'
	log=$fd
	exec {log}<> alive
	start curl -sSN --max-time 60 "$url"
	next_line "$log"
	[ "$line" = begun ]
	kill "$pid"
	next_line "$log"
	[ "$line" = ended ]
	said 'the client has left'
	refute grep -q 'signal' err
}

@test "who leaves is noticed by the worker that has his command" {
	watch_fifo alive
	exec {log}<> alive
	mkfifo never
	script endless <<- 'END'
		trap 'echo ended > alive; exit' TERM
		echo begun > alive
		while :; do read -r x <> never; done
	END
	for _ in 1 2 3; do
		start chwork -j 1 -r 'http.request exec ./endless' \
		    -r 'http.disconnect drop'
	done
	for i in 1 2 3; do
		chsend http.request reply_channel="r?$i" path=/
		next_line "$log"
	done
	for i in 3 1 2; do
		chsend http.disconnect reply_channel="r?$i" path=/
		next_line "$log"
		[ "$line" = ended ]
	done
}

@test "who leaves does not concern the jobs of others" {
	mkfifo never
	script hang <<- 'END'
		echo "$CH_CHANNEL" > started
		read -r _ < never
	END
	app 'http.request exec ./hang' 'job exec ./hang'
	watch_fifo started
	chsend job n:=1
	next_line "$fd"
	run -28 curl -sS --max-time 0.5 "$url"
	next_line "$fd"
	said 'the client has left'
	chsend job n:=2
	next_line "$fd"
	refute grep 'chwork.*signal' err
}

@test "for one who has left nothing is started" {
	script first <<< 'read -r x < go; touch "ran$CH_N"; echo'
	mkfifo go
	start chwork -v -j 1 -r 'http.request exec ./first'
	chsend http.request reply_channel='r?1' n:=1
	chsend http.request reply_channel='r?2' n:=2
	chsend http.request reply_channel='r?3' n:=3
	waiting http.disconnect 0
	echo > go
	chrecv -c 1 -t 60 'r?1'
	chsend http.disconnect reply_channel='r?3'
	echo > go
	chrecv -c 1 -t 60 'r?2'
	timeout 60 grep -qm1 'the client has left' \
	    <(tail -n +1 -F --pid="$pid" err 2> tail.err)
	[ -e ran2 ]
	[ ! -e ran3 ]
}
