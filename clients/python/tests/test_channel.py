"""The official generated stub takes the channel as it would take gRPC's."""

import concurrent.futures
import signal
import threading

import grpc
import pytest
from support import wait

from progressd import Channel, ProgressTrackerServiceStub, RpcError
from progressd.gen.progress.rpc.v1 import rpc_pb2
from progressd.gen.progress.v1 import progress_service_pb2 as pb

STAGE = "PIPELINE_STAGE_TRANSCRIBING"


def update(job_id="job-1", **fields):
    return pb.UpdateProgressRequest(job_id=job_id, stage=STAGE, **fields)


def test_a_call_gets_its_response(stub):
    stub.UpdateProgress(update(message="listening"))
    info = stub.GetProgress(pb.GetProgressRequest(job_id="job-1")).progress_info
    assert (info.status, info.progress, info.message) == ("transcribing", 25, "listening")


def test_an_error_is_gRPCs_with_code_details_and_reason(stub):
    with pytest.raises(grpc.RpcError) as raised:
        stub.GetProgress(pb.GetProgressRequest(job_id="nobody"))
    error = raised.value
    assert error.code() is grpc.StatusCode.NOT_FOUND
    assert "nobody" in error.details()
    assert ("reason", "JOB_NOT_FOUND") in error.trailing_metadata()
    assert (error.reason, str(error)) == ("JOB_NOT_FOUND", f"NOT_FOUND: {error.details()}")


def test_with_call_tells_what_the_acknowledgement_is_worth(stub):
    response, call = stub.UpdateProgress.with_call(update())
    assert response.progress_info.revision == 1
    assert (call.code(), dict(call.trailing_metadata())) == (grpc.StatusCode.OK, {"durability": "SYNCED"})


def test_a_future_is_under_way_until_its_answer(stub):
    stub.UpdateProgress(update())
    future = stub.WaitProgress.future(pb.WaitProgressRequest(job_id="job-1", after_revision=1))
    seen = []
    future.add_done_callback(seen.append)
    assert not future.done()
    stub.UpdateProgress(pb.UpdateProgressRequest(job_id="job-1", stage="PIPELINE_STAGE_ANALYZING"))
    assert future.result(timeout=20).progress_info.status == "analyzing"
    assert (future.code(), future.exception(), future.cancelled()) == (grpc.StatusCode.OK, None, False)
    wait.until(lambda: seen == [future], "the callback is called")


def test_a_future_can_be_cancelled(stub):
    stub.UpdateProgress(update())
    future = stub.WaitProgress.future(pb.WaitProgressRequest(job_id="job-1", after_revision=1))
    assert future.cancel()
    assert future.code() is grpc.StatusCode.CANCELLED
    assert future.cancelled() and not future.cancel()
    with pytest.raises(grpc.FutureCancelledError):
        future.result()
    assert stub.GetProgress(pb.GetProgressRequest(job_id="job-1")).progress_info.revision == 1


def test_a_future_that_failed_raises_its_error(stub):
    future = stub.GetProgress.future(pb.GetProgressRequest(job_id="nobody"))
    with pytest.raises(grpc.RpcError):
        future.result(20)
    assert future.exception().code() is grpc.StatusCode.NOT_FOUND


def test_the_deadline_is_kept_also_when_the_service_would_wait_longer(stub):
    stub.UpdateProgress(update())
    with pytest.raises(grpc.RpcError) as raised:
        stub.WaitProgress(pb.WaitProgressRequest(job_id="job-1", after_revision=1), timeout=0.05)
    assert raised.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED


def test_many_threads_call_at_once(stub):
    def work(number):
        for step in range(20):
            stub.UpdateProgress(update(f"job-{number}", message=str(step)))
        return stub.GetProgress(pb.GetProgressRequest(job_id=f"job-{number}")).progress_info.message

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        assert set(pool.map(work, range(16))) == {"19"}


