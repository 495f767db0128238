# What the checks on the tree share.

cd "$BATS_TEST_DIRNAME/../.." || exit
export CH_BIN=${CH_BIN:-$PWD/build/release/bin}
export BUILD=${CH_BIN%/bin}

# files GLOB...: the tree's own files that match, whether committed or not yet
files() {
	if [[ -e .git ]]; then
		git -c safe.directory='*' ls-files -co --exclude-standard -- "$@"
	else
		find . -path ./build -prune -o -type f -print | sed 's|^\./||' |
			grep -E "$(printf '%s\n' "$@" | sed 's/[.]/[.]/g; s/[*]/.*/g; s/^/^/; s/$/$/')"
	fi | while IFS= read -r file; do
		[[ ! -e $file ]] || printf '%s\n' "$file"
	done
}

# none LINES...: succeeds when what was found is nothing, else says it
none() {
	[[ -z $1 ]] || { printf '%s\n' "$1" && return 1; }
}
