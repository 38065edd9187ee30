"""Whether there is a connection just now, and waiting for it. NNG's threads tell; calls wait."""

from __future__ import annotations

import threading
from typing import Callable

import pynng

from ._line import End


class Presence:
    """Follows the pipes of one dialer, which has one at a time.

    The end of a pipe may be told before it was told to be up, or after the beginning of the next one.
    """

    def __init__(self, socket: pynng.Socket) -> None:
        self._changed = threading.Condition()
        self._pipe = 0  # the one that is, or is becoming, the connection
        self._listeners: list[Callable[[], object]] = []
        self.is_up = self.was_up = self.is_closed = False
        socket.add_pre_pipe_connect_cb(lambda pipe: self._set(pipe.id, False))
        socket.add_post_pipe_connect_cb(lambda pipe: self._set_if_same(pipe.id, pipe.id, True))
        socket.add_post_pipe_remove_cb(lambda pipe: self._set_if_same(pipe.id, 0, False))

    def _set_if_same(self, told: int, pipe: int, is_up: bool) -> None:
        if told == self._pipe:
            self._set(pipe, is_up)

    def _set(self, pipe: int, is_up: bool) -> None:
        self._pipe, self.is_up = pipe, is_up
        self.was_up |= is_up
        self.wake()

    def close(self) -> None:
        """End all waiting."""
        self.is_closed = True
        self.wake()

    def wake(self) -> None:
        """Let those who wait look again."""
        with self._changed:
            self._changed.notify_all()
            listeners = list(self._listeners)
        for listener in listeners:
            listener()

    def listen(self, listener: Callable[[], object]) -> None:
        """Have `listener` called, by any thread, when those who wait should look."""
        with self._changed:
            self._listeners.append(listener)

    def unlisten(self, listener: Callable[[], object]) -> None:
        """Take that back."""
        with self._changed:
            self._listeners.remove(listener)

    def look(self) -> End | None:
        """Say at once whether there is a connection; None: not yet."""
        if self.is_closed:
            return End.STOPPED
        return End.DONE if self.is_up else None

    def wait(self, seconds: float, is_over: Callable[[], bool]) -> End:
        """Wait until there is a connection, or `is_over`, which is asked again by `wake`."""
        with self._changed:
            self._changed.wait_for(lambda: self.look() is not None or is_over(), min(seconds, threading.TIMEOUT_MAX))
            return self.look() or End.OVER

    def pause(self, seconds: float, is_over: Callable[[], bool]) -> None:
        """Let time pass, but not once it is closed or `is_over`."""
        with self._changed:
            self._changed.wait_for(lambda: self.is_closed or is_over(), seconds)
