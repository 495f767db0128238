# The call in two real browsers, which talk past the server.

load ../cli/helper
load restart

@test "a call: two browsers find each other, and again after a restart" {
	restarting call.py --root "$ROOT/examples/call/public" \
		--routes "$ROOT/examples/call/routes"
	run cat err
	[ -z "$output" ] || { echo "$output"; false; }
}
