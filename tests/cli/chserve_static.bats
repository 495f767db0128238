# chserve(1): the files under a root.

load helper

setup() {
	ch_setup
	mkdir public
	echo '<p>hello</p>' > public/index.html
}

# serve OPTION...: a chserve on a free port; its address is in $url. What is no
# file is a message, which nobody here answers: 503, soon.
serve() {
	serve_with -l 127.0.0.1:0 --http-timeout 0.02 "$@"
}

# get ARGUMENT...: curl; the status is the last line
get() {
	curl -sS --max-time 30 --path-as-is -w '\n%{http_code}\n' "$@"
}

status_of() {
	get -o /dev/null "$@" | tail -n 1
}

# field NAME ARGUMENT...: that field of the answer
field() {
	local name=$1
	shift
	curl -sS -o /dev/null -D - --max-time 30 "$@" |
		sed -n "s/^$name: \(.*\)\r$/\1/p"
}

@test "files come with their types, an index for a directory" {
	mkdir public/sub
	echo sub > public/sub/index.html
	echo 'a{}' > public/a.css
	echo x > "public/ä b.js"
	serve --root public
	run get -i "$url"
	has_line $'Content-Type: text/html; charset=utf-8\r'
	has_line $'X-Content-Type-Options: nosniff\r'
	has_line '<p>hello</p>'
	run get -i "${url}a.css?v=2"
	has_line $'Content-Type: text/css; charset=utf-8\r'
	run get -i "$url%C3%A4%20b.js"
	has_line $'Content-Type: text/javascript; charset=utf-8\r'
	has_line 200
	run get -i "${url}sub?q=1"
	has_line $'Location: sub/?q=1\r'
	has_line 301
	run get "${url}sub/"
	has_line sub
	run get -I "$url"
	has_line $'Content-Length: 13\r'
	refute has_line '<p>hello</p>'
}

@test "what is not there is a message, what is there takes GET and HEAD only" {
	serve --root public
	[ "$(status_of "${url}nothing")" = 503 ]
	[ "$(status_of "${url}index.html/")" = 503 ]
	[ "$(status_of "${url}index.html/x")" = 503 ]
	run get -i -X DELETE "$url"
	has_line $'Allow: GET, HEAD\r'
	has_line 405
	[ "$(status_of -d x=1 "${url}form")" = 503 ]
}

@test "without --root every path is a message" {
	serve
	[ "$(status_of "$url")" = 503 ]
	[ "$(status_of "${url}etc/passwd")" = 503 ]
}

@test "no spelling leads out of the root, nor to dot files" {
	echo secret > secret
	echo hidden > public/.hidden
	mkdir public/.git
	echo config > public/.git/config
	ln -s ../secret public/link
	ln -s "$PWD" public/up
	ln -s index.html public/inside
	serve --root public
	for path in ../secret %2e%2e/secret ..%2fsecret %2e%2e%2fsecret \
		x/../../secret x/%2e./../secret /../secret //secret ./secret \
		'..\secret' ..%5csecret link up/secret up/public/index.html \
		.hidden %2ehidden .git/config x/../.hidden index.html/../../secret \
		"/$PWD/secret" ....//secret; do
		[ "$(status_of "$url$path")" = 503 ] || { echo "$path"; false; }
	done
	[ "$(status_of "${url}inside")" = 200 ]
	for path in index.html%00.png %00; do
		[ "$(status_of "$url$path")" = 400 ]
	done
}

@test "conditional requests and ranges" {
	printf 0123456789 > public/digits
	serve --root public
	etag=$(field ETag "${url}digits")
	modified=$(field Last-Modified "${url}digits")
	[ "$(status_of -H "If-None-Match: $etag" "${url}digits")" = 304 ]
	[ "$(status_of -H 'If-None-Match: "x"' "${url}digits")" = 200 ]
	[ "$(status_of -H "If-Modified-Since: $modified" "${url}digits")" = 304 ]
	[ "$(status_of -H 'If-Modified-Since: Mon, 01 Jan 2001 00:00:00 GMT' "${url}digits")" = 200 ]
	while read -r range want body; do
		run get -H "Range: $range" "${url}digits"
		[ "${lines[-1]}" = "$want" ]
		[ -z "$body" ] || [ "${lines[0]}" = "$body" ]
	done <<-'EOF'
		bytes=0-3 206 0123
		bytes=8- 206 89
		bytes=-2 206 89
		bytes=0-99 206 0123456789
		bytes=10- 416
		bytes=-0 416
		bytes=3-1 200 0123456789
		bytes=0-1,3-4 200 0123456789
		lines=0-1 200 0123456789
	EOF
	run get -i -r 2-4 "${url}digits"
	has_line $'Content-Range: bytes 2-4/10\r'
	[ "$(status_of -r 0-1 -H "If-Range: $etag" "${url}digits")" = 206 ]
	[ "$(status_of -r 0-1 -H 'If-Range: "x"' "${url}digits")" = 200 ]
}

