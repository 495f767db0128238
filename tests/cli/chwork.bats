#!/usr/bin/env bats
#
# chwork: routes, exec, stream, order, failure, signals.

load helper
load worker

# routes LINE...: the routes file.
routes() {
	printf '%s\n' "$@" > routes
}

# once ARG...: one run over what is there.
once() {
	run --separate-stderr timeout 60 chwork --once "$@"
}

# said TEXT: standard error of the last run has it.
said() {
	[[ $stderr == *"$1"* ]] && return
	printf 'not said: %s\nbut: %s\n' "$1" "$stderr"
	return 1
}

# --- command line and routes -------------------------------------------------

@test "without routes: 64, and the usage" {
	run chwork
	[ "$status" -eq 64 ]
	[[ $output == *"no routes"* ]]
}

@test "--takes says whether a route is for that channel" {
	run -0 chwork --takes a.b -r 'a.* drop'
	run -1 chwork --takes b -r 'a.* drop'
	[ -z "$output" ]
	run -78 chwork --takes b -r 'a.* what'
	run -65 chwork --takes '*' -r 'a.* drop'
}

@test "--check of a sound file says nothing, 0" {
	routes '# a comment' 'a path=/x/{y} accept --group x-{y}' 'b drop'
	run chwork --check routes
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	[ ! -e store ]
}

@test "every error is told with file, line and column, 78" {
	routes 'a drop' 'a fly' '' 'a path=/{ drop' 'b exec ./nowhere' \
	    'c path=/{x} accept --group {x}'
	run chwork routes
	[ "$status" -eq 78 ]
	[ "${#lines[@]}" -eq 4 ]
	[[ ${lines[0]} == "chwork: routes:2:3: fly is neither"* ]]
	[[ ${lines[1]} == "chwork: routes:4:3: { without }"* ]]
	[[ ${lines[2]} == "chwork: routes:6:28: a group must not be"* ]]
	[[ ${lines[3]} == "chwork: routes:5:8: ./nowhere: No such file"* ]]
}

@test "commands are looked for at the start" {
	mkdir dir
	touch dir/plain
	printf '%s\n' 'a exec ./nowhere' 'b  exec no-such-command' \
	    "c exec \\" '  ./plain' > dir/routes
	run chwork --check dir/routes
	[ "$status" -eq 78 ]
	[ "${lines[0]}" = "chwork: dir/routes:1:8: ./nowhere: No such file or directory" ]
	[ "${lines[1]}" = "chwork: dir/routes:2:9: no-such-command: not found in PATH" ]
	[ "${lines[2]}" = "chwork: dir/routes:4:3: ./plain: Permission denied" ]
}

@test "an error in -r names it" {
	run chwork -r 'a drop' -r 'b fly'
	[ "$status" -eq 78 ]
	[[ $output == "chwork: -r 2:3: fly "* ]]
}

@test "a routes file that is not there, or has no route: 78" {
	run chwork nowhere
	[ "$status" -eq 78 ]
	[[ $output == "chwork: nowhere: No such file"* ]]
	routes '# nothing'
	run chwork routes
	[ "$status" -eq 78 ]
	[[ $output == *"no route in routes"* ]]
}

@test "--only and --exclude choose routes by their channel" {
	chsend a n:=1
	chsend b n:=2
	once --only 'a*' -r 'a exec cat' -r 'b exec cat'
	[ "$stderr" = 'chwork: cat: {"n":1}' ]
	once --exclude b -r 'a drop' -r 'b exec cat'
	[ "$(pending b)" -eq 1 ]
	run chwork --exclude b -r 'a drop' -r 'b drop' -r '* drop'
	[ "$status" -eq 64 ]
	[[ $output == *"b, which is to be left out, would be taken by"* ]]
	run chwork --only c -r 'a drop'
	[ "$status" -eq 64 ]
}

