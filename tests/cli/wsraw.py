"""A WebSocket client that does nothing by itself: bytes as the tests want them.

Python's standard library only. Frames go out as told, also wrong ones, and
come back as (opcode, payload).
"""
import base64
import os
import socket
import ssl
import struct
from urllib.parse import urlsplit

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


def frame(opcode, payload=b"", fin=True, mask=b"\x01\x02\x03\x04", rsv=0):
    """One frame as a client sends it."""
    if isinstance(payload, str):
        payload = payload.encode()
    n = len(payload)
    head = bytes([(0x80 if fin else 0) | rsv << 4 | opcode])
    bit = 0x80 if mask else 0
    if n < 126:
        head += bytes([bit | n])
    elif n < 65536:
        head += bytes([bit | 126]) + struct.pack(">H", n)
    else:
        head += bytes([bit | 127]) + struct.pack(">Q", n)
    if not mask:
        return head + payload
    key = (mask * (n // 4 + 1))[:n]
    masked = int.from_bytes(payload, "big") ^ int.from_bytes(key, "big")
    return head + mask + masked.to_bytes(n, "big")


class Socket:
    def __init__(self, url, timeout=30):
        parts = urlsplit(url)
        self.host = parts.netloc
        self.sock = socket.create_connection((parts.hostname, parts.port))
        if parts.scheme == "https":
            context = ssl._create_unverified_context()
            self.sock = context.wrap_socket(self.sock)
        self.sock.settimeout(timeout)
        self.pending = b""

    def send(self, data):
        self.sock.sendall(data)

    def read(self, n):
        while len(self.pending) < n:
            more = self.sock.recv(65536)
            if not more:
                raise EOFError
            self.pending += more
        data, self.pending = self.pending[:n], self.pending[n:]
        return data

    def read_head(self):
        """Status and fields of an answer; what follows stays unread."""
        while b"\r\n\r\n" not in self.pending:
            more = self.sock.recv(65536)
            if not more:
                raise EOFError
            self.pending += more
        head, self.pending = self.pending.split(b"\r\n\r\n", 1)
        lines = head.decode().split("\r\n")
        fields = {}
        for line in lines[1:]:
            name, value = line.split(":", 1)
            fields[name.lower()] = value.strip()
        return int(lines[0].split()[1]), fields

    def ask(self, path="/", *fields, behind=b"", key=None):
        """Send an upgrade, with `behind` in the same packet."""
        key = key or base64.b64encode(os.urandom(16)).decode()
        lines = ["GET %s HTTP/1.1" % path, "Host: " + self.host,
                 "Upgrade: websocket", "Connection: Upgrade",
                 "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: " + key]
        self.send("\r\n".join(lines + list(fields)).encode() +
                  b"\r\n\r\n" + behind)

    def read_frame(self):
        first, second = self.read(2)
        n = second & 0x7f
        if n == 126:
            n, = struct.unpack(">H", self.read(2))
        elif n == 127:
            n, = struct.unpack(">Q", self.read(8))
        assert not second & 0x80, "a server's frame is masked"
        assert first & 0x80, "a server's frame is a fragment"
        return first & 0x0f, self.read(n)

    def read_text(self):
        opcode, payload = self.read_frame()
        assert opcode == TEXT, "opcode %d: %r" % (opcode, payload)
        return payload.decode()

    def read_close(self):
        """The code of the close frame that comes, data before it dropped."""
        while True:
            opcode, payload = self.read_frame()
            if opcode == CLOSE:
                return struct.unpack(">H", payload[:2])[0] if payload else 1005

    def at_end(self):
        """Whether the server closes (and sends nothing more)."""
        try:
            return not self.pending and self.sock.recv(1) == b""
        except ConnectionResetError:
            return True

    def close(self):
        self.sock.close()
