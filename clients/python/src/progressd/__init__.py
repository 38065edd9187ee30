"""Report and read the progress of long-running jobs kept by progressd.

    from progressd import PipelineStage, ProgressTracker

    tracker = ProgressTracker()                                  # $PRG_SERVER, else the daemon's usual place
    with tracker.stage("job-1", PipelineStage.TRANSCRIBING) as stage:
        for second in range(60):
            stage.update(second, 60)
    tracker.update_progress("job-1", PipelineStage.COMPLETED)

`Channel` carries the generated stubs (`ProgressTrackerServiceStub`) as a gRPC channel does; `progressd.aio.Channel` does so
for asyncio. Messages are in `progressd.gen.progress.v1`.
"""

from .channel import Channel
from .errors import AioRpcError, JobCancelled, RpcError
from .gen.progress.v1.job_pb2 import ProgressInfo
from .gen.progress.v1.progress_service_pb2_grpc import ProgressTrackerServiceStub
from .gen.stages import PipelineStage
from .gen.version import VERSION as __version__
from .reporter import Reporter
from .scope import StageScope
from .tracker import ProgressTracker

__all__ = [
    "AioRpcError",
    "Channel",
    "JobCancelled",
    "PipelineStage",
    "ProgressInfo",
    "ProgressTracker",
    "ProgressTrackerServiceStub",
    "Reporter",
    "RpcError",
    "StageScope",
    "__version__",
]
