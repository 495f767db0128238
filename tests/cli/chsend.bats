# chsend: messages into channels and groups.

load helper

# --- operands ---------------------------------------------------------------

@test "KEY=TEXT and KEY:=JSON make one message" {
	chsend jobs file=a.jpg width:=640 'deep:={"a":[1,true,null]}'
	run -0 chrecv -c 1 jobs
	[ "$output" = '{"file":"a.jpg","width":640,"deep":{"a":[1,true,null]}}' ]
}

@test "what is in TEXT stays text" {
	chsend jobs $'text=say "hi"\\\n\t\x01\x7f' 'n=1' 'empty=' 'e=a=b'
	run -0 chrecv -c 1 jobs
	[ "$output" = '{"text":"say \"hi\"\\\n\t\u0001'$'\x7f''","n":"1","empty":"","e":"a=b"}' ]
}

@test "JSON behind := may be pretty-printed, and is one value" {
	chsend jobs $'a:=[1,\n  2]' 'b:= "x" '
	run -0 chrecv -c 1 jobs
	[ "$output" = '{"a":[1,2],"b":"x"}' ]
	for value in '1,"b":2' '1}{"b":2' '1]' '' '{' 'x' '1 2' 'NaN'; do
		run -65 chsend jobs "a:=$value"
		[[ $output == "chsend: a:=$value: what follows := is refused: "?* ]]
	done
	run -1 chrecv --no-wait jobs
}

@test "each JSON object is a message" {
	chsend jobs '{"a":1}' '{"b":  2}' $'{\n"c": 3\n}'
	run -0 chrecv --no-wait jobs
	[ "$output" = $'{"a":1}\n{"b":  2}\n{"c":3}' ]
}

@test "what came on one line is stored as it came" {
	text='{ "z" : 1.0 , "a":1e3,"z":2,"u":"\u00e9\/" }'
	chsend jobs "$text"
	run -0 chrecv -c 1 jobs
	[ "$output" = "$text" ]
}

@test "objects and pairs do not mix" {
	run -64 chsend jobs '{"a":1}' b=2
	[[ ${lines[0]} == *'either JSON objects or KEY=TEXT'* ]]
	run -64 chsend jobs b=2 '{"a":1}'
}

@test "a word that is no message is not silently a target" {
	run -64 chsend jobs hello
	[ "${lines[0]}" = 'chsend: hello is not a message; did you mean text=hello?' ]
	run -64 chsend jobs a=1 hello
	[ "${lines[0]}" = 'chsend: hello is not a message; did you mean text=hello?' ]
	run -64 chsend jobs '{"a":1}' hello
	[ ! -e "$CHANNELS_URL" ]
}

@test "a pair needs a key, a message a target" {
	run -64 chsend jobs =x
	run -64 chsend jobs :=1
	run -64 chsend a=1
	run -64 chsend
	[[ ${lines[0]} == 'chsend: no TARGET'* ]]
}

@test "several targets each get every message" {
	chsend a b c n:=1
	chsend a b - <<< '{"n":2}'
	for channel in a b c; do
		run -0 chrecv -c 1 $channel
		[ "$output" = '{"n":1}' ]
	done
	run -0 chrecv -c 1 b
	[ "$output" = '{"n":2}' ]
}

@test "with several targets standard input is read only where - stands" {
	run -64 chsend a b < /dev/null
	[ "${lines[0]}" = 'chsend: b is not a message; did you mean text=b?' ]
	run -64 chsend a b - n=1 < /dev/null
}

@test "an array, or anything but an object, is refused" {
	for text in '[1]' '[]' '{}x' '{"a":1' '{"a":NaN}' '{"a":18446744073709551616}' \
		'{"a":"\ud800"}' $'{"a":"\xff"}' '{"a":1}}'; do
		run -65 chsend jobs "$text"
		[[ $output == 'chsend: message:1:'* ]]
	done
}

@test "integers are exact to 64 bits, keys may be there twice" {
	text='{"a":9223372036854775807,"a":-9223372036854775808,"b":"\u0000￿"}'
	chsend jobs "$text"
	run -0 chrecv -c 1 jobs
	[ "$output" = "$text" ]
}

@test "a bad object among the operands is said, the others go" {
	run -65 chsend jobs '{"n":1}' '{"n":}' '{"n":3}'
	[[ $output == 'chsend: message 2:1:6: '* ]]
	run -0 chrecv --no-wait jobs
	[ "$output" = $'{"n":1}\n{"n":3}' ]
}

# --- standard input ---------------------------------------------------------

