"""Conformance of an echo to RFC 6455 and RFC 7692: wsconform.py GROUP URL.

Every case is strict: exactly the frames that are expected, then exactly the
close. Data goes through a consumer and comes back, so what is echoed has
passed the whole server twice.
"""
import sys
import time
import zlib

from wsraw import BINARY, CLOSE, PING, PONG, TEXT, Socket, frame

URL = sys.argv[2]
CONT = 0


def connect(*fields):
    sock = Socket(URL, timeout=60)
    sock.ask("/", *fields)
    status, head = sock.read_head()
    assert status == 101, status
    return sock, head


def expect(sock, *frames):
    for want in frames:
        got = sock.read_frame()
        assert got == want, (got[0], got[1][:60], want[0], want[1][:60])


def close(sock, payload=b"\x03\xe8", answer=None):
    """Close; it is answered, and nothing else comes."""
    sock.send(frame(CLOSE, payload))
    expect(sock, (CLOSE, payload if answer is None else answer))
    assert sock.at_end(), "more came after the close"
    sock.close()


def fails(sock, code, after=()):
    """What was sent makes the server fail the connection, and end it."""
    expect(sock, *after)
    start = time.monotonic()
    opcode, payload = sock.read_frame()
    assert opcode == CLOSE, (opcode, payload[:60])
    assert payload[:2] == code.to_bytes(2, "big"), (payload, code)
    assert sock.at_end(), "more came after the close"
    assert time.monotonic() - start < 1, "the connection stays"
    sock.close()


def echoes(sent, *frames):
    sock, _ = connect()
    for piece in sent if isinstance(sent, list) else [sent]:
        sock.send(piece)
    expect(sock, *frames)
    close(sock)


def refuses(sent, code=1002):
    sock, _ = connect()
    sock.send(sent)
    fails(sock, code)


def chopped(data, size):
    return [data[i:i + size] for i in range(0, len(data), size)]


# --- the groups ------------------------------------------------------------

def framing():
    for opcode, byte in ((TEXT, b"*"), (BINARY, b"\xfe")):
        for n in (0, 1, 125, 126, 127, 128, 65535, 65536, 70000):
            payload = byte * n
            echoes(frame(opcode, payload), (opcode, payload))
        payload = byte * 65536
        echoes(chopped(frame(opcode, payload), 997), (opcode, payload))
    sock, _ = connect()
    for n in range(130):
        sock.send(frame(TEXT, "x" * n, mask=bytes([n, 0, 255, 7])))
        expect(sock, (TEXT, b"x" * n))
    sock.send(frame(TEXT, "x", mask=b"\0\0\0\0"))
    expect(sock, (TEXT, b"x"))
    close(sock)
    # Lengths in more bytes than they need are lengths all the same.
    sock, _ = connect()
    sock.send(b"\x81\xfe\x00\x01\0\0\0\0a" +
              b"\x81\xff\0\0\0\0\0\0\0\x01\0\0\0\0b")
    expect(sock, (TEXT, b"a"), (TEXT, b"b"))
    close(sock)
    refuses(b"\x82\xff\x80\0\0\0\0\0\0\x01\0\0\0\0a")
    refuses(frame(TEXT, "x", mask=None))


def pings():
    for payload in (b"", b"hello", b"\0\xff\xfe\xfd\xfc\0", b"\xfe" * 125):
        echoes(frame(PING, payload), (PONG, payload))
        echoes(chopped(frame(PING, payload), 1), (PONG, payload))
    refuses(frame(PING, b"\xfe" * 126))
    refuses(frame(PING, b"", fin=False))
    for payload in (b"", b"unsolicited"):
        echoes(frame(PONG, payload) + frame(PING, "p"), (PONG, b"p"))
    ten = [b"payload-%d" % n for n in range(10)]
    data = b"".join(frame(PING, p) for p in ten)
    for sent in ([data], chopped(data, 1)):
        echoes(sent, *((PONG, p) for p in ten))


