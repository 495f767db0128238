# What the tests of chwork share: scripts for it, and what it says.

# script NAME: a shell script whose text is standard input.
script() {
	{ echo '#!/bin/bash'; cat; } > "$1"
	chmod +x "$1"
}

# work ROUTE...: a chwork that works by these; its id is in $worker
work() {
	local route args=()
	for route; do args+=(-r "$route"); done
	start chwork "${args[@]}"
	worker=$pid
}

# taken N CHANNEL...: N messages from there, one a line, in $output
taken() {
	run timeout 60 chrecv -t 30 -c "$@"
	[ "$status" -eq 0 ] || { cat err; return 1; }
}

# log_says TEXT: returns when the log of what was started last, or of $worker,
# has it.
log_says() {
	timeout 60 grep -qm1 -- "$1" \
		<(tail -n +1 -F --pid="${worker:-$pid}" err 2> tail.err)
}
