"""The six methods as the original has them, and what workers need beside them."""

import concurrent.futures
import threading

import grpc
import pytest
from support import wait

from progressd import JobCancelled, PipelineStage, ProgressInfo, ProgressTracker, RpcError
from progressd.gen.progress.rpc.v1 import rpc_pb2
from progressd.gen.progress.v1 import progress_service_pb2 as pb
from progressd.gen.progress.v1 import stages_pb2


def test_the_example_of_the_original_works(tracker, capsys):
    progress_tracker, job_id = tracker, "job-1"
    progress_tracker.update_progress(job_id, PipelineStage.DOWNLOADING)
    progress_tracker.update_progress_by_status(job_id, "transcribing")
    progress_info = progress_tracker.get_progress(job_id)
    print(f"Status: {progress_info.status}, Progress: {progress_info.progress}%")
    assert capsys.readouterr().out == "Status: transcribing, Progress: 25%\n"
    assert isinstance(progress_info, ProgressInfo)


def test_the_stages_come_from_the_schema_without_a_server(tracker):
    rows = tracker.stub.GetAllStages(pb.GetAllStagesRequest()).stages
    assert list(ProgressTracker.get_all_stages().items()) == [(row.status, row.start_percent) for row in rows]
    assert [stage.value for stage in PipelineStage] == [row.status for row in rows]


def test_the_other_updates(tracker):
    assert tracker.update_progress_explicit("job-1", PipelineStage.DOWNLOADING, 11).progress == 11
    assert tracker.update_progress_incremental("job-1", PipelineStage.TRANSCRIBING, 0.5).fraction == 0.375
    assert tracker.update_progress_incremental("job-1", "analyzing", done=1, total=2).progress == 60
    info = tracker.update_progress("job-1", "Processing", "cutting", metadata={"video_id": "v"}, attempt=2, lease=60)
    assert (info.message, dict(info.metadata), info.attempt) == ("cutting", {"video_id": "v"}, 2)
    assert info.HasField("lease_expire_time")


def test_what_is_no_stage_is_refused_before_it_is_sent(tracker):
    with pytest.raises(ValueError, match="queued, downloading"):
        tracker.update_progress("job-1", "dancing")
    with pytest.raises(RpcError) as raised:
        tracker.update_progress_by_status("job-1", "dancing")
    assert raised.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    with pytest.raises(TypeError):
        tracker.update_progress_explicit("job-1", PipelineStage.PROCESSING, 71.5)


def test_create_wait_cancel_and_heartbeat(tracker):
    info = tracker.create_job("job-1", pipeline="clip", metadata={"k": "v"}, ttl=60)
    assert (info.pipeline, dict(info.metadata)) == ("clip", {"k": "v"})
    assert tracker.wait("job-1", info.revision, 0.01).revision == info.revision
    assert tracker.cancel("job-1", "not needed").cancel_requested
    assert tracker.heartbeat("job-1", 30).cancel_reason == "not needed"


def test_create_makes_up_a_name_and_its_repeat_creates_nothing(tracker, fake):
    names = {tracker.create_job(message="one").job_id, tracker.create_job("", "two").job_id}
    assert len(names) == 2 and all(tracker.get_progress(name).status == "queued" for name in names)
    fake.answer = lambda call: rpc_pb2.Reply(response=pb.CreateJobResponse().SerializeToString())
    with ProgressTracker(fake.url) as other:
        other.create_job(size_hint=60.0, worker="w-1", job_class="4k")
    request = pb.CreateJobRequest.FromString(fake.calls[0].request)
    assert request.job_id and request.request_id
    assert (request.size_hint, request.worker, getattr(request, "class")) == (60.0, "w-1", "4k")


def test_simulate_asks_the_service(fake):
    fake.answer = lambda call: rpc_pb2.Reply(response=pb.SimulateProgressResponse().SerializeToString())
    with ProgressTracker(fake.url) as tracker:
        tracker.simulate("job-1", PipelineStage.ANALYZING, 1.5)
    request = pb.SimulateProgressRequest.FromString(fake.calls[0].request)
    assert (request.expected_duration.ToMilliseconds(), request.writer) == (1500, tracker.writer)


def test_a_watch_gives_each_state_once_and_ends_with_the_job(tracker):
    told = []

    def watch():
        told.extend((info.revision, info.status) for info in tracker.watch("job-1", every=True, wait_for_creation=True))

    thread = threading.Thread(target=watch)
    thread.start()
    tracker.update_progress("job-1", PipelineStage.DOWNLOADING)
    tracker.update_progress("job-1", PipelineStage.COMPLETED)
    thread.join(30)
    assert told[-1] == (2, "completed")
    assert told == sorted(set(told))


def test_a_watch_over_a_restart_shows_nothing_twice(daemon, tracker):
    tracker.update_progress("job-1", PipelineStage.DOWNLOADING)
    states = tracker.watch("job-1")
    seen = [next(states)]
    daemon.kill()
    daemon.start()
    tracker.update_progress("job-1", PipelineStage.COMPLETED)
    seen += list(states)
    assert [info.status for info in seen] == ["downloading", "completed"]


def test_a_watch_of_a_deleted_job_says_so(tracker):
    tracker.create_job("job-1")
    states = tracker.watch("job-1")
    next(states)
    tracker.stub.DeleteJob(pb.DeleteJobRequest(job_id="job-1"))
    with pytest.raises(RpcError) as raised:
        next(states)
    assert raised.value.code() is grpc.StatusCode.NOT_FOUND


