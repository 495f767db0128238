"""Cases of chserve.bats that need bytes on the wire: wscases.py CASE URL.

Our own programs are the consumer: what they send and take is what any other
consumer would.
"""
import json
import select
import subprocess
import sys

from wsraw import BINARY, CLOSE, PING, PONG, TEXT, Socket, frame

URL = sys.argv[2] if len(sys.argv) > 2 else ""


def run(*args, check=True, **more):
    return subprocess.run(args, check=check, capture_output=True, text=True,
                          timeout=60, **more).stdout


def take(channel):
    """The next message on the channel."""
    return json.loads(run("chrecv", "-c", "1", "-t", "30", channel))


def nothing_on(channel):
    return subprocess.run(["chrecv", "--no-wait", channel],
                          capture_output=True).returncode == 1


def reply(channel, *pairs):
    run("chsend", channel, *pairs)


def accepted(path="/", *fields, behind=b""):
    """An open connection and its reply channel."""
    sock = Socket(URL)
    sock.ask(path, *fields, behind=behind)
    channel = take("websocket.connect")["reply_channel"]
    reply(channel, "accept:=true")
    status, _ = sock.read_head()
    assert status == 101, status
    return sock, channel


def refused(path, *fields, **more):
    sock = Socket(URL)
    sock.ask(path, *fields, **more)
    status, _ = sock.read_head()
    assert sock.at_end() or sock.pending, "the server keeps it open"
    return status


def box(data):
    import base64
    return "\uffff" + base64.b64encode(data).decode()


# --- the handshake ---------------------------------------------------------

def connect_message():
    sock = Socket(URL)
    sock.ask("/chat/a%20b%C3%A9?x=1&y=%20", "X-Two: 1", "X-Two: 2")
    message = take("websocket.connect")
    assert message["path"] == "/chat/a b\u00e9", message
    assert message["query_string"] == "x=1&y=%20"
    assert message["root_path"] == "" and message["scheme"] == "ws"
    assert message["order"] == 0
    assert message["client"] == list(sock.sock.getsockname())
    assert message["server"] == list(sock.sock.getpeername())
    two = [pair for pair in message["headers"] if pair[0] == "x-two"]
    assert two == [["x-two", "1"], ["x-two", "2"]], two
    assert ["upgrade", "websocket"] in message["headers"]
    assert message["reply_channel"].startswith("websocket.send.")


