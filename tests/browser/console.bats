# The console in a real browser: it connects, sends and shows.

load ../cli/helper

@test "the console: frames both ways, what was sent, how it ends" {
	watch_fifo ready
	START_OUT=ready start chserve -l 127.0.0.1:0 --console
	server=$pid
	next_line "$fd"
	url=${line#chserve: listening on }
	timeout 300 python3 "$BATS_TEST_DIRNAME/console.py" "$url" ||
		{ cat err; false; }
	run cat err
	[ "$output" = "chserve: console at ${url}console" ]
	kill -TERM "$server"
	ended "$server"
	[ "$ended" -eq 0 ]
}
