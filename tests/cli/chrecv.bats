# chrecv: messages out of channels.

load helper

@test "it prints one line a message, in order" {
	send_numbers jobs 1 3
	run -0 chrecv -c 3 jobs
	[ "$output" = $'{"n":1}\n{"n":2}\n{"n":3}' ]
}

@test "-c N ends with 0 at N and takes no message more" {
	send_numbers jobs 1 5
	run -0 chrecv -c 2 jobs
	[ "$(pending jobs)" -eq 3 ]
	run -0 chrecv -c 2 --batch 100 jobs
	[ "$output" = $'{"n":3}\n{"n":4}' ]
	[ "$(pending jobs)" -eq 1 ]
}

@test "it waits for what comes later" {
	start chrecv -c 2 -t 60 jobs
	waiting jobs 1
	chsend jobs n:=1
	chsend jobs n:=2
	ended "$pid"
	[ "$ended" -eq 0 ]
	[ "$(< out)" = $'{"n":1}\n{"n":2}' ]
}

@test "every message is flushed when it comes" {
	watch_fifo seen
	START_OUT=seen start chrecv jobs
	chsend jobs n:=1
	next_line "$fd"
	[ "$line" = '{"n":1}' ]
	chsend jobs n:=2
	next_line "$fd"
	[ "$line" = '{"n":2}' ]
}

@test "-t is the whole run: 124, also when something came" {
	run -124 chrecv -t 0.2 jobs
	[ "$output" = '' ]
	chsend jobs n:=1
	run -124 chrecv -t 0.2 jobs
	[ "$output" = '{"n":1}' ]
	chsend jobs n:=1
	run -124 chrecv -t 0.2 -c 2 jobs
}

@test "--no-wait takes what is there: 0 if anything came, else 1" {
	run -1 chrecv --no-wait jobs
	send_numbers jobs 1 5
	run -0 chrecv --no-wait -c 2 jobs
	[ "${#lines[@]}" -eq 2 ]
	run -0 chrecv --no-wait jobs
	[ "${#lines[@]}" -eq 3 ]
	run -1 chrecv --no-wait jobs
	[ "$output" = '' ]
}

@test "several channels are heard, fairly" {
	send_numbers busy 1 500
	chsend quiet n:=0
	run -0 chrecv -e -c 3 busy quiet
	[[ $output == *'{"channel":"quiet","message":{"n":0}}'* ]]
}

@test "-e prints envelopes with full names" {
	chsend 'p!one' n:=1
	chsend 'p!two' n:=2
	run -0 chrecv -e --no-wait 'p!'
	[ "$output" = $'{"channel":"p!one","message":{"n":1}}\n{"channel":"p!two","message":{"n":2}}' ]
}

@test "--raw prints text and bytes bare, the rest as JSON" {
	chsend x $'text=a "b"\n\\é' n=1
	chsend x '{"bytes":"￿YQBi"}'
	chsend x '{"bytes":"plain"}'
	chsend x '{"bytes":"￿not base64!"}'
	chsend x '{"n":1}'
	chsend x '{"text":"\ud83d\ude00￿YQ=="}'
	chrecv --raw --no-wait x > got
	printf 'a "b"\n\\é\na\0bplain{"bytes":"￿not base64!"}\n{"n":1}\n😀￿YQ==\n' | cmp - got
}

@test "-0 ends messages with NUL" {
	chsend x '{"n":1}' '{"n":2}'
	chrecv -0 --no-wait x > got
	printf '{"n":1}\0{"n":2}\0' | cmp - got
	chsend x text=$'a\nb' && chrecv -0 --raw -c 1 x > got
	printf 'a\nb\0' | cmp - got
}

