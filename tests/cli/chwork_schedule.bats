#!/usr/bin/env bats
#
# chwork: what comes with the clock, and what is put off.

load helper
load worker

# checked ROUTE...: what --check says of them
checked() {
	local route args=()
	for route; do args+=(-r "$route"); done
	run chwork --check -v "${args[@]}"
}

@test "every: who shares a store shares the times as well" {
	mkdir store
	chmod 2770 store
	work 'every 100ms send ticks'
	taken 1 ticks
	[ "$(stat -c %a store/schedules)" -eq 2770 ]
	[ "$(stat -c %a store/schedules/*)" -eq 660 ]
}

# --- schedules ------------------------------------------------------------------

@test "every: an action as often" {
	work 'every 100ms send ticks'
	taken 3 ticks
	jq -es 'all(.schedule == "every 100ms" and
		(.due | test("^20..-..-..T..:..:...[0-9]00Z$"))) and
		(map(.due) | unique | length) == 3' <<< "$output"
}

@test "every: a command, with the time in its environment" {
	script tell <<- 'END'
		chsend told channel="$CH_CHANNEL" schedule="$CH_SCHEDULE" \
			due="$CH_DUE" stdin="$(cat)"
	END
	work 'every 200ms exec NAME=x ./tell'
	taken 1 told
	jq -e '(.channel | test("^schedule[.][0-9a-f]{16}$")) and
		.schedule == "every 200ms" and
		(.stdin | fromjson.due) == .due' <<< "$output"
}

@test "every: each time once, however many workers there are" {
	local i workers=()
	for i in 1 2 3; do
		START_ERR=err.$i work 'every 100ms send ticks'
		workers+=("$worker")
	done
	taken 6 ticks
	[ "$(jq -r .due <<< "$output" | sort | uniq -d | wc -l)" -eq 0 ]
	kill -KILL "${workers[0]}" "${workers[1]}"
	taken 3 ticks
	[ "$(jq -r .due <<< "$output" | sort | uniq -d | wc -l)" -eq 0 ]
	refute grep . err.1 err.2 err.3
}

@test "every: a stamp from the future is of a clock that was wrong" {
	local name
	checked 'every 100ms send ticks'
	[[ $output =~ schedule\.([0-9a-f]{16}) ]]
	name=${BASH_REMATCH[1]}
	chsend other n:=1
	mkdir "$CHANNELS_URL/schedules"
	printf '%020d\n' 99999999999999 > "$CHANNELS_URL/schedules/$name"
	work 'every 100ms send ticks'
	taken 1 ticks
}

@test "every: a time that comes while the last one waits is left out" {
	mkfifo hold
	script slow <<< 'read -r _ < hold'
	work 'every 100ms exec --jobs 1 ./slow'
	log_says 'still waiting'
	[[ $(< err) == *'-r 1: every 100ms: left out'* ]]
	kill -KILL "$worker"
}

@test "every: unwritable stamps are told of, and nothing is done twice" {
	chsend other n:=1
	: > "$CHANNELS_URL/schedules"
	work 'every 100ms send ticks'
	log_says 'every 100ms: .*schedules'
	run chrecv -t 0 ticks
	[ "$status" -eq 124 ]
}

@test "every: new routes have new times, those that stay go on" {
	echo 'every 100ms send one' > routes
	start chwork routes
	worker=$pid
	taken 1 one
	echo 'every 100ms send two' > routes
	kill -HUP "$worker"
	taken 2 two
	log_says '1 are new, 1 gone'
	chstat --flush one
	taken 2 two
	run chrecv -t 0 one
	[ "$status" -eq 124 ]
}

