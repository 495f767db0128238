# chserve(1): connections are limited, in all and by address.

load helper

setup() {
	ch_setup
	mkdir public
	echo '<p>hello</p>' > public/index.html
}

# serve OPTION...: a chserve on a free port; $url, $server
serve() {
	serve_with --root public "$@"
}

case_of() {
	timeout 120 python3 "$ROOT/tests/cli/limitcases.py" "$1" "$url"
	kill -0 "$server"
}

# said N TEXT: that many lines have it
said() {
	[ "$(grep -c "$2" err)" -eq "$1" ] || { cat err; return 1; }
}

@test "beyond --max-connections it says 503, and once in the log" {
	serve -l 127.0.0.1:0 --max-connections 5 --http-timeout 60
	start chwork -r 'http.request method=PUT drop'
	waiting http.request 1
	case_of too_many
	said 1 'there are 5 connections: more are refused'
}

@test "a refused connection gets its status, an HTTP/2 one its end" {
	serve -l 127.0.0.1:0 --max-connections 1 --max-per-address 1
	case_of statuses
}

@test "an idle connection makes room for a new one, the oldest first" {
	serve -l 127.0.0.1:0 --max-connections 3
	case_of idle_make_room
	[ ! -s err ]
}

@test "one that says nothing makes room" {
	serve -l 127.0.0.1:0 --max-connections 3
	case_of silent_make_room
}

@test "beyond --max-per-address it says 429, to that address" {
	serve -l 127.0.0.1:0 --max-per-address 3
	case_of one_address
	said 1 '127.0.0.2 has 3 connections: more are refused'
	said 1 refused
}

@test "WebSockets count for their address as long as they live" {
	serve -l 127.0.0.1:0 --max-per-address 3
	case_of websockets_of_one_address
}

@test "proxies and unix sockets are not counted, nor loopback unless told" {
	serve -l 127.0.0.1:0 --max-per-address 2 --trust-proxy 127.0.0.2
	case_of trusted
	kill "$server"
	ended "$server"
	serve -l unix:here --max-per-address 1
	url=here
	case_of local_ones
	kill "$server"
	ended "$server"
	serve -l 127.0.0.1:0 --max-connections 40
	case_of loopback
}

@test "without descriptors connections are closed, and those there go on" {
	watch_fifo ready
	(ulimit -n 200 && exec chserve -l 127.0.0.1:0 --root public \
		> ready 2> err 3>&-) &
	server=$!
	STARTED+=("$server")
	truncate -s 16M public/large{0..109}
	next_line "$fd"
	url=${line#chserve: listening on }
	case_of one_file
	said 0 'accept'
	case_of without_descriptors
	said 1 'accept: Too many open files: connections are refused'
}

@test "more connections than descriptors are not promised" {
	watch_fifo ready
	(ulimit -n 200 && exec chserve -l 127.0.0.1:0 --max-connections 1000 \
		> ready 2> err 3>&-) &
	STARTED+=("$!")
	next_line "$fd"
	said 1 'max-connections: \(9[0-9]\|10[0-4]\), for there are no more descriptors'
}
