"""How a thread of NNG wakes a thread of Python without becoming one itself, which would cost more than the rest of a call.

A latch is one of the interpreter's own locks (`PyThread_…`, part of its stable ABI): a thread of NNG may release it because
that needs no interpreter, and waiting for it is interrupted by signals, as waiting for any lock of Python is.
"""

from __future__ import annotations

import ctypes
from typing import Any

from pynng import ffi

_ACQUIRED = 1
_FOR_EVER = -1


def _function(name: str, kind: str) -> Any:
    """A function of the interpreter for cffi, which lets other threads run while it is called."""
    address = ctypes.cast(getattr(ctypes.pythonapi, name), ctypes.c_void_p).value
    return ffi.cast(kind, address)


_allocate = _function("PyThread_allocate_lock", "void *(*)(void)")
_free = _function("PyThread_free_lock", "void (*)(void *)")
_acquire = _function("PyThread_acquire_lock_timed", "int (*)(void *, long long, int)")
release_latch = _function("PyThread_release_lock", "void (*)(void *)")
"""For NNG to call with a latch's `pointer`; opens it."""


class Latch:
    """Closed at first; opened by `release_latch`, by any thread, before it is waited for again."""

    def __init__(self) -> None:
        self.pointer = _allocate()
        if self.pointer == ffi.NULL:
            raise MemoryError
        self.close()

    def wait(self) -> None:
        """Wait until it is open, and close it. A signal's handler runs meanwhile, and may raise."""
        while _acquire(self.pointer, _FOR_EVER, 1) != _ACQUIRED:
            pass

    def close(self) -> None:
        """Close it, whether it is open or not."""
        _acquire(self.pointer, 0, 0)

    def free(self) -> None:
        """Give it back; nobody may use it any more."""
        _free(self.pointer)
