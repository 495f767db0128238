# chgroup: sets of channels.

load helper

@test "add and discard are idempotent" {
	run -0 chgroup add g a b
	run -0 chgroup add g a
	[ "$(chgroup members g)" = $'a\nb' ]
	run -0 chgroup discard g a
	run -0 chgroup discard g a nobody
	run -0 chgroup discard nogroup a
	[ "$(chgroup members g)" = b ]
}

@test "has answers 0 or 1" {
	chgroup add g a
	run -0 chgroup has g a
	[ "$output" = '' ]
	run -1 chgroup has g b
	[ "$output" = '' ]
	run -1 chgroup has g a b
	run -1 chgroup has nogroup a
	run -1 chgroup -v has g b
	has_line 'chgroup: b is not in g'
}

@test "members prints one channel a line, in order" {
	chgroup add g c 'p?x' a
	run -0 chgroup members g
	[ "$output" = $'a\nc\np?x' ]
	run -0 chgroup members --json g
	[ "$output" = $'{"channel":"a"}\n{"channel":"c"}\n{"channel":"p?x"}' ]
	run -0 chgroup members --match '[ab]*' g
	[ "$output" = a ]
}

@test "members of an unknown group prints nothing, 0" {
	run -0 chgroup members nogroup
	[ "$output" = '' ]
	run -0 chgroup count nogroup
	[ "$output" = 0 ]
}

@test "count prints a number" {
	chgroup add g web.1 web.2 cron
	run -0 chgroup count g
	[ "$output" = 3 ]
	run -0 chgroup count --match 'web.*' g
	[ "$output" = 2 ]
	run -0 chgroup count g --json
	[ "$output" = '{"group":"g","members":3}' ]
	chgroup add h x
	run -0 chgroup count
	[ "$output" = 2 ]
	run -0 chgroup --json count
	[ "$output" = '{"groups":2}' ]
}

@test "list prints the groups that have members" {
	chgroup add chat a
	chgroup add chat-x a b
	chgroup add log a
	chgroup add empty a && chgroup discard empty a
	run -0 chgroup list
	[ "$output" = $'chat\nchat-x\nlog' ]
	run -0 chgroup list --match 'chat*'
	[ "$output" = $'chat\nchat-x' ]
	run -0 chgroup list 'chat-?'
	[ "$output" = chat-x ]
	run -0 chgroup list --json --match 'chat*'
	[ "$output" = $'{"group":"chat","members":1}\n{"group":"chat-x","members":2}' ]
	run -0 chgroup list nogroup
	[ "$output" = '' ]
}

@test "send takes what chsend -g takes" {
	chgroup add g a b
	chgroup send g text=hello
	chgroup send g '{"n":1}' '{"n":2}'
	printf 'line\n' | chgroup send --raw g
	chgroup send g --exclude a n:=3
	run -0 chrecv --no-wait a
	[ "$output" = $'{"text":"hello"}\n{"n":1}\n{"n":2}\n{"text":"line"}' ]
	run -0 chrecv --no-wait b
	[ "${lines[4]}" = '{"n":3}' ]
	run -0 chgroup send -v g n=1
	has_line 'chgroup: sent to 2 of 2'
	run -65 chgroup send g <<< nonsense
	[ "$output" = 'chgroup: stdin:1:1: not an object' ]
}

@test "drop empties a group and forgets it" {
	chgroup add g a b
	run -0 chgroup drop g
	[ "$(chgroup list)" = '' ]
	run -0 chgroup drop g
}

@test "options stand before or after the verb" {
	run -0 chgroup -S "$PWD/other" add g a
	run -0 chgroup members -S "$PWD/other" g
	[ "$output" = a ]
	run -0 chgroup members g --store="$PWD/other"
	[ "$output" = a ]
}

@test "an unknown verb is 64, and a near one is named" {
	run -64 chgroup delete g a
	[ "${lines[0]}" = 'chgroup: unknown verb delete' ]
	run -64 chgroup mebmers g
	[ "${lines[0]}" = 'chgroup: unknown verb mebmers; did you mean members?' ]
	run -64 chgroup mem g
	run -64 chgroup
	[ "${lines[0]}" = 'chgroup: no verb' ]
}

@test "verbs take what is theirs" {
	run -64 chgroup add g
	run -64 chgroup add
	run -64 chgroup members
	run -64 chgroup members g h
	run -64 chgroup drop
	run -64 chgroup send
	run -64 chgroup add --json g a
	run -64 chgroup has --match x g a
	run -64 chgroup members --raw g
	run -64 chgroup list g --match h
	[ ! -e "$CHANNELS_URL" ]
}

@test "names that are none are refused before anything is opened" {
	for bad in ../g 'g!' 'g?x' . '' 'g*'; do
		run -65 chgroup add "$bad" a
		run -65 chgroup members "$bad"
	done
	for bad in ../a 'p!' a/b 'a!b!c' 'a*'; do
		run -65 chgroup add g "$bad"
		run -65 chgroup has g "$bad"
	done
	run -65 chgroup list --match '../*'
	[ ! -e "$CHANNELS_URL" ]
}

@test "the page says first what it is not" {
	run -0 mandoc -T utf8 "$ROOT/man/chgroup.1"
	[[ $(col -b <<< "$output" | tr -s ' \n' ' ') == *'DESCRIPTION not chgrp(1)'* ]]
}