@test "cron, @daily: --check -v tells when they are due" {
	TZ=UTC0 checked 'cron 30 4 29 feb * send a' '@daily send b' \
		'every 1h send c' 'cron 0 0 30 2 * send d'
	[ "$status" -eq 78 ]
	[[ $output == *'-r 4:6: there is no such day'* ]]
	TZ=UTC0 checked 'cron 30 4 29 feb * send a' '@daily send b' \
		'every 1h send c'
	[ "$status" -eq 0 ]
	[[ $output == *'chwork: 3 routes'* ]]
	[[ $output == *'-r 1: schedule.'*': cron 30 4 29 feb *: '*'-02-29 04:30:00 +0000'* ]]
	[[ $output == *'-r 2: schedule.'*': @daily: '*' 00:00:00 +0000'* ]]
	[[ $output == *'-r 3: schedule.'*': every 1h: '*':00:00 +0000'* ]]
}

@test "a schedule that makes no sense is refused with its place" {
	local wrong
	while IFS='|' read -r route wrong; do
		run chwork --check -r "$route"
		[ "$status" -eq 78 ] || { echo "$route: $status"; false; }
		[[ $output == *"-r 1:$wrong"* ]] || { echo "$route"; false; }
	done <<- 'END'
		every|1: a duration is missing
		every soon send a|7: soon is no duration of 100 ms or more
		every 10ms send a|7: 10ms is no duration of 100 ms or more
		every 5m|7: an action is missing
		every 5m accept|10: accept needs a connection
		every 5m cgi ./x|10: cgi needs a connection
		every 5m stream --per connection cat|10:
		cron 0 0 * *|12: the day of the week is missing
		cron 60 0 * * * send a|6: 60 is no minute
		@often send a|1: @often is none of @hourly
		every 5m path=/x send a|10: path=/x is neither a filter
	END
}

@test "schedules are left out by their channels" {
	start chwork --exclude 'schedule.*' -r 'every 100ms send ticks' \
		-r 'in send seen'
	chsend in n:=1
	taken 1 seen
	run chrecv -t 0.3 ticks
	[ "$status" -eq 124 ]
}

# --- asgi.delay ------------------------------------------------------------------

@test "asgi.delay: the content arrives when the delay is over" {
	work 'x drop'
	chsend asgi.delay '{"channel":"later","delay":150,"content":{"n":1.50}}'
	taken 1 later
	[ "$output" = '{"n":1.50}' ]
	chsend asgi.delay '{"channel":"later","delay":3600000,"content":{}}' \
		'{"channel":"now","delay":0,"content":{"n":2}}'
	taken 1 now
	[ "$(chstat later | awk '$1 == "later" { print $3 }')" -eq 1 ]
}

@test "asgi.delay: what makes no sense is told of, the rest goes on" {
	work 'x drop'
	chsend asgi.delay '{"channel":"a b","delay":1,"content":{}}' \
		'{"delay":1,"content":{}}' '{"channel":"a","content":{}}' \
		'{"channel":"a","delay":-1,"content":{}}' \
		'{"channel":"a","delay":1.5,"content":{}}' \
		'{"channel":"a","delay":1,"content":[1]}' \
		'{"channel":"good","delay":1,"content":{}}'
	taken 1 good
	grep -q 'asgi.delay: .*a b' err
	grep -q 'asgi.delay: channel is no string: {"delay":1' err
	[ "$(grep -c 'asgi.delay: delay is no number of millis' err)" -eq 3 ]
	grep -q 'asgi.delay: content is no object' err
}

@test "asgi.delay: while the channel is full the message waits" {
	mkdir -p "$CHANNELS_URL"
	echo '{"channels": [{"match": "few", "capacity": 1}]}' > "$CHANNELS_URL/config"
	chsend few n:=1
	work 'x drop'
	chsend asgi.delay '{"channel":"few","delay":0,"content":{"n":2}}'
	taken 1 few
	taken 1 few
	[ "$output" = '{"n":2}' ]
}

@test "asgi.delay: taken by a route of its own, or not at all" {
	work 'asgi.delay send mine'
	chsend asgi.delay '{"channel":"a","delay":0,"content":{}}'
	taken 1 mine
	kill "$worker"
	ended "$worker"
	start chwork --exclude asgi.delay -r 'in send seen'
	chsend asgi.delay '{"channel":"a","delay":0,"content":{}}'
	chsend in n:=1
	taken 1 seen
	[ "$(pending asgi.delay)" -eq 1 ]
}
