# chserve(1): HTTP requests as messages, and their answers. The consumers are
# our own programs; what needs bytes on the wire is in httpcases.py.

load helper

setup() {
	ch_setup
	exec {out}> /dev/null
}

# ask ARGUMENT...: curl in the background; what it says goes to "answer"
ask() {
	START_OUT=answer START_ERR=answer_err start \
		curl -sS --max-time 60 -w '\n%{http_code}\n' "$@"
	asker=$pid
}

# told CHANNEL: the next message of that channel, in "message"
told() {
	chrecv -c 1 -t 60 "$1" > message
}

key() {
	jq -r "$1" message
}

# reply KEY=VALUE...: to the message
reply() {
	chsend "$(key .reply_channel)" "$@"
}

answered() {
	ended "$asker"
	[ "$(tail -n 1 answer)" = "$1" ]
}

case_of() {
	timeout 120 python3 "$ROOT/tests/cli/httpcases.py" "$@" "$url"
	kill -0 "$server"
}

@test "a request is told with all its keys" {
	serve
	ask -H 'X-One: 1' -H 'X-Two: a' -H 'x-two: b' -A me \
		"${url}a%20b/%C3%A9?q=%20x&y=1"
	told http.request
	[[ $(key .reply_channel) == http.response.*!* ]]
	jq -e --arg port "$(tr -dc 0-9 <<< "${url##*:}")" '
		.http_version == "1.1" and .method == "GET" and
		.scheme == "http" and .path == "/a b/\u00e9" and
		.query_string == "q=%20x&y=1" and .root_path == "" and
		.body == "" and (has("body_channel") | not) and
		(.headers | map(select(.[0] | startswith("x-"))) ==
			[["x-one", "1"], ["x-two", "a"], ["x-two", "b"]]) and
		(.headers | any(. == ["user-agent", "me"])) and
		.client[0] == "127.0.0.1" and (.client[1] | type) == "number" and
		.server == ["127.0.0.1", ($port | tonumber)]' message
	reply status:=200 content=hi
	answered 200
	[ "$(head -n 1 answer)" = hi ]
}

@test "status, headers and content are the consumer's" {
	serve
	ask -D - "$url"
	told http.request
	reply '{"status": 418, "headers": [["X-A", "1"], ["x-a", "2"],
		["Content-Type", "text/plain"], ["Connection", "x"],
		["X-B", "a\r\nX-C: d"], ["a b", "c"]], "content": "tea"}'
	answered 418
	tr -d '\r' < answer > plain
	grep -qx 'X-A: 1' plain
	grep -qx 'x-a: 2' plain
	grep -qx 'Content-Length: 3' plain
	grep -qx 'Server: chserve' plain
	grep -qx tea plain
	refute grep -qiE '^(connection|x-b|x-c|a b)' plain
	grep -q 'left out: a header' err
}

@test "bytes come and go as they are" {
	serve
	head -c 3000 /dev/urandom > data
	ask -o got -H 'Content-Type: application/x' --data-binary @data "$url"
	told http.request
	[ "$(key .method)" = POST ]
	jq -c '{status: 200, content: .body}' message |
		chsend "$(key .reply_channel)"
	answered 200
	cmp got data
}

@test "an answer may come in chunks" {
	serve
	ask -D - "$url"
	told http.request
	reply status:=200 content=one more_content:=true
	reply content=two more_content:=true
	reply content=three
	answered 200
	grep -q '^Transfer-Encoding: chunked' answer
	grep -qx onetwothree answer
	ask -0 -D - "$url"
	told http.request
	reply status:=200 content=one more_content:=true
	reply content=two
	answered 200
	refute grep -qi '^Transfer-Encoding' answer
	grep -qx onetwo answer
}

@test "HEAD has the fields and no content" {
	serve
	ask -I "$url"
	told http.request
	[ "$(key .method)" = HEAD ]
	reply status:=200 content=hello
	answered 200
	grep -q '^Content-Length: 5' answer
}

@test "204 and 304 have no content and no length" {
	serve
	for status in 204 304; do
		ask -D - "$url"
		told http.request
		reply status:=$status content=x
		answered $status
		refute grep -qi '^content-length' answer
	done
}

@test "a large answer arrives whole" {
	serve
	head -c 500000 /dev/urandom | base64 -w 0 > data
	ask -o got "$url"
	told http.request
	jq -Rc '{status: 200, content: ., more_content: true}' data |
		chsend "$(key .reply_channel)"
	jq -Rc '{content: .}' data | chsend "$(key .reply_channel)"
	answered 200
	cat data data | tr -d '\n' | cmp - got
}

@test "an answer that makes no sense is 500, and said" {
	serve
	for wrong in '{"content": "x"}' '{"status": "200"}' '{"status": 99}' \
		'{"status": 200, "headers": {"a": 1}}' '{"status": 200, "content": 1}' \
		'{"status": 200, "headers": [["a"]]}'; do
		ask "$url"
		told http.request
		reply "$wrong"
		answered 500
	done
	[ "$(grep -c 'reply to http.response.* ignored: ' err)" = 6 ]
}

