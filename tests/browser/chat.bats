# The chat of the README in a real browser: two tabs, a terminal, a script.

load ../cli/helper

@test "the chat: every tab and chtail see what is typed, and what scripts send" {
	watch_fifo ready
	START_OUT=ready start chserve -l 127.0.0.1:0 \
		--root "$ROOT/examples/chat/public" \
		--routes "$ROOT/examples/chat/routes"
	server=$pid
	next_line "$fd"
	timeout 300 python3 "$BATS_TEST_DIRNAME/chat.py" \
		"${line#chserve: listening on }" || { cat err; false; }
	run cat err
	[ -z "$output" ]
	kill -TERM "$server"
	ended "$server"
	[ "$ended" -eq 0 ]
}