@test "-F fills a template" {
	chsend x 'a:={"b":"é\"","c":[10,20]}' n:=1.50 t:=true s=bare
	run -0 chrecv -c 1 -F '{a.b}|{a}|{a.c.1}|{n}|{t}|{s}|{missing}|{s.x}|{{s}|}|{@channel}|{@group}|' x
	[ "$output" = 'é"|{"b":"é\"","c":[10,20]}|20|1.50|true|bare|||{s}|}|x||' ]
	chsend x '{"a":1,"a":2}'
	run -0 chrecv -c 1 -F '{a} {@time}' x
	[[ $output =~ ^2\ [0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$ ]]
}

@test "a template that is not sound is 64" {
	for template in '{a' 'x{' '{}' '{@nothing}' '{a{b}'; do
		run -64 chrecv --no-wait -F "$template" x
		[[ ${lines[0]} == "chrecv: -F: '$template' "* ]]
	done
}

@test "-e, --raw and -F exclude each other" {
	run -64 chrecv -e --raw --no-wait x
	run -64 chrecv -e -F x --no-wait x
	run -64 chrecv --raw -F x --no-wait x
}

@test "--batch takes up to N at once, and still writes what is there" {
	send_numbers jobs 1 700
	chrecv --batch 100 --no-wait jobs > got
	seq -f '{"n":%.0f}' 1 700 | cmp - got
	watch_fifo seen
	START_OUT=seen start chrecv --batch 100 jobs
	chsend jobs n:=1
	next_line "$fd"
	[ "$line" = '{"n":1}' ]
}

@test "a glob hears channels that are there and those that come" {
	chsend task.a n:=1
	start chrecv -e -c 3 -t 60 'task.*'
	waiting task.a 1
	chsend task.b n:=2
	chsend other n:=9
	chsend task.c n:=3
	ended "$pid"
	[ "$ended" -eq 0 ]
	[ "$(sort out)" = '{"channel":"task.a","message":{"n":1}}
{"channel":"task.b","message":{"n":2}}
{"channel":"task.c","message":{"n":3}}' ]
	[ "$(pending other)" -eq 1 ]
}

@test "--new p! prints a fresh name first and owns the prefix" {
	watch_fifo seen
	START_OUT=seen start chrecv --new 'p!'
	next_line "$fd"
	[[ $line =~ ^p![A-Za-z0-9]{12,}$ ]]
	chsend "$line" n:=1
	next_line "$fd"
	[ "$line" = '{"n":1}' ]
	chsend 'p!other' n:=2
	next_line "$fd"
	[ "$line" = '{"n":2}' ]
	run -75 chrecv --new 'p!'
	[[ $output == *"$pid"* ]]
}

@test "--new p? prints a fresh name and receives there, and on others" {
	watch_fifo seen
	START_OUT=seen start chrecv --new 'answer?' also
	next_line "$fd"
	[[ $line =~ ^answer\?[A-Za-z0-9]{12,}$ ]]
	chsend "$line" n:=1
	next_line "$fd"
	[ "$line" = '{"n":1}' ]
	chsend also n:=2
	next_line "$fd"
	[ "$line" = '{"n":2}' ]
}

@test "a killed owner leaves its groups at once" {
	watch_fifo seen
	START_OUT=seen start chrecv --new 'p!'
	next_line "$fd"
	chgroup add g "$line"
	[ "$(chgroup count g)" -eq 1 ]
	kill -KILL "$pid"
	ended "$pid" || true
	[ "$(chgroup members g)" = '' ]
}

@test "names that no receiver may use are refused" {
	for name in ../x . 'a!b!c' 'p!c' ''; do
		run -65 chrecv --no-wait "$name"
		[ ! -e "$CHANNELS_URL" ]
	done
	for pattern in p 'p!x' '!' 'p!?'; do
		run -65 chrecv --no-wait --new "$pattern"
	done
	run -64 chrecv
}

@test "it ends when its downstream ends, also while idle" {
	chsend jobs n:=1
	run -0 timeout 60 bash -c 'chrecv jobs | head -n 1; echo "${PIPESTATUS[0]}"'
	[ "$output" = $'{"n":1}\n141' ]
}

@test "it ends as by SIGPIPE even where that is ignored" {
	chsend jobs n:=1
	run -0 timeout 60 bash -c 'trap "" PIPE; chrecv jobs | head -n 1; echo "${PIPESTATUS[0]}"'
	[ "$output" = $'{"n":1}\n141' ]
}

@test "on a terminal a message cannot command the terminal" {
	chsend x $'text=a\e[2Jb\x07\xc2\x9bc'
	run -0 on_terminal 'chrecv --raw -c 1 x'
	[ "$output" = 'a^[[2Jb^G\u009bc' ]
	chsend x $'text=a\x7f\xc2\x9bc'
	run -0 on_terminal 'chrecv -c 1 x'
	[ "$output" = '{"text":"a^?\u009bc"}' ]
}

@test "a slow reader does not keep -t from ending" {
	head -c 300000 /dev/zero | tr '\0' x | chsend --raw x
	mkfifo slow
	exec 9<> slow
	run -124 bash -c 'exec chrecv -t 0.5 x > slow'
}

@test "an idle chrecv makes no system call" {
	start chrecv jobs
	waiting jobs 1
	timeout 3 strace -f -p "$pid" -o trace || [ $? -eq 124 ]
	[ "$(grep -vcE 'resumed|SIG|exited|detached' trace)" -le 1 ]
}
