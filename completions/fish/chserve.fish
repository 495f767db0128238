# fish completion for chserve(1)

complete -c chserve -f
complete -c chserve -s l -l listen -x -a '127.0.0.1:8000 127.0.0.1:0 [::1]:8000 unix: fd:3' -d 'listen there'
complete -c chserve -l socket-mode -x -a '0600 0660 0666' -d 'let them connect to unix sockets'
complete -c chserve -l socket-owner -x -a '(__fish_complete_users)' -d 'give unix sockets to them'
complete -c chserve -l drain-timeout -x -d 'when ending, wait so long for connections'
complete -c chserve -l root -x -a '(__fish_complete_directories)' -d 'serve the files in DIR'
complete -c chserve -l routes -r -F -d 'run chwork on these routes beside it'
complete -c chserve -l workers -x -d 'let that run N jobs at once'
complete -c chserve -l origin -x -d 'let in pages of these origins, too'
complete -c chserve -l host -x -a '(__fish_print_hostnames)' -d 'answer to this name, too'
complete -c chserve -l connect-timeout -x -d 'wait so long for a consumer to accept'
complete -c chserve -s S -l store -x -a '(__fish_complete_directories)' -d 'use this store'
complete -c chserve -s q -l quiet -d 'say errors only'
complete -c chserve -s v -l verbose -d 'say more'
complete -c chserve -s h -l help -d 'print a summary'
complete -c chserve -s V -l version -d 'print the version'
