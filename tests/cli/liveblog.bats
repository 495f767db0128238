# examples/liveblog without a browser: its pages by curl, its posts by chsend.

load helper

setup() {
	ch_setup
	cp -r "$ROOT/examples/liveblog/." .
}

# get ARGUMENT...: what curl prints, then a line with the status
get() {
	run curl -sS --max-time 60 -w '\n%{http_code}\n' "$@"
}

# written NAME FORM: what ./write answers to the form of this login
written() {
	run -0 --separate-stderr env CH_USER="$1" ./write <<< "{\"form\":$2}"
}

# newest: the file of the entry that was made last
newest() {
	find entries -name '[0-9]*' | sort | tail -n 1
}

@test "an entry that chsend posts is kept, told, and in the page" {
	watch_fifo seen
	START_OUT=seen start chtail -F '{user}: {text}' liveblog
	tail=$fd
	serve --root public --routes routes
	until [ "$(chgroup count liveblog)" = 1 ]; do
		chrecv -t 0.05 ch-nothing || true
	done
	chsend liveblog.post user=ann text='It begins.'
	next_line "$tail"
	[ "$line" = 'ann: It begins.' ]
	run -0 jq -c '[.user, .text]' "$(newest)"
	[ "$output" = '["ann","It begins."]' ]
	get "$url"
	[ "${lines[-1]}" = 200 ]
	[[ $output == *'<b>ann</b></p><div>It begins.</div></article>'* ]]
	refute grep -q '<form' <<< "$output"
	[[ $output == *'<a href="login">Log in</a>'* ]]
	get "${url}liveblog.css"
	[ "${lines[-1]}" = 200 ]
	get -d text=no "$url"
	[ "${lines[-1]}" = 403 ]
	get "${url}edit/$(basename "$(newest)" .json)"
	[ "${lines[-1]}" = 404 ]
}

@test "an author logs in, writes, and logs out" {
	chsession passwd -q -f users ann <<< geheim
	rm -f ready
	watch_fifo ready
	START_OUT=ready start ./run -l 127.0.0.1:0
	next_line "$fd"
	url=${line#chserve: listening on }
	jar=(-b jar -c jar -H "Origin: ${url%/}")
	get "${jar[@]}" "${url}login"
	[[ $output == *'<form method="post" action="login">'* ]]
	get "${jar[@]}" -d name=ann -d password=wrong "${url}login"
	[ "${lines[-1]}" = 403 ]
	[[ $output == *'That is not the name and the password.'* ]]
	get "${jar[@]}" -d name=ann -d password=geheim "${url}login"
	[ "${lines[-1]}" = 303 ]
	get "${jar[@]}" -d text=hers "$url"
	[ "${lines[-1]}" = 303 ]
	get -b jar -d text=forged "$url"
	[ "${lines[-1]}" = 403 ]
	get "${jar[@]}" "$url"
	[[ $output == *'New entry, by ann'*'<div>hers</div>'* ]]
	[[ $output != *forged* ]]
	get "${jar[@]}" -d '' "${url}logout"
	get "${jar[@]}" "$url"
	[[ $output == *'<a href="login">Log in</a>'* ]]
}

# jq has two ways to write an apostrophe.
plain() { output=${output//"&apos;"/"&#39;"}; }

@test "HTML in an entry, or in a name, is text" {
	text='<script>alert("1")</script> & '\''2'\'' </div>'
	html='&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; '
	html+='&#39;2&#39; &lt;/div&gt;'
	chgroup add liveblog.pages page
	jq -nc --arg text "$text" '{$text, user: $text}' | ./post
	run -0 ./page
	plain
	[[ $output == *"<b>$html</b></p><div>$html</div>"* ]]
	[[ $output != *'<script>'* ]]
	run -0 jq -r '.text | fromjson | .html' <<< "$(chrecv --no-wait page)"
	plain
	[[ $output == *"<b>$html</b></p><div>$html</div>"* ]]
	id=$(basename "$(newest)" .json)
	run -0 env CH_USER="$text" CH_ARG_id="$id" ./edit
	plain
	[[ $output == *">"$'\n'"$html</textarea>"* ]]
	run -0 env CH_USER="$text" ./page
	plain
	[[ $output == *"data-user=\"$html\""* ]]
}

@test "who is logged in has a form, and changes what is his" {
	written ann '{"text":"one\r\ntwo"}'
	[ "${lines[0]}" = 303 ]
	file=$(newest) id=$(basename "$(newest)" .json)
	[ "$(jq -c '[.user, .text]' "$file")" = '["ann","one\ntwo"]' ]
	run -0 env CH_USER=ann ./page
	[[ $output == *'<textarea id="text"'*"<a href=\"edit/$id\""* ]]
	run -0 env CH_USER=bob ./page
	[[ $output == *'<textarea id="text"'* && $output != *'edit/'* ]]
	run -0 env CH_USER=bob CH_ARG_id="$id" ./edit
	[ "${lines[0]}" = 404 ]
	written bob "{\"text\":\"mine\",\"id\":\"$id\"}"
	[ "${lines[0]}" = 403 ]
	[ "$(jq -r .text "$file")" = $'one\ntwo' ]
	chgroup add liveblog.pages page
	written ann "{\"text\":\"three\",\"id\":\"$id\"}"
	[ "${lines[0]}" = 303 ]
	[ "$(jq -r .text "$file")" = three ]
	written ann "{\"text\":\"\",\"id\":\"$id\"}"
	[ "${lines[0]}" = 303 ]
	[ ! -e "$file" ]
	run -0 chrecv -c 2 -t 60 page
	[[ ${lines[0]} == *'three'* ]]
	[ "$(jq -c '.text | fromjson' <<< "${lines[1]}")" = \
		"{\"id\":\"$id\",\"user\":\"ann\",\"html\":null}" ]
}

@test "what is no entry is refused" {
	for form in '{"text":" \n"}' '{}' '{"text":["a","b"]}' null \
		'{"text":"x","id":"../page"}' '{"text":"x","id":["1"]}' \
		"{\"text\":\"$(printf '%020001d' 0)\"}"; do
		written ann "$form"
		[ "${lines[0]}" = 400 ]
	done
	written ann '{"text":"x","id":"1"}'
	[ "${lines[0]}" = 403 ]
	written '' '{"text":"x"}'
	[ "${lines[0]}" = 403 ]
	run -65 ./post <<< '{"text":"x","id":"1"}'
	run -65 ./post <<< '{"text":"x","id":"../entries/1"}'
	[ -z "$(newest)" ]
}

@test "fifty entries are a page, older ones are behind a link" {
	mkdir entries
	for i in {10..70}; do
		printf '{"id":"%d","time":"2026-11-25T12:00:00Z","text":"t%d"}\n' \
			"$i" "$i" > "entries/$i.json"
	done
	run -0 ./page
	[ "$(grep -c '<article' <<< "$output")" -eq 50 ]
	[[ $output == *'t70<'*'t21<'*'?before=21"'* && $output != *'t20<'* ]]
	run -0 env CH_QUERY_STRING=before=21 ./page
	[ "$(grep -c '<article' <<< "$output")" -eq 11 ]
	[[ $output == *'data-old'*'t20<'*'t10<'* && $output != *'?before'* ]]
	run -0 env CH_QUERY_STRING='before=2;rm' ./page
	[[ $output == *'t70<'* && $output != *'data-old'* ]]
}
