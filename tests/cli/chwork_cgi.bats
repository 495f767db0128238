#!/usr/bin/env bats
#
# chwork: cgi, programs as RFC 3875 has them, behind a real chserve.

load helper
load worker

# app ROUTE OPTION...: a server for this route
app() {
	printf '%s\n' "$1" > routes
	shift
	serve --routes routes -v "$@"
}

# get ARGUMENT...: what curl prints, then a line with the status
get() {
	run curl -sS --max-time 60 -w '\n%{http_code}\n' "$@"
}

@test "a shell script: the variables of RFC 3875" {
	mkdir cgi-bin
	script cgi-bin/env <<- 'END'
		echo 'Content-Type: text/plain'
		echo
		pwd
		env | sort
	END
	app 'http.request path=/old/{page} cgi ./cgi-bin/env a {page}'
	get -A me -H 'X-One: 1' -H 'X-One: 2' -H 'Proxy: http://evil/' \
		-u me:secret -b 'a=b' "${url}old/a%20b?q=%20x&y"
	[ "${lines[-1]}" = 200 ]
	port=${url##*:}
	has_line "$PWD/cgi-bin"
	has_line GATEWAY_INTERFACE=CGI/1.1
	has_line SERVER_PROTOCOL=HTTP/1.1
	has_line SERVER_SOFTWARE=chutils
	has_line SERVER_NAME=127.0.0.1
	has_line "SERVER_PORT=${port%/}"
	has_line REQUEST_METHOD=GET
	has_line SCRIPT_NAME=/old
	has_line 'PATH_INFO=/a b'
	has_line "SCRIPT_FILENAME=$PWD/cgi-bin/env"
	has_line 'QUERY_STRING=q=%20x&y'
	has_line 'REQUEST_URI=/old/a%20b?q=%20x&y'
	has_line REMOTE_ADDR=127.0.0.1
	has_line HTTP_USER_AGENT=me
	has_line 'HTTP_X_ONE=1, 2'
	has_line HTTP_COOKIE=a=b
	has_line 'CH_ARG_page=a b'
	has_line CH_CHANNEL=http.request
	refute grep -E '^(HTTP_PROXY|HTTP_AUTHORIZATION|CONTENT_|HTTPS|REMOTE_USER)' \
		<<< "$output"
}

@test "--authorization passes that field, settings count more than a request" {
	script env <<< 'echo; env'
	app 'http.request cgi --authorization SERVER_NAME=here SCRIPT_NAME=/x ./env'
	get -u me:secret "$url"
	has_line "HTTP_AUTHORIZATION=Basic bWU6c2VjcmV0"
	has_line SERVER_NAME=here
	has_line SCRIPT_NAME=/x
	[ "$(grep -c '^SERVER_NAME=' <<< "$output")" -eq 1 ]
}

@test "the script is the whole path, or what the server's root is" {
	script where <<< 'echo; echo "$SCRIPT_NAME|$PATH_INFO"'
	printf '%s\n' 'http.request path=/top/one cgi ./where' \
		'http.request cgi ./where' > routes
	serve --routes routes --root-path /top
	get "${url}top/one"
	[ "${lines[0]}" = '/top/one|' ]
	get "${url}top/two"
	[ "${lines[0]}" = '/top|/two' ]
}

@test "a body is standard input, with its length" {
	head -c 300000 /dev/urandom > data
	script sum <<- 'END'
		echo
		echo "$REQUEST_METHOD $CONTENT_TYPE $CONTENT_LENGTH"
		cksum
	END
	app 'http.request cgi ./sum'
	get -H 'Content-Type: text/x' -d 'small=é' "$url"
	[ "${lines[0]}" = 'POST text/x 8' ]
	[ "${lines[1]}" = "$(printf 'small=é' | cksum)" ]
	get -d 'a=b&c=d' "$url"
	[ "${lines[0]}" = 'POST application/x-www-form-urlencoded 7' ]
	[ "${lines[1]}" = "$(printf 'a=b&c=d' | cksum)" ]
	get -H 'Content-Type: x/y' --data-binary @data "$url"
	[ "${lines[0]}" = "POST x/y 300000" ]
	[ "${lines[1]}" = "$(cksum < data)" ]
	get -H 'Content-Type: x/y' -H 'Transfer-Encoding: chunked' -T data "$url"
	[ "${lines[0]}" = "PUT x/y 300000" ]
	[ "${lines[1]}" = "$(cksum < data)" ]
}

@test "a body that is streamed comes as it arrives" {
	mkfifo slow
	watch_fifo seen
	seen=$fd
	script copy <<- 'END'
		head -c 100000 | cksum > seen
		echo
		echo "$CONTENT_LENGTH"
		cksum
	END
	app 'http.request cgi ./copy' --body stream --inline-max 1000
	head -c 300000 /dev/urandom > data
	START_OUT=got start bash -c \
		'exec curl -sS --max-time 60 -T - "$1" < slow' - "$url"
	exec {in}> slow
	head -c 200000 data >&"$in"
	next_line "$seen"
	[ "$line" = "$(head -c 100000 data | cksum)" ]
	tail -c 100000 data >&"$in"
	exec {in}>&-
	ended "$pid"
	[ "$(cat got)" = $'\n'"$(tail -c 200000 data | cksum)" ]
	get -T data "$url"
	next_line "$seen"
	[ "${lines[0]}" = 300000 ]
	[ "${lines[1]}" = "$(tail -c 200000 data | cksum)" ]
}

@test "who leaves while he uploads ends the program" {
	watch_fifo seen
	seen=$fd
	mkfifo slow
	script copy <<- 'END'
		trap 'echo "ended" > seen; exit' TERM
		echo begun > seen
		exec 3<&0
		cat <&3 > all &
		wait
		echo whole > seen
	END
	app 'http.request cgi ./copy' --body stream --inline-max 10
	start bash -c 'exec curl -sSN --max-time 60 -T - "$1" < slow' - "$url"
	exec {in}> slow
	printf '%0100000d' 1 >&"$in"
	next_line "$seen"
	[ "$line" = begun ]
	kill -KILL "$pid"
	next_line "$seen"
	[ "$line" = ended ]
	exec {in}>&-
}

@test "a program that reads nothing of a long body is no trouble" {
	head -c 3000000 /dev/zero > data
	script deaf <<< 'echo; echo deaf'
	app 'http.request cgi ./deaf' --body stream --inline-max 10
	get -H 'Expect:' -T data "$url"
	[ "${lines[0]}" = deaf ]
}

@test "a form with files, for a program in perl that reads multipart itself" {
	cat > upload <<- 'END'
		#!/usr/bin/perl
		use strict; use warnings;
		binmode STDIN;
		read(STDIN, my $body, $ENV{CONTENT_LENGTH}) == $ENV{CONTENT_LENGTH}
			or die "short";
		my ($b) = $ENV{CONTENT_TYPE} =~ /boundary=(.*)/ or die "no boundary";
		print "Content-Type: text/plain\r\n\r\n";
		for (split /(?:^|\r\n)--\Q$b\E(?:--)?/, $body) {
			my ($head, $content) = split /\r\n\r\n/, $_, 2;
			next unless defined $content;
			my ($name) = $head =~ / name="([^"]*)"/;
			my ($file) = $head =~ / filename="([^"]*)"/;
			printf "%s %s %d\n", $name, $file // "-", length $content;
		}
	END
	chmod +x upload
	head -c 100000 /dev/urandom > data.bin
	printf 'x\ny' > t.txt
	app 'http.request cgi ./upload'
	get -F title=é -F 'a=1' -F 'a=22' -F doc=@data.bin -F 'two=@t.txt' "$url"
	[ "${output%$'\n\n'*}" = 'title - 2
a - 1
a - 2
doc data.bin 100000
two t.txt 3' ]
}

