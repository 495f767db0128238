# A browser's script that has the server stopped, and started where it was.

# restarting SCRIPT OPTION...: serves with these options, and runs the script
# with the address. It writes `stop` and then `start` to descriptor 3, and reads
# a line from descriptor 4 when that is done.
restarting() {
	local script=$1 step asked answer
	shift
	serve "$@"
	mkfifo ask answer
	timeout 300 python3 "$BATS_TEST_DIRNAME/$script" "$url" \
		3<> ask 4<> answer > said 2>&1 &
	script=$!
	STARTED+=("$script")
	exec {asked}<> ask {answer}<> answer
	for step in stop start; do
		if ! next_line "$asked" || [ "$line" != "$step" ]; then
			cat said
			return 1
		fi
		if [ "$step" = stop ]; then
			kill -TERM "$server"
			ended "$server"
		else
			line=${url#http://}
			serve_with -l "${line%/}" "$@"
		fi
		echo "done" >&"$answer"
	done
	ended "$script"
	[ "$ended" -eq 0 ] || { cat said; false; }
}
