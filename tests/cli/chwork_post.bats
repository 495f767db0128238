#!/usr/bin/env bats
#
# chwork: messages that are posted to a URL.

load helper
load worker

# gateway [CERT KEY]: a server that is posted to; $to is its URL, next_request
# reads what came
gateway() {
	watch_fifo posted
	START_OUT=posted START_ERR=posted.err start python3 "$ROOT/tests/cli/gateway.py" "$@"
	came=$fd
	next_line "$came"
	to=$line
}

# next_request FILTER: what jq says of the next request
next_request() {
	next_line "$came"
	request=$line
	output=$(jq -r "$1" <<< "$line")
}

@test "a message is posted as it is, with an id and its channel" {
	gateway
	work "sms.send post --header 'X-Key: secret' $to/send"
	chsend sms.send to=+491 n:=1.50 'text=é "'
	next_request '[.path, .headers["content-type"], .headers["ch-channel"],
		.headers["x-key"], .headers.expect] | @json'
	[ "$output" = '["/send","application/json","sms.send","secret",null]' ]
	[ "$(jq -r .body <<< "$request")" = '{"to":"+491","n":1.50,"text":"é \""}' ]
	[[ $(jq -r '.headers["idempotency-key"]' <<< "$request") =~ ^[A-Za-z0-9]{17}$ ]]
}

@test "captures are part of the path, encoded" {
	gateway
	work "in to={to} post $to/to/{to}?who={to}"
	chsend in 'to=a b&?'
	next_request .path
	[ "$output" = '/to/a%20b%26%3F?who=a%20b%26%3F' ]
	chsend in to=..
	log_says 'a capture would change where the URL leads'
}

