# chserve(1) over TLS: who is let in, with what, and what a reload does. The
# certificates are made here, and last as long as a test.

load helper

setup() {
	ch_setup
	mkdir public
	echo '<p>hello</p>' > public/index.html
	certificate server localhost 'DNS:localhost,IP:127.0.0.1'
}

# certificate NAME SUBJECT ALTNAMES [OPTION...]: NAME.pem and NAME.key
certificate() {
	local name=$1 subject=$2 names=$3
	shift 3
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc \
		-days 2 -subj "/CN=$subject" ${names:+-addext "subjectAltName=$names"} \
		-keyout "$name.key" -out "$name.pem" "$@" 2> /dev/null
}

# serve OPTION...: a chserve on a free port; $url, $port, $server
serve() {
	serve_with -l 127.0.0.1:0 --root public "$@"
	port=${url##*:}
	port=${port%/}
}

serve_tls() {
	serve --tls-cert server.pem --tls-key server.key "$@"
}

get() {
	curl -sS --max-time 30 --cacert server.pem "$@"
}

# shown [OPTION...]: the subject of the certificate that a client gets
shown() {
	openssl s_client -connect "127.0.0.1:$port" "$@" < /dev/null \
		2> /dev/null | sed -n 's/^subject=CN = //p'
}

# until_shown NAME: waits until it is that one, a minute at most
until_shown() {
	local i
	for ((i = 0; i < 600; i++)); do
		[[ $(shown) != "$1" ]] || return 0
		chrecv -t 0.05 nothing || true
	done
	return 1
}

stop() {
	kill -TERM "$server"
	ended "$server"
	[ "$ended" -eq 0 ]
}

# --- files ------------------------------------------------------------------

@test "files that will not do are 78, and said" {
	certificate other other ''
	run -78 chserve --tls-cert none.pem
	[ "$output" = "chserve: certificate none.pem: No such file or directory" ]
	run -78 chserve --tls-cert server.pem
	[ "$output" = "chserve: key server.pem: there is none in it" ]
	run -78 chserve --tls-cert server.pem --tls-key other.key
	[ "$output" = "chserve: key other.key: it is not the key of certificate server.pem" ]
	run -78 chserve --tls-cert server.pem --tls-key server.key \
		--tls-client-ca public/index.html
	[ "$output" = "chserve: client CA public/index.html: there is none in it" ]
}

@test "a key that may not be read is 77" {
	local as=()
	if [ "$(id -u)" = 0 ]; then
		as=(setpriv --reuid=65534 --regid=65534 --clear-groups)
		chmod 711 "$PWD"
	fi
	chmod 644 server.pem
	chmod 000 server.key
	run -77 "${as[@]}" chserve -S mem: --tls-cert server.pem \
		--tls-key server.key
	has_line 'chserve: key server.key: Permission denied'
}

@test "--take-over: the next server has the port, and another certificate" {
	serve_tls
	local old=$server
	certificate next next 'IP:127.0.0.1'
	serve_with -l "127.0.0.1:$port" --root public --take-over \
		--tls-cert next.pem --tls-key next.key
	kill "$old"
	ended "$old"
	[ "$(shown)" = next ]
}

@test "certificate and key may be in one file" {
	cat server.pem server.key > both.pem
	serve --tls-cert both.pem
	[ "$(get "$url")" = '<p>hello</p>' ]
}

# --- connections ------------------------------------------------------------

@test "a page comes whole, over both versions of HTTP" {
	head -c 3000000 /dev/urandom > public/big
	serve_tls
	[ "$(get "$url")" = '<p>hello</p>' ]
	for version in --http1.1 --http2; do
		run get "$version" -o big -w '%{http_version} %{http_code}' \
			"${url}big"
		[[ $output == "${version#--http} 200" ]]
		cmp big public/big
	done
	# several requests on one connection
	run get --http1.1 -o a "$url" -o b "$url" -w '%{num_connects} '
	[ "$output" = "1 0 " ]
	cmp a public/index.html
	cmp b public/index.html
	stop
}

@test "a reader that is slow gets it whole, too" {
	head -c 3000000 /dev/urandom > public/big
	serve_tls
	for version in --http1.1 --http2; do
		get "$version" --limit-rate 2M -o big "${url}big"
		cmp big public/big
	done
}

@test "TLS 1.2 and 1.3 are spoken, older versions and weak ciphers are not" {
	serve_tls
	[ "$(shown -tls1_2)" = localhost ]
	[ "$(shown -tls1_3)" = localhost ]
	refute openssl s_client -connect "127.0.0.1:$port" -tls1_1 \
		-cipher DEFAULT@SECLEVEL=0 < /dev/null
	refute openssl s_client -connect "127.0.0.1:$port" -tls1_2 \
		-cipher AES128-SHA:ECDHE-ECDSA-AES128-SHA < /dev/null
	[ "$(get "$url")" = '<p>hello</p>' ]
}

@test "--no-h2 speaks HTTP/1.1 to whoever offers both" {
	serve_tls --no-h2
	[ "$(get --http2 -o page -w '%{http_version}' "$url")" = 1.1 ]
	cmp page public/index.html
}

@test "plain HTTP on a TLS port is told so" {
	serve_tls
	run curl -sS --max-time 30 -w '%{http_code}' "http://127.0.0.1:$port/"
	[ "$output" = $'This port speaks HTTPS: use https://\n400' ]
}

@test "who does not shake hands is dropped" {
	serve_tls
	exec {sock}<> "/dev/tcp/127.0.0.1/$port"
	timeout 30 cat <&"$sock" > got
	[ ! -s got ]
	[ "$(get "$url")" = '<p>hello</p>' ]
}

@test "a client gets the certificate for the host it names" {
	certificate second second 'DNS:*.second.example'
	serve_tls --tls-cert second.pem --tls-key second.key
	[ "$(shown -noservername)" = localhost ]
	[ "$(shown -servername www.second.example)" = second ]
	[ "$(shown -servername nobody.example)" = localhost ]
}

# --- WebSocket --------------------------------------------------------------

@test "a WebSocket: held, accepted, large messages both ways, closed" {
	serve_tls
	timeout 60 /usr/bin/python3 - "$port" <<-'EOF'
		import asyncio, json, ssl, subprocess, sys
		import websockets

		def take(channel):
		    return json.loads(subprocess.run(
		        ["chrecv", "-c", "1", "-t", "30", channel], check=True,
		        capture_output=True).stdout)

		def reply(channel, **message):
		    subprocess.run(["chsend", channel], check=True,
		                   input=json.dumps(message).encode())

		async def main():
		    context = ssl.create_default_context(cafile="server.pem")
		    opening = asyncio.ensure_future(websockets.connect(
		        f"wss://localhost:{sys.argv[1]}/chat?x=1", ssl=context,
		        max_size=None, subprotocols=["v1", "v2"]))
		    asked = await asyncio.to_thread(take, "websocket.connect")
		    assert asked["scheme"] == "wss" and asked["path"] == "/chat"
		    assert not opening.done(), "answered before the consumer did"
		    big = "x" * 500000
		    reply(asked["reply_channel"], accept=True, text=big,
		          subprotocol="v2")
		    socket = await opening
		    assert socket.subprotocol == "v2" and socket.extensions
		    assert await socket.recv() == big
		    for text in "hello", big:
		        await socket.send(text)
		        got = await asyncio.to_thread(take, "websocket.receive")
		        assert got["text"] == text
		    reply(asked["reply_channel"], text="bye", close=4001)
		    assert await socket.recv() == "bye"
		    await socket.wait_closed()
		    assert socket.close_code == 4001, socket.close_code
		    assert (await asyncio.to_thread(
		        take, "websocket.disconnect"))["code"] == 4001

		asyncio.run(main())
	EOF
	stop
}

@test "a WebSocket that is not read from is given up: 1008" {
	serve_tls
	timeout 100 /usr/bin/python3 - "$port" <<-'EOF'
		import json, socket, ssl, subprocess, sys

		def take(channel):
		    return json.loads(subprocess.run(
		        ["chrecv", "-c", "1", "-t", "60", channel], check=True,
		        capture_output=True).stdout)

		plain = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
		context = ssl.create_default_context(cafile="server.pem")
		sock = context.wrap_socket(plain, server_hostname="localhost")
		sock.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n"
		             b"Upgrade: websocket\r\nConnection: Upgrade\r\n"
		             b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
		             b"AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")
		channel = take("websocket.connect")["reply_channel"]
		big = json.dumps({"text": "x" * 500000}).encode() + b"\n"
		subprocess.run(["chsend", "-w", channel], input=big * 40)
		assert take("websocket.disconnect")["code"] == 1008
	EOF
	stop
}

