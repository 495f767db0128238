# chtail: groups and channels, live.

load helper

# tail_on ARGUMENTS...: a chtail that watches already; its lines come on $fd.
tail_on() {
	watch_fifo seen
	mkfifo said
	exec {said}<> said
	START_OUT=seen START_ERR=said start chtail "$@"
	next_line "$said"
}

@test "it says what it watches, and who else is there" {
	tail_on chat
	[ "$line" = 'chtail: watching chat, 0 other members' ]
	chgroup add chat a
	run -124 chtail -t 0.1 chat
	[ "$output" = 'chtail: watching chat, 2 other members' ]
	run -124 chtail -q -t 0.1 chat
	[ "$output" = '' ]
	chgroup add one a
	run -124 chtail -t 0.1 one
	[ "$output" = 'chtail: watching one, 1 other member' ]
}

@test "it shows what is sent to the group, as it comes" {
	tail_on chat
	chsend -g chat text=one
	next_line "$fd"
	[ "$line" = '{"text":"one"}' ]
	chsend -g chat '{ "n" : 1.0 }'
	next_line "$fd"
	[ "$line" = '{ "n" : 1.0 }' ]
}

@test "-c ends with 0, -t with 124" {
	tail_on -c 2 chat
	chsend -g chat '{"n":1}' '{"n":2}' '{"n":3}'
	ended "$pid"
	[ "$ended" -eq 0 ]
	run -124 chtail -q -t 0.1 chat
}

@test "it leaves its groups when it ends, however it ends" {
	tail_on chat
	[ "$(chgroup count chat)" -eq 1 ]
	kill -KILL "$pid"
	ended "$pid" || true
	[ "$(chgroup count chat)" -eq 0 ]
	run -124 chtail -t 0.1 chat
	[ "$(chgroup count chat)" -eq 0 ]
}

@test "several groups, one pipe: -e tells them apart" {
	tail_on -e chat log
	[ "$line" = 'chtail: watching chat, 0 other members' ]
	next_line "$said"
	[ "$line" = 'chtail: watching log, 0 other members' ]
	chsend -g log n:=1
	next_line "$fd"
	[ "$line" = '{"group":"log","message":{"n":1}}' ]
	chsend -g chat n:=2
	next_line "$fd"
	[ "$line" = '{"group":"chat","message":{"n":2}}' ]
}

@test "what chtail -e prints, chsend -e takes" {
	chgroup add copy member
	tail_on -e chat
	chsend -g chat n:=1
	next_line "$fd"
	chsend -e <<< "${line/chat/copy}"
	[ "$(chrecv --no-wait member)" = '{"n":1}' ]
}

@test "a glob means the groups there are" {
	chgroup add chat a
	chgroup add chat-x a
	chgroup add log a
	tail_on 'chat*' chat
	[ "$line" = 'chtail: watching chat, 1 other member' ]
	next_line "$said"
	[ "$line" = 'chtail: watching chat-x, 1 other member' ]
	chsend -g log n:=1
	chsend -g chat n:=2
	next_line "$fd"
	[ "$line" = '{"n":2}' ]
	chsend -g chat-x n:=3
	next_line "$fd"
	[ "$line" = '{"n":3}' ]
	run -1 chtail -t 10 'none*'
	[ "$output" = 'chtail: no group matches none*' ]
}

@test "--raw and -F show what chrecv shows" {
	tail_on --raw chat
	chsend -g chat text=hello
	next_line "$fd"
	[ "$line" = hello ]
	exec {fd}>&-
	rm seen said
	tail_on -F '{@group}|{@channel}|{user.name}: {text}' chat
	chsend -g chat text=hello 'user:={"name":"ann"}'
	next_line "$fd"
	[ "$line" = 'chat||ann: hello' ]
}

@test "--grep passes on what matches, and -c counts that" {
	tail_on -c 1 --grep '^\{"text":"(err|warn).*' chat
	chsend -g chat text=fine
	chsend -g chat text=error
	next_line "$fd"
	[ "$line" = '{"text":"error"}' ]
	ended "$pid"
	run -64 chtail --grep '(' chat
	[[ ${lines[0]} == "chtail: --grep: '(': "* ]]
}

@test "--grep with --field looks at that alone" {
	tail_on --field user.name --grep '^ann$' chat
	chsend -g chat text=ann 'user:={"name":"bob"}'
	chsend -g chat text=ann
	chsend -g chat text=bob 'user:={"name":"ann"}'
	next_line "$fd"
	[ "$line" = '{"text":"bob","user":{"name":"ann"}}' ]
}

@test "--field without --grep shows the field alone" {
	tail_on --field user.name chat
	chsend -g chat 'user:={"name":"ann"}'
	next_line "$fd"
	[ "$line" = ann ]
	run -64 chtail --field a --raw chat
}

@test "--channel watches channels and takes nothing" {
	chsend jobs n:=0
	tail_on --channel jobs
	[ "$line" = 'chtail: watching jobs' ]
	chsend jobs n:=1
	next_line "$fd"
	[ "$line" = '{"n":1}' ]
	run -0 chrecv --no-wait jobs
	[ "$output" = $'{"n":0}\n{"n":1}' ]
}

