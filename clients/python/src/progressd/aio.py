"""The channel for asyncio.

    import progressd.aio
    async with progressd.aio.Channel("tcp://127.0.0.1:7070") as channel:
        stub = ProgressTrackerServiceStub(channel)
        answer = await stub.GetProgress(GetProgressRequest(job_id="job-1"))
        async for change in stub.WatchProgress(WatchProgressRequest(job_id="job-1")):
            ...

The stub is the one that also works with `progressd.Channel`; type checkers know it as `ProgressTrackerServiceAsyncStub`.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections.abc import AsyncIterator, Generator
from typing import Any, Callable

import grpc
import grpc.aio

from . import _address, _token
from ._call import Call, Connect, Exchange, Method, Pause, Settings, Step
from ._connection import CLOSE_WAIT_S, LOOK_EVERY_S, Connection
from ._line import End, Line
from ._watch import PAUSE_S, Polls
from .channel import TIMEOUT_S, _method, _no_request_streams
from .errors import AioRpcError, Metadata, RpcError, trailing_of
from .gen.progress.rpc.v1 import rpc_pb2


class Channel(grpc.aio.Channel):
    """A channel to a progressd for asyncio; the parameters are those of `progressd.Channel`."""

    def __init__(
        self,
        server: str | None = None,
        *,
        timeout: float | None = TIMEOUT_S,
        fail_fast: bool = False,
        authorization: str | None = None,
    ) -> None:
        self._connection = Connection(_address.choose(server))
        self._settings = Settings(timeout, fail_fast, _token.choose(authorization))

    @property
    def server(self) -> str:
        """The address the channel talks to."""
        return self._connection.url

    def unary_unary(  # type: ignore[no-untyped-def]
        self, method, request_serializer=None, response_deserializer=None, _registered_method=False
    ) -> UnaryUnary:
        """Make a callable of a method with one answer."""
        return UnaryUnary(self._connection, self._settings, _method(method, request_serializer, response_deserializer))

    def unary_stream(  # type: ignore[no-untyped-def]
        self, method, request_serializer=None, response_deserializer=None, _registered_method=False
    ) -> UnaryStream:
        """Make a callable of a method with a stream of answers."""
        return UnaryStream(self._connection, self._settings, _method(method, request_serializer, response_deserializer))

    def stream_unary(self, method, *_args, **_named):  # type: ignore[no-untyped-def]
        """Refuse: the protocol has no streams of requests."""
        raise _no_request_streams(method)

    def stream_stream(self, method, *_args, **_named):  # type: ignore[no-untyped-def]
        """Refuse: the protocol has no streams of requests."""
        raise _no_request_streams(method)

    async def close(self, grace: float | None = None) -> None:
        """End the channel; calls under way answer CANCELLED."""
        self._connection.begin_close()
        until = time.monotonic() + CLOSE_WAIT_S
        while not self._connection.is_idle() and time.monotonic() < until:
            await asyncio.sleep(LOOK_EVERY_S)
        self._connection.finish_close()

    def get_state(self, try_to_connect: bool = False) -> grpc.ChannelConnectivity:
        """Say how the connection is: READY, CONNECTING or SHUTDOWN."""
        end = self._connection.presence.look()
        if end is End.STOPPED:
            return grpc.ChannelConnectivity.SHUTDOWN
        return grpc.ChannelConnectivity.CONNECTING if end is None else grpc.ChannelConnectivity.READY

    async def wait_for_state_change(self, last_observed_state: grpc.ChannelConnectivity) -> None:
        """Wait until the state is another one."""
        await _until(self._connection, lambda: self.get_state() is not last_observed_state, math.inf)

    async def channel_ready(self) -> None:
        """Wait until there is a connection."""
        await _until(self._connection, lambda: self.get_state() is grpc.ChannelConnectivity.READY, math.inf)

    async def __aenter__(self) -> Channel:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


# ---- carrying out the steps of a call on the loop


async def _until(connection: Connection, condition: Callable[[], bool], seconds: float) -> None:
    """Wait until the condition holds, looking whenever the connection changes, at most so long."""
    loop, changed = asyncio.get_running_loop(), asyncio.Event()

    def wake() -> None:
        _on_loop(loop, changed.set)

    connection.presence.listen(wake)
    try:
        until = loop.time() + seconds
        while not condition() and (left := until - loop.time()) > 0:
            changed.clear()
            if not condition():
                await _wait_for(changed, left)
    finally:
        connection.presence.unlisten(wake)


async def _wait_for(event: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(asyncio.TimeoutError):
        await asyncio.wait_for(event.wait(), None if seconds == math.inf else seconds)


def _on_loop(loop: asyncio.AbstractEventLoop, step: Callable[[], Any]) -> None:
    with contextlib.suppress(RuntimeError):  # the loop is gone, and with it all who waited
        loop.call_soon_threadsafe(step)


async def _told(line: Line, start: Callable[[Callable[[], Any]], None]) -> None:
    """Begin something on the line and wait until it has ended, even when this task is cancelled."""
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[None] = loop.create_future()
    cancelled = False

    def resolve() -> None:
        if not ended.done():
            ended.set_result(None)

    start(lambda: _on_loop(loop, resolve))
    while not ended.done():
        try:
            await asyncio.shield(ended)
        except asyncio.CancelledError:
            cancelled = True
            line.cancel()
    if cancelled:
        raise asyncio.CancelledError


async def _exchange(line: Line, step: Exchange) -> tuple[End, bytes]:
    try:
        await _told(line, lambda on_told: line.start_send(step.body, step.seconds, on_told))
    finally:
        end = line.take_sent(step.seconds)
    if end is not End.DONE:
        return end, b""
    try:
        await _told(line, lambda on_told: line.start_receive(step.seconds, on_told))
    finally:
        answer = line.take_answer()
    return answer


async def _connect(connection: Connection, step: Connect) -> End:
    if step.failures is None:
        await _until(connection, lambda: connection.presence.look() is not None, step.seconds)
        return connection.presence.look() or End.OVER
    until = time.monotonic() + step.seconds
    while (end := connection.presence.look()) is None and time.monotonic() < until:
        if connection.count_failures() > step.failures:
            return End.FAILED
        await asyncio.sleep(LOOK_EVERY_S)
    return end or End.OVER


async def _do(connection: Connection, line: Line, step: Step) -> tuple[End, bytes]:
    if isinstance(step, Exchange):
        return await _exchange(line, step)
    if isinstance(step, Pause):
        await asyncio.sleep(step.seconds)
        return End.DONE, b""
    return await _connect(connection, step), b""


async def _run(call: Call) -> tuple[Any, rpc_pb2.Reply]:
    """Return the response and the frame that it came in.

    :raises AioRpcError: the call has failed.
    """
    try:
        line = call.connection.take_line()
    except RpcError as error:
        raise AioRpcError(error) from None
    try:
        steps = call.steps()
        step = next(steps)
        while True:
            try:
                step = steps.send(await _do(call.connection, line, step))
            except StopIteration as stop:
                return stop.value  # type: ignore[no-any-return]
    except RpcError as error:
        raise AioRpcError(error) from None
    finally:
        call.connection.return_line(line)


# ---- what the stub calls


class UnaryUnary(grpc.aio.UnaryUnaryMultiCallable):  # type: ignore[type-arg]
    """A method with one answer."""

    def __init__(self, connection: Connection, settings: Settings, method: Method) -> None:
        self._arguments = connection, settings, method

    def __call__(  # type: ignore[no-untyped-def]
        self, request, *, timeout=None, metadata=None, credentials=None, wait_for_ready=None, compression=None
    ) -> UnaryUnaryCall:
        """Begin the call; await it for the response."""
        return UnaryUnaryCall(Call(*self._arguments, request, timeout, metadata, wait_for_ready))


class _Running:
    """What a call under way and a stream have in common: a task to be asked how it ended."""

    _end: AioRpcError | None = None
    _trailing: Metadata = ()

    async def _finished(self) -> None:
        raise NotImplementedError

    async def initial_metadata(self) -> grpc.aio.Metadata:
        """Give nothing: the protocol has none."""
        return grpc.aio.Metadata()

    async def trailing_metadata(self) -> grpc.aio.Metadata:
        """Wait for the end; give "reason" of an error, "durability" of an answer."""
        await self._finished()
        return grpc.aio.Metadata(*self._trailing) if self._end is None else self._end.trailing_metadata()

    async def code(self) -> grpc.StatusCode:
        """Wait for the end; say how it was."""
        await self._finished()
        return grpc.StatusCode.OK if self._end is None else self._end.code()

    async def details(self) -> str:
        """Wait for the end; say for people how it was."""
        await self._finished()
        return "" if self._end is None else self._end.details() or ""

    async def wait_for_connection(self) -> None:
        """Do nothing: calls wait by themselves."""


class UnaryUnaryCall(_Running, grpc.aio.UnaryUnaryCall):  # type: ignore[type-arg]
    """A call under way; await it."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._task = asyncio.ensure_future(self._complete())

    async def _complete(self) -> Any:
        try:
            response, reply = await _run(self._call)
            self._trailing = trailing_of(reply)
        except AioRpcError as error:
            self._end = error
            raise
        return response

    def __await__(self) -> Generator[Any, None, Any]:
        return self._task.__await__()

    async def _finished(self) -> None:
        await asyncio.wait([self._task])
        if self._task.cancelled():
            raise asyncio.CancelledError

    def cancel(self) -> bool:
        """Make awaiting it raise CancelledError, if it has not ended."""
        return self._task.cancel()

    def cancelled(self) -> bool:
        """Whether it was cancelled."""
        return self._task.cancelled()

    def done(self) -> bool:
        """Whether it has ended."""
        return self._task.done()

    def time_remaining(self) -> float | None:
        """Give the seconds until the deadline; None: there is none."""
        left = self._call.time_left()
        return None if left == math.inf else max(left, 0.0)

    def add_done_callback(self, callback: Callable[[Any], Any]) -> None:
        """Have `callback` called with the call when it has ended."""
        self._task.add_done_callback(lambda _: callback(self))


