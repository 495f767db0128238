# chserve(1) over HTTP/2, without TLS: requests, WebSockets, hints, floods. What
# curl cannot do is in h2cases.py; our own programs are the consumers.

load helper

setup() {
	ch_setup
	mkdir public
	echo '<p>hello</p>' > public/index.html
}

# case_of NAME: a case of h2cases.py; then the server must have survived it
case_of() {
	timeout 120 /usr/bin/python3 "$ROOT/tests/cli/h2cases.py" "$1" "$url"
	kill -0 "$server"
}

get() {
	curl -sS --max-time 30 --http2-prior-knowledge "$@"
}

# answer PAIR...: the next http.request is answered with that
answer() {
	chsend "$(chrecv -c 1 -t 30 http.request | jq -r .reply_channel)" "$@"
}

# --- requests ---------------------------------------------------------------

@test "files: whole, in part, not modified, and their heads" {
	head -c 3000000 /dev/urandom > public/big
	serve --root public
	[ "$(get "$url" -w '%{http_version}')" = $'<p>hello</p>\n2' ]
	get "${url}big" -o big
	cmp big public/big
	get -r 1000000-1999999 "${url}big" -o part
	cmp part <(tail -c +1000001 public/big | head -c 1000000)
	get -I "$url" > fields
	grep -qi $'^content-length: 13\r$' fields
	etag=$(sed -n 's/^etag: \(.*\)\r/\1/p' fields)
	[ "$(get -H "If-None-Match: $etag" -w '%{http_code}' "$url")" = 304 ]
	get --limit-rate 2M "${url}big" -o big
	cmp big public/big
}

@test "a request is a message, its answer comes back" {
	serve
	answer status:=200 content=done &
	run get "${url}page" -w ' %{http_code}'
	[ "$output" = "done 200" ]
	wait $!
}

@test "bodies are in the message" {
	serve
	case_of bodies_wait
}

@test "an upload larger than the windows" {
	serve --body-max 16m --inline-max 4k
	head -c 3000000 /dev/urandom > big
	get -T big -o answer -w '%{http_code}' "${url}up" > code &
	chrecv -c 1 -t 30 http.request > message
	cmp big "$(jq -r .body_file message)"
	chsend "$(jq -r .reply_channel message)" status:=201 content=
	wait $!
	[ "$(cat code)" = 201 ]
}

@test "an answer whose head is larger than a frame" {
	serve
	jq -nc '{status: 200, headers: [range(4) | ["x-\(.)", "y" * 12000]],
		content: "done"}' > reply
	get "${url}page" -D fields -o body &
	client=$!
	chsend "$(chrecv -c 1 -t 30 http.request | jq -r .reply_channel)" < reply
	wait "$client"
	[ "$(cat body)" = "done" ]
	[ "$(grep -c "^x-.: yyyy" fields)" -eq 4 ]
}

@test "who waits for 100 is told" {
	serve
	case_of continue_is_said
}

@test "a body that nobody takes: its window stays closed, others go on" {
	chsend nothing a:=1
	echo '{"channels": [{"match": "http.request.body?*", "capacity": 2}]}' \
		> store/config
	serve --body stream --inline-max 1k
	case_of full_channel_closes_the_window
}

@test "cookies in crumbs are one" {
	serve
	case_of cookies_are_one
}

@test "streams interleave" {
	serve
	case_of streams_interleave
}

@test "a stream that is reset is an http.disconnect" {
	serve
	case_of reset_is_a_disconnect
}

@test "heads that are refused" {
	serve
	case_of refused_heads
}

@test "OPTIONS * asks about the server" {
	serve
	case_of asks_about_the_server
}

@test "SIGTERM: no more requests are taken, those there are are answered" {
	serve
	timeout 120 /usr/bin/python3 "$ROOT/tests/cli/h2cases.py" goes_away \
		"$url" "$server"
	ended "$server"
	[ "$ended" -eq 0 ]
}

@test "--no-h2: the preface is no request" {
	serve --no-h2 --root public
	refute get "$url"
	[ "$(curl -sS --max-time 30 "$url")" = '<p>hello</p>' ]
}

# --- hints ------------------------------------------------------------------

@test "a Server Push is 103 to HTTP/2 clients" {
	serve
	case_of early_hints
}

@test "and a Link in the answer to those of HTTP/1.1" {
	serve
	curl -sS --max-time 30 -D fields -o body "${url}page" &
	channel=$(chrecv -c 1 -t 30 http.request | jq -r .reply_channel)
	chsend "$channel" '{"request":{"path":"/a.css"}}' \
		'{"request":{"path":"/b.js"}}' '{"status":200,"content":"page"}'
	wait $!
	[ "$(cat body)" = page ]
	[ "$(head -n 1 fields)" = $'HTTP/1.1 200 OK\r' ]
	grep -qi $'^link: </a.css>; rel=preload; as=style\r$' fields
	grep -qi $'^link: </b.js>; rel=preload; as=script\r$' fields
}

# --- WebSocket (RFC 8441) -----------------------------------------------------

@test "a WebSocket: held, accepted, both ways, closed" {
	serve
	case_of websocket
}

@test "a WebSocket: what is agreed is answered, a wrong frame ends it" {
	serve
	case_of websocket_agreed
	case_of websocket_failed
}

@test "a WebSocket that is refused, closed, given up, reset" {
	serve
	case_of websocket_refused
	case_of websocket_closed_by_server
	case_of websocket_says_no_more
	case_of websocket_given_up
	case_of websocket_reset
}

@test "a WebSocket whose window stays closed: 1008" {
	serve
	case_of websocket_unread
}

@test "other versions and protocols are refused" {
	serve
	case_of websocket_wrong_version
}

@test "many WebSockets on one connection" {
	serve
	case_of many_websockets_on_one_connection
}

# --- limits, floods ----------------------------------------------------------

@test "limits are announced" {
	serve
	case_of limits_are_announced
}

@test "a body that does not come is 408, half a head ends the connection" {
	serve --body-timeout 0.5
	case_of slow_body
	case_of half_head
}

@test "streams opened and reset, by either side: the connection ends" {
	serve
	case_of rapid_reset
	case_of made_to_reset
}

@test "requests on one connection are limited as connections are" {
	ulimit -n 200
	serve
	case_of streams_count
}

@test "floods of frames: the connection ends" {
	serve
	case_of continuation_flood
	case_of ping_flood
	case_of settings_flood
	case_of patient_ping_flood
	case_of useless_flood
}

@test "SIGTERM: what is in hand is answered, then the connection ends" {
	serve
	get "${url}page" -w ' %{http_code}' > got &
	client=$!
	channel=$(chrecv -c 1 -t 30 http.request | jq -r .reply_channel)
	kill -TERM "$server"
	chsend "$channel" status:=200 content=last
	wait "$client"
	[ "$(cat got)" = "last 200" ]
	ended "$server"
	[ "$ended" -eq 0 ]
}
