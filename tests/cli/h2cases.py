"""Cases of chserve_h2.bats that need frames on the wire: h2cases.py CASE URL.

HTTP/2 without TLS, begun by its preface; python3-h2 frames what is sound, what
is not is written by hand. Our own programs are the consumers.
"""
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import zlib
from urllib.parse import urlsplit

import hpack
import h2.config
import h2.connection
import h2.events as ev
import h2.exceptions
import h2.settings

from wsraw import CLOSE, TEXT, frame

URL = sys.argv[2] if len(sys.argv) > 2 else ""


def run(*args, **more):
    return subprocess.run(args, check=True, capture_output=True, text=True,
                          timeout=60, **more).stdout


def take(channel):
    """The next message on the channel."""
    return json.loads(run("chrecv", "-c", "1", "-t", "30", channel))


def reply(channel, *pairs):
    run("chsend", channel, *pairs)


class Client:
    """One connection; `data`, `head` and `ended` have what came, by stream."""

    def __init__(self, window=None):
        parts = urlsplit(URL)
        self.authority = parts.netloc
        self.sock = socket.create_connection((parts.hostname, parts.port))
        self.sock.settimeout(30)
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(
            header_encoding="utf-8", validate_inbound_headers=False,
            validate_outbound_headers=False,
            normalize_outbound_headers=False))
        if window is not None:
            self.h2.local_settings = h2.settings.Settings(
                client=True, initial_values={
                    h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: window})
        self.window = window
        self.data, self.head, self.early = {}, {}, {}
        self.ended, self.reset, self.gone = set(), {}, None
        self.raw = b""
        self.h2.initiate_connection()
        self.flush()

    def flush(self):
        self.sock.sendall(self.h2.data_to_send())

    def turn(self):
        """Take what comes next; False at the end."""
        data = self.sock.recv(65536)
        if not data:
            return False
        for event in self.h2.receive_data(data):
            stream = getattr(event, "stream_id", None)
            if isinstance(event, ev.ResponseReceived):
                self.head[stream] = dict(event.headers)
            elif isinstance(event, ev.InformationalResponseReceived):
                self.early[stream] = event.headers
            elif isinstance(event, ev.DataReceived):
                self.data[stream] = self.data.get(stream, b"") + event.data
                if self.window is None and event.flow_controlled_length:
                    self.h2.acknowledge_received_data(
                        event.flow_controlled_length, stream)
            elif isinstance(event, ev.StreamEnded):
                self.ended.add(stream)
            elif isinstance(event, ev.StreamReset):
                self.reset[stream] = event.error_code
            elif isinstance(event, ev.PingAckReceived):
                self.ponged = True
            elif isinstance(event, ev.ConnectionTerminated):
                self.gone = event.error_code
        try:
            self.flush()
        except OSError:
            pass
        return True

    def until(self, done):
        while not done():
            assert self.turn(), "the server closed the connection"

    def frame(self):
        """The next frame as it is: type, payload."""
        while len(self.raw) < 9 or len(self.raw) < self.frame_size():
            data = self.sock.recv(65536)
            assert data, "the server closed the connection"
            self.raw += data
        size = self.frame_size()
        frame, self.raw = self.raw[:size], self.raw[size:]
        return frame[3], frame[9:]

    def frame_size(self):
        return 9 + int.from_bytes(self.raw[:3], "big")

    def ask(self, path="/", *fields, method="GET", end=True, **pseudo):
        stream = self.h2.get_next_available_stream_id()
        self.h2.send_headers(stream, [
            (":method", method), (":scheme", "http"), (":path", path),
            (":authority", self.authority),
            *((":" + name, value) for name, value in pseudo.items()),
            *fields], end_stream=end)
        self.flush()
        return stream

    def status(self, stream):
        self.until(lambda: stream in self.head)
        return self.head[stream][":status"]

    def answer(self, stream):
        """Status and body, once all of it is here."""
        self.until(lambda: stream in self.ended)
        return self.head[stream][":status"], self.data.get(stream, b"")

    def websocket(self, path="/", *fields):
        self.until(lambda: self.h2.remote_settings.enable_connect_protocol)
        return self.ask(path, ("sec-websocket-version", "13"), *fields,
                        method="CONNECT", end=False, protocol="websocket")

    def say(self, stream, data):
        self.h2.send_data(stream, data)
        self.flush()

    def frames(self, stream, n):
        """The first n WebSocket frames, as (opcode, payload)."""
        got, at = [], 0
        while len(got) < n:
            have = self.data.get(stream, b"")
            if len(have) >= at + 2:
                size, head = have[at + 1], 2
                if size == 126 and len(have) >= at + 4:
                    size, head = struct.unpack_from(">H", have, at + 2)[0], 4
                if size < 126 or head == 4:
                    if len(have) >= at + head + size:
                        got.append((have[at] & 15,
                                    have[at + head:at + head + size]))
                        at += head + size
                        continue
            assert self.turn(), "the server closed the connection"
        return got


