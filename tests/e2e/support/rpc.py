"""A client made from docs/protocol.md alone: SP framing over a socket, Call and Reply inside."""

import socket
import struct

from . import messages, wait

PREFIX = "/progress.v1.ProgressTrackerService/"
HANDSHAKE = b"\0SP\0" + struct.pack(">HH", 0x30, 0)


class Refused(Exception):
    """The service answered with an error."""

    def __init__(self, reply):
        super().__init__(f"{reply.code} {reply.reason}: {reply.message}")
        self.code, self.reason, self.text = reply.code, reply.reason, reply.message


def _has_connected(link, path):
    try:
        link.connect(path)
        return True
    except BlockingIOError:  # its queue is full
        return False


def connect(url, seconds=10):
    """A connected socket of ipc://PATH or tcp://HOST:PORT."""
    kind, _, rest = url.partition("://")
    if kind == "ipc":
        link = socket.socket(socket.AF_UNIX)
        link.setblocking(False)
        wait.until(lambda: _has_connected(link, rest), f"{url} accepts a connection", seconds)
        link.settimeout(seconds)
    else:
        host, _, port = rest.rpartition(":")
        link = socket.create_connection((host, int(port)), seconds)
    return link


class Client:
    """One connection; calls one at a time, or send and receive apart."""

    def __init__(self, url, seconds=30, token=None):
        self.token = token
        self.is_ipc = url.startswith("ipc:")
        self.link = connect(url, seconds)
        self.link.settimeout(seconds)
        self.link.sendall(HANDSHAKE)
        assert self._read(8)[:4] == b"\0SP\0"
        self.number = 0x80000000

    def close(self):
        self.link.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _read(self, length):
        data = b""
        while len(data) < length:
            part = self.link.recv(length - len(data))
            if not part:
                raise ConnectionError("the service closed the connection")
            data += part
        return data

    def send_bytes(self, body):
        """Sends a request of any bytes; returns its number."""
        self.number += 1
        frame = struct.pack(">I", self.number) + body
        head = (b"\1" if self.is_ipc else b"") + struct.pack(">Q", len(frame))
        self.link.sendall(head + frame)
        return self.number

    def receive_bytes(self):
        """(request number, body) of the next reply."""
        if self.is_ipc:
            assert self._read(1) == b"\1"
        length = struct.unpack(">Q", self._read(8))[0]
        frame = self._read(length)
        return struct.unpack(">I", frame[:4])[0], frame[4:]

    def send(self, method, request):
        authorization = f"Bearer {self.token}" if self.token else ""
        frame = messages.rpc.Call(method=PREFIX + method, request=request.SerializeToString(), authorization=authorization)
        return self.send_bytes(frame.SerializeToString())

    def receive(self):
        number, body = self.receive_bytes()
        return number, messages.rpc.Reply.FromString(body)

    def reply(self, method, **fields):
        """Calls a method and returns the Reply with the opened response as a second value (None on an error)."""
        request = getattr(messages.service, method + "Request")(**fields)
        number = self.send(method, request)
        got, reply = self.receive()
        assert got == number
        if reply.code != 0:
            return reply, None
        return reply, getattr(messages.service, method + "Response").FromString(reply.response)

    def call(self, method, **fields):
        """Calls a method and returns its response; raises Refused."""
        reply, response = self.reply(method, **fields)
        if response is None:
            raise Refused(reply)
        return response
