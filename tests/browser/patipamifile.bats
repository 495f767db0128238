# examples/patipamifile: two users in two real browsers.

load ../cli/helper
load restart

@test "PatiPamiFile: boxes and files appear live, in English and Spanish" {
	cp -r "$ROOT/examples/patipamifile/." .
	mkdir boxes
	for name in ann bob; do
		echo "secret of $name" | chsession passwd -q -f users "$name"
	done
	printf 'some text\n' > 'a <b>file.txt'
	restarting patipamifile.py --root public --routes routes --sessions
	run cat err
	[ -z "$output" ] || { echo "$output"; false; }
}
