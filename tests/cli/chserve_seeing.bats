# chserve(1): seeing it work: the access log, /metrics, /health, the console.

load helper

setup() {
	ch_setup
	mkdir public
	echo '<p>hello</p>' > public/index.html
}

# serve OPTION...: a chserve on a free port; $url, $server, and $fd, its output
serve() {
	serve_with -l 127.0.0.1:0 --root public "$@"
	out=$fd
}

# serve_admin: the same, with an address of its own in $admin
serve_admin() {
	serve --admin 127.0.0.1:0 --http-timeout 0.1
	next_line "$out"
	admin=${line#chserve: admin on }
	[[ $admin == http://127.0.0.1:*/ ]]
}

# log_fifo: the log is a fifo; next_logged reads the next line of it
log_fifo() {
	watch_fifo log
	log=$fd
}

# next_logged: the next line of the log, its time away, in $line
next_logged() {
	local time='\[[0-9]{2}/[A-Z][a-z]{2}/[0-9]{4}(:[0-9]{2}){3} \+0000\]'

	next_line "$log"
	[[ $line =~ $time ]] || { echo "no time in $line"; return 1; }
	line=${line/"${BASH_REMATCH[0]}"/TIME}
}

# logs LINE: what is logged next
logs() {
	next_logged
	[ "$line" = "$1" ] || { printf 'logged %s\nwanted %s\n' "$line" "$1"; return 1; }
}

stop() {
	kill -TERM "$server"
	ended "$server"
	[ "$ended" -eq 0 ]
}

case_of() {
	timeout 120 python3 "$ROOT/tests/cli/seeingcases.py" "$1" "$url"
	kill -0 "$server"
}

get() {
	curl -sS --max-time 30 --path-as-is -A test/1.0 -w '\n%{http_code}\n' "$@"
}

status_of() {
	get -o /dev/null "$@" | tail -n 1
}

# is NAME NUMBER: what $metrics says
is() {
	grep -qxF -- "$1 $2" <<< "$metrics" ||
		{ grep -F -- "${1%%\{*}" <<< "$metrics"; echo "wanted: $1 $2"; return 1; }
}

# --- the access log ---------------------------------------------------------

@test "a line for each request, in combined format" {
	log_fifo
	serve --access-log log
	get -e http://ref.example/ "${url}index.html?x=%201"
	logs '127.0.0.1 - - TIME "GET /index.html?x=%201 HTTP/1.1" 200 13 "http://ref.example/" "test/1.0"'
	get -I "$url" -A ''
	logs '127.0.0.1 - - TIME "HEAD / HTTP/1.1" 200 - "-" "-"'
	get -H 'Range: bytes=0-3' "$url"
	logs '127.0.0.1 - - TIME "GET / HTTP/1.1" 206 4 "-" "test/1.0"'
	get -H 'Host: evil.example' "$url"
	logs '127.0.0.1 - - TIME "GET / HTTP/1.1" 421 24 "-" "test/1.0"'
	stop
}

@test "the lines of WebSockets" {
	log_fifo
	serve --access-log log
	case_of websockets
	logs '127.0.0.1 - - TIME "WSCONNECT /chat?a=b" 101 - "-" "test/1.0"'
	logs '127.0.0.1 - - TIME "WSDISCONNECT /chat?a=b" 1000 7 "-" "test/1.0"'
	logs '127.0.0.1 - - TIME "WSREJECT /no" 403 14 "-" "-"'
	logs '127.0.0.1 - - TIME "WSREJECT /evil" 403 14 "-" "-"'
	stop
}

@test "the same as JSON" {
	log_fifo
	serve --access-log log --log-format json
	get -e http://ref.example/ "${url}?x=1"
	next_line "$log"
	[ "$(jq -c 'del(.time, .ms, .host)' <<< "$line")" = '{"event":"HTTP","client":"127.0.0.1","method":"GET","target":"/?x=1","version":"HTTP/1.1","status":200,"bytes":13,"referer":"http://ref.example/","agent":"test/1.0"}' ]
	jq -e '(.ms >= 0) and (.ms < 10000) and (.host | startswith("127.0.0.1:")) and
		(.time | test("^2[0-9]{3}-[0-9-]{5}T[0-9:]{8}[.][0-9]{3}Z$"))' <<< "$line"
	case_of websockets
	for want in WSCONNECT,101 WSDISCONNECT,1000 WSREJECT,403 WSREJECT,403; do
		next_line "$log"
		[ "$(jq -r '"\(.event),\(.status)"' <<< "$line")" = "$want" ]
	done
	stop
}

@test "what was not read to its end, or not answered" {
	head -c 30000000 /dev/zero > public/big
	log_fifo
	serve --access-log log
	refute curl -sS --limit-rate 1k -m 0.5 "${url}big" -o got
	next_logged
	[[ $line =~ ^'127.0.0.1 - - TIME "GET /big HTTP/1.1" 200 '([0-9]+)' "-" "curl/' ]]
	((BASH_REMATCH[1] > 0 && BASH_REMATCH[1] < 30000000))
	refute curl -sS -m 0.2 -A '' "${url}nobody/answers"
	logs '127.0.0.1 - - TIME "GET /nobody/answers HTTP/1.1" 499 - "-" "-"'
	stop
}

@test "HTTP/2 and its WebSockets" {
	log_fifo
	serve --access-log log
	get --http2-prior-knowledge "$url?two"
	logs '127.0.0.1 - - TIME "GET /?two HTTP/2.0" 200 13 "-" "test/1.0"'
	timeout 120 /usr/bin/python3 "$ROOT/tests/cli/h2cases.py" websocket "$url"
	logs '127.0.0.1 - - TIME "WSCONNECT /chat/a%20b?x=1" 101 - "-" "-"'
	logs '127.0.0.1 - - TIME "WSDISCONNECT /chat/a%20b?x=1" 4000 9 "-" "-"'
	logs '127.0.0.1 - - TIME "GET /other HTTP/2.0" 204 - "-" "-"'
	stop
}

@test "who a certificate says it is; handshakes that fail are counted" {
	for name in server ann; do
		openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc \
			-days 2 -subj "/CN=$name \"x" -keyout $name.key -out $name.pem \
			-addext subjectAltName=IP:127.0.0.1 2> /dev/null
	done
	log_fifo
	serve --access-log log --admin 127.0.0.1:0 --tls-cert server.pem \
		--tls-key server.key --tls-client-ca ann.pem --tls-client optional
	next_line "$out"
	admin=${line#chserve: admin on }
	get --cacert server.pem --cert ann.pem --key ann.key --http1.1 "$url"
	logs '127.0.0.1 - CN=ann\x20\x5C\x22x TIME "GET / HTTP/1.1" 200 13 "-" "test/1.0"'
	refute get "$url" 2> /dev/null # which does not know the certificate
	until metrics=$(curl -sS "${admin}metrics") &&
		grep -q 'tls_failures_total [1-9]' <<< "$metrics"; do :; done
	is chserve_tls_failures_total 1
	stop
}

@test "no client writes lines of its own" {
	log_fifo
	serve --access-log log --http-timeout 0.1
	case_of forging
	logs '127.0.0.1 - - TIME "GET /\x22 HTTP/1.1" 503 24 "\xC3\xA9\xFF" "x\x22 200 1 \x22-\x22 \x22-\x5C"'
	logs '127.0.0.1 - - TIME "GET / HTTP/1.1" 400 16 "-" "-"'
	logs '127.0.0.1 - - TIME "GET /%0a10.0.0.1 HTTP/1.1" 400 16 "-" "-"'
	logs '127.0.0.1 - - TIME "-" 400 16 "-" "-"'
	logs '127.0.0.1 - - TIME "GET /ok?last HTTP/1.1" 503 24 "-" "-"'
	stop
}

@test "moved away and opened anew by SIGUSR1 and SIGHUP, no line is lost" {
	serve --access-log log
	for i in 1 2 3 4 5 6; do
		curl -sS "$url?n=[1-200]&round=$i" -o got
		mv log "log.$i"
		kill "-$([ $((i % 2)) = 0 ] && echo HUP || echo USR1)" "$server"
	done
	curl -sS "$url?last" -o got
	stop
	[ "$(cat log log.? | wc -l)" -eq 1201 ]
	for i in 1 2 3 4 5 6; do
		[ "$(cat log log.? | grep -c "&round=$i ")" -eq 200 ]
	done
	[ "$(cat log.? | sort -u | wc -l)" -gt 6 ]
	grep -q 'GET /?last ' log
	[ ! -s err ]
}

@test "on standard output, behind where it listens" {
	serve --access-log -
	get "$url"
	log=$out
	logs '127.0.0.1 - - TIME "GET / HTTP/1.1" 200 13 "-" "test/1.0"'
	stop
}

@test "a log that cannot be opened is said at the start; a full disk does not stop it" {
	run -74 chserve -l 127.0.0.1:0 --access-log .
	[ "$output" = "chserve: access log .: Is a directory" ]
	run -64 chserve -l 127.0.0.1:0 --log-format json
	run -64 chserve -l 127.0.0.1:0 --access-log log --log-format xml
	serve --access-log /dev/full
	get "$url" "$url" "$url"
	stop
	run cat err
	[ "$output" = "chserve: access log /dev/full: No space left on device" ]
}

# --- metrics and health -----------------------------------------------------

@test "/metrics counts what happened" {
	serve_admin
	[ "$(status_of "$url" "$url" "$url")" = 200 ]
	[ "$(status_of -d x "$url")" = 405 ]
	[ "$(status_of -H 'If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT' "$url")" = 304 ]
	[ "$(status_of -H 'Host: evil.example' "$url")" = 421 ]
	case_of websockets
	chsend http.request n=1 n:=2
	metrics=$(curl -sS "${admin}metrics")
	is chserve_connections 0
	is chserve_websockets 0
	is chserve_connections_total 7
	is chserve_websockets_total 1
	is chserve_websockets_rejected_total 2
	is 'chserve_requests_total{status="1xx"}' 1
	is 'chserve_requests_total{status="2xx"}' 3
	is 'chserve_requests_total{status="3xx"}' 1
	is 'chserve_requests_total{status="4xx"}' 4
	is 'chserve_requests_total{status="5xx"}' 0
	is chserve_request_duration_seconds_count 9
	is 'chserve_refused_total{reason="host"}' 1
	is 'chserve_refused_total{reason="origin"}' 1
	is chserve_bad_requests_total 0
	is chserve_messages_in_total 6
	is chserve_messages_out_total 3
	is chserve_messages_dropped_total 0
	is 'chserve_channel_pending{channel="http.request"}' 1
	is 'chserve_channel_pending{channel="websocket.receive"}' 0
	is chserve_received_bytes_total 6 # one two
	is chserve_sent_bytes_total $((3 * 13 + 23 + 24 + 7 + 2 * 14))
	is chserve_layer_up 1
	is chserve_processes 1
	case_of forging
	metrics=$(curl -sS "${admin}metrics")
	is chserve_bad_requests_total 3
	stop
}

@test "messages that find no one, and channels that are full" {
	serve_admin
	prefix=$(chstat --json 'websocket.send.*' | jq -r .channel)
	chsend "${prefix}nobody" text=hello
	metrics=$(curl -sS "${admin}metrics")
	is chserve_messages_dropped_total 1
	is chserve_full_total 0
	seq 1000 | sed 's/.*/{"n":&}/' | chsend websocket.connect
	[ "$(status_of --http1.1 -H 'Connection: Upgrade' -H 'Upgrade: websocket' \
		-H 'Sec-WebSocket-Version: 13' \
		-H 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==' "$url")" = 503 ]
	metrics=$(curl -sS "${admin}metrics")
	is chserve_full_total 1
	is 'chserve_requests_total{status="5xx"}' 1
	is 'chserve_channel_pending{channel="websocket.connect"}' 1000
	stop
}

# ws_case NAME: a case of wscases.py
ws_case() {
	timeout 120 python3 "$ROOT/tests/cli/wscases.py" "$1" "$url"
}

@test "clients that do not read, and channels that stay full" {
	mkdir store
	echo '{"channels": [{"match": "websocket.receive", "capacity": 2}]}' > store/config
	serve_admin
	ws_case slow_reader
	metrics=$(curl -sS "${admin}metrics")
	is chserve_slow_closes_total 1
	is chserve_full_closes_total 0
	ws_case full_channel
	metrics=$(curl -sS "${admin}metrics")
	is chserve_slow_closes_total 1
	is chserve_full_closes_total 1
	stop
}

@test "the address for it has nothing else, and trusts no one's DNS" {
	serve_admin
	[ "$(status_of "${admin}health")" = 200 ]
	[ "$(status_of "${admin}")" = 404 ]
	[ "$(status_of "${admin}index.html")" = 404 ]
	[ "$(status_of -H 'Host: evil.example' "${admin}metrics")" = 421 ]
	[ "$(status_of "${url}metrics")" = 503 ] # a message, and nobody answers
	[ "$(status_of "${url}health")" = 503 ]
	stop
}

@test "the address for it may be a unix socket" {
	serve --admin unix:admin
	next_line "$out"
	[[ $line == "chserve: admin on unix:"* ]]
	run get --unix-socket admin http://any/health
	has_line ok
	has_line 200
	stop
	[ ! -e admin ]
}

@test "on the public addresses where asked, and only there" {
	serve --metrics /-/metrics --health /up --http-timeout 0.1
	run get "${url}up"
	has_line ok
	has_line 200
	run get "${url}-/metrics"
	has_line chserve_layer_up\ 1
	[ "$(status_of -X POST "${url}up")" = 405 ]
	[ "$(status_of -H 'Host: evil.example' "${url}up")" = 421 ]
	[ "$(status_of "${url}metrics")" = 503 ]
	stop
	for wrong in '--metrics metrics' '--health x' '--health /a --metrics /a' \
		'--admin 127.0.0.1' '--health'; do
		# shellcheck disable=SC2086
		run -64 chserve -l 127.0.0.1:0 $wrong
	done
}

@test "unhealthy without a store, and at the end" {
	serve_admin
	[ "$(status_of "${admin}health")" = 200 ]
	mv store aside
	run get "${admin}health"
	has_line ok # the same store, wherever it is
	rm -r aside
	run get "${admin}health"
	has_line 'no channel layer'
	has_line 503
	stop
}

@test "unhealthy while it ends, as long as something is in hand" {
	serve --admin 127.0.0.1:0
	next_line "$out"
	admin=${line#chserve: admin on }
	timeout 120 python3 "$ROOT/tests/cli/listencases.py" \
		health_while_ending "$url" "$admin" "$server"
	ended "$server"
	[ "$ended" -eq 0 ]
}

# --- several processes ------------------------------------------------------

# count NAME: what /metrics says now
count() {
	curl -sS "${admin}metrics" | awk -v name="$1" '$1 == name { print $2 }'
}

@test "with -j all processes are counted, write one log, and open it again" {
	serve -j 3 --admin 127.0.0.1:0 --access-log log
	next_line "$out"
	admin=${line#chserve: admin on }
	for _ in {1..60}; do curl -sS "$url?before" -o got; done
	mv log log.1
	kill -USR1 "$server"
	until [ -e log ]; do curl -sS "$url?before" -o got; done
	[ "$(count chserve_processes)" = 3 ]
	n=$(count 'chserve_requests_total{status="2xx"}')
	((n >= 60))
	pgrep -P "$server" -x chserve > pids
	[ "$(wc -l < pids)" -eq 3 ]
	victim=$(head -n 1 pids)
	kill -KILL "$victim"
	timeout 60 tail --pid="$victim" -f /dev/null
	until [ "$(count chserve_processes)" = 3 ]; do :; done
	[ "$(count 'chserve_requests_total{status="2xx"}')" = "$n" ]
	[ "$(count chserve_connections)" -le 1 ]
	curl -sS "$url?after" -o got
	stop
	[ "$(cat log log.1 | grep -c '"GET /?before HTTP/1.1" 200 13 ')" -eq "$n" ]
	grep -q '?after ' log
}

# --- the console ------------------------------------------------------------

@test "the console is there where asked, and what it may do is little" {
	serve --http-timeout 0.1
	[ "$(status_of "${url}console")" = 503 ]
	stop
	serve --console
	run get -i "${url}console"
	has_line 200
	has_line $'Content-Type: text/html; charset=utf-8\r'
	has_line '<title>chserve console</title>'
	has_line $'Cache-Control: no-store\r'
	nonce=$(sed -n 's/^<script nonce="\(.*\)">$/\1/p' <<< "$output")
	[ "${#nonce}" -ge 16 ]
	has_line "Content-Security-Policy: default-src 'none'; script-src 'nonce-$nonce'; style-src 'nonce-$nonce'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"$'\r'
	run get -I "${url}console"
	has_line 200
	[ "$(status_of -d x "${url}console")" = 405 ]
	[ "$(status_of -H 'Host: evil.example' "${url}console")" = 421 ]
	stop
	run cat err
	[ "$output" = "chserve: console at ${url}console" ]
}
