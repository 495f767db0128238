# The chat of the README in a real browser: two tabs, a terminal, a script.

load ../cli/helper
load restart

# chat OPTION...: the chat, served with these options, in a browser
chat() {
	cp -r "$ROOT/examples/chat/." .
	for name in ann bob; do
		echo "secret of $name" | chsession passwd -q -f users "$name"
	done
	serve "$@" --root public --routes routes --sessions
	timeout 300 python3 "$BATS_TEST_DIRNAME/chat.py" \
		"$url" || { cat err; false; }
	run cat err
	[ -z "$output" ]
	kill -TERM "$server"
	ended "$server"
	[ "$ended" -eq 0 ]
}

@test "the chat: every tab and chtail see what is typed, and what scripts send" {
	chat
}

@test "the same over TLS and HTTP/2, its WebSockets included" {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc \
		-days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 \
		-keyout key.pem -out cert.pem 2> made
	chat --tls-cert cert.pem --tls-key key.pem
}

@test "the page comes back when the server does" {
	restarting again.py --root "$ROOT/examples/chat/public" \
		--routes "$ROOT/examples/chat/routes"
}
