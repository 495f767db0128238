# chserve(1): behind a proxy. What it says is believed where it is trusted, and
# only as far as those who wrote it are.

load helper

setup() {
	ch_setup
	mkdir -p public/sub
	echo '<p>hello</p>' > public/index.html
	echo sub > public/sub/index.html
}

# serve OPTION...: a chserve; its address is in $url
serve() {
	serve_with "$@"
}

# told FILTER ARGUMENT...: curl makes a request; what jq finds in its message
told() {
	local message filter=$1
	shift
	start curl -sS --max-time 30 "$@"
	message=$(chrecv -c 1 -t 30 http.request)
	chsend "$(jq -r .reply_channel <<< "$message")" status:=204
	ended "$pid"
	[ "$ended" -eq 0 ]
	jq -rc "$filter" <<< "$message"
}

status_of() {
	curl -sS --max-time 30 -o /dev/null -w '%{http_code}\n' "$@"
}

# opens ARGUMENT...: a WebSocket handshake; whether the consumers hear of it
opens() {
	START_OUT=status start curl -sS --max-time 30 -o /dev/null \
		-w '%{http_code}\n' -H 'Connection: Upgrade' \
		-H 'Upgrade: websocket' -H 'Sec-WebSocket-Version: 13' \
		-H 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==' "$@"
	while ! ended_now; do
		message=$(chrecv -c 1 -t 0.1 websocket.connect) || continue
		chsend "$(jq -r .reply_channel <<< "$message")" close:=true
		ended "$pid"
		return 0
	done
	[ "$(cat status)" = 403 ]
	return 1
}

ended_now() {
	! kill -0 "$pid" 2> /dev/null
}

CLIENT='[.client[0], .scheme]'

@test "without --trust-proxy nothing is believed" {
	serve -l 127.0.0.1:0
	[ "$(told "$CLIENT" -H 'X-Forwarded-For: 203.0.113.9' \
		-H 'X-Forwarded-Proto: https' -H 'X-Forwarded-Host: evil' \
		"$url")" = '["127.0.0.1","http"]' ]
	[ "$(told "$CLIENT" -H 'Forwarded: for=203.0.113.9;proto=https' \
		"$url")" = '["127.0.0.1","http"]' ]
}

@test "nor from a proxy that is not the trusted one" {
	serve -l 127.0.0.1:0 --trust-proxy 10.0.0.0/8 --trust-proxy unix
	[ "$(told "$CLIENT" -H 'X-Forwarded-For: 203.0.113.9' "$url")" = \
		'["127.0.0.1","http"]' ]
}

@test "a trusted proxy tells client and scheme" {
	serve -l 127.0.0.1:0 --trust-proxy 127.0.0.0/8 --trust-proxy 10.0.0.0/8
	[ "$(told "$CLIENT" -H 'X-Forwarded-For: 203.0.113.9, 10.0.0.1' \
		-H 'X-Forwarded-Proto: https' "$url")" = \
		'["203.0.113.9","https"]' ]
	[ "$(told "$CLIENT" -H 'X-Forwarded-For: 6.6.6.6, 203.0.113.9' \
		-H 'X-Forwarded-For: 10.0.0.1' "$url")" = \
		'["203.0.113.9","http"]' ]
	[ "$(told "$CLIENT" -H 'X-Forwarded-For: 203.0.113.9, garbage' \
		"$url")" = '["127.0.0.1","http"]' ]
	[ "$(told .client -H \
		'Forwarded: for=6.6.6.6, for="[2001:db8::9]:4711";proto=https' \
		"$url")" = '["2001:db8::9",4711]' ]
	[ "$(told "$CLIENT" -H 'Forwarded: for=6.6.6.6' \
		-H 'X-Forwarded-For: 203.0.113.9' "$url")" = \
		'["127.0.0.1","http"]' ]
}

@test "a proxy on a unix socket" {
	serve -l "unix:$PWD/socket" --trust-proxy unix
	[ "$(told .client --unix-socket socket \
		-H 'X-Forwarded-For: 203.0.113.9:80' http://any/)" = \
		'["203.0.113.9",80]' ]
}

@test "the host that is told is looked at like a Host, and so is that" {
	serve -l 127.0.0.1:0 --trust-proxy 127.0.0.1 --host '*.example.org' \
		--root public
	[ "$(status_of "$url")" = 200 ]
	[ "$(status_of -H 'X-Forwarded-Host: www.example.org' "$url")" = 200 ]
	[ "$(status_of -H 'X-Forwarded-Host: evil.example' "$url")" = 421 ]
	[ "$(status_of -H 'Forwarded: host=evil.example' "$url")" = 421 ]
	[ "$(status_of -H 'Host: evil.example' \
		-H 'X-Forwarded-Host: www.example.org' "$url")" = 421 ]
}

@test "a page's origin is compared with what the client asked for" {
	serve -l 127.0.0.1:0 --trust-proxy 127.0.0.1 --host www.example.org
	opens -H 'X-Forwarded-Host: www.example.org' \
		-H 'X-Forwarded-Proto: https' \
		-H 'Origin: https://www.example.org' "$url"
	jq -e '.scheme == "wss"' <<< "$message"
	refute opens -H 'X-Forwarded-Host: www.example.org' \
		-H 'X-Forwarded-Proto: https' \
		-H 'Origin: http://www.example.org' "$url"
	refute opens -H 'X-Forwarded-Host: www.example.org' \
		-H "Origin: ${url%/}" "$url"
}

@test "what is nothing to trust, to be called or to be mounted at is 64" {
	run -64 chserve --origin www.example.org
	[[ $output == "chserve: --origin www.example.org: is no scheme://host:port"* ]]
	run -64 chserve --origin https://www.example.org/
	run -64 chserve --trust-proxy proxy.example
	[[ $output == "chserve: "*"proxy.example is no address, no network and not unix"* ]]
	run -64 chserve --trust-proxy 10.0.0.0/33
	run -64 chserve --host www.example.org:80
	run -64 chserve --host https://www.example.org
	run -64 chserve --root-path app
	run -64 chserve --root-path '/app?x'
	run -64 chserve --root-path /a/../b
}

@test "--root-path is told, and the path is left whole" {
	serve -l 127.0.0.1:0 --root-path /app/
	[ "$(told '[.root_path, .path]' "${url}app/a%20b?q")" = \
		'["/app","/app/a b"]' ]
	[ "$(told '[.root_path, .path]' "${url}elsewhere")" = \
		'["/app","/elsewhere"]' ]
}

@test "files are below --root-path, whether the proxy leaves it or not" {
	serve -l 127.0.0.1:0 --root-path /app --root public
	for path in app/ app/index.html '' index.html; do
		[ "$(curl -sS "$url$path")" = '<p>hello</p>' ]
	done
	[ "$(curl -sSL "${url}app")" = '<p>hello</p>' ]
	[ "$(curl -sSL "${url}app/sub?q")" = sub ]
	[ "$(curl -sSL "${url}sub")" = sub ]
	[ "$(told .path "${url}application")" = /application ]
	[ "$(told .path "${url}app/app/")" = /app/app/ ]
}
