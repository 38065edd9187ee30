"""What becomes of connections when the process forks: NNG cannot be used in the child, not even to be ended.

In the child every call is refused with a clear error, and nothing of the parent's connections is touched.
"""

from __future__ import annotations

import atexit
import os
import weakref
from typing import Any, Callable

import grpc
import pynng

from .errors import RpcError, reason_error

_opened = False  # NNG was used in this process
_forked = False  # this process is the child of one that had used NNG
_abandon: weakref.WeakSet[Any] = weakref.WeakSet()


def check() -> None:
    """Refuse to go on in a forked child.

    :raises RpcError: FAILED_PRECONDITION, reason FORKED.
    """
    if _forked:
        raise _refusal()


def was_forked() -> bool:
    """Whether this process is a child of one that had opened a connection."""
    return _forked


def note_opened(connection: Any) -> None:
    """Have `connection.abandon()` called in a forked child, which can use no connection from now on."""
    global _opened  # noqa: PLW0603
    _opened = True
    _abandon.add(connection)


def _refusal() -> RpcError:
    return reason_error(
        grpc.StatusCode.FAILED_PRECONDITION,
        "FORKED",
        "this process was forked from one that had opened a connection; it can use progressd only after exec "
        "(multiprocessing: the 'spawn' method), or when the parent opens none before it forks",
    )


def _enter_child() -> None:
    global _forked  # noqa: PLW0603
    if not _opened:
        return
    _forked = True
    nng_finish: Callable[[], object] | None = getattr(pynng.nng, "_pynng_atexit", None)
    if nng_finish is not None:
        atexit.unregister(nng_finish)
    for connection in list(_abandon):
        connection.abandon()


os.register_at_fork(after_in_child=_enter_child)