@test "standard input is any sequence of objects" {
	printf '%s' $'{"a":1}\n{"b":\n [1,\n  2]}{"c":3} {"d":4}\n\n{"e":5}' | chsend jobs
	run -0 chrecv --no-wait jobs
	[ "$output" = $'{"a":1}\n{"b":[1,2]}\n{"c":3}\n{"d":4}\n{"e":5}' ]
}

@test "bad JSON is said with line and column, the good around it goes through" {
	run -65 chsend jobs <<-'EOF'
		{"n":1}
		{"n":
		{"n":3}
		[4]
		{"n":5, "é": x}
		{"n":6}
	EOF
	[[ ${lines[0]} == 'chsend: stdin:2:6: '* ]]
	[[ ${lines[1]} == 'chsend: stdin:4:1: '* ]]
	[[ ${lines[2]} == 'chsend: stdin:5:14: '* ]]
	[ "${#lines[@]}" -eq 3 ]
	run -0 chrecv --no-wait jobs
	[ "$output" = $'{"n":1}\n{"n":3}\n{"n":6}' ]
}

@test "the status is that of the first error" {
	mkdir store && echo '{"capacity": 1}' > store/config
	run -65 chsend jobs <<< $'[]\n{"n":1}\n{"n":2}'
	[[ ${lines[1]} == 'chsend: stdin:3: jobs is full (1 of 1, '* ]]
	run -75 chsend jobs <<< $'{"n":1}\n[]'
	[ "${#lines[@]}" -eq 1 ]
}

@test "a message is sent as soon as it is whole, not held back" {
	mkfifo in
	exec 9<> in
	start bash -c 'exec chsend jobs < in 9>&-'
	printf '{"n":1}\n{"n":2}\n{"n"' >&9
	run -0 chrecv -c 2 -t 60 jobs
	[ "$output" = $'{"n":1}\n{"n":2}' ]
	printf ':3}' >&9
	run -0 chrecv -c 1 -t 60 jobs
	[ "$output" = '{"n":3}' ]
	exec 9>&-
	ended "$pid"
	[ "$ended" -eq 0 ]
}

@test "an empty input sends nothing, and is no error" {
	run -0 chsend jobs < /dev/null
	run -0 chsend --raw jobs < /dev/null
	run -1 chrecv --no-wait jobs
}

@test "-0 reads messages that end with NUL" {
	printf '{"a":\n1}\0{"b":2}\0{"c":3}' | chsend -0 jobs
	run -0 chrecv --no-wait jobs
	[ "$output" = $'{"a":1}\n{"b":2}\n{"c":3}' ]
}

@test "--raw sends each line as text, the last with or without newline" {
	printf 'one\n\n{"two"}\t"\\\nthree\r\nfour' | chsend --raw log
	run -0 chrecv --no-wait log
	[ "${lines[0]}" = '{"text":"one"}' ]
	[ "${lines[1]}" = '{"text":""}' ]
	[ "${lines[2]}" = '{"text":"{\"two\"}\t\"\\"}' ]
	[ "${lines[3]}" = '{"text":"three\r"}' ]
	[ "${lines[4]}" = '{"text":"four"}' ]
}

@test "--raw refuses what is not UTF-8 by line and column" {
	run -65 chsend --raw log <<< $'good\n\xc3\xa9\xff\nalso'
	[ "$output" = 'chsend: stdin:2:2: not UTF-8' ]
	run -0 chrecv --raw --no-wait log
	[ "$output" = $'good\nalso' ]
}

@test "--raw -0 keeps newlines in the text" {
	printf 'a\nb\0c' | chsend --raw -0 log
	run -0 chrecv --no-wait log
	[ "$output" = $'{"text":"a\\nb"}\n{"text":"c"}' ]
}

@test "--raw refuses a line that no message can hold, and goes on" {
	mkdir store && echo '{"max_size": 50}' > store/config
	{ echo one; head -c 200000 /dev/zero | tr '\0' x; printf '\ntwo\n'; } > in
	run -65 chsend --raw log < in
	[[ $output == 'chsend: stdin:2: '* ]]
	run -0 chrecv --raw --no-wait log
	[ "$output" = $'one\ntwo' ]
}

@test "--bytes sends all there is as one boxed byte string" {
	printf 'a\0\xff\n' > in
	chsend --bytes blobs < in
	run -0 chrecv -c 1 blobs
	[ "$output" = '{"bytes":"￿YQD/Cg=="}' ]
	chsend --bytes blobs < in
	chrecv --raw -c 1 blobs > got
	cmp in got
	for n in 0 1 2 3; do
		head -c $n in | chsend --bytes blobs
		chrecv --raw -c 1 blobs | cmp - <(head -c $n in)
	done
}

@test "--bytes larger than a message is refused" {
	mkdir store && echo '{"max_size": 50}' > store/config
	run -65 chsend --bytes blobs < <(head -c 51 /dev/zero)
	run -65 chsend --bytes blobs < <(head -c 50 /dev/zero)
	run -0 chsend --bytes blobs < <(head -c 20 /dev/zero)
}

@test "a message at the limit is taken, one byte more is not" {
	text() { printf '{"x":"%*s"}' "$(($1 - 8))" ''; }
	text 1048576 | chsend big
	[ "$(chrecv -c 1 big | wc -c)" -eq 1048577 ]
	run -65 chsend big <<< "$(text 1048577)"
	[[ $output == 'chsend: stdin:1:1: '*1048576* ]]
}

@test "standard input that is closed is an I/O error" {
	run -74 bash -c 'chsend jobs <&-'
	[[ $output == 'chsend: read standard input: '* ]]
}

@test "from a terminal it says first what to type" {
	printf '{"n":1}\n\004' > keys
	run -0 script -qec 'chsend jobs' /dev/null < keys
	[[ $output == *'chsend: type JSON objects; Ctrl-D ends them'* ]]
	run -0 chrecv -c 1 jobs
	[ "$output" = '{"n":1}' ]
}

# --- full channels ----------------------------------------------------------

@test "a stream stops at the first message that does not fit, and says where" {
	seq 1 1005 | sed 's/.*/{"n":&}/' > in
	run -75 chsend jobs < in
	[[ $output =~ ^'chsend: stdin:1001: jobs is full (1000 of 1000, oldest '[0-9]+' s); 1000 sent'$ ]]
	[ "$(pending jobs)" -eq 1000 ]
	run -75 chsend jobs n=1
	[[ $output =~ ^'chsend: jobs is full (1000 of 1000, oldest '[0-9]+' s)'$ ]]
}

@test "a full channel does not keep a message from the other targets" {
	mkdir store && echo '{"capacity": 1}' > store/config
	chsend b x=1
	run -75 chsend a b c - <<< $'{"n":1}\n{"n":2}'
	[[ $output == 'chsend: stdin:1: b is full '* ]]
	[ "$(chrecv --no-wait a)" = '{"n":1}' ]
	[ "$(chrecv --no-wait c)" = '{"n":1}' ]
}

@test "-w waits for room" {
	mkdir store && echo '{"capacity": 2}' > store/config
	seq 1 50 | sed 's/.*/{"n":&}/' > in
	start chsend -w jobs < in
	chrecv -c 50 -t 60 jobs > got
	cmp in got
	ended "$pid"
	[ "$ended" -eq 0 ]
}

@test "-w with -t ends with 124, and says what was full" {
	mkdir store && echo '{"capacity": 2}' > store/config
	run -124 chsend -w -t 0.2 jobs <<< $'{"n":1}\n{"n":2}\n{"n":3}'
	[[ $output == 'chsend: stdin:3: jobs is full (2 of 2, '*'; 2 sent' ]]
	run -124 chsend --full=wait -t 200ms jobs n=4
	[ "$(pending jobs)" -eq 2 ]
}

@test "--full=drop-oldest makes room" {
	mkdir store && echo '{"capacity": 2}' > store/config
	chsend --full=drop-oldest jobs '{"n":1}' '{"n":2}' '{"n":3}'
	run -0 chrecv --no-wait jobs
	[ "$output" = $'{"n":2}\n{"n":3}' ]
	run -64 chsend -w --full=drop-oldest jobs n=1
	run -64 chsend --full=perhaps jobs n=1
	[[ ${lines[0]} == *'fail|wait|drop-oldest'* ]]
}

@test "-t is for the whole run, an idle input too" {
	mkfifo in
	exec 9<> in
	printf '{"n":1}\n' >&9
	run -124 chsend -t 0.3 jobs < in
	[[ $output == *'; 1 sent' ]]
	[ "$(pending jobs)" -eq 1 ]
}

# --- times ------------------------------------------------------------------

@test "--delay delivers later" {
	chsend --delay 700ms jobs n:=2
	chsend jobs n:=1
	run -0 chrecv -c 2 -t 60 jobs
	[ "$output" = $'{"n":1}\n{"n":2}' ]
	chsend --delay 2h jobs n:=3
	run -1 chrecv --no-wait jobs
}

@test "--at delivers at a time" {
	chsend --at "@$(($(date +%s) + 1))" jobs n:=1
	run -0 chrecv -c 1 -t 60 jobs
	chsend --at 2001-02-03T04:05:06Z jobs n:=2
	run -0 chrecv --no-wait jobs
	[ "$output" = '{"n":2}' ]
	chsend --at "$(date -u -d '+1 hour' +%H:%M)" jobs n:=3
	run -1 chrecv --no-wait jobs
	run -64 chsend --at yesterday jobs n=1
	run -64 chsend --at 10m --delay 10m jobs n=1
}

@test "--expiry drops what is not received in time" {
	chsend --expiry 100ms jobs n:=1
	chsend --expiry 1h jobs n:=2
	run -124 chrecv -t 0.3 nothing
	run -0 chrecv --no-wait jobs
	[ "$output" = '{"n":2}' ]
	run -64 chsend --expiry 0 jobs n=1
}

# --- groups -----------------------------------------------------------------

@test "-g sends to every member" {
	chgroup add g a b c
	chsend -g g text=hello
	for channel in a b c; do
		run -0 chrecv --no-wait $channel
		[ "$output" = '{"text":"hello"}' ]
	done
}

@test "a group send exits 0 whatever became of it; -v says" {
	mkdir store && echo '{"capacity": 1}' > store/config
	run -0 chsend -g nobody n=1
	[ "$output" = '' ]
	chgroup add g a b c d
	chsend d n=0
	run -0 chsend -g g n=1
	[ "$output" = '' ]
	chrecv -c 1 a && chrecv -c 1 b && chrecv -c 1 c
	run -0 chsend -v -g g n=2
	has_line 'chsend: sent to 3 of 4'
}

@test "--exclude leaves one member out" {
	chgroup add g a b
	chsend -g --exclude a g n:=1
	run -1 chrecv --no-wait a
	run -0 chrecv --no-wait b
	run -64 chsend --exclude a b n=1
}

@test "-g takes streams, several groups, lines and bytes" {
	chgroup add g a
	chgroup add h b
	printf 'x\ny\n' | chsend --raw -g g h -
	run -0 chrecv --raw --no-wait a
	[ "$output" = $'x\ny' ]
	run -0 chrecv --raw --no-wait b
	[ "$output" = $'x\ny' ]
	printf z | chsend --bytes -g g
	run -0 chrecv --raw --no-wait a
	[ "$output" = z ]
	run -64 chsend -g -w g n=1
}

# --- envelopes --------------------------------------------------------------

@test "-e sends where each line says" {
	chgroup add g member
	chsend -e <<-'EOF'
		{"channel":"a","message":{"n":1}}
		{"message": {"n": 2}, "channel": "b!x"}
		{"group":"g","message":{"n":3}}
		{"channel":"\u0061","message":{"n":4}}
	EOF
	run -0 chrecv --no-wait a
	[ "$output" = $'{"n":1}\n{"n":4}' ]
	run -0 chrecv -e --no-wait 'b!'
	[ "$output" = '{"channel":"b!x","message":{"n": 2}}' ]
	run -0 chrecv --no-wait member
	[ "$output" = '{"n":3}' ]
}

@test "-e knows a delay in seconds" {
	chsend -e <<-'EOF'
		{"channel":"a","message":{"n":1},"delay":0.7}
		{"channel":"a","message":{"n":2},"delay":3600}
		{"channel":"a","message":{"n":3},"delay":0}
	EOF
	run -0 chrecv --no-wait a
	[ "$output" = '{"n":3}' ]
	run -0 chrecv -c 1 -t 60 a
	[ "$output" = '{"n":1}' ]
	run -1 chrecv --no-wait a
}

@test "-e refuses with line and column what is no envelope; the rest goes" {
	run -65 chsend -e <<-'EOF'
		{"channel":"a","message":{"n":1}}
		{"message":{"n":2}}
		{"channel":"a"}
		{"channel":"a","message":[]}
		{"channel":5,"message":{}}
		{"channel":"a","group":"g","message":{}}
		{"channel":"a","message":{},"delay":"x"}
		{"channel":"a","message":{},"dealy":1}
		{"channel":"../a","message":{}}
		{"n":
		{"channel":"a","message":{"n":11}}
	EOF
	[ "${#lines[@]}" -eq 9 ]
	[ "${lines[0]}" = 'chsend: stdin:2:1: no channel or group in the envelope' ]
	[[ ${lines[2]} == 'chsend: stdin:4:26: '* ]]
	[[ ${lines[6]} == 'chsend: stdin:8:37: '* ]]
	[[ ${lines[7]} == "chsend: stdin:9:12: name '../a' refused: "* ]]
	run -0 chrecv --no-wait a
	[ "$output" = $'{"n":1}\n{"n":11}' ]
}

@test "-e takes no targets" {
	run -64 chsend -e jobs < /dev/null
	run -64 chsend -e '{"channel":"a","message":{}}'
	run -64 chsend -e --raw < /dev/null
}

@test "chrecv -e | jq -c | chsend -e is a consumer" {
	send_numbers in 1 200
	chrecv -e --no-wait in |
		jq -c '{channel: "out", message: {double: (.message.n * 2)}}' |
		chsend -e
	[ "$(chrecv --no-wait out | tail -n 1)" = '{"double":400}' ]
}

# --- calls ------------------------------------------------------------------

@test "-C adds a reply channel and prints the reply" {
	start bash -c 'request=$(chrecv -c 1 -t 60 add) &&
		jq -c "{channel: .reply_channel, message: {sum: (.a + .b)}}" <<< "$request" |
		chsend -e'
	run -0 chsend -C -t 60 add a:=1 b:=2
	[ "$output" = '{"sum":3}' ]
}

@test "-C with -c N waits for N replies" {
	start bash -c 'to=$(chrecv -F "{reply_channel}" -c 1 -t 60 ask) &&
		chsend "$to" "{\"n\":1}" "{\"n\":2}" "{\"n\":3}"'
	run -0 chsend -C -c 2 -t 60 ask '{}'
	[ "$output" = $'{"n":1}\n{"n":2}' ]
}

@test "-C ends with 124 when no reply comes" {
	run -124 chsend -C -t 0.2 ask a=1
	[[ $output == 'chsend: no reply on '*': timed out' ]]
	run -0 chrecv -c 1 ask
	[[ $output =~ ^'{"a":"1","reply_channel":"'[A-Za-z0-9._-]+![0-9]+'"}'$ ]]
	run -124 chsend -C -t 0.2 ask '{ }'
	run -0 chrecv -c 1 ask
	jq -e .reply_channel <<< "$output"
	run -124 chsend -C -t 0.2 ask <<< '{}'
	[[ $output == 'chsend: stdin:1: no reply on '*': timed out; 1 sent' ]]
}

@test "-C calls one channel" {
	run -64 chsend -C a b n=1
	run -64 chsend -C -g a n=1
	run -64 chsend -c 2 a n=1
	run -64 chsend --more a n=1
	run -64 chsend -C -e a n=1
}

# --- names ------------------------------------------------------------------

@test "a refused name is 65 and never touches the file system" {
	long=$(printf 'x%.0s' {1..101})
	for name in ../x a/b . .. .hidden 'a!b!c' 'a b' "$long" 'p!' 'p?' 'a*' ''; do
		run -65 chsend "$name" n=1
		[[ $output == chsend:* ]]
		[ ! -e "$CHANNELS_URL" ]
	done
	run -0 chsend "${long:1}" n=1
}

@test "a channel whose owner is gone is 1, said with -v only" {
	start chrecv --new 'p!'
	waiting 'p!' 1
	kill -KILL "$pid"
	ended "$pid" || true
	run -1 chsend 'p!x' n=1
	[ "$output" = '' ]
	run -1 chsend -v 'p!x' n=1
	[[ $output == *'owner'* ]]
}

@test "text that looks like an option or a command is text" {
	chsend jobs 'text=$(id)' -- 'rf=-rf'
	run -0 chrecv -c 1 jobs
	[ "$output" = '{"text":"$(id)","rf":"-rf"}' ]
}

@test "--stream sends frames that one WebSocket tells apart" {
	chsend --stream notes jobs a:=1 'b=é"'
	chsend --stream 'a "b"' jobs '{"n":1}' '{ "n" : 2.0 }'
	printf 'x\ny\n' | chsend --raw --stream s jobs
	run -0 chrecv --no-wait --raw jobs
	[ "${lines[0]}" = '{"stream":"notes","payload":{"a":1,"b":"é\""}}' ]
	[ "${lines[1]}" = '{"stream":"a \"b\"","payload":{"n":1}}' ]
	[ "${lines[2]}" = '{"stream":"a \"b\"","payload":{ "n" : 2.0 }}' ]
	[ "${lines[3]}" = '{"stream":"s","payload":{"text":"x"}}' ]
	[ "${lines[4]}" = '{"stream":"s","payload":{"text":"y"}}' ]
	run -64 chsend --stream s -e <<< '{}'
	run -64 chsend --stream $'\377' jobs n:=1
	chgroup add chat member
	chgroup send chat --stream s n:=1
	run -0 chrecv --no-wait member
	[ "$output" = '{"text":"{\"stream\":\"s\",\"payload\":{\"n\":1}}"}' ]
}