@test "a form with files, for python's cgi module" {
	cat > upload <<- 'END'
		#!/usr/bin/python3 -W ignore
		import cgi, zlib
		form = cgi.FieldStorage()
		print("Content-Type: text/plain\n")
		print(form.getfirst("title"), form.getlist("a"))
		print(form["doc"].filename, zlib.crc32(form["doc"].file.read()))
	END
	chmod +x upload
	head -c 100000 /dev/urandom > data.bin
	app 'http.request cgi ./upload' --inline-max 1000
	get -F 'title=x, y' -F a=1 -F a=2 -F doc=@data.bin "$url"
	[ "${lines[0]}" = "x, y ['1', '2']" ]
	[ "${lines[1]}" = "data.bin $(python3 -c \
		'import zlib; print(zlib.crc32(open("data.bin", "rb").read()))')" ]
}

@test "a program without output is 502, and so is one that speaks HTTP" {
	app 'http.request cgi true'
	get "$url"
	[ "${lines[-1]}" = 502 ]
	kill "$server"
	ended "$server"
	app 'http.request cgi echo HTTP/1.1 200 OK'
	get "$url"
	[ "${lines[-1]}" = 502 ]
}

@test "nph- is refused when the routes are read" {
	script nph-old <<< 'echo HTTP/1.1 200 OK'
	run -78 chwork --check -r 'http.request cgi ./nph-old'
	[[ $output == "chwork: -r 1:18: ./nph-old: programs that speak HTTP"* ]]
	run -0 chwork --check -r 'http.request exec ./nph-old'
}

@test "no file but one of a spool becomes a body" {
	echo secret > file
	mkdir spool
	ln file spool/file
	script copy <<< 'echo; cat'
	for path in "$PWD/file" "$PWD/spool/../file" "$PWD/spool/" "/spool/x"; do
		chsend http.request reply_channel='r?1' method=POST path=/ \
			body= body_file="$path"
	done
	run -0 chwork --once -r 'http.request cgi ./copy'
	run chrecv --no-wait -c 9 'r?1'
	[ "$(jq -r .status <<< "$output" | sort -u)" = 500 ]
	chsend http.request reply_channel='r?1' method=POST path=/ \
		body= body_file="$PWD/spool/file"
	run -0 chwork --once -r 'http.request cgi ./copy'
	run chrecv --no-wait -c 9 'r?1'
	[ "$(jq -rj .content <<< "$output")" = 'secret' ]
}
