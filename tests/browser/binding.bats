# The records of examples/binding in two real browsers and in their directory.

load ../cli/helper

@test "records: what is changed in a page or the directory is everywhere" {
	cp -r "$ROOT/examples/binding/." .
	serve --root public --routes routes
	timeout 300 python3 "$BATS_TEST_DIRNAME/binding.py" "$url" ||
		{ cat err; false; }
	run cat err
	[ -z "$output" ] || { echo "$output"; false; }
	kill -TERM "$server"
	ended "$server"
	[ "$ended" -eq 0 ]
}
