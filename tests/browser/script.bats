# chutils.js in a real browser: it comes back, it has streams.

load ../cli/helper

# again: chserve where it was before
again() {
	local where=${url#http://}
	serve_with -l "${where%/}" --root public
}

@test "chutils.js: sending, streams, how it ends, and back after a restart" {
	mkdir public
	cat > public/index.html <<-'END'
		<!DOCTYPE html><title>script</title><link rel="icon" href="data:,">
		<script src="/chutils.js"></script>
	END
	serve --root public
	# it asks for a server that is gone, and one that is there again
	mkfifo ask answer
	timeout 300 python3 "$BATS_TEST_DIRNAME/script.py" "$url" \
		3<> ask 4<> answer > asked 2>&1 &
	script=$!
	STARTED+=("$script")
	exec {asked}<> ask {answer}<> answer
	for step in stop start; do
		next_line "$asked" || { cat asked; false; }
		[ "$line" = "$step" ] || { cat asked; false; }
		if [ "$step" = stop ]; then
			kill -TERM "$server"
			ended "$server"
		else
			again
		fi
		echo "done" >&"$answer"
	done
	ended "$script"
	[ "$ended" -eq 0 ] || { cat asked; false; }
}