def reserved():
    for rsv in range(1, 8):
        refuses(frame(TEXT, "hello", rsv=rsv))
        refuses(frame(BINARY, b"\xff", rsv=rsv))
        refuses(frame(PING, "p", rsv=rsv))
        refuses(frame(CLOSE, b"\x03\xe8", rsv=rsv))
        refuses(frame(TEXT, "a", fin=False) + frame(CONT, "b", rsv=rsv))
        sock, _ = connect()
        sock.send(frame(TEXT, "first"))
        expect(sock, (TEXT, b"first"))
        for byte in frame(TEXT, "second", rsv=rsv):
            try:
                sock.send(bytes([byte]))
            except OSError:
                break
        fails(sock, 1002)


def opcodes():
    for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15):
        refuses(frame(opcode))
        refuses(frame(opcode, "payload"))
        refuses(frame(opcode, "payload", fin=False))
        sock, _ = connect()
        sock.send(frame(TEXT, "before"))
        expect(sock, (TEXT, b"before"))
        sock.send(frame(opcode, "payload") + frame(PING))
        fails(sock, 1002)


def fragmentation():
    for kind in (PING, PONG, CLOSE):
        refuses(frame(kind, b"\x03\xe8", fin=False))
        refuses(frame(kind, b"\x03\xe8", fin=False) +
                frame(CONT, "fragment2"))
    for opcode in (TEXT, BINARY):
        parts = [frame(opcode, "fragment1", fin=False),
                 frame(CONT, "fragment2", fin=False), frame(CONT, "fragment3")]
        whole = (opcode, b"fragment1fragment2fragment3")
        echoes(b"".join(parts), whole)
        echoes(parts, whole)
        echoes(chopped(b"".join(parts), 1), whole)
        for at in (1, 2):
            sent = parts[:at] + [frame(PING, "ping")] + parts[at:]
            echoes(b"".join(sent), (PONG, b"ping"), whole)
            echoes(chopped(b"".join(sent), 1), (PONG, b"ping"), whole)
        empty = [frame(opcode, "", fin=False), frame(CONT, "", fin=False),
                 frame(CONT, "")]
        echoes(b"".join(empty), (opcode, b""))
        echoes([empty[0], frame(CONT, "x", fin=False), empty[2]],
               (opcode, b"x"))
        refuses(frame(opcode, "a", fin=False) + frame(opcode, "b"))
        refuses(frame(opcode, "a", fin=False) + frame(TEXT, "b", fin=False))
    for fin in (True, False):
        refuses(frame(CONT, "of nothing", fin=fin))
        refuses(frame(CONT, "of nothing", fin=fin) + frame(TEXT, "x"))
    sock, _ = connect()
    sock.send(frame(TEXT, "a", fin=False) + frame(CONT, "b"))
    expect(sock, (TEXT, b"ab"))
    sock.send(frame(CONT, "of nothing"))
    fails(sock, 1002)