@test "--form" {
	gateway
	work "in post --form $to/"
	chsend in 'To=+49 1' 'Body=ä&b' n:=1 o:='{"a":1}'
	next_request '.body, .headers["content-type"]'
	[ "$output" = 'To=%2B49+1&Body=%C3%A4%26b&n=1&o=%7B%22a%22%3A1%7D
application/x-www-form-urlencoded' ]
}

@test "--sign: who posted it, and when" {
	gateway
	umask 077
	printf 'a key of many letters\n' > key
	echo "in post --sign key $to/" > routes
	start chwork routes
	worker=$pid
	chsend in a=b
	next_request '.headers["ch-signature"]'
	[[ $output =~ ^t=([0-9]+),v1=([0-9a-f]{64})$ ]]
	want=$(printf '%s.%s' "${BASH_REMATCH[1]}" '{"a":"b"}' |
		openssl dgst -sha256 -hmac 'a key of many letters' -r)
	[ "${BASH_REMATCH[2]}" = "${want%% *}" ]
	chmod 644 key
	run -78 chwork --check routes
	[[ $output == 'chwork: routes:1:'*': key: others can read this key; chmod 600 it' ]]
}

@test "what passes is tried again, with the same id" {
	gateway
	work "in post --retry-delay 10ms --dead lost $to/later/2/200"
	chsend in n:=1
	next_request '.headers["idempotency-key"]'
	id=$output
	next_request '.headers["idempotency-key"]'
	[ "$output" = "$id" ]
	next_request '.headers["idempotency-key"], .body'
	[ "$output" = "$id"$'\n''{"n":1}' ]
	run -1 chrecv --no-wait lost
}

@test "what does not pass is not; dead letters have the answer" {
	gateway
	work "a post --dead lost $to/status/404" \
		"b post --retries 1 --retry-delay 10ms --dead lost $to/status/500" \
		"c post --dead lost $to/status/302" \
		"d post --retries 0 --dead lost http://localhost:1/"
	chsend a n:=1
	taken 1 lost
	jq -e '.channel == "a" and .message == {n: 1} and .status == 404 and
		.reason == "status 404" and .tries == 1 and .answer == "no\n"' <<< "$output"
	chsend b n:=1
	taken 1 lost
	[ "$(jq -c '[.status, .tries]' <<< "$output")" = '[500,2]' ]
	chsend c n:=1
	taken 1 lost
	[ "$(jq .status <<< "$output")" = 302 ]
	chsend d n:=1
	taken 1 lost
	[ "$(jq -c .status <<< "$output")" = null ]
	[[ $(jq -r .reason <<< "$output") == *connect* ]]
	next_request .path
	next_request .path
	next_request .path
	next_request .path
	[ "$output" = /status/302 ] # and nothing came to /elsewhere
}

@test "--timeout; a gateway that hangs does not keep others" {
	gateway
	work "slow post --timeout 0.3 --retries 0 --dead lost $to/slow" \
		"quick post $to/quick"
	chsend slow n:=1
	next_request .path
	chsend quick n:=1
	next_request .path
	[ "$output" = /quick ]
	taken 1 lost
	[[ $(jq -r .reason <<< "$output") == *imed\ out* ]]
}

@test "many are on their way at once, as --jobs says" {
	gateway
	work "in post --jobs 4 --timeout 2 --retries 0 $to/slow"
	send_numbers in 1 9
	for _ in 1 2 3 4; do next_request .path; done
	[ "$(pending in)" -ge 1 ]
	log_says 'imed out'
	for _ in 5 6 7 8; do next_request .path; done
}

@test "--reply: the answer is the reply" {
	gateway
	work "a post --reply text $to/" "b post --reply json $to/echo" \
		"http.request post --reply http $to/echo" \
		"c post --reply text $to/long" \
		"d post --reply envelopes $to/echo"
	run -0 chsend -C -t 30 a n:=1
	[ "$output" = '{"text":"ok"}' ]
	run -0 chsend -C -t 30 b n:=1
	[[ $output == '{"n":1,"reply_channel":'* ]]
	chsend http.request reply_channel='r?1' path=/x
	taken 1 'r?1'
	jq -e '.status == 200 and .headers == [["Content-Type","text/x-answer"]] and
		(.content | fromjson | .path == "/x")' <<< "$output"
	chsend d channel=out message:='{"m":1}'
	taken 1 out
	[ "$output" = '{"m":1}' ]
	chsend c reply_channel='r?2'
	log_says 'the answer is longer than 1 MiB'
}

@test "a request that cannot be posted is 502" {
	work "http.request post --reply http --retries 0 http://localhost:1/"
	chsend http.request reply_channel='r?1' path=/x
	taken 1 'r?1'
	[ "$(jq .status <<< "$output")" = 502 ]
}

@test "TLS: with authorities that are known only" {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc \
		-days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost \
		-keyout key.pem -out cert.pem 2> /dev/null
	gateway cert.pem key.pem
	export SSL_CERT_FILE=$PWD/cert.pem
	work "in post --retries 0 $to/"
	chsend in n:=1
	next_request .body
	[ "$output" = '{"n":1}' ]
	unset SSL_CERT_FILE
	work "other post --retries 0 --dead lost $to/"
	chsend other n:=1
	taken 1 lost
	[[ $(jq -r .reason <<< "$output") == *certificate* ]]
}

@test "SIGTERM: what waits to be tried again goes back at once" {
	gateway
	work "in post --retry-delay 1h $to/status/503"
	chsend in n:=1
	next_request .path
	log_says 'status 503'
	kill -TERM "$worker"
	ended "$worker"
	[ "$ended" -eq 0 ]
	[ "$(chstat in | awk '$1 == "in" { print $3 }')" -eq 1 ] # delayed
}

@test "what makes no sense is said" {
	run -78 chwork --check -r 'a post' -r 'a post ftp://x/' \
		-r 'a post http://{x}/' -r 'a post http://x/{y}' \
		-r "a post --header x http://x/" -r "a post --header 'Host: x' http://x/" \
		-r 'a post --sign nokey http://x/'
	[ "${#lines[@]}" -eq 7 ]
	[[ ${lines[0]} == *'a URL is missing' ]]
	[[ ${lines[3]} == *'no filter of this route captures y' ]]
	[[ ${lines[4]} == *'x is not NAME: VALUE' ]]
}
