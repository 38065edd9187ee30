"""A job goes through all stages; what is shown is what the table of the contract says."""

import pytest

from support.messages import job, stage, stages
from support.rpc import Refused
from support.still import still

TABLE = {
    "queued": (0, 5),
    "downloading": (5, 15),
    "downloaded": (15, 18),
    "uploading": (18, 20),
    "processing_started": (20, 25),
    "transcribing": (25, 50),
    "analyzing": (50, 70),
    "processing": (70, 90),
    "uploading_clips": (90, 100),
    "completed": (100, 100),
    "failed": (0, 0),
    "error": (0, 0),
    "cancelled": (0, 0),
    "posting_tiktok": (80, 85),
    "posting_instagram": (85, 100),
    "posting_completed": (100, 100),
}
MAIN = list(TABLE)[:10]


def test_the_table_is_the_contracts(client):
    rows = client.call("GetAllStages").stages
    assert {row.status: (row.start_percent, row.end_percent) for row in rows} == TABLE
    assert [row.status for row in rows] == list(TABLE)
    typical = {row.status: row.typical_seconds for row in rows if row.typical_seconds}
    assert typical == {
        "downloading": 180,
        "transcribing": 420,
        "analyzing": 150,
        "processing": 240,
        "uploading_clips": 120,
    }


def test_every_stage_shows_its_start_and_ends_at_100(client):
    for name in MAIN:
        info = client.call("UpdateProgress", job_id="job-1", stage=stage(name)).progress_info
        assert (info.status, info.progress) == (name, TABLE[name][0])
        assert info.fraction == pytest.approx(TABLE[name][0] / 100)
    assert info.state == stages.JOB_STATE_SUCCEEDED
    assert info.HasField("end_time")


def test_by_status_in_any_case_is_the_same(client):
    info = client.call("UpdateProgressByStatus", job_id="job-1", status="TransCribing").progress_info
    assert (info.stage, info.progress) == (stage("transcribing"), 25)


def test_increments_fill_the_range_of_the_stage(client):
    shown = []
    for done in range(0, 11):
        info = client.call(
            "UpdateProgressIncremental", job_id="job-1", stage=stage("downloading"), done=done, total=10
        ).progress_info
        shown.append(info.progress)
    assert shown == list(range(5, 16))
    info = client.call(
        "UpdateProgressIncremental", job_id="job-1", stage=stage("transcribing"), fraction=0.5
    ).progress_info
    assert (info.progress, info.fraction) == (37, 0.375)


def test_a_late_report_is_absorbed_and_an_earlier_stage_refused(client):
    client.call("UpdateProgressIncremental", job_id="job-1", stage=stage("analyzing"), fraction=0.5)
    answer = client.call("UpdateProgressIncremental", job_id="job-1", stage=stage("analyzing"), fraction=0.25)
    assert answer.outcome == job.UPDATE_OUTCOME_ABSORBED
    assert answer.progress_info.progress == 60
    with pytest.raises(Refused) as refused:
        client.call("UpdateProgress", job_id="job-1", stage=stage("transcribing"))
    assert (refused.value.code, refused.value.reason) == (9, "STAGE_REGRESSION")


@pytest.mark.parametrize("end", ["failed", "error", "cancelled"])
def test_a_bad_end_shows_0_and_keeps_what_was_reached(client, end):
    client.call("UpdateProgressExplicit", job_id="job-1", stage=stage("processing"), progress=77)
    info = client.call("UpdateProgress", job_id="job-1", stage=stage(end), message="the disk is full").progress_info
    assert (info.progress, info.fraction, info.reached_progress) == (0, 0, 77)
    assert info.error == "the disk is full"
    with pytest.raises(Refused) as refused:
        client.call("UpdateProgress", job_id="job-1", stage=stage("completed"))
    assert refused.value.code == 9


def test_posting_is_a_new_run_after_completed(client):
    client.call("UpdateProgress", job_id="job-1", stage=stage("processing"))
    with pytest.raises(Refused):
        client.call("UpdateProgress", job_id="job-1", stage=stage("posting_tiktok"))
    client.call("UpdateProgress", job_id="job-1", stage=stage("completed"))
    info = client.call("UpdateProgress", job_id="job-1", stage=stage("posting_tiktok")).progress_info
    assert (info.progress, info.run, info.state) == (80, 2, stages.JOB_STATE_ACTIVE)
    info = client.call("UpdateProgress", job_id="job-1", stage=stage("posting_completed")).progress_info
    assert (info.progress, info.state) == (100, stages.JOB_STATE_SUCCEEDED)


def test_a_repeat_changes_nothing_and_gets_the_same_answer(client):
    request = dict(job_id="job-1", stage=stage("transcribing"), fraction=0.2, writer="w", sequence=7, message="a")
    first = client.call("UpdateProgressIncremental", **request)
    client.call(
        "UpdateProgressIncremental",
        job_id="job-1",
        stage=stage("transcribing"),
        fraction=0.8,
        writer="other",
        sequence=1,
    )
    again = client.call("UpdateProgressIncremental", **request)
    assert still(again.progress_info) == still(first.progress_info)
    assert again.outcome == job.UPDATE_OUTCOME_DUPLICATE
    assert client.call("GetProgress", job_id="job-1").progress_info.revision == first.progress_info.revision + 1


def test_a_newer_attempt_starts_anew_and_fences_the_old_one(client):
    client.call("UpdateProgress", job_id="job-1", stage=stage("processing"), attempt=1)
    info = client.call("UpdateProgress", job_id="job-1", stage=stage("downloading"), attempt=2).progress_info
    assert (info.attempt, info.progress) == (2, 5)
    with pytest.raises(Refused) as refused:
        client.call("UpdateProgress", job_id="job-1", stage=stage("processing"), attempt=1)
    assert refused.value.code == 10


def test_create_list_history_and_delete(client):
    created = client.call("CreateJob", job_id="job-1", metadata={"video_id": "v"}, pipeline="clip", parent="batch-9")
    assert created.progress_info.metadata["video_id"] == "v"
    with pytest.raises(Refused) as refused:
        client.call("CreateJob", job_id="job-1")
    assert refused.value.code == 6
    made_up = client.call("CreateJob").progress_info.job_id
    assert [info.job_id for info in client.call("ListJobs").jobs] == [made_up, "job-1"]
    client.call("UpdateProgress", job_id="job-1", stage=stage("downloading"))
    client.call("UpdateProgress", job_id="job-1", stage=stage("completed"))
    history = client.call("GetJobHistory", job_id="job-1")
    assert [span.status for span in history.spans] == ["queued", "downloading", "completed"]
    times = [(span.start_time.ToMilliseconds(), span.end_time.ToMilliseconds()) for span in history.spans]
    assert all(before[1] == after[0] for before, after in zip(times, times[1:]))
    total = sum(span.duration.ToMilliseconds() for span in history.spans)
    info = history.progress_info
    assert total == info.end_time.ToMilliseconds() - info.create_time.ToMilliseconds()
    client.call("DeleteJob", job_id="job-1")
    for method in ("GetProgress", "DeleteJob", "GetJobHistory", "WaitProgress"):
        with pytest.raises(Refused) as refused:
            client.call(method, job_id="job-1")
        assert refused.value.code == 5
