"""Cases of chserve_listen.bats: listencases.py CASE ARGUMENT...

Clients that bash and curl are not: of unix sockets, of many connections at
once, of connections that stay.
"""
import json
import os
import pty
import signal
import socket
import subprocess
import sys

ARGS = sys.argv[2:]
TIMEOUT = 30


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
        sock.sendall(b"GET /x HTTP/1.1\r\nHost: any.example\r\n"
                     b"Upgrade: websocket\r\nConnection: Upgrade\r\n"
                     b"Sec-WebSocket-Version: 13\r\n"
                     b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")
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
    calls = subprocess.run(
        ["strace", "-f", "-e", "trace=umask,bind,chmod,fchmodat,listen,"
         "fchownat,connect", *command], stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=60).stderr.splitlines()
    at = next(i for i, c in enumerate(calls) if "bind(" in c and path in c)
    assert "umask(0177)" in calls[at - 1], calls
    assert "umask(" in calls[at + 1], calls
    names = [c.split("(")[0].split()[-1] for c in calls[at + 2:]]
    assert names.index("chmod") < names.index("listen"), calls
    if "fchownat" in names:
        assert names.index("fchownat") < names.index("chmod"), calls


# --- the end ---------------------------------------------------------------

def finishes_a_request(where, pid, path, size):
    """What is being sent when SIGTERM comes is sent to its end."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    sock.settimeout(TIMEOUT)
    host, port = where.split("//")[1].rstrip("/").split(":")
    sock.connect((host, int(port)))
    ask(sock, path)
    data = sock.recv(1000)
    os.kill(int(pid), signal.SIGTERM)
    while True:
        try:
            connect(where).close()
        except ConnectionRefusedError:
            break
    data += read_all(sock)
    head, body = data.split(b"\r\n\r\n", 1)
    assert b" 200 " in head, head
    assert len(body) == int(size), len(body)


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
