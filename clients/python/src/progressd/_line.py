"""One call at a time on the wire: a context of the REQ socket with what NNG needs to work on it.

NNG is set never to send a request again by itself: whether that is harmless is for the caller to know. NNG tells when an
answer has come, so that whoever waits can be interrupted, by a signal or by the cancelling of a task. To a thread that waits
it tells by a `Latch`, without entering the interpreter; to a task by a call of Python.
"""

from __future__ import annotations

import enum
import math
from typing import Any, Callable

import pynng
from pynng import ffi, lib

from ._latch import Latch, release_latch

SEND_WAIT_S = 0.2  # a message waits so long for a connection that has just gone
TIME_MAX_MS = 2**31 - 1


class End(enum.Enum):
    """How an exchange has ended."""

    DONE = enum.auto()
    LOST = enum.auto()  # the connection broke; nobody knows whether the request was carried out
    UNSENT = enum.auto()  # there was no connection to send it on
    OVER = enum.auto()  # the time was over
    STOPPED = enum.auto()  # cancelled, or the connection was closed
    FAILED = enum.auto()  # an attempt to connect has failed, and that is enough


def _end_of(code: int, over: End) -> End:
    if code == 0:
        return End.DONE
    if code == lib.NNG_ETIMEDOUT:
        return over
    return End.STOPPED if code in (lib.NNG_ECANCELED, lib.NNG_ECLOSED) else End.LOST


def _milliseconds(seconds: float) -> int:
    """NNG's way to say how long; -1 is for ever."""
    if seconds == math.inf:
        return -1
    return max(1, min(math.ceil(seconds * 1000), TIME_MAX_MS))


class Line:
    """Sends a request and receives its answer; for one user at a time. Frees nothing by itself: see `free`."""

    def __init__(self, socket: pynng.Socket) -> None:
        self._on_told: Callable[[], object] = _ignore
        self._is_cancelled = self._is_stopped = False
        self._message = ffi.new("nng_msg **")
        context = ffi.new("nng_ctx *")
        pynng.exceptions.check_err(lib.nng_ctx_open(context, socket.socket))
        self._context = context[0]
        self._latch = Latch()
        self._quiet = _make_aio(ffi.NULL, ffi.NULL)
        self._latched = _make_aio(release_latch, self._latch.pointer)
        self._told: Any = None  # only tasks need it
        self._aios = [self._quiet, self._latched]
        self._receiving = self._latched

    def _tell(self, _: Any) -> None:
        self._on_told()

    # ---- for a thread that waits

    def exchange(self, body: bytes, seconds: float) -> tuple[End, bytes]:
        """Send the body and wait for its answer, at most so long."""
        end = self._send(body, seconds)
        if end is not End.DONE:
            return end, b""
        try:
            self._receive(self._latched, seconds)
            self._latch.wait()
        except BaseException:
            self._give_back()
            raise
        return self.take_answer()

    def _send(self, body: bytes, seconds: float) -> End:
        self._pack(self._quiet, body)
        lib.nng_aio_set_timeout(self._quiet, _milliseconds(min(seconds, SEND_WAIT_S)))
        lib.nng_ctx_send(self._context, self._quiet)
        self._cancel_if_told(self._quiet)
        lib.nng_aio_wait(self._quiet)
        return self._sent(self._quiet, seconds)

    def _receive(self, aio: Any, seconds: float) -> None:
        self._receiving = aio
        lib.nng_aio_set_timeout(aio, _milliseconds(seconds))
        lib.nng_ctx_recv(self._context, aio)
        self._cancel_if_told(aio)

    def _give_back(self) -> None:
        """Interrupted, perhaps just after the answer came, which is nobody's any more."""
        lib.nng_aio_cancel(self._latched)
        lib.nng_aio_wait(self._latched)
        self._latch.close()
        self.take_answer()

    # ---- the steps, for who waits in another way

    def start_send(self, body: bytes, seconds: float, on_told: Callable[[], object]) -> None:
        """Begin to send; `on_told` is called by a thread of NNG when `take_sent` can tell the end."""
        self._on_told = on_told
        if self._told is None:
            self._callback = ffi.callback("void(void *)", self._tell)
            self._told = _make_aio(self._callback, ffi.NULL)
            self._aios.append(self._told)
        self._pack(self._told, body)
        lib.nng_aio_set_timeout(self._told, _milliseconds(min(seconds, SEND_WAIT_S)))
        lib.nng_ctx_send(self._context, self._told)
        self._cancel_if_told(self._told)

    def take_sent(self, seconds: float) -> End:
        """Say how sending has ended, which had so much time."""
        return self._sent(self._told, seconds)

    def start_receive(self, seconds: float, on_told: Callable[[], object]) -> None:
        """Begin to wait for the answer; `on_told` as above, for `take_answer`."""
        self._on_told = on_told
        self._receive(self._told, seconds)

    def take_answer(self) -> tuple[End, bytes]:
        """Say how waiting has ended, and the answer if there is one."""
        aio = self._receiving
        end = _end_of(lib.nng_aio_result(aio), End.OVER)
        message = lib.nng_aio_get_msg(aio)
        if end is not End.DONE or message == ffi.NULL:
            return end, b""
        lib.nng_aio_set_msg(aio, ffi.NULL)
        body = bytes(ffi.buffer(lib.nng_msg_body(message), lib.nng_msg_len(message)))
        lib.nng_msg_free(message)
        return end, body

    def _pack(self, aio: Any, body: bytes) -> None:
        pynng.exceptions.check_err(lib.nng_msg_alloc(self._message, 0))
        message = self._message[0]
        pynng.exceptions.check_err(lib.nng_msg_append(message, body, len(body)))
        lib.nng_aio_set_msg(aio, message)

    def _sent(self, aio: Any, seconds: float) -> End:
        code = lib.nng_aio_result(aio)
        if code != 0:
            lib.nng_msg_free(lib.nng_aio_get_msg(aio))
            lib.nng_aio_set_msg(aio, ffi.NULL)
        return _end_of(code, End.UNSENT if seconds > SEND_WAIT_S else End.OVER)

    # ---- the end

    # Whoever cancels sets the flag first, and whoever begins looks at it last, so one of the two cancels what was begun.
    # nng_aio_stop is of no use here: NNG never calls back for what is begun on a stopped aio.

    def _cancel_if_told(self, aio: Any) -> None:
        if self._is_cancelled or self._is_stopped:
            lib.nng_aio_cancel(aio)

    def cancel(self) -> None:
        """Make what is under way end as STOPPED, by any thread."""
        self._is_cancelled = True
        self._cancel_all()

    def renew(self) -> None:
        """Forget that it was cancelled, for its next user."""
        self._is_cancelled = False

    def stop(self) -> None:
        """Make what is under way end as STOPPED, and all that is begun later."""
        self._is_stopped = True
        self._cancel_all()

    def _cancel_all(self) -> None:
        for aio in self._aios:
            lib.nng_aio_cancel(aio)

    def free(self) -> None:
        """Free what NNG holds; nobody may use it any more."""
        lib.nng_ctx_close(self._context)
        for aio in self._aios:
            lib.nng_aio_free(aio)
        self._latch.free()


def _make_aio(callback: Any, argument: Any) -> Any:
    aio = ffi.new("nng_aio **")
    pynng.exceptions.check_err(lib.nng_aio_alloc(aio, callback, argument))
    return aio[0]


def _ignore() -> None:
    pass
