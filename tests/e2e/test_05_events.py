"""What subscribers are told: every change once, in order, with the state after it, and never before it is kept."""

import json
import sqlite3
import threading

import pytest

from support import raw
from support.events import Listener
from support.messages import job, rpc, service, stage, stages
from support.rpc import PREFIX, Refused
from support.web import SERVICE

CREATED, UPDATED, ENDED, DELETED = (
    job.EventKind.Value(f"EVENT_KIND_{name}") for name in ("CREATED", "UPDATED", "ENDED", "DELETED")
)


def told(events):
    return [
        (event.kind, event.progress_info.status, event.previous_revision, event.progress_info.revision)
        for event in events
    ]


def test_a_whole_life_is_told_in_order(daemon, client):
    with Listener(daemon, "job-1") as listener:
        client.call("CreateJob", job_id="job-1", metadata={"video_id": "v"})
        client.call("UpdateProgress", job_id="job-1", stage=stage("downloading"))
        client.call("UpdateProgressIncremental", job_id="job-1", stage=stage("downloading"), fraction=0.5)
        client.call("UpdateProgress", job_id="job-1", stage=stage("completed"))
        client.call("UpdateProgress", job_id="job-1", stage=stage("posting_tiktok"))
        client.call("UpdateProgress", job_id="job-1", stage=stage("posting_completed"))
        client.call("DeleteJob", job_id="job-1")
        events = listener.receive_until("job-1", DELETED)
    assert told(events[:6]) == [
        (CREATED, "queued", 0, 1),
        (UPDATED, "downloading", 1, 2),
        (UPDATED, "downloading", 2, 3),
        (ENDED, "completed", 3, 4),
        (UPDATED, "posting_tiktok", 4, 5),
        (ENDED, "posting_completed", 5, 6),
    ]
    assert events[6].previous_revision == 6
    assert events[6].progress_info.status == "posting_completed"
    assert events[2].progress_info.progress == 10
    assert all(event.progress_info.metadata["video_id"] == "v" for event in events)


def test_the_event_is_the_answer_that_the_caller_got(daemon, client):
    with Listener(daemon) as listener:
        answers = [
            client.call("CreateJob", job_id="job-1"),
            client.call("UpdateProgressExplicit", job_id="job-1", stage=stage("analyzing"), progress=66, message="m"),
            client.call("UpdateProgress", job_id="job-1", stage=stage("failed"), message="no sound"),
        ]
        for answer in answers:
            assert listener.receive().progress_info == answer.progress_info


@pytest.mark.parametrize(
    "end, state",
    [
        ("failed", stages.JOB_STATE_FAILED),
        ("error", stages.JOB_STATE_FAILED),
        ("cancelled", stages.JOB_STATE_CANCELLED),
    ],
)
def test_a_bad_end_is_told_as_an_end(daemon, client, end, state):
    with Listener(daemon, "job-1") as listener:
        client.call("UpdateProgress", job_id="job-1", stage=stage("downloading"))
        client.call("UpdateProgress", job_id="job-1", stage=stage(end))
        assert told([listener.receive()]) == [(CREATED, "downloading", 0, 1)]
        event = listener.receive()
    assert (event.kind, event.progress_info.state, event.previous_revision) == (ENDED, state, 1)


def test_one_job_is_told_without_those_whose_name_begins_alike(daemon, client):
    with Listener(daemon, "job-1") as listener:
        for job_id in ("job-10", "job-1.a", "job", "job-1", "job-2"):
            client.call("CreateJob", job_id=job_id)
        client.call("DeleteJob", job_id="job-1")
        assert [event.progress_info.job_id for event in listener.receive_until("job-1", DELETED)] == ["job-1", "job-1"]


def test_many_subscribers_are_told_the_same(daemon, client):
    listeners = [Listener(daemon) for _ in range(5)]
    client.call("CreateJob", job_id="job-1")
    client.call("UpdateProgress", job_id="job-1", stage=stage("completed"))
    seen = []
    for listener in listeners:
        events = listener.receive_until("job-1", ENDED)
        seen.append(told(event for event in events if event.progress_info.job_id == "job-1"))
        listener.close()
    assert seen == [[(CREATED, "queued", 0, 1), (ENDED, "completed", 1, 2)]] * 5


def test_what_changes_nothing_is_not_told(daemon, client):
    with Listener(daemon, "job-1") as listener:
        update = dict(job_id="job-1", stage=stage("analyzing"), fraction=0.5, writer="w", sequence=5)
        client.call("UpdateProgressIncremental", **update)
        assert client.call("UpdateProgressIncremental", **update).outcome == job.UPDATE_OUTCOME_DUPLICATE
        for fraction, sequence in ((0.5, 6), (0.25, 7), (0.75, 3)):
            late = client.call(
                "UpdateProgressIncremental",
                job_id="job-1",
                stage=stage("analyzing"),
                fraction=fraction,
                writer="w",
                sequence=sequence,
            )
            assert late.outcome == job.UPDATE_OUTCOME_ABSORBED
        for method, fields in (("UpdateProgress", {"stage": stage("transcribing")}), ("CreateJob", {})):
            with pytest.raises(Refused):
                client.call(method, job_id="job-1", **fields)
        client.call("UpdateProgress", job_id="job-1", stage=stage("completed"))
        events = listener.receive_until("job-1", ENDED)
    assert told(events) == [(CREATED, "analyzing", 0, 1), (ENDED, "completed", 1, 2)]