@test "large files arrive whole, requests share a connection" {
	head -c 5000000 /dev/urandom > public/large
	serve --root public
	curl -sS -o got "${url}large"
	cmp got public/large
	run curl -sS -w '%{num_connects}\n' -o got -o got2 "${url}large" "$url"
	[ "${lines[1]}" = 0 ]
	run curl -sS0 "$url"
	has_line '<p>hello</p>'
}

@test "a file is had only as it was" {
	printf one > public/file
	serve --root public
	etag=$(field ETag "${url}file")
	[ "$(status_of -H "If-Match: $etag" "${url}file")" = 200 ]
	[ "$(status_of -H "If-None-Match: \"x\", W/$etag" "${url}file")" = 304 ]
	printf two > public/file.new
	mv public/file.new public/file
	[ "$(status_of -H "If-Match: $etag" "${url}file")" = 412 ]
	[ "$(status_of -H "If-None-Match: $etag" "${url}file")" = 200 ]
	run get -r 0-1 -H "If-Range: $etag" "${url}file"
	[ "$output" = $'two\n200' ]
}

@test "compressed siblings go to those who take them" {
	seq 10000 > public/app.js
	gzip -k public/app.js
	serve --root public
	run -0 curl -sS --compressed -D fields -o got "${url}app.js"
	cmp got public/app.js
	grep -qx $'Content-Encoding: gzip\r' fields
	grep -qx $'Vary: Accept-Encoding\r' fields
	grep -qx $'Content-Type: text/javascript; charset=utf-8\r' fields
	grep -qx "Content-Length: $(stat -c %s public/app.js.gz)"$'\r' fields
	[ -z "$(field Content-Encoding "${url}app.js")" ]
	[ "$(field Vary "${url}app.js")" = Accept-Encoding ]
	[ "$(field ETag "${url}app.js")" != \
		"$(field ETag -H 'Accept-Encoding: gzip' "${url}app.js")" ]
	[ -z "$(field Content-Encoding -H 'Accept-Encoding: gzip;q=0' "${url}app.js")" ]
	[ -z "$(field Content-Encoding -H 'Accept-Encoding: gzip' "${url}app.js.gz")" ]
	touch -d '+1 second' public/app.js
	[ -z "$(field Content-Encoding -H 'Accept-Encoding: gzip' "${url}app.js")" ]
}

@test "only what is a file is served, and nothing is waited for" {
	mkfifo public/fifo public/index.css.gz
	ln -s /dev/zero public/zero
	ln -s fifo public/link
	echo x > public/index.css
	mkdir public/index.d
	python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("public/socket")'
	serve --root public
	for path in fifo link zero socket index.d index.d/; do
		[ "$(status_of "$url$path")" = 503 ]
	done
	run get -H 'Accept-Encoding: gzip' "${url}index.css"
	[ "$output" = $'x\n\n200' ]
}

@test "names that begin with a dot are not there, but for .well-known" {
	mkdir -p public/.well-known/acme-challenge public/.git
	echo token > public/.well-known/acme-challenge/t
	echo x | tee public/.git/config > public/.well-known/.x
	serve --root public
	run get "${url}.well-known/acme-challenge/t"
	has_line token
	for path in .git/config .well-known/.x .well-known/../.git/config; do
		[ "$(status_of "$url$path")" = 503 ]
	done
}

@test "files beyond 4 GB are sent from any place" {
	truncate -s 5G public/huge
	printf end >> public/huge
	serve --root public
	[ "$(field Content-Length -I "${url}huge")" = 5368709123 ]
	run get -r -3 "${url}huge"
	[ "$output" = $'end\n206' ]
	run get -r 5368709120- "${url}huge"
	[ "$output" = $'end\n206' ]
	[ "$(field Content-Range -r 4294967295-4294967296 "${url}huge")" = \
		'bytes 4294967295-4294967296/5368709123' ]
	[ "$(status_of -r 18446744073709551616- "${url}huge")" = 416 ]
}

@test "HEAD is GET without the file, an empty file is one" {
	: > public/empty
	serve --root public
	run get -I -r 0-1 "${url}index.html"
	has_line 200
	has_line $'Content-Length: 13\r'
	run get -i "${url}empty"
	has_line 200
	has_line $'Content-Length: 0\r'
}

@test "/chutils.js comes with the server, unless the root has its own" {
	serve --root public
	run get -i "${url}chutils.js"
	has_line $'Content-Type: text/javascript; charset=utf-8\r'
	has_line 'globalThis.ChSocket = ChSocket;'
	has_line 200
	curl -sS --max-time 30 "${url}chutils.js" |
		cmp - "$ROOT/cmd/chserve/chutils.js"
	etag=$(field ETag "${url}chutils.js")
	run get -i -H "If-None-Match: $etag" "${url}chutils.js"
	has_line 304
	refute has_line 'globalThis.ChSocket = ChSocket;'
	[ "$(status_of -H 'If-Match: "other"' "${url}chutils.js")" = 412 ]
	run get -I "${url}chutils.js"
	has_line 200
	[ "$(status_of -X POST "${url}chutils.js")" = 503 ]
	[ "$(status_of "${url}chutils.js/")" = 503 ]
	echo mine > public/chutils.js
	run get "${url}chutils.js"
	has_line mine
}
