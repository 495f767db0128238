# The store: what lies where, who may use it, and what happens when a file of
# it, the disk, or its user is not as it should be.

load helper

setup() {
	ch_setup
	mounted=
	public=
}

teardown() {
	ch_teardown
	[[ -z $mounted ]] || umount "$mounted"
	[[ -z $public ]] || rm -r "$public"
}

# small_disk: a tmpfs of 512 KiB at $disk.
small_disk() {
	disk=$BATS_TEST_TMPDIR/disk
	mkdir "$disk"
	mount -t tmpfs -o size=512k,mode=700 tmpfs "$disk"
	mounted=$disk
}

# open_house: a directory at $public that everybody can enter, programs in it.
open_house() {
	public=$(mktemp -d "${TMPDIR:-/tmp}/ch-public.XXXXXX")
	chmod 755 "$public"
	mkdir -m 755 "$public/bin"
	cp "$CH_BIN"/{chsend,chrecv,chgroup} "$public/bin"
}

# as_nobody COMMAND...: as another user.
as_nobody() {
	PATH=$public/bin:$PATH \
		setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
}

# --- what lies where --------------------------------------------------------

@test "ls shows what is in the store" {
	chsend jobs a=1
	chsend --delay 1h jobs a=2
	chgroup add chat jobs 'x!1'
	watch_fifo new
	START_OUT=new start chrecv --new 'p!'
	next_line "$fd"
	chsend "$line" a=1 && chgroup add chat "$line"
	cd "$CHANNELS_URL"
	[ "$(ls)" = $'channels\nformat\ngroups\nlive' ]
	[ "$(ls channels)" = $'jobs\np!' ]
	[ "$(ls channels/jobs)" = $'bell\ndelayed\nlock\nqueue\nroom' ]
	[ "$(ls groups/chat)" = $'lock\nmembers\np!' ]
	[ "$(ls live)" = p ]
	[ -p channels/jobs/bell ]
	[ "$(stat -c %a . channels/jobs channels/jobs/queue)" = $'700\n700\n600' ]
}

@test "the store is made with mode 0700, whatever the umask" {
	(umask 0 && chsend jobs a=1)
	[ "$(stat -c %a "$CHANNELS_URL")" = 700 ]
	[ "$(stat -c %a "$CHANNELS_URL/channels/jobs/lock")" = 600 ]
}

@test "an empty directory becomes a store, one that holds something does not" {
	mkdir -m 700 empty full
	touch full/letter
	CHANNELS_URL=$PWD/empty chsend jobs a=1
	CHANNELS_URL=$PWD/full run -78 chsend jobs a=1
	[[ $output == "chsend: "*"full is not a channel store, and not empty" ]]
	[ "$(ls full)" = letter ]
}

@test "a directory that holds only config becomes a store" {
	mkdir -m 700 store
	echo '{"capacity": 1}' > store/config
	chsend jobs a=1
	run -75 chsend jobs a=2
	[[ $output == *"jobs is full (1 of 1, oldest "* ]]
}

@test "an error in config is said with its place, an unknown key by name" {
	mkdir -m 700 store
	echo '{"capacity": }' > store/config
	run -78 chsend jobs a=1
	[[ $output == *"config:1:14"* ]]
	echo '{"capacitty": 1}' > store/config
	run -78 chsend jobs a=1
	[[ $output == *capacitty* ]]
}

@test "a store of a newer format is refused" {
	chsend jobs a=1
	sed -i 's/store 1/store 9/' store/format
	run -78 chsend jobs a=1
	[[ $output == *"format 9"* ]]
}

@test "no directory above the store: 69" {
	CHANNELS_URL=$PWD/no/store run -69 chsend jobs a=1
}

@test "a store in a file's place: 78" {
	touch store
	run -78 chsend jobs a=1
	[[ $output == *"is not a directory" ]]
}

# --- whose it is ------------------------------------------------------------

@test "the store of another user is refused" {
	open_house
	export CHANNELS_URL=$public/store
	chsend jobs a=1
	run -77 as_nobody chsend jobs a=2
	[[ $output == *"Permission denied"* ]]
	chmod 755 "$CHANNELS_URL"
	run -78 as_nobody chrecv --no-wait jobs
	[[ $output == *"belongs to another user"* ]]
	chmod 777 "$CHANNELS_URL"
	run -78 chrecv --no-wait jobs
	[[ $output == *"can be written by everybody"* ]]
	chmod 700 "$CHANNELS_URL"
	run -0 chrecv --no-wait jobs
	[ "$output" = '{"a":"1"}' ]
}

