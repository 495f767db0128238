# chserve(1): what becomes of the bodies of forms, and of those that are kept
# in files. The client is curl, the consumer chrecv and chsend.

load helper

# post ARGUMENT...: curl, in the background; $message is what it becomes
post() {
	START_OUT=answer START_ERR=curl.err start curl -sS --max-time 60 \
		-w '\n%{http_code}\n' "$@"
	curl=$pid
	message=$(chrecv -c 1 -t 30 http.request)
}

# answer: the consumer's; curl has got it then
answer() {
	chsend "$(jq -r .reply_channel <<< "$message")" \
		'{"status":200,"content":"done"}'
	ended "$curl"
	[ "$ended" -eq 0 ]
	[ "$(< answer)" = $'done\n200' ]
}

# refused STATUS ARGUMENT...: curl gets it, and no message is sent
refused() {
	local want=$1
	shift
	run -0 curl -sS --max-time 60 -o /dev/null -w '%{http_code}' "$@"
	[ "$output" = "$want" ]
	run -1 chrecv --no-wait http.request
}

# says FILTER ARGUMENT...: jq finds it true of the message
says() {
	jq -e "$@" <<< "$message" > /dev/null || {
		printf '%s\n' "$message"
		return 1
	}
}

# spooled: what is in the spool, but for locks
spooled() {
	find store/spool -type f ! -name lock
}

# empties: returns once nothing is in the spool
empties() {
	local i
	for ((i = 0; i < 600; i++)); do
		[[ -n $(spooled) ]] || return 0
		chrecv -t 0.05 ch-helper-nothing || true
	done
	spooled
	return 1
}

# --- forms ------------------------------------------------------------------

@test "an urlencoded form" {
	serve
	post -d 'a=1&b=two+2' --data-urlencode 'c=ü & <x>' -d 'a=3&d&a=' \
		"${url}form?q=1"
	says '.method == "POST" and .path == "/form" and .query_string == "q=1"'
	says '.form == {a: ["1", "3", ""], b: "two 2", c: "ü & <x>", d: ""}'
	says '.files == []'
	answer
}

