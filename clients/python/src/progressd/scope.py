"""A stage of a job as a `with` statement."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

from .errors import JobCancelled, RpcError
from .gen.stages import PipelineStage
from .reporter import Reporter
from .stages import StageLike

if TYPE_CHECKING:
    from .tracker import ProgressTracker

MESSAGE_BYTES_MAX = 1024


class StageScope:
    """What `ProgressTracker.stage` returns."""

    def __init__(
        self,
        tracker: ProgressTracker,
        job_id: str,
        stage: StageLike,
        total: float | None,
        fail_job: bool,
        interval: float,
        attempt: int,
        lease: float | None,
    ) -> None:
        self._tracker, self._job_id, self._attempt, self._fail_job = tracker, job_id, attempt, fail_job
        self._arguments = job_id, stage, total
        self._options = {"interval": interval, "attempt": attempt, "lease": lease}
        self._reporter: Reporter | None = None

    @property
    def reporter(self) -> Reporter:
        """The reporter under it, inside the `with`."""
        assert self._reporter is not None, "a stage is used inside its `with`"
        return self._reporter

    def update(self, done: float, total: float | None = None) -> bool:
        """Say that so much is done; costs next to nothing. Returns whether the worker should stop."""
        if total is not None:
            self.reporter.set_total(total)
        return self.reporter.tick(done)

    def message(self, text: str) -> None:
        """Say something to people with the next report."""
        self.reporter.set_message(text)

    def raise_if_cancelled(self) -> None:
        """Leave by `JobCancelled` when somebody has asked for the job to be cancelled."""
        info = self.reporter.info
        if info.cancel_requested:
            raise JobCancelled(info.cancel_reason or "cancelled on request")

    def __enter__(self) -> StageScope:
        self._reporter = self._tracker.reporter(*self._arguments, **self._options)  # type: ignore[arg-type]
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, _: object) -> None:
        if kind is None or issubclass(kind, GeneratorExit):
            self.reporter.finish()
            return
        self.reporter.stop()
        if isinstance(fault, JobCancelled):
            self._end(PipelineStage.CANCELLED, str(fault))
        elif isinstance(fault, Exception) and self._fail_job:
            self._end(PipelineStage.FAILED, f"{type(fault).__name__}: {fault}")

    def _end(self, stage: PipelineStage, text: str) -> None:
        """End the job. That this fails must not hide why it ends."""
        with contextlib.suppress(RpcError):
            self._tracker.update_progress(self._job_id, stage, _shown(text), attempt=self._attempt)


def _shown(text: str) -> str:
    """Make a text fit for a message: no control characters, no half characters, not too long."""
    clean = re.sub(r"[\x00-\x1f\x7f-\x9f]+", " ", text).encode(errors="replace")
    return clean[:MESSAGE_BYTES_MAX].decode(errors="ignore")
