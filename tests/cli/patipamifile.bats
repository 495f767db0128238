# examples/patipamifile by curl: who sees what, and what attackers get.

load helper

setup() {
	ch_setup
	cp -r "$ROOT/examples/patipamifile/." .
	for name in ann bob eve; do
		echo "secret of $name" | chsession passwd -q -f users "$name"
	done
	serve_by ./run -l 127.0.0.1:0
}

# as NAME PATH CURL-OPTION...: the status in $output, the body in `body`
as() {
	local name=$1 path=$2
	shift 2
	run -0 curl -sS -o body -w '%{http_code}' -b "jar.$name" -c "jar.$name" \
		-H "Origin: ${url%/}" "$@" "$url$path"
}

enter() {
	as "$1" login -d "name=$1" --data-urlencode "password=secret of $1"
	[ "$output" = 204 ]
}

# make_box: ann's, shared with bob; its name is in $box
make_box() {
	as ann boxes -d name=Photos -d member=bob -d member=mallory
	[ "$output" = 201 ]
	as ann boxes
	box=$(jq -er '.boxes[0].id' body)
}

@test "logging in: with the password only; without it nothing is seen" {
	as ann boxes
	[ "$output" = 401 ]
	as ann login -d name=ann -d password=wrong
	[ "$output" = 403 ]
	as ann login -d name=nobody -d password=wrong
	[ "$output" = 403 ]
	enter ann
	as ann boxes
	[ "$output" = 200 ]
	[ "$(jq -c . body)" = '{"user":"ann","people":["ann","bob","eve"],"boxes":[]}' ]
	as ann logout -d ''
	[ "$output" = 204 ]
	as ann boxes
	[ "$output" = 401 ]
}

@test "a box is its members', others neither see nor reach it" {
	enter ann
	enter bob
	enter eve
	make_box
	as bob boxes
	[ "$(jq -c '.boxes[] | [.name, .members]' body)" = \
		'["Photos",["ann","bob"]]' ]
	as bob "boxes/$box" -F 'file=@routes'
	[ "$output" = 204 ]
	as ann boxes
	[ "$(jq -c '.boxes[0].files[] | [.name, .by]' body)" = '["routes","bob"]' ]
	file=$(jq -r '.boxes[0].files[0].id' body)
	as eve boxes
	[ "$(jq -c .boxes body)" = '[]' ]
	as eve "boxes/$box/$file"
	[ "$output" = 404 ]
	as eve "boxes/$box" -F 'file=@routes'
	[ "$output" = 404 ]
	as eve "boxes/$box/$file" -X DELETE
	[ "$output" = 404 ]
	as ann "boxes/$box/$file"
	[ "$output" = 200 ]
	cmp body routes
}

@test "pages are told of boxes, files, and what is removed" {
	enter ann
	enter bob
	chgroup add pati.bob told
	make_box
	as ann "boxes/$box" -F 'file=@may' -F 'file=@run'
	run -0 chrecv --no-wait --raw told
	[ "${#lines[@]}" -eq 3 ]
	[ "$(jq -c '.payload.box | [.id, .name]' <<< "${lines[0]}")" = \
		"[\"$box\",\"Photos\"]" ]
	[ "$(jq -r .payload.file.name <<< "${lines[2]}")" = run ]
	file=$(jq -r .payload.file.id <<< "${lines[2]}")
	as bob "boxes/$box/$file" -X DELETE
	[ "$output" = 403 ]
	as ann "boxes/$box/$file" -X DELETE
	[ "$output" = 204 ]
	run -0 chrecv --no-wait --raw told
	[ "$(jq -c .payload <<< "$output")" = "{\"in\":\"$box\",\"gone\":\"$file\"}" ]
	as ann "boxes/$box/$file"
	[ "$output" = 404 ]
}

@test "names of files are shown, and mean nothing else" {
	enter ann
	make_box
	find . -type f ! -path './boxes/*' ! -path './store/*' | sort > before
	for name in '../../users' '/etc/passwd' '..' '-rf' '<img src=x onerror=a>' \
		$'\u202egpj.exe' '%2e%2e%2fusers' "$(printf 'x%.0s' {1..300})"; do
		as ann "boxes/$box" -F "file=@may;filename=\"$name\""
		[ "$output" = 204 ] || [ "$output" = 400 ]
	done
	find . -type f ! -path './boxes/*' ! -path './store/*' | sort |
		diff before - | refute grep '^>' | refute grep -v 'jar\|body\|before'
	as ann boxes
	jq -e '.boxes[0].files | map(.name) | index("users") and
		index("<img src=x onerror=a>")' body
	file=$(jq -r '.boxes[0].files[] | select(.name | contains("<")).id' body)
	run -0 curl -sS -D - -o body -b jar.ann "${url}boxes/$box/$file"
	[[ $output == *"attachment; filename*=UTF-8''%3Cimg%20src%3Dx"* ]]
	[[ $output == *'Content-Type: application/octet-stream'* ]]
	cmp body may
}

@test "no path leads out of the boxes" {
	enter ann
	make_box
	for path in "boxes/$box/members" "boxes/$box/%2e%2e" boxes/%2e%2e/users \
		"boxes/$box/..%2f..%2fusers" "boxes/../users" users boxes/. routes \
		"boxes/*/$box" "boxes/$box/%00"; do
		as ann "$path" --path-as-is
		[[ $output == 40[04] ]] || { echo "$path: $output"; false; }
	done
}

@test "every byte of a large file is there again" {
	enter ann
	make_box
	head -c 20000000 /dev/urandom > large
	as ann "boxes/$box" -F 'file=@large'
	[ "$output" = 204 ]
	as ann boxes
	as ann "boxes/$box/$(jq -r '.boxes[0].files[0].id' body)"
	cmp body large
}
