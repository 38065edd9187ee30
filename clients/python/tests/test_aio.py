"""The same stub over the channel for asyncio."""

import asyncio

import grpc
import grpc.aio
import pytest

import progressd.aio
from progressd import ProgressTrackerServiceStub
from progressd.gen.progress.v1 import progress_service_pb2 as pb


def story(url):
    """Runs a coroutine function with a stub in a loop of its own."""

    def run(tell):
        async def main():
            async with progressd.aio.Channel(url) as channel:
                await tell(ProgressTrackerServiceStub(channel))

        asyncio.run(asyncio.wait_for(main(), 60))

    return run


def update(job_id="job-1", stage="PIPELINE_STAGE_TRANSCRIBING", **fields):
    return pb.UpdateProgressRequest(job_id=job_id, stage=stage, **fields)


def test_a_call_is_awaited(url):
    @story(url)
    async def _(stub):
        call = stub.UpdateProgress(update())
        assert (await call).progress_info.progress == 25
        assert await call.code() is grpc.StatusCode.OK
        assert dict(await call.trailing_metadata()) == {"durability": "SYNCED"}
        assert call.done() and not call.cancelled()


def test_an_error_is_gRPCs(url):
    @story(url)
    async def _(stub):
        call = stub.GetProgress(pb.GetProgressRequest(job_id="nobody"))
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await call
        error = raised.value
        assert (error.code(), error.reason) == (grpc.StatusCode.NOT_FOUND, "JOB_NOT_FOUND")
        assert isinstance(error, grpc.RpcError) and "nobody" in error.details()
        assert (await call.code(), await call.details()) == (error.code(), error.details())


def test_many_calls_are_under_way_at_once(url):
    @story(url)
    async def _(stub):
        answers = await asyncio.gather(*[stub.UpdateProgress(update(f"job-{number}")) for number in range(100)])
        assert {answer.progress_info.revision for answer in answers} == {1}


def test_a_stream_is_iterated(url):
    @story(url)
    async def _(stub):
        await stub.UpdateProgress(update())
        told = []
        async for answer in stub.WatchProgress(pb.WatchProgressRequest(job_id="job-1")):
            told += [event.progress_info.status for event in answer.events]
            if told == ["transcribing"]:
                await stub.UpdateProgress(update(stage="PIPELINE_STAGE_COMPLETED"))
            if "completed" in told:
                break
        assert told == ["transcribing", "completed"]


def test_a_stream_ends_with_its_error(url):
    @story(url)
    async def _(stub):
        stream = stub.WatchProgress(pb.WatchProgressRequest(job_id="nobody"))
        with pytest.raises(grpc.aio.AioRpcError):
            await stream.read()
        assert stream.done() and await stream.code() is grpc.StatusCode.NOT_FOUND


def test_a_stream_is_cancelled_by_another_task(url):
    @story(url)
    async def _(stub):
        await stub.UpdateProgress(update())
        stream = stub.WatchProgress(pb.WatchProgressRequest(job_id="job-1"))
        await stream.read()
        asyncio.get_running_loop().call_later(0.01, stream.cancel)
        with pytest.raises(asyncio.CancelledError):
            await stream.read()
        assert stream.cancelled()


def test_a_cancelled_call_leaves_its_line_usable(url):
    @story(url)
    async def _(stub):
        await stub.UpdateProgress(update())
        for _ in range(5):
            waiting = stub.WaitProgress(pb.WaitProgressRequest(job_id="job-1", after_revision=1))
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(waiting, 0.01)
            assert (await stub.GetProgress(pb.GetProgressRequest(job_id="job-1"))).progress_info.revision == 1


def test_the_deadline_is_kept(url):
    @story(url)
    async def _(stub):
        await stub.UpdateProgress(update())
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await stub.WaitProgress(pb.WaitProgressRequest(job_id="job-1", after_revision=1), timeout=0.05)
        assert raised.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED


def test_a_call_waits_for_the_daemon_to_come_back(daemon):
    @story(daemon.url)
    async def _(stub):
        await stub.UpdateProgress(update(writer="w", sequence=1))
        daemon.kill()
        call = stub.UpdateProgress(update(writer="w", sequence=2))
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await stub.GetProgress(pb.GetProgressRequest(job_id="job-1"), wait_for_ready=False)
        assert raised.value.code() is grpc.StatusCode.UNAVAILABLE
        await asyncio.get_running_loop().run_in_executor(None, daemon.start)
        assert (await call).progress_info.status == "transcribing"


def test_closing_ends_calls(daemon):
    async def main():
        channel = progressd.aio.Channel(daemon.url)
        stub = ProgressTrackerServiceStub(channel)
        await stub.UpdateProgress(update())
        waiting = stub.WaitProgress(pb.WaitProgressRequest(job_id="job-1", after_revision=1))
        await channel.channel_ready()
        await asyncio.sleep(0)
        await channel.close()
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await waiting
        assert raised.value.code() is grpc.StatusCode.CANCELLED
        assert channel.get_state() is grpc.ChannelConnectivity.SHUTDOWN

    asyncio.run(asyncio.wait_for(main(), 60))