@test "a form with files, small, large, empty and of any name" {
	serve
	printf 'one\r\n--two\n' > small
	head -c 10000000 /dev/urandom > large
	: > empty
	name='naïve "q" €;=%, x.txt'
	printf '\0\377' > "$name"
	post -F 'title=Tea "for" two' -F 'tag=a' -F 'tag=b
c' -F doc=@small -F 'photo=@large;type=image/x-raw' -F doc=@empty \
		-F "doc=@\"${name//\"/\\\"}\"" -F 'note=<small' \
		-F 'doc=@small;filename=../../etc/passwd' "$url"
	says '.form == {title: "Tea \"for\" two", tag: ["a", "b\nc"],
		note: "one\r\n--two\n"}'
	says '[.files[] | [.field, .name, .size]] == [["doc", "small", 11],
		["photo", "large", 10000000], ["doc", "empty", 0],
		["doc", $name, 2], ["doc", "passwd", 11]]' --arg name "$name"
	says '.files[1].type == "image/x-raw" and .files[3].type == "text/plain"'
	mapfile -t paths < <(jq -r '.files[].path' <<< "$message")
	[[ ${paths[0]} == "$PWD"/store/spool/* ]]
	cmp "${paths[0]}" small
	cmp "${paths[1]}" large
	cmp "${paths[2]}" empty
	cmp "${paths[3]}" "$name"
	cmp "${paths[4]}" small
	[ "$(stat -c %a "${paths[0]}" "${paths[0]%/*}")" = $'600\n700' ]
	answer
	empties
}

@test "names that are escaped with a backslash" {
	serve
	: > 'a"b\c'
	post --form-escape -F 'x"y\z=1' -F 'f=@"a\"b\\c";filename="a\"b"' "$url"
	says '.form == {"x\"y\\z": "1"} and .files[0].name == "a\"b"'
	answer
}

@test "a form whose length is not known before" {
	serve
	post -F 'f=@-;filename=x' "$url" < <(seq 100000)
	cmp "$(jq -r '.files[0].path' <<< "$message")" <(seq 100000)
	answer
	post -H 'Transfer-Encoding: chunked' -d a=1 "$url"
	says '.form == {a: "1"}'
	answer
}

@test "a form that is none is refused: 400" {
	serve
	type='Content-Type: multipart/form-data'
	refused 400 -H "$type; boundary=x" -d 'nothing' "$url"
	refused 400 -H "$type; boundary=x" -d '' "$url"
	refused 400 -H "$type" -d '--x--' "$url"
	empties
}

@test "what is only called urlencoded has no form, however large" {
	serve
	post -d '{"a":1}' "$url"
	says '.body == "{\"a\":1}" and (has("form") or has("files") | not)'
	answer
	post -d 'a=1&%00=2' "$url"
	says '.body == "a=1&%00=2" and (has("form") | not)'
	answer
	{
		printf '{"a=b":"'
		head -c 300000 /dev/zero | tr '\0' '&'
		printf '"}'
	} > large.json
	post --data-binary @large.json "$url"
	cmp "$(jq -r .body_file <<< "$message")" large.json
	says 'has("form") | not'
	answer
	empties
}

@test "fields and files over the limits are refused: 413" {
	serve --form-fields 2 --form-files 2 --body-max 100K
	: > f
	head -c 102400 /dev/zero > large
	refused 413 -d 'a=1&b=2&c=3' "$url"
	refused 413 -F a=1 -F b=2 -F c=3 "$url"
	refused 413 -F a=@f -F a=@f -F a=@f "$url"
	refused 413 -F a=@f -F a=@large "$url"
	refused 413 -F 'a=@-;filename=x' "$url" < large
	empties
	post -F a=1 -F b=2 -F a=@f -F b=@f "$url"
	answer
}

@test "--no-forms leaves them as they are" {
	serve --no-forms
	post -d 'a=1&b=2' "$url"
	says '.body == "a=1&b=2" and (has("form") or has("files") | not)'
	answer
}

# --- files ------------------------------------------------------------------

@test "--body spool keeps a large body in a file until the answer" {
	serve --body spool
	head -c 3000000 /dev/urandom > large
	post -H 'Content-Type: x/y' --data-binary @large "$url"
	says 'has("form") | not'
	cmp "$(jq -r .body_file <<< "$message")" large
	answer
	empties
	post -H 'Content-Type: x/y' -d small "$url"
	says '.body == "small" and (has("body_file") | not)'
	answer
}

@test "the files go when nobody answers, and when the client goes" {
	serve --http-timeout 1
	post -F f=x -F 'f=@/etc/passwd' "$url"
	[ -n "$(spooled)" ]
	ended "$curl"
	[ "$(tail -n 1 answer)" = 503 ]
	empties
	kill -TERM "$server"
	ended "$server"
	serve
	post -F f=x -F 'f=@/etc/passwd' "$url"
	[ -n "$(spooled)" ]
	kill "$curl"
	empties
}

@test "the files go when the server ends" {
	serve --http-timeout 1
	post -F 'f=@/etc/passwd' "$url"
	[ -n "$(spooled)" ]
	kill -TERM "$server"
	ended "$server"
	[ "$ended" -eq 0 ]
	[ -z "$(find store/spool -mindepth 1)" ]
}

@test "what a killed server left goes when the next one starts" {
	serve
	post -F 'f=@/etc/passwd' "$url"
	path=$(jq -r '.files[0].path' <<< "$message")
	serve
	[ -e "$path" ] # the first one lives
	post -F 'f=@/etc/passwd' "$url"
	kill -KILL "${STARTED[0]}"
	ended "${STARTED[0]}"
	[ -e "$path" ]
	second=$(jq -r '.files[0].path' <<< "$message")
	serve
	[ ! -e "${path%/*}" ]
	cmp "$second" /etc/passwd
	answer
}

@test "a file that does not fit: 507, and the server goes on" {
	: > small
	head -c 4000000 /dev/zero > large
	ulimit -S -f 2000 # KiB
	serve
	ulimit -S -f unlimited
	refused 507 -F f=@large "$url"
	empties
	post -F f=@small "$url"
	answer
}

@test "the spool is where --state says" {
	serve --state there/it/is
	post -F 'f=@/etc/passwd' "$url"
	[[ $(jq -r '.files[0].path' <<< "$message") == "$PWD"/there/it/is/spool/* ]]
	answer
	kill -TERM "$server"
	ended "$server"
	: > file
	run -74 chserve -l 127.0.0.1:0 --state file/x
	[ "$output" = "chserve: state file/x: Not a directory" ]
}
