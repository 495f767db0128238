"""Cases of chserve_listen.bats: listencases.py CASE ARGUMENT...

Clients that bash and curl are not: of unix sockets, of many connections at
once, of connections that stay.
"""
import json
import os
import pty
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

from wsraw import Socket

ARGS = sys.argv[2:]
TIMEOUT = 30
UPGRADE = (b"GET /x HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
           b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
           b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")


def connect(where):
    """A connection to HOST:PORT, [HOST]:PORT, a URL of these, or unix:PATH."""
    if where.startswith("unix:"):
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(TIMEOUT)
        sock.connect(where[5:])
        return sock
    host, port = where.split("//")[-1].rstrip("/").rsplit(":", 1)
    return socket.create_connection((host.strip("[]"), int(port)), TIMEOUT)


def ask(sock, path="/", host="localhost", close=True):
    sock.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n".encode() +
                 (b"Connection: close\r\n" if close else b"") + b"\r\n")


def read_all(sock):
    data = b""
    while piece := sock.recv(1 << 16):
        data += piece
    return data


def status(where, **more):
    with connect(where) as sock:
        ask(sock, **more)
        return int(read_all(sock).split()[1])


def given(kinds, *command):
    """Become COMMAND, with sockets of these kinds as 3, 4 and so on."""
    socks = []
    for kind in kinds.split(","):
        if kind.startswith("unix:"):
            sock = socket.socket(socket.AF_UNIX)
            sock.bind(kind[5:])
        else:
            sock = socket.socket(type=socket.SOCK_DGRAM if kind == "udp"
                                 else socket.SOCK_STREAM)
            sock.bind(("127.0.0.1", 0))
        if kind not in ("udp", "deaf"):
            sock.listen()
        socks.append(os.dup2(sock.fileno(), 100 + len(socks)))
    for n, fd in enumerate(socks):
        os.dup2(fd, 3 + n)
    os.closerange(3 + len(socks), 200)
    if "LISTEN_PID" not in os.environ:
        os.environ["LISTEN_PID"] = str(os.getpid())
    os.environ.setdefault("LISTEN_FDS", str(len(socks)))
    os.execvp(command[0], command)


# --- unix sockets ----------------------------------------------------------

def message_through_unix(where, path):
    """What the consumers hear of who came through a unix socket."""
    with connect(where) as sock:
        sock.sendall(UPGRADE)
        message = json.loads(subprocess.run(
            ["chrecv", "-c", "1", "-t", "30", "websocket.connect"],
            check=True, capture_output=True).stdout)
        assert message["client"] is None, message
        assert message["server"] == [path, None], message


def leaves(path):
    """A socket file that nobody listens at, and one of a server that lives."""
    sock = socket.socket(socket.AF_UNIX)
    sock.bind(path)
    sock.listen()


def never_more_open(path, *command):
    """The mode of a socket that comes to be, seen by strace, is 0600."""
    quiet = os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"
    calls = subprocess.run(
        ["strace", "-f", "-e", "trace=umask,bind,chmod,fchmodat,listen,"
         "fchownat,connect", *command], stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=60,
        env={**os.environ, "ASAN_OPTIONS": quiet}).stderr.splitlines()
    at = next(i for i, c in enumerate(calls) if "bind(" in c and path in c)
    assert "umask(0177)" in calls[at - 1], calls
    assert "umask(" in calls[at + 1], calls
    names = [c.split("(")[0].split()[-1] for c in calls[at + 2:]]
    assert names.index("chmod") < names.index("listen"), calls
    if "fchownat" in names:
        assert names.index("fchownat") < names.index("chmod"), calls


# --- several processes -----------------------------------------------------

def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as f:
        return [int(child) for child in f.read().split()]


def spread(where, jobs, n=1000, fewest=150):
    """Of n connections no process has few; each has a prefix of its own."""
    told = subprocess.Popen(["chrecv", "-c", str(n), "-t", "60",
                             "websocket.connect"], stdout=subprocess.PIPE)
    socks = []
    for _ in range(n):
        socks.append(connect(where))
        socks[-1].sendall(UPGRADE)
    got = {}
    for line in told.stdout:
        prefix = json.loads(line)["reply_channel"].split("!")[0]
        got[prefix] = got.get(prefix, 0) + 1
    assert told.wait() == 0
    assert len(got) == int(jobs) and sum(got.values()) == n, got
    assert min(got.values()) >= fewest, got


def one_dies(where, pid):
    """While a process is dead its connections wait; then they are served."""
    before = children(pid)
    for child in before:
        os.kill(child, signal.SIGKILL)
    for _ in range(40):
        assert status(where) == 200
    assert len(children(pid)) == len(before)
    assert not set(children(pid)) & set(before)


def open_socket(url):
    sock = Socket(url)
    sock.ask()
    assert sock.read_head()[0] == 101
    return sock


def group_of_all(url, pid):
    """A message to a group comes to the clients of all processes."""
    socks = [open_socket(url) for _ in range(20)]
    subprocess.run(["chsend", "-g", "all", "text=hello"], check=True)
    for sock in socks:
        assert sock.read_text() == "hello"


