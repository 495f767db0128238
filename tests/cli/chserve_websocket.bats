# chserve(1): what is agreed in a WebSocket's handshake, deflated messages, and
# how it is kept alive and ended. Bytes on the wire are in wsmore.py.

load helper

# case_of NAME: a case of wsmore.py; then the server must have survived it
case_of() {
	timeout 120 python3 "$ROOT/tests/cli/wsmore.py" "$1" "$url"
	kill -0 "$server"
}

# --- what is agreed ---------------------------------------------------------

@test "the subprotocols offered are told, and the reply chooses one" {
	serve
	case_of subprotocol_chosen
}

@test "a subprotocol that was not offered is said, and none is chosen" {
	serve
	case_of subprotocol_not_offered
	grep -q 'subprotocol v9 was not offered' err
}

@test "--subprotocol: the first one offered that the server knows" {
	serve --subprotocol b --subprotocol a
	case_of subprotocol_of_the_server
}

@test "--subprotocol takes names only: 64" {
	for name in '' 'a b' 'a,b' '"a"'; do
		run -64 chserve --subprotocol "$name"
		[ "${lines[0]}" = "chserve: subprotocol $name: no such name" ]
	done
}

@test "offers that are no lists: 400" {
	serve
	case_of wrong_offers
}

@test "header fields of the reply are in the answer" {
	serve
	case_of reply_headers
	grep -q 'one of its headers cannot be sent' err
}

@test "header fields beyond 8 KiB are left out" {
	serve
	case_of many_reply_headers
}

@test "a close code that cannot be sent is said, and 1000 is sent" {
	serve
	case_of odd_close_code
	grep -q 'its close code cannot be sent, 1000 is' err
}

# --- permessage-deflate -----------------------------------------------------

@test "permessage-deflate: what is answered to each offer" {
	serve
	case_of deflate_offers
}

@test "--no-deflate agrees to none" {
	serve --no-deflate
	case_of deflate_refused
}

@test "deflated messages both ways, in fragments, of each size" {
	serve
	case_of deflate_both_ways
}

@test "a broadcast to who inflates and who does not" {
	serve
	case_of deflate_broadcast
}

@test "RSV1 where it was not agreed, or on a later frame: 1002" {
	serve
	case_of deflate_wrong_frames
}

@test "what does not inflate, and text that is none: 1007" {
	serve
	case_of deflate_unsound
}

@test "a bomb of deflated bytes: 1009, and no memory taken" {
	serve
	case_of deflate_bomb
	peak=$(sed -n 's/^VmHWM:[[:blank:]]*\([0-9]*\) kB$/\1/p' "/proc/$server/status")
	((peak < 40000))
}

# --- pings ------------------------------------------------------------------

@test "every ping is answered, however many come at once" {
	serve
	case_of many_pings
}

@test "pings without reading the pongs: 1008" {
	serve
	case_of ping_flood
}

@test "--ping-interval and --ping-timeout: who is silent is asked, then gone" {
	serve --ping-interval 0.1 --ping-timeout 0.3
	case_of silent_peer
}

@test "--ping-interval 0: nobody is asked" {
	serve --ping-interval 0
	case_of not_asked
}

@test "--ping-timeout 0: nobody is given up" {
	serve --ping-interval 0.05 --ping-timeout 0
	case_of asked_for_ever
}

# --- limits -----------------------------------------------------------------

@test "--websocket-timeout: closed with 1001 when its time is over" {
	serve --websocket-timeout 0.3
	case_of time_is_over
}

@test "--message-rate: a second's at once, then no faster" {
	serve --message-rate 20
	case_of message_rate
}

# --- how it ends ------------------------------------------------------------

@test "after a failure the connection is ended, without waiting for its peer" {
	serve
	case_of failed_at_once
}

@test "what came before a wrong frame is told" {
	serve
	case_of told_before_failure
}

@test "each end is told once, with its code" {
	serve
	case_of disconnect_codes
}

@test "text that cannot become UTF-8 any more fails at once" {
	serve
	case_of text_fails_fast
}
