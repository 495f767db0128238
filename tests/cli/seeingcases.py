"""Cases of chserve_seeing.bats: seeingcases.py CASE URL."""
import sys

from wscases import accepted, refused, reply, take
from wsraw import CLOSE, TEXT, Socket, frame

URL = sys.argv[2]


def websockets():
    """One that is accepted, speaks and says goodbye; one that is not."""
    sock, channel = accepted("/chat?a=b", "User-Agent: test/1.0")
    sock.send(frame(TEXT, "one") + frame(TEXT, "two"))
    for text in ("one", "two"):
        assert take("websocket.receive")["text"] == text
    reply(channel, "text=hello")
    assert sock.read_text() == "hello"
    sock.send(frame(CLOSE, b"\x03\xe8"))
    assert sock.read_close() == 1000
    assert sock.at_end()
    take("websocket.disconnect")

    sock = Socket(URL)
    sock.ask("/no")
    reply(take("websocket.connect")["reply_channel"], "accept:=false")
    assert sock.read_head()[0] == 403
    take("websocket.disconnect")
    assert refused("/evil", "Origin: http://evil.example") == 403


def forging():
    """Requests that would like to write lines of their own."""
    for request in (
            b"GET /\" HTTP/1.1\r\nHost: localhost\r\n"
            b"User-Agent: x\" 200 1 \"-\" \"-\\\r\n"
            b"Referer: \xc3\xa9\xff\t\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: localhost\r\n"
            b"User-Agent: a\n10.0.0.1 - - x\r\n\r\n",
            b"GET /%0a10.0.0.1 HTTP/1.1\r\nHost: localhost\r\n\r\n",
            b"nonsense\r\n\r\n",
            b"GET /ok?last HTTP/1.1\r\nHost: localhost\r\n\r\n"):
        sock = Socket(URL)
        sock.send(request)
        sock.read_head()
        sock.close()


def holds():
    """A WebSocket that stays open; it ends when the server does."""
    sock, _ = accepted("/held")
    print("open", flush=True)
    assert sock.read_close() == 1001
    sys.stdin.read()


if __name__ == "__main__":
    globals()[sys.argv[1]]()
