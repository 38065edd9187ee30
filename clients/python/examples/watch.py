"""Shows a job until it ends, with asyncio and the generated stub."""

import asyncio
import sys

import progressd.aio
from progressd import ProgressTrackerServiceStub
from progressd.gen.progress.v1.job_pb2 import EVENT_KIND_ENDED
from progressd.gen.progress.v1.progress_service_pb2 import WatchProgressRequest


async def watch(job_id: str) -> None:
    async with progressd.aio.Channel() as channel:
        request = WatchProgressRequest(job_id=job_id, wait_for_creation=True)
        async for answer in ProgressTrackerServiceStub(channel).WatchProgress(request):
            for event in answer.events:
                info = event.progress_info
                print(f"{info.job_id} {info.status} {info.progress}% {info.message}".rstrip(), flush=True)
                if event.kind == EVENT_KIND_ENDED or info.HasField("end_time"):
                    return


asyncio.run(watch(sys.argv[1] if len(sys.argv) > 1 else "job-1"))
