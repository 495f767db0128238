# What holds for every one of the small programs: options, exit statuses,
# manners.

load helper

PROGRAMS=(chsend chrecv chgroup chtail chstat)

# usual PROGRAM: a call that opens the store, in $call.
usual() {
	case $1 in
	chsend) call=(chsend jobs n=1) ;;
	chrecv) call=(chrecv --no-wait jobs) ;;
	chgroup) call=(chgroup add g a) ;;
	chtail) call=(chtail -q -t 0.1 chat) ;;
	chstat) call=(chstat) ;;
	esac
}

# --- options ----------------------------------------------------------------

@test "--help and --version are on standard output, status 0" {
	for program in "${PROGRAMS[@]}"; do
		for option in -h --help; do
			run -0 --separate-stderr "$program" $option
			[[ ${lines[0]} == "Usage: $program "* ]]
			has_line 'Examples:'
			[ "${lines[-1]}" = "See $program(1)." ]
			[ "$stderr" = '' ]
		done
		for option in -V --version; do
			run -0 --separate-stderr "$program" $option
			[[ $output =~ ^"$program (chutils) "[0-9]+\.[0-9]+\.[0-9]+ ]]
			[ "$stderr" = '' ]
		done
	done
}

@test "help fits a terminal, and lists one option a line" {
	for program in "${PROGRAMS[@]}"; do
		run -0 "$program" --help
		for line in "${lines[@]}"; do
			[ "${#line}" -le 80 ] || { echo "$program: $line" && false; }
		done
		for option in -S,\ --store -q,\ --quiet -v,\ --verbose -h,\ --help -V,\ --version; do
			grep -q -- "^  $option" <<< "$output"
		done
	done
}

@test "every example of --help is true: it is no usage error" {
	cat > worker <<< 'cat'
	chmod +x worker
	ln -s worker my-tests
	echo x > app.log
	for program in "${PROGRAMS[@]}"; do
		run -0 "$program" --help
		while IFS= read -r example; do
			[[ $example == '  '* ]] || continue
			status=0
			timeout 2 bash -c "${example/tail -F/cat}" < /dev/null > /dev/null 2>&1 || status=$?
			[ "$status" -ne 64 ] || { echo "$example" && false; }
		done < <(sed -n '/^Examples:/,/^See/p' <<< "$output")
	done
}

@test "every example of the pages is true: it is no usage error" {
	echo x > app.log
	for program in "${PROGRAMS[@]}"; do
		[ "$(grep -c '^\.Dl' "$ROOT/man/$program.1")" -ge 2 ]
		while IFS= read -r example; do
			status=0
			timeout 2 bash -o pipefail -c "${example/tail -F/cat}" < /dev/null > /dev/null 2> said || status=$?
			[ "$status" -ne 64 ] || { echo "$example" && false; }
			refute grep Usage said
		done < <(sed -n '/^\.Sh EXAMPLES/,/^\.Sh SEE/s/^\.Dl //p' "$ROOT/man/$program.1" | sed 's/\\(dq/"/g')
	done
}

@test "an unknown option is 64, with the usage, and long ones are not abbreviated" {
	for program in "${PROGRAMS[@]}"; do
		for option in --nonsense --hel --nonsense=1 -Z; do
			run -64 --separate-stderr "$program" $option
			[ "$output" = '' ]
			[ "${stderr_lines[0]}" = "$program: unknown option ${option%%=*}" ]
			[[ ${stderr_lines[1]} == "Usage: $program "* ]]
		done
		run -64 "$program" --quiet=yes
		[ "${lines[0]}" = "$program: --quiet: takes no value" ]
		run -64 "$program" --store
		[ "${lines[0]}" = "$program: --store: needs a value: URL" ]
	done
}

@test "values may stand in the same word or the next; short options share a dash" {
	send_numbers jobs 1 4
	[ "$(chrecv -c1 jobs)" = '{"n":1}' ]
	[ "$(chrecv -c 1 jobs)" = '{"n":2}' ]
	[ "$(chrecv --count=1 jobs)" = '{"n":3}' ]
	[ "$(chrecv -ec1 -t5 jobs)" = '{"channel":"jobs","message":{"n":4}}' ]
}

