# What the tests of the programs share: a store for each test, the programs of
# this build first in PATH, and ways to wait that are not sleep.

# No test takes so long but one that hangs.
export BATS_TEST_TIMEOUT=${BATS_TEST_TIMEOUT:-180}

bats_require_minimum_version 1.5.0

ROOT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
export ROOT
export CH_BIN=${CH_BIN:-$ROOT/build/release/bin}
export PATH=$CH_BIN:$PATH
export LC_ALL=C.UTF-8 TZ=UTC
unset NO_COLOR POSIXLY_CORRECT CLICOLOR_FORCE

# A file that needs more calls ch_setup and ch_teardown from its own.
setup() { ch_setup; }
teardown() { ch_teardown; }

ch_setup() {
	export CHANNELS_URL=$BATS_TEST_TMPDIR/store
	cd "$BATS_TEST_TMPDIR" || return
	STARTED=()
}

# Ends what the test started, by its own ids only.
ch_teardown() {
	local pid
	for pid in "${STARTED[@]}"; do
		kill -CONT "$pid" 2> /dev/null || true
		kill -KILL "$pid" 2> /dev/null || true
		wait "$pid" 2> /dev/null || true
	done
}

# start COMMAND...: in the background; its id is in $pid. What it writes goes to
# files named out and err, or where the caller's START_OUT and START_ERR say.
start() {
	"$@" <&0 > "${START_OUT:-out}" 2> "${START_ERR:-err}" 3>&- &
	pid=$!
	STARTED+=("$pid")
}

# watch_fifo NAME: a fifo NAME; what is written to it can be read from $fd. It
# is held open at both ends, so no open of it ever blocks.
watch_fifo() {
	mkfifo "$1"
	exec {fd}<> "$1"
}

# next_line FD: the next line that comes, in $line; fails after a minute.
next_line() {
	IFS= read -r -t 60 -u "$1" line
}

# serve_by COMMAND...: it becomes a chserve; $url, its first address, $server,
# its id, and $fd, what it says on standard output
serve_by() {
	rm -f ready
	watch_fifo ready
	START_OUT=ready start "$@"
	server=$pid
	next_line "$fd" || { cat "${START_ERR:-err}"; return 1; }
	url=${line#chserve: listening on }
}

# serve_with OPTION...: the same, of chserve itself
serve_with() {
	serve_by chserve "$@"
}

# serve OPTION...: the same on a free port
serve() {
	serve_with -l 127.0.0.1:0 "$@"
}

# ended PID: waits until it has ended (a minute at most); its status is $ended.
ended() {
	timeout 60 tail --pid="$1" -f /dev/null || return
	ended=0
	wait "$1" || ended=$?
}

# refute COMMAND...: it must fail.
refute() {
	if "$@"; then return 1; fi
}

# has_line TEXT: one line of $output is exactly this.
has_line() {
	local l
	for l in "${lines[@]}"; do [[ $l != "$1" ]] || return 0; done
	printf 'no line: %s\nin: %s\n' "$1" "$output"
	return 1
}

# pending CHANNEL: how many messages wait there.
pending() {
	chstat --json "$1" | jq -r 'select(.channel) | .pending'
}

# waiting CHANNEL N: returns once N receivers sleep there. Each look lasts as
# long as a receive that nothing answers.
waiting() {
	local i
	for ((i = 0; i < 600; i++)); do
		[[ $(chstat --json "$1" | jq -r .waiting) != "$2" ]] || return 0
		chrecv -t 0.05 ch-helper-nothing || true
	done
	return 1
}

# send_numbers CHANNEL FROM TO
send_numbers() {
	seq -f '{"n":%.0f}' "$2" "$3" | chsend "$1"
}

# on_terminal COMMAND: what the shell command writes to a terminal of its own.
on_terminal() {
	script -qec "$1" /dev/null < /dev/null | tr -d '\r'
}