@test "a store that others of its group share" {
	open_house
	export CHANNELS_URL=$public/store
	mkdir "$CHANNELS_URL"
	chgrp 65534 "$CHANNELS_URL"
	chmod 2770 "$CHANNELS_URL"
	(umask 077 && chsend jobs a=1)
	run -0 as_nobody sh -c 'chrecv --no-wait jobs && chsend back b=2 &&
		chgroup add team back && chgroup members team'
	[ "$output" = $'{"a":"1"}\nback' ]
	run -0 chrecv --no-wait back
	[ "$output" = '{"b":"2"}' ]
	run -0 chgroup discard team back
}

@test "a store that can only be read" {
	small_disk
	export CHANNELS_URL=$disk/store
	chsend jobs a=1
	chgroup add chat jobs
	mount -o remount,ro "$disk"
	run -77 chsend jobs a=2
	[[ $output == *"Read-only file system"* ]]
	run -77 chrecv --no-wait jobs
	run -77 chgroup add chat other
	run -0 chgroup members chat
	[ "$output" = jobs ]
	mount -o remount,rw "$disk"
	run -0 chrecv --no-wait jobs
	[ "$output" = '{"a":"1"}' ]
}

# --- a full disk ------------------------------------------------------------

@test "a full disk is 74, and nothing good is lost" {
	small_disk
	export CHANNELS_URL=$disk/store
	text=$(head -c 3000 /dev/zero | tr '\0' x)
	run -74 chsend jobs < <(for i in {1..500}; do
		echo "{\"n\":$i,\"t\":\"$text\"}"
	done)
	[[ $output == *"No space left on device"* ]]
	sent=$(chstat --json jobs | jq .pending)
	((sent > 10))
	cat /dev/zero > "$disk/filler" 2> /dev/null || true
	run -74 chsend other a=1
	run -74 chgroup add chat jobs
	run -0 chrecv --no-wait -c 1000 -F '{n}' jobs
	[ "$output" = "$(seq "$sent")" ]
	chsend jobs a=1
	rm "$disk/filler"
	chsend other a=1
	run -0 chrecv --no-wait jobs
	[ "$output" = '{"a":"1"}' ]
}

@test "on a full disk groups and owners fail with 74, and go on later" {
	small_disk
	export CHANNELS_URL=$disk/store
	chgroup add chat a
	cat /dev/zero > "$disk/filler" 2> /dev/null || true
	run -74 chgroup add chat m{1..400}
	run -74 chrecv --new 'p!' -t 1
	run -0 chgroup has chat a
	rm "$disk/filler"
	chgroup add chat m{1..400}
	run -0 chgroup count chat
	[ "$output" = 401 ]
}

# --- damage -----------------------------------------------------------------

# damaged: bad's queue is refused, and nobody else is harmed.
damaged() {
	run -65 chrecv --no-wait bad
	[[ $output == "chrecv: queue bad"* ]]
	run -65 chsend bad a=2
	run -65 chstat --json
	[[ $output == *'"channel":"good"'* ]]
	[ "$(pending good)" = 1 ]
	run -0 chrecv --no-wait -c 1 good
	chsend good a=1
	# the good one of both is still received, the bad one said
	run -65 chrecv --no-wait bad good
	has_line '{"a":"1"}'
	chsend good a=1
	chstat --flush --force bad
	chsend bad a=3
	run -0 chrecv --no-wait bad
	[ "$output" = '{"a":"3"}' ]
	chsend bad a=1
}

@test "a foreign, cut, newer or empty queue file is refused with 65" {
	chsend good a=1
	chsend bad a=1
	queue=$CHANNELS_URL/channels/bad/queue
	cp /bin/true "$queue"
	damaged
	truncate -s 5000 "$queue"
	damaged
	printf '\x09' | dd of="$queue" bs=1 seek=8 conv=notrunc status=none
	damaged
	: > "$queue"
	damaged
	head -c 9000 /dev/urandom > "$queue"
	damaged
	cp "$CHANNELS_URL/channels/good/queue" "$queue"
	damaged
}

@test "a changed byte in a message is 65 to whoever reads it" {
	chsend good a=1
	chsend bad a=1
	queue=$CHANNELS_URL/channels/bad/queue
	LC_ALL=C sed -i 's/{"a":"1"}/{"a":"X"}/' "$queue"
	run -65 chrecv --no-wait bad good
	has_line '{"a":"1"}'
	[[ $output == *"queue bad is damaged"* ]]
	run -65 chstat --peek 1 bad
	chstat --flush --force bad
	chsend bad a=2
	run -0 chrecv --no-wait bad
	[ "$output" = '{"a":"2"}' ]
}

