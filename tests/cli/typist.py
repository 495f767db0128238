"""typist.py COMMAND [ARG...]: runs it on a terminal of its own.

Each line of standard input is "PROMPT<tab>KEYS": when the prompt has come, the
keys are typed (\\r, \\3 and the like mean what they do in Python). What the
terminal showed goes to standard output, and the status is the command's.
"""
import os
import pty
import sys

steps = [line.rstrip("\n").split("\t") for line in sys.stdin]
pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
shown = at = b""
while True:
    while steps and steps[0][0].encode() in at:
        at = at.split(steps[0][0].encode(), 1)[1]
        os.write(fd, steps.pop(0)[1].encode().decode("unicode_escape").encode())
    try:
        more = os.read(fd, 1000)
    except OSError:
        break
    if not more:
        break
    shown += more
    at += more
status = os.waitpid(pid, 0)[1]
sys.stdout.write(shown.decode().replace("\r\n", "\n"))
sys.exit(os.waitstatus_to_exitcode(status) % 256)
