"""Bytes that no well-behaved library would send: protobuf by hand, and frames by hand."""

import select
import socket
import struct

from . import messages, rpc, wait


def varint(number):
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def field(number, content):
    """A length-delimited field."""
    return varint(number << 3 | 2) + varint(len(content)) + content


def call_bytes(method, request):
    """A Call whose request is any bytes."""
    return messages.rpc.Call(method=rpc.PREFIX + method, request=request).SerializeToString()


def ask_bytes(client, body):
    """Sends a request of any bytes and returns the Reply."""
    number = client.send_bytes(body)
    got, reply = client.receive()
    assert got == number
    return reply


def head(url, length):
    """What stands before a message of `length` bytes."""
    return (b"\1" if url.startswith("ipc:") else b"") + struct.pack(">Q", length)


def shake_hands(url, kind=0x30):
    """A connected socket after the handshake, as REQ (0x30) or SUB (0x21)."""
    link = rpc.connect(url)
    link.sendall(b"\0SP\0" + struct.pack(">HH", kind, 0))
    assert link.recv(8)[:4] == b"\0SP\0"
    return link


def is_dropped(link):
    """Whether the other side has closed the connection; reads nothing."""
    poll = select.poll()
    poll.register(link, select.POLLRDHUP)
    return bool(poll.poll(0))


def wait_until_dropped(link):
    wait.until(lambda: is_dropped(link), "the connection is closed")


def close_with_reset(link):
    """FIN, then RST."""
    link.shutdown(socket.SHUT_WR)
    link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    link.close()