@test "the first route that matches takes the message, -r before files" {
	routes 'a x=1 exec echo first' 'a exec echo second' 'a exec echo third'
	chsend a x:=1
	chsend a x:=2
	chsend a x:=3
	once -j 1 -r 'a x=3 exec echo option' routes
	[ "$status" -eq 0 ]
	[ "$stderr" = "chwork: echo: first
chwork: echo: second
chwork: echo: option" ]
}

@test "channels may be globs" {
	chsend task.a n:=1
	chsend task.b n:=2
	chsend other n:=3
	once -j 1 -r 'task.* exec printenv CH_CHANNEL'
	[ "$(sort <<< "$stderr")" = "chwork: printenv: task.a
chwork: printenv: task.b" ]
	[ "$(pending other)" -eq 1 ]
}

# --- built-in actions --------------------------------------------------------

@test "accept joins the groups, then accepts" {
	chsend websocket.connect reply_channel='r?1' path=/chat/x
	once -r 'websocket.connect path=/chat/{room} accept --group all --group room-{room}'
	[ "$status" -eq 0 ]
	chgroup has all 'r?1'
	chgroup has room-x 'r?1'
	taken 1 'r?1'
	[ "$output" = '{"accept":true}' ]
}

@test "reject closes, drop does nothing" {
	chsend a reply_channel='r?1' n:=1
	chsend a reply_channel='r?2' n:=2
	once -r 'a n=1 reject' -r 'a drop'
	[ -z "$stderr" ]
	taken 1 'r?1'
	[ "$output" = '{"close":true}' ]
	run chrecv --no-wait 'r?2'
	[ "$status" -eq 1 ]
}

@test "a capture that is no name is no match where it names a group" {
	chsend websocket.connect reply_channel='r?1' path='/chat/a b'
	chsend websocket.connect reply_channel='r?2' path='/chat/.x'
	chsend websocket.connect reply_channel='r?3' path='/chat/x'
	once -r 'websocket.connect path=/chat/{room} accept --group chat-{room}'
	taken 1 'r?1'
	[ "$output" = '{"close":true}' ]
	taken 1 'r?2'
	[ "$output" = '{"close":true}' ]
	taken 1 'r?3'
	[ "$output" = '{"accept":true}' ]
	[ "$(chgroup list)" = chat-x ]
}

@test "a connection that no route takes is rejected, said once for a path" {
	for i in 1 2 3; do
		chsend websocket.connect reply_channel="r?$i" path=/nowhere
	done
	once -r 'websocket.connect path=/ accept'
	[ "$stderr" = "chwork: websocket.connect: /nowhere: no route takes it: rejected" ]
	taken 1 'r?3'
	[ "$output" = '{"close":true}' ]
}

@test "another message that no route takes is dropped, said once" {
	chsend a n:=1
	chsend a n:=2
	once -r 'a n=0 drop'
	[ "$stderr" = "chwork: a: no route takes it: dropped" ]
	[ "$(pending a)" -eq 0 ]
}

# --- exec --------------------------------------------------------------------

@test "exec: the message on standard input, its parts in the environment" {
	script show <<- 'END'
		cat
		echo "$CH_CHANNEL|$CH_REPLY_CHANNEL|$CH_PATH|$CH_TEXT|$CH_ARG_room|$CH_ORDER|$CH_CLIENT|$CH_CLIENT_PORT|$CH_RETRIES"
	END
	chsend in reply_channel='r?1' path='/chat/a b' text=$'two\nlines' \
	    order:=3 client:='["::1",80]'
	once -r 'in path=/chat/{room} exec ./show'
	[ "$stderr" = 'chwork: ./show: {"reply_channel":"r?1","path":"/chat/a b","text":"two\nlines","order":3,"client":["::1",80]}
chwork: ./show: in|r?1|/chat/a b|two
chwork: ./show: lines|a b|3|::1|80|0' ]
}

@test "exec: nothing but the promised is in the environment" {
	chsend in text=x
	SECRET=1 once -r 'in exec env'
	run ! grep -Ev '^chwork: env: (PATH|HOME|LANG|CHANNELS_URL|CH_[A-Z_]+)=' \
	    <<< "$stderr"
	said "chwork: env: CHANNELS_URL=$CHANNELS_URL"
}

@test "exec: a message cannot say what is ours" {
	chsend in user=root channel=x truncated=x retries:=7 arg_room=x
	once -r 'in exec env'
	run ! grep -E 'CH_(USER|TRUNCATED|ARG)' <<< "$stderr"
	said CH_CHANNEL=in
	said CH_RETRIES=0
}

@test "exec: no shell looks at the words, and no message is one" {
	chsend in text='$(touch pwned); `touch pwned`'
	once -r 'in exec echo $HOME * {text} ~'
	[ "$stderr" = 'chwork: echo: $HOME * {text} ~' ]
	[ ! -e pwned ]
}

@test "exec: a text over 64 KiB is on standard input only" {
	head -c 65537 /dev/zero | tr '\0' x > text
	jq -Rc '{text: .}' text | chsend in
	script show <<< 'echo "${CH_TEXT-unset} $CH_TRUNCATED"; wc -c'
	once -r 'in exec ./show'
	[ "$stderr" = "chwork: ./show: unset text
chwork: ./show: 65549" ]
}

@test "exec: the largest message arrives whole" {
	head -c 1048500 /dev/zero | tr '\0' x | jq -Rc '{text: .}' > big
	chsend in - < big
	script sum <<< 'cksum > sum.out'
	once -r 'in exec ./sum'
	[ "$(cat sum.out)" = "$(cksum < big)" ]
}

@test "exec: commands and the working directory are relative to the file" {
	mkdir -p app/bin
	script app/bin/where <<< 'echo "$PWD $0"'
	echo 'in exec bin/where' > app/routes
	chsend in n:=1
	once app/routes
	[ "$stderr" = "chwork: bin/where: $PWD/app bin/where" ]
	cd app
	chsend in n:=1
	once routes
	[ "$stderr" = "chwork: bin/where: $PWD bin/where" ]
}

@test "exec: a relative store is the same store for a command elsewhere" {
	mkdir app
	script app/send <<< 'chsend out n:=1'
	echo 'in exec ./send' > app/routes
	chsend -S ./store in n:=1
	once -S ./store app/routes
	[ "$status" -eq 0 ]
	taken 1 out
}

@test "exec: our programs are found beside chwork" {
	chsend in n:=1
	script send <<< 'exec chsend out n:=2'
	PATH=/usr/bin:/bin run "$CH_BIN/chwork" --once -r 'in exec ./send'
	[ "$status" -eq 0 ]
	taken 1 out
	[ "$output" = '{"n":2}' ]
}

@test "exec: a command that does not read its input is no trouble" {
	for i in 1 2 3; do
		chsend in n:="$i"
	done
	once -r 'in exec true'
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
}

@test "--reply text: each line is a frame, the last one also without an end" {
	chsend in reply_channel='r?1'
	once -r "in exec --reply text printf 'a \"b\"\\n\\nc\\td'"
	[ -z "$stderr" ]
	taken 3 'r?1'
	has_line '{"text":"a \"b\""}'
	has_line '{"text":""}'
	has_line '{"text":"c\td"}'
}

@test "--reply text is the way of websocket.*" {
	chsend websocket.receive reply_channel='r?1' text=hello
	once -r 'websocket.receive exec printenv CH_TEXT'
	taken 1 'r?1'
	[ "$output" = '{"text":"hello"}' ]
}

@test "--reply text: lines are sent while the command runs" {
	mkfifo go
	chsend in reply_channel='r?1'
	script slow <<< 'echo one; read -r x < go; echo two'
	start chwork -r 'in exec --reply text ./slow'
	taken 1 'r?1'
	[ "$output" = '{"text":"one"}' ]
	echo > go
	taken 1 'r?1'
	[ "$output" = '{"text":"two"}' ]
}

@test "--reply text: what is not UTF-8 is said and left out" {
	chsend in reply_channel='r?1'
	once -r "in exec --reply text printf 'a\\377\\nb\\n'"
	said "-r 1: printf: a line of output is not UTF-8 at byte 2"
	taken 1 'r?1'
	[ "$output" = '{"text":"b"}' ]
}

@test "--reply text: a line that is too long is said and left out" {
	mkdir -p store
	echo '{"max_size": 1000}' > store/config
	chsend in reply_channel='r?1'
	script long <<< 'printf "%02000d\nok\n%02000d" 1 2'
	once -r "in exec --reply text ./long"
	said "a line of output is longer than a message may be"
	run chrecv --no-wait -c 10 'r?1'
	[ "$output" = '{"text":"ok"}' ]
}

@test "--reply json: each object goes to the reply channel as it is" {
	chsend in reply_channel='r?1'
	once -r "in exec --reply json printf '{\"close\": true}\\n[1]\\n{\"n\":\\n1}'"
	said "-r 1: printf: output:2:1: "
	taken 2 'r?1'
	[ "${lines[0]}" = '{"close": true}' ]
	[ "${lines[1]}" = '{"n":1}' ]
}

@test "--reply json answers chsend -C" {
	start chwork -r 'add exec --reply json jq -c "{sum: (.a + .b)}"'
	run timeout 60 chsend -C -t 30 add a:=1 b:=2
	[ "$status" -eq 0 ]
	[ "$output" = '{"sum":3}' ]
}

@test "--reply envelopes: each says where it goes" {
	chgroup add everybody g1
	cat > out.json <<- 'END'
		{"channel":"x","message":{"n":1}}
		{"group":"everybody","message":{"n":2}}
		{"channel":"x","message":{"n":3},"delay":3600}
		{"channel":"x","message":{"n":4},"group":"everybody"}
		{"channel":"x","message":5}
		{"channel":"a/b","message":{}}
		{"channel":"x","message":{"n":6}}
	END
	chsend in n:=1
	once -r 'in exec --reply envelopes cat out.json'
	said "output:4: an envelope is"
	said "output:5: an envelope is"
	said "name 'a/b' refused"
	run chrecv --no-wait -c 10 x
	[ "$output" = '{"n":1}
{"n":6}' ]
	run chrecv --no-wait -c 10 g1
	[ "$output" = '{"n":2}' ]
}

@test "--reply none: output is logged" {
	chsend websocket.receive reply_channel='r?1'
	once -r 'websocket.receive exec --reply none echo done' \
	    -r 'websocket.connect reject'
	[ "$stderr" = "chwork: echo: done" ]
	run chrecv --no-wait 'r?1'
	[ "$status" -eq 1 ]
}

@test "output without a reply channel is said" {
	chsend websocket.receive text=x
	once -r 'websocket.receive exec echo lost'
	said "echo: output, but the message has no reply_channel"
}

@test "a full channel holds up the command, and nothing is lost" {
	mkdir -p store
	echo '{"channels": [{"match": "out", "capacity": 3}]}' > store/config
	chsend in n:=1
	script many <<- 'END'
		for i in {1..50}; do echo "{\"channel\":\"out\",\"message\":{\"n\":$i}}"; done
	END
	start chwork -r 'in exec --reply envelopes ./many'
	waiting in 1
	taken 50 out
	[ "$output" = "$(seq -f '{"n":%.0f}' 50)" ]
}

# --- failure -----------------------------------------------------------------

@test "a command that fails is logged with its place, status and last words" {
	routes '# first' 'in exec ./fail'
	script fail <<< 'echo one >&2; echo two >&2; exit 3'
	chsend in n:=1
	once routes
	[ "$status" -eq 0 ]
	[ "$stderr" = "chwork: ./fail: one
chwork: ./fail: two
chwork: in: routes:2: ./fail: exit status 3: one / two" ]
	[ "$(pending in)" -eq 0 ]
}

@test "a command that is killed is logged with the signal" {
	script fail <<< 'kill -SEGV $$'
	chsend in n:=1
	once -r 'in exec ./fail'
	said "chwork: in: -r 1: ./fail: killed by signal 11 (Segmentation fault)"
}

@test "a script that cannot be executed is said, and the rest goes on" {
	echo 'no interpreter' > bad
	chmod +x bad
	chsend in n:=1
	chsend in n:=2
	once -j 1 -r 'in n=1 exec ./bad' -r 'in exec echo ok'
	said "./bad: Exec format error; does a script begin with #!?"
	said "chwork: echo: ok"
}

@test "control characters of a command do not reach the terminal" {
	chsend in n:=1
	once -r "in exec printf 'a\\033[31mb\\n'"
	[ "$stderr" = "chwork: printf: a?[31mb" ]
}

@test "--timeout ends the command and all that it started" {
	mkfifo held
	script hang <<- 'END'
		mkfifo never
		cat never > held &
		wait
	END
	chsend in n:=1
	start chwork -r 'in exec --timeout 0.3 ./hang'
	# end of file: nobody has it open for writing any more
	timeout 60 cat held
	log_says 'in: -r 1: ./hang: ended at its timeout'
}

@test "--timeout: what ignores SIGTERM is killed" {
	mkfifo never
	script hang <<< 'trap "" TERM; read -r x <> never'
	chsend in n:=1
	once -r 'in exec --timeout 0.2 ./hang'
	[ "$status" -eq 0 ]
	said 'ended at its timeout'
}

@test "a descendant that keeps the output open does not keep the job" {
	mkfifo never
	script daemon <<- 'END'
		(read -r x <> never) &
		echo $! > child
		echo done
	END
	chsend in reply_channel='r?1'
	once -r 'in exec --reply text ./daemon'
	[ "$status" -eq 0 ]
	kill "$(cat child)"
	taken 1 'r?1'
	[ "$output" = '{"text":"done"}' ]
}

@test "exit 75: the message is tried again, and knows how often" {
	script later <<- 'END'
		echo "$CH_RETRIES $CH_N"
		[ "$CH_RETRIES" -ge 2 ] || exit 75
		chsend out n:=$CH_RETRIES
	END
	chsend in n:=7
	start chwork -r 'in exec ./later'
	taken 1 out
	[ "$output" = '{"n":2}' ]
	log_says './later: 2 7'
	[ "$(grep -c '^chwork: ./later: . 7$' err)" -eq 3 ]
}

@test "exit 75: the message is in its channel, with the number of tries" {
	chsend in n:=7
	once -r 'in exec sh -c "exit 75"'
	taken 1 in
	[ "$output" = '{"n":7,"__retries__":1}' ]
	chsend in '{}'
	once -r 'in exec sh -c "exit 75"'
	taken 1 in
	[ "$output" = '{"__retries__":1}' ]
	chsend in '{"__retries__":3, "n":1}'
	once -r 'in exec sh -c "exit 75"'
	taken 1 in
	[ "$output" = '{"__retries__":4, "n":1}' ]
}

@test "exit 75: after ten tries it is given up" {
	chsend in __retries__:=10
	once -r 'in exec sh -c "exit 75"'
	said "in: -r 1: given up after 11 tries"
	[ "$(pending in)" -eq 0 ]
}

@test "exit 75: what is behind it in its connection waits" {
	script later <<- 'END'
		echo "$CH_N $CH_RETRIES"
		[ "$CH_N" != 1 ] || [ "$CH_RETRIES" -ge 2 ] || exit 75
	END
	for i in 1 2 3; do
		chsend in n:="$i" reply_channel='r?1'
	done
	once -j 4 -r 'in exec --reply text ./later'
	run chrecv --no-wait -c 10 'r?1'
	[ "$output" = '{"text":"1 0"}
{"text":"1 1"}
{"text":"1 2"}
{"text":"2 0"}
{"text":"3 0"}' ]
}

# --- order -------------------------------------------------------------------

@test "messages of a connection are handled one at a time, in order" {
	script slow <<- 'END'
		mkdir busy || echo "two at a time"
		read -r -t 0.05 x <> never
		rmdir busy
		echo "$CH_N"
	END
	mkfifo never
	for i in {1..8}; do
		chsend in n:="$i" reply_channel='r?1'
	done
	once -j 4 -r 'in exec --reply text ./slow'
	run chrecv --no-wait -c 20 'r?1'
	[ "$output" = "$(seq -f '{"text":"%.0f"}' 8)" ]
}

@test "messages of different connections are handled at the same time" {
	mkfifo meet
	# each waits for the other at the ends of a pipe
	script first <<< 'echo hello > meet'
	script second <<< 'read -r x < meet; echo "$x"'
	chsend in n:=1 reply_channel='r?1'
	chsend in n:=2 reply_channel='r?2'
	once -j 2 -r 'in n=1 exec ./first' -r 'in n=2 exec --reply text ./second'
	[ "$status" -eq 0 ]
	taken 1 'r?2'
	[ "$output" = '{"text":"hello"}' ]
}

@test "a disconnect comes last, whatever its channel" {
	script show <<< 'echo "${CH_CHANNEL#*.} $CH_N"'
	for i in {1..5}; do
		chsend websocket.receive n:="$i" reply_channel='r?1'
	done
	chsend websocket.disconnect n:=6 reply_channel='r?1'
	once -j 2 -r 'websocket.disconnect exec ./show' \
	    -r 'websocket.receive exec ./show'
	run chrecv --no-wait -c 10 'r?1'
	[ "$output" = '{"text":"receive 1"}
{"text":"receive 2"}
{"text":"receive 3"}
{"text":"receive 4"}
{"text":"receive 5"}
{"text":"disconnect 6"}' ]
}

@test "what the worker does itself waits for its turn, too" {
	mkfifo go
	script slow <<< 'read -r x < go; echo slow'
	chsend in n:=1 reply_channel='r?1'
	start chwork -j 4 -r 'in n=1 exec --reply text ./slow' -r 'in reject' \
	    -r 'other exec --reply text echo other'
	chsend in n:=2 reply_channel='r?1'
	chsend other reply_channel='r?2'
	taken 1 'r?2'
	echo > go
	taken 2 'r?1'
	[ "${lines[0]}" = '{"text":"slow"}' ]
	[ "${lines[1]}" = '{"close":true}' ]
}

@test "no more is taken than can be run" {
	script slow <<< 'chsend started n:=$CH_N; chrecv -c 1 go'
	for i in {1..5}; do
		chsend in n:="$i"
	done
	start chwork -j 2 -r 'in exec ./slow'
	taken 2 started
	[ "$(pending in)" -eq 3 ]
	send_numbers go 1 5
	taken 3 started
}

@test "--jobs of a route limits it, and others run" {
	script slow <<< 'chsend started n:=$CH_N; chrecv -c 1 go'
	send_numbers slow 1 4
	start chwork -j 4 -r 'slow exec --jobs 1 ./slow' -r 'quick exec chsend finished x=y'
	taken 1 started
	chsend quick n:=1
	taken 1 finished
	run chrecv --no-wait started
	[ "$status" -eq 1 ]
	send_numbers go 1 4
	taken 3 started
}

# --- stream ------------------------------------------------------------------

@test "stream: envelopes in, envelopes out, one command for all" {
	script up <<- 'END'
		n=0
		while read -r line; do
			jq -c "{channel: \"out\", message: {n: $((++n)), got: .}}" <<< "$line"
		done
	END
	chsend in a:=1
	chsend in '{"a": 2}'
	once -r 'in stream ./up'
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	run chrecv --no-wait -c 10 out
	[ "$output" = '{"n":1,"got":{"channel":"in","message":{"a":1}}}
{"n":2,"got":{"channel":"in","message":{"a":2}}}' ]
}

@test "stream: captures are in the envelope" {
	chsend in path='/x "y"/z'
	once -r 'in path=/{a}/{b} stream jq -c --unbuffered "{channel: \"out\", message: .args}"'
	taken 1 out
	[ "$output" = '{"a":"x \"y\"","b":"z"}' ]
}

@test "stream: many messages arrive in order, none is lost" {
	send_numbers in 1 1000
	start chwork -r 'in stream jq -c --unbuffered "{channel: \"out\", message: .message}"'
	run timeout 60 chrecv -t 50 -c 1000 out
	[ "$status" -eq 0 ]
	[ "$output" = "$(seq -f '{"n":%.0f}' 1000)" ]
}

@test "stream: messages of a connection go to the same copy" {
	script who <<- 'END'
		while read -r line; do
			jq -c --arg me $$ '{channel: "out", message: {me: $me, c: .message.reply_channel, n: .message.n}}' <<< "$line"
		done
	END
	for i in 1 2 3 4; do
		for c in a b c d e f; do
			chsend in n:="$i" reply_channel="r?$c"
		done
	done
	once -r 'in stream --jobs 3 ./who'
	run chrecv --no-wait -c 30 out
	[ "${#lines[@]}" -eq 24 ]
	[ "$(jq -r '.c + " " + .me' <<< "$output" | sort -u | wc -l)" -eq 6 ]
	for c in a b c d e f; do
		[ "$(jq -r "select(.c == \"r?$c\").n" <<< "$output" | xargs)" = "1 2 3 4" ]
	done
}

@test "stream: --jobs copies work at the same time" {
	mkfifo meet
	script meeter <<- 'END'
		while read -r line; do
			case $line in
			*'"n":1'*) echo hello > meet ;;
			*) read -r x < meet
				echo "{\"channel\":\"out\",\"message\":{\"text\":\"$x\"}}" ;;
			esac
		done
	END
	chsend in n:=1
	chsend in n:=2
	once -r 'in stream --jobs 2 ./meeter'
	taken 1 out
	[ "$output" = '{"text":"hello"}' ]
}

@test "stream: a slow copy leaves what waits in the channel" {
	mkfifo go
	script slow <<- 'END'
		while read -r line; do
			chsend started n:=1
			read -r x < go
		done
	END
	send_numbers in 1 10
	start chwork -r 'in stream ./slow'
	taken 1 started
	run pending in
	[ "$output" -ge 7 ]
}

@test "stream: one that dies is started again, and no unread message is lost" {
	script fragile <<- 'END'
		while read -r line; do
			case $line in
			*'"n":3'*) echo ouch >&2; exit 9 ;;
			esac
			jq -c '{channel: "out", message: .message}' <<< "$line"
		done
	END
	send_numbers in 1 6
	start chwork -r 'in stream ./fragile'
	taken 5 out
	[ "$output" = '{"n":1}
{"n":2}
{"n":4}
{"n":5}
{"n":6}' ]
	run cat err
	has_line "chwork: in: -r 1: ./fragile: exit status 9: ouch"
	has_line 'chwork: ./fragile: the last message it read: {"channel":"in","message":{"n":3}}'
}

@test "stream: one that closes its input is ended, and that is said" {
	start chwork -r 'a stream sh -c "exec 0<&-; echo closed >&2; exec chrecv nothing"'
	log_says '^chwork: sh: closed$'
	chsend a n:=1
	log_says '^chwork: a: -r 1: sh: ended, since it reads no more: closed$'
	kill -TERM "$pid"
	ended "$pid"
	[ "$(pending a)" -eq 1 ]
}

@test "stream: SIGTERM lets it finish, and ends it by the end of its input" {
	script tidy <<- 'END'
		while read -r line; do
			jq -c '{channel: "out", message: .message}' <<< "$line"
		done
		echo '{"channel":"out","message":{"bye":true}}'
	END
	chsend in n:=1
	start chwork -r 'in stream ./tidy'
	taken 1 out
	kill "$pid"
	ended "$pid"
	[ "$ended" -eq 0 ]
	taken 1 out
	[ "$output" = '{"bye":true}' ]
	[ ! -s err ]
}

# --- signals -----------------------------------------------------------------

@test "SIGTERM: nothing more is taken, the work in hand is finished" {
	mkfifo go
	script slow <<< 'chsend started n:=1; read -r x < go; chsend out n:=$CH_N'
	chsend in n:=1
	start chwork -j 1 -r 'in exec ./slow'
	taken 1 started
	kill "$pid"
	chsend in n:=2
	echo > go
	ended "$pid"
	[ "$ended" -eq 0 ]
	taken 1 out
	[ "$output" = '{"n":1}' ]
	[ "$(pending in)" -eq 1 ]
}

@test "a second signal ends all at once, and gives back what never began" {
	mkfifo held never
	script slow <<- 'END'
		cat never > held &
		chsend started n:=1
		wait
	END
	chsend in n:=1 reply_channel='r?1'
	start chwork -j 1 -r 'in exec ./slow'
	taken 1 started
	exec 5< held
	kill -INT "$pid"
	kill -TERM "$pid"
	ended "$pid"
	[ "$ended" -eq 143 ]
	# end of file: the whole group is gone
	timeout 60 cat <&5
}

@test "messages behind a running one are given back by a second signal" {
	mkfifo go
	script slow <<< 'chsend started n:=$CH_N; read -r x < go'
	chsend in n:=1 reply_channel='r?1'
	chsend in n:=2 reply_channel='r?1'
	chsend in n:=3 reply_channel='r?2'
	start chwork -j 2 -r 'in exec ./slow'
	taken 2 started
	[ "$(pending in)" -eq 0 ]
	kill -INT "$pid"
	kill -TERM "$pid"
	ended "$pid"
	[ "$(pending in)" -eq 1 ]
	taken 1 in
	[ "$output" = '{"n":2,"reply_channel":"r?1"}' ]
}

@test "a killed chwork does not leave its commands behind" {
	mkfifo held
	script slow <<< 'exec 3> held; chsend started n:=1; read -r x <> never'
	mkfifo never
	chsend in n:=1
	start chwork -r 'in exec ./slow'
	exec 5< held
	taken 1 started
	kill -KILL "$pid"
	timeout 60 cat <&5
}

# --- manners -----------------------------------------------------------------

@test "an idle chwork does nothing" {
	start chwork -r 'in exec true' -r 'warm stream cat'
	waiting in 1
	before=$(grep ^voluntary "/proc/$pid/status")
	run chrecv -t 3 nothing
	[ "$(grep ^voluntary "/proc/$pid/status")" = "$before" ]
}

@test "no descriptor is left open by what it runs" {
	script answer <<< 'echo "{\"channel\":\"out\",\"message\":{}}"'
	start chwork -j 1 -r 'in exec --reply envelopes ./answer'
	send_numbers in 1 50
	taken 50 out
	waiting in 1
	before=("/proc/$pid/fd/"*)
	send_numbers in 1 50
	taken 50 out
	waiting in 1
	after=("/proc/$pid/fd/"*)
	[ "${#after[@]}" -eq "${#before[@]}" ]
}

@test "SIGTERM ends an idle chwork, 0" {
	start chwork -r 'in drop'
	waiting in 1
	kill "$pid"
	ended "$pid"
	[ "$ended" -eq 0 ]
	[ ! -s err ]
}

@test "-v says which route takes each message" {
	routes 'in n=1 drop' 'in accept'
	chsend in n:=2 reply_channel='r?1'
	once -v routes
	said "chwork: in: routes:2"
}