def test_a_stream_goes_on_from_answer_to_answer(stub):
    stub.UpdateProgress(update())
    stream = stub.WatchProgress(pb.WatchProgressRequest(job_id="job-1"))
    assert next(stream).events[0].progress_info.revision == 1
    for message in ("a", "b", "c"):
        stub.UpdateProgress(update(message=message))
    told = []
    while len(told) < 3:
        told += [event.progress_info.message for event in next(stream).events]
    assert told == ["a", "b", "c"]
    assert stream.is_active() and stream.code() is None
    threading.Timer(0.01, stream.cancel).start()
    with pytest.raises(grpc.RpcError) as raised:
        next(stream)
    assert raised.value.code() is stream.code() is grpc.StatusCode.CANCELLED
    assert not stream.is_active()


def test_cancelling_a_stream_between_its_answers_disturbs_no_other_call(stub):
    stub.UpdateProgress(update())
    stream = stub.WatchProgress(pb.WatchProgressRequest(job_id="job-1"))
    next(stream)
    future = stub.WaitProgress.future(pb.WaitProgressRequest(job_id="job-1", after_revision=1))
    wait.until(lambda: future._driver._line, "the call has the line that the stream had")
    stream.cancel()
    stub.UpdateProgress(pb.UpdateProgressRequest(job_id="job-1", stage="PIPELINE_STAGE_ANALYZING"))
    assert future.result(timeout=20).progress_info.status == "analyzing"


def test_a_stream_has_a_deadline_of_its_own(stub):
    stub.UpdateProgress(update())
    stream = stub.WatchJobs(pb.WatchJobsRequest(), timeout=0.2)
    assert len(next(stream).events) == 1
    with pytest.raises(grpc.RpcError) as raised:
        next(stream)
    assert raised.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED


def test_a_stream_over_a_restart_tells_the_end(daemon):
    stub = ProgressTrackerServiceStub(Channel(daemon.url))
    stub.UpdateProgress(update())
    stream = stub.WatchProgress(pb.WatchProgressRequest(job_id="job-1"))
    next(stream)
    daemon.kill()
    daemon.start()
    stub.UpdateProgress(pb.UpdateProgressRequest(job_id="job-1", stage="PIPELINE_STAGE_COMPLETED"))
    states = []
    while "completed" not in states:
        states += [event.progress_info.status for event in next(stream).events]


def test_a_dropped_channel_lives_as_long_as_its_calls(daemon):
    stub = ProgressTrackerServiceStub(Channel(daemon.url))
    stub.UpdateProgress(update())
    stream = ProgressTrackerServiceStub(Channel(daemon.url)).WatchProgress(pb.WatchProgressRequest(job_id="job-1"))
    assert next(stream).events[0].progress_info.revision == 1


def test_closing_ends_calls_as_cancelled(daemon):
    channel = Channel(daemon.url)
    stub = ProgressTrackerServiceStub(channel)
    stub.UpdateProgress(update())
    future = stub.WaitProgress.future(pb.WaitProgressRequest(job_id="job-1", after_revision=1))
    stream = stub.WatchProgress(pb.WatchProgressRequest(job_id="job-1"))
    next(stream)
    channel.close()
    channel.close()
    assert future.exception(20).reason == "CHANNEL_CLOSED"
    for call in (lambda: next(stream), lambda: stub.UpdateProgress(update())):
        with pytest.raises(grpc.RpcError) as raised:
            call()
        assert raised.value.code() is grpc.StatusCode.CANCELLED


def test_closing_in_the_midst_of_calls_ends_them_all(daemon):
    def call_until_closed(stub):
        while True:
            try:
                stub.UpdateProgress(update())
            except RpcError as error:
                return error.reason

    for _ in range(20):
        with Channel(daemon.url) as channel, concurrent.futures.ThreadPoolExecutor(4) as pool:
            stub = ProgressTrackerServiceStub(channel)
            callers = [pool.submit(call_until_closed, stub) for _ in range(4)]
            stub.UpdateProgress(update())
            channel.close()
            assert {caller.result(20) for caller in callers} == {"CHANNEL_CLOSED"}