def test_updates_of_one_job_by_many_threads_are_all_applied(tracker):
    def work(number):
        return tracker.update_progress("job-1", PipelineStage.DOWNLOADING, str(number)).revision

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(work, range(100))) == list(range(1, 101))
    assert not tracker._pace._turns


def test_another_major_version_is_refused(fake):
    fake.version = "99.0.0"
    with ProgressTracker(fake.url) as tracker, pytest.raises(RpcError) as raised:
        tracker.get_progress("job-1")
    assert (raised.value.code(), raised.value.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "INCOMPATIBLE_VERSION")
    assert "99.0.0" in raised.value.details()
    assert fake.calls == []


# ---- stages and loops


def test_a_stage_reports_and_is_acknowledged_at_its_end(tracker):
    with tracker.stage("job-1", PipelineStage.TRANSCRIBING) as stage:
        assert tracker.get_progress("job-1").status == "transcribing"
        stage.message("listening")
        for done in range(10001):
            assert not stage.update(done, 10000)
    info = tracker.get_progress("job-1")
    assert (info.progress, info.done, info.total, info.message) == (50, 10000, 10000, "listening")
    assert info.revision < 100, "not every step is sent"


def test_an_exception_fails_the_job_with_its_text(tracker):
    with pytest.raises(OSError, match="full"), tracker.stage("job-1", PipelineStage.PROCESSING, 10) as stage:
        stage.update(5)
        raise OSError("the disk\nis full")
    info = tracker.get_progress("job-1")
    assert (info.status, info.error) == ("failed", "OSError: the disk is full")


def test_an_exception_may_leave_the_job_alone(tracker):
    with pytest.raises(KeyError), tracker.stage("job-1", PipelineStage.PROCESSING, fail_job=False):
        raise KeyError
    assert tracker.get_progress("job-1").state == stages_pb2.JOB_STATE_ACTIVE


def test_track_counts_the_items(tracker):
    seen = []
    for item in tracker.track(["a", "b", "c"], "job-1", PipelineStage.ANALYZING):
        seen.append(item)
    info = tracker.get_progress("job-1")
    assert (seen, info.done, info.total, info.progress) == (["a", "b", "c"], 3, 3, 70)


def test_track_without_a_known_number_enters_the_stage(tracker):
    assert list(tracker.track((n for n in range(3)), "job-1", PipelineStage.ANALYZING)) == [0, 1, 2]
    assert tracker.get_progress("job-1").progress == 50


def test_breaking_out_of_track_keeps_what_was_done(tracker):
    items = tracker.track(range(10), "job-1", PipelineStage.ANALYZING)
    for item in items:
        if item == 4:
            break
    items.close()
    assert tracker.get_progress("job-1").done == 4


def test_the_wish_to_cancel_ends_track_and_the_job(tracker):
    with pytest.raises(JobCancelled, match="not needed"):
        for item in tracker.track(range(10**9), "job-1", PipelineStage.ANALYZING):
            if item == 3:
                tracker.cancel("job-1", "not needed")
    info = tracker.get_progress("job-1")
    assert (info.state, info.cancel_requested) == (stages_pb2.JOB_STATE_CANCELLED, True)


# ---- the reporter


def test_a_reporter_says_when_to_stop(tracker):
    with tracker.reporter("job-1", PipelineStage.PROCESSING, 100) as reporter:
        assert not reporter.tick(1)
        tracker.cancel("job-1")
        wait.until(lambda: reporter.tick(1), "the wish is carried to the worker")
        assert reporter.info.cancel_requested


def test_a_reporter_never_goes_back_or_beyond(tracker):
    with tracker.reporter("job-1", PipelineStage.PROCESSING, 100) as reporter:
        reporter.tick(60)
        wait.until(lambda: tracker.get_progress("job-1").done == 60, "it is reported")
        reporter.tick(20)
        reporter.set_message("again")
        wait.until(lambda: tracker.get_progress("job-1").message == "again", "it is reported")
        assert tracker.get_progress("job-1").done == 60
        reporter.tick(1000)
    assert tracker.get_progress("job-1").done == 100


def test_a_reporter_loses_nothing_over_a_restart(daemon, tracker):
    with tracker.reporter("job-1", PipelineStage.PROCESSING, 100, interval=0.01) as reporter:
        daemon.kill()
        reporter.tick(77)
        daemon.start()
        wait.until(lambda: tracker.get_progress("job-1").done == 77, "it is reported")


def test_a_reporter_keeps_its_lease(tracker):
    with tracker.reporter("job-1", PipelineStage.PROCESSING, 100, lease=0.6):
        after = tracker.get_progress("job-1").revision
        assert tracker.wait("job-1", after, 2).state == stages_pb2.JOB_STATE_ACTIVE


def test_a_reporter_of_an_older_attempt_is_stopped(tracker):
    with (
        pytest.raises(RpcError) as raised,
        tracker.reporter("job-1", PipelineStage.PROCESSING, 9, attempt=1) as reporter,
    ):
        tracker.update_progress("job-1", PipelineStage.QUEUED, attempt=2)
        wait.until(lambda: reporter.tick(1), "it is told to stop")
    assert raised.value.code() is grpc.StatusCode.ABORTED
