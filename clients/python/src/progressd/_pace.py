"""Who a worker is, the numbers of its updates, and their order: one job's updates go out one after the other."""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import secrets
import socket
import threading
import time
from collections.abc import Iterator

HOST_MAX = 32


def make_writer() -> str:
    """Make a name of its own: host:process:random; only the host is cut."""
    host = re.sub(r"[^A-Za-z0-9._-]", "-", socket.gethostname())[:HOST_MAX] or "host"
    return f"{host}:{os.getpid()}:{secrets.token_hex(8)}"


class Pace:
    """Gives updates their sequences, and each job its turns."""

    def __init__(self) -> None:
        # Microseconds since the epoch: a worker that is started again under the same name goes on above its old numbers.
        self._sequences = itertools.count(time.time_ns() // 1000)
        self._lock = threading.Lock()
        self._turns: dict[str, tuple[threading.Lock, int]] = {}

    @contextlib.contextmanager
    def turn(self, job_id: str) -> Iterator[int]:
        """Wait for the job's turn; gives the sequence of the update that is sent in it."""
        with self._lock:
            turn, users = self._turns.get(job_id, (threading.Lock(), 0))
            self._turns[job_id] = turn, users + 1
        try:
            with turn:
                yield next(self._sequences)
        finally:
            with self._lock:
                turn, users = self._turns.pop(job_id)
                if users > 1:
                    self._turns[job_id] = turn, users - 1
