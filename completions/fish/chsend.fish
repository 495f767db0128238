# fish completion of chsend: options, and targets are channels, or with -g groups.

function __chsend_store
	set -l words (commandline -opc)
	set -l at (contains -i -- -S $words)
	and echo -- $words[(math $at + 1)]
	or echo -- $CHANNELS_URL
end

function __chsend_channels
	chstat -S (__chsend_store) 2> /dev/null |
		awk '/^CHANNEL / { on = 1; next } !NF { on = 0 } on && /^[^ ]/ { print $1 }'
end

function __chsend_groups
	chgroup list -S (__chsend_store) 2> /dev/null
end

complete -c chsend -f
complete -c chsend -s g -l group -d 'the targets are groups'
complete -c chsend -s e -l envelope -d 'read {"channel"|"group": NAME, "message": {...}}'
complete -c chsend -s C -l call -d 'add a reply_channel, print the reply'
complete -c chsend -s c -l count -x -d 'with -C: wait for N replies'
complete -c chsend -l more -d 'with -C: a reply with more_content is not the last'
complete -c chsend -s w -l wait -d 'wait while a channel is full'
complete -c chsend -s t -l timeout -x -d 'give up after D (124)'
complete -c chsend -l raw -d 'read lines, send {"text": LINE}'
complete -c chsend -l bytes -d 'read all of it, send one {"bytes": ...}'
complete -c chsend -s 0 -l null -d 'read messages or lines that end with NUL'
complete -c chsend -l delay -x -d 'deliver after D'
complete -c chsend -l at -x -d 'deliver at TIME'
complete -c chsend -l expiry -x -d 'not received for D, it is dropped'
complete -c chsend -l stream -x -d 'to browsers: in frames of this stream'
complete -c chsend -l exclude -x -a '(__chsend_channels)' -d 'leave this member of the groups out'
complete -c chsend -l full -x -a 'fail wait drop-oldest' -d 'a full channel: fail, wait or drop-oldest'
complete -c chsend -s S -l store -x -a '(__fish_complete_directories)' -d 'use this store, not $CHANNELS_URL'
complete -c chsend -s q -l quiet -d 'say errors only'
complete -c chsend -s v -l verbose -d 'say more'
complete -c chsend -s h -l help -d 'print this'
complete -c chsend -s V -l version -d 'print the version'

complete -c chsend -n '__fish_contains_opt -s g group' -a '(__chsend_groups)'
complete -c chsend -n 'not __fish_contains_opt -s g group' -a '(__chsend_channels)'
