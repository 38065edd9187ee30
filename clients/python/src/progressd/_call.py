"""One call from its request to its answer: when it is sent, when it is sent again, and when it is given up.

A call is repeated until its deadline when the connection is lost or when the service says that it is not available just
now. `steps` says what to do next; the channel and the asyncio channel do it, each in its own way.
"""

from __future__ import annotations

import math
import time
from collections.abc import Generator, Iterable
from dataclasses import dataclass
from typing import Any, Union

import grpc
from google.protobuf.message import DecodeError, Message

from ._connection import Connection, closed_error
from ._line import End
from .errors import RpcError, reason_error, reply_error, status_code
from .gen.progress.rpc.v1 import rpc_pb2

REQUEST_BYTES_MAX = 1 << 20
PAUSE_MIN_S = 0.01
PAUSE_MAX_S = 1.0
WAIT_DEFAULT_S = 30.0  # of requests that wait, when they do not say how long
WAIT_MAX_S = 300.0
TIMEOUT_MAX_MS = 2**31 - 1


@dataclass
class Connect:
    """Wait until there is a connection; with `failures`, or until more attempts than so many have failed."""

    seconds: float
    failures: int | None


@dataclass
class Exchange:
    """Send the body and wait for its answer."""

    body: bytes
    seconds: float


@dataclass
class Pause:
    """Let time pass."""

    seconds: float


Step = Union[Connect, Exchange, Pause]
Steps = Generator[Step, "tuple[End, bytes]", "tuple[Any, rpc_pb2.Reply]"]


@dataclass
class Settings:
    """What the calls of a channel share."""

    timeout: float | None  # for each call; None: none
    fail_fast: bool
    authorization: str


@dataclass
class Method:
    """One method of the generated stub."""

    name: str
    serialize: Any
    deserialize: Any


def wait_of(request: Any) -> float | None:
    """Say how long the service may wait before it answers; None: the request is not one that waits."""
    if not isinstance(request, Message) or "timeout" not in request.DESCRIPTOR.fields_by_name:
        return None
    if not request.HasField("timeout"):
        return WAIT_DEFAULT_S
    timeout: Any = getattr(request, "timeout")  # noqa: B009 # its class is any that has it
    seconds: float = timeout.seconds + timeout.nanos / 1e9
    return max(0.0, min(seconds, WAIT_MAX_S))


class Call:
    """A call that is under way, or about to be."""

    def __init__(
        self,
        connection: Connection,
        settings: Settings,
        method: Method,
        request: Any,
        timeout: float | None = None,
        metadata: Iterable[tuple[str, str | bytes]] | None = None,
        wait_for_ready: bool | None = None,
    ) -> None:
        self.connection, self.method, self.request = connection, method, request
        self.is_cancelled = False
        self._fail_fast = settings.fail_fast if wait_for_ready is None else not wait_for_ready
        self._wait = wait_of(request)
        now = time.monotonic()
        self._wait_until = now + (self._wait or 0)
        if timeout is None and settings.timeout is not None:
            timeout = settings.timeout + (self._wait or 0)
        self.deadline = math.inf if timeout is None else now + timeout
        self._frame = rpc_pb2.Call(method=method.name, authorization=settings.authorization)
        for key, value in metadata or ():
            text = value.decode() if isinstance(value, bytes) else value
            if key.lower() == "authorization":
                self._frame.authorization = text
            else:
                self._frame.metadata[key.lower()] = text
        self._sent = 0
        self._pause = 0.0

    def time_left(self) -> float:
        """Give the seconds until the deadline; infinite: there is none."""
        return self.deadline - time.monotonic()

    def _body(self) -> bytes:
        """Pack the frame. A request that waits, sent again, says how long it waits from now."""
        request = self.request
        if self._wait is not None and self._sent > 0:
            request = type(request)()
            request.CopyFrom(self.request)
            request.timeout.FromMilliseconds(max(0, int((self._wait_until - time.monotonic()) * 1000)))
        self._frame.request = self.method.serialize(request)
        if len(self._frame.request) > REQUEST_BYTES_MAX:
            raise reason_error(
                grpc.StatusCode.RESOURCE_EXHAUSTED,
                "REQUEST_TOO_LARGE",
                f"{self.method.name}: the request has {len(self._frame.request)} bytes, allowed are {REQUEST_BYTES_MAX}",
            )
        left = self.time_left()
        self._frame.timeout_ms = 0 if left == math.inf else max(1, min(int(left * 1000), TIMEOUT_MAX_MS))
        return self._frame.SerializeToString()

    def steps(self) -> Steps:
        """Say step by step what to do; return the response and the frame that it came in.

        :raises RpcError: the call has failed.
        """
        unavailable: RpcError | None = None
        while True:
            end, answer = yield from self._attempt()
            if self.is_cancelled:
                raise reason_error(
                    grpc.StatusCode.CANCELLED, "CANCELLED", f"{self.method.name}: cancelled by the caller"
                )
            if end is End.DONE:
                reply = self._open(answer)
                if status_code(reply.code) is not grpc.StatusCode.UNAVAILABLE:
                    return self._response(reply), reply
                unavailable = reply_error(reply)
                if self._fail_fast:
                    raise unavailable
            elif end not in (End.LOST, End.UNSENT):
                raise self._give_up(end, unavailable)
            if end is End.DONE or (end is End.LOST and self._sent > 1):
                # The next attempt waits for the connection, but a service that drops each call must not be asked in a
                # busy loop.
                yield from self._pause_between()

    def _attempt(self) -> Generator[Step, tuple[End, bytes], tuple[End, bytes]]:
        if not self.connection.presence.is_up or self.time_left() <= 0:
            failures = self.connection.failures_to_begin_with() if self._fail_fast else None
            end, _ = yield Connect(max(0.0, self.time_left()), failures)
            if end is not End.DONE:
                return end, b""
        end, answer = yield Exchange(self._body(), self.time_left())
        if end is not End.UNSENT:
            self._sent += 1
        return end, answer

    def _pause_between(self) -> Generator[Step, tuple[End, bytes], None]:
        self._pause = min(max(self._pause * 2, PAUSE_MIN_S), PAUSE_MAX_S)
        yield Pause(max(0.0, min(self._pause, self.time_left())))

    def _open(self, answer: bytes) -> rpc_pb2.Reply:
        try:
            return rpc_pb2.Reply.FromString(answer)
        except DecodeError:
            raise self._bad_reply("something else than a reply") from None

    def _response(self, reply: rpc_pb2.Reply) -> Any:
        if reply.code:
            raise reply_error(reply)
        try:
            return self.method.deserialize(reply.response)
        except DecodeError:
            raise self._bad_reply("a message that cannot be read") from None

    def _bad_reply(self, what: str) -> RpcError:
        text = f"{self.method.name}: {self.connection.url} answered with {what}: not a progressd?"
        return reason_error(grpc.StatusCode.INTERNAL, "BAD_REPLY", text)

    def _give_up(self, end: End, unavailable: RpcError | None) -> RpcError:
        if end is End.STOPPED:
            return closed_error()
        if end is End.OVER and unavailable is not None:
            return unavailable
        url = self.connection.url
        if end is End.FAILED or not self.connection.presence.is_up:
            text = f"cannot reach progressd at {url}"
            return reason_error(grpc.StatusCode.UNAVAILABLE, "UNREACHABLE", text)
        text = f"{self.method.name}: no answer from {url} in time"
        return reason_error(grpc.StatusCode.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED", text)