# --- WebSocket over HTTP/2 (RFC 8441) ----------------------------------------

def websocket():
    client = Client()
    stream = client.websocket("/chat/a%20b?x=1")
    message = take("websocket.connect")
    assert message["path"] == "/chat/a b", message
    assert message["query_string"] == "x=1"
    assert message["order"] == 0
    assert client.head == {}, "answered before the consumer did"
    reply(message["reply_channel"], "accept:=true", "text=welcome")
    assert client.status(stream) == "200", client.head
    client.say(stream, frame(TEXT, "hello"))
    got = take("websocket.receive")
    assert got["text"] == "hello" and got["order"] == 1, got
    assert got["reply_channel"] == message["reply_channel"]
    assert client.frames(stream, 1) == [(TEXT, b"welcome")]
    big = "x" * 200000
    head = frame(TEXT, big)
    for at in range(0, len(head), 16384):
        piece = head[at:at + 16384]
        client.until(lambda: client.h2.local_flow_control_window(stream) >=
                     len(piece))
        client.say(stream, piece)
    assert take("websocket.receive")["text"] == big
    client.say(stream, frame(CLOSE, struct.pack(">H", 4000)))
    assert client.frames(stream, 2)[1] == (CLOSE, struct.pack(">H", 4000))
    gone = take("websocket.disconnect")
    assert gone["code"] == 4000, gone
    client.until(lambda: stream in client.ended or stream in client.reset)
    other = client.ask("/other")
    reply(take("http.request")["reply_channel"], "status:=204")
    assert client.answer(other) == ("204", b""), "the connection lives on"


def websocket_agreed():
    """What the handshake agrees to is in the answer, and holds."""
    client = Client()
    stream = client.websocket(
        "/", ("sec-websocket-protocol", "v1, v2"),
        ("sec-websocket-extensions", "permessage-deflate"))
    message = take("websocket.connect")
    assert message["subprotocols"] == ["v1", "v2"], message
    text = "all of this is said again, " * 100
    reply(message["reply_channel"], "accept:=true", "subprotocol=v2",
          'headers:=[["x-one", "1"]]', "text=" + text)
    assert client.status(stream) == "200"
    head = client.head[stream]
    assert head["sec-websocket-protocol"] == "v2", head
    assert head["sec-websocket-extensions"] == (
        "permessage-deflate; server_no_context_takeover; "
        "client_no_context_takeover"), head
    assert head["x-one"] == "1", head
    assert not {"upgrade", "connection", "sec-websocket-accept"} & set(head)
    (opcode, payload), = client.frames(stream, 1)
    assert client.data[stream][0] == 0xc1 and opcode == TEXT
    assert zlib.decompressobj(-15).decompress(
        payload + b"\0\0\xff\xff") == text.encode()
    packer = zlib.compressobj(wbits=-15)
    packed = packer.compress(b"back") + packer.flush(zlib.Z_SYNC_FLUSH)
    client.say(stream, frame(TEXT, packed[:-4], rsv=4))
    assert take("websocket.receive")["text"] == "back"
    client.sock.close()
    assert take("websocket.disconnect")["code"] == 1006


def websocket_failed():
    """A frame that is wrong: a close frame, and the stream ends."""
    client = Client()
    stream = client.websocket()
    reply(take("websocket.connect")["reply_channel"], "accept:=true")
    assert client.status(stream) == "200"
    client.say(stream, frame(TEXT, "first") + frame(3, "x"))
    assert client.frames(stream, 1) == [(CLOSE, struct.pack(">H", 1002))]
    client.until(lambda: stream in client.ended)
    assert take("websocket.receive")["text"] == "first"
    client.h2.end_stream(stream)
    client.flush()
    assert take("websocket.disconnect")["code"] == 1002


def websocket_refused():
    client = Client()
    stream = client.websocket()
    reply(take("websocket.connect")["reply_channel"], "accept:=false")
    assert client.status(stream) == "403"
    take("websocket.disconnect")


