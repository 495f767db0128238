"""Cases of chserve_websocket.bats: wsmore.py CASE URL. As wscases.py."""
import json
import os
import select
import socket
import struct
import subprocess
import sys
import time
import zlib

import wscases
from wscases import (accepted, box, nothing_on, refused, reply, run, take)
from wsraw import BINARY, CLOSE, PING, PONG, TEXT, Socket, frame

URL = sys.argv[2] if len(sys.argv) > 2 else ""
wscases.URL = URL
PMD = "permessage-deflate"
ALONE = PMD + "; server_no_context_takeover; client_no_context_takeover"


# --- what is agreed --------------------------------------------------------

def answer(*pairs, fields=()):
    """The fields of the answer, if it is accepted with this."""
    sock = Socket(URL)
    sock.ask("/", *fields)
    message = take("websocket.connect")
    reply(message["reply_channel"], *pairs)
    status, head = sock.read_head()
    assert status == 101, status
    return message, head


def subprotocol_chosen():
    fields = ["Sec-WebSocket-Protocol: v1, v2", "Sec-WebSocket-Protocol: v3"]
    message, head = answer("accept:=true", "subprotocol=v2", fields=fields)
    assert message["subprotocols"] == ["v1", "v2", "v3"], message
    assert head["sec-websocket-protocol"] == "v2", head
    _, head = answer("text=hello", "subprotocol=v3", fields=fields)
    assert head["sec-websocket-protocol"] == "v3", head
    message, head = answer("accept:=true")
    assert message["subprotocols"] == []
    assert "sec-websocket-protocol" not in head, head


def subprotocol_not_offered():
    for name in ("v9", ""):
        _, head = answer("accept:=true", "subprotocol=" + name,
                         fields=["Sec-WebSocket-Protocol: v1, v2"])
        assert "sec-websocket-protocol" not in head, head


def subprotocol_of_the_server():
    for offered, pairs, want in (
            ("x, a, b", [], "a"), ("b, a", [], "b"), ("x", [], None),
            ("a, x", ["subprotocol=x"], "x"), ("a, x", ["subprotocol="], None),
            ("a", ["subprotocol:=null"], "a")):
        _, head = answer("accept:=true", *pairs,
                         fields=["Sec-WebSocket-Protocol: " + offered])
        assert head.get("sec-websocket-protocol") == want, (offered, head)


def wrong_offers():
    for field in ("Sec-WebSocket-Protocol: a b",
                  "Sec-WebSocket-Protocol: a;b",
                  "Sec-WebSocket-Extensions: a;",
                  "Sec-WebSocket-Extensions: a; b=\"c d\""):
        assert refused("/", field) == 400, field
    assert nothing_on("websocket.connect")


def reply_headers():
    headers = json.dumps([["x-one", "1"], ["set-cookie", "a=b; c"],
                          ["x-two", "a\r\nb: c"], ["Upgrade", "no"],
                          ["x-bytes", box(b"\xc3\xa4")]])
    _, head = answer("accept:=true", "headers:=" + headers,
                     fields=["Sec-WebSocket-Extensions: " + PMD])
    assert head["x-one"] == "1" and head["set-cookie"] == "a=b; c", head
    assert head["x-bytes"] == "\u00e4", head
    assert "x-two" not in head and "b" not in head, head
    assert head["upgrade"].lower() == "websocket", head
    assert head["sec-websocket-extensions"] == ALONE, head


def many_reply_headers():
    headers = [["x-%d" % n, "y" * 900] for n in range(20)]
    sock = Socket(URL)
    sock.ask()
    channel = take("websocket.connect")["reply_channel"]
    run("chsend", channel,
        input=json.dumps({"accept": True, "headers": headers}))
    _, head = sock.read_head()
    assert head["x-0"] == "y" * 900 and "x-19" not in head
    reply(channel, "text=still here")
    assert sock.read_text() == "still here"


def odd_close_code():
    for code in ("1005", "5000", "999"):
        sock, channel = accepted()
        reply(channel, "close:=" + code)
        assert sock.read_close() == 1000, code


# --- permessage-deflate ----------------------------------------------------

