"""gateway.py: an HTTP server that others post to, on a free port.

Prints its URL, then each request as a line of JSON: path, headers, body. What
it answers is told by the path: /status/503 that status; /later/N/200 refuses N
times with 503, then that; /slow never; /echo the body; /long more than is
wanted; anything else 200 and a word. With a certificate and a key as operands
it speaks TLS.
"""
import json
import ssl
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

lock = threading.Lock()
refused = {}


class Gateway(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with lock:
            print(json.dumps({"path": self.path, "body": body.decode(),
                              "headers": {k.lower(): v for k, v in
                                          self.headers.items()}}), flush=True)
        parts = self.path.split("?")[0].split("/")
        kind = parts[1]
        if kind == "slow":
            threading.Event().wait(120)
        if kind == "status":
            self.answer(int(parts[2]), b"no\n")
        elif kind == "later":
            with lock:
                n = refused[self.path] = refused.get(self.path, 0) + 1
            self.answer(200 if n > int(parts[2]) else 503, b"done")
        elif kind == "echo":
            self.answer(200, body)
        elif kind == "long":
            self.answer(200, b"x" * 3000000)
        else:
            self.answer(200, b"ok\n")

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Type", "text/x-answer")
        self.send_header("Content-Length", str(len(body)))
        if "again" in self.path:
            self.send_header("Retry-After", "1")
        if 300 <= status < 400:
            self.send_header("Location", "/elsewhere")
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            pass

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Gateway)
server.daemon_threads = True
scheme = "http"
if len(sys.argv) > 2:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[1], sys.argv[2])
    server.socket = context.wrap_socket(server.socket, server_side=True)
    scheme = "https"
print("%s://localhost:%d" % (scheme, server.server_port), flush=True)
server.serve_forever()