def websocket_closed_by_server():
    client = Client()
    stream = client.websocket()
    channel = take("websocket.connect")["reply_channel"]
    reply(channel, "text=bye", "close:=4001")
    assert client.status(stream) == "200"
    assert client.frames(stream, 2) == [
        (TEXT, b"bye"), (CLOSE, struct.pack(">H", 4001))]
    client.say(stream, frame(CLOSE, struct.pack(">H", 4001)))
    assert take("websocket.disconnect")["code"] == 4001


def websocket_reset():
    client = Client()
    stream = client.websocket()
    reply(take("websocket.connect")["reply_channel"], "accept:=true")
    assert client.status(stream) == "200"
    client.h2.reset_stream(stream, 8)
    client.flush()
    assert take("websocket.disconnect")["code"] == 1006


def websocket_says_no_more():
    """The close frame is the last of the stream; so is its answer."""
    client = Client()
    stream = client.websocket()
    reply(take("websocket.connect")["reply_channel"], "accept:=true")
    assert client.status(stream) == "200"
    code = struct.pack(">H", 1000)
    client.h2.send_data(stream, frame(CLOSE, code), end_stream=True)
    client.flush()
    assert client.frames(stream, 1) == [(CLOSE, code)]
    client.until(lambda: stream in client.ended)
    assert take("websocket.disconnect")["code"] == 1000

    stream = client.websocket()
    reply(take("websocket.connect")["reply_channel"], "accept:=true")
    client.until(lambda: stream in client.head)
    client.h2.send_data(stream, b"", end_stream=True)
    client.flush()
    client.until(lambda: stream in client.ended)
    assert take("websocket.disconnect")["code"] == 1006


def websocket_given_up():
    """Before the consumer has answered."""
    client = Client()
    stream = client.websocket()
    take("websocket.connect")
    client.h2.reset_stream(stream, 8)
    client.flush()
    assert take("websocket.disconnect")["code"] == 1006


def websocket_unread():
    """A client that opens no window for what it is sent is given up."""
    client = Client(window=1000)
    stream = client.websocket()
    channel = take("websocket.connect")["reply_channel"]
    reply(channel, "accept:=true")
    assert client.status(stream) == "200"
    big = json.dumps({"text": "x" * 500000}) + "\n"
    run("chsend", "-w", channel, input=big * 40)
    assert take("websocket.disconnect")["code"] == 1008
    other = client.ask("/other")
    reply(take("http.request")["reply_channel"], "status:=204")
    assert client.answer(other) == ("204", b""), "the connection lives on"


def websocket_wrong_version():
    client = Client()
    client.until(lambda: client.h2.remote_settings.enable_connect_protocol)
    stream = client.ask("/", ("sec-websocket-version", "8"),
                        method="CONNECT", end=False, protocol="websocket")
    assert client.status(stream) == "426"
    assert client.head[stream]["sec-websocket-version"] == "13"
    stream = client.ask("/", method="CONNECT", end=False, protocol="other")
    assert client.status(stream) == "501"


def many_websockets_on_one_connection():
    client = Client()
    streams = [client.websocket("/%d" % i) for i in range(20)]
    for _ in streams:
        message = take("websocket.connect")
        reply(message["reply_channel"], "accept:=true",
              "text=" + message["path"])
    for i, stream in enumerate(streams):
        assert client.status(stream) == "200"
        assert client.frames(stream, 1) == [(TEXT, b"/%d" % i)]


# --- requests ----------------------------------------------------------------

def refused_heads():
    client = Client()
    for want, fields in (
            ("400", [("a_b", "c")]),
            ("400", [("host", "other.example")]),
            ("431", [("x", "y" * 16384)]),
            ("431", [("x%d" % i, "y") for i in range(200)])):
        stream = client.ask("/", *fields)
        assert client.status(stream) == want, (fields, client.head[stream])
    for path in "/%00", "/%zz", "nothing":
        stream = client.ask(path)
        client.until(lambda: stream in client.head or stream in client.reset)
        assert stream in client.reset or client.status(stream) == "400", path
    stream = client.ask("/", method="CONNECT")
    client.until(lambda: stream in client.reset)


def asks_about_the_server():
    client = Client()
    stream = client.ask("*", method="OPTIONS")
    assert client.status(stream) == "204"
    client.until(lambda: stream in client.ended)
    assert stream not in client.data
    stream = client.ask("*")
    client.until(lambda: stream in client.head or stream in client.reset)
    assert stream in client.reset or client.status(stream) == "400"


