"""The Connect protocol, byte by byte: unary and streaming, protobuf and JSON, errors and time-outs."""

import json

import pytest

from support import messages, wait
from support.web import SERVICE, Messages, envelope

METHODS = ["GetProgress", "UpdateProgress", "UpdateProgressByStatus", "UpdateProgressExplicit", "UpdateProgressIncremental",
           "SimulateProgress", "GetAllStages", "BatchUpdateProgress", "CreateJob", "DeleteJob", "ListJobs", "GetJobHistory", "WaitProgress",
           "CancelJob", "Heartbeat", "GetServerInfo"]


def proto_call(web, method, **fields):
    request = getattr(messages.service, method + "Request")(**fields)
    answer = web.ask("POST", SERVICE + method, request.SerializeToString(), Content_Type="application/proto",
                     Connect_Protocol_Version="1")
    if answer.status == 200:
        assert answer.fields["content-type"] == "application/proto"
        return getattr(messages.service, method + "Response").FromString(answer.body)
    return answer


def test_unary_protobuf(web):
    response = proto_call(web, "UpdateProgress", job_id="p", stage=messages.stage("transcribing"), message="hi")
    assert (response.progress_info.progress, response.outcome) == (25, messages.job.UPDATE_OUTCOME_APPLIED)
    info = proto_call(web, "GetProgress", job_id="p").progress_info
    assert (info.job_id, info.revision, info.message, info.update_time) == ("p", 1, "hi", response.progress_info.update_time)


def test_unary_json(web):
    answer = web.call("UpdateProgressIncremental", {"jobId": "j", "stage": "PIPELINE_STAGE_PROCESSING", "done": 1, "total": 4,
                                                    "metadata": {"a": "b"}, "lease": "1.5s"})
    assert (answer.status, answer.fields["content-type"]) == (200, "application/json")
    info = answer.json()["progressInfo"]
    assert (info["progress"], info["metadata"], info["revision"]) == (75, {"a": "b"}, "1")
    assert info["leaseExpireTime"].endswith("Z")


def test_every_method_answers_in_both_words(web):
    for method in METHODS:
        for body, content_type in ((b"{}", "application/json"), (b"", "application/proto")):
            answer = web.ask("POST", SERVICE + method, body, Content_Type=content_type)
            assert answer.status in (200, 400, 404), (method, answer.body)
            assert answer.status != 404 or answer.json()["code"] == "not_found", method


def test_an_answer_says_what_it_is_worth(web):
    answer = web.call("UpdateProgress", {"jobId": "d", "stage": "PIPELINE_STAGE_QUEUED"})
    assert answer.fields["progress-durability"] == "SYNCED"


@pytest.mark.parametrize("method, message, status, code", [
    ("GetProgress", {"jobId": "none"}, 404, "not_found"),
    ("GetProgress", {}, 400, "invalid_argument"),
    ("UpdateProgress", {"jobId": "a", "stage": "PIPELINE_STAGE_NONE"}, 400, "invalid_argument"),
    ("UpdateProgress", {"jobId": 5}, 400, "invalid_argument"),
    ("UpdateProgressExplicit", {"jobId": "a", "stage": 2, "progress": 101}, 400, "invalid_argument"),
    ("WatchNothing", {}, 404, "unimplemented"),
])
def test_errors_have_their_status_and_shape(web, method, message, status, code):
    answer = web.call(method, message)
    assert answer.error() == (status, code)
    assert set(answer.json()) == {"code", "message"}


def test_a_refused_update_is_a_precondition_and_an_older_attempt_is_aborted(web):
    web.update("a", "analyzing")
    earlier = web.call("UpdateProgress", {"jobId": "a", "stage": "PIPELINE_STAGE_DOWNLOADING"})
    assert earlier.error() == (400, "failed_precondition")
    web.update("a", "queued", attempt=2)
    older = web.call("UpdateProgress", {"jobId": "a", "stage": "PIPELINE_STAGE_ANALYZING", "attempt": 1})
    assert older.error() == (409, "aborted")
    assert web.call("CreateJob", {"jobId": "a"}).error() == (409, "already_exists")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"nonsense", b'{"jobId":"a"}x', b"\xff\xfe", b'{"jobId":"\\ud800"}'])
