# Every script is one that shellcheck and a stranger's machine can live with.

load helper

scripts() {
	files '*' | while read -r file; do
		[[ -f $file ]] || continue
		case $file in
		*.bash | *.bats) echo "$file" ;;
		*.*) [[ $file != .ci/run ]] || echo "$file" ;;
		*) head -n 1 "$file" | grep -qE '^#!.*\<(ba|da)?sh\>' && echo "$file" ;;
		esac
	done
}

@test "shellcheck has nothing to say" {
	mapfile -t all < <(scripts)
	((${#all[@]} > 5))
	shellcheck -x -e SC1091 "${all[@]}"
}

@test "what starts with #! can be run, and the other way round" {
	none "$(files '*' | while read -r file; do
		case $file in *.bats | *.bash | completions/*) continue ;; esac
		first=$(head -c 2 "$file" | tr -d '\0')
		if [[ $first == '#!' && ! -x $file ]]; then
			echo "$file is not executable"
		elif [[ $first != '#!' && -x $file ]]; then
			echo "$file is executable"
		fi
	done)"
}

@test "no test sleeps to wait" {
	none "$(files 'tests/*' 'examples/*' | grep -vE '^tests/(lint|bench)/' |
		xargs grep -nE '\<(u|nano)?sleep[ (]+[0-9.$]|usleep\(|time\.sleep')"
}

@test "no test is skipped" {
	none "$(files 'tests/*.bats' | grep -v '^tests/lint/' |
		xargs grep -nE '^[[:blank:]]*skip\>')"
}

@test "nobody is killed by name" {
	none "$(files '*' | grep -v '^tests/lint/' |
		xargs grep -nIE '\<(pkill|killall)\>')"
}
