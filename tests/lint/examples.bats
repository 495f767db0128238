# The examples of the pages work. Each is taken from its page and run.

load ../cli/helper

# commands PAGE: what EXAMPLES shows, one command a line
commands() {
	mandoc -T ascii -O width=500 "$ROOT/man/$1" | sed 's/.\x08//g' | awk '
		/^EXAMPLES/ { on = 1 }
		/^SEE/ { on = 0 }
		on && (more || /^           (\$ )?(ch[a-z]+|tail)( |$)/) {
			sub(/^ +(\$ )?/, "")
			more = /[|]$/
			printf "%s%s", $0, more ? " " : "\n"
		}'
}

# example PAGE BEGINNING [FROM TO]: that command, in $example; FROM made TO
example() {
	example=$(commands "$1" | grep -F -m 1 -- "$2")
	[[ -n $example ]]
	[[ -z ${3:-} ]] || example=${example/"$3"/"$4"}
}

# background: runs $example as a session of its own, its output in `out`
background() {
	start setsid bash -c "$example"
	group=$pid
}

end_background() {
	kill -TERM -- "-$group"
	ended "$group"
}

# shows TEXT: waits until what was started shows it, or says it
shows() {
	local i
	for ((i = 0; i < 600; i++)); do
		! grep -qF -- "$1" out err || return 0
		chrecv -t 0.05 ch-nothing || true
	done
	cat out err
	return 1
}

# members GROUP N: waits until the group has N members
members() {
	local i
	for ((i = 0; i < 600; i++)); do
		[[ $(chgroup count "$1") != "$2" ]] || return 0
		chrecv -t 0.05 ch-nothing || true
	done
	return 1
}

@test "all of them are here" {
	cd "$ROOT/man"
	shown=$(for page in *.1 channels.7; do commands "$page"; done | wc -l)
	run=$(grep -cE '^	example [a-z]' "$BATS_TEST_FILENAME")
	[ "$shown" -eq "$run" ]
}

@test "chgroup(1)" {
	example chgroup.1 'chgroup add'
	bash -c "$example"
	[ "$(chgroup members chat)" = chat-log ]
	chgroup add chat websocket.send.x
	example chgroup.1 'chgroup count'
	run -0 bash -c "$example"
	[ "$output" = 1 ]
}

@test "chrecv(1): one job, and one after the other" {
	chsend jobs n:=1
	example chrecv.1 'chrecv -c 1 jobs'
	run -0 bash -c "$example"
	[ "$output" = '{"n":1}' ]
	printf '#!/bin/sh\necho "did $1"\n' > work
	chmod +x work
	example chrecv.1 'chrecv jobs |'
	background
	chsend jobs n:=2
	shows 'did {"n":2}'
	end_background
}

@test "chrecv(1): bytes and lines" {
	printf '\0\377' | chsend --bytes blobs
	example chrecv.1 'chrecv -c 1 --raw'
	bash -c "$example"
	cmp picture.png <(printf '\0\377')
	example chrecv.1 'chrecv -F'
	background
	chsend task.a '{"user":{"name":"ada"}}'
	shows ' task.a ada'
	end_background
}

@test "chsession(1)" {
	example chsession.1 'chsession passwd'
	bash -c "$example" <<< geheim
	grep -q '^ana:\$y\$' users
	example chsession.1 'chsession set'
	CH_REPLY_CHANNEL='websocket.send.x!1' CH_TEXT=ana bash -c "$example"
	[ "$(chsession get 'websocket.send.x!1' name)" = ana ]
	script=$(mandoc -T ascii -O width=500 "$ROOT/man/chsession.1" |
		sed 's/.\x08//g' | sed -n '/#!\/bin\/sh/,/^ *fi$/s/^ \{11\}//p')
	run -0 bash -c "$script" <<< '{"form":{"name":"ana","password":"geheim"}}'
	[[ ${lines[2]} =~ ^CH-Session:\ [A-Za-z0-9]{32}$ ]]
	run -0 bash -c "$script" <<< '{"form":{"name":"ana","password":"x"}}'
	[[ $output == *403* ]]
}

@test "chsend(1): jobs" {
	example chsend.1 'chsend jobs'
	bash -c "$example"
	example chsend.1 'chsend --at'
	bash -c "$example"
	[ "$(pending jobs)" -eq 1 ]
	[ "$(chstat jobs | awk '$1 == "jobs" { print $3 }')" -eq 1 ]
}

@test "chsend(1): everybody, and a log" {
	chgroup add chat mine
	chgroup add log mine
	example chsend.1 'chsend -g' '$(hostname)' here
	bash -c "$example"
	run -0 chrecv -c 1 mine
	[ "$output" = '{"text":"hello from here"}' ]
	echo line > app.log
	example chsend.1 'tail -F'
	background
	run -0 chrecv -t 60 -c 1 mine
	[ "$output" = '{"text":"line"}' ]
	end_background
}

