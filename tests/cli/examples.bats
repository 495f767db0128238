# The scripts of examples/, as chwork runs them: what they make of a message.

load helper

chat() {
	(cd "$ROOT/examples/chat" && env CH_CHANNEL=websocket.receive \
		CH_REPLY_CHANNEL=page "$@")
}

# frames CHANNEL: what a page there would have got
frames() {
	chrecv --no-wait --raw "$1"
}

@test "chat: a login's line has its name, a guest is shown as one" {
	chgroup add chat all
	chgroup add chat-side side
	chat CH_USER=ann CH_TEXT=hello ./say
	chat CH_TEXT='ann: hello' ./say
	chat CH_USER=bob CH_ARG_room=side CH_TEXT=there ./say
	run -0 frames all
	[ "$output" = $'ann: hello\nguest ann: hello' ]
	run -0 frames side
	[ "$output" = 'bob: there' ]
}

@test "chat: what is too long is said, nothing is sent" {
	chgroup add chat all
	run -2 chat ./say
	[[ $output == *'CH_TEXT: is too long' ]]
	run -1 frames all
}

@test "chat: an empty line tells who it is, and who is here" {
	chgroup add here.chat page
	chgroup add here.chat other
	chgroup add here.chat-a.b x
	chgroup add login.chat-a.b.eve y
	chat CH_USER=bob CH_TEXT='' ./say
	chat CH_USER=ann CH_TEXT='' ./say
	run -0 frames other
	[ "${lines[1]}" = '{"stream":"here","payload":{"names":"ann\nbob","pages":2}}' ]
	run -0 frames page
	[ "${lines[0]}" = '{"stream":"you","payload":{"user":"bob"}}' ]
	chgroup discard login.chat.bob page
	chat CH_CHANNEL=websocket.disconnect CH_USER=bob ./who
	run -0 frames other
	[ "$output" = '{"stream":"here","payload":{"names":"ann","pages":2}}' ]
	# a room with a dot in its name is not another room's login
	chgroup add here.chat-a page
	chat CH_ARG_room=a CH_TEXT='' ./say
	run -0 frames page
	[[ ${lines[-1]} == *'"names":"","pages":1}}' ]]
}

@test "chat: who logs in is somebody, until he logs out" {
	cp -r "$ROOT/examples/chat/." .
	watch_fifo ready
	START_OUT=ready start ./run -l 127.0.0.1:0
	next_line "$fd"
	url=${line#chserve: listening on }
	ask() {
		run -0 curl -sS --max-time 60 -b jar -c jar -w '\n%{http_code}' \
			-H "Origin: ${url%/}" "$@"
	}
	ask "${url}login"
	[[ $output == *'Nobody can log in yet'* ]]
	chsession passwd -q -f users ann <<< geheim
	ask "${url}login"
	[[ $output == *'<p role="status"></p>'* && ${lines[-1]} = 200 ]]
	ask -d name=ann -d password=wrong "${url}login"
	[[ $output == *'That is not the name'* && ${lines[-1]} = 403 ]]
	ask -d name=ann -d password=geheim "${url}login"
	[ "${lines[-1]}" = 303 ]
	run -0 chsession list --json
	[ "$(jq -r .user <<< "$output")" = ann ]
	ask "${url}logout"
	[ "${lines[-1]}" = 404 ]
	ask -d '' "${url}logout"
	[ "${lines[-1]}" = 303 ]
	run -0 chsession list
	[ -z "$output" ]
}

@test "binding: ./may lets editors do all, others some" {
	cp -r "$ROOT/examples/binding/." .
	cd records
	run -0 ../may create new
	run -0 ../may update tea
	run -1 ../may update kind
	run -1 ../may delete tea
	export CH_USER=ann
	run -0 ../may update kind
	run -0 ../may delete tea
	CH_USER=an
	run -1 ../may delete tea
}

# pass ORDER PAGE TEXT: what a page of the room blue tells the other
pass() {
	env CH_CHANNEL=websocket.receive CH_ARG_room=blue CH_ORDER="$1" \
		CH_REPLY_CHANNEL="$2" CH_TEXT="$3" "$ROOT/examples/call/pass"
}

@test "call: what a page tells goes to the other, a third is turned away" {
	chgroup add call-blue one
	chgroup add call-blue two
	pass 1 two offer
	run -0 frames one
	[ "$output" = offer ]
	run -1 frames two
	chgroup add call-blue three
	pass 2 one candidate
	pass 1 three offer
	run -0 frames two
	[ "$output" = candidate ]
	run -0 chrecv --no-wait three
	[ "$output" = $'{"text":"candidate"}\n{"close":4001}' ]
	run -1 frames one
}
