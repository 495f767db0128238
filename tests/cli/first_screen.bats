# What the README's first screen shows. Each command there is the name of a test
# here, and does what its comment promises.

load helper

@test "the first screen holds no other commands" {
	sed -n '/^## Try it/,/^## /s/^    \$ \(.*[^ ]\) *$/\1/p' "$ROOT/README.md" |
		sed 's/   *#.*//' > commands
	sed -n 's/^@test "\(.*\)" {$/\1/p' "$BATS_TEST_FILENAME" |
		sed 's/\\\([\\"$]\)/\1/g' > tests
	run grep -vxFf tests commands
	[ -z "$output" ]
	[ "$(wc -l < commands)" -ge 9 ]
}

# demo: what `make demo` runs once it has built; $lines of its output, $url
demo() {
	watch_fifo said
	START_OUT=said start "$ROOT/packaging/demo" "$CH_BIN"
	demo_pid=$pid
	paste=()
	until [[ ${line:-} == Ctrl-C* ]]; do
		next_line "$fd"
		case $line in
		*" at http://"*) url=${line##* } ;;
		export* | ch*) paste+=("$line") ;;
		esac
	done
}

@test "git clone … chutils && cd chutils && make demo" {
	demo
	[[ $url == http://127.0.0.1:*/ ]]
	curl -sSf --max-time 30 "$url" | grep -qi '<script'
	[ "${#paste[@]}" -eq 3 ]
	kill -TERM "$demo_pid"
	ended "$demo_pid"
	[ "$ended" -eq 0 ]
	refute curl -s --max-time 30 "$url"
}

# On a terminal Ctrl-C tells the server as well, which may be gone at once.
@test "Ctrl-C ends make demo without a word" {
	watch_fifo said
	mkfifo keys
	script -qefc "'$ROOT/packaging/demo' '$CH_BIN'" /dev/null < keys > said &
	demo_pid=$!
	STARTED+=("$demo_pid")
	exec {keys}> keys
	until [[ ${line:-} == Ctrl-C* ]]; do next_line "$fd"; done
	printf '\3' >&"$keys"
	ended "$demo_pid"
	[ "$ended" -eq 0 ]
}

@test "export PATH=\$PWD/build/release/bin:\$PATH" {
	demo
	[[ ${paste[0]} == 'export PATH='*':$PATH' ]]
	env PATH=/usr/bin:/bin bash -c "${paste[0]}; command -v chsend" > where
	[ "$(< where)" = "$CH_BIN/chsend" ]
	[ "${paste[1]}" = "chtail chat" ]
	[ "${paste[2]}" = "chsend -g chat text=hello" ]
	kill -TERM "$demo_pid"
	ended "$demo_pid"
}

# members GROUP N: returns once the group has N members
members() {
	local i
	for ((i = 0; i < 600; i++)); do
		[[ $(chgroup count "$1") != "$2" ]] || return 0
		chrecv -t 0.05 ch-nothing || true
	done
	return 1
}

@test "chtail chat" {
	watch_fifo seen
	START_OUT=seen start chtail chat
	members chat 1
	chsend -g chat text=one
	next_line "$fd"
	[ "$line" = '{"text":"one"}' ]
	[[ $(< err) == *"watching chat, 0 other members" ]]
}

@test "chsend -g chat text=\"hello from \$(hostname)\"" {
	watch_fifo seen
	START_OUT=seen start chtail chat
	members chat 1
	chsend -g chat text="hello from $(uname -n)"
	next_line "$fd"
	[ "$line" = "{\"text\":\"hello from $(uname -n)\"}" ]
}

@test "chsend jobs file=a.jpg width:=640" {
	run -0 chsend jobs file=a.jpg width:=640
	[ -z "$output" ]
	[ "$(pending jobs)" -eq 1 ]
}

@test "chrecv -c 1 jobs" {
	chsend jobs file=a.jpg width:=640
	run -0 chrecv -c 1 jobs
	[ "$output" = '{"file":"a.jpg","width":640}' ]
}

@test "chrecv jobs | ./worker" {
	local i
	printf '%s\n' '#!/bin/sh' 'while read -r job; do echo "$job"; done' \
		> worker
	chmod +x worker
	for i in {1..10}; do
		START_OUT=done.$i start setsid sh -c 'chrecv jobs | ./worker'
		pools+=("$pid")
	done
	waiting jobs 10
	send_numbers jobs 1 200
	for ((i = 0; i < 600; i++)); do
		[ "$(cat done.* | wc -l)" -lt 200 ] || break
		chrecv -t 0.05 ch-nothing || true
	done
	for pid in "${pools[@]}"; do kill -TERM -- "-$pid"; done
	[ "$(cat done.* | sort | uniq | wc -l)" -eq 200 ]
	[ "$(cat done.* | wc -l)" -eq 200 ]
}

@test "tail -F app.log | chsend --raw -g log" {
	watch_fifo seen
	START_OUT=seen start chtail log
	members log 1
	echo "first line" > app.log
	start setsid sh -c 'tail -F app.log | chsend --raw -g log'
	next_line "$fd"
	[ "$line" = '{"text":"first line"}' ]
	echo 'and "another"' >> app.log
	next_line "$fd"
	[ "$line" = '{"text":"and \"another\""}' ]
	kill -TERM -- "-$pid"
}

@test "chsend -C -t 2 add a:=1 b:=2" {
	start setsid sh -c 'chrecv add | jq -c --unbuffered \
		"{channel: .reply_channel, message: {sum: (.a + .b)}}" |
		chsend -e'
	waiting add 1
	chsend -C -t 60 add a:=0 b:=0
	run -0 chsend -C -t 2 add a:=1 b:=2
	[ "$output" = '{"sum":3}' ]
	kill -TERM -- "-$pid"
}

@test "chstat" {
	send_numbers jobs 1 3
	start chrecv idle
	waiting idle 1
	run -0 chstat
	[[ ${lines[0]} == *"$CHANNELS_URL"* ]]
	[[ $output == *jobs*3* ]]
	[[ $output == *idle*1* ]]
}