@test "a file of another kind in a file's place is refused" {
	chsend good a=1
	for place in queue lock; do
		chsend bad a=1
		rm "$CHANNELS_URL/channels/bad/$place"
		ln -s /etc/passwd "$CHANNELS_URL/channels/bad/$place"
		run -65 chsend bad a=1
		[[ $output == *"bad"* ]]
		chsend good a=1
		rm -r "$CHANNELS_URL/channels/bad"
	done
	[ "$(pending good)" = 3 ]
	ln -s /etc "$CHANNELS_URL/channels/etc"
	run -65 chsend etc a=1
	[ ! -e /etc/queue ]
}

@test "foreign things in the store's folders do no harm" {
	chsend jobs a=1
	chgroup add chat jobs
	cd "$CHANNELS_URL"
	touch channels/file groups/file live/file 'channels/bad name' .hidden
	mkdir live/dir channels/.tmp groups/.tmp
	mkfifo live/pipe
	run -65 chstat
	[[ $output == *jobs* && $output == *chat* ]]
	run -0 chrecv --no-wait jobs
	run -0 chgroup members chat
	run -0 chrecv --no-wait -t 20 'j*' || [ "$status" -eq 1 ]
}

# --- names and messages as attacks ------------------------------------------

@test "names as attacks are refused with 65, and never reach a file" {
	long=$(head -c 101 /dev/zero | tr '\0' a)
	for name in ../x a/b . .. '' .x a!b!c a?b!c 'a b' $'a\nb' $'a\tb' ä a* \
	    'p!' 'p?' '!x' '?x' "$long" "a\\b" "a%s"; do
		run chsend -- "$name" '{}'
		[ "$status" -eq 65 ] || { echo "send $name: $status"; false; }
	done
	for name in ../x a/b . '' .x a!b 'a b' $'a\nb' a* "$long"; do
		run -65 chgroup add -- "$name" jobs
		run -65 chsend -g -- "$name" '{}'
	done
	for name in ../x a/b . '' a!b!c 'p!c' "$long"; do
		run chrecv --no-wait -- "$name"
		[ "$status" -eq 65 ] || { echo "recv $name: $status"; false; }
	done
	[ ! -e x ] && [ ! -e ../x ]
	[ ! -d store ] || [ -z "$(find store/channels store/groups -mindepth 1)" ]
}

@test "the longest name is used in full" {
	name=$(head -c 100 /dev/zero | tr '\0' a)
	chsend "$name" a=1
	chgroup add "$name" "$name"
	chsend -g "$name" a=2
	run -0 chrecv --no-wait "$name"
	[ "$output" = $'{"a":"1"}\n{"a":"2"}' ]
	owned=$(head -c 98 /dev/zero | tr '\0' b)
	chsend "$owned!c" a=1
	run -0 chrecv --no-wait -e "$owned!"
	[ "$output" = "{\"channel\":\"$owned!c\",\"message\":{\"a\":\"1\"}}" ]
}

@test "messages at the limit pass, one byte more is 65" {
	text=$(head -c 1048568 /dev/zero | tr '\0' x)
	printf '{"a":"%s"}\n' "$text" > limit
	[ "$(wc -c < limit)" -eq 1048577 ]
	chsend jobs < limit
	chrecv --no-wait jobs | cmp - limit
	printf '{"a":"%sx"}\n' "$text" > beyond
	run -65 chsend jobs < beyond
	[ "$(pending jobs)" = 0 ]
}

@test "NUL, newline, U+FFFF and 2^63-1 come back as they went" {
	message='{"nul":"\u0000","nl":"a\nb\r","ffff":"\uffff","raw":"'$'\xef\xbf\xbf'
	message+='","max":9223372036854775807,"min":-9223372036854775808,"e":"\ud83d\ude00"}'
	chsend jobs "$message"
	chgroup add g other
	chsend -g g "$message"
	run -0 chrecv --no-wait jobs
	[ "$output" = "$message" ]
	run -0 chstat --peek 1 other
	[[ $output == *'"max":9223372036854775807'* ]]
	run -0 chrecv --no-wait -F '{max} {min}' other
	[ "$output" = '9223372036854775807 -9223372036854775808' ]
}
