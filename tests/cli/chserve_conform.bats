# chserve(1): an echo, as strict as RFC 6455 and RFC 7692 have it. The cases are
# in wsconform.py; the data goes through chwork and a warm script.

load helper

setup() {
	ch_setup
	mkdir store
	echo '{"max_size": 25165824, "capacity": 10000}' > store/config
}

# serve OPTION...: an echo on a free port; $url, $server
serve() {
	serve_with -l 127.0.0.1:0 --routes "$ROOT/tests/echo/routes" "$@"
}

# group NAME: a group of cases; then the server must have survived it
group() {
	[ -n "${server:-}" ] || serve
	timeout 300 python3 "$ROOT/tests/cli/wsconform.py" "$1" "$url"
	kill -0 "$server"
}

@test "frames of every length, however they arrive" {
	group framing
}

@test "pings and pongs" {
	group pings
}

@test "reserved bits" {
	group reserved
}

@test "opcodes that are none" {
	group opcodes
}

@test "fragments" {
	group fragmentation
}

@test "UTF-8, and what is none" {
	group utf8
}

@test "closing, with every kind of code" {
	group closing
}

@test "up to the largest message, and beyond" {
	group limits
}

@test "permessage-deflate with every parameter" {
	group compression
}

@test "the same under TLS" {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc \
		-days 2 -subj /CN=localhost -keyout key -out cert 2> /dev/null
	serve --tls-cert cert --tls-key key
	for name in framing pings reserved opcodes fragmentation utf8 closing; do
		group "$name"
	done
}