@test "no answer in time is 503" {
	serve --http-timeout 0.1
	ask -D - "$url"
	answered 503
	grep -q '^Retry-After: ' answer
	told http.request
	run -0 chsend "$(key .reply_channel)" status:=200
}

@test "http.request is full: 503 with Retry-After" {
	mkdir store
	echo '{"channels": [{"match": "http.request", "capacity": 1}]}' > store/config
	serve
	chsend http.request a:=1
	ask -D - "$url"
	answered 503
	grep -q '^Retry-After: ' answer
}

@test "who leaves before the answer is told: http.disconnect" {
	serve
	ask "${url}x"
	told http.request
	channel=$(key .reply_channel)
	kill -KILL "$asker"
	told http.disconnect
	[ "$(key .reply_channel)" = "$channel" ]
	[ "$(key .path)" = /x ]
}

@test "long polling: whoever sends to the group answers" {
	serve
	ask "$url"
	told http.request
	chgroup add poll "$(key .reply_channel)"
	chsend -g poll status:=200 content=late
	answered 200
	[ "$(head -n 1 answer)" = late ]
	[ "$(chgroup count poll)" = 0 ]
}

@test "a consumer-made event stream: messages of a group become events" {
	serve
	mkfifo stream
	exec {stream}<> stream
	START_OUT=stream start curl -sSN --max-time 60 "$url"
	asker=$pid
	told http.request
	reply '{"status": 200, "headers": [["Content-Type", "text/event-stream"]],
		"content": "retry: 10\n\n", "more_content": true}'
	next_line "$stream"
	[ "$line" = 'retry: 10' ]
	next_line "$stream"
	chgroup add live "$(key .reply_channel)"
	chsend -g live text=hello id:=7 event=say
	for want in 'id: 7' 'event: say' 'data: hello' ''; do
		next_line "$stream"
		[ "$line" = "$want" ]
	done
	chsend -g live content=$'data: raw\n\n' more_content:=true
	next_line "$stream"
	[ "$line" = 'data: raw' ]
	chsend -g live close:=true
	ended "$asker"
	[ "$ended" = 0 ]
}

@test "--events: a group is an event stream" {
	serve --events 'news*' --http-timeout 0.05
	mkfifo stream
	exec {stream}<> stream
	START_OUT=stream start curl -sSN --max-time 60 -D - "${url}events/news-1"
	asker=$pid
	until [ "$line" = $'\r' ]; do
		next_line "$stream"
		[[ $line != Content-Type* ]] || type=$line
	done
	[ "$type" = $'Content-Type: text/event-stream\r' ]
	next_line "$stream"
	next_line "$stream"
	[ "$(chgroup count news-1)" = 1 ]
	chsend -g news-1 a:=1
	next_line "$stream"
	[[ $line == 'id: '[0-9]* ]]
	next_line "$stream"
	[ "$line" = 'data: {"a":1}' ]
	chsend -g news-1 text=$'two\nlines' id=x
	for want in '' 'id: x' 'data: two' 'data: lines'; do
		next_line "$stream"
		[ "$line" = "$want" ]
	done
	kill -KILL "$asker"
	ended "$asker"
	until [ "$(chgroup count news-1)" = 0 ]; do chrecv -t 0.05 x || true; done
	ask "${url}events/other"
	answered 503
	ask -H 'Origin: http://evil.example' "${url}events/news"
	answered 403
	ask -X POST "${url}events/news"
	answered 405
	ask -I "${url}events/news"
	answered 200
}

@test "routes without one for requests: 404, unless somebody waits for them" {
	echo 'websocket.connect accept' > routes
	serve --routes routes
	ask "$url"
	answered 404
	START_OUT=message start chrecv -c 1 -t 60 http.request
	receiver=$pid
	waiting http.request 1
	ask "$url"
	ended "$receiver"
	reply status:=200
	answered 200
}

# --- bodies -----------------------------------------------------------------

