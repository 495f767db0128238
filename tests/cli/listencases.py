"""Cases of chserve_listen.bats: listencases.py CASE ARGUMENT...

Clients that bash and curl are not: of unix sockets, of many connections at
once, of connections that stay.
"""
import os
import pty
import signal
import socket
import subprocess
import sys
import tempfile

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