def test_a_job_made_anew_begins_anew(daemon, client):
    with Listener(daemon, "job-1") as listener:
        for _ in range(3):
            client.call("CreateJob", job_id="job-1")
            client.call("DeleteJob", job_id="job-1")
            created, deleted = listener.receive(), listener.receive()
            assert told([created]) == [(CREATED, "queued", 0, 1)]
            assert (deleted.kind, deleted.previous_revision) == (DELETED, 1)


class Writing:
    """Calls in the background, one after the other: calls under way together are carried out in any order."""

    def __init__(self, daemon, requests):
        self.daemon, self.requests = daemon, requests
        self.thread = threading.Thread(target=self._run)

    def _run(self):
        with self.daemon.client() as client:
            for fields in self.requests:
                client.call("UpdateProgressExplicit", stage=stage("processing"), **fields)

    def __enter__(self):
        self.thread.start()

    def __exit__(self, *_):
        self.thread.join()


def test_no_event_comes_before_its_change_can_be_read(daemon):
    """Everywhere it can be looked for: by a call, and in the file by another program."""
    count = 300
    requests = [
        {"job_id": "job-1", "progress": 100 * number // count, "message": f"{number}"} for number in range(count)
    ]
    store = sqlite3.connect(f"file:{daemon.store_path}?mode=ro", uri=True)
    with Listener(daemon) as listener, daemon.client() as reader, Writing(daemon, requests):
        for number in range(count):
            event = listener.receive()
            info = event.progress_info
            assert (event.previous_revision, info.revision, info.message) == (number, number + 1, f"{number}")
            assert reader.call("GetProgress", job_id="job-1").progress_info.revision >= info.revision
            (kept,) = store.execute("SELECT revision FROM job WHERE job_id = 'job-1'").fetchone()
            assert kept >= info.revision
    store.close()


def test_the_chain_of_each_of_many_jobs_has_no_gap(daemon):
    last = {f"job-{number}": 0 for number in range(20)}
    requests = [{"job_id": name, "progress": 4 * revision} for revision in range(1, 26) for name in last]
    with Listener(daemon) as listener, Writing(daemon, requests):
        for _ in requests:
            event = listener.receive()
            info = event.progress_info
            assert (event.previous_revision, info.revision) == (last[info.job_id], last[info.job_id] + 1)
            assert info.progress == 4 * info.revision
            last[info.job_id] = info.revision
    assert set(last.values()) == {25}


def test_a_subscriber_that_says_something_is_dropped_alone(daemon, client):
    with Listener(daemon, "job-1") as listener:
        link = raw.shake_hands(daemon.events_url, 0x21)
        link.sendall(raw.head(daemon.events_url, 1 << 20) + b"x" * 1000)
        raw.wait_until_dropped(link)
        link.close()
        client.call("CreateJob", job_id="job-1")
        assert listener.receive().kind == CREATED


def test_a_subscriber_that_does_not_read_slows_nobody(daemon, client):
    with Listener(daemon, "job-1") as listener, raw.shake_hands(daemon.events_url, 0x21):
        for number in range(300):
            client.call(
                "UpdateProgress", job_id=f"other-{number % 3}", stage=stage("queued"), message=f"{number} " + "x" * 1000
            )
        client.call("CreateJob", job_id="job-1")
        assert listener.receive().kind == CREATED


def test_an_event_belongs_to_the_trace_of_its_call(daemon, client, web):
    """Over both doors; what is no traceparent is not passed on."""
    traces = [f"00-{number:032x}-00f067aa0ba902b7-01" for number in (1, 2)]
    body = json.dumps({"jobId": "job-1", "stage": "PIPELINE_STAGE_DOWNLOADING"})
    with Listener(daemon, "job-1") as listener:
        for trace in (traces[0], "nonsense"):
            request = service.UpdateProgressRequest(job_id="job-1", stage=stage("queued"), message=trace)
            call = rpc.Call(method=PREFIX + "UpdateProgress", request=request.SerializeToString(), metadata={"traceparent": trace})
            client.send_bytes(call.SerializeToString())
            assert client.receive()[1].code == 0
        answer = web.ask("POST", SERVICE + "UpdateProgress", body, Content_Type="application/json", traceparent=traces[1])
        assert answer.status == 200
        events = [listener.receive() for _ in range(3)]
    assert [event.traceparent for event in events] == [traces[0], "", traces[1]]