def deflated(data, bits=15):
    """A payload as a client makes it."""
    if isinstance(data, str):
        data = data.encode()
    packer = zlib.compressobj(wbits=-bits)
    out = packer.compress(data) + packer.flush(zlib.Z_SYNC_FLUSH)
    assert out.endswith(b"\0\0\xff\xff")
    return out[:-4]


def inflated(payload, bits=15):
    unpacker = zlib.decompressobj(wbits=-bits)
    return unpacker.decompress(payload + b"\0\0\xff\xff")


def read_message(sock, bits=15):
    """(opcode, whether it was deflated, payload)."""
    first = sock.read(1)[0]
    sock.pending = bytes([first & ~0x40]) + sock.pending
    opcode, payload = sock.read_frame()
    if first & 0x40:
        return opcode, True, inflated(payload, bits)
    return opcode, False, payload


def agreed(offer=PMD):
    return accepted("/", "Sec-WebSocket-Extensions: " + offer)


def deflate_offers():
    for offer, want in (
            (PMD, ALONE),
            (PMD + "; client_max_window_bits", ALONE),
            (PMD + "; server_max_window_bits=10; client_max_window_bits=9",
             ALONE + "; server_max_window_bits=10"),
            (PMD + "; server_max_window_bits=8",
             ALONE + "; server_max_window_bits=8"),
            (PMD + "; server_max_window_bits=99, " + PMD, ALONE),
            ("foo, " + PMD + "; bar, " + PMD +
             "; server_max_window_bits=15",
             ALONE + "; server_max_window_bits=15"),
            (PMD + "; bar", None), ("x-webkit-deflate-frame", None)):
        _, head = answer("accept:=true",
                         fields=["Sec-WebSocket-Extensions: " + offer])
        got = head.get("sec-websocket-extensions")
        assert got == want, (offer, got)


def deflate_refused():
    _, head = answer("accept:=true",
                     fields=["Sec-WebSocket-Extensions: " + PMD])
    assert "sec-websocket-extensions" not in head, head


def deflate_both_ways():
    for bits in (15, 11, 9, 8):
        sock, channel = agreed(PMD + "; server_max_window_bits=%d" % bits)
        for n in (0, 1, 127, 128, 256, 1000, 70000, 300000):
            text = ("%d lines of text, all of them different\n" % n * n)[:n]
            payload = deflated(text)
            sock.send(frame(TEXT, payload, rsv=4))
            got = take("websocket.receive")
            assert got["text"] == text, n
            half = len(payload) // 2
            sock.send(frame(BINARY, payload[:half], fin=False, rsv=4) +
                      frame(PING, "p") + frame(0, b"", fin=False) +
                      frame(0, payload[half:]))
            assert sock.read_frame() == (PONG, b"p")
            got = take("websocket.receive")
            assert got["bytes"] == box(text.encode()), n
            run("chsend", channel, input=json.dumps({"text": text}))
            opcode, was, data = read_message(sock, max(bits, 9))
            assert opcode == TEXT and data.decode() == text, n
            assert was == (n >= 128 and (bits > 8 or n <= 256)), (bits, n)
        sock.send(frame(TEXT, "as it is"))
        assert take("websocket.receive")["text"] == "as it is"
        sock.close()


def deflate_broadcast():
    clients = [agreed(), accepted(), agreed(PMD + "; server_max_window_bits=9"),
               agreed()]
    for _, channel in clients:
        run("chgroup", "add", "all", channel)
    text = "the same for everybody, " * 100
    for n in range(3):
        run("chsend", "-g", "all", "text=%d %s" % (n, text))
    for n in range(3):
        for (sock, _), want in zip(clients, (True, False, True, True)):
            _, was, data = read_message(sock)
            assert (was, data.decode()) == (want, "%d %s" % (n, text))


def deflate_wrong_frames():
    for data in (frame(TEXT, deflated("a"), rsv=4, fin=False) +
                 frame(0, b"", rsv=4),
                 frame(PING, "x", rsv=4), frame(TEXT, "x", rsv=6),
                 frame(0, "x", rsv=4)):
        sock, _ = agreed()
        sock.send(data)
        assert sock.read_close() == 1002, data
    sock, _ = accepted()
    sock.send(frame(TEXT, deflated("a"), rsv=4))
    assert sock.read_close() == 1002