@test "--channel takes globs, and -e shows the channel" {
	tail_on --channel -e 'task.*'
	chsend task.a n:=1
	next_line "$fd"
	[ "$line" = '{"channel":"task.a","message":{"n":1}}' ]
	chsend task.b n:=2
	next_line "$fd"
	[ "$line" = '{"channel":"task.b","message":{"n":2}}' ]
}

@test "--channel with a glob sees new channels from their first message" {
	mkfifo said
	exec {said}<> said
	START_ERR=said start chtail --channel -c 2000 'task.*'
	next_line "$said"
	for ((i = 0; i < 20; i++)); do
		send_numbers "task.$i" 1 100
	done
	ended "$pid"
	[ "$ended" -eq 0 ]
}

@test "-f is taken; what is not there is not" {
	run -124 chtail -q -f -t 0.1 chat
	for option in -n3 --lines=3 --since=10m; do
		run -64 chtail "$option" -t 0.1 chat
		[[ ${lines[0]} == 'chtail: unknown option '* ]]
	done
	run -64 chtail
	[ "${lines[0]}" = 'chtail: no GROUP to watch' ]
}

@test "it ends when its downstream ends, also while idle" {
	mkfifo pipe
	timeout 60 head -n 1 pipe > first &
	head=$!
	mkfifo said
	exec {said}<> said
	START_OUT=pipe START_ERR=said start chtail chat
	next_line "$said"
	chsend -g chat n:=1
	wait "$head"
	ended "$pid"
	[ "$ended" -eq 141 ]
	[ "$(< first)" = '{"n":1}' ]
}

@test "an idle chtail makes no system call" {
	tail_on chat
	timeout 3 strace -f -p "$pid" -o trace || [ $? -eq 124 ]
	[ "$(grep -vcE 'resumed|SIG|exited|detached' trace)" -le 1 ]
}

# --- terminals --------------------------------------------------------------

# seen_on_terminal ENVIRONMENT ARGUMENTS...: what a chtail on a terminal showed
# of one message to chat.
seen_on_terminal() {
	local environment=$1
	shift
	rm -f said
	mkfifo said
	exec {said}<> said
	script -qec "exec env $environment chtail -c 1 $* 2> said" /dev/null \
		< /dev/null > shown 3>&- &
	STARTED+=("$!")
	next_line "$said"
	chsend -g chat '{"text":"hi","n":1}'
	wait "$!" || return
	output=$(tr -d '\r' < shown)
}

@test "on a terminal JSON is pretty and coloured" {
	seen_on_terminal TERM=xterm chat
	[ "$output" = $'{\e[1;34m"text"\e[0m: \e[32m"hi"\e[0m, \e[1;34m"n"\e[0m: \e[36m1\e[0m}' ]
}

@test "NO_COLOR, TERM=dumb and --color=never: no colour" {
	for environment in 'TERM=xterm NO_COLOR=1' TERM=dumb TERM=; do
		seen_on_terminal "$environment" chat
		[ "$output" = '{"text": "hi", "n": 1}' ]
	done
	seen_on_terminal TERM=xterm --color=never chat
	[ "$output" = '{"text": "hi", "n": 1}' ]
	seen_on_terminal 'TERM=xterm NO_COLOR=' chat
	[[ $output == *$'\e['* ]]
}

@test "--color=always colours a pipe as well" {
	tail_on --color=always chat
	chsend -g chat n:=1
	next_line "$fd"
	[[ $line == *$'\e['* ]]
	run -64 chtail --color=sometimes chat
	[[ ${lines[0]} == *'auto|always|never'* ]]
}

@test "several groups have prefixes on a terminal, coloured if anything is" {
	seen_on_terminal 'TERM=xterm' chat log
	[[ $output == $'\e['*'mchat:'$'\e[0m {'* ]]
	seen_on_terminal 'TERM=dumb' chat log
	[ "$output" = 'chat: {"text": "hi", "n": 1}' ]
}

@test "-T puts times first, on a terminal" {
	seen_on_terminal TERM=dumb -T chat
	[[ $output =~ ^[0-9]{2}:[0-9]{2}:[0-9]{2}\ \{\"text\" ]]
	seen_on_terminal TERM=dumb -T%Y/%j chat
	[[ $output =~ ^[0-9]{4}/[0-9]{3}\ \{\"text\" ]]
	seen_on_terminal TERM=dumb --timestamps=%Y chat
	[[ $output =~ ^[0-9]{4}\ \{\"text\" ]]
}

@test "piped output is clean NDJSON, with -T too" {
	watch_fifo clean
	START_OUT=clean START_ERR=note start chtail -T -c 1 chat log
	waiting 'chtail.*' 1
	chsend -g chat '{"n":1}'
	next_line "$fd"
	[ "$line" = '{"n":1}' ]
	grep -q 'no terminal, no times' note
}