def utf8():
    good = ["", "\0", "\x7f", "\u0080", "\u07ff", "\u0800", "\ud7ff",
            "\ue000", "\ufffd", "\ufffe", "\uffff", "\U00010000",
            "\U0001fffe", "\U0010fffe", "\U0010ffff",
            "Hello-\u00b5@\u00df\u00f6\u00e4\u00fc\u00e0\u00e1-UTF-8!!",
            "\u03ba\u1f79\u03c3\u03bc\u03b5", "\U0001f468\u200d\U0001f469"]
    sock, _ = connect()
    for text in good:
        data = text.encode()
        sock.send(frame(TEXT, data))
        expect(sock, (TEXT, data))
        for size in (1, 2, 3):
            parts = chopped(data, size) or [b""]
            sock.send(frame(TEXT, b"", fin=False) + b"".join(
                frame(CONT, part, fin=False) for part in parts) + frame(CONT))
            expect(sock, (TEXT, data))
    close(sock)
    prefix = "\u03ba\u1f79\u03c3\u03bc\u03b5".encode()
    for data in (b"\x80", b"\xbf", b"\x80\xbf", b"\xc0\x80", b"\xc1\xbf",
                 b"\xc2", b"\xc2\x20", b"\xdf", b"\xe0\x80\x80",
                 b"\xe0\x9f\xbf", b"\xe0\xa0", b"\xed\xa0\x80",
                 b"\xed\xad\xbf", b"\xed\xae\x80", b"\xed\xbf\xbf",
                 b"\xed\xa0\x80\xed\xb0\x80", b"\xef\xbf", b"\xf0\x80\x80\x80",
                 b"\xf0\x8f\xbf\xbf", b"\xf0\x90\x80", b"\xf4\x90\x80\x80",
                 b"\xf5\x80\x80\x80", b"\xf7\xbf\xbf\xbf",
                 b"\xf8\x88\x80\x80\x80", b"\xfc\x84\x80\x80\x80\x80",
                 b"\xfe", b"\xff", b"\xfe\xfe\xff\xff", b"\xe0\x80\x41"):
        for before in (b"", prefix):
            refuses(frame(TEXT, before + data), 1007)
            refuses(b"".join([frame(TEXT, before, fin=False)] + [
                frame(CONT, data[i:i + 1], fin=False)
                for i in range(len(data))]) + frame(CONT), 1007)
        echoes(frame(BINARY, data), (BINARY, data))
    # As soon as it can be known: nothing more is sent.
    for part in (b"\xf4\x90", b"\xf4\x90\x80", b"\xed\xa0", b"\xe0\x9f",
                 b"\xf0\x8f", b"\xc0", b"\xf5", b"\xff", b"\x80"):
        refuses(frame(TEXT, prefix, fin=False) +
                frame(CONT, part, fin=False), 1007)
        whole = frame(TEXT, prefix + part + b"edited" * 100)
        refuses(whole[:len(whole) - 600], 1007)


def closing():
    close(connect()[0], b"")
    for n in (0, 1, 122, 123):
        close(connect()[0], b"\x03\xe8" + b"*" * n)
    close(connect()[0], b"\x03\xe8" + "\u20ac".encode() * 41)
    for payload in (b"\x03", b"\x03\xe8" + b"*" * 124):
        refuses(frame(CLOSE, payload))
    for reason in (b"\xff", b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5"
                   b"\xed\xa0\x80\x65", b"\xe2\x82"):
        refuses(frame(CLOSE, b"\x03\xe8" + reason), 1007)
    for code in (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000,
                 3999, 4000, 4999):
        close(connect()[0], code.to_bytes(2, "big"))
        close(connect()[0], code.to_bytes(2, "big") + b"reason")
    for code in (0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999,
                 5000, 65535):
        refuses(frame(CLOSE, code.to_bytes(2, "big")))
        refuses(frame(CLOSE, code.to_bytes(2, "big") + b"reason"))
    # Nothing counts behind a close.
    for more in (frame(TEXT, "x"), frame(PING, "x"), frame(CLOSE, b"\x03\xe9"),
                 frame(3, "x"), b"\xff" * 100):
        sock, _ = connect()
        sock.send(frame(CLOSE, b"\x03\xe8") + more)
        expect(sock, (CLOSE, b"\x03\xe8"))
        assert sock.at_end()
    sock, _ = connect()
    sock.send(frame(TEXT, "fragment", fin=False) + frame(CLOSE, b"\x03\xe8"))
    expect(sock, (CLOSE, b"\x03\xe8"))
    assert sock.at_end()


