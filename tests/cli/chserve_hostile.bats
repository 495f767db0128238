# chserve(1) under attack, see tests/hostile: it lives, its memory is bounded,
# a good client is answered, and the log says it once. Each attack is small
# and short here; `make hostile` has them in their full size.

load helper

setup() {
	ch_setup
	mkdir public
	echo hello > public/small
	head -c 4M /dev/zero > public/large
	TESTS=${CH_BIN%/bin}/tests
}

# serve OPTION...: a chserve that has a consumer; $server, $port
serve() {
	ulimit -n "$(ulimit -Hn)"
	mkfifo consumer
	START_OUT=consumer start "$TESTS/bench/load" consumer
	read -r _ < consumer
	serve_with -l 127.0.0.1:0 --root public "$@"
	port=${url##*:}
	port=${port%/}
}

# holds EXPRESSION: what the result of the attack has to be
holds() {
	jq -e "$1" result > /dev/null
}

# attack MODE EXPRESSION [SECONDS]: on a loaded machine a good client may wait
# for reasons that are not ours, so the best of three counts for its time alone;
# under a sanitizer neither time nor memory is what it would be
attack() {
	local i
	for i in 1 2 3; do
		timeout 60 "$TESTS/hostile/hostile" "$1" 127.0.0.1 "$port" \
			"$server" 500 "${3:-1}" > result
		cat result
		kill -0 "$server"
		holds '.opened >= 500 and .good > 0 and .bad == 0' || return
		holds "$2" || return
		[ -z "${ASAN_OPTIONS-}" ] || return 0
		holds '.rss_kb < 204800' || return
		if holds '.p99_ms < 100'; then return 0; fi
	done
	return 1
}

# once TEXT: the log has it, and nothing has been said twice
once() {
	grep -q "$1" err
	[ -z "$(sort err | uniq -d)" ]
}

@test "idle connections" {
	serve
	attack idle true
	[ ! -s err ]
}

@test "connections of one address: 429, said once" {
	serve --max-per-address 100
	attack one-address '.refused + .closed > 100'
	once '127.0.0.2 has 100 connections: more are refused'
}

@test "more connections than there may be: a good client has room" {
	serve --max-connections 400
	timeout 60 "$TESTS/hostile/hostile" idle 127.0.0.1 "$port" "$server" \
		500 3 > result
	cat result
	kill -0 "$server"
	holds '.opened > 1000 and .good > 30'
	once 'there are 400 connections: more are refused'
}

@test "thousands of connects" {
	serve
	attack connects '.opened > 1000'
}

@test "slow and huge heads" {
	serve
	attack slow-heads true
	attack huge-heads true
}

@test "slow bodies and bodies in small chunks" {
	serve
	attack slow-bodies true
	attack chunks true
}

@test "answers that are not read, many of them on one connection" {
	serve
	attack slow-readers true
	attack huge-readers true
	attack pipelines true
}

@test "WebSockets that do not read, and many messages" {
	serve
	attack ws-slow-readers true
	attack ws-messages true
}

@test "WebSocket messages that do not end: who holds most is closed" {
	serve
	attack ws-gathering '.closed > 0' 4
	attack ws-fragments true
	once 'clients make us hold .* MiB: those are cut that hold much'
}

@test "WebSocket pings, and messages that are small while deflated" {
	serve
	attack ws-pings true
	attack ws-bombs '.closed > 0' 4
}

@test "HTTP/2: streams that are reset, PING, SETTINGS, CONTINUATION" {
	serve
	attack h2-resets true
	attack h2-pings true
	attack h2-settings true
	attack h2-continuations true
}
