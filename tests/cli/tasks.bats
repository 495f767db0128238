# examples/tasks: thumbnails made by a pool, and what becomes of the rest.

load helper

setup() {
	ch_setup
	cp -r "$ROOT/examples/tasks/." .
	mkdir pictures
}

# picture NAME WIDTH HEIGHT
picture() {
	ppmmake rgb:20/80/c0 "$2" "$3" | pnmtojpeg > "pictures/$1"
}

# made FILE: waits until there is a thumbnail of that name
made() {
	until [ -f "thumbnails/$1" ]; do
		chrecv -t 0.05 ch-nothing || true
	done
}

size_of() {
	jpegtopnm -quiet "$1" | pamfile | grep -o '[0-9]* by [0-9]*'
}

@test "thumbnails are made, by several workers" {
	picture a.jpg 640 480
	picture 'b c.jpg' 300 900
	START_ERR=err.1 start ./run
	START_ERR=err.2 start ./run -j 2
	chsend thumbnail.make file=a.jpg
	chsend thumbnail.make file='b c.jpg'
	made a.jpg
	made 'b c.jpg'
	[ "$(size_of thumbnails/a.jpg)" = '160 by 120' ]
	[ "$(size_of 'thumbnails/b c.jpg')" = '53 by 160' ]
	[ "$(find thumbnails -name '.*' -type f | wc -l)" -eq 0 ]
}

@test "a picture that cannot be read is a letter in the end, and can come back" {
	printf '\377\330\377\340 no picture' > pictures/bad.jpg
	start ./run
	chsend thumbnail.make file=bad.jpg
	chsend thumbnail.make file=../run
	run timeout 60 chrecv -t 30 -c 2 thumbnail.failed
	[ "$status" -eq 0 ]
	jq -es 'map(select(.message.file == "bad.jpg")) | length == 1 and
		(.[0] | .tries == 3 and .channel == "thumbnail.make" and
		(.stderr | test("no image|JPEG")))' <<< "$output"
	jq -es 'any(.stderr | test("no name of a picture"))' <<< "$output"
	picture bad.jpg 10 10
	grep bad.jpg <<< "$output" | jq -c '{channel, message}' | chsend -e
	made bad.jpg
}

@test "an album asks for what has no thumbnail yet, and tells how far it is" {
	local i
	for i in 1 2 3; do picture "$i.jpg" 20 20; done
	mkdir thumbnails
	touch -d tomorrow thumbnails/2.jpg
	run -0 --separate-stderr ./album
	[[ $stderr == *'CH_PROGRESS 3 of 3: 3.jpg'* ]]
	run chrecv --no-wait -c 10 thumbnail.make
	[ "$output" = $'{"file":"1.jpg"}\n{"file":"3.jpg"}' ]
	rm pictures/2.jpg
	touch thumbnails/1.jpg
	run -0 ./tidy
	[ "$(ls thumbnails)" = 1.jpg ]
}