def test_a_body_that_is_no_json_is_an_invalid_argument(web, body):
    answer = web.ask("POST", SERVICE + "GetProgress", body, Content_Type="application/json")
    assert answer.error() == (400, "invalid_argument")


@pytest.mark.parametrize("body", [b"\x0a", b"\x0a\xff", b"\x0b", b"\xff" * 20, b"\x0a\x01\xff"])
def test_a_body_that_is_no_message_is_an_invalid_argument(web, body):
    answer = web.ask("POST", SERVICE + "GetProgress", body, Content_Type="application/proto")
    assert answer.error() == (400, "invalid_argument")


@pytest.mark.parametrize("content_type", ["text/plain", "application/grpc", "application/connect+json", "application/jsonx", ""])
def test_a_type_that_is_not_spoken_is_415_and_names_those_that_are(web, content_type):
    answer = web.ask("POST", SERVICE + "GetProgress", b"{}", Content_Type=content_type)
    assert answer.status == 415
    assert answer.fields["accept-post"] == "application/proto, application/json"


def test_parameters_of_the_type_do_not_matter(web):
    answer = web.ask("POST", SERVICE + "GetServerInfo", b"{}", Content_Type="Application/JSON; charset=utf-8")
    assert answer.json()["name"] == "progressd"


def test_the_version_the_coding_and_the_time_are_looked_at(web):
    assert web.call("GetServerInfo", {}, Connect_Protocol_Version="1").status == 200
    assert web.call("GetServerInfo", {}, Connect_Protocol_Version="2").error() == (400, "invalid_argument")
    assert web.call("GetServerInfo", {}, Content_Encoding="identity").status == 200
    assert web.call("GetServerInfo", {}, Content_Encoding="gzip").error() == (501, "unimplemented")
    assert web.call("GetServerInfo", {}, Connect_Timeout_Ms="10000").status == 200
    assert web.call("GetServerInfo", {}, Connect_Timeout_Ms="soon").error() == (400, "invalid_argument")


def test_a_call_that_takes_longer_than_its_time_is_ended(web):
    web.update("w", "queued")
    request = {"jobId": "w", "afterRevision": "1", "timeout": "60s"}
    assert web.call("WaitProgress", request, Connect_Timeout_Ms="50").error() == (504, "deadline_exceeded")
    wait.until(lambda: web.metrics()["progressd_waiting_calls"] == 0, "nothing waits any more")


def test_a_waiting_call_is_answered_by_the_change(web):
    web.update("w", "queued")
    connection = web.open()
    connection.request("POST", SERVICE + "WaitProgress", json.dumps({"jobId": "w", "afterRevision": "1"}),
                       {"Content-Type": "application/json", "Connect-Timeout-Ms": "60000"})
    wait.until(lambda: web.metrics()["progressd_waiting_calls"] == 1, "it waits")
    web.update("w", "downloading")
    info = json.loads(connection.getresponse().read())["progressInfo"]
    assert (info["revision"], info["progress"]) == ("2", 5)
    connection.close()


def test_a_chunked_body_is_a_body(web):
    connection = web.open()
    connection.request("POST", SERVICE + "GetServerInfo", iter([b"{", b"}"]), {"Content-Type": "application/json"},
                       encode_chunked=True)
    assert json.loads(connection.getresponse().read())["name"] == "progressd"
    connection.close()


