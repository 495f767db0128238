"""Cases of chserve_sessions.bats: sessioncases.py CASE URL.

A browser's side by bytes, the consumer's by our own programs.
"""
import json
import os
import sys

from wscases import nothing_on, reply, run, take
from wsraw import TEXT, Socket, frame

URL = sys.argv[2]
TLS = URL.startswith("https")
COOKIE = "__Host-session" if TLS else "session"
ORIGIN = URL.rstrip("/")


class Browser:
    """Keeps one cookie, as a browser does, and says where its pages are from."""

    def __init__(self, origin=ORIGIN):
        self.cookie = None
        self.origin = origin
        self.said = None  # the last Set-Cookie, whole

    def fields(self, origin):
        lines = []
        if self.cookie:
            lines.append("Cookie: a=b; %s=%s" % (COOKIE, self.cookie))
        if origin and self.origin:
            lines.append("Origin: " + self.origin)
        return lines

    def ask(self, method="GET", path="/"):
        sock = Socket(URL)
        sock.send("\r\n".join(
            ["%s %s HTTP/1.1" % (method, path), "Host: " + sock.host,
             "Content-Length: 0", "Connection: close"] +
            self.fields(method != "GET") + ["", ""]).encode())
        return sock

    def status(self, method="GET", path="/"):
        return self.ask(method, path).read_head()[0]

    def get(self, *pairs, method="GET", path="/", status=200, close=True):
        """The message of a request, which is answered with the pairs."""
        self.sock = sock = self.ask(method, path)
        message = take("http.request")
        reply(message["reply_channel"], "status:=%d" % status, *pairs)
        self.answer, fields = sock.read_head()
        self.said = fields.get("set-cookie")
        if close:
            sock.close()
        if self.said:
            name, value = self.said.split(";")[0].split("=")
            assert name == COOKIE, name
            self.cookie = value or None
        return message

    def open(self, path="/ws"):
        """A WebSocket and the message of its connect; accepted."""
        sock = Socket(URL)
        sock.ask(path, *self.fields(True))
        message = take("websocket.connect")
        reply(message["reply_channel"], "accept:=true")
        assert sock.read_head()[0] == 101
        return sock, message

    def refused(self, path="/ws"):
        sock = Socket(URL)
        sock.ask(path, *self.fields(True))
        status = sock.read_head()[0]
        assert nothing_on("websocket.connect")
        return status


def anonymous():
    """Whoever has no session is given none, and there is none in messages."""
    browser = Browser()
    message = browser.get()
    assert "session" not in message and "user" not in message, message
    assert browser.said is None
    _, message = browser.open()
    assert "session" not in message and "user" not in message, message
    browser.cookie = "A" * 32
    message = browser.get()
    assert "session" not in message, "a cookie that names no session"
    browser.cookie = "../../etc/passwd"
    assert "session" not in browser.get()


def data():
    """An answer makes a session, another adds to it, a third ends it."""
    browser = Browser()
    browser.get('session:={"n":1}')
    made = browser.cookie
    assert made and len(made) == 32 and made.isalnum(), made
    said = dict.fromkeys(browser.said.split("; ")[1:])
    age = [word for word in said if word.startswith("Max-Age=")]
    assert 30 * 86400 - 60 <= int(age[0][8:]) <= 30 * 86400, age
    want = {"Path=/", "HttpOnly", "SameSite=Lax", age[0]}
    assert set(said) == (want | {"Secure"} if TLS else want), browser.said
    message = browser.get('session:={"m":[2]}')
    assert message["session"] == made and "user" not in message, message
    assert browser.cookie == made
    kept = json.load(open("%s/sessions/%s" % (os.environ["STATE"], made)))
    assert kept["data"] == {"n": 1, "m": [2]}, kept
    assert browser.get("session:=null")["session"] == made
    assert browser.said.startswith(COOKIE + "=; "), browser.said
    assert "Max-Age=0" in browser.said
    browser.cookie = made
    assert "session" not in browser.get(), "it has ended"


def login():
    """A login gives another id; every message of the user says who it is."""
    browser = Browser()
    browser.get('session:={"n":1}')
    before = browser.cookie
    message = browser.get("user=ana", method="POST")
    assert message["session"] == before and "user" not in message
    after = browser.cookie
    assert after != before
    sock, message = browser.open()
    channel = message["reply_channel"]
    assert message["session"] == after and message["user"] == "ana"
    sock.send(frame(TEXT, "x"))
    message = take("websocket.receive")
    assert message["session"] == after and message["user"] == "ana"
    waiting = browser.ask(path="/never")
    assert take("http.request")["user"] == "ana"
    waiting.close()
    message = take("http.disconnect")
    assert message["session"] == after and message["user"] == "ana", message

    stolen = Browser()
    stolen.cookie = before
    assert "session" not in stolen.get(), "the old id is worth nothing"

    browser.get("user:=null", method="POST")
    assert browser.cookie not in (before, after)
    assert sock.read_close() == 4401
    sock.close()
    message = take("websocket.disconnect")
    assert message["reply_channel"] == channel and message["code"] == 4401
    assert message["user"] == "ana", "who has left"
    message = browser.get()
    assert message["session"] == browser.cookie and "user" not in message


