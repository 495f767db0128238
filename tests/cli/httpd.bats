#!/usr/bin/env bats
#
# An existing web server hands requests to channels: examples/httpd, behind a
# real lighttpd.

load helper

# httpd [NAME=VALUE]...: lighttpd in a copy of the example, on a unix socket;
# channels.cgi has these variables besides
httpd() {
	local set i
	cp -r "$ROOT/examples/httpd/." .
	set="\"CHANNELS_URL\" => \"$CHANNELS_URL\","
	for i in "$@"; do set+=" \"${i%%=*}\" => \"${i#*=}\","; done
	sed -i -e '/^server.port/d' \
		-e "s|^server.bind.*|server.bind = \"$PWD/sock\"|" \
		-e "s|^setenv.set-environment = (|& $set|" lighttpd.conf
	START_OUT=httpd.out START_ERR=httpd.err \
		start /usr/sbin/lighttpd -D -f lighttpd.conf
	until [ -S sock ]; do chrecv -t 0.05 ch-helper-nothing || kill -0 "$pid"; done
}

# get PATH [ARGUMENT]...: what curl prints, then a line with the status
get() {
	run curl -sS --max-time 60 --unix-socket sock -w '\n%{http_code}\n' \
		"http://localhost$1" "${@:2}"
}

@test "requests reach a script, answers the client" {
	httpd
	start chwork routes
	get /app/hello/you
	[ "$output" = $'hello you\n\n200' ]
	get /app/hello/you -d 'a=b é'
	[ "$output" = $'hello you\na=b é\n\n200' ]
	get /app/other
	[ "$output" = $'nothing here\n\n404' ]
	get /channels.cgi
	[ "${lines[-1]}" = 403 ]
}

@test "the message is that of chserve" {
	httpd
	START_OUT=message start chrecv -c 1 http.request
	receiver=$pid
	waiting http.request 1
	printf '\377\0' > data
	START_OUT=answer start curl -sS --max-time 60 --unix-socket sock -D head \
		-X PUT -A me -H 'X-One: 1' -H 'Content-Type: a/b' \
		--data-binary @data 'http://localhost/app/a%20b?q=%20x'
	asker=$pid
	ended "$receiver"
	jq -e '.method == "PUT" and .http_version == "1.1" and
		.scheme == "http" and .path == "/app/a b" and
		.root_path == "/app" and .query_string == "q=%20x" and
		(.headers | any(. == ["user-agent", "me"]) and
			any(. == ["x-one", "1"]) and
			any(. == ["content-type", "a/b"]) and
			any(. == ["content-length", "2"])) and
		(.headers | length == (map(.[0]) | unique | length)) and
		.body == "\uffff/wA="' message
	chsend "$(jq -r .reply_channel message)" '{"status": 201,
		"headers": [["X-A", "b\r\nX-Evil: 1"], ["X-B", "c"]],
		"content": "\uffff/wA=", "more_content": true}' \
		'{"content": "end"}'
	ended "$asker"
	[ "$(od -An -tx1 answer | tr -d ' ')" = ff00656e64 ]
	grep -q '^HTTP/1.1 201' head
	grep -qi '^x-b: c' head
	refute grep -qi evil head
}

@test "an answer comes as it is made" {
	httpd
	mkfifo go
	watch_fifo got
	got=$fd
	printf '%s\n' '#!/bin/sh' 'printf "\none\n"' 'read -r x < go' 'echo two' \
		> slow
	chmod +x slow
	start chwork -r 'http.request exec ./slow'
	START_OUT=got start curl -sSN --max-time 60 --unix-socket sock \
		http://localhost/app/
	next_line "$got"
	[ "$line" = one ]
	echo > go
	next_line "$got"
	[ "$line" = two ]
}

@test "nobody answers: 504; no room: 503; nonsense: 502; too much: 413" {
	httpd CHANNELS_TIMEOUT=0.3
	get /app/
	[ "$output" = $'504 Gateway Timeout\n\n504' ]
	mkdir -p store
	echo '{"channels": [{"match": "http.request", "capacity": 1}]}' \
		> store/config
	get /app/
	[ "$output" = $'503 Service Unavailable\n\n503' ]
	chstat --flush --force http.request
	start chwork -r 'http.request exec --reply json printf "{\"text\":\"x\"}"'
	get /app/
	[ "$output" = $'502 Bad Gateway\n\n502' ]
	head -c 800000 /dev/zero > data
	get /app/ --data-binary @data
	[ "${lines[-1]}" = 413 ]
}
