"""The connection to a daemon: how it is made, shared by many calls, and ended."""

from __future__ import annotations

import atexit
import threading
import weakref

import grpc
import pynng
from pynng import ffi, lib

from . import _forks
from ._line import Line
from ._presence import Presence
from .errors import RpcError, reason_error

RECONNECT_MIN_MS = 10
RECONNECT_MAX_MS = 1000
ANSWER_BYTES_MAX = 4 << 20
LOOK_EVERY_S = 0.002  # how often a failed attempt to connect is looked for
CLOSE_WAIT_S = 5.0  # those who hold a line have nothing to wait for any more
FAILURES = ("refused", "other", "timeout", "proto", "auth", "oom", "reject")  # NNG's names for them

_live: weakref.WeakSet[Connection] = weakref.WeakSet()


class Connection:
    """One REQ socket that connects by itself again and again, and lines on it for calls.

    Channels, stubs and calls share it; the last one closes it. NNG's threads know its `presence` only.
    """

    def __init__(self, url: str) -> None:
        _forks.check()
        self.url = url
        self._changed = threading.Condition()
        self._is_gone = False
        self._users = 0
        self._lines: list[Line] = []
        self._free: list[Line] = []
        self._socket = pynng.Req0(
            resend_time=-1,
            recv_max_size=ANSWER_BYTES_MAX,
            reconnect_time_min=RECONNECT_MIN_MS,
            reconnect_time_max=RECONNECT_MAX_MS,
        )
        self.presence = Presence(self._socket)
        self._dialer = self._socket.dial(url, block=False)
        _forks.note_opened(self)
        _live.add(self)

    def failures_to_begin_with(self) -> int:
        """Count the failed attempts that do not count: the first attempt does even if it is over already."""
        return self.count_failures() if self.presence.was_up else 0

    def count_failures(self) -> int:
        """Count the attempts to connect that have failed. NNG tells it only by its statistics."""
        root = ffi.new("nng_stat **")
        if lib.nng_stats_get(root) != 0:
            return 0
        failures = 0
        stat = lib.nng_stat_child(lib.nng_stat_find_dialer(root[0], self._dialer.dialer))
        while stat != ffi.NULL:
            if ffi.string(lib.nng_stat_name(stat)).decode() in FAILURES:
                failures += lib.nng_stat_value(stat)
            stat = lib.nng_stat_next(stat)
        lib.nng_stats_free(root[0])
        return int(failures)

    # ---- lines

    def take_line(self) -> Line:
        """Lend a line until `return_line`.

        :raises RpcError: CANCELLED, the connection was closed; FAILED_PRECONDITION, the process was forked.
        """
        _forks.check()
        with self._changed:
            if self.presence.is_closed:
                raise closed_error()
            if self._free:
                line = self._free.pop()
            else:
                line = Line(self._socket)
                self._lines.append(line)
            self._users += 1
        return line

    def return_line(self, line: Line) -> None:
        """Give a line back."""
        line.renew()
        with self._changed:
            self._free.append(line)
            self._users -= 1
            self._changed.notify_all()

    # ---- the end

    def close(self) -> None:
        """End all calls under way as CANCELLED, wait until they are gone, and close the socket."""
        if _forks.was_forked():
            return
        self.begin_close()
        with self._changed:
            self._changed.wait_for(self.is_idle, CLOSE_WAIT_S)
        self.finish_close()

    def begin_close(self) -> None:
        """End all calls under way as CANCELLED; they give back their lines."""
        if _forks.was_forked():
            return
        with self._changed:
            self.presence.is_closed = True
            lines = list(self._lines)
        self.presence.close()
        for line in lines:
            line.stop()

    def is_idle(self) -> bool:
        """Whether all lines have come back."""
        return self._users == 0

    def finish_close(self) -> None:
        """Close the socket, unless somebody still uses it."""
        with self._changed:
            if _forks.was_forked() or self._is_gone or not self.is_idle():
                return
            self._is_gone = True
            lines, self._lines = self._lines, []
        for line in lines:
            line.free()
        self._socket.close()
        self.abandon()

    def abandon(self) -> None:
        """Make the socket's finalizer leave NNG alone, which may run in a forked child, even long after the closing."""
        self._socket.__dict__.pop("_socket", None)

    def __del__(self) -> None:
        if "_dialer" in self.__dict__:
            self.close()


def closed_error() -> RpcError:
    """Make the error of a call on a closed channel."""
    return reason_error(grpc.StatusCode.CANCELLED, "CHANNEL_CLOSED", "the channel was closed")


def _close_all() -> None:
    """Before the interpreter goes: NNG's threads must not call it any more."""
    for connection in list(_live):
        connection.close()


atexit.register(_close_all)