def test_interceptors_of_gRPC_work(daemon):
    class Names(grpc.UnaryUnaryClientInterceptor):
        def __init__(self):
            self.methods = []

        def intercept_unary_unary(self, continuation, details, request):
            self.methods.append(details.method)
            return continuation(details, request)

    names = Names()
    with Channel(daemon.url) as channel:
        stub = ProgressTrackerServiceStub(grpc.intercept_channel(channel, names))
        assert stub.UpdateProgress(update()).progress_info.revision == 1
    assert names.methods == ["/progress.v1.ProgressTrackerService/UpdateProgress"]


def test_connectivity_is_told(daemon):
    told = []
    note = told.append
    with Channel(daemon.url) as channel:
        channel.subscribe(note)
        wait.until(lambda: told and told[-1] is grpc.ChannelConnectivity.READY, "it is ready")
        daemon.kill()
        wait.until(lambda: told[-1] is grpc.ChannelConnectivity.CONNECTING, "it connects again")
        channel.unsubscribe(note)
        seen = len(told)
        daemon.start()
        ProgressTrackerServiceStub(channel).UpdateProgress(update())
        assert len(told) == seen


def test_metadata_goes_into_the_frame(fake):
    stub = ProgressTrackerServiceStub(Channel(fake.url, authorization="Bearer default"))
    stub.GetProgress(pb.GetProgressRequest(job_id="a"), timeout=5)
    metadata = (("Authorization", "Bearer other"), ("traceparent", "00-1"))
    stub.GetProgress(pb.GetProgressRequest(job_id="b"), metadata=metadata)
    first, second = fake.calls
    assert (first.authorization, dict(first.metadata)) == ("Bearer default", {})
    assert (second.authorization, dict(second.metadata)) == ("Bearer other", {"traceparent": "00-1"})
    assert 0 < first.timeout_ms <= 5000 < second.timeout_ms <= 10000


def test_the_token_of_the_environment_goes_into_the_frame(fake, monkeypatch, tmp_path):
    def ask(**options):
        ProgressTrackerServiceStub(Channel(fake.url, **options)).GetProgress(pb.GetProgressRequest(job_id="a"))
        return fake.calls[-1].authorization

    (tmp_path / "token").write_text("in-file\nmore\n", encoding="ascii")
    monkeypatch.setenv("PRG_TOKEN_FILE", str(tmp_path / "token"))
    assert ask() == "Bearer in-file"
    monkeypatch.setenv("PRG_TOKEN", "in-variable")
    assert [ask(), ask(authorization="Bearer given"), ask(authorization="")] == [
        "Bearer in-variable",
        "Bearer given",
        "",
    ]
    monkeypatch.setenv("PRG_TOKEN", "two words")
    with pytest.raises(ValueError, match=r"^PRG_TOKEN: holds no token$"):
        Channel(fake.url)
    monkeypatch.setenv("PRG_TOKEN", "")
    monkeypatch.setenv("PRG_TOKEN_FILE", "/nowhere")
    with pytest.raises(ValueError, match=r"^PRG_TOKEN_FILE: cannot read /nowhere: "):
        Channel(fake.url)


def test_a_service_that_is_not_available_is_asked_again(fake):
    busy = rpc_pb2.Reply(code=grpc.StatusCode.UNAVAILABLE.value[0], message="starting", reason="STARTING")
    fake.answer = lambda call: busy if len(fake.calls) < 3 else rpc_pb2.Reply()
    stub = ProgressTrackerServiceStub(Channel(fake.url))
    stub.GetProgress(pb.GetProgressRequest(job_id="a"))
    assert len(fake.calls) == 3
    fake.answer = lambda call: busy
    for options in ({"timeout": 0.1}, {"wait_for_ready": False}):
        with pytest.raises(grpc.RpcError) as raised:
            stub.GetProgress(pb.GetProgressRequest(job_id="a"), **options)
        assert (raised.value.code(), raised.value.reason) == (grpc.StatusCode.UNAVAILABLE, "STARTING")