def test_many_calls_on_one_connection(web):
    connection = web.open()
    for number in range(200):
        connection.request("POST", SERVICE + "UpdateProgressExplicit", json.dumps(
            {"jobId": "k", "stage": "PIPELINE_STAGE_PROCESSING", "progress": 70 + number // 10}),
            {"Content-Type": "application/json"})
        response = connection.getresponse()
        assert json.loads(response.read())["progressInfo"]["progress"] == 70 + number // 10
    connection.close()


# ---- streams

def watch(web, method="WatchProgress", **request):
    return Messages(web, method, envelope(json.dumps(request).encode()), Connect_Protocol_Version="1")


def test_a_stream_of_json(web):
    web.update("s", "downloading")
    with watch(web, jobId="s") as stream:
        assert (stream.response.status, stream.response.getheader("content-type")) == (200, "application/connect+json")
        flags, snapshot = stream.next_json()
        assert (flags, snapshot["events"][0]["kind"], snapshot["events"][0]["progressInfo"]["progress"]) == (
            0, "EVENT_KIND_SNAPSHOT", 5)
        web.update("s", "analyzing")
        flags, change = stream.next_json()
        assert (flags, change["events"][0]["kind"], change["events"][0]["progressInfo"]["progress"]) == (
            0, "EVENT_KIND_UPDATED", 50)
        token = change["resumeToken"]
    web.update("s", "processing")
    with watch(web, jobId="s", resumeToken=token) as stream:
        assert stream.next_json()[1]["events"][0]["progressInfo"]["progress"] == 70


def test_a_stream_of_protobuf(web):
    request = messages.service.WatchJobsRequest()
    request.filter.job_ids.extend(["a", "b"])
    web.update("a", "downloading")
    body = envelope(request.SerializeToString())
    with Messages(web, "WatchJobs", body, content_type="application/connect+proto") as stream:
        assert stream.response.getheader("content-type") == "application/connect+proto"
        flags, data = stream.next()
        snapshot = messages.service.WatchJobsResponse.FromString(data)
        assert flags == 0 and [event.progress_info.job_id for event in snapshot.events] == ["a"]
        web.update("c", "queued")
        web.update("b", "queued")
        change = messages.service.WatchJobsResponse.FromString(stream.next()[1])
        assert [event.progress_info.job_id for event in change.events] == ["b"]


def test_a_silent_stream_sends_empty_answers_at_its_timeouts(web):
    web.update("s", "downloading")
    with watch(web, jobId="s", timeout="0.05s") as stream:
        assert stream.next_json()[1]["events"]
        for _ in range(3):
            assert "events" not in stream.next_json()[1]


def test_errors_of_a_stream_come_at_its_end(web):
    with watch(web, jobId="none") as stream:
        assert stream.response.status == 200
        flags, end = stream.next_json()
        assert (flags, end["error"]["code"]) == (2, "not_found")
        assert stream.next() is None
    with watch(web, jobId="") as stream:
        assert stream.next_json()[1]["error"]["code"] == "invalid_argument"
    web.update("s", "downloading")
    with watch(web, jobId="s") as stream:
        stream.next()
        web.call("DeleteJob", {"jobId": "s"})
        assert stream.next_json()[1]["events"][0]["kind"] == "EVENT_KIND_DELETED"
        assert stream.next_json()[1]["error"]["code"] == "not_found"


def test_the_time_of_a_stream_ends_it(web):
    web.update("s", "downloading")
    body = envelope(json.dumps({"jobId": "s"}).encode())
    with Messages(web, "WatchProgress", body, Connect_Timeout_Ms="80") as stream:
        assert stream.next_json()[0] == 0
        flags, end = stream.next_json()
        assert (flags, end["error"]["code"]) == (2, "deadline_exceeded")
        assert stream.next() is None


@pytest.mark.parametrize("body", [b"", b"{}", b"\0\0\0\0", b"\0\0\0\0\5{}", envelope(b"{}") * 2, envelope(b"{}", 2),
                                  envelope(b"nonsense")])
def test_a_body_that_is_no_envelope_is_an_invalid_argument_at_the_end(web, body):
    with Messages(web, "WatchProgress", body) as stream:
        assert stream.response.status == 200
        flags, end = stream.next_json()
        assert (flags, end["error"]["code"]) == (2, "invalid_argument")


def test_compression_of_a_stream_is_not_spoken(web):
    with Messages(web, "WatchProgress", envelope(b"{}"), Connect_Content_Encoding="gzip") as stream:
        assert stream.next_json()[1]["error"]["code"] == "unimplemented"
    with Messages(web, "WatchProgress", envelope(b"{}", 1)) as stream:
        assert stream.next_json()[1]["error"]["code"] == "internal"


def test_unary_and_streaming_types_do_not_mix(web):
    answer = web.ask("POST", SERVICE + "WatchProgress", b"{}", Content_Type="application/json")
    assert answer.status == 415
    assert answer.fields["accept-post"] == "application/connect+proto, application/connect+json"


def test_a_stream_that_is_left_is_forgotten(web):
    web.update("s", "downloading")
    stream = watch(web, jobId="s", timeout="0.05s")
    stream.next()
    stream.close()
    wait.until(lambda: web.metrics()["progressd_streams"] == 0, "the stream is closed")
    wait.until(lambda: web.metrics()["progressd_waiting_calls"] == 0, "its call is forgotten")
