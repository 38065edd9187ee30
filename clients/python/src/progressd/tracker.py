"""The client for workers and readers: the service's methods as plain functions.

    from progressd import PipelineStage, ProgressTracker

    tracker = ProgressTracker()
    tracker.update_progress("job-1", PipelineStage.DOWNLOADING)
    print(tracker.get_progress("job-1").progress)

Updates carry the worker's name and a rising number, so they may be repeated: one that was carried out changes nothing again.
Every method raises `RpcError` when the service refuses or cannot be reached in time: `code()`, `details()` and `reason` say
why.
"""

from __future__ import annotations

import operator
import threading
import uuid
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Callable, TypeVar

import grpc
from google.protobuf.duration_pb2 import Duration

from ._pace import Pace, make_writer
from .channel import TIMEOUT_S, Channel
from .errors import reason_error
from .gen.progress.v1 import job_pb2, progress_service_pb2
from .gen.progress.v1.progress_service_pb2_grpc import ProgressTrackerServiceStub
from .gen.version import VERSION
from .reporter import Reporter
from .scope import StageScope
from .stages import StageLike, all_stages, is_final, number_of

Item = TypeVar("Item")
WAIT_S = 30.0
INTERVAL_S = 0.1


class ProgressTracker:
    """A worker's or reader's view of the service; may be used by any number of threads at once.

    :param server: ipc://PATH or tcp://HOST:PORT; none: $PRG_SERVER, else the daemon's usual place. Or a gRPC channel.
    :param writer: a name for this worker, 1 to 64 bytes, of its own among those that update the same job at the same time;
        by default made from host, process and a random number.
    :param timeout: seconds for each call, in which it also waits for a connection; None: no limit.
    :param fail_fast: raise UNAVAILABLE at once when the service cannot be reached.
    :param authorization: "Bearer <token>", or "" for none; by default the token in $PRG_TOKEN, else the first line of the
        file $PRG_TOKEN_FILE.
    """

    def __init__(
        self,
        server: str | grpc.Channel | None = None,
        *,
        writer: str | None = None,
        timeout: float | None = TIMEOUT_S,
        fail_fast: bool = False,
        authorization: str | None = None,
    ) -> None:
        self._owns_channel = not isinstance(server, grpc.Channel)
        self.channel: grpc.Channel = (
            server
            if isinstance(server, grpc.Channel)
            else Channel(server, timeout=timeout, fail_fast=fail_fast, authorization=authorization)
        )
        self.stub = ProgressTrackerServiceStub(self.channel)
        self.writer = writer or make_writer()
        self._pace = Pace()
        self._check_lock = threading.Lock()
        self._is_checked = False

    # ---- the six

    def get_progress(self, job_id: str) -> job_pb2.ProgressInfo:
        """Give the present state of a job; NOT_FOUND: there is none."""
        return self._info("GetProgress", progress_service_pb2.GetProgressRequest(job_id=job_id))

    def update_progress(
        self,
        job_id: str,
        stage: StageLike,
        message: str = "",
        *,
        metadata: Mapping[str, str] | None = None,
        attempt: int = 0,
        lease: float | None = None,
        timeout: float | None = None,
    ) -> job_pb2.ProgressInfo:
        """Jump to the start of a stage; creates the job if it is new.

        These hold for all updates:

        :param message: what to show to people, at most 1024 bytes.
        :param metadata: entries to merge into the job's.
        :param attempt: the attempt the worker works on; 0: the present one. A greater one than the present starts anew.
        :param lease: the next sign of life comes within so many seconds; None: as before.
        :param timeout: seconds for this call, instead of the tracker's.
        :raises ValueError: there is no such stage.
        """
        request = progress_service_pb2.UpdateProgressRequest(stage=number_of(stage))
        return self._update("UpdateProgress", request, job_id, message, metadata, attempt, lease, timeout)

    def update_progress_by_status(
        self,
        job_id: str,
        status: str,
        message: str = "",
        *,
        metadata: Mapping[str, str] | None = None,
        attempt: int = 0,
        lease: float | None = None,
        timeout: float | None = None,
    ) -> job_pb2.ProgressInfo:
        """Do the same with the stage by name, in any case; the service knows the names."""
        request = progress_service_pb2.UpdateProgressByStatusRequest(status=status)
        return self._update("UpdateProgressByStatus", request, job_id, message, metadata, attempt, lease, timeout)

    def update_progress_explicit(
        self,
        job_id: str,
        stage: StageLike,
        progress: int,
        message: str = "",
        *,
        metadata: Mapping[str, str] | None = None,
        attempt: int = 0,
        lease: float | None = None,
        timeout: float | None = None,
    ) -> job_pb2.ProgressInfo:
        """Set a percentage of your choice, an integer from 0 to 100."""
        request = progress_service_pb2.UpdateProgressExplicitRequest(
            stage=number_of(stage), progress=operator.index(progress)
        )
        return self._update("UpdateProgressExplicit", request, job_id, message, metadata, attempt, lease, timeout)

    def update_progress_incremental(
        self,
        job_id: str,
        stage: StageLike,
        fraction: float = 0.0,
        message: str = "",
        *,
        done: float = 0.0,
        total: float = 0.0,
        metadata: Mapping[str, str] | None = None,
        attempt: int = 0,
        lease: float | None = None,
        timeout: float | None = None,
    ) -> job_pb2.ProgressInfo:
        """Set the place inside a stage: a fraction from 0 to 1, or `done` of `total` in any unit."""
        request = progress_service_pb2.UpdateProgressIncrementalRequest(
            stage=number_of(stage), fraction=fraction, done=done, total=total
        )
        return self._update("UpdateProgressIncremental", request, job_id, message, metadata, attempt, lease, timeout)

    @staticmethod
    def get_all_stages() -> dict[str, int]:
        """Give the percentage each stage begins with, by status, in order, as the schema of this package says."""
        return all_stages()

    # ---- more of the service

    def simulate(
        self,
        job_id: str,
        stage: StageLike,
        seconds: float | None = None,
        message: str = "",
        *,
        metadata: Mapping[str, str] | None = None,
        attempt: int = 0,
        lease: float | None = None,
        timeout: float | None = None,
    ) -> job_pb2.ProgressInfo:
        """Let the service move the bar by itself inside a stage; without `seconds`: as long as the stage usually takes."""
        request = progress_service_pb2.SimulateProgressRequest(
            stage=number_of(stage), expected_duration=_duration(seconds)
        )
        return self._update("SimulateProgress", request, job_id, message, metadata, attempt, lease, timeout)

    def create_job(
        self,
        job_id: str = "",
        message: str = "",
        *,
        pipeline: str = "",
        parent: str = "",
        metadata: Mapping[str, str] | None = None,
        ttl: float | None = None,
        lost_after: float | None = None,
        size_hint: float = 0.0,
        worker: str = "",
        job_class: str = "",
    ) -> job_pb2.ProgressInfo:
        """Create a job that waits for a worker; without a job_id one is made up. ALREADY_EXISTS: there is one.

        :param ttl: seconds the finished job is kept; None: as the service is configured.
        :param lost_after: a worker silent for so many seconds after its lease has lost the job; None: as configured.
        :param size_hint: how large it is, in any unit that is the same for the pipeline; learned durations follow it.
        :param worker: who will do it; fast and slow ones are told apart when durations are learned.
        :param job_class: what kind of job it is; likewise.
        """
        request = progress_service_pb2.CreateJobRequest(
            job_id=job_id or str(uuid.uuid4()),  # a repeat is known by its job
            message=message,
            pipeline=pipeline,
            parent=parent,
            metadata=metadata,
            ttl=_duration(ttl),
            lost_after=_duration(lost_after),
            size_hint=size_hint,
            worker=worker,
            request_id=make_writer(),
        )
        setattr(request, "class", job_class)  # a word of Python's own
        return self._info("CreateJob", request)

    def wait(self, job_id: str, after_revision: int = 0, timeout: float = WAIT_S) -> job_pb2.ProgressInfo:
        """Give the state as soon as its revision is greater, or after `timeout` seconds as it is then."""
        request = progress_service_pb2.WaitProgressRequest(
            job_id=job_id, after_revision=after_revision, timeout=_duration(timeout)
        )
        return self._info("WaitProgress", request)

    def watch(
        self, job_id: str, *, every: bool = False, wait_for_creation: bool = False, timeout: float | None = None
    ) -> Iterator[job_pb2.ProgressInfo]:
        """Give the present state and then each newer one until the job has ended, through restarts of the service.

        :param every: every change; otherwise those that come faster than they are taken are merged into the latest.
        :param wait_for_creation: wait for the job to be created, instead of NOT_FOUND.
        :param timeout: seconds for the whole of it; None: no limit.
        :raises RpcError: NOT_FOUND, no such job, or it was deleted.
        """
        mode = progress_service_pb2.WATCH_MODE_ALL if every else progress_service_pb2.WATCH_MODE_LATEST
        request = progress_service_pb2.WatchProgressRequest(
            job_id=job_id, mode=mode, wait_for_creation=wait_for_creation
        )
        self._check_server()
        stream: Any = self.stub.WatchProgress(request, timeout=timeout)
        try:
            yield from _news(stream)
        finally:
            stream.cancel()

    def cancel(self, job_id: str, reason: str = "") -> job_pb2.ProgressInfo:
        """Ask the job's worker to stop."""
        request = progress_service_pb2.CancelJobRequest(job_id=job_id, reason=reason)
        return self._info("CancelJob", request)

    def heartbeat(
        self, job_id: str, lease: float | None = None, *, attempt: int = 0, timeout: float | None = None
    ) -> job_pb2.ProgressInfo:
        """Say "I am alive"; the next sign of life comes within `lease` seconds. None: as before."""
        request = progress_service_pb2.HeartbeatRequest(
            job_id=job_id, lease=_duration(lease), attempt=attempt, writer=self.writer
        )
        return self._info("Heartbeat", request, timeout)

    # ---- for workers

    def reporter(
        self,
        job_id: str,
        stage: StageLike,
        total: float | None = None,
        *,
        interval: float = INTERVAL_S,
        attempt: int = 0,
        lease: float | None = None,
    ) -> Reporter:
        """Enter a stage, and let a thread send the newest value of `tick` at most once in `interval` seconds."""
        return Reporter(self, job_id, stage, total, interval, attempt, lease)

    def stage(
        self,
        job_id: str,
        stage: StageLike,
        total: float | None = None,
        *,
        fail_job: bool = True,
        interval: float = INTERVAL_S,
        attempt: int = 0,
        lease: float | None = None,
    ) -> StageScope:
        """Do a stage inside a `with`: entering it, `update(done, total)` as often as you like, the last one acknowledged.

        An exception that leaves it ends the job as FAILED with its text, unless `fail_job` is false; `JobCancelled` ends it
        as CANCELLED. The exception goes on.
        """
        return StageScope(self, job_id, stage, total, fail_job, interval, attempt, lease)

    def track(
        self,
        iterable: Iterable[Item],
        job_id: str,
        stage: StageLike,
        total: float | None = None,
        *,
        attempt: int = 0,
        lease: float | None = None,
    ) -> Iterator[Item]:
        """Give the items one after the other and report how many are done; the total is their number if it can be known.

        :raises JobCancelled: somebody has asked for the job to be cancelled; it has ended as CANCELLED.
        """
        total = total or operator.length_hint(iterable) or None
        with self.stage(job_id, stage, total, attempt=attempt, lease=lease) as scope:
            for count, item in enumerate(iterable, start=1):
                scope.raise_if_cancelled()
                yield item
                scope.update(count)

    # ---- the end

    def close(self) -> None:
        """End the tracker's channel, unless it was given one; finish reporters first."""
        if self._owns_channel:
            self.channel.close()

    def __enter__(self) -> ProgressTracker:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ---- calls

    def _update(
        self,
        method: str,
        request: Any,
        job_id: str,
        message: str,
        metadata: Mapping[str, str] | None,
        attempt: int,
        lease: float | None,
        timeout: float | None,
    ) -> job_pb2.ProgressInfo:
        request.job_id, request.message, request.attempt = job_id, message, attempt
        request.metadata.update(metadata or {})
        if lease is not None:
            request.lease.CopyFrom(_duration(lease))
        with self._pace.turn(job_id) as sequence:
            request.writer, request.sequence = self.writer, sequence
            return self._info(method, request, timeout)

    def _info(self, method: str, request: Any, timeout: float | None = None) -> job_pb2.ProgressInfo:
        info: job_pb2.ProgressInfo = self._ask(method, request, timeout).progress_info
        return info

    def _ask(self, method: str, request: Any, timeout: float | None = None) -> Any:
        self._check_server()
        call: Callable[..., Any] = getattr(self.stub, method)
        return call(request, timeout=timeout)

    def _check_server(self) -> None:
        """Ask at first use who is there.

        :raises RpcError: FAILED_PRECONDITION, reason INCOMPATIBLE_VERSION: the service's major version is another one.
        """
        if self._is_checked:
            return
        with self._check_lock:
            if self._is_checked:
                return
            info = self.stub.GetServerInfo(progress_service_pb2.GetServerInfoRequest())
            if info.version.split(".")[0] != VERSION.split(".", maxsplit=1)[0]:
                text = f"the server is {info.name} {info.version}, this is progressd for Python {VERSION}: "
                text += "their major versions must be the same"
                raise reason_error(grpc.StatusCode.FAILED_PRECONDITION, "INCOMPATIBLE_VERSION", text)
            self._is_checked = True


def _duration(seconds: float | None) -> Duration | None:
    if seconds is None:
        return None
    duration = Duration()
    duration.FromNanoseconds(round(seconds * 1e9))
    return duration


def _news(stream: Iterable[progress_service_pb2.WatchProgressResponse]) -> Iterator[job_pb2.ProgressInfo]:
    """Give each state that was not given before, up to the one that ends the job."""
    known = None
    for answer in stream:
        for event in answer.events:
            info = event.progress_info
            identity = info.create_time.ToNanoseconds(), info.revision
            is_old = known is not None and known[0] == identity[0] and known[1] >= identity[1]
            if event.kind == job_pb2.EVENT_KIND_DELETED or is_old:
                continue  # after a deletion the stream says NOT_FOUND
            known = identity
            yield info
            if is_final(info.state):
                return
