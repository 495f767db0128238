"""Talks through a WebSocket: wspeer.py URL PATH TEXT...

Sends the texts, prints what comes, a line each, and at last the close code.
"""
import sys

from wsraw import CLOSE, TEXT, Socket, frame

sock = Socket(sys.argv[1])
sock.ask(sys.argv[2])
assert sock.read_head()[0] == 101
for text in sys.argv[3:]:
    sock.send(frame(TEXT, text.encode()))
while True:
    opcode, payload = sock.read_frame()
    if opcode == CLOSE:
        break
    print(payload.decode())
print("closed", int.from_bytes(payload[:2], "big"))