def goes_away(pid):
    """SIGTERM: no new requests; those in hand are answered."""
    client = Client()
    stream = client.ask("/slow")
    message = take("http.request")
    os.kill(int(pid), signal.SIGTERM)
    kind = None
    while kind != 7:
        kind, payload = client.frame()
        assert kind != 1, "answered by nobody"
    assert int.from_bytes(payload[:4], "big") == stream, payload
    assert payload[4:8] == bytes(4), payload
    reply(message["reply_channel"], "status:=200", "content=late")
    while kind != 0:
        kind, payload = client.frame()
    assert payload == b"late", payload


def bodies_wait():
    """A body comes piece by piece, and is whole in the message."""
    client = Client()
    stream = client.ask("/post", method="POST", end=False)
    for piece in b"one ", b"two ", b"three":
        client.say(stream, piece)
    client.h2.end_stream(stream)
    client.flush()
    message = take("http.request")
    assert message["body"] == "one two three", message
    assert message["http_version"] == "2", message
    assert message["method"] == "POST"
    assert message["scheme"] == "http"
    reply(message["reply_channel"], "status:=201", "content=done")
    assert client.answer(stream) == ("201", b"done")


def continue_is_said():
    client = Client()
    stream = client.ask("/post", ("expect", "100-continue"), method="POST",
                        end=False)
    client.until(lambda: stream in client.early)
    assert dict(client.early[stream]) == {":status": "100"}
    client.h2.send_data(stream, b"now", end_stream=True)
    client.flush()
    message = take("http.request")
    assert message["body"] == "now", message
    reply(message["reply_channel"], "status:=204")
    assert client.answer(stream) == ("204", b"")


def full_channel_closes_the_window():
    """The body's channel has room for two pieces; another stream goes on."""
    client = Client()
    stream = client.ask("/post", method="POST", end=False)
    sent = 0

    def send():
        nonlocal sent
        room = min(client.h2.local_flow_control_window(stream), 1 << 20)
        while sent < 1 << 20 and room:
            n = min(16384, room, (1 << 20) - sent)
            client.say(stream, b"x" * n)
            sent, room = sent + n, room - n

    def pong():
        client.ponged = False
        client.h2.ping(b"12345678")
        client.flush()
        client.until(lambda: client.ponged)

    before = -1
    while sent != before:
        before = sent
        send()
        pong()
    assert 65536 <= sent < 400000, sent
    other = client.ask("/other")
    message = take("http.request")
    first, body = message["body"], message["body_channel"]
    message = take("http.request")
    assert message["path"] == "/other"
    reply(message["reply_channel"], "status:=204")
    assert client.answer(other) == ("204", b"")
    got = []

    def read():
        more = True
        while more:
            piece = take(body)
            got.append(len(piece["content"]))
            more = piece["more_content"]

    reader = threading.Thread(target=read)
    reader.start()
    while sent < 1 << 20:
        send()
        if sent < 1 << 20:
            client.turn()
    client.h2.end_stream(stream)
    client.flush()
    reader.join()
    assert sum(got) + len(first) == 1 << 20, got


def cookies_are_one():
    client = Client()
    stream = client.ask("/", ("cookie", "a=1"), ("x", "1"), ("cookie", "b=2"))
    message = take("http.request")
    cookies = [pair for pair in message["headers"] if pair[0] == "cookie"]
    assert cookies == [["cookie", "a=1; b=2"]], cookies
    reply(message["reply_channel"], "status:=204")
    assert client.answer(stream) == ("204", b"")


def reset_is_a_disconnect():
    client = Client()
    stream = client.ask("/slow")
    message = take("http.request")
    client.h2.reset_stream(stream, 8)
    client.flush()
    gone = take("http.disconnect")
    assert gone["reply_channel"] == message["reply_channel"], gone
    assert gone["path"] == "/slow"


def streams_interleave():
    client = Client()
    first = client.ask("/1")
    one = take("http.request")
    second = client.ask("/2")
    two = take("http.request")
    reply(two["reply_channel"], "status:=200", "content=second")
    assert client.answer(second) == ("200", b"second")
    reply(one["reply_channel"], "status:=200", "content=part",
          "more_content:=true")
    client.until(lambda: client.data.get(first) == b"part")
    reply(one["reply_channel"], "content= and rest")
    assert client.answer(first) == ("200", b"part and rest")