@pytest.mark.parametrize("answer", [b"\xff\xff", rpc_pb2.Reply(response=b"\xff\xff")])
def test_an_answer_that_is_none_is_an_internal_error(fake, answer):
    fake.answer = lambda call: answer
    with pytest.raises(grpc.RpcError) as raised:
        ProgressTrackerServiceStub(Channel(fake.url)).GetProgress(pb.GetProgressRequest(job_id="a"))
    assert (raised.value.code(), raised.value.reason) == (grpc.StatusCode.INTERNAL, "BAD_REPLY")


def test_an_unknown_code_is_unknown(fake):
    fake.answer = lambda call: rpc_pb2.Reply(code=99, message="new")
    with pytest.raises(grpc.RpcError) as raised:
        ProgressTrackerServiceStub(Channel(fake.url)).GetProgress(pb.GetProgressRequest(job_id="a"))
    assert raised.value.code() is grpc.StatusCode.UNKNOWN


def test_too_large_a_request_is_not_sent(fake):
    request = pb.BatchUpdateProgressRequest(updates=[pb.BatchUpdate(update_progress=update(message="m" * 1000))] * 1200)
    with pytest.raises(grpc.RpcError) as raised:
        ProgressTrackerServiceStub(Channel(fake.url)).BatchUpdateProgress(request)
    assert raised.value.reason == "REQUEST_TOO_LARGE"
    assert fake.calls == []


def test_who_cannot_be_reached_is_unavailable(tmp_path):
    stub = ProgressTrackerServiceStub(Channel(f"ipc://{tmp_path}/nobody"))
    for options in ({"timeout": 0.1}, {"wait_for_ready": False, "timeout": 20}):
        with pytest.raises(RpcError) as raised:
            stub.GetProgress(pb.GetProgressRequest(job_id="a"), **options)
        assert (raised.value.code(), raised.value.reason) == (grpc.StatusCode.UNAVAILABLE, "UNREACHABLE")


def test_a_signal_interrupts_a_call_that_waits(fake):
    class Interrupted(Exception):
        pass

    def interrupt(*_):
        raise Interrupted

    fake.answer = lambda call: None
    before = signal.signal(signal.SIGUSR1, interrupt)
    try:
        timer = threading.Timer(0.05, signal.pthread_kill, [threading.get_ident(), signal.SIGUSR1])
        timer.start()
        with pytest.raises(Interrupted):
            ProgressTrackerServiceStub(Channel(fake.url)).GetProgress(pb.GetProgressRequest(job_id="a"))
    finally:
        timer.join()
        signal.signal(signal.SIGUSR1, before)


def test_streams_of_requests_are_refused(fake):
    with Channel(fake.url) as channel:
        for make in (channel.stream_unary, channel.stream_stream):
            with pytest.raises(NotImplementedError):
                make("/a/B")


@pytest.mark.parametrize(
    "url", ["", "http://a", "ipc://", "ipc://" + "x" * 108, "tcp://a", "tcp://a:0", "tcp://a:65536"]
)
def test_an_address_that_is_none_is_refused(url, monkeypatch):
    monkeypatch.setenv("PRG_SERVER", "nowhere")
    with pytest.raises(ValueError, match="allowed are ipc://"):
        Channel(url)


def test_the_address_is_found(daemon, monkeypatch):
    monkeypatch.setenv("PRG_SERVER", daemon.url)
    assert Channel().server == daemon.url
    monkeypatch.delenv("PRG_SERVER")
    monkeypatch.setenv("RUNTIME_DIRECTORY", f"{daemon.folder}:/other")
    assert Channel().server == daemon.url
