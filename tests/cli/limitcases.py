"""Cases of chserve_limits.bats: limitcases.py CASE URL."""
import socket
import sys
import time
from urllib.parse import urlsplit

from wscases import reply, take
from wsraw import Socket

URL = sys.argv[2]
GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
PUT = b"PUT /held HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"


class Peer(Socket):
    """A connection from an address of our choice."""

    def __init__(self, host="127.0.0.1"):
        if URL.startswith("http"):
            parts = urlsplit(URL)
            self.host = "localhost"
            self.sock = socket.create_connection(
                (parts.hostname, parts.port), source_address=(host, 0))
        else:
            self.host = "localhost"
            self.sock = socket.socket(socket.AF_UNIX)
            self.sock.connect(URL)
        self.sock.settimeout(30)
        self.pending = b""

    def status(self, request=GET):
        """What a request is told; the connection can be used again."""
        if request:
            self.send(request)
        status, fields = self.read_head()
        self.fields = fields
        self.read(int(fields.get("content-length", 0)))
        return status

    def closed(self):
        try:
            return self.sock.recv(1) == b""
        except ConnectionResetError:
            return True


def too_many():
    held = [Peer() for _ in range(5)]
    for peer in held:
        peer.send(PUT)
    refused = Peer()
    while True:
        status = refused.status()
        if status == 503:
            break
        refused = Peer()
    assert refused.fields["retry-after"] and refused.closed()
    for _ in range(100):
        refused = Peer()
        try:
            assert refused.status() == 503
        except (EOFError, ConnectionResetError, BrokenPipeError):
            pass  # more than it cares to tell
    held.pop().sock.close()
    deadline = time.monotonic() + 10
    while Peer().status() != 200:
        assert time.monotonic() < deadline


def statuses():
    held = Peer()
    held.ask("/held")
    take("websocket.connect")
    refused = Peer()
    assert refused.status() == 429, "the address comes first"
    assert refused.fields["retry-after"] and refused.closed()
    other = Peer("127.0.0.2")
    assert other.status() == 503
    other = Peer("127.0.0.2")
    other.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
    while not other.closed():
        pass


def idle_make_room():
    peers = []
    for _ in range(3):
        peers.append(Peer())
        assert peers[-1].status() == 200
    assert peers[0].status() == 200, "it is not the oldest one any more"
    more = Peer()
    assert more.status() == 200
    assert peers[1].closed()
    assert peers[0].status() == 200 and peers[2].status() == 200


def silent_make_room():
    peers = [Peer() for _ in range(3)]
    peers[0].send(b"GET / HT")
    deadline = time.monotonic() + 9
    while True:
        more = Peer()
        try:
            if more.status() == 200:
                break
        except (EOFError, ConnectionResetError):
            pass
        assert time.monotonic() < deadline, "it is not let in"
    assert peers[0].closed(), "the one that came first"


def one_address():
    held = [Peer("127.0.0.2") for _ in range(3)]
    for peer in held:
        assert peer.status() == 200
    refused = Peer("127.0.0.2")
    assert refused.status() == 429
    assert refused.fields["retry-after"] and refused.closed()
    assert Peer("127.0.0.3").status() == 200
    for _ in range(3):
        assert Peer("127.0.0.2").status() == 429
    held[0].sock.close()
    deadline = time.monotonic() + 10
    while Peer("127.0.0.2").status() == 429:
        assert time.monotonic() < deadline


def websockets_of_one_address():
    for _ in range(3):
        held = []
        for _ in range(3):
            peer = Peer()
            peer.ask("/ws")
            reply(take("websocket.connect")["reply_channel"], "accept:=true")
            assert peer.read_head()[0] == 101
            held.append(peer)
        assert Peer().status() == 429
        assert Peer("127.0.0.2").status() == 200
        for peer in held:
            peer.sock.close()
        for _ in range(3):
            take("websocket.disconnect")
        assert Peer().status() == 200


def trusted():
    assert len([p for p in [Peer("127.0.0.2") for _ in range(9)]
                if p.status() == 200]) == 9
    held = [Peer("127.0.0.3") for _ in range(2)]
    assert Peer("127.0.0.3").status() == 429
    del held


def local_ones():
    peers = [Peer() for _ in range(9)]
    assert [p.status() for p in peers] == [200] * 9


def loopback():
    peers = [Peer() for _ in range(30)]
    assert [p.status() for p in peers] == [200] * 30


def one_file():
    """Whose answers come from one file take no more than their sockets."""
    held = [Peer() for _ in range(90)]
    for peer in held:
        peer.send(GET.replace(b"/ ", b"/large0 "))
        assert peer.read_head()[0] == 200


def without_descriptors():
    """Each answer from a file of its own that is not read takes two."""
    held, closed = [], 0
    for n in range(110):
        peer = Peer()
        try:
            peer.send(GET.replace(b"/ ", b"/large%d " % n))
            if peer.sock.recv(1):
                held.append(peer)
            else:
                closed += 1
        except (ConnectionResetError, BrokenPipeError):
            closed += 1
    assert closed and len(held) > 60, (closed, len(held))
    size = 16 << 20
    got = len(held[0].sock.recv(65536))
    while got < size:
        more = len(held[0].sock.recv(1 << 20))
        assert more
        got += more
    for peer in held:
        peer.sock.close()
    deadline = time.monotonic() + 10
    while True:
        try:
            if Peer().status() == 200:
                break
        except (EOFError, ConnectionResetError, BrokenPipeError):
            assert time.monotonic() < deadline


if __name__ == "__main__":
    globals()[sys.argv[1]]()
