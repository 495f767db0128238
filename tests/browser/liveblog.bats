# The live blog in two real browsers: an author's, and a reader's.

load ../cli/helper
load restart

@test "a live blog: what an author posts appears to a reader, restarts or not" {
	cp -r "$ROOT/examples/liveblog/." .
	chsession passwd -q -f users ann <<< 'secret of ann'
	restarting liveblog.py --root public --routes routes --sessions
	run cat err
	[ -z "$output" ] || { echo "$output"; false; }
}
