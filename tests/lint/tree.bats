# The tree keeps its floors: includes go down only, and a foreign library is
# spoken in its room alone. The table is the README's.

load helper

# floor FILE: the number of the floor that the file is on, and its room
floor() {
	case $1 in
	lib/channel.h | lib/chsession.h) echo 0 channel.h ;;
	lib/base/*) echo 1 base ;;
	lib/model/*) echo 2 model ;;
	lib/layer/*) echo 3 layer ;;
	lib/session/*) echo 3 session ;;
	lib/*/*) echo "4 $(basename "$(dirname "$1")")" ;;
	lib/*) echo 5 lib ;;
	cmd/common/*) echo 6 common ;;
	cmd/*/*) echo "7 $(basename "$(dirname "$1")")" ;;
	cmd/*) echo "7 $1" ;;
	*) echo "8 $1" ;;
	esac
}

# resolve FROM NAME: the file that #include "NAME" in FROM means
resolve() {
	local dir
	for dir in "$(dirname "$1")" lib cmd tests; do
		if [[ -e $dir/$2 ]]; then
			echo "$dir/$2"
			return
		fi
	done
	echo "$2"
}

includes() {
	grep -HoE '^#include "[^"]+"' "$@" | sed -E 's/:#include "(.*)"/ \1/'
}

@test "includes go down, or stay in their room" {
	local bad='' from name to level room to_level to_room
	mapfile -t sources < <(files 'lib/*.[ch]' 'cmd/*.[ch]')
	while read -r from name; do
		to=$(resolve "$from" "$name")
		read -r level room < <(floor "$from")
		read -r to_level to_room < <(floor "$to")
		if [[ $room == "$to_room" ]] || ((to_level < level)); then
			continue
		fi
		bad+="$from includes $name"$'\n'
	done < <(includes "${sources[@]}")
	none "$bad"
}

@test "programs see public headers, cmd/common, base and their own room only" {
	local bad='' from name to
	mapfile -t sources < <(files 'cmd/*.[ch]')
	while read -r from name; do
		to=$(resolve "$from" "$name")
		case $to in
		lib/channel.h | lib/chsession.h | lib/base/* | cmd/common/*) ;;
		"$(dirname "$from")"/*) ;;
		*) bad+="$from includes $name"$'\n' ;;
		esac
	done < <(includes "${sources[@]}")
	none "$bad"
}

@test "every header says what it needs itself" {
	local bad='' header
	while read -r header; do
		"${CC:-gcc}" -std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror -Ilib \
			-Icmd -Itests -fsyntax-only -x c -include "$header" /dev/null ||
			bad+="$header"$'\n'
	done < <(files 'lib/*.h' 'cmd/*.h' 'tests/*.h')
	none "$bad"
}

@test "headers are guarded by a name of their own" {
	none "$(files '*.h' | while read -r header; do
		guard=$(sed -n 's/^#ifndef \([A-Z_]*_H\)$/\1/p;T;q' "$header")
		[[ -n $guard ]] || echo "$header has no guard"
		echo "$guard"
	done | sort | uniq -d)"
}

@test "foreign libraries are spoken in their rooms only" {
	local bad='' header rooms found
	while read -r header rooms; do
		found=$(files '*.[ch]' | xargs grep -lE "^#include <$header" |
			grep -vE "^($rooms)" || true)
		[[ -z $found ]] || bad+="<$header> in $found"$'\n'
	done <<-'EOF'
		jansson lib/model/|lib/session/|cmd/|tests/
		libwebsockets cmd/chserve/
		openssl/ cmd/chserve/(tls|certs)|cmd/chwork/sign|tests/
		nghttp2/ cmd/chserve/h2|tests/
		readline/ cmd/chtail
		pcre2 cmd/chwork/
		hiredis lib/redis/
		msgpack lib/redis/
		curl/ lib/remote/|cmd/chwork/transfers
	EOF
	none "$bad"
}

@test "the server's logic knows nothing of libwebsockets" {
	none "$(grep -lE 'libwebsockets|lws_' \
		cmd/chserve/{client,clients,event,route,api}.[ch] 2> /dev/null)"
}

@test "the README's map of chserve/ has all its files" {
	local map
	map=$(sed -n '/^| its life/,/^$/p' README.md)
	none "$(files 'cmd/chserve/*.c' | while read -r file; do
		grep -qw "$(basename "$file" .c)" <<< "$map" || echo "$file"
	done)"
	none "$(grep -oE '[a-z0-9_]+' <(cut -d'|' -f3 <<< "$map") |
		while read -r name; do
			[[ -e cmd/chserve/$name.c ]] || echo "$name"
		done)"
}

@test "a one-shot loads neither the server's nor the terminal's libraries" {
	local program
	for program in chsend chrecv chgroup; do
		[[ -x $CH_BIN/$program ]]
		none "$(ldd "$CH_BIN/$program" | grep -E \
			'curl|hiredis|msgpack|websockets|readline|ssl|crypto|pcre')"
	done
}

@test "nothing is left for later" {
	none "$(files '*' | grep -v '^tests/lint/' | xargs grep -nIE \
		'\<(TODO|FIXME|XXX)\>')"
}

@test "lines end without blanks, files with a newline" {
	none "$(files '*.[ch]' '*.bats' '*.bash' '*.md' '*.[1357]' Makefile |
		xargs grep -nE '[[:blank:]]$')"
	none "$(files '*.[ch]' '*.bats' '*.bash' '*.md' '*.[1357]' Makefile |
		while read -r file; do
			[[ ! -s $file || -z $(tail -c 1 "$file") ]] || echo "$file"
		done)"
}

@test "C stays within 80 columns" {
	none "$(files 'lib/*.[ch]' 'cmd/*.[ch]' 'tests/*.[ch]' |
		while read -r file; do
			expand "$file" | awk -v file="$file" 'length > 80 {
				print file ":" NR ": " length " columns" }'
		done)"
}
