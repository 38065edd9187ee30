"""Whatever a message says: one clear error, and nothing changes.

After each test other clients are served, the daemon runs as before, and its store holds what it held.
"""

import math
import os
import random
import shutil

import pytest

from support import raw, rpc, witness
from support.daemon import Daemon
from support.messages import rpc as frames
from support.messages import service, stage, stages
from support.rpc import Refused

INVALID_ARGUMENT, NOT_FOUND, RESOURCE_EXHAUSTED, UNIMPLEMENTED = 3, 5, 8, 12
NAMES = [name.removeprefix("PIPELINE_STAGE_").lower() for name in stages.PipelineStage.keys()][1:]
BY_JOB = [
    "GetProgress",
    "UpdateProgress",
    "UpdateProgressByStatus",
    "UpdateProgressExplicit",
    "UpdateProgressIncremental",
    "DeleteJob",
    "GetJobHistory",
    "WaitProgress",
    "CreateJob",
    "CancelJob",
    "Heartbeat",
    "WatchProgress",
]


@pytest.fixture(scope="module", name="daemon")
def one_daemon_for_all():
    """All the bad input of this file meets one and the same daemon."""
    daemon = Daemon()
    yield daemon
    assert daemon.stop() == 0
    shutil.rmtree(daemon.folder)


@pytest.fixture(autouse=True)
def nothing_changes(daemon):
    before = witness.prepare(daemon)
    yield
    witness.check_unchanged(daemon, before)


@pytest.mark.parametrize(
    "job_id",
    [".a", "-a", ":a", "_a", "a b", "a/b", "a\\b", "ä", "a*", "x" * 129, "a" + "ä" * 60],
    ids=lambda job_id: job_id[:20],
)
@pytest.mark.parametrize("method", BY_JOB)
def test_a_wrong_id_is_refused_by_every_method(client, method, job_id):
    fields = {"UpdateProgressByStatus": {"status": "queued"}, "CreateJob": {}}.get(method)
    if fields is None:
        fields = {"stage": 1} if method.startswith("Update") else {}
    with pytest.raises(Refused) as refused:
        client.call(method, job_id=job_id, **fields)
    assert (refused.value.code, refused.value.reason) == (INVALID_ARGUMENT, "JOB_ID_INVALID")
    assert refused.value.text.startswith("job_id: ")
    assert "[A-Za-z0-9][A-Za-z0-9._:-]{0,127}" in refused.value.text


@pytest.mark.parametrize("method", [method for method in BY_JOB if method != "CreateJob"])
def test_an_empty_id_is_refused(client, method):
    with pytest.raises(Refused) as refused:
        client.call(method)
    assert refused.value.code == INVALID_ARGUMENT
    assert refused.value.text.startswith("job_id: ")


