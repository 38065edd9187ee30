"""Carries out the steps of a call in the thread that makes it."""

from __future__ import annotations

import threading
import time
from typing import Any

from . import _forks
from ._call import Call, Connect, Exchange, Pause, Step
from ._connection import LOOK_EVERY_S, Connection
from ._line import End, Line
from .gen.progress.rpc.v1 import rpc_pb2


class Driver:
    """Makes one call, which any other thread may cancel."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._lock = threading.Lock()
        self._line: Line | None = None  # as long as it is ours

    def run(self) -> tuple[Any, rpc_pb2.Reply]:
        """Return the response and the frame that it came in.

        :raises RpcError: the call has failed.
        """
        connection = self._call.connection
        line = connection.take_line()
        with self._lock:
            self._line = line
            if self._call.is_cancelled:
                line.cancel()
        try:
            steps = self._call.steps()
            step = next(steps)
            while True:
                step = steps.send(self._do(step, line))
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]
        finally:
            with self._lock:
                self._line = None
            connection.return_line(line)

    def cancel(self) -> None:
        """Make the call end as CANCELLED, unless it has ended."""
        if _forks.was_forked():
            return
        self._call.is_cancelled = True
        with self._lock:
            if self._line is not None:
                self._line.cancel()
        self._call.connection.presence.wake()

    def _do(self, step: Step, line: Line) -> tuple[End, bytes]:
        if isinstance(step, Exchange):
            return line.exchange(step.body, step.seconds)
        if isinstance(step, Pause):
            self._call.connection.presence.pause(step.seconds, lambda: self._call.is_cancelled)
            return End.DONE, b""
        return self._connect(step, self._call.connection), b""

    def _connect(self, step: Connect, connection: Connection) -> End:
        if step.failures is None:
            return connection.presence.wait(step.seconds, lambda: self._call.is_cancelled)
        until = time.monotonic() + step.seconds
        while True:
            left = until - time.monotonic()
            end = connection.presence.wait(min(left, LOOK_EVERY_S), lambda: self._call.is_cancelled)
            if end is not End.OVER or left <= LOOK_EVERY_S:
                return end
            if connection.count_failures() > step.failures:
                return End.FAILED
