# The library shows what its headers show: no more, no less, and all of it is
# documented, each header on the page of its name.

load helper

# functions HEADER...
functions() {
	sed -n 's/^CH_API .*[ *]\(ch_[a-z_]*\)(.*/\1/p' "$@" | sort
}

@test "libchannel.so exports the functions of the headers and nothing else" {
	diff -u <(functions lib/*.h) \
		<(nm -D --defined-only "$BUILD/libchannel.so.0" |
			awk '{ print $3 }' | sort)
}

@test "the archive's other names begin with ch_ as well" {
	none "$(nm -g --defined-only "$BUILD/libchannel.a" |
		awk 'NF == 3 && $3 !~ /^ch_/ { print $3 }')"
}

@test "the headers compile alone, as C11 and as C++17" {
	for header in lib/*.h; do
		"${CC:-gcc}" -std=c11 -Wall -Wextra -Wpedantic -Werror \
			-fsyntax-only -x c "$header"
		clang -std=c++17 -Wall -Wextra -Wpedantic -Werror \
			-fsyntax-only -x c++ "$header"
	done
}

@test "a header's page names every function, and tells what it does" {
	for header in lib/*.h; do
		page=man/$(basename "$header" .h).3
		diff -u <(functions "$header") \
			<(sed -n '/^\.Sh NAME/,/^\.Sh LIB/s/^\.Nm \(ch_[a-z_]*\).*/\1/p' \
				"$page" | sort)
		diff -u <(functions "$header") \
			<(sed -n '/^\.Sh DESC/,/^\.Sh RET/s/^\.Fn \(ch_[a-z_]*\).*/\1/p' \
				"$page" | sort -u)
	done
}

# declared HEADER, and on PAGE
declared() {
	awk '/^CH_API/ { on = 1 }
		on { line = line " " $0 }
		on && /;/ { print line; line = ""; on = 0 }' "$1" |
		sed -E 's/[[:space:]]+/ /g; s/^ CH_API //; s/;$//' | sort
}

declared_on() {
	sed -n '/^\.Sh SYNOPSIS/,/^\.Sh DESC/p' "$1" | awk '
		/^\.Ft/ { sub(/^\.Ft /, ""); gsub(/"/, ""); type = $0 }
		/^\.Fn/ { print_function($2, $3) }
		/^\.Fo/ { name = $2; args = "" }
		/^\.Fa/ {
			sub(/^\.Fa /, ""); gsub(/^"|"$/, "")
			gsub(/" "/, ", ")
			args = args (args ? ", " : "") $0
		}
		/^\.Fc/ { print_function(name, args) }
		function print_function(name, args) {
			print type (type ~ /\*$/ ? "" : " ") name \
				"(" args ")"
		}' | sort
}

@test "the pages declare them as the headers do" {
	for header in lib/*.h; do
		diff -u <(declared "$header") \
			<(declared_on "man/$(basename "$header" .h).3")
	done
}

@test "the pages tell every constant of the headers" {
	for header in lib/*.h; do
		none "$(grep -oE '\<CH_[A-Z_]+\>' "$header" |
			grep -vE '^CH_(API|ERR_INIT)$|_$' | sort -u |
			while read -r name; do
				grep -qw "$name" "man/$(basename "$header" .h).3" ||
					echo "$name"
			done)"
	done
}

@test "the version is said in one place" {
	version=$(sed -n 's/^VERSION = //p' Makefile)
	run "$CH_BIN/chsend" --version
	[[ $output == *"$version"* ]]
	grep -q "^## $version" CHANGELOG.md
}
