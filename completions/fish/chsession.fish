# fish completion of chsession: options and verbs.

complete -c chsession -f
complete -c chsession -l user -x -d 'new: logged in; list, end: the sessions of NAME'
complete -c chsession -l idle -x -d 'new, login: it ends if not used for D'
complete -c chsession -l max-age -x -d 'new, login: it ends after D in any case'
complete -c chsession -s f -l file -r -F -d 'login, passwd: where the passwords are'
complete -c chsession -l session -x -d 'login: the session that it goes on with'
complete -c chsession -l all -d 'end: all of them'
complete -c chsession -l json -d 'get, list: one object a line, with all that is known'
complete -c chsession -l state -x -a '(__fish_complete_directories)' -d 'where they are kept'
complete -c chsession -s S -l store -x -a '(__fish_complete_directories)' -d 'use this store, not $CHANNELS_URL'
complete -c chsession -s q -l quiet -d 'say errors only'
complete -c chsession -s v -l verbose -d 'say more'
complete -c chsession -s h -l help -d 'print this'
complete -c chsession -s V -l version -d 'print the version'

set -l verbs new get set unset list end login passwd sweep
complete -c chsession -n "not __fish_seen_subcommand_from $verbs" -a "$verbs"