ANALYZING = stage("analyzing")
FULL = {f"key-{number}": "" for number in range(65)}
BAD_FIELDS = [
    ("UpdateProgressExplicit", {"stage": ANALYZING, "progress": 101}, "progress", "0 to 100"),
    ("UpdateProgressExplicit", {"stage": ANALYZING, "progress": -1}, "progress", "0 to 100"),
    ("UpdateProgressExplicit", {"stage": ANALYZING, "progress": 2**31 - 1}, "progress", "0 to 100"),
    ("UpdateProgressExplicit", {"stage": ANALYZING, "progress": -(2**31)}, "progress", "0 to 100"),
    ("UpdateProgressExplicit", {"stage": ANALYZING, "status": "analyzing", "progress": 60}, "stage", "status"),
    ("UpdateProgressExplicit", {"progress": 60}, "stage", "analyzing"),
    ("UpdateProgressIncremental", {"stage": ANALYZING, "fraction": math.nan}, "fraction", "0 to 1"),
    ("UpdateProgressIncremental", {"stage": ANALYZING, "fraction": math.inf}, "fraction", "0 to 1"),
    ("UpdateProgressIncremental", {"stage": ANALYZING, "fraction": -math.inf}, "fraction", "0 to 1"),
    ("UpdateProgressIncremental", {"stage": ANALYZING, "fraction": 2.0}, "fraction", "0 to 1"),
    ("UpdateProgressIncremental", {"stage": ANALYZING, "fraction": -0.1}, "fraction", "0 to 1"),
    ("UpdateProgressIncremental", {"stage": ANALYZING, "done": 11, "total": 10}, "done", "10"),
    ("UpdateProgressIncremental", {"stage": ANALYZING, "done": -1, "total": 10}, "done", "10"),
    ("UpdateProgressIncremental", {"stage": ANALYZING, "done": math.nan, "total": 10}, "done", "10"),
    ("UpdateProgressIncremental", {"stage": ANALYZING, "done": 1, "total": math.inf}, "total", "0"),
    ("UpdateProgressIncremental", {"stage": ANALYZING, "done": 1, "total": math.nan}, "total", "0"),
    ("UpdateProgressIncremental", {"stage": ANALYZING, "done": 1, "total": -10}, "total", "0"),
    ("UpdateProgressIncremental", {"stage": ANALYZING, "done": 1, "total": 2, "fraction": 0.5}, "fraction", "0"),
    ("UpdateProgressIncremental", {"stage": stage("completed"), "fraction": 0.5}, "stage", "ends the job"),
    ("UpdateProgressIncremental", {"stage": 0, "fraction": 0.5}, "stage", "analyzing"),
    ("UpdateProgress", {"stage": 0}, "stage", "analyzing"),
    ("UpdateProgress", {"stage": 99}, "stage", "99"),
    ("UpdateProgress", {"stage": -1}, "stage", "-1"),
    ("UpdateProgress", {"stage": 2**31 - 1}, "stage", "2147483647"),
    ("UpdateProgress", {"stage": ANALYZING, "message": "x" * 1025}, "message", "1024"),
    ("UpdateProgress", {"stage": ANALYZING, "message": "ä" * 513}, "message", "1024"),
    ("UpdateProgress", {"stage": ANALYZING, "metadata": {"a b": "c"}}, "metadata", "[A-Za-z0-9_.-]"),
    ("UpdateProgress", {"stage": ANALYZING, "metadata": {"": "c"}}, "metadata", "[A-Za-z0-9_.-]"),
    ("UpdateProgress", {"stage": ANALYZING, "metadata": {"k" * 65: "c"}}, "metadata", "64"),
    ("UpdateProgress", {"stage": ANALYZING, "metadata": {"k" + "ä" * 60: "c"}}, "metadata", "64"),
    ("UpdateProgress", {"stage": ANALYZING, "metadata": {"k": "v" * 1025}}, "metadata", "1024"),
    ("UpdateProgress", {"stage": ANALYZING, "metadata": FULL}, "metadata", "64"),
    ("UpdateProgress", {"stage": ANALYZING, "writer": "w"}, "sequence", "1"),
    ("UpdateProgress", {"stage": ANALYZING, "sequence": 3}, "writer", "sequence"),
    ("UpdateProgress", {"stage": ANALYZING, "writer": "w" * 65, "sequence": 3}, "writer", "64"),
    ("UpdateProgress", {"stage": ANALYZING, "request_id": "w" * 65}, "request_id", "64"),
    ("UpdateProgress", {"stage": ANALYZING, "request_id": "r", "writer": "w", "sequence": 3}, "request_id", "writer"),
    ("WaitProgress", {"timeout": {"seconds": -1}}, "timeout", "300"),
    ("WaitProgress", {"timeout": {"seconds": 301}}, "timeout", "300"),
    ("WaitProgress", {"timeout": {"nanos": -1}}, "timeout", "300"),
    ("WaitProgress", {"timeout": {"seconds": 2**62}}, "timeout", "300"),
    ("CreateJob", {"message": "x" * 1025}, "message", "1024"),
    ("CreateJob", {"pipeline": "a b"}, "pipeline", "[A-Za-z0-9]"),
    ("CreateJob", {"parent": "a b"}, "parent", "[A-Za-z0-9]"),
    ("CreateJob", {"metadata": FULL}, "metadata", "64"),
    ("CreateJob", {"ttl": {"seconds": -1}}, "ttl", "0"),
]


@pytest.mark.parametrize("job_id", ["job-1", "new-job"])
@pytest.mark.parametrize("method, fields, name, allowed", BAD_FIELDS)
def test_a_bad_field_is_named_with_what_is_allowed(client, method, fields, name, allowed, job_id):
    if method == "CreateJob":
        job_id = "new-job"
    with pytest.raises(Refused) as refused:
        client.call(method, job_id=job_id, **fields)
    assert refused.value.code == INVALID_ARGUMENT
    assert refused.value.text.startswith(name + ": "), refused.value.text
    assert allowed in refused.value.text
    assert refused.value.reason.isupper()


@pytest.mark.parametrize(
    "fields, name",
    [
        ({"page_size": -1}, "page_size"),
        ({"page_size": 1001}, "page_size"),
        ({"page_token": "tomorrow"}, "page_token"),
        ({"filter": {"states": [99]}}, "filter.states"),
        ({"filter": {"stages": [99]}}, "filter.stages"),
        ({"filter": {"job_id_prefix": "%' OR 1=1 --"}}, "filter.job_id_prefix"),
    ],
)
def test_a_bad_page_or_filter_is_refused(client, fields, name):
    with pytest.raises(Refused) as refused:
        client.call("ListJobs", **fields)
    assert refused.value.code == INVALID_ARGUMENT
    assert refused.value.text.startswith(name), refused.value.text


