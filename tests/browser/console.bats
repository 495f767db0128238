# The console in a real browser: it connects, sends and shows.

load ../cli/helper

# console OPTION...: the console of a server with these options, in a browser
console() {
	serve --console "$@"
	timeout 300 python3 "$BATS_TEST_DIRNAME/console.py" "$url" ||
		{ cat err; false; }
	run cat err
	[ "$output" = "chserve: console at ${url}console" ]
	kill -TERM "$server"
	ended "$server"
	[ "$ended" -eq 0 ]
}

@test "the console: frames both ways, what was sent, how it ends" {
	console
}

@test "the same over TLS and HTTP/2" {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc \
		-days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 \
		-keyout key.pem -out cert.pem 2> made
	console --tls-cert cert.pem --tls-key key.pem
}
