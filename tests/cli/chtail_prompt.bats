# chtail -i: a prompt below what arrives, in a terminal that is tmux; and lines
# of standard input where there is none.

load helper

setup() {
	ch_setup
	unset XDG_STATE_HOME
	export HOME=$PWD
	# the name of a socket has to be short
	short=$(mktemp -d "${TMPDIR:-/tmp}/ch-XXXXXX")
}

teardown() {
	tm kill-server 2> /dev/null || true
	ch_teardown
	rm -rf "$short"
}

tm() {
	tmux -S "$short/s" -f /dev/null "$@"
}

# screen COMMAND: runs it in a shell with job control, on a terminal of 60
# columns, and waits for its prompt
screen() {
	tm new-session -d -x 60 -y 20 "env PS1='$ ' ENV= bash --norc --noediting"
	keys "$1" Enter
	shows 'chat>'
}

keys() {
	tm send-keys "$@"
}

# shown: what the terminal shows, without the lines that are empty
shown() {
	tm capture-pane -p | sed '/^ *$/d'
}

# shows REGEX: waits until the end of what is shown matches
shows() {
	local i want=${1//'{"'/'\{"'}
	for ((i = 0; i < 600; i++)); do
		output=$(shown)
		! perl -0777 -ne 'BEGIN { $want = shift }
			exit !/$want\n?\z/' "$want" <<< "$output" || return 0
		chrecv -t 0.05 ch-nothing || true
	done
	printf 'want: %s\nshown:\n%s\n' "$1" "$output"
	return 1
}

@test "what arrives scrolls above the line that is being typed" {
	screen 'chtail -i chat'
	keys 'half a'
	shows 'chat> half a'
	chsend -g chat text=one
	shows '\n{"text": "one"}\nchat> half a'
	chsend -g chat text=two
	keys ' line'
	shows '"one"}\n{"text": "two"}\nchat> half a line'
	keys Home 'in '
	chsend -g chat text=three
	shows '"two"}\n{"text": "three"}\nchat> in half a line'
}

@test "a line is sent, and what comes of it is there once" {
	watch_fifo seen
	START_OUT=seen start chtail chat
	screen 'chtail -i chat'
	keys 'h\"i ñ' Enter
	next_line "$fd"
	[ "$line" = '{"text":"h\\\"i ñ"}' ]
	shows 'member\n{"text": "h\\\\\\"i ñ"}\nchat>'
	keys '//slash' Enter
	shows '\n{"text": "/slash"}\nchat>'
	keys '/json {"n":1}' Enter
	shows '\n{"n": 1}\nchat>'
	keys '/json {"n"' Enter
	shows '\n{"n": 1}\nchtail: 1:5: .*\nchat>'
	keys '/nonsense' Enter
	shows '\nchtail: no command /nonsense; /help lists them\nchat>'
}

@test "what is typed is UTF-8, whatever the locale" {
	screen 'LC_ALL=C chtail -i chat'
	keys 'ñandú 日本'
	shows 'chat> ñandú 日本'
	keys BSpace BSpace BSpace x Enter
	shows 'members\n{"text": "ñandúx"}\nchat>'
}

@test "-F and -T show messages as without a prompt" {
	screen "chtail -i -T -F '<{name}> {text}' chat"
	chsend -g chat name=ann text=hello
	shows '\n[0-9:]{8} <ann> hello\nchat>'
}

@test "a line longer than the terminal, and another width" {
	screen 'chtail -i chat'
	long=$(printf 'word%.0s ' {1..20})
	keys "$long"
	shows 'word'
	chsend -g chat text=above
	shows '\n{"text": "above"}\nchat> (word ?){11}\n( ?word)+'
	tm resize-window -x 40 -y 20
	shows 'chat> [word ]{34}\n[word ]+\n[word ]+'
	chsend -g chat text=again
	shows '\n{"text": "again"}\nchat> [word ]{34}\n[word ]+\n[word ]+'
	keys Enter
	shows '\n[^\n]*word *"}\nchat>'
}

@test "/join, /leave, /who and their prompts" {
	chgroup add chat somebody
	screen 'chtail -i chat'
	keys '/who' Enter
	shows '\nchat: 2 members\n(  somebody\n)?  chtail\.\w+!0 \(this\)\n(  somebody\n)?chat>'
	keys '/join side' Enter
	shows '\nchtail: watching side, 0 other members\nside>'
	keys hello Enter
	shows '\nside: {"text": "hello"}\nside>'
	chsend -g chat text=both
	shows '\nchat: {"text": "both"}\nside>'
	keys '/who nobody' Enter
	shows '\nnobody: 0 members\nside>'
	keys /leave Enter
	shows '\nchat> *'
	[ "$(chgroup count side)" -eq 0 ]
	keys '/leave side' Enter
	shows '\nchtail: side is not watched\nchat>'
	keys '/join chat!' Enter
	shows '\nchtail: .*\nchat>'
	keys '/leave chat' Enter
	shows '\n>'
	keys nowhere Enter
	shows '\nchtail: nothing is watched to send to: /join one\n>'
	keys '/join chat' Enter
	shows '\nchtail: watching chat, 1 other member\nchat>'
}

@test "Tab completes commands, groups, members and channels" {
	chgroup add lounge somebody-here
	chgroup add chat somebody-there
	chsend jobs.new n:=1
	screen 'chtail -i chat'
	keys /j Tab
	shows 'chat> /j'
	keys o Tab lo Tab
	shows 'chat> /join lounge'
	keys C-u /le Tab c Tab
	shows 'chat> /leave chat'
	keys C-u '/to some' Tab
	shows 'chat> /to somebody-there'
	keys C-u '/to jo' Tab 'a b' Enter
	shows 'chat>'
	run -0 chrecv -c 2 -t 60 jobs.new
	[ "${lines[1]}" = '{"text":"a b"}' ]
	keys 'see lou' Tab
	shows 'chat> see lounge'
}

@test "/help names every command, and Tab twice too" {
	screen 'chtail -i chat'
	keys /help Enter
	shows '/quit .*\nAny other line is sent .*\n(.*\n)?chat>'
	for command in join leave who to json help; do
		[[ $output == *"  /$command"* ]]
	done
	keys / Tab Tab
	shows '/help +/join +/json +/leave +/quit +/to +/who *\nchat> /'
}

@test "Ctrl-C clears the line, then ends; Ctrl-D and /quit end" {
	screen 'chtail -i chat'
	keys 'not this'
	shows 'chat> not this'
	keys C-c
	shows '\nchat>'
	keys C-c
	shows '\n\$'
	keys 'echo $?' Enter
	shows '\n130\n\$'
	[ "$(chgroup count chat)" -eq 0 ]
	keys clear Enter 'chtail -i chat; echo is $?' Enter
	shows 'chat>'
	keys C-d
	shows '\nis 0\n\$'
	keys clear Enter 'chtail -i chat; echo is $?' Enter
	shows 'chat>'
	keys /quit Enter
	shows '\nis 0\n\$'
	keys 'echo typed' Enter
	shows '\$ echo typed\ntyped\n\$'
}

@test "Ctrl-Z stops it, and fg brings the line back" {
	screen 'chtail -i chat'
	keys 'half a'
	shows 'chat> half a'
	keys C-z
	shows 'Stopped.*\n\$'
	chsend -g chat text=meanwhile
	keys fg Enter
	shows '\n{"text": "meanwhile"}\nchat> half a'
	keys ' line' Enter
	shows '\n{"text": "half a line"}\nchat>'
}

@test "a paste is sent line by line when Enter is pressed, none a command" {
	screen 'chtail -i chat'
	tm set-buffer $'one\n/quit\n\n two\n'
	tm paste-buffer -p
	shows 'chat> one\n/quit\n two'
	chsend -g chat text=before
	shows '"before"}\nchat> one\n/quit\n two'
	keys Enter
	shows '"before"}\n{"text": "one"}\n{"text": "/quit"}\n{"text": " two"}\nchat>'
}

@test "TERM=dumb: one row, that scrolls; a paste is typed" {
	screen 'TERM=dumb chtail -i chat'
	keys 'half a'
	shows 'chat> half a'
	chsend -g chat text=one
	shows '\n{"text": "one"}\nchat> half a'
	keys ' line' Enter
	shows '\n{"text": "one"}\n{"text": "half a line"}\nchat>'
	tm set-buffer $'two\nthree\n'
	tm paste-buffer -p
	shows '\n{"text": "two"}\n{"text": "three"}\nchat>'
}

@test "the history is a file that its owner reads, and bounded" {
	screen 'chtail -i chat'
	keys one Enter two Enter two Enter ' not kept' Enter
	shows 'not kept"}\nchat>'
	keys Up
	shows 'chat> two'
	keys Up
	shows 'chat> one'
	keys C-c
	shows '\nchat>'
	keys C-c
	shows '\n\$'
	file=.local/state/chutils/chtail_history
	[ "$(stat -c %a "$file")" = 600 ]
	[ "$(< "$file")" = $'one\ntwo' ]
	seq 2000 > "$file"
	keys 'XDG_STATE_HOME= chtail -i chat' Enter
	shows 'chat>'
	keys Up
	shows 'chat> 2000'
	[ "$(wc -l < "$file")" -eq 1000 ]
	keys C-c
	shows '\nchat>'
	keys C-c
	shows '\n\$'
	mkdir other
	keys "XDG_STATE_HOME=$PWD/other chtail -i chat" Enter
	shows 'chat>'
	[ -e other/chutils/chtail_history ]
}

@test "a message cannot command the terminal" {
	screen 'chtail -i --raw chat'
	chsend -g chat '{"text":"a\u001b[2Jb\u009bc"}'
	shows '\na\^\[\[2Jb\\u009bc\nchat>'
}

@test "--channel: what is typed goes to the channel, and is taken by others" {
	screen 'chtail -i --channel chat'
	keys hello Enter
	shows '\n{"text": "hello"}\nchat>'
	run -0 chrecv -c 1 -t 60 chat
	[ "$output" = '{"text":"hello"}' ]
	keys '/join other' Enter
	shows '\nchtail: watching other\nother>'
	keys there Enter
	shows '\nother: {"text": "there"}\nother>'
	chsend chat n:=1
	shows '\nchat: {"n": 1}\nother>'
	keys /leave Enter
	shows '\nchat>'
	chsend other n:=2
	chsend chat n:=3
	shows '\nchat: {"n": 1}\n{"n": 3}\nchat>'
}

@test "SIGTERM leaves the terminal as it was" {
	screen 'chtail -i chat'
	keys 'half a'
	shows 'chat> half a'
	kill -TERM "$(pgrep -P "$(tm display -p '#{pane_pid}')" -x chtail)"
	shows 'Terminated.*\n\$'
	keys 'echo typed' Enter
	shows '\$ echo typed\ntyped\n\$'
}

# --- without a terminal ------------------------------------------------------

@test "lines of standard input are done, what arrives is printed" {
	printf '%s\n' hello '//x' '' '/json {"n":1}' '/to other hi' > lines
	run -0 chtail -q -i chat < lines
	[ "$output" = $'{"text":"hello"}\n{"text":"/x"}\n{"n":1}' ]
	[ "$(chrecv --no-wait other)" = '{"text":"hi"}' ]
	printf '/quit\nno' > lines
	run -0 chtail -q -i chat < lines
	[ -z "$output" ]
	run -0 --separate-stderr chtail -i chat <<< /who
	[ -z "$output" ]
	[[ $stderr == *'chat: 1 member'$'\n''  chtail.'*'!0 (this)' ]]
}

@test "the status is that of the first line that failed" {
	run -65 --separate-stderr chtail -v -i chat \
		< <(printf '/json x\n/nonsense\n\377\nfine\n')
	[ "$output" = '{"text":"fine"}' ]
	[ "$(grep -v 'sent to' <<< "$stderr")" = "chtail: store: $CHANNELS_URL
chtail: watching chat, 0 other members
chtail: 1:1: not an object
chtail: no command /nonsense; /help lists them
chtail: not UTF-8 from byte 1 on" ]
	run -64 chtail -q -i chat <<< /nonsense
	run -1 chtail -q -i chat <<< '/leave none'
	head -c 1100000 /dev/zero | tr '\0' x > long
	run -65 chtail -q -i chat < long
}

@test "it prints while nothing is typed, -c and -t end it" {
	mkfifo typed
	exec {typed}<> typed
	watch_fifo seen
	START_OUT=seen start chtail -q -i -c 2 chat <&"$typed"
	echo first >&"$typed"
	next_line "$fd"
	[ "$line" = '{"text":"first"}' ]
	chsend -g chat n:=2 n:=3
	next_line "$fd"
	[ "$line" = '{"n":"2","n":"3"}' ] || [ "$line" = '{"n":2,"n":3}' ]
	ended "$pid"
	[ "$ended" -eq 0 ]
	run -124 chtail -q -i -t 0.1 chat <&"$typed"
}

@test "it ends when its downstream does" {
	mkfifo typed said
	exec {typed}<> typed {said}<> said
	START_ERR=said start sh -c 'chtail -i chat | head -n 1 > first' \
		<&"$typed"
	next_line "$said"
	echo one >&"$typed"
	ended "$pid"
	[ "$(< first)" = '{"text":"one"}' ]
}