@pytest.mark.parametrize(
    "status",
    ["dancing", "", "transcribing ", "PIPELINE_STAGE_TRANSCRIBING", "25", "unspecified", "x" * 1000, "a" + "ä" * 500],
    ids=lambda status: status[:20],
)
@pytest.mark.parametrize("method", ["UpdateProgressByStatus", "UpdateProgressExplicit"])
def test_an_unknown_status_lists_the_names(client, method, status):
    if method == "UpdateProgressExplicit" and status == "":
        status = "?"
    with pytest.raises(Refused) as refused:
        client.call(method, job_id="job-1", status=status)
    assert (refused.value.code, refused.value.reason) == (INVALID_ARGUMENT, "STATUS_INVALID")
    assert refused.value.text.startswith("status: ")
    for name in NAMES:
        assert name in refused.value.text


BAD_TEXT = [
    b"\xff\xfe",
    b"\x80",
    b"\xc0\xaf",
    b"\xe0\x80\xaf",
    b"\xed\xa0\x80",
    b"\xf4\x90\x80\x80",
    b"\xf0\x9f\x98",
    b"a\0b",
    b"line\nbreak",
    b"\x1b[2J",
    b"\x7f",
    b"\xc2\x85",
]
IDS = [repr(text) for text in BAD_TEXT]


@pytest.mark.parametrize("text", BAD_TEXT, ids=IDS)
@pytest.mark.parametrize(
    "number, name", [(1, "job_id"), (2, "status"), (10, "message"), (13, "writer"), (15, "request_id")]
)
def test_bad_utf8_and_control_characters_are_refused_in_every_string(client, number, name, text):
    good = {1: b"job-1", 2: b"analyzing"}
    good[number] = text
    request = b"".join(raw.field(number, content) for number, content in good.items())
    reply = raw.ask_bytes(client, raw.call_bytes("UpdateProgressByStatus", request))
    assert reply.code == INVALID_ARGUMENT
    assert reply.message.startswith(name + ": "), reply.message


@pytest.mark.parametrize("text", BAD_TEXT, ids=IDS)
@pytest.mark.parametrize("number", [1, 2])
def test_bad_utf8_and_control_characters_are_refused_in_metadata(client, number, text):
    entry = raw.field(number, text) + raw.field(3 - number, b"good")
    request = raw.field(1, b"job-1") + raw.field(2, b"analyzing") + raw.field(11, entry)
    reply = raw.ask_bytes(client, raw.call_bytes("UpdateProgressByStatus", request))
    assert reply.code == INVALID_ARGUMENT
    assert reply.message.startswith("metadata"), reply.message


@pytest.mark.parametrize(
    "method",
    [
        "",
        "GetProgress",
        "/progress.v1.ProgressTrackerService/",
        "/other.Service/GetProgress",
        rpc.PREFIX + "getprogress",
        rpc.PREFIX + "GetProgress ",
        rpc.PREFIX + "Explode",
    ],
)
def test_an_unknown_method_is_unimplemented(client, method):
    reply = raw.ask_bytes(client, frames.Call(method=method).SerializeToString())
    assert reply.code in ((UNIMPLEMENTED,) if method else (INVALID_ARGUMENT, UNIMPLEMENTED))
    assert reply.message


def test_an_empty_message_is_answered(client):
    assert raw.ask_bytes(client, b"").code in (INVALID_ARGUMENT, UNIMPLEMENTED)


def test_every_cut_of_a_call_is_answered(client):
    request = service.UpdateProgressRequest(job_id="job-3", stage=ANALYZING, message="cut", metadata={"a": "b"})
    whole = raw.call_bytes("UpdateProgress", request.SerializeToString())
    for length in range(len(whole)):
        reply = raw.ask_bytes(client, whole[:length])
        assert reply.code in (INVALID_ARGUMENT, UNIMPLEMENTED), length
    inner = request.SerializeToString()
    for length in range(len(inner)):
        reply = raw.ask_bytes(client, raw.call_bytes("UpdateProgress", inner[:length]))
        if reply.code == 0:
            # A cut between two fields is a shorter request, and a good one.
            service.UpdateProgressRequest.FromString(inner[:length])
            client.call(
                "DeleteJob", job_id=service.UpdateProgressResponse.FromString(reply.response).progress_info.job_id
            )
        else:
            assert reply.code == INVALID_ARGUMENT


