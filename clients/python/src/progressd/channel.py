"""A gRPC channel over NNG, for the generated stubs.

    from progressd import Channel, ProgressTrackerServiceStub
    stub = ProgressTrackerServiceStub(Channel("tcp://127.0.0.1:7070"))
    info = stub.GetProgress(GetProgressRequest(job_id="job-1")).progress_info

Calls may be made by any number of threads at once. While the connection is lost they wait for it to come back. A request is
repeated as it is when its answer is lost: give updates a `writer` with a rising `sequence`, or a `request_id`, to make that
harmless; `ProgressTracker` does so.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterator
from typing import Any, Callable

import grpc

from . import _address, _token
from ._call import Call, Method, Settings
from ._connection import Connection
from ._drive import Driver
from ._watch import PAUSE_S, Polls
from .errors import Ended, Metadata, RpcError, trailing_of

TIMEOUT_S = 10.0


class Channel(grpc.Channel):
    """A channel to a progressd.

    :param server: ipc://PATH or tcp://HOST:PORT; none: $PRG_SERVER, else the daemon's usual unix socket, else tcp port.
    :param timeout: seconds for each call that gives none, 10 by default; None: no limit. Calls that wait (WaitProgress)
        have their own timeout on top. While the service cannot be reached, calls wait for it so long.
    :param fail_fast: answer UNAVAILABLE at once when the service cannot be reached (`wait_for_ready` of a call overrides).
    :param authorization: "Bearer <token>", or "" for none, for calls that give none in their metadata; by default the token
        in $PRG_TOKEN, else the first line of the file $PRG_TOKEN_FILE.
    """

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

    def subscribe(self, callback, try_to_connect=None) -> None:  # type: ignore[no-untyped-def]
        """Have `callback` told of the connection: READY or CONNECTING."""
        listener = functools.partial(_tell_connectivity, self._connection, callback)
        self._subscribers[callback] = listener
        self._connection.presence.listen(listener)
        listener()

    def unsubscribe(self, callback) -> None:  # type: ignore[no-untyped-def]
        """Take that back."""
        self._connection.presence.unlisten(self._subscribers.pop(callback))

    @functools.cached_property
    def _subscribers(self) -> dict[Callable[[grpc.ChannelConnectivity], Any], Callable[[], None]]:
        return {}

    def close(self) -> None:
        """End the channel; calls under way in other threads answer CANCELLED."""
        self._connection.close()

    def __enter__(self) -> Channel:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _method(name: str | bytes, serialize: Any, deserialize: Any) -> Method:
    text = name.decode() if isinstance(name, bytes) else name
    return Method(text, serialize or bytes, deserialize or bytes)


def _no_request_streams(method: object) -> NotImplementedError:
    return NotImplementedError(f"{method!r}: the protocol has no streams of requests")


def _tell_connectivity(connection: Connection, callback: Callable[[grpc.ChannelConnectivity], Any]) -> None:
    callback(grpc.ChannelConnectivity.READY if connection.presence.is_up else grpc.ChannelConnectivity.CONNECTING)


class UnaryUnary(grpc.UnaryUnaryMultiCallable):  # type: ignore[type-arg]
    """A method with one answer. Every way to call it raises, or ends with, `RpcError` when the call fails."""

    def __init__(self, connection: Connection, settings: Settings, method: Method) -> None:
        self._arguments = connection, settings, method

    def __call__(  # type: ignore[no-untyped-def]
        self, request, timeout=None, metadata=None, credentials=None, wait_for_ready=None, compression=None
    ) -> Any:
        """Call it and return the response."""
        return Driver(Call(*self._arguments, request, timeout, metadata, wait_for_ready)).run()[0]

    def with_call(  # type: ignore[no-untyped-def]
        self, request, timeout=None, metadata=None, credentials=None, wait_for_ready=None, compression=None
    ) -> tuple[Any, Ended]:
        """Call it and return the response and the call, whose trailing metadata says its durability."""
        response, reply = Driver(Call(*self._arguments, request, timeout, metadata, wait_for_ready)).run()
        return response, Ended(grpc.StatusCode.OK, "", trailing_of(reply))

    def future(  # type: ignore[no-untyped-def, override]
        self, request, timeout=None, metadata=None, credentials=None, wait_for_ready=None, compression=None
    ) -> CallFuture:
        """Call it in a thread of its own."""
        return CallFuture(Call(*self._arguments, request, timeout, metadata, wait_for_ready))


class CallFuture(grpc.Call, grpc.Future):  # type: ignore[type-arg]
    """A call under way in a thread of its own."""

    def __init__(self, call: Call) -> None:
        self._call, self._driver = call, Driver(call)
        self._finished = threading.Condition()
        self._is_done = False
        self._response: Any = None
        self._end: Ended | None = None
        self._fault: Exception | None = None
        self._callbacks: list[Callable[[], Any]] = []
        threading.Thread(target=self._run, name="progressd-call", daemon=True).start()

    def _run(self) -> None:
        try:
            self._response, reply = self._driver.run()
            self._end = Ended(grpc.StatusCode.OK, "", trailing_of(reply))
        except RpcError as error:
            self._end = self._fault = error
        except Exception as fault:
            self._fault = fault
            self._end = Ended(grpc.StatusCode.INTERNAL, str(fault), ())
        with self._finished:
            self._is_done = True
            callbacks, self._callbacks = self._callbacks, []
            self._finished.notify_all()
        for callback in callbacks:
            callback()

    def _wait(self, timeout: float | None) -> Ended:
        with self._finished:
            if not self._finished.wait_for(lambda: self._is_done, timeout):
                raise grpc.FutureTimeoutError()
        assert self._end is not None
        return self._end

    def result(self, timeout: float | None = None) -> Any:
        """Wait for the response; raise what the call raised."""
        self._wait(timeout)
        if self.cancelled():
            raise grpc.FutureCancelledError()
        if self._fault is not None:
            raise self._fault
        return self._response

    def exception(self, timeout: float | None = None) -> Exception | None:
        """Wait for the end; give what the call raised."""
        self._wait(timeout)
        if self.cancelled():
            raise grpc.FutureCancelledError()
        return self._fault

    def traceback(self, timeout: float | None = None) -> Any:
        """Wait for the end; give the traceback of what the call raised."""
        fault = self.exception(timeout)
        return None if fault is None else fault.__traceback__

    def done(self) -> bool:
        """Whether the call has ended."""
        return self._is_done

    def running(self) -> bool:
        """Whether the call is under way."""
        return not self._is_done

    def cancel(self) -> bool:
        """Make the call end as cancelled, if it has not ended."""
        if self._is_done:
            return False
        self._driver.cancel()
        return True

    def cancelled(self) -> bool:
        """Whether the call was cancelled by its caller."""
        return self._is_done and self._call.is_cancelled and self._fault is not None

    def add_done_callback(self, fn: Callable[[Any], Any]) -> None:
        """Have `fn` called with the future when it is done."""
        if not self.add_callback(lambda: fn(self)):
            fn(self)

    def add_callback(self, callback: Callable[[], Any]) -> bool:
        """Have `callback` called at the end; false: it is over."""
        with self._finished:
            if not self._is_done:
                self._callbacks.append(callback)
            return not self._is_done

    def is_active(self) -> bool:
        """Whether the call is under way."""
        return not self._is_done

    def time_remaining(self) -> float | None:  # type: ignore[override]
        """Give the seconds until the deadline; None: there is none."""
        left = self._call.time_left()
        return None if left == float("inf") else max(left, 0.0)

    def initial_metadata(self) -> Metadata:
        """Give nothing: the protocol has none."""
        return ()

    def trailing_metadata(self) -> Metadata:
        """Wait for the end; give its metadata."""
        return self._wait(None).trailing_metadata()

    def code(self) -> grpc.StatusCode:
        """Wait for the end; give its code."""
        return self._wait(None).code()

    def details(self) -> str:
        """Wait for the end; give its text."""
        return self._wait(None).details()


class UnaryStream(grpc.UnaryStreamMultiCallable):  # type: ignore[type-arg]
    """A method with a stream of answers, which goes on through lost connections unless it is to fail fast."""

    def __init__(self, connection: Connection, settings: Settings, method: Method) -> None:
        self._arguments = connection, settings, method

    def __call__(  # type: ignore[no-untyped-def, override]
        self, request, timeout=None, metadata=None, credentials=None, wait_for_ready=None, compression=None
    ) -> Stream:
        """Begin to watch; without a timeout there is no limit."""
        return Stream(Polls(*self._arguments, request, timeout, metadata, wait_for_ready), self._arguments[0])


class Stream(grpc.Call):
    """The answers of a stream, one after the other; for one thread at a time, cancelled by any."""

    def __init__(self, polls: Polls, connection: Connection) -> None:
        self._polls, self._connection = polls, connection
        self._driver: Driver | None = None
        self._end: RpcError | None = None
        self._trailing: Metadata = ()
        self._is_cancelled = False
        self._callbacks: list[Callable[[], Any]] = []

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        """Wait for the next answer.

        :raises RpcError: the stream has ended; NOT_FOUND: the job is not there any more.
        """
        while True:
            if self._end is not None:
                raise self._end
            response = self._poll()
            if response is None:
                continue
            if self._polls.take(response):
                return response
            self._connection.presence.pause(PAUSE_S, lambda: self._is_cancelled)

    def _poll(self) -> Any:
        self._driver = Driver(self._polls.next_call())
        if self._is_cancelled:
            self._driver.cancel()
        try:
            response, reply = self._driver.run()
            self._trailing = trailing_of(reply)
            return response
        except RpcError as error:
            if self._is_cancelled or not self._polls.passes_by_itself(error):
                self._finish(error)
            return None

    def _finish(self, error: RpcError) -> None:
        self._end = error
        callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback()

    def cancel(self) -> bool:
        """Make the stream end as CANCELLED."""
        self._is_cancelled = True
        if self._driver is not None:
            self._driver.cancel()
        return self._end is None

    def is_active(self) -> bool:
        """Whether more may come."""
        return self._end is None

    def time_remaining(self) -> float | None:  # type: ignore[override]
        """Give the seconds until the deadline; None: there is none."""
        left = self._polls.time_left()
        return None if left == float("inf") else max(left, 0.0)

    def add_callback(self, callback: Callable[[], Any]) -> bool:
        """Have `callback` called at the end; false: it is over."""
        if self._end is None:
            self._callbacks.append(callback)
        return self._end is None

    def initial_metadata(self) -> Metadata:
        """Give nothing: the protocol has none."""
        return ()

    def trailing_metadata(self) -> Metadata:
        """Give the metadata of the end, before it that of the latest answer."""
        return self._trailing if self._end is None else self._end.trailing

    def code(self) -> grpc.StatusCode | None:  # type: ignore[override]
        """Say how the stream has ended; None: not yet."""
        return None if self._end is None else self._end.code()

    def details(self) -> str | None:  # type: ignore[override]
        """Say for people how the stream has ended."""
        return None if self._end is None else self._end.details()