def parent_dies(url, pid):
    """Its processes say goodbye and end, chwork too."""
    socks = [open_socket(url) for _ in range(20)]
    ends = [os.pidfd_open(child) for child in children(pid)]
    assert len(ends) == 5, ends
    os.kill(int(pid), signal.SIGKILL)
    for sock in socks:
        assert sock.read_close() == 1001
    for end in ends:
        assert select.select([end], [], [], TIMEOUT)[0]


# --- from one server to the next -------------------------------------------

class Server:
    """A chserve; it is ready when this is there."""

    def __init__(self, *options, pass_fds=()):
        self.process = subprocess.Popen(
            ["chserve", "--root", "public", *options],
            stdout=subprocess.PIPE, text=True, pass_fds=pass_fds)
        self.pid = self.process.pid
        self.where = [self.process.stdout.readline().split(" on ")[1].strip()
                      for option in options if option == "-l"]

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.process.wait(TIMEOUT)


class Crowd:
    """Clients that ask without end; none is ever to be refused."""

    def __init__(self, *places):
        self.places = places
        self.answered = 0
        self.failed = []
        self.over = False
        self.threads = [threading.Thread(target=self.ask, args=(place,))
                        for place in places for _ in range(2)]
        for thread in self.threads:
            thread.start()

    def ask(self, place):
        while not self.over:
            try:
                assert status(place) == 200
                self.answered += 1
            except Exception as problem:
                self.failed.append(problem)
                return

    def until(self, more):
        """Wait for so many more answers."""
        want = self.answered + more
        while self.answered < want and not self.failed:
            os.sched_yield()

    def end(self):
        self.over = True
        for thread in self.threads:
            thread.join()
        assert not self.failed, self.failed


def taken_over(jobs_before, jobs_after):
    """A new server before the old one is stopped: nobody notices."""
    options = ["-l", "127.0.0.1:0", "-l", "[::1]:0", "-l", "unix:web"]
    old = Server(*options, "-j", jobs_before)
    net = [place.split("//")[1].rstrip("/") for place in old.where[:2]]
    crowd = Crowd(*net, "unix:web")
    crowd.until(50)
    new = Server("--take-over", "-j", jobs_after,
                 *(part for place in [*net, "unix:web"]
                   for part in ("-l", place)))
    assert new.where == old.where
    crowd.until(100)
    assert old.stop() == 0
    crowd.until(200)
    assert os.path.exists("web")
    third = Server("--take-over", "-l", net[0], "-l", net[1], "-l", "unix:web")
    assert new.stop() == 0
    crowd.until(100)
    crowd.end()
    assert os.path.exists("web")
    assert third.stop() == 0
    assert not os.path.exists("web")


def heir_dies(number):
    """Then the old one goes on, and can be taken over again."""
    old = Server("-l", "127.0.0.1:0", "-l", "unix:web")
    options = ["--take-over", "-l", old.where[0].split("//")[1].rstrip("/"),
               "-l", "unix:" + os.path.abspath("web")]
    for _ in range(3):
        Server(*options).stop(int(number))
        assert status(old.where[0]) == 200
        assert status("unix:web") == 200
    new = Server(*options)
    newer = Server(*options)
    assert new.stop() == 0
    assert old.stop() == 0
    newest = Server(*options)
    assert newer.stop() == 0
    assert status(newest.where[0]) == 200
    assert status("unix:web") == 200
    assert newest.stop() == 0
    assert not os.path.exists("web")


def all_alive():
    """Three at once; the last one has all that the first ones had."""
    first = Server("-l", "127.0.0.1:0", "-j", "3")
    options = ["--take-over", "-l", first.where[0].split("//")[1].rstrip("/")]
    second = Server(*options, "-j", "5")
    third = Server(*options)
    crowd = Crowd(first.where[0])
    assert second.stop() == 0
    fourth = Server(*options, "-j", "2")
    crowd.until(50)
    assert first.stop() == 0
    crowd.until(50)
    assert third.stop() == 0
    crowd.until(50)
    crowd.end()
    assert fourth.stop() == 0


def shared_by_two():
    """Two servers on one socket that somebody else opened and keeps."""
    sock = socket.create_server(("127.0.0.1", 0))
    where = "127.0.0.1:%d" % sock.getsockname()[1]
    fd = "fd:%d" % sock.fileno()
    old = Server("-l", fd, pass_fds=[sock.fileno()])
    crowd = Crowd(where)
    for jobs in ("1", "3", "1"):
        new = Server("-l", fd, "-j", jobs, pass_fds=[sock.fileno()])
        crowd.until(50)
        assert old.stop() == 0
        crowd.until(50)
        old = new
    crowd.end()
    assert old.stop() == 0


def stranger_asks(where):
    """A process of another user gets nothing; we can be one if we are root."""
    uid = os.geteuid()
    for stranger in (False, True) if uid == 0 else (False,):
        if stranger:
            os.setgroups([])
            os.setresuid(65534, 65534, 65534)
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        sock.connect(f"\0chserve/{uid}/{where}")
        _, fds, _, _ = socket.recv_fds(sock, 4096, 70)
        assert bool(fds) != stranger, fds
        for fd in fds:
            os.close(fd)


