# fish completion of chgroup: options, and verbs, then groups, then channels.

function __chgroup_store
	set -l words (commandline -opc)
	set -l at (contains -i -- -S $words)
	and echo -- $words[(math $at + 1)]
	or echo -- $CHANNELS_URL
end

function __chgroup_channels
	chstat -S (__chgroup_store) 2> /dev/null |
		awk '/^CHANNEL / { on = 1; next } !NF { on = 0 } on && /^[^ ]/ { print $1 }'
end

function __chgroup_groups
	chgroup list -S (__chgroup_store) 2> /dev/null
end

complete -c chgroup -f
complete -c chgroup -l match -x -d 'list, members, count: those that match'
complete -c chgroup -l json -d 'list, members, count: one object a line'
complete -c chgroup -l raw -d 'read lines, send {"text": LINE}'
complete -c chgroup -l bytes -d 'read all of it, send one {"bytes": ...}'
complete -c chgroup -s 0 -l null -d 'read messages or lines that end with NUL'
complete -c chgroup -l delay -x -d 'deliver after D'
complete -c chgroup -l at -x -d 'deliver at TIME'
complete -c chgroup -l expiry -x -d 'not received for D, it is dropped'
complete -c chgroup -l stream -x -d 'to browsers: in frames of this stream'
complete -c chgroup -l exclude -x -a '(__chgroup_channels)' -d 'leave this member of the groups out'
complete -c chgroup -l full -x -a 'fail wait drop-oldest' -d 'a full channel: fail, wait or drop-oldest'
complete -c chgroup -s S -l store -x -a '(__fish_complete_directories)' -d 'use this store, not $CHANNELS_URL'
complete -c chgroup -s q -l quiet -d 'say errors only'
complete -c chgroup -s v -l verbose -d 'say more'
complete -c chgroup -s h -l help -d 'print this'
complete -c chgroup -s V -l version -d 'print the version'

set -l verbs add discard has list members count send drop
complete -c chgroup -n "not __fish_seen_subcommand_from $verbs" -a "$verbs"
complete -c chgroup -n "__fish_seen_subcommand_from $verbs" -a '(__chgroup_groups)' -d group
complete -c chgroup -n '__fish_seen_subcommand_from add discard has' -a '(__chgroup_channels)' -d channel
