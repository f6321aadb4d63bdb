"""Messages between the grader and a process it does not trust: JSON, each after its length."""

import json
import socket
import struct

LONGEST = 4_000_000  # bytes: an answer must not fill the grader's memory


class Lost(Exception):
    "The other side has ended, or says what makes no sense."


class Pad:
    """Random bytes that both sides got before the answer ran. What comes later is hidden by them: an answer that
    reads the process's sockets learns nothing."""

    def __init__(self, key: bytes):
        self.key, self.used = key, 0

    def apply(self, data: bytes) -> bytes:
        part = self.key[self.used : self.used + len(data)]
        if len(part) < len(data):
            raise ValueError("the pad is used up: make it longer")
        self.used += len(data)
        return bytes(a ^ b for a, b in zip(data, part, strict=True))


class Wire:
    def __init__(self, sock: socket.socket):
        self.sock = sock

    def send_bytes(self, data: bytes):
        self.sock.sendall(struct.pack("!I", len(data)) + data)

    def send(self, message: dict, pad: Pad | None = None):
        data = json.dumps(message).encode()
        self.send_bytes(pad.apply(data) if pad else data)

    def receive_bytes(self) -> bytes:
        size = struct.unpack("!I", self.exactly(4))[0]
        if size > LONGEST:
            raise Lost("a message too long")
        return self.exactly(size)

    def receive(self, pad: Pad | None = None) -> dict:
        data = self.receive_bytes()
        try:
            message = json.loads(pad.apply(data) if pad else data)
        except ValueError as error:
            raise Lost("a message that makes no sense") from error
        if not isinstance(message, dict):
            raise Lost("a message that makes no sense")
        return message

    def exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            more = self.sock.recv(min(size - len(data), 1 << 20))
            if not more:
                raise Lost("the process ended")
            data += more
        return data