def header_that_is_not_utf8():
    sock = Socket(URL)
    sock.send(b"GET / HTTP/1.1\r\nHost: " + sock.host.encode() +
              b"\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
              b"Sec-WebSocket-Version: 13\r\nX-Odd: \xff\xfe\r\n"
              b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")
    headers = dict(map(tuple, take("websocket.connect")["headers"]))
    assert headers["x-odd"] == box(b"\xff\xfe"), headers


def handshake_waits():
    sock = Socket(URL)
    sock.ask("/", key="dGhlIHNhbXBsZSBub25jZQ==")
    channel = take("websocket.connect")["reply_channel"]
    sock.sock.setblocking(False)
    try:
        assert False, sock.sock.recv(1)
    except BlockingIOError:
        sock.sock.settimeout(30)
    reply(channel, "accept:=true")
    status, fields = sock.read_head()
    assert status == 101
    assert fields["sec-websocket-accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


def nothing_before_acceptance_is_lost():
    big = "x" * 100000
    sock = Socket(URL)
    sock.ask("/", behind=frame(TEXT, "with the head"))
    channel = take("websocket.connect")["reply_channel"]
    sock.send(frame(BINARY, b"\0\xff") + frame(TEXT, big))
    assert nothing_on("websocket.receive")
    reply(channel, "accept:=true")
    assert sock.read_head()[0] == 101
    got = [take("websocket.receive") for _ in range(3)]
    assert [m["order"] for m in got] == [1, 2, 3]
    assert [m.get("text") for m in got] == ["with the head", None, big]
    assert got[1]["bytes"] == box(b"\0\xff"), got[1]
    assert {m["reply_channel"] for m in got} == {channel}


def accept_with_text():
    sock = Socket(URL)
    sock.ask()
    reply(take("websocket.connect")["reply_channel"], "text=welcome")
    assert sock.read_head()[0] == 101
    assert sock.read_text() == "welcome"


def reject(pair):
    sock = Socket(URL)
    sock.ask("/no")
    message = take("websocket.connect")
    reply(message["reply_channel"], pair)
    status, _ = sock.read_head()
    assert status == 403, status
    gone = take("websocket.disconnect")
    assert gone["reply_channel"] == message["reply_channel"]
    assert gone["path"] == "/no" and gone["code"] == 1006, gone


def reject_by_close():
    reject("close:=true")


def reject_by_accept_false():
    reject("accept:=false")


def send_and_close():
    sock = Socket(URL)
    sock.ask()
    message = take("websocket.connect")
    reply(message["reply_channel"], "text=bye", "close:=4001")
    assert sock.read_head()[0] == 101
    assert sock.read_text() == "bye"
    assert sock.read_close() == 4001
    sock.send(frame(CLOSE, b"\x0f\xa1"))
    assert sock.at_end()
    assert take("websocket.disconnect")["code"] == 4001


def connect_timeout():
    assert refused("/") == 403
    assert take("websocket.disconnect")["code"] == 1006


def leaves_while_waiting():
    sock = Socket(URL)
    sock.ask()
    channel = take("websocket.connect")["reply_channel"]
    sock.close()
    gone = take("websocket.disconnect")
    assert gone["reply_channel"] == channel and gone["code"] == 1006
    run("chgroup", "add", "late", channel)
    while run("chgroup", "members", "late"):
        pass


def subprotocol_offered():
    sock = Socket(URL)
    sock.ask("/", "Sec-WebSocket-Protocol: nobody.knows, v2")
    reply(take("websocket.connect")["reply_channel"], "accept:=true")
    status, fields = sock.read_head()
    assert status == 101 and "sec-websocket-protocol" not in fields, fields


def upgrade_on_used_connection():
    sock = Socket(URL)
    sock.send(b"GET /index.html HTTP/1.1\r\nHost: %s\r\n\r\n" %
              sock.host.encode())
    status, fields = sock.read_head()
    assert status == 200
    sock.read(int(fields["content-length"]))
    sock.ask("/", behind=frame(TEXT, "hi"))
    reply(take("websocket.connect")["reply_channel"], "accept:=true")
    assert sock.read_head()[0] == 101
    assert take("websocket.receive")["text"] == "hi"


def head_byte_by_byte():
    sock = Socket(URL)
    head = ("GET /slow HTTP/1.1\r\nHost: %s\r\nUpgrade: WebSocket\r\n"
            "Connection: keep-alive, Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n" % sock.host)
    for byte in head.encode():
        sock.send(bytes([byte]))
    reply(take("websocket.connect")["reply_channel"], "accept:=true")
    assert sock.read_head()[0] == 101


# --- who is let in ---------------------------------------------------------

def origins():
    host = Socket(URL).host
    port = host.rsplit(":", 1)[1]
    for origin in ("http://evil.example", "http://localhost:1",
                   "null", "http://" + host + ".evil.example",
                   "http://127.0.0.1", "file://"):
        assert refused("/", "Origin: " + origin) == 403, origin
    assert nothing_on("websocket.connect")
    accepted("/", "Origin: http://" + host)
    sock = Socket(URL)
    sock.host = "localhost:" + port
    sock.ask("/", "Origin: http://LOCALHOST:" + port)
    take("websocket.connect")


def origin_allowed():
    accepted("/", "Origin: https://app.example.org")
    assert refused("/", "Origin: https://example.com") == 403


def host_is_checked():
    for host, status in (("evil.example", 421), ("127.0.0.1.evil.example", 421),
                         ("localhost", 200), ("[::1]:80", 200),
                         ("127.0.0.1:9", 200), ("me.example:8000", 200)):
        sock = Socket(URL)
        sock.send(b"GET /index.html HTTP/1.1\r\nHost: %s\r\n\r\n" % host.encode())
        got = sock.read_head()[0]
        assert got == status, (host, got)
    sock = Socket(URL)
    sock.host = "evil.example"
    sock.ask("/", "Origin: http://evil.example")
    assert sock.read_head()[0] == 421
    assert nothing_on("websocket.connect")


def bad_requests():
    host = Socket(URL).host.encode()
    good = b"Host: " + host + b"\r\n"
    up = (b"Upgrade: websocket\r\nConnection: Upgrade\r\n"
          b"Sec-WebSocket-Version: 13\r\n"
          b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n")
    for head, status in (
            (b"GET / HTTP/1.1\r\n", 400),                       # no Host
            (b"GET / HTTP/1.1\r\n" + good + good, 400),
            (b"GET / HTTP/1.1\r\n" + good + b"a_b: 1\r\n", 400),
            (b"GET / HTTP/1.1\r\n" + good + b"a : 1\r\n", 400),
            (b"GET / HTTP/1.1\r\n" + good + b" folded\r\n", 400),
            (b"GET / HTTP/1.1\r\n" + good + b"a: \x01\r\n", 400),
            (b"GET / HTTP/1.1\r\n" + good + b"a: \x00\r\n", 400),
            (b"GET / HTTP/1.1\r\n" + good + b"Content-Length: -1\r\n", 400),
            (b"GET / HTTP/1.1\r\n" + good + b"Content-Length: 1\r\n"
             b"Transfer-Encoding: chunked\r\n", 400),
            (b"GET /%00 HTTP/1.1\r\n" + good, 400),
            (b"GET /%0a HTTP/1.1\r\n" + good, 400),
            (b"GET /%zz HTTP/1.1\r\n" + good, 400),
            (b"GET /%ff HTTP/1.1\r\n" + good, 400),
            (b"GET nothing HTTP/1.1\r\n" + good, 400),
            (b"GET / HTTP/2.0\r\n" + good, 505),
            (b"GET /\r\n", 400),
            (b"GET / HTTP/1.1\r\n" + good + b"a: 1\r\n" * 200, 431),
            (b"GET / HTTP/1.1\r\n" + good + b"a: " + b"x" * 20000, 431),
            (b"POST / HTTP/1.1\r\n" + good + up, 400),
            (b"GET / HTTP/1.1\r\n" + good + up.replace(b"13", b"12"), 426),
            (b"GET / HTTP/1.1\r\n" + good + up.replace(b"AA==", b"==="), 400),
            (b"GET / HTTP/1.1\n" + good + b"\n", 400)):
        sock = Socket(URL)
        sock.send(head + b"\r\n")
        got = sock.read_head()[0]
        assert got == status, (head[:60], got)
    assert nothing_on("websocket.connect")


# --- frames ----------------------------------------------------------------

def fragments():
    sock, _ = accepted("/f")
    sock.send(frame(TEXT, "one ", fin=False) + frame(PING, "p") +
              frame(0, "two ", fin=False) + frame(0, "three"))
    assert sock.read_frame() == (PONG, b"p")
    assert take("websocket.receive")["text"] == "one two three"
    sock.send(frame(TEXT, ""))
    message = take("websocket.receive")
    assert message["text"] == "" and message["order"] == 2
    assert message["path"] == "/f"


def text_comes_as_it_is():
    sock, _ = accepted()
    for text in ('"\\\n\t\u0000\u001f', "\uffffnot a box", "\U0001f600 \u00e9",
                 '{"text": 1}', "</script>\u2028"):
        sock.send(frame(TEXT, text))
        assert take("websocket.receive")["text"] == text, text


def both_ways():
    sock, channel = accepted()
    data = bytes(range(256)) * 10
    sock.send(frame(BINARY, data))
    message = take("websocket.receive")
    assert message["bytes"] == box(data)
    reply(channel, "bytes=" + message["bytes"])
    assert sock.read_frame() == (BINARY, data)
    reply(channel, "text=" + "y" * 70000)
    assert sock.read_text() == "y" * 70000
    run("chsend", channel, input='{"text": "a", "bytes": "b"}\n{"text": 1}\n'
        '{"other": 1}\n{"text": null, "bytes": null}\n{"text": ""}\n')
    assert sock.read_text() == ""


def bad_utf8():
    for payload in (b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"ok \xe2\x82"):
        sock, _ = accepted()
        sock.send(frame(TEXT, payload))
        assert sock.read_close() == 1007, payload
        sock.close()
        assert take("websocket.disconnect")["code"] == 1007
    sock, _ = accepted()
    sock.send(frame(TEXT, b"\xe2\x82", fin=False) + frame(0, b"\xac"))
    assert take("websocket.receive")["text"] == "\u20ac"
    sock.send(frame(TEXT, b"\xe2\x82", fin=False) + frame(0, b""))
    assert sock.read_close() == 1007
    assert nothing_on("websocket.receive")


def too_big():
    sock, _ = accepted()
    limit = 1 << 20
    fits = "x" * (limit - 1000)
    sock.send(frame(TEXT, fits))
    assert take("websocket.receive")["text"] == fits
    sock.send(frame(TEXT, "x" * limit))
    assert sock.read_close() == 1009
    sock.close()
    assert take("websocket.disconnect")["code"] == 1009
    sock, _ = accepted()
    try:
        for _ in range(40):
            sock.send(frame(TEXT if _ == 0 else 0, "x" * 60000, fin=False))
    except OSError:
        pass
    assert sock.read_close() == 1009
    assert nothing_on("websocket.receive")


def wrong_frames():
    for data in (frame(3, "x"), frame(TEXT, "x", rsv=4), frame(0, "x"),
                 frame(PING, "x", fin=False), frame(PING, "x" * 126),
                 frame(TEXT, "x", mask=None), frame(PING, "x", mask=None),
                 frame(TEXT, "x" * 70000) + frame(TEXT, "x", mask=None),
                 frame(CLOSE, b"\x03"), frame(CLOSE, b"\x13\x88")):
        sock, _ = accepted()
        sock.send(data)
        assert sock.read_close() == 1002, data[:20]
        sock.close()
        assert take("websocket.disconnect")["code"] == 1002, data[:20]


def pings():
    sock, _ = accepted()
    sock.send(frame(PING, "x" * 125))
    assert sock.read_frame() == (PONG, b"x" * 125)


# --- the end ---------------------------------------------------------------

def closes(payload, code):
    sock, channel = accepted("/bye")
    sock.send(frame(TEXT, "last") + frame(CLOSE, payload))
    sock.read_close()
    assert sock.at_end()
    assert take("websocket.receive")["text"] == "last"
    gone = take("websocket.disconnect")
    assert gone == {"reply_channel": channel, "path": "/bye", "order": 2,
                    "code": code}, gone


def closed_by_peer():
    closes(b"\x03\xe8done", 1000)
    closes(b"\x0f\xa0", 4000)
    closes(b"", 1005)


def lost():
    sock, channel = accepted()
    sock.close()
    gone = take("websocket.disconnect")
    assert gone["code"] == 1006 and gone["reply_channel"] == channel


def closed_by_consumer():
    sock, channel = accepted()
    reply(channel, "close:=true")
    assert sock.read_close() == 1000
    sock.send(frame(CLOSE, b"\x03\xe8"))
    assert take("websocket.disconnect")["code"] == 1000
    sock, channel = accepted()
    reply(channel, "text=bye", "close:=99999")
    assert sock.read_text() == "bye"
    assert sock.read_close() == 1000


def leaves_all_groups():
    sock, channel = accepted()
    other, there = accepted()
    for group in ("a", "b"):
        run("chgroup", "add", group, channel, there)
    run("chsend", "-g", "a", "text=all")
    assert sock.read_text() == other.read_text() == "all"
    sock.close()
    take("websocket.disconnect")
    for group in ("a", "b"):
        assert run("chgroup", "members", group) == there + "\n"
    run("chsend", "-g", "b", "text=rest")
    assert other.read_text() == "rest"


def slow_reader():
    sock, channel = accepted()
    lines = json.dumps({"text": "z" * 100000}) + "\n"
    gone = subprocess.Popen(["chrecv", "-c", "1", "-t", "60",
                             "websocket.disconnect"],
                            stdout=subprocess.PIPE, text=True)
    while gone.poll() is None:
        subprocess.run(["chsend", "-q", channel], input=lines * 10, text=True,
                       capture_output=True)
    message = json.loads(gone.stdout.read())
    assert message["reply_channel"] == channel
    assert message["code"] == 1008, message


def full_channel():
    """The channel's capacity is 2: the third message waits for room."""
    sock, _ = accepted()
    sock.send(b"".join(frame(TEXT, str(n)) for n in range(6)))
    got = [take("websocket.receive")["text"] for _ in range(6)]
    assert got == list("012345"), got
    sock.send(b"".join(frame(TEXT, str(n)) for n in range(3)))
    assert sock.read_close() == 1013
    sock.close()
    assert take("websocket.disconnect")["code"] == 1013
    assert [take("websocket.receive")["text"] for _ in range(2)] == ["0", "1"]
    assert nothing_on("websocket.receive")


def full_connect():
    assert refused("/") == 503


def told_to_go():
    """An open connection whose end the bats file brings about: wait for it."""
    sock, _ = accepted()
    print("open", flush=True)
    print(sock.read_close())


def left_waiting():
    """A connection that nobody answers, until its server is gone."""
    sock = Socket(URL)
    sock.ask("/wait")
    take("websocket.connect")
    print("waiting", flush=True)
    try:
        sock.read(1)
    except (EOFError, ConnectionResetError):
        pass


def killed_server():
    sock, channel = accepted()
    run("chgroup", "add", "room", channel)
    sock.send(frame(TEXT, "one"))
    take("websocket.receive")
    print("open", flush=True)
    try:
        sock.read(1)
    except (EOFError, ConnectionResetError):
        pass
    while run("chgroup", "members", "room"):
        pass
    assert run("chstat", "--sweep") is not None
    gone = take("websocket.disconnect")
    assert gone["reply_channel"] == channel
    assert gone["code"] == 1006 and gone["order"] == 2, gone
    assert nothing_on("websocket.disconnect")


def holds_open():
    """Connections up to the cap: who comes after is refused, the first 32 of
    them with 503, the rest may be closed at once, and are seen to be first;
    who came before hears nothing."""
    held = []
    for _ in range(200):
        held.append(Socket(URL))
        try:
            held[-1].ask()
        except ConnectionError:
            pass  # closed by now
    refused = {}
    while not refused or len(refused) < 200 - min(refused):
        waiting = [n for n in range(200) if n not in refused]
        ready, _, _ = select.select([held[n].sock for n in waiting], [], [],
                                    30)
        assert ready, refused
        for n in [n for n in waiting if held[n].sock in ready]:
            try:
                refused[n] = held[n].read_head()[0]
            except (ConnectionError, EOFError):
                refused[n] = None
    first = min(refused)
    assert first >= 80, refused
    assert set(refused.values()) <= {503, None}, refused
    assert all(refused[n] == 503 for n in range(first, first + 32)), refused


if __name__ == "__main__":
    globals()[sys.argv[1]]()
