# fish completion of chwork: options, routes files, channels that there are.

function __chwork_store
	set -l words (commandline -opc)
	set -l at (contains -i -- -S $words)
	and echo -- $words[(math $at + 1)]
	or echo -- $CHANNELS_URL
end

function __chwork_channels
	chstat -S (__chwork_store) 2> /dev/null |
		awk '/^CHANNEL / { on = 1; next } !NF { on = 0 } on && /^[^ ]/ { print $1 }'
end

complete -c chwork -s j -l jobs -x -d 'commands of exec run at once'
complete -c chwork -s r -l route -x -a '(__chwork_channels)' -d 'use this route, before those of the files'
complete -c chwork -l once -d 'handle what is there, then end'
complete -c chwork -l only -x -a '(__chwork_channels)' -d 'only routes whose CHANNEL matches GLOB'
complete -c chwork -l exclude -x -a '(__chwork_channels)' -d 'no routes whose CHANNEL matches GLOB'
complete -c chwork -l watch -d 'read the routes again when they or scripts change'
complete -c chwork -l default-accept -d 'accept connections that no route takes'
complete -c chwork -l drain-timeout -x -d 'when ending, wait so long for commands'
complete -c chwork -l before -r -d 'run this before the command of each message'
complete -c chwork -l after -r -d 'run this after it'
complete -c chwork -l log-format -x -a 'text json' -d 'how what is said is written'
complete -c chwork -l check -d 'read the routes, then end'
complete -c chwork -l takes -x -a '(__chwork_channels)' -d 'the same; status 1 if no route is for CHANNEL'
complete -c chwork -l explain -x -d 'say what would become of it on CHANNEL, the first operand'
complete -c chwork -s S -l store -x -a '(__fish_complete_directories)' -d 'use this store, not $CHANNELS_URL'
complete -c chwork -s q -l quiet -d 'say errors only'
complete -c chwork -s v -l verbose -d 'say more'
complete -c chwork -s h -l help -d 'print this'
complete -c chwork -s V -l version -d 'print the version'
