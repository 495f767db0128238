# The records of examples/binding in two real browsers and in their directory.

load ../cli/helper
load restart

@test "records: what is changed in a page or the directory is everywhere" {
	cp -r "$ROOT/examples/binding/." .
	restarting binding.py --root public --routes routes
	run cat err
	[ -z "$output" ] || { echo "$output"; false; }
	kill -TERM "$server"
	ended "$server"
	[ "$ended" -eq 0 ]
}
