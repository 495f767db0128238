# chsession(1): sessions, logins and passwords for scripts.

load helper

# ana: bcrypt of "U*U"; bob: sha512 of "geheim"
users() {
	cat > users <<- 'END'
		# who may come in
		ana:$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW:1:2
		bob:BOB
		eve:$1$abc$defghijklmnopqrstuvwxy
		off:!
	END
	sed -i "s|BOB|$(openssl passwd -6 -salt ab geheim)|" users
}

login() {
	printf '%s\n' "$2" | chsession login -f users "$1"
}

# --- sessions ---------------------------------------------------------------

@test "new, get, set, unset, end" {
	id=$(chsession new --user ana color=blue n:=1.50)
	[[ $id =~ ^[A-Za-z0-9]{32}$ ]]
	[ "$(chsession get "$id")" = '{"color":"blue","n":1.50}' ]
	chsession set "$id" n:=[1,2] 'é={"'
	[ "$(chsession get "$id" color n é)" = $'blue\n[1,2]\n{"' ]
	chsession unset "$id" color é never
	[ "$(chsession get "$id")" = '{"n":[1,2]}' ]
	run -1 chsession get "$id" color n
	[ "$output" = '[1,2]' ]
	chsession end "$id"
	run -1 chsession get "$id"
	[ "$output" = '' ]
	run -1 chsession end "$id"
	run -1 chsession set "$id" a=b
}

@test "the session of the script's visitor" {
	CH_SESSION=$(chsession new)
	export CH_SESSION
	chsession set a=b
	[ "$(chsession get)" = '{"a":"b"}' ]
	[ "$(chsession get a)" = b ]
	chsession unset a
	[ "$(chsession get)" = '{}' ]
	chsession end
	run -1 chsession get
	unset CH_SESSION
	run -64 chsession get
	[[ $output == *'no ID, and there is no CH_SESSION'* ]]
}

@test "the data of a connection" {
	channel='websocket.send.abc!1'
	run -1 chsession get "$channel"
	chsession set "$channel" name=ana
	[ "$(chsession get "$channel" name)" = ana ]
	[ "$(chsession list)" = '' ]
	chsession -v sweep
	run -1 chsession get "$channel"
	[ "$output" = '' ]
}

@test "get --json and list --json tell all" {
	id=$(chsession new --user 'ana "a"' --idle 1h --max-age 2h a=b)
	chsession get --json "$id" | jq -e --arg id "$id" '
		def time: sub("\\.[0-9]+Z"; "Z") | fromdate;
		.id == $id and .user == "ana \"a\"" and .data == {a: "b"} and
		((.seen | time) - (.created | time) | fabs <= 2) and
		((.expires | time) - (.created | time) - 3600 | fabs <= 2)'
	chsession new > other
	[ "$(chsession list --json | jq -s length)" -eq 2 ]
	[ "$(chsession list --json --user 'ana "a"' | jq -r .id)" = "$id" ]
	[ "$(chsession list --json | jq -r 'select(.user == null).id')" = "$(< other)" ]
}

@test "list is a table, what was used last comes first" {
	one=$(chsession new --user one)
	two=$(chsession new --user two)
	touch -d '3 hours ago' "$CHANNELS_URL/sessions/$one"
	run chsession list
	[[ ${lines[0]} == 'ID '*' SEEN '*' EXPIRES '*' USER' ]]
	[[ ${lines[1]} == "$two  "20??-??-??\ ??:??\ \ 20??-??-??\ ??:??"  two" ]]
	[[ ${lines[2]} == "$one  "*"  one" ]]
}

@test "what has expired is not there, and is swept" {
	id=$(chsession new --idle 1h)
	touch -d '2 hours ago' "$CHANNELS_URL/sessions/$id"
	run -1 chsession get "$id"
	[ "$(chsession list)" = '' ]
	run chsession -v sweep
	has_line 'chsession: removed 1'
	[ ! -e "$CHANNELS_URL/sessions/$id" ]
}

@test "end --user and --all" {
	ana=$(chsession new --user ana)
	ana2=$(chsession new --user ana)
	bob=$(chsession new --user bob)
	chsession end --user ana
	run -1 chsession get "$ana"
	run -1 chsession get "$ana2"
	[ "$(chsession get "$bob")" = '{}' ]
	chsession end --all
	run -1 chsession get "$bob"
	chsession end --all
}

@test "--state" {
	id=$(chsession new --state elsewhere/state a=b)
	[ -f "elsewhere/state/sessions/$id" ]
	[ "$(stat -c %a elsewhere/state)" = 700 ]
	[ "$(chsession get --state elsewhere/state "$id" a)" = b ]
	run -1 chsession get "$id"
}

