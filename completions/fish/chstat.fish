# fish completion of chstat: options, and channels and groups.

function __chstat_store
	set -l words (commandline -opc)
	set -l at (contains -i -- -S $words)
	and echo -- $words[(math $at + 1)]
	or echo -- $CHANNELS_URL
end

function __chstat_channels
	chstat -S (__chstat_store) 2> /dev/null |
		awk '/^CHANNEL / { on = 1; next } !NF { on = 0 } on && /^[^ ]/ { print $1 }'
end

function __chstat_groups
	chgroup list -S (__chstat_store) 2> /dev/null
end

complete -c chstat -f
complete -c chstat -l json -d 'one object a line'
complete -c chstat -l watch -d 'show it again each second'
complete -c chstat -l peek -x -d 'print the first N messages, taking none'
complete -c chstat -l sweep -d 'remove what nobody needs'
complete -c chstat -l flush -d 'remove messages, empty groups'
complete -c chstat -l force -d 'with --flush: do not ask'
complete -c chstat -l scratch -d 'run COMMAND on a store that is removed afterwards'
complete -c chstat -s S -l store -x -a '(__fish_complete_directories)' -d 'use this store, not $CHANNELS_URL'
complete -c chstat -s q -l quiet -d 'say errors only'
complete -c chstat -s v -l verbose -d 'say more'
complete -c chstat -s h -l help -d 'print this'
complete -c chstat -s V -l version -d 'print the version'

complete -c chstat -a '(__chstat_channels) (__chstat_groups)'