def deflate_unsound():
    for opcode, payload in ((BINARY, b"\xff\xff\xff"), (TEXT, b"\xf2\x48"),
                            (TEXT, deflated(b"\xff")),
                            (TEXT, deflated(b"ok \xe2\x82"))):
        sock, _ = agreed()
        sock.send(frame(opcode, payload, rsv=4))
        assert sock.read_close() == 1007, payload
    assert nothing_on("websocket.receive")
    sock, _ = agreed()
    sock.send(frame(BINARY, deflated(b"\xff"), rsv=4))
    assert take("websocket.receive")["bytes"] == box(b"\xff")


def deflate_bomb():
    packer = zlib.compressobj(9, wbits=-15)
    block = b"\0" * (1 << 20)
    bomb = b"".join(packer.compress(block) for _ in range(1024))
    bomb = (bomb + packer.flush(zlib.Z_SYNC_FLUSH))[:-4]
    assert len(bomb) < 1 << 20, len(bomb)
    for _ in range(3):
        sock, _ = agreed()
        sock.send(frame(BINARY, bomb, rsv=4))
        assert sock.read_close() == 1009
        sock.close()
        assert take("websocket.disconnect")["code"] == 1009
    assert nothing_on("websocket.receive")


# --- pings -----------------------------------------------------------------

def many_pings():
    sock, _ = accepted()
    payloads = [b"%d" % n * 3 for n in range(1000)] + [b""]
    data = b"".join(frame(PING, p) for p in payloads)
    sock.send(frame(TEXT, "a", fin=False) + data + frame(0, "b"))
    for payload in payloads:
        assert sock.read_frame() == (PONG, payload), payload
    assert take("websocket.receive")["text"] == "ab"
    for byte in data[:300]:
        sock.send(bytes([byte]))
    for payload in payloads[:30]:
        if len(b"".join(frame(PING, p)
                        for p in payloads[:payloads.index(payload) + 1])) > 300:
            break
        assert sock.read_frame() == (PONG, payload), payload


def ping_flood():
    sock, _ = accepted()
    flood = frame(PING, b"x" * 125) * 1000
    gone = subprocess.Popen(["chrecv", "-c", "1", "-t", "60",
                             "websocket.disconnect"],
                            stdout=subprocess.PIPE, text=True)
    while gone.poll() is None:
        _, writable, _ = select.select([], [sock.sock], [], 0.05)
        try:
            if writable:
                sock.sock.send(flood)
        except OSError:
            break
    assert json.loads(gone.communicate()[0])["code"] == 1008


def silent_peer():
    sock, _ = accepted()
    for _ in range(8):
        opcode, payload = sock.read_frame()
        assert opcode == PING
        sock.send(frame(PONG, payload))
    assert nothing_on("websocket.disconnect")
    assert sock.read_frame()[0] == PING
    assert sock.at_end()
    assert take("websocket.disconnect")["code"] == 1006


def not_asked():
    sock, channel = accepted()
    run("chrecv", "-t", "0.2", "nothing", check=False)
    reply(channel, "text=here")
    assert sock.read_text() == "here"


def asked_for_ever():
    sock, _ = accepted()
    for _ in range(10):
        assert sock.read_frame()[0] == PING
    assert nothing_on("websocket.disconnect")


# --- limits ----------------------------------------------------------------

def time_is_over():
    sock, _ = accepted()
    start = time.monotonic()
    while True:
        readable, _, _ = select.select([sock.sock], [], [], 0.05)
        if readable:
            break
        sock.send(frame(TEXT, "busy"))
    assert sock.read_close() == 1001
    assert 0.2 < time.monotonic() - start < 20
    sock.send(frame(CLOSE, b"\x03\xe9"))
    assert sock.at_end()
    assert take("websocket.disconnect")["code"] == 1001


def message_rate():
    sock, _ = accepted()
    start = time.monotonic()
    sock.send(b"".join(frame(TEXT, str(n)) for n in range(40)))
    run("chrecv", "-c", "20", "-t", "30", "websocket.receive")
    got = run("chrecv", "-c", "20", "-t", "30", "websocket.receive")
    took = time.monotonic() - start
    texts = [json.loads(line)["text"] for line in got.splitlines()]
    assert texts == [str(n) for n in range(20, 40)], texts
    assert took > 0.9, took
    sock.send(frame(PING, "alive"))
    assert sock.read_frame() == (PONG, b"alive")