def given():
    """An answer gives the id of a session that somebody else has made."""
    ana = Browser()
    ana.get("user=ana")
    other = Browser()
    other.get("session=" + ana.cookie)
    assert other.cookie == ana.cookie
    assert other.get()["user"] == "ana"
    other.get("session=" + "A" * 32)
    assert other.answer == 500 and other.said is None, "there is none such"
    other.get("user=a:b")
    assert other.answer == 500, "no user's name"
    assert other.get()["user"] == "ana", "nothing was lost"


def ended():
    """Ending a session closes its WebSockets, nobody else's."""
    ana, bob = Browser(), Browser()
    ana.get("user=ana")
    bob.get("user=bob")
    pages = [ana.open()[0], ana.open()[0]]
    streams = [ana.ask(path="/events/news")]
    ana.get("headers:=[[\"content-type\",\"text/event-stream\"]]",
            "content=", "more_content:=true", close=False)
    streams.append(ana.sock)
    other, message = bob.open()
    ana.get("session:=null", method="POST")
    for page in pages:
        assert page.read_close() == 4401
    for stream in streams:
        while stream.sock.recv(1000):
            pass
    reply(message["reply_channel"], "text=still here")
    assert other.read_text() == "still here"


def ended_by_hand():
    """chsession logs in, and ends what is open."""
    ana = Browser()
    ana.get('session:={"n":1}')
    before, _ = ana.open()
    run("chsession", "passwd", "-f", "users", "ana", input="geheim\n")
    made = run("chsession", "login", "-f", "users", "--session", ana.cookie,
               "ana", input="geheim\n").strip()
    assert before.read_close() == 4401, "the old id is worth nothing"
    ana.get("session=" + made)
    page, message = ana.open()
    assert message["user"] == "ana"
    assert run("chsession", "get", made, "n") == "1\n"
    run("chsession", "end", "--user", "ana")
    assert page.read_close() == 4401
    assert "session" not in ana.get()


def ended_in_the_handshake():
    """A session that ends while its WebSocket waits: it is refused."""
    ana = Browser()
    ana.get("user=ana")
    sock = Socket(URL)
    sock.ask("/ws", *ana.fields(True))
    take("websocket.connect")
    ana.get("session:=null", method="POST")
    assert sock.read_head()[0] == 403


def forged():
    """Pages of other sites can do nothing with the visitor's cookie."""
    ana = Browser()
    ana.get("user=ana")
    for origin in (None, "null", "http://evil.example", ORIGIN + "1",
                   "http://localhost.evil.example"):
        ana.origin = origin
        assert ana.refused() == 403, origin
        for method in ("POST", "PUT", "DELETE", "PATCH", "ODD"):
            assert ana.status(method) == 403, (origin, method)
        assert nothing_on("http.request")
        assert ana.get()["user"] == "ana", "a link is followed"
    ana.origin = ORIGIN
    assert ana.get(method="POST")["user"] == "ana"
    stranger = Browser(origin=None)
    assert "user" not in stranger.get(method="POST"), "curl, without a cookie"


def need_login():
    """--require-login: no WebSocket and no event stream without a user."""
    browser = Browser()
    assert browser.refused() == 403
    assert browser.status(path="/events/news") == 403
    browser.get('session:={"n":1}')
    assert browser.refused() == 403, "known, but not logged in"
    browser.get("user=ana")
    browser.open()[0].close()
    assert browser.status(path="/events/news") == 200


def connection():
    """What is kept of a connection goes some time after it."""
    browser = Browser()
    sock, message = browser.open()
    path = "%s/sessions/%s" % (os.environ["STATE"], message["reply_channel"])
    with open(path, "w") as file:
        os.chmod(path, 0o600)
        file.write('{"created":1,"idle":0,"max_age":0,"data":{}}\n')
    sock.close()
    take("websocket.disconnect")
    assert os.path.exists(path), "the consumer can still look at it"
    run("timeout", "60", "bash", "-c", 'while [ -e "$1" ]; do '
        'chrecv -t 0.1 ch-helper-nothing || true; done', "bash", path)


def cookies():
    """The one of ours is found among others, and in several fields."""
    ana = Browser()
    ana.get("user=ana")
    sock = Socket(URL)
    sock.send(("GET / HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n"
               "Cookie: x%s=%s; a=b\r\nCookie: a=\"c\";%s=short; %s=\"%s\"\r\n"
               "\r\n" % (sock.host, COOKIE, "B" * 32, COOKIE, COOKIE,
                         ana.cookie)).encode())
    message = take("http.request")
    reply(message["reply_channel"], "status:=200")
    assert message["user"] == "ana", message
    sock.read_head()


def off():
    """Without --sessions a cookie is a header as any other."""
    browser = Browser()
    browser.cookie = "A" * 32
    browser.origin = None
    message = browser.get(method="POST")
    assert "session" not in message
    browser.get("user=ana", method="POST")
    assert browser.answer == 500 and browser.said is None


if __name__ == "__main__":
    globals()[sys.argv[1]]()