@test "SIGTERM: WebSockets are told 1001" {
	serve_tls
	timeout 60 /usr/bin/python3 - "$port" "$server" <<-'EOF'
		import asyncio, os, signal, ssl, sys
		import websockets

		async def main():
		    context = ssl.create_default_context(cafile="server.pem")
		    accept = await asyncio.create_subprocess_shell(
		        "chsend $(chrecv -c 1 -t 30 websocket.connect |"
		        " jq -r .reply_channel) accept:=true")
		    socket = await websockets.connect(
		        f"wss://localhost:{sys.argv[1]}/", ssl=context)
		    await accept.wait()
		    os.kill(int(sys.argv[2]), signal.SIGTERM)
		    await socket.wait_closed()
		    assert socket.close_code == 1001, socket.close_code

		asyncio.run(main())
	EOF
	ended "$server"
	[ "$ended" -eq 0 ]
}

# --- client certificates ----------------------------------------------------

@test "client certificates: required, or optional, and of whom" {
	certificate ca 'Our CA' ''
	certificate me me '' -CA ca.pem -CAkey ca.key
	certificate stranger stranger ''
	serve_tls --tls-client-ca ca.pem
	[ "$(get --cert me.pem --key me.key "$url")" = '<p>hello</p>' ]
	get --cert me.pem --key me.key "${url}who" &
	message=$(chrecv -c 1 -t 30 http.request)
	[ "$(jq -c .tls <<< "$message")" = '{"client":"CN=me"}' ]
	[ "$(jq -r .scheme <<< "$message")" = https ]
	chsend "$(jq -r .reply_channel <<< "$message")" status:=204
	wait $!
	refute get "$url"
	refute get --cert stranger.pem --key stranger.key "$url"
	stop
	rm ready
	serve_tls --tls-client-ca ca.pem --tls-client optional
	[ "$(get --cert me.pem --key me.key "$url")" = '<p>hello</p>' ]
	[ "$(get "$url")" = '<p>hello</p>' ]
	get "${url}who" &
	message=$(chrecv -c 1 -t 30 http.request)
	[ "$(jq -c .tls <<< "$message")" = null ]
	chsend "$(jq -r .reply_channel <<< "$message")" status:=204
	wait $!
	refute get --cert stranger.pem --key stranger.key "$url"
}

