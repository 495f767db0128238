# fish completion of chtail: options, and groups that there are, or channels.

function __chtail_store
	set -l words (commandline -opc)
	set -l at (contains -i -- -S $words)
	and echo -- $words[(math $at + 1)]
	or echo -- $CHANNELS_URL
end

function __chtail_channels
	chstat -S (__chtail_store) 2> /dev/null |
		awk '/^CHANNEL / { on = 1; next } !NF { on = 0 } on && /^[^ ]/ { print $1 }'
end

function __chtail_groups
	chgroup list -S (__chtail_store) 2> /dev/null
end

complete -c chtail -f
complete -c chtail -s c -l count -x -d 'end after N messages'
complete -c chtail -s t -l timeout -x -d 'end after D (124)'
complete -c chtail -s f -l follow -d 'nothing more: it always follows'
complete -c chtail -s i -l interactive -d 'send the lines that are typed below'
complete -c chtail -l channel -d 'watch channels, taking nothing out of them'
complete -c chtail -l grep -x -d 'only what matches RE'
complete -c chtail -l field -x -d '--grep looks at this; without it, show this alone'
complete -c chtail -s T -l timestamps -d 'on a terminal: times first, as strftime(3)'
complete -c chtail -l color -x -a 'auto always never' -d 'auto, always or never'
complete -c chtail -s e -l envelope -d 'print {"channel": NAME, "message": {...}}'
complete -c chtail -l raw -d 'print the text, or the bytes, of messages bare'
complete -c chtail -s 0 -l null -d 'end messages with NUL, not newline'
complete -c chtail -s F -l format -x -d 'print this, {a.b} being a field, {@channel}, {@time}'
complete -c chtail -s S -l store -x -a '(__fish_complete_directories)' -d 'use this store, not $CHANNELS_URL'
complete -c chtail -s q -l quiet -d 'say errors only'
complete -c chtail -s v -l verbose -d 'say more'
complete -c chtail -s h -l help -d 'print this'
complete -c chtail -s V -l version -d 'print the version'

complete -c chtail -n '__fish_contains_opt channel' -a '(__chtail_channels)'
complete -c chtail -n 'not __fish_contains_opt channel' -a '(__chtail_groups)'
