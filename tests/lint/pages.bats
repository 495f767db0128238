# What --help prints, what the page tells and what the shells complete are the
# same options; pages are sound, and what they show works.

load helper

setup() {
	mapfile -t programs < <(basename -a "$CH_BIN"/*)
	((${#programs[@]} > 6))
}

# offered PROGRAM: the options of --help, one a line, as -x or --name
offered() {
	"$CH_BIN/$1" --help | sed -nE \
		's/^ {2}(-.), (--[a-z0-9-]+).*/\1\n\2/p; s/^ {6}(--[a-z0-9-]+).*/\1/p' |
		sort
}

common() {
	printf '%s\n' -S --store -q --quiet -v --verbose -h --help -V --version
}

# told PROGRAM: the options that its page explains
told() {
	awk '/^\.It/ && / Fl / {
		flag = 0
		for (i = 2; i <= NF; i++) {
			if ($i == "Fl") { flag = 1; continue }
			if ($i == ",") continue
			if ($i ~ /^[A-Z][a-z]$/) flag = 0
			if (flag && $i ~ /^-?[A-Za-z0-9-]+$/) print "-" $i
		}
	}' "man/$1.1" | sort -u
}

@test "every program has a page, and every page is one of ours" {
	for program in "${programs[@]}"; do
		[[ -f man/$program.1 ]]
	done
	for page in man/*.1; do
		[[ -x $CH_BIN/$(basename "$page" .1) ]]
	done
}

@test "mandoc has nothing to say about the pages" {
	mandoc -T lint -W warning man/*.[1357]
}

@test "pages refer to pages that exist" {
	none "$(sed -n 's/^\.Xr \(ch[a-z-]*\) \([0-9]\).*/\1.\2/p' man/*.[1357] |
		sort -u | grep -v '^chgrp' | while read -r page; do
		[[ -f man/$page ]] || echo "$page"
	done)"
}

@test "a page explains the options of --help, all and no others" {
	for program in "${programs[@]}"; do
		diff -u --label "$program --help" --label "man/$program.1" \
			<({ offered "$program"; common; } | sort -u) \
			<({ told "$program"; common; } | sort -u)
	done
}

@test "a page's SYNOPSIS shows each option" {
	for program in "${programs[@]}"; do
		synopsis=$(sed -n '/^\.Sh SYNOPSIS/,/^\.Sh DESC/p' "man/$program.1")
		letters=$(grep -oE '\<Fl [A-Za-z0-9]+' <<< "$synopsis" |
			sed 's/Fl //' | tr -d '\n')
		none "$("$CH_BIN/$program" --help | grep -E '^ {2,6}--?[A-Za-z0]' |
			grep -vE ' --(store|quiet|verbose|help|version) ' |
			while IFS=' ,' read -r first second _; do
				[[ $first != --* && $letters == *${first#-}* ]] ||
				grep -qE "Fl (${first#-}|${second#-})( |$)" \
					<<< "$synopsis" ||
				echo "$program.1: SYNOPSIS lacks $first $second"
			done)"
	done
}

@test "EXIT STATUS is on every page" {
	for program in "${programs[@]}"; do
		grep -q '^\.Sh EXIT STATUS' "man/$program.1"
	done
}

@test "the shells complete the options of --help, all and no others" {
	for program in "${programs[@]}"; do
		diff -u --label "$program --help" --label "bash" \
			<(offered "$program" | grep -e --) \
			<(grep -oE -- '(^|[^a-zA-Z-])--[a-z][a-z0-9-]+' \
				"completions/bash/$program" | grep -oE -- '--.*' |
				sort -u)
		diff -u --label "$program --help" --label "zsh" \
			<(offered "$program" | grep -e --) \
			<(grep -oE -- '(^|[^a-zA-Z-])--[a-z][a-z0-9-]+' \
				"completions/zsh/_$program" | grep -oE -- '--.*' |
				sort -u)
		diff -u --label "$program --help" --label "fish" \
			<(offered "$program" | grep -e --) \
			<(sed -nE 's/^complete .* -l ([a-z0-9-]+).*/--\1/p' \
				"completions/fish/$program.fish" | sort -u)
	done
}

@test "channels(7) lists the exit statuses of channel.h" {
	diff -u <(sed -n '/^enum ch_status/,/^};/s/.* = -\{0,1\}\([0-9]*\).*/\1/p' \
		lib/channel.h | sort -n) \
		<(sed -n '/^\.Sh EXIT/,/^\.Sh EX/s/^\.It \([0-9]*\)$/\1/p' \
			man/channels.7 | sort -n)
}

@test "the README shows the example as it is" {
	for file in routes say; do
		[[ -f examples/chat/$file ]] || continue
		awk 'NR == FNR { want = want $0 "\n"; next }
			/^```/ { if (block == want) found = 1; block = ""; next }
			{ block = block $0 "\n" }
			END { exit !found }' "examples/chat/$file" README.md
	done
}

@test "the README's floors are the lint's" {
	for room in base model layer session file mem; do
		grep -q "lib/$room/" README.md
		[[ -d lib/$room ]]
	done
}
