"""Many connections to one daemon in one thread: docs/protocol.md over asyncio."""

import asyncio
import contextlib
import struct

from support import messages
from support.rpc import HANDSHAKE, PREFIX

UNAVAILABLE = 14
PAUSE_S = 0.002

Lost = (OSError, asyncio.IncompleteReadError)  # the daemon, or the connection to it, has ended


class Link:
    """One connection to a unix socket. Calls are answered in any order."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer
        self.number = 0x80000000
        self.early = {}  # answers that came before they were asked for, by number

    @classmethod
    async def open(cls, path):
        reader, writer = await asyncio.open_unix_connection(path)
        link = cls(reader, writer)
        writer.write(HANDSHAKE)
        try:
            await reader.readexactly(8)
        except Lost:
            link.drop()
            raise
        return link

    def send(self, method, **fields):
        """Returns the number that receive wants."""
        request = getattr(messages.service, method + "Request")(**fields)
        call = messages.rpc.Call(method=PREFIX + method, request=request.SerializeToString()).SerializeToString()
        self.number += 1
        self.writer.write(struct.pack(">BQI", 1, len(call) + 4, self.number) + call)
        return self.number

    async def receive(self, number):
        """The Reply to the request of that number."""
        while number not in self.early:
            head = await self.reader.readexactly(13)
            length, got = struct.unpack(">xQI", head)
            self.early[got] = messages.rpc.Reply.FromString(await self.reader.readexactly(length - 4))
        return self.early.pop(number)

    def drop(self):
        self.writer.transport.abort()


class Caller:
    """Somebody who calls, through lost connections and new daemons. `reign` says which daemon there is."""

    def __init__(self, reign):
        self.reign = reign
        self.link = None
        self.generation = 0  # the daemon on the other side is of this one, or of a later one

    async def connect(self):
        while self.link is None:
            self.generation = self.reign.generation
            try:
                self.link = await Link.open(self.reign.path)
            except Lost:
                await asyncio.sleep(PAUSE_S)
        return self.link

    def drop(self):
        if self.link is not None:
            self.link.drop()
        self.link = None

    async def insist(self, method, **fields):
        """Sends it again until it is answered: the Reply."""
        while True:
            link = await self.connect()
            with contextlib.suppress(*Lost):
                reply = await link.receive(link.send(method, **fields))
                if reply.code != UNAVAILABLE:
                    return reply
            self.drop()
            await asyncio.sleep(PAUSE_S)


def response_of(method, reply):
    return getattr(messages.service, method + "Response").FromString(reply.response)