def limits():
    """The store takes messages of 24 MiB as JSON."""
    mib = 1 << 20
    for opcode, byte in ((TEXT, b"*"), (BINARY, b"\xfe")):
        for n in (mib // 16, mib // 4, mib, 4 * mib, 16 * mib):
            payload = byte * n
            echoes(frame(opcode, payload), (opcode, payload))
        payload = byte * (4 * mib)
        for size in (1024, 65536, mib):
            parts = chopped(payload, size)
            echoes(b"".join([frame(opcode, parts[0], fin=False)] + [
                frame(CONT, part, fin=False) for part in parts[1:-1]] +
                [frame(CONT, parts[-1])]), (opcode, payload))
        payload = byte * mib
        for size in (64, 256, 2048):
            echoes(chopped(frame(opcode, payload), size), (opcode, payload))
        sock, _ = connect()
        for n in (0, 16, 64, 256, 1024, 4096):
            for _ in range(200):
                sock.send(frame(opcode, byte * n))
                expect(sock, (opcode, byte * n))
        close(sock)
        sock, _ = connect()
        try:
            sock.send(frame(opcode, byte * (25 * mib)))
        except OSError:
            pass
        fails(sock, 1009)


# --- compression -----------------------------------------------------------

PMD = "permessage-deflate"
TEXTS = ["{\"id\": %d, \"name\": \"caf\u00e9 %d\"}" % (n, n * 7919 % 1000)
         for n in range(20000)]


class Deflate:
    """The client's side, for what was agreed."""

    def __init__(self, sock, answer, bits, level):
        names = dict((part.strip().split("=") + [""])[:2]
                     for part in answer.split(";"))
        assert PMD in names, answer
        assert "client_no_context_takeover" in names, answer
        assert "server_no_context_takeover" in names, answer
        self.window = int(names.get("server_max_window_bits", 15))
        assert self.window <= bits, answer
        self.sock, self.level = sock, level

    def send(self, opcode, data, fragment):
        packer = zlib.compressobj(self.level, wbits=-15)
        packed = packer.compress(data) + packer.flush(zlib.Z_SYNC_FLUSH)
        parts = chopped(packed[:-4], fragment or len(packed)) or [b""]
        for i, part in enumerate(parts):
            self.sock.send(frame(CONT if i else opcode, part,
                                 fin=i == len(parts) - 1, rsv=0 if i else 4))

    def read(self):
        first = self.sock.read(1)[0]
        self.sock.pending = bytes([first & ~0x40]) + self.sock.pending
        opcode, payload = self.sock.read_frame()
        if not first & 0x40:
            return opcode, payload
        unpacker = zlib.decompressobj(wbits=-max(self.window, 9))
        return opcode, unpacker.decompress(payload + b"\0\0\xff\xff")


def compression():
    text = "\n".join(TEXTS).encode()
    noise = zlib.compress(text * 4, 9) * 2
    for offer, bits in (
            (PMD, 15), (PMD + "; client_max_window_bits", 15),
            (PMD + "; server_no_context_takeover", 15),
            (PMD + "; client_no_context_takeover", 15),
            (PMD + "; server_max_window_bits=9", 9),
            (PMD + "; server_max_window_bits=15", 15),
            (PMD + "; server_no_context_takeover; server_max_window_bits=9"
             "; client_max_window_bits=9", 9),
            (PMD + "; server_no_context_takeover; server_max_window_bits=8",
             8), (PMD + "; unknown, " + PMD + "; server_max_window_bits=12",
                  12)):
        sock, head = connect("Sec-WebSocket-Extensions: " + offer)
        level = 6
        codec = Deflate(sock, head["sec-websocket-extensions"], bits, level)
        for n in (0, 16, 64, 256, 1024, 8192, 65536, 131072):
            for fragment in (0, 256, 4096):
                for data, opcode in ((text, TEXT), (noise, BINARY)):
                    data = data[:n]
                    if opcode == TEXT:
                        data = data.decode(errors="ignore").encode()
                    codec.send(opcode, data, fragment)
                    got = codec.read()
                    assert got == (opcode, data), (offer, n, got[0])
        close(sock)


if __name__ == "__main__":
    globals()[sys.argv[1]]()