@test "chsend(1): a consumer, and a call" {
	example chsend.1 'chrecv -e'
	background
	chsend jobs n:=1
	run -0 chrecv -t 60 -c 1 'done'
	[ "$output" = '{"n":1}' ]
	end_background
	start chwork -r 'add exec --reply json jq -c "{sum: (.a + .b)}"'
	example chsend.1 'chsend -C' '-t 2' '-t 60'
	run -0 bash -c "$example"
	[ "$output" = '{"sum":3}' ]
}

@test "chserve(1): an application" {
	cp -r "$ROOT/examples/chat/." .
	example chserve.1 'chserve --root' chserve 'chserve -l 127.0.0.1:0'
	background
	shows 'listening on'
	end_background
}

@test "chserve(1): anybody" {
	example chserve.1 'chserve -l' 8000 0
	start bash -c "exec ${example% &}"
	shows 'listening on'
	example chserve.1 'chrecv websocket.connect'
	START_OUT=none background
	chsend websocket.connect reply_channel=visitor
	run -0 chrecv -t 60 -c 1 visitor
	[ "$output" = '{"accept":true}' ]
	end_background
}

@test "chstat(1)" {
	send_numbers jobs 1 5
	example chstat.1 'chstat'
	run -0 bash -c "$example"
	[[ $output == *jobs* ]]
	example chstat.1 'chstat --json'
	run -0 bash -c "$example"
	[ -z "$output" ]
	example chstat.1 'chstat --peek'
	run -0 bash -c "$example"
	[ "${#lines[@]}" -eq 3 ]
	example chstat.1 'chstat --scratch'
	run -0 bash -c "$example"
	[ "$output" = '{"a":"1"}' ]
}

@test "chtail(1)" {
	example chtail.1 'chtail -T'
	background
	members chat 1
	chsend -g chat text=hello
	shows '{"text":"hello"}'
	end_background
	example chtail.1 'chtail -i'
	run -0 bash -c "$example 2> err" <<< '/json {"name":"ann","text":"hi"}'
	[ "$output" = 'ann: hi' ]
	example chtail.1 'chtail --field'
	chgroup add log.a somebody
	background
	members log.a 2
	chsend -g log.a level=info n:=1
	chsend -g log.a level=fatal n:=2
	shows fatal
	refute grep info out
	end_background
	example chtail.1 'chtail --channel'
	: > err
	background
	shows watching
	chsend jobs file=a.jpg
	shows '"a.jpg"'
	end_background
}

@test "chwork(1): thumbnails" {
	mkdir bin
	printf '#!/bin/sh\necho "$@"\n' > bin/convert
	chmod +x bin/convert
	export PATH=$PWD/bin:$PATH
	mandoc -T ascii "$ROOT/man/chwork.1" | sed -n 's/^ *\(#!.*\)/\1/p
		s/^ *\(convert .*\)/\1/p' > thumb
	chmod +x thumb
	example chwork.1 'chwork -j 4'
	start bash -c "exec ${example% &}"
	example chwork.1 'chsend thumbnail.make'
	bash -c "$example"
	shows 'a.jpg -resize 640 out/a.jpg'
}

@test "chwork(1): which route, and what would it see" {
	printf '%s\n' '# A chat.' '' '' 'websocket.connect path=/chat/{room} \
		accept --group chat-{room}' > routes
	example chwork.1 'chwork --explain'
	run -0 bash -c "$example"
	[ "${lines[0]}" = 'place: routes:4' ]
	mandoc -T ascii "$ROOT/man/chwork.1" | sed 's/^ *//' > page
	[ "$(grep -cxF -- "$output" page)" -eq "${#lines[@]}" ]
}

@test "chwork(1): calls, and beside a server" {
	example chwork.1 "chwork -r 'add"
	start bash -c "exec ${example% &}"
	example chwork.1 'chsend -C' '-t 2' '-t 60'
	run -0 bash -c "$example"
	[ "$output" = '{"sum":3}' ]
	cp -r "$ROOT/examples/chat/." .
	example chwork.1 'chserve --root' chserve 'chserve -l 127.0.0.1:0'
	background
	shows 'listening on'
	end_background
}

@test "channels(7)" {
	example channels.7 'chsend jobs'
	bash -c "$example"
	example channels.7 'chrecv -c 1 jobs'
	run -0 bash -c "$example"
	[ "$output" = '{"file":"a.jpg","width":640}' ]
	printf '#!/bin/sh\nexec cat\n' > worker
	chmod +x worker
	example channels.7 'chrecv jobs |'
	background
	chsend jobs n:=1
	shows '{"n":1}'
	end_background
	start chwork -r 'add exec --reply json jq -c "{sum: (.a + .b)}"'
	example channels.7 'chsend -C' '-t 2' '-t 60'
	run -0 bash -c "$example"
	[ "$output" = '{"sum":3}' ]
}
