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

# --- expressions and includes -------------------------------------------------

@test "KEY~REGEX: its named groups reach the command" {
	chsend a path=/old/b/c
	chsend a path=/new
	once -r 'a path~^/old/(?<page>.*) exec printenv CH_ARG_page' -r 'a drop'
	[ "$status" -eq 0 ]
	[ "$stderr" = 'chwork: printenv: b/c' ]
}

@test "a group without a name, a bad expression: 78, with the column" {
	routes 'a path~^/(x)/(?<y>.) drop' 'a   path~(?<y>. drop'
	run -78 chwork --check routes
	[[ ${lines[0]} == 'chwork: routes:1:10: this group has no name'* ]]
	[[ ${lines[1]} == 'chwork: routes:2:16: missing closing parenthesis'* ]]
}

@test "a text cannot burn time in an expression, nor get past its route" {
	printf '{"text":"%s","reply_channel":"r"}' "$(head -c 100000 /dev/zero |
		tr '\0' a)" | chsend websocket.connect
	once -r 'websocket.connect text~(?:a|aa)*[bc] reject' \
	    -r 'websocket.connect accept'
	[[ $stderr == *'given up: rejected' ]]
	taken 1 r
	[ "$output" = '{"close":true}' ]
}

@test "include: the prefix is stripped inside, its captures are kept" {
	mkdir -p conf/blog
	printf '%s\n' '#!/bin/sh' 'echo "$PWD $CH_ARG_user $CH_ARG_id $SITE $CH_PATH"' \
	    > conf/blog/show
	chmod +x conf/blog/show
	printf '%s\n' 'SITE=x' 'include blog/routes path=/{user}/' 'a drop' \
	    > conf/routes
	printf '%s\n' 'a path=/post/{id} exec ./show' > conf/blog/routes
	chsend a path=/eve/post/7
	chsend a path=/eve/posts
	once conf/routes
	[ "$status" -eq 0 ]
	[ "$stderr" = "chwork: ./show: $PWD/conf/blog eve 7 x /eve/post/7" ]
	cd conf
	chsend a path=/eve/post/8
	once -r 'include routes'
	[ "$stderr" = "chwork: ./show: $PWD/blog eve 8 x /eve/post/8" ]
}

@test "errors of an include name its file, or the line that includes it" {
	mkdir conf
	printf '%s\n' 'include more' > conf/routes
	printf '%s\n' '' 'a fly' 'include routes' 'include nowhere' > conf/more
	run -78 chwork --check conf/routes
	[[ ${lines[0]} == 'chwork: conf/more:2:3: fly is neither'* ]]
	[ "${lines[1]}" = 'chwork: conf/more:3:9: conf/routes includes itself' ]
	[ "${lines[2]}" = 'chwork: conf/more:4:9: conf/nowhere: No such file or directory' ]
	[ "${#lines[@]}" -eq 3 ]
}

@test "--only and --exclude reach into includes" {
	echo 'b exec cat' > more.routes
	routes 'a exec cat' 'include more.routes'
	chsend a n:=1
	chsend b n:=2
	once --only b routes
	[ "$stderr" = 'chwork: cat: {"n":2}' ]
	once --exclude b routes
	[ "$stderr" = 'chwork: cat: {"n":1}' ]
}

@test "a filter on headers, and on a list" {
	chsend a 'headers:=[["host","x"],["user-agent","curl/8"]]'
	chsend a 'subprotocols:=["v1","v2"]'
	once -r 'a headers.user-agent={tool}/{n} exec printenv CH_ARG_tool' \
	    -r 'a subprotocols=v{n} exec printenv CH_ARG_n'
	[[ $stderr == *'printenv: curl'* ]]
	[[ $stderr == *'printenv: 1'* ]]
}

# --- asking --------------------------------------------------------------------

@test "--explain: the route, its captures, what it names; nothing is done" {
	routes 'websocket.connect path=/ reject' \
	    'websocket.connect path=/chat/{room} accept --group "chat-{room}"'
	run -0 chwork --explain '{"path":"/chat/x"}' websocket.connect routes
	[ "$output" = 'place: routes:2
route: websocket.connect path=/chat/{room} accept --group chat-{room}
capture: room=x
group: chat-x' ]
	run -0 chwork routes --explain '{"path":"/"}' websocket.connect
	[ "${lines[0]}" = 'place: routes:1' ]
	run -0 chwork --explain '{"path":
	    "/"}' websocket.connect -r 'websocket.* send jobs.x'
	[ "${lines[0]}" = 'place: -r 1' ]
	[ "${lines[2]}" = 'channel: jobs.x' ]
	[ ! -e store ]
}

@test "--explain: the command and its environment" {
	mkdir conf
	echo "websocket.receive exec W='a b' cat" > conf/chat
	echo 'include chat path=/chat/{room}' > conf/routes
	run -0 chwork --explain "{\"path\":\"/chat/x\",\"text\":\"it's\"}" \
	    websocket.receive conf/routes
	has_line 'place: conf/chat:1'
	has_line 'within: include chat path=/chat/{room}'
	has_line "command: $(command -v cat)"
	has_line 'directory: conf/'
	has_line 'CH_ARG_room=x'
	has_line 'CH_PATH=/chat/x'
	has_line "'CH_TEXT=it'\\''s'"
	has_line "'W=a b'"
	has_line "CHANNELS_URL=$PWD/store"
	run -0 chwork --explain '{}' a -r 'a stream B=1 cat'
	has_line B=1
	run -0 chwork --explain '{"path":"/a"}' http.request -r 'http.request cgi cat'
	has_line PATH_INFO=/a
}

@test "--explain: nothing takes it 1, no message 65, no name 65, no channel 64" {
	run -1 chwork --explain '{}' b -r 'a drop'
	[ "$output" = 'no route: none takes it; the message is dropped' ]
	run -1 chwork --explain '{}' websocket.connect -r 'a drop'
	[ "$output" = 'no route: none takes it; the message is rejected' ]
	run -65 chwork --explain '{"a":}' a -r 'a drop'
	[[ $output == 'chwork: message:1:6: '* ]]
	run -65 chwork --explain '' a -r 'a drop'
	run -65 chwork --explain '{}' 'a*' -r 'a drop'
	run -64 chwork --explain '{}' -r 'a drop'
	run -64 chwork --explain '{}' a
	run -78 chwork --explain '{}' a -r 'a fly'
}

@test "--check -v says how many routes there are" {
	run -0 chwork --check -v -r 'a drop' -r 'b drop'
	[ "$output" = 'chwork: 2 routes' ]
}