@test "options may stand between and behind the operands; -- ends them" {
	chsend jobs n=1 -v 2> err
	grep -q 'store: ' err
	chsend jobs -- -v=1
	run -0 chrecv jobs --no-wait
	[ "$output" = $'{"n":"1"}\n{"-v":"1"}' ]
}

@test "bad values are 64 and named" {
	run -64 chrecv -c 0 jobs
	[ "${lines[0]}" = "chrecv: -c: '0' must be 1 or more" ]
	run -64 chrecv -c many jobs
	[[ ${lines[0]} == "chrecv: -c: 'many' is no whole number" ]]
	for duration in '' -1 x 1x '1 s' .5 1e3 99999999999999999999; do
		run -64 chrecv --timeout="$duration" jobs
		[[ ${lines[0]} == "chrecv: --timeout: '$duration' is no duration"* ]]
	done
}

# --- the store --------------------------------------------------------------

@test "the store is -S, else CHANNELS_URL, else in the state directory" {
	chsend -S "$PWD/one" jobs n:=1
	[ "$(chrecv --no-wait -S "$PWD/one" jobs)" = '{"n":1}' ]
	chsend -S "file://$PWD/one" jobs n:=2
	[ "$(chrecv --no-wait --store "$PWD/one" jobs)" = '{"n":2}' ]
	[ ! -e "$CHANNELS_URL" ]
	unset CHANNELS_URL
	XDG_STATE_HOME=$PWD/state chsend jobs n:=3
	[ -e state/channels/format ]
	env -u XDG_STATE_HOME HOME="$PWD/home" bash -c 'mkdir -p ~/.local/state && chsend jobs n:=4'
	[ -e home/.local/state/channels/format ]
}

@test "-v names the store" {
	for program in "${PROGRAMS[@]}"; do
		usual "$program"
		"${call[@]}" -v 2> err > out || true
		grep -qx "$program: store: $CHANNELS_URL" err
	done
}

# --- exit statuses ----------------------------------------------------------

@test "0 and 1: done, and the answer is no" {
	run -0 chsend jobs n=1
	run -0 chrecv --no-wait jobs
	run -1 chrecv --no-wait jobs
	run -0 chgroup add g a
	run -0 chgroup has g a
	run -1 chgroup has g b
	run -1 chtail -t 5 'no*'
	run -0 chstat
	[ "$output" != '' ]
}

@test "64: usage" {
	run -64 chsend
	run -64 chrecv
	run -64 chgroup
	run -64 chtail
	run -64 chstat --flush
}

@test "65: a refused name" {
	run -65 chsend ../x n=1
	run -65 chrecv ../x
	run -65 chgroup add g ../x
	run -65 chtail ../x
	run -65 chstat ../x
	[ ! -e "$CHANNELS_URL" ]
}

@test "65: a damaged queue, said by whoever meets it" {
	chsend jobs n=1
	head -c 100 /dev/urandom > "$CHANNELS_URL/channels/jobs/queue"
	run -65 chsend jobs n=1
	[[ $output == 'chsend: '* ]]
	run -65 chrecv -t 20 jobs
	[[ $output == 'chrecv: '* ]]
	[ "${#lines[@]}" -eq 1 ]
	run -65 chstat --peek 1 jobs
}

@test "69: a store that cannot be had" {
	for program in "${PROGRAMS[@]}"; do
		usual "$program"
		run -69 "${call[@]}" -S redis://localhost
		[[ $output == "$program: "* ]]
		run -69 "${call[@]}" -S "$PWD/no/such/parent"
		[ "${#lines[@]}" -eq 1 ]
	done
}

