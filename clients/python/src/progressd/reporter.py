"""Reporting from hot loops: the loop stores its newest value, and a thread sends it from time to time.

What passes by itself (no connection) is tried again with the newest value then, so the last one is never lost. When there
is nothing new for half a second, or a third of the lease, a heartbeat keeps the lease and asks whether the job should be
cancelled.
"""

from __future__ import annotations

import math
import threading
import time
from typing import TYPE_CHECKING, Callable

import grpc

from . import _forks
from .errors import RpcError
from .gen.progress.v1 import job_pb2
from .stages import StageLike

if TYPE_CHECKING:
    from .tracker import ProgressTracker

BEAT_S = 0.5
BEATS_IN_LEASE = 3
ATTEMPT_S = 1.0  # a report of the thread is given up after this, for a newer one

_PASSING = {
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.CANCELLED,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
}
_STOPPING = {grpc.StatusCode.ABORTED, grpc.StatusCode.FAILED_PRECONDITION}


class Reporter:
    """Reports one stage of one job; made by `ProgressTracker.reporter`. Use it in a `with`, or call `finish`."""

    def __init__(
        self,
        tracker: ProgressTracker,
        job_id: str,
        stage: StageLike,
        total: float | None,
        interval: float,
        attempt: int,
        lease: float | None,
    ) -> None:
        self._tracker, self._job_id, self._stage = tracker, job_id, stage
        self._interval, self._attempt = interval, attempt
        self._beat = min(BEAT_S, lease / BEATS_IN_LEASE) if lease else BEAT_S
        self._done, self._total = 0.0, total
        self._highest = 0.0
        self._message: str | None = None
        self._acknowledged: tuple[float, float | None] | None = None
        self._refused: tuple[float, float | None] | None = None
        self._stop = False
        self._info = tracker.update_progress(job_id, stage, attempt=attempt, lease=lease)
        self._note(self._info)
        self._changed = threading.Condition()
        self._is_finishing = False
        self._thread = threading.Thread(target=self._run, name="progressd-reporter", daemon=True)
        self._thread.start()

    def tick(self, done: float) -> bool:
        """Say that so much is done now. Sends nothing and never waits.

        Values that go down or beyond the total are taken for the nearest sensible one when they are sent.

        :returns: whether the worker should stop: somebody asked for the job to be cancelled, another attempt has taken
            over, or the job has ended or is in a later stage already.
        """
        self._done = done
        return self._stop

    def set_total(self, total: float) -> None:
        """Change the total, when more is known."""
        if total > 0 and math.isfinite(total):
            self._total = total

    def set_message(self, message: str) -> None:
        """Set the message that goes with the next report; cut at 1024 bytes."""
        self._message = message.encode()[:1024].decode(errors="ignore")

    @property
    def should_stop(self) -> bool:
        """What `tick` returned last."""
        return self._stop

    @property
    def info(self) -> job_pb2.ProgressInfo:
        """The state after the latest report or heartbeat."""
        return self._info

    def finish(self) -> job_pb2.ProgressInfo:
        """Send the last value and wait for its acknowledgement.

        :raises RpcError: it was not acknowledged.
        """
        self.stop()
        if not self._is_acknowledged():
            self._send(None)
        return self._info

    def stop(self) -> None:
        """Send nothing more; the last value may be lost."""
        _forks.check()
        with self._changed:
            self._is_finishing = True
            self._changed.notify_all()
        self._thread.join()

    def __enter__(self) -> Reporter:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.finish()
        else:
            self.stop()

    # ---- the thread

    def _value(self) -> tuple[float, float | None]:
        done, total = self._done, self._total
        self._highest = max(self._highest, done)
        return (self._highest if total is None else min(self._highest, total)), total

    def _is_acknowledged(self) -> bool:
        return self._message is None and (self._total is None or self._acknowledged == self._value())

    def _run(self) -> None:
        beat_due = time.monotonic() + self._beat
        while True:
            with self._changed:
                if self._changed.wait_for(lambda: self._is_finishing, min(self._interval, self._beat)):
                    return
            if not self._is_acknowledged() and self._refused != self._value():
                self._try(lambda: self._send(ATTEMPT_S))
            elif time.monotonic() >= beat_due:
                self._try(self._send_beat)
            else:
                continue
            beat_due = time.monotonic() + self._beat

    def _try(self, send: Callable[[], None]) -> None:
        message = self._message
        try:
            send()
        except RpcError as error:
            self._stop |= error.code() in _STOPPING
            if error.code() in _PASSING:
                self._message = self._message or message
            else:
                self._refused = self._value()  # the thread does not repeat it until there is something new

    def _send(self, timeout: float | None) -> None:
        value = done, total = self._value()
        message, self._message = self._message, None
        fields = {"message": message or "", "attempt": self._attempt, "timeout": timeout}
        if total is None:
            info = self._tracker.update_progress(self._job_id, self._stage, **fields)  # type: ignore[arg-type]
        else:
            info = self._tracker.update_progress_incremental(
                self._job_id,
                self._stage,
                done=done,
                total=total,
                **fields,  # type: ignore[arg-type]
            )
        self._acknowledged = value
        self._note(info)

    def _send_beat(self) -> None:
        self._note(self._tracker.heartbeat(self._job_id, attempt=self._attempt, timeout=ATTEMPT_S))

    def _note(self, info: job_pb2.ProgressInfo) -> None:
        self._info = info
        self._stop |= info.cancel_requested