def early_hints():
    client = Client()
    stream = client.ask("/page")
    channel = take("http.request")["reply_channel"]
    run("chsend", channel, '{"request":{"path":"/a.css"}}')
    client.until(lambda: stream in client.early)
    early = dict(client.early[stream])
    assert early == {":status": "103",
                     "link": "</a.css>; rel=preload; as=style"}, early
    assert stream not in client.head
    reply(channel, "status:=200", "content=page")
    assert client.answer(stream) == ("200", b"page")


# --- limits and floods -------------------------------------------------------

def limits_are_announced():
    client = Client()
    client.until(lambda: client.h2.remote_settings.enable_connect_protocol)
    settings = client.h2.remote_settings
    assert settings.max_concurrent_streams == 100
    assert settings.max_header_list_size == 16384


def raw(kind, flags, stream, payload):
    return (struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) +
            struct.pack(">I", stream) + payload)


def ends_with(client, code):
    """The connection, said with that code."""
    kind = None
    while kind != 7:
        kind, payload = client.frame()
    assert int.from_bytes(payload[4:8], "big") == code, payload


def open_streams(client, first, n, behind):
    """n requests, each with what behind(stream) is; at once."""
    head = hpack.Encoder().encode([
        (":method", "GET"), (":scheme", "http"), (":path", "/"),
        (":authority", "localhost")])
    data = b"".join(raw(1, 5, stream, head) + behind(stream)
                    for stream in range(first, first + 2 * n, 2))
    try:
        client.sock.sendall(data)
    except OSError:
        pass


def slow_body():
    client = Client()
    stream = client.ask("/post", method="POST", end=False)
    client.say(stream, b"some")
    assert client.answer(stream)[0] == "408"
    other = client.ask("/other")
    reply(take("http.request")["reply_channel"], "status:=204")
    assert client.answer(other) == ("204", b""), "the connection lives on"


def half_head():
    """Fields that are not whole in time end the connection."""
    client = Client()
    client.sock.sendall(raw(1, 0, 1, b"\x82"))
    ends_with(client, 0)


def rapid_reset():
    client = Client()
    open_streams(client, 1, 2000, lambda n: raw(3, 0, n, b"\0\0\0\x08"))
    ends_with(client, 11)


def made_to_reset():
    """Streams that the server is made to reset, by windows too large."""
    client = Client()
    for first in range(1, 1000, 100):
        open_streams(client, first, 50,
                     lambda n: raw(8, 0, n, b"\x7f\xff\xff\xff"))
        seen = 0
        while seen < 50:
            kind, payload = client.frame()
            seen += kind == 3
            if kind == 7:
                assert payload[7] == 11, payload
                return
    assert False, "it goes on for ever"


def streams_count():
    """Requests that nobody answers are limited as connections are."""
    clients = [Client() for _ in range(3)]
    for client in clients:
        client.until(lambda: client.h2.remote_settings.enable_connect_protocol)
        streams = [client.ask("/") for _ in range(90)]
        client.h2.ping(b"12345678")
        client.ponged = False
        client.flush()
        client.until(lambda: client.ponged)
    refused = [code for client in clients for code in client.reset.values()]
    assert refused and set(refused) == {7}, refused
    assert len(refused) < 200, len(refused)


def continuation_flood():
    client = Client()
    client.flush()
    data = raw(1, 0, 1, b"\x82") + raw(9, 0, 1, b"") * 100000
    try:
        client.sock.sendall(data)
    except OSError:
        pass
    ends_with(client, 11)


def ping_flood():
    client = Client()
    client.sock.sendall(raw(6, 0, 0, b"12345678") * 10000)
    ends_with(client, 11)


def settings_flood():
    client = Client()
    client.sock.sendall(raw(4, 0, 0, b"") * 10000)
    ends_with(client, 11)


def patient_ping_flood():
    """Each is answered before the next one comes, and it is too much."""
    client = Client()
    for _ in range(2000):
        client.sock.sendall(raw(6, 0, 0, b"12345678"))
        kind = None
        while kind not in (6, 7):
            kind, payload = client.frame()
        if kind == 7:
            assert payload[7] == 11, payload
            return
    assert False, "it goes on for ever"


def useless_flood():
    """Frames that are skipped cost something, too."""
    client = Client()
    client.sock.sendall(raw(2, 0, 1, b"\0\0\0\0\x10") * 1000)
    ends_with(client, 11)


def main():
    globals()[sys.argv[1]](*sys.argv[3:])


if __name__ == "__main__":
    main()
