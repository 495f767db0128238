#!/usr/bin/env bats
#
# chwork: the options of stream, and warm scripts that misbehave.

load helper
load worker

@test "--null: envelopes end with a NUL, in and out" {
	script reader <<- 'END'
		while IFS= read -r -d '' m; do
			printf '{"channel":"out","message":{\n"n":%d}}\0' "${#m}"
		done
	END
	chsend in '{"text":"a"}'
	chsend in '{"text":"ab"}'
	start chwork --once -r 'in stream --null ./reader'
	taken 2 out
	[ "$output" = '{"n":39}
{"n":40}' ]
}

@test "--null: one that dies loses the message in hand, and no other" {
	script fragile <<- 'END'
		while IFS= read -r -d '' m; do
			[[ $m != *'"n":2'* ]] || exit 9
			printf '{"channel":"out","message":%s\0' "${m#*message\":}"
		done
	END
	send_numbers in 1 4
	start chwork -r 'in stream --null ./fragile'
	taken 3 out
	[ "$output" = '{"n":1}
{"n":3}
{"n":4}' ]
	log_says 'the last message it read: {"channel":"in","message":{"n":2}}'
}

@test "--timeout: a copy that reads no more is ended, another goes on" {
	mkfifo never
	script hang <<- 'END'
		read -r m
		if mkdir once; then read -r x <> never; fi
		printf '{"channel":"out","message":%s\n' "${m#*message\":}"
	END
	send_numbers in 1 2
	start chwork -r 'in stream --timeout 0.2 ./hang'
	taken 1 out
	[ "$output" = '{"n":2}' ]
	log_says 'in: -r 1: ./hang: ended at its timeout'
	log_says 'the last message it read: .*"n":1'
}

@test "--timeout: one that is slow, but reads, is left alone" {
	mkfifo never
	script slow <<- 'END'
		while read -r m; do
			read -r -t 0.15 x <> never
			printf '{"channel":"out","message":%s\n' "${m#*message\":}"
		done
	END
	send_numbers in 1 6
	start chwork -r 'in stream --timeout 0.4 ./slow'
	taken 6 out
	[ "$output" = "$(seq -f '{"n":%.0f}' 6)" ]
	[ ! -s err ]
}

@test "half a line, and what is not UTF-8, is said and left out" {
	script bad <<- 'END'
		read -r m
		printf '{"channel":"out","message":{"t":"\377"}}\n'
		printf '{"channel":"out","message":{"n":1}}\n'
		printf '{"channel":"out","mess'
	END
	chsend in n:=1
	start chwork --once -r 'in stream ./bad'
	taken 1 out
	[ "$output" = '{"n":1}' ]
	ended "$pid"
	log_says 'output:1:'
	log_says 'output:3:'
}

@test "one that floods is held up while a channel is full" {
	mkdir -p store
	echo '{"channels": [{"match": "out", "capacity": 10}]}' > store/config
	script flood <<- 'END'
		read -r m
		for i in {1..3000}; do
			echo "{\"channel\":\"out\",\"message\":{\"n\":$i}}"
		done
	END
	chsend in n:=1
	start chwork -r 'in stream ./flood'
	taken 3000 out
	[ "$output" = "$(seq -f '{"n":%.0f}' 3000)" ]
	refute grep dropped err
}
