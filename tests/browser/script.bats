# chutils.js in a real browser: it comes back, it has streams.

load ../cli/helper
load restart

@test "chutils.js: sending, streams, how it ends, and back after a restart" {
	mkdir public
	cat > public/index.html <<-'END'
		<!DOCTYPE html><title>script</title><link rel="icon" href="data:,">
		<script src="/chutils.js"></script>
	END
	echo '<!DOCTYPE html><title>other</title>' > public/other.html
	restarting script.py --root public
}
