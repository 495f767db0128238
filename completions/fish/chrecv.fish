# fish completion of chrecv: options, and channels that there are.

function __chrecv_store
	set -l words (commandline -opc)
	set -l at (contains -i -- -S $words)
	and echo -- $words[(math $at + 1)]
	or echo -- $CHANNELS_URL
end

function __chrecv_channels
	chstat -S (__chrecv_store) 2> /dev/null |
		awk '/^CHANNEL / { on = 1; next } !NF { on = 0 } on && /^[^ ]/ { print $1 }'
end

complete -c chrecv -f
complete -c chrecv -s c -l count -x -d 'end after N messages'
complete -c chrecv -s t -l timeout -x -d 'end after D (124)'
complete -c chrecv -l no-wait -d 'take what is there; 1 if that is nothing'
complete -c chrecv -l batch -x -d 'take up to N at once'
complete -c chrecv -l new -x -d 'print a fresh name (of p! or p?), receive there'
complete -c chrecv -s e -l envelope -d 'print {"channel": NAME, "message": {...}}'
complete -c chrecv -l raw -d 'print the text, or the bytes, of messages bare'
complete -c chrecv -s 0 -l null -d 'end messages with NUL, not newline'
complete -c chrecv -s F -l format -x -d 'print this, {a.b} being a field, {@channel}, {@time}'
complete -c chrecv -s S -l store -x -a '(__fish_complete_directories)' -d 'use this store, not $CHANNELS_URL'
complete -c chrecv -s q -l quiet -d 'say errors only'
complete -c chrecv -s v -l verbose -d 'say more'
complete -c chrecv -s h -l help -d 'print this'
complete -c chrecv -s V -l version -d 'print the version'

complete -c chrecv -a '(__chrecv_channels)'