@test "a large body lies in a file until it is answered" {
	serve --inline-max 1K
	head -c 300000 /dev/urandom > data
	ask -H 'Content-Type: application/x' --data-binary @data "$url"
	told http.request
	[ "$(key .body)" = '' ]
	file=$(key .body_file)
	[[ $file == "$PWD"/store/spool/* ]]
	cmp data "$file"
	[ "$(stat -c %a "$file")" = 600 ]
	reply status:=200
	answered 200
	[ ! -e "$file" ]
}

@test "where the store is no directory, bodies lie below HOME, or --state" {
	export CHANNELS_URL=mem: HOME=$PWD/home XDG_STATE_HOME=
	serve --inline-max 1
	[ -d home/.local/state/chutils/spool ]
	unset HOME
	XDG_STATE_HOME=$PWD/state serve
	[ -d state/chutils/spool ]
	serve --state "$PWD/there"
	[ -d there/spool ]
}

@test "a large body is streamed to a channel of its own" {
	serve --body stream --inline-max 1K
	head -c 300000 /dev/urandom | base64 > data
	ask -H 'Content-Type: text/x' -T data "$url"
	told http.request
	channel=$(key .body_channel)
	[[ $channel == http.request.body?* ]]
	key .body | head -c -1 > got
	while chrecv -c 1 -t 60 "$channel" > piece; do
		jq -j .content piece >> got
		[ "$(jq .closed piece)" = false ]
		[ "$(jq .more_content piece)" = true ] || break
	done
	cmp data got
	reply status:=201
	answered 201
}

@test "a stream's socket is not read while its channel is full" {
	mkdir store
	echo '{"channels": [{"match": "http.request.body?*", "capacity": 2}]}' > store/config
	serve --body stream --inline-max 1K
	head -c 5000000 /dev/zero > data
	ask -H 'Content-Type: text/x' -T data "$url"
	told http.request
	channel=$(key .body_channel)
	until [ "$(pending "$channel")" = 2 ]; do chrecv -t 0.05 x || true; done
	n=$(key '.body | length')
	more=true
	while [ "$more" = true ]; do
		chrecv -c 1 -t 60 "$channel" > piece
		((n += $(jq '.content | length' piece))) || true
		more=$(jq .more_content piece)
	done
	[ "$n" = 5000000 ]
	reply status:=200
	answered 200
}

@test "who leaves while it streams: the reader is told" {
	serve --body stream --inline-max 1K
	mkfifo slow
	exec {slow}<> slow
	ask -H 'Content-Type: text/x' -T - "$url" < slow
	head -c 100000 /dev/zero | tr '\0' x >&"$slow"
	told http.request
	kill -KILL "$asker"
	closed=false
	while [ "$closed" = false ]; do
		closed=$(chrecv -c 1 -t 60 "$(key .body_channel)" | jq .closed)
	done
	[ "$closed" = true ]
	told http.disconnect
}

@test "what streams and grows over the limit: the reader is told" {
	serve --body stream --inline-max 1K --body-max 50K
	mkfifo slow
	exec {slow}<> slow
	ask -H 'Content-Type: text/x' -T - "$url" < slow
	head -c 20000 /dev/zero | tr '\0' x >&"$slow"
	told http.request
	head -c 60000 /dev/zero | tr '\0' x >&"$slow"
	closed=false
	while [ "$closed" = false ]; do
		closed=$(chrecv -c 1 -t 60 "$(key .body_channel)" | jq .closed)
	done
	[ "$closed" = true ]
}

@test "bodies over the limits are 413" {
	serve --body-max 10K
	head -c 20000 /dev/zero > data
	ask -H 'Content-Type: x/y' --data-binary @data "$url"
	answered 413
	ask -H 'Content-Type: x/y' -H 'Transfer-Encoding: chunked' \
		--data-binary @data "$url"
	answered 413
	[ "$(pending http.request)" = '' ]
	run chserve -l 127.0.0.1:0 --body inline --body-max 1 --inline-max 1 -h
}

@test "--body inline takes no large ones" {
	serve --body inline --inline-max 1K
	head -c 2000 /dev/zero > data
	ask -H 'Content-Type: x/y' --data-binary @data "$url"
	answered 413
}

@test "a body that does not come is 408" {
	serve --body-timeout 0.2
	case_of slow_body
}

@test "forms: fields and files" {
	serve
	echo file > f.txt
	ask -F title=hello -F 'doc=@f.txt;type=text/x' "$url"
	told http.request
	[ "$(key .form.title)" = hello ]
	[ "$(key '.files[0].name')" = f.txt ]
	[ "$(cat "$(key '.files[0].path')")" = file ]
	file=$(key '.files[0].path')
	reply status:=200
	answered 200
	[ ! -e "$file" ]
	ask -d 'a=1&b=x+y' "$url"
	told http.request
	[ "$(key .body)" = 'a=1&b=x+y' ]
	[ "$(key .form.b)" = 'x y' ]
	reply status:=200
	answered 200
}

# --- the wire ---------------------------------------------------------------

@test "Expect: 100-continue is answered when the body is wanted" {
	serve --body-max 1K
	case_of expect
}

@test "pipelined requests are answered in order" {
	serve
	case_of pipelined
}

@test "chunked bodies are read as RFC 9112 says" {
	serve
	case_of chunked
}

@test "OPTIONS * asks about the server" {
	serve
	case_of asks_about_the_server
}

@test "what two programs could read differently is 400" {
	serve --http-timeout 0.2
	case_of smuggling
}

@test "an answer ahead of the body closes the connection" {
	serve
	case_of early_answer
}

@test "a client that reads slowly costs a file, not memory" {
	serve
	case_of slow_reader
}
