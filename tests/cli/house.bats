# What make installs is what a program outside this tree can use, and what make
# uninstalls is all of it.

setup() {
	cd "$BATS_TEST_DIRNAME/../.." || return
	export CH_BIN=${CH_BIN:-$PWD/build/release/bin}
	export CHANNELS_URL=$BATS_TEST_TMPDIR/store
	root=$BATS_TEST_TMPDIR/root
	unset MAKEFLAGS MFLAGS MAKELEVEL DESTDIR PREFIX
}

house() {
	make -s B="${CH_BIN%/bin}" DESTDIR="$root" "$@"
}

@test "install puts programs, library, pages and completions under DESTDIR" {
	house install PREFIX=/opt/ch
	for program in "$CH_BIN"/*; do
		name=${program##*/}
		[[ -x $root/opt/ch/bin/$name ]]
		[[ -f $root/opt/ch/share/man/man1/$name.1 ]]
		[[ -f $root/opt/ch/share/bash-completion/completions/$name ]]
		[[ -f $root/opt/ch/share/zsh/site-functions/_$name ]]
		[[ -f $root/opt/ch/share/fish/vendor_completions.d/$name.fish ]]
	done
	[[ -f $root/opt/ch/share/man/man7/channels.7 ]]
	[[ -f $root/opt/ch/include/channel.h ]]
	[[ -f $root/opt/ch/lib/libchannel.a ]]
	[[ -L $root/opt/ch/lib/libchannel.so ]]
	[[ -f $root/opt/ch/share/doc/chutils/README.md ]]
}

@test "systemd units run what is installed" {
	house install
	house install PREFIX=/opt/ch
	for unit in "$root"/opt/ch/lib/systemd/system/*; do
		! grep '@' "$unit" | grep -v SystemCallFilter=@system-service
	done
	for program in chserve chwork; do
		grep -q "^ExecStart=/opt/ch/bin/$program " \
			"$root/opt/ch/lib/systemd/system/$program.service"
		[[ -x $root/opt/ch/bin/$program ]]
	done
	[[ -f $root/opt/ch/lib/systemd/system/chserve.socket ]]
}

@test "what is installed can be read by everybody and written by nobody else" {
	umask 077
	house install
	[[ -z $(find "$root" -type f ! -perm -444) ]]
	[[ -z $(find "$root" -type f -perm /022) ]]
}

@test "uninstall leaves no file behind" {
	house install
	house uninstall
	[[ -z $(find "$root" ! -type d) ]]
}

@test "programs find each other where they are installed" {
	house install
	"$root/usr/local/bin/chsend" jobs n:=1
	run "$root/usr/local/bin/chrecv" --no-wait jobs
	[[ $status == 0 && $output == '{"n":1}' ]]
}

# build NAME FLAGS...: the example of channel(3), compiled outside the tree
build() {
	mandoc -T ascii man/channel.3 | sed "s/.\x08//g" | sed -n '/^EXAMPLES/,/^SEE/p' |
		sed -n '/#include/,/^     *}$/p' > "$BATS_TEST_TMPDIR/$1.c"
	(cd "$BATS_TEST_TMPDIR" && gcc -o "$1" "$1.c" "${@:2}")
}

config() {
	PKG_CONFIG_PATH=$root/opt/ch/lib/pkgconfig \
		PKG_CONFIG_SYSROOT_DIR=$root pkg-config "$@" channel
}

@test "an outside program builds by pkg-config and runs: the page's example" {
	house install PREFIX=/opt/ch
	# shellcheck disable=SC2046 # words
	build shared $(config --cflags --libs)
	LD_LIBRARY_PATH=$root/opt/ch/lib run "$BATS_TEST_TMPDIR/shared"
	[[ $status == 0 && $output == '{"n":1}' ]]
	ldd "$BATS_TEST_TMPDIR/shared" | grep -q 'libchannel\.so\.0'
}

@test "an outside program builds with the archive" {
	house install PREFIX=/opt/ch
	# shellcheck disable=SC2046
	build static $(config --cflags) "$root/opt/ch/lib/libchannel.a" \
		$(config --static --libs-only-other) -ljansson
	run "$BATS_TEST_TMPDIR/static"
	[[ $status == 0 && $output == '{"n":1}' ]]
}

@test "channel.pc tells the version" {
	house install PREFIX=/opt/ch
	run config --modversion
	[[ $output == "$(sed -n 's/^VERSION = //p' Makefile)" ]]
}

@test "a second make has nothing to do" {
	run house V=1 all
	[[ $status == 0 && -z $output ]]
}

@test "deps says what is missing and exits 69 where there is no apt-get" {
	mkdir "$BATS_TEST_TMPDIR/bin"
	for tool in sh id gcc ls; do
		ln -s "$(command -v "$tool")" "$BATS_TEST_TMPDIR/bin/$tool"
	done
	PATH=$BATS_TEST_TMPDIR/bin run packaging/deps check
	[[ $status == 69 ]]
	[[ $output == *libjansson-dev*libwebsockets-dev*bats* ]]
	PATH=$BATS_TEST_TMPDIR/bin:/nowhere run packaging/deps
	[[ $status == 69 && $output != *bats* ]]
}

@test "deps is silent where nothing is missing" {
	run packaging/deps
	[[ $status == 0 && -z $output ]]
}

@test "help lists every target for people" {
	run make -s help
	for target in all check unit cli contract browser asan tsan fuzz bench \
		lint format cover install uninstall clean help demo deps \
		deps-check; do
		grep -q "^$target " <<< "$output"
	done
}
