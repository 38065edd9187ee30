"""A man in the middle who loses, repeats and cuts off what clients and a daemon say to each other."""

import contextlib
import os
import random
import socket
import struct
import threading

from .rpc import connect


def seed():
    """$TEST_SEED, or a random number, and it is printed: with the same one the same harm is done."""
    number = int(os.environ.get("TEST_SEED") or random.randrange(2**32))
    print(f"TEST_SEED={number}")
    return number


class Proxy:
    """Passes messages of the SP protocol between clients and a daemon, both on unix sockets, and does harm to three in seven
    of them: a message is lost with its connection, the connection is cut behind it, or it comes twice."""

    def __init__(self, target, path, chance):
        self.target, self.chance, self.faults = target, chance, 0
        self.url = f"ipc://{path}"
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        try:
            daemon = connect(self.target, 0.5)
        except (OSError, AssertionError):
            client.close()
            return
        daemon.settimeout(None)
        other = threading.Thread(target=self._pass, args=(daemon, client, False), daemon=True)
        other.start()
        self._pass(client, daemon, True)
        other.join()
        client.close()
        daemon.close()

    def _pass(self, source, sink, is_request):
        try:
            sink.sendall(read(source, 8))
            while True:
                head = read(source, 9)
                message = head + read(source, struct.unpack(">Q", head[1:])[0])
                if not self._harm(message, sink, is_request):
                    break
        except (OSError, EOFError):
            pass
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _harm(self, message, sink, is_request):
        """False: the connection is cut here."""
        fault = self.chance.choice(["none", "none", "none", "none", "lost", "late cut", "twice"])
        self.faults += fault != "none"
        if fault == "lost":
            return False
        sink.sendall(message)
        if fault == "twice":
            sink.sendall(message)
        return fault != "late cut"

    def close(self):
        self.listener.close()


def read(link, length):
    data = b""
    while len(data) < length:
        part = link.recv(length - len(data))
        if not part:
            raise EOFError
        data += part
    return data