@test "74: standard output that takes nothing" {
	chsend jobs '{"n":1}' '{"n":2}'
	chgroup add g a
	for command in 'chrecv -c 1 jobs' 'chgroup members g' chstat \
		'chsend --help' 'chtail --version' 'chstat --peek 1 jobs'; do
		run -74 bash -c "$command > /dev/full"
		[[ $output == "${command%% *}: write standard output: No space left on device" ]]
		run -74 bash -c "$command >&-"
		[[ $output == "${command%% *}: write standard output: Bad file descriptor" ]]
	done
	run -74 bash -c 'chsend -C jobs n=1 >&-'
	run -74 bash -c 'chtail g >&-'
	[ "$(chgroup members g)" = a ]
}

@test "standard output that is closed costs no message" {
	chsend jobs n:=1
	run -74 bash -c 'chrecv -c 1 jobs >&-'
	[ "$(pending jobs)" -eq 1 ]
}

@test "descriptors that are closed never become a file of the store" {
	for program in "${PROGRAMS[@]}"; do
		usual "$program"
		"${call[@]}" <&- >&- 2>&- || true
	done
	run -0 chsend jobs n:=2
	run -0 chrecv --raw -c 1 jobs
	chgroup has g a
}

@test "75: full, or taken" {
	mkdir store && echo '{"capacity": 1}' > store/config
	chsend jobs n=1
	run -75 chsend jobs n=2
	start chrecv --new 'p!'
	waiting 'p!' 1
	run -75 chrecv --new 'p!'
}