# --- how it ends -----------------------------------------------------------

def failed_at_once():
    """The peer never answers the close frame, nor closes."""
    for data in (frame(3, "x"), frame(TEXT, "x", mask=None),
                 frame(TEXT, b"\xff"), frame(BINARY, b"x" * 1100000),
                 frame(TEXT, "x", rsv=2)):
        sock, _ = accepted()
        try:
            sock.send(data)
        except OSError:
            pass
        sock.read_close()
        start = time.monotonic()
        assert sock.at_end(), "more than a close frame came"
        assert time.monotonic() - start < 0.5, data[:20]
        sock.close()
        take("websocket.disconnect")
    # Nor does one that stays for ever keep the server from forgetting it.
    sock, _ = accepted()
    sock.send(frame(3, "x"))
    assert take("websocket.disconnect")["code"] == 1002


def told_before_failure():
    sock, _ = accepted()
    sock.send(frame(TEXT, "one") + frame(TEXT, "two") + frame(3, "x") +
              frame(TEXT, "three"))
    assert sock.read_close() == 1002
    assert [take("websocket.receive")["text"] for _ in range(2)] == [
        "one", "two"]
    assert nothing_on("websocket.receive")


def gone(code):
    message = take("websocket.disconnect")
    assert message["code"] == code, message
    assert nothing_on("websocket.disconnect")


def disconnect_codes():
    for payload, code in ((b"", 1005), (b"\x03\xe8", 1000),
                          (b"\x03\xe9bye", 1001), (b"\x03\xf3", 1011),
                          (b"\x03\xf5", 1013), (b"\x0b\xb8", 3000),
                          (b"\x13\x87", 4999),
                          (b"\x03", 1002), (b"\x03\xe7", 1002),
                          (b"\x03\xec", 1002), (b"\x03\xed", 1002),
                          (b"\x03\xee", 1002), (b"\x03\xf7", 1002),
                          (b"\x0b\xb7", 1002), (b"\x13\x88", 1002),
                          (b"\xff\xff", 1002), (b"\x03\xe8\xff", 1007)):
        sock, _ = accepted()
        sock.send(frame(CLOSE, payload))
        sock.read_close()
        assert sock.at_end(), payload
        sock.close()
        gone(code)
    sock, _ = accepted()
    sock.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                         struct.pack("ii", 1, 0))
    sock.close()                                    # a reset
    gone(1006)
    sock, _ = accepted()
    sock.sock.shutdown(socket.SHUT_WR)              # an end without a close
    gone(1006)
    sock, channel = accepted()
    reply(channel, "close:=4000")
    assert sock.read_close() == 4000
    sock.send(frame(CLOSE, b"\x03\xe8"))            # which does not count
    assert sock.at_end()
    gone(4000)
    sock, channel = accepted()
    reply(channel, "close:=4001")
    assert sock.read_close() == 4001
    sock.close()                                    # without an answer
    gone(4001)
    sock, channel = accepted()
    sock.send(frame(CLOSE, b"\x0f\xa2"))
    sock.read_close()
    run("chsend", channel, "close:=4003", check=False)     # too late
    gone(4002)


def text_fails_fast():
    for parts in ((b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5",
                   b"\xf4\x90"), (b"ok", b"\xc0"), (b"ok", b"\xed\xa0"),
                  (b"\xe0", b"\x80"), (b"\xf0\x80", b""), (b"\xf5", b"")):
        sock, _ = accepted()
        sock.send(frame(TEXT, parts[0], fin=False))
        sock.send(frame(0, parts[1], fin=False))
        assert sock.read_close() == 1007, parts
        sock, _ = accepted()
        whole = frame(TEXT, b"".join(parts) + b"x" * 1000)
        sock.send(whole[:len(whole) - 999])         # not to its end
        assert sock.read_close() == 1007, parts


if __name__ == "__main__":
    globals()[sys.argv[1]]()
