# chwork: frames {"stream", "payload"}, by which one WebSocket serves several
# consumers.

load helper
load worker

# frame STREAM PAYLOAD: what a page would have sent, as chserve passes it on
frame() {
	jq -nc --arg stream "$1" --argjson payload "$2" \
		'{reply_channel: "page", path: "/",
		text: ({stream: $stream, payload: $payload} | tojson)}' |
		chsend websocket.receive
}

# once ROUTE...: a run over what is there
once() {
	printf '%s\n' "$@" > routes
	run -0 timeout 60 chwork --once routes
}

@test "stream= routes by what the text holds, and wraps what is printed" {
	script one <<< 'echo "{\"got\":$CH_PAYLOAD}"; echo line two'
	script other <<< 'echo "$CH_STREAM has $CH_TEXT"'
	frame notes '{"n":1}'
	frame chat '"hi"'
	chsend websocket.receive reply_channel=page text=plain
	once 'websocket.receive stream=notes exec ./one' \
		'websocket.receive stream={name} exec ./other' \
		'websocket.receive exec printenv CH_TEXT'
	run -0 chrecv --no-wait --raw page
	[ "${#lines[@]}" -eq 4 ]
	has_line '{"stream":"notes","payload":{"got":{"n":1}}}'
	has_line '{"stream":"notes","payload":"line two"}'
	has_line '{"stream":"chat","payload":"chat has {\"stream\":\"chat\",\"payload\":\"hi\"}"}'
	has_line plain
}

@test "filters look into the payload, captures come of it" {
	script say <<< 'echo "$CH_ARG_what"'
	frame notes '{"action":"create","list":[{"n":7}]}'
	frame notes '{"action":"drop"}'
	once 'websocket.receive stream=notes payload.list.0.n=7 payload.action={what} exec --reply text ./say' \
		'websocket.receive drop'
	run -0 chrecv --no-wait --raw page
	[ "$output" = create ]
}

@test "what is no frame has no stream" {
	for text in '{"stream":"s"}' '{"stream":1,"payload":1}' '[1]' \
		'{"stream":"s","payload":1' ' {"stream":"s","payload":1}' \
		'{"stream":"s","payload":1}}'; do
		chsend websocket.receive reply_channel=page text="$text"
	done
	once 'websocket.receive stream={any} exec echo yes' \
		'websocket.receive exec printenv CH_TEXT'
	run -0 chrecv --no-wait --raw page
	[ "${#lines[@]}" -eq 6 ]
	refute has_line '{"stream":"s","payload":"yes"}'
}

@test "a message with a key stream has that one" {
	chsend jobs stream=notes reply_channel=page \
		text='{"stream":"other","payload":1}'
	once 'jobs stream=notes exec --reply frames printenv CH_STREAM'
	run -0 chrecv --no-wait --raw page
	[ "$output" = '{"stream":"notes","payload":"notes"}' ]
}

@test "a payload that is too long for the environment: CH_TRUNCATED" {
	frame notes "\"$(head -c 70000 /dev/zero | tr '\0' x)\""
	once 'websocket.receive stream=notes exec printenv CH_STREAM CH_TRUNCATED'
	run -0 chrecv --no-wait --raw page
	has_line '{"stream":"notes","payload":"notes"}'
	has_line '{"stream":"notes","payload":"text payload"}'
}

@test "--reply frames needs a stream" {
	run -78 chwork --check -r 'jobs exec --reply frames cat'
	[[ $output == *'frames are of the stream of a filter stream=' ]]
	run -0 chwork --check -r 'jobs stream=x exec --reply frames cat'
}