class UnaryStream(grpc.aio.UnaryStreamMultiCallable):  # type: ignore[type-arg]
    """A method with a stream of answers, which goes on through lost connections unless it is to fail fast."""

    def __init__(self, connection: Connection, settings: Settings, method: Method) -> None:
        self._arguments = connection, settings, method

    def __call__(  # type: ignore[no-untyped-def]
        self, request, *, timeout=None, metadata=None, credentials=None, wait_for_ready=None, compression=None
    ) -> Stream:
        """Begin to watch; without a timeout there is no limit."""
        try:
            return Stream(Polls(*self._arguments, request, timeout, metadata, wait_for_ready))
        except RpcError as error:
            raise AioRpcError(error) from None


class Stream(_Running, grpc.aio.UnaryStreamCall):  # type: ignore[type-arg]
    """The answers of a stream, by `async for` or `read`; for one task at a time."""

    def __init__(self, polls: Polls) -> None:
        self._polls = polls
        self._over = asyncio.Event()
        self._reading: asyncio.Task[Any] | None = None
        self._is_cancelled = False
        self._callbacks: list[Callable[[Any], Any]] = []

    async def __aiter__(self) -> AsyncIterator[Any]:
        while True:
            yield await self.read()

    async def read(self) -> Any:
        """Wait for the next answer.

        :raises AioRpcError: the stream has ended; NOT_FOUND: the job is not there any more.
        """
        if self._end is not None:
            raise self._end
        if self._is_cancelled:
            raise asyncio.CancelledError
        self._reading = asyncio.ensure_future(self._next())
        try:
            return await self._reading
        except AioRpcError as error:
            self._finish(error)
            raise
        finally:
            self._reading.cancel()

    async def _next(self) -> Any:
        while True:
            try:
                response, _ = await _run(self._polls.next_call())
            except AioRpcError as error:
                if not self._polls.passes_by_itself(RpcError(error.code(), error.details() or "")):
                    raise
                continue
            if self._polls.take(response):
                return response
            await asyncio.sleep(PAUSE_S)

    def _finish(self, error: AioRpcError | None) -> None:
        self._end = error
        self._over.set()
        callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback(self)

    async def _finished(self) -> None:
        await self._over.wait()
        if self._is_cancelled:
            raise asyncio.CancelledError

    def cancel(self) -> bool:
        """Make the stream end as cancelled."""
        if self.done():
            return False
        self._is_cancelled = True
        if self._reading is not None:
            self._reading.cancel()
        self._finish(None)
        return True

    def cancelled(self) -> bool:
        """Whether it was cancelled."""
        return self._is_cancelled

    def done(self) -> bool:
        """Whether it has ended."""
        return self._over.is_set()

    def time_remaining(self) -> float | None:
        """Give the seconds until the deadline; None: there is none."""
        left = self._polls.time_left()
        return None if left == math.inf else max(left, 0.0)

    def add_done_callback(self, callback: Callable[[Any], Any]) -> None:
        """Have `callback` called with the stream when it has ended."""
        if self.done():
            callback(self)
        else:
            self._callbacks.append(callback)