@test "bad input is said, and changes nothing" {
	id=$(chsession new a=b)
	run -65 chsession set "$id" 'a:={'
	run -65 chsession set "$id" c=d "a=$(printf '\xff')"
	run -65 chsession new --user $'a\nb'
	run -65 chsession end ../../etc/passwd
	[ "$(chsession get "$id")" = '{"a":"b"}' ]
	run -64 chsession
	run -64 chsession nwe
	[[ $output == *'did you mean new?'* ]]
	run -64 chsession set "$id"
	run -64 chsession get --json "$id" a
	run -64 chsession end --all "$id"
	run -64 chsession list --all
	run -64 chsession login ana
	run -64 chsession sweep now
}

# --- logins -----------------------------------------------------------------

@test "login: who knows the password gets a session" {
	users
	id=$(login bob geheim)
	[ "$(chsession get --json "$id" | jq -r .user)" = bob ]
	login ana 'U*U'
	run -1 login bob Geheim
	[ "$output" = 'chsession: wrong name or password' ]
	run -1 login nobody geheim
	[ "$output" = 'chsession: wrong name or password' ]
	run -1 login off '!'
	[ "$output" = 'chsession: wrong name or password' ]
	run -1 login '# who may come in' x
	run -65 chsession login -f users bob < /dev/null
	run -74 chsession login -f none bob <<< x
}

@test "login: a hash that is not safe is none" {
	users
	run -1 login eve x
	has_line 'chsession: users: the hash of eve is none that crypt(3) takes for safe'
	has_line 'chsession: wrong name or password'
}

@test "login: the visitor's session goes on under another id" {
	users
	before=$(chsession new cart:=3)
	after=$(chsession login -f users --session "$before" bob <<< geheim)
	[ "$after" != "$before" ]
	run -1 chsession get "$before"
	[ "$(chsession get "$after" cart)" = 3 ]
	third=$(CH_SESSION=$after chsession login -f users bob <<< geheim)
	[ "$(chsession get "$third" cart)" = 3 ]
	run -1 chsession get "$after"
	fourth=$(CH_SESSION=$after chsession login -f users bob <<< geheim)
	[ "$(chsession get "$fourth")" = '{}' ]
}

@test "login: ten attempts in a row, for names that nobody has too" {
	users
	for name in bob nobody; do
		for _ in {1..10}; do
			run -1 login "$name" wrong
		done
		run -77 login "$name" geheim
		[[ $output == 'chsession: too many attempts; the next one in '[0-9]*' s' ]]
	done
	chsession passwd -f users ana <<< geheim
	for _ in {1..9}; do
		run -1 login ana wrong
	done
	login ana geheim
	run -1 login ana wrong
}

@test "passwd: sets one, leaves the rest" {
	users
	chmod 640 users
	ln -s users link
	chsession passwd -f link ana <<< 'x y'
	[ -L link ]
	[ "$(stat -c %a users)" = 640 ]
	[[ $(sed -n 2p users) == 'ana:$y$'*:1:2 ]]
	[ "$(sed -n 1p users)" = '# who may come in' ]
	[ "$(wc -l < users)" -eq 5 ]
	login ana 'x y'
	chsession passwd -f users new <<< geheim
	[[ $(tail -n 1 users) == 'new:$y$'* ]]
	login new geheim
	chsession passwd -f made ana <<< geheim
	[ "$(stat -c %a made)" = 600 ]
	run -65 chsession passwd -f users '#x' <<< geheim
	run -65 chsession passwd -f users a:b <<< geheim
	run -65 chsession passwd -f users ana <<< ''
	run -65 chsession passwd -f users ana < <(printf '%600s\n' x)
	run -74 chsession passwd -f none/users ana <<< geheim
	[ "$(wc -l < users)" -eq 6 ]
	[[ $(echo users.*) == 'users.*' ]]
}

@test "passwd: several at once lose nothing" {
	for i in 1 2 3 4 5 6; do
		chsession passwd -f users "u$i" <<< "$i" 3>&- &
		STARTED+=($!)
	done
	wait "${STARTED[@]}"
	[ "$(cut -d: -f1 users | sort | tr '\n' ' ')" = 'u1 u2 u3 u4 u5 u6 ' ]
}

@test "on a terminal nothing is shown of a password" {
	run -0 python3 "$ROOT/tests/cli/typist.py" chsession passwd -f users ana <<- 'END'
		New password: 	geheim\r
		Again: 	geheim\r
	END
	[[ $output != *geheim* ]]
	run -65 python3 "$ROOT/tests/cli/typist.py" chsession passwd -f users ana <<- 'END'
		New password: 	other\r
		Again: 	another\r
	END
	[[ $output == *'they are not the same'* ]]
	run -0 python3 "$ROOT/tests/cli/typist.py" chsession login -f users ana <<- 'END'
		Password: 	geheim\r
	END
	[[ ${lines[-1]} =~ ^[A-Za-z0-9]{32}$ ]]
}

@test "a terminal is as before when a prompt is broken off" {
	run python3 "$ROOT/tests/cli/typist.py" sh -c \
		'trap : INT; chsession login -f users ana; stty | tr " " "\n" | grep -x -e -echo || echo echoes' <<- 'END'
			Password: 	gehe\3
		END
	[[ $output == *echoes* ]]
}