def seeded():
    seed = int(os.environ.get("TEST_SEED", random.SystemRandom().randrange(2**32)))
    print(f"TEST_SEED={seed}")
    return random.Random(seed)


def test_random_bytes_are_answered(client):
    chance = seeded()
    for _ in range(3000):
        body = chance.randbytes(chance.choice([1, 2, 5, 20, 100, 1000]))
        assert raw.ask_bytes(client, body).code in (INVALID_ARGUMENT, RESOURCE_EXHAUSTED, UNIMPLEMENTED), body


def test_random_requests_to_reading_methods_are_answered(client):
    chance = seeded()
    for _ in range(3000):
        method = chance.choice(["GetProgress", "GetJobHistory", "ListJobs", "GetAllStages", "GetServerInfo"])
        body = raw.call_bytes(method, chance.randbytes(chance.choice([0, 1, 2, 5, 20, 100, 1000])))
        assert raw.ask_bytes(client, body).code in (0, INVALID_ARGUMENT, NOT_FOUND, RESOURCE_EXHAUSTED), body


def test_flipped_bits_are_answered(client):
    chance = seeded()
    request = service.ListJobsRequest(
        filter={"states": [1, 2], "job_id_prefix": "job", "pipeline": "default"}, page_size=9
    )
    whole = raw.call_bytes("ListJobs", request.SerializeToString())
    for _ in range(3000):
        body = bytearray(whole)
        for _ in range(chance.choice([1, 1, 2, 8])):
            body[chance.randrange(len(body))] ^= 1 << chance.randrange(8)
        assert 0 <= raw.ask_bytes(client, bytes(body)).code <= 16, body


def forget_peak(daemon):
    with open(f"/proc/{daemon.process.pid}/clear_refs", "w", encoding="ascii") as marks:
        marks.write("5")


def peak_bytes(daemon):
    """The most memory since it was forgotten."""
    with open(f"/proc/{daemon.process.pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))


@pytest.mark.parametrize(
    "method, part",
    [
        ("BatchUpdateProgress", raw.field(1, b"")),
        ("BatchUpdateProgress", raw.field(1, raw.field(4, b""))),
        ("UpdateProgress", raw.field(11, b"")),
        ("CreateJob", raw.field(3, b"")),
        ("ListJobs", raw.field(1, b"")),
        ("ListJobs", raw.field(1, raw.field(2, b"\1" * 1000))),
    ],
)
def test_a_mebibyte_of_tiny_parts_is_refused_and_takes_little_memory(daemon, client, method, part):
    forget_peak(daemon)
    before = peak_bytes(daemon)
    request = part * ((1000 * 1000) // len(part))
    for _ in range(8):
        reply = raw.ask_bytes(client, raw.call_bytes(method, request))
        assert reply.code in (INVALID_ARGUMENT, RESOURCE_EXHAUSTED)
    assert peak_bytes(daemon) - before < 64 << 20


@pytest.mark.parametrize(
    "step",
    [
        lambda inner: raw.field(99, inner),
        lambda inner: raw.field(5, inner),
        lambda inner: b"\x9b\x06" + inner + b"\x9c\x06",
    ],
    ids=["unknown", "known", "groups"],
)
def test_deep_nesting_is_answered(client, step):
    nested = b""
    for _ in range(2000):
        nested = step(nested)
    request = raw.field(1, b"job-1") + nested
    for method in ("GetProgress", "CreateJob"):
        reply = raw.ask_bytes(client, raw.call_bytes(method, request))
        allowed = (0, INVALID_ARGUMENT, RESOURCE_EXHAUSTED) if method == "GetProgress" else (INVALID_ARGUMENT, 6, 8)
        assert reply.code in allowed, reply
    groups = raw.field(1, b"job-1") + b"\x9b\x06" * 300000
    assert raw.ask_bytes(client, raw.call_bytes("GetProgress", groups)).code in (INVALID_ARGUMENT, RESOURCE_EXHAUSTED)


def test_unknown_fields_are_ignored(client):
    request = raw.field(1, b"job-1") + raw.field(900, b"later") + raw.varint(901 << 3) + raw.varint(7)
    reply = raw.ask_bytes(client, raw.call_bytes("GetProgress", request) + raw.field(77, b"later"))
    assert reply.code == 0


def test_a_request_as_large_as_allowed_is_answered(client):
    padding = raw.field(900, b"x" * (1 << 19))
    reply = raw.ask_bytes(client, raw.call_bytes("GetProgress", raw.field(1, b"job-1") + padding))
    assert reply.code == 0
