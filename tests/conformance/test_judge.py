"""A judge who lets everything pass would be none."""

import judge
import pytest

VALUE = {"text": "some text", "number": 3, "big": "12", "share": 0.1 + 0.2, "empty": "", "list": [{"a": 1, "b": 2}], "no": None,
         "kind": "EVENT_KIND_UNSPECIFIED"}
MATCHING = [
    {}, {"text": "some text"}, {"text": "$contains:me te"}, {"text": "$set"}, {"big": 12}, {"share": 0.3}, {"list": [{"a": 1}]},
    {"list": {"$each": {"b": "$set"}}}, {"no": "$absent"}, {"empty": "$any"}, {"text": "$same:kept"}, {"number": "$code:INVALID_ARGUMENT"},
]
DIFFERENT = [
    {"text": "some"}, {"text": "$contains:more"}, {"empty": "$set"}, {"kind": "$set"}, {"big": 13}, {"share": 0.31}, {"list": []},
    {"list": [{"a": 2}]}, {"list": {"$each": {"b": 3}}}, {"text": "$absent"}, {"big": "$same:kept"}, {"unknown": 1}, {"unknown": "$set"},
    {"number": "$code:OK"}, {"empty": "$keep:x"}, {"number": True}, {"text": "$text:9"},
]


@pytest.fixture
def replay():
    replay = judge.Replay({"steps": [], "job": "job"}, None, None, "c")
    replay.kept["kept"] = "some text"
    return replay


@pytest.mark.parametrize("pattern", MATCHING, ids=str)
def test_what_matches_passes(replay, pattern):
    replay.match(pattern, VALUE, "value")


@pytest.mark.parametrize("pattern", DIFFERENT, ids=str)
def test_what_differs_is_told(replay, pattern):
    with pytest.raises(AssertionError, match="value"):
        replay.match(pattern, VALUE, "value")


def test_every_detail_of_an_error_must_hold(replay):
    error = {"code": "NOT_FOUND", "reason": "R", "details": "there is none"}
    replay.match_error({"code": "NOT_FOUND", "details": ["$contains:there", "$contains:none"]}, error)
    for pattern in ({"code": "ABORTED"}, {"details": ["$contains:there", "$contains:some"]}, {"reason": "S"}):
        with pytest.raises(AssertionError):
            replay.match_error(pattern, error)


def test_a_request_gets_its_names_and_what_was_kept(replay):
    assert replay.fill({"job_id": "$job-1", "token": "$same:kept", "texts": ["$text:3"], "n": 1}) == {
        "job_id": "job-c-1", "token": "some text", "texts": ["aaa"], "n": 1}