@test "77: not permitted" {
	mkdir -m 0 store
	as=()
	if ((EUID == 0)); then
		as=(setpriv --reuid=65534 --regid=65534 --clear-groups)
		chmod 711 "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR"/* "$BATS_TEST_TMPDIR"
		chmod 755 "$BATS_TEST_TMPDIR"
	fi
	for program in "${PROGRAMS[@]}"; do
		usual "$program"
		run -77 "${as[@]}" "$CH_BIN/${call[0]}" "${call[@]:1}"
		[[ $output == "$program: "* ]]
		[ "${#lines[@]}" -eq 1 ]
	done
}

@test "78: a directory that is no store, a config with an unknown key" {
	mkdir store && touch store/something
	for program in "${PROGRAMS[@]}"; do
		usual "$program"
		run -78 "${call[@]}"
		[[ $output == "$program: "* ]]
	done
	rm store/something && echo '{"capcity": 5}' > store/config
	for program in "${PROGRAMS[@]}"; do
		usual "$program"
		run -78 "${call[@]}"
		[[ $output == "$program: "*capcity* ]]
	done
}

@test "124: timed out" {
	run -124 chrecv -t 0.1 jobs
	run -124 chtail -q -t 0.1 g
	run -124 chsend -C -t 0.1 jobs n=1
}

@test "killed by a signal: as the signal" {
	for signal in INT TERM HUP; do
		start env --default-signal=INT,HUP chrecv "jobs.$signal"
		waiting "jobs.$signal" 1
		kill "-$signal" "$pid"
		ended "$pid"
		[ "$ended" -eq $((128 + $(kill -l "$signal"))) ]
	done
}

# --- manners ----------------------------------------------------------------

@test "errors are one line, free of control bytes" {
	run -65 chsend $'x\e[2J\n' n=1
	[ "${#lines[@]}" -eq 1 ]
	[[ $output != *$'\e'* ]]
}

@test "lines have a priority where standard error is the journal's" {
	touch err
	export JOURNAL_STREAM
	JOURNAL_STREAM=$(stat -c %d:%i err)
	chsend -v jobs n=1 2> err
	run cat err
	[ "$output" = "<6>chsend: store: $PWD/store" ]
	chsend jobs 1 2> err || true
	run cat err
	[[ ${lines[0]} == '<3>chsend: '* ]]
	chtail -t 0.1 chat 2> err || true
	run cat err
	[[ ${lines[0]} == '<5>chtail: watching chat, '* ]]
	touch other
	chsend -v jobs n=1 2> other
	run cat other
	[ "$output" = "chsend: store: $PWD/store" ]
}

@test "a file of the store that shrinks under a program is 74, not a crash" {
	start chrecv jobs
	waiting jobs 1
	: > "$CHANNELS_URL/channels/jobs/queue"
	kill -CONT "$pid"
	printf x > "$CHANNELS_URL/channels/jobs/bell"
	ended "$pid"
	[ "$ended" -eq 74 ] || [ "$ended" -eq 65 ]
	[ "$(wc -l < err)" -eq 1 ]
	grep -q '^chrecv: ' err
}

@test "a stopped holder of a lock is named within -t" {
	chsend jobs n=1
	exec 9< "$CHANNELS_URL/channels/jobs/lock"
	flock 9
	run -69 chsend -t 0.3 jobs n=2
	[[ $output == *"jobs"* ]]
	run -69 chrecv -t 0.3 jobs
	exec 9<&-
	run -0 chrecv -t 20 -c 1 jobs
}

@test "a chsend needs under 2.5 MB" {
	mkfifo in
	exec 9<> in
	start bash -c 'exec chsend jobs < in 9>&-'
	echo '{"n":1}' >&9
	chrecv -c 1 -t 60 jobs
	peak=$(awk '/^VmHWM/ { print $2 }' "/proc/$pid/status")
	# shadow memory is not ours
	grep -q asan "/proc/$pid/maps" || [ "$peak" -lt 2560 ]
}

@test "the programs run without a terminal, HOME or locale" {
	for program in "${PROGRAMS[@]}"; do
		usual "$program"
		status=0
		env -i PATH="$PATH" CHANNELS_URL="$CHANNELS_URL" "${call[@]}" || status=$?
		[[ $status == 0 || $status == 124 ]]
	done
}

# --- completions ------------------------------------------------------------

# completed WORDS...: what bash offers for the last of these words.
completed() {
	# shellcheck disable=SC1090
	source "$ROOT/completions/bash/$1"
	COMP_WORDS=("$@")
	COMP_CWORD=$(($# - 1))
	COMP_LINE=$*
	COMP_POINT=${#COMP_LINE}
	COMPREPLY=()
	"_$1" "$1" "${*: -1}" "${*: -2:1}"
	printf '%s\n' "${COMPREPLY[@]}" | sort
}

@test "bash completes options, choices and live names" {
	chsend jobs.one n=1
	chsend jobs.two n=1
	chgroup add chat a
	chgroup add chat-x a
	[ "$(completed chsend --fu)" = --full ]
	[ "$(completed chsend --full d)" = drop-oldest ]
	[ "$(completed chsend jo)" = $'jobs.one\njobs.two' ]
	[ "$(completed chsend -g ch)" = $'chat\nchat-x' ]
	[ "$(completed chrecv -c 1 jobs.t)" = jobs.two ]
	[ "$(completed chtail ch)" = $'chat\nchat-x' ]
	[ "$(completed chtail --channel jobs.o)" = jobs.one ]
	[ "$(completed chtail --color al)" = always ]
	[ "$(completed chgroup mem)" = members ]
	[ "$(completed chgroup members ch)" = $'chat\nchat-x' ]
	[ "$(completed chgroup add chat jobs.o)" = jobs.one ]
	[ "$(completed chstat jobs.o)" = jobs.one ]
}

@test "zsh and fish read their completions without a word" {
	for program in "${PROGRAMS[@]}"; do
		run -0 zsh -n "$ROOT/completions/zsh/_$program"
		[ "$output" = '' ]
		run -0 fish -c "source '$ROOT/completions/fish/$program.fish'; complete -C '$program --ver'"
		[[ $output == --ver* ]]
	done
	chsend jobs.one n=1
	chgroup add chat a
	run -0 fish -c "source '$ROOT/completions/fish/chrecv.fish'; complete -C 'chrecv jo'"
	[[ $output == jobs.one* ]]
	run -0 fish -c "source '$ROOT/completions/fish/chtail.fish'; complete -C 'chtail ch'"
	[[ $output == chat* ]]
}
