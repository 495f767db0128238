# The library shows what channel.h shows: no more, no less, and all of it is
# documented.

load helper

functions() {
	sed -n 's/^CH_API .*[ *]\(ch_[a-z_]*\)(.*/\1/p' lib/channel.h | sort
}

@test "libchannel.so exports the functions of channel.h and nothing else" {
	diff -u <(functions) \
		<(nm -D --defined-only "$BUILD/libchannel.so.0" |
			awk '{ print $3 }' | sort)
}

@test "the archive's other names begin with ch_ as well" {
	none "$(nm -g --defined-only "$BUILD/libchannel.a" |
		awk 'NF == 3 && $3 !~ /^ch_/ { print $3 }')"
}

@test "channel.h compiles alone, as C11 and as C++17" {
	"${CC:-gcc}" -std=c11 -Wall -Wextra -Wpedantic -Werror -fsyntax-only \
		-x c lib/channel.h
	clang -std=c++17 -Wall -Wextra -Wpedantic -Werror -fsyntax-only \
		-x c++ lib/channel.h
}

@test "channel(3) names every function, and tells what it does" {
	diff -u <(functions) \
		<(sed -n '/^\.Sh NAME/,/^\.Sh LIB/s/^\.Nm \(ch_[a-z_]*\).*/\1/p' \
			man/channel.3 | sort)
	diff -u <(functions) \
		<(sed -n '/^\.Sh DESC/,/^\.Sh RET/s/^\.Fn \(ch_[a-z_]*\).*/\1/p' \
			man/channel.3 | sort -u)
}

@test "channel(3) declares them as the header does" {
	diff -u <(awk '/^CH_API/ { on = 1 }
			on { line = line " " $0 }
			on && /;/ { print line; line = ""; on = 0 }' lib/channel.h |
			sed -E 's/[[:space:]]+/ /g; s/^ CH_API //; s/;$//' | sort) \
		<(sed -n '/^\.Sh SYNOPSIS/,/^\.Sh DESC/p' man/channel.3 | awk '
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
			}' | sort)
}

@test "channel(3) tells every value of the header's enums" {
	none "$(grep -oE '\<CH_[A-Z_]+\>' lib/channel.h |
		grep -vE '^CH_(API|ERR_INIT)$|_$' | sort -u |
		while read -r name; do
			grep -qw "$name" man/channel.3 || echo "$name"
		done)"
}

@test "the version is said in one place" {
	version=$(sed -n 's/^VERSION = //p' Makefile)
	run "$CH_BIN/chsend" --version
	[[ $output == *"$version"* ]]
	grep -q "^## $version" CHANGELOG.md
}
