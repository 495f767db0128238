# chserve(1): sessions, logins, and whose WebSockets these are.

load helper

setup() {
	ch_setup
	export STATE=$CHANNELS_URL
}

# serve OPTION...: a chserve on a free port that keeps sessions; $url, $server
serve() {
	serve_with -l 127.0.0.1:0 "$@"
}

case_of() {
	timeout 120 python3 "$ROOT/tests/cli/sessioncases.py" "$1" "$url"
	kill -0 "$server"
}

# of_session CASE [OPTION...]: the case, with --sessions
of_session() {
	local case=$1
	shift
	serve --sessions "$@"
	case_of "$case"
}

@test "whoever has no session stays unknown" { of_session anonymous; }
@test "an answer makes, changes and ends a session" { of_session data; }
@test "a login rotates the id; a logout closes WebSockets" { of_session login; }
@test "an answer gives a session that was made elsewhere" { of_session given; }
@test "the end of a session closes its WebSockets" { of_session ended --events news; }
@test "chsession logs in, and closes what is open" { of_session ended_by_hand; }
@test "a session that ends in the handshake refuses it" { of_session ended_in_the_handshake; }
@test "other sites' pages are refused" { of_session forged; }
@test "--require-login" { of_session need_login --require-login --events news; }
@test "data of connections outlive them by a moment" { of_session connection; }
@test "the cookie is found among others" { of_session cookies; }

@test "with several processes" {
	serve --sessions -j 2 --events news
	case_of login
	case_of ended
}

@test "over TLS the cookie is for this host alone" {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc \
		-days 2 -subj /CN=localhost -keyout key.pem -out cert.pem 2> /dev/null
	serve --sessions --tls-cert cert.pem --tls-key key.pem
	case_of data
	case_of forged
}

@test "without --sessions" {
	serve
	case_of off
	grep -q 'there are none without --sessions' err
}

@test "--session-cookie, --session-idle, --session-max-age" {
	serve --sessions --session-cookie sid --session-idle 1h --session-max-age 2h
	start timeout 60 curl -sS -D head "$url"
	curl=$pid
	channel=$(chrecv -c 1 -t 30 http.request | jq -r .reply_channel)
	chsend "$channel" status:=200 user=ana
	ended "$curl"
	cookie=$(sed -n 's/^Set-Cookie: sid=\([^;]*\); Path=\/; Max-Age=7[12][0-9][0-9]; .*/\1/p' head)
	[ ${#cookie} -eq 32 ]
	[ "$(jq -c '[.idle, .max_age, .user]' "$STATE/sessions/$cookie")" = \
		'[3600000,7200000,"ana"]' ]
}

@test "options that make no sense" {
	run -64 chserve --require-login
	[[ $output == *'--require-login needs --sessions'* ]]
	run -64 chserve --session-idle 1h
	[[ $output == *'--session-idle needs --sessions'* ]]
	run -64 chserve --sessions --session-cookie 'a b'
	[[ $output == *"--session-cookie a b: is no cookie's name"* ]]
}

@test "a folder that others may look into" {
	mkdir -p state/sessions
	chmod 755 state/sessions
	run -77 chserve --sessions --state state -l 127.0.0.1:0
	serve --state state
	kill -0 "$server"
}

@test "over HTTP/2" {
	cat > routes <<- 'END'
		http.request exec sh -c 'printf "CH-User: ana\n\n%s" "$CH_USER"'
	END
	serve --sessions --routes routes
	get() { curl -sS --max-time 30 --http2-prior-knowledge -b jar -c jar "$url"; }
	[ "$(get)" = '' ]
	[ "$(get)" = ana ]
}

# --- with chwork ------------------------------------------------------------

@test "scripts: CH_USER, CH_SESSION, REMOTE_USER, CH-User, CH-Session" {
	cat > routes <<- 'END'
		http.request path=/in exec sh -c 'printf "CH-User: ana\n\nin"'
		http.request path=/out exec sh -c 'printf "CH-Session:\n\nout"'
		http.request path=/who exec sh -c 'printf "\n%s %s" "$CH_USER" "${#CH_SESSION}"'
		http.request path=/cgi cgi ./cgi
		websocket.connect accept
		websocket.receive exec sh -c 'echo "$CH_USER"'
	END
	printf '#!/bin/sh\nprintf "CH-User:\\n\\n%%s" "$REMOTE_USER"\n' > cgi
	chmod +x cgi
	serve --sessions --routes routes
	get() { curl -sS --max-time 30 -b jar -c jar "$url$1"; }
	[ "$(get who)" = ' 0' ]
	[ "$(get in)" = in ]
	[ "$(get who)" = 'ana 32' ]
	[ "$(get cgi)" = ana ]
	[ "$(get who)" = ' 32' ]
	[ "$(get out)" = out ]
	[ "$(get who)" = ' 0' ]
}