# --- the service manager ---------------------------------------------------

def notified(where, status, *command):
    """What a service manager at that address hears, and from whom."""
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    manager.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
    manager.settimeout(TIMEOUT)
    manager.bind(where.replace("@", "\0", 1))
    # WATCHDOG_PID has to be its own: through a shell that execs.
    server = subprocess.Popen(
        ["sh", "-c", 'WATCHDOG_PID=$$ exec "$@"', "sh", *command],
        stdout=subprocess.DEVNULL, env={**os.environ, "NOTIFY_SOCKET": where,
                                        "WATCHDOG_USEC": "100000"})
    heard = []

    def hear(what):
        heard.clear()
        while not any(line.startswith(what) for line in heard):
            text, creds, _, _ = manager.recvmsg(4096, 64)
            assert struct.unpack("3i", creds[0][2])[0] == server.pid
            heard.extend(text.decode().split("\n"))
        return heard

    assert "READY=1" in hear("STATUS=" + status)
    hear("WATCHDOG=1")
    hear("WATCHDOG=1")
    server.send_signal(signal.SIGHUP)
    clock = hear("MONOTONIC_USEC=")[-1].split("=")[1]
    assert "RELOADING=1" in heard
    assert 0 <= time.monotonic_ns() / 1000 - int(clock) < 30e6
    hear("READY=1")
    server.send_signal(signal.SIGTERM)
    hear("STOPPING=1")
    assert server.wait(TIMEOUT) == 0


# --- the end ---------------------------------------------------------------

def idle_connection(where):
    """One that was answered, and may ask again."""
    sock = connect(where)
    ask(sock, close=False)
    head = b""
    while not head.endswith(b"</p>\n"):
        head += sock.recv(1 << 16)
    return sock


def finishes_a_request(where, path, size, *pids):
    """What is being sent when SIGTERM comes is sent to its end."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    sock.settimeout(TIMEOUT)
    host, port = where.split("//")[1].rstrip("/").split(":")
    sock.connect((host, int(port)))
    ask(sock, path)
    data = sock.recv(1000)
    idle = [idle_connection(where) for _ in range(20)]
    for pid in pids[:-1]:
        os.kill(int(pid), signal.SIGTERM)
    for other in idle if len(pids) > 1 else ():
        assert other.recv(1) == b""  # so all have heard it
    os.kill(int(pids[-1]), signal.SIGTERM)
    while True:
        try:
            connect(where).close()
        except (ConnectionRefusedError, ConnectionResetError):
            break
    data += read_all(sock)
    head, body = data.split(b"\r\n\r\n", 1)
    assert b" 200 " in head, head
    assert len(body) == int(size), len(body)


def first_request(where, pid):
    """Who had connected when SIGTERM came is answered, who idles is not."""
    idle = idle_connection(where)
    fresh = [connect(where) for _ in range(100)]
    os.kill(int(pid), signal.SIGTERM)
    assert idle.recv(1) == b""
    for sock in fresh:
        ask(sock, close=False)
    for sock in fresh:
        assert b" 200 " in read_all(sock)


def waiting_clients(where, pid):
    """Whom the kernel accepted before SIGTERM is answered."""
    os.kill(int(pid), signal.SIGSTOP)
    socks = [connect(where) for _ in range(100)]
    for sock in socks:
        ask(sock)
    os.kill(int(pid), signal.SIGTERM)
    os.kill(int(pid), signal.SIGCONT)
    for sock in socks:
        assert b" 200 " in read_all(sock)


def health_while_ending(where, admin, pid):
    """While what is in hand is finished, it is not well."""
    message = connect(where)
    ask(message, "/slow")
    line = subprocess.run(["chrecv", "-c", "1", "-t", "60", "http.request"],
                          check=True, stdout=subprocess.PIPE).stdout
    visit = connect(admin)
    visit.sendall(b"GET /health HTTP/1.1\r\n")
    os.kill(int(pid), signal.SIGTERM)
    while True:
        try:
            connect(where).close()
        except (ConnectionRefusedError, ConnectionResetError):
            break
    visit.sendall(b"Host: localhost\r\n\r\n")
    head, body = read_all(visit).split(b"\r\n\r\n", 1)
    assert b" 503 " in head and body == b"stopping\n", (head, body)
    subprocess.run(["chsend", json.loads(line)["reply_channel"],
                    "status:=200", "content=late"], check=True)
    assert read_all(message).endswith(b"late")


def terminal_goes():
    """A server whose terminal is closed ends, as other programs do."""
    pid, master = pty.fork()
    if not pid:
        os.execvp("chserve", ["chserve", "-l", "127.0.0.1:0"])
    said = b""
    while b"listening" not in said or not said.endswith(b"\n"):
        said += os.read(master, 1000)
    os.close(master)
    _, how = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(how) == 0, how


if __name__ == "__main__":
    globals()[sys.argv[1]](*ARGS)