# --- reload -----------------------------------------------------------------

@test "SIGHUP: the new certificate is shown; a bad one leaves the old" {
	serve_tls
	[ "$(shown)" = localhost ]
	echo nonsense > server.key
	kill -HUP "$server"
	while ! grep -q server.key err; do
		chrecv -t 0.05 nothing || true
	done
	[ "$(cat err)" = "chserve: key server.key: there is none in it; the certificates stay as they were" ]
	[ "$(shown)" = localhost ]
	certificate server renewed 'DNS:localhost,IP:127.0.0.1'
	kill -HUP "$server"
	until_shown renewed
	[ "$(get "$url")" = '<p>hello</p>' ]
	stop
}

@test "SIGHUP with -j: also in processes that start later; a bad one is said once" {
	serve_tls -j 2
	echo nonsense > server.key
	kill -HUP "$server"
	while ! grep -q server.key err; do
		chrecv -t 0.05 nothing || true
	done
	certificate server renewed 'DNS:localhost,IP:127.0.0.1'
	kill -HUP "$server"
	until_shown renewed
	[ "$(wc -l < err)" -eq 1 ]
	mapfile -t processes < <(pgrep -P "$server")
	kill -KILL "${processes[@]}"
	for _ in {1..10}; do
		[ "$(shown)" = renewed ]
	done
	stop
}

@test "-j N: a session goes on with any of them, and all take new files" {
	serve_tls -j 3
	openssl s_client -connect "127.0.0.1:$port" -tls1_2 -sess_out session \
		< /dev/null > first
	[ -s session ]
	for ((i = 0; i < 12; i++)); do
		openssl s_client -connect "127.0.0.1:$port" -tls1_2 \
			-sess_in session < /dev/null > again
		grep -q '^Reused, TLSv1.2' again
	done
	certificate server renewed 'DNS:localhost,IP:127.0.0.1'
	kill -HUP "$server"
	for ((i = 0, n = 0; i < 600 && n < 20; i++)); do # 20 in a row
		if [[ $(shown) = renewed ]]; then ((n += 1)); else n=0; fi
	done
	[ "$n" -eq 20 ]
	openssl s_client -connect "127.0.0.1:$port" -tls1_2 -sess_in session \
		< /dev/null > again
	refute grep -q '^Reused' again
	stop
}
