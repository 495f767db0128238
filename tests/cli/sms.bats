# examples/sms: a gateway's webhook, and what is posted back to it.

load helper

setup() {
	ch_setup
	cp -r "$ROOT/examples/sms/." .
	echo of-the-test > secret
	watch_fifo posted
	START_OUT=posted START_ERR=posted.err start \
		python3 "$ROOT/tests/cli/gateway.py"
	gateway=$fd
	next_line "$gateway"
	to=$line
}

# The server is ended before its files are removed, and its chwork with it.
teardown() {
	if [ -n "${server-}" ]; then
		kill -TERM "$server"
		ended "$server"
	fi
	ch_teardown
}

# run_it PATH: the example, for a gateway that answers as that path says
run_it() {
	sed -i "s|https://gateway.example/send|--retry-delay 10ms $to/$1|" routes
	serve_by ./run -l 127.0.0.1:0
}

# hook TOKEN FIELD...: what the gateway posts; the status is printed
hook() {
	local token=$1 args=()
	shift
	for field; do args+=(--data-urlencode "$field"); done
	curl -sS --max-time 60 -o /dev/null -w '%{http_code}' "${args[@]}" \
		"${url}sms/$token"
}

@test "what comes in is told to all, and answered by the gateway" {
	run_it send
	[ "$(cat secret)" = of-the-test ]
	watch_fifo seen
	START_OUT=seen start chtail -F '{from}: {text}' sms
	seen=$fd
	until [ "$(chgroup count sms)" = 1 ]; do
		chrecv -t 0.05 ch-nothing || true
	done
	[ "$(hook of-the-test From=+491 To=+492 'Body=time & "more"')" = 204 ]
	next_line "$seen"
	[ "$line" = '+491: time & "more"' ]
	next_line "$gateway" || { cat err; return 1; }
	jq -e '(.body | test("^to=%2B491&text=It.is.[0-9]{2}%3A[0-9]{2}[.]$"))
		and (.headers["ch-signature"] | test("^t=[0-9]+,v1=[0-9a-f]{64}$"))
		and .path == "/send"' <<< "$line"
	[ "$(hook of-the-test From=+491 To=+492 Body='$(touch x)')" = 204 ]
	next_line "$seen"
	[ "$line" = '+491: $(touch x)' ]
	[ ! -e x ]
}

@test "who does not know the secret, or says nothing, is refused" {
	run_it send
	[ "$(hook other From=+491 To=+492 Body=x)" = 403 ]
	[ "$(hook of-the-test From=+491)" = 400 ]
	run curl -sS -o /dev/null -w '%{http_code}' "${url}sms/of-the-test"
	[ "$output" = 404 ]
	run chrecv -t 0 sms.receive
	[ "$status" -eq 124 ]
}

@test "what the gateway refuses is tried again, then a letter" {
	run_it status/503
	chsend sms.send to=+491 text=hello
	run timeout 60 chrecv -t 30 -c 1 sms.failed
	jq -e '.message == {to: "+491", text: "hello"} and .status == 503 and
		.tries == 6' <<< "$output"
}

@test "the secrets are made, for the owner alone" {
	rm secret
	run_it send
	[ "$(stat -c %a secret key | sort -u)" = 600 ]
	[ "$(wc -c < secret)" -eq 49 ]
	grep -q "the gateway is to post to /sms/$(cat secret)" err
}
