"""A script is replayed: the same model as in the service, on a clock of the script's own."""

import json
import os
import random
import subprocess
import sys
import time

import pytest

from support.places import TREE, program
from support.refusal import only_line

sys.path.insert(0, str(TREE / "tests" / "fidelity"))

import score  # noqa: E402
import table  # noqa: E402

KEYS = ["job", "t", "pct", "eta", "lo", "hi", "flag", "source", "progress"]
DECLARED = {"op": "declare", "pipeline": "p", "stages": [{"name": "a", "lo": 0, "hi": 40, "nominal_s": 60},
                                                          {"name": "b", "lo": 40, "hi": 100, "nominal_s": 120}]}


def replay(*lines):
    script = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)
    return subprocess.run([program("progressd"), "replay"], input=script, capture_output=True, text=True, timeout=120,
                          check=False)


def shown(*lines):
    completed = replay(*lines)
    assert (completed.returncode, completed.stderr) == (0, "")
    return [json.loads(line) for line in completed.stdout.splitlines()]


def life(job, begin=0.0, pipeline="p"):
    """A job that goes through both stages in 60 and 120 seconds."""
    return [{"op": "create", "at": begin, "job": job, "pipeline": pipeline},
            {"op": "stage", "at": begin, "job": job, "stage": "a"},
            {"op": "stage", "at": begin + 60, "job": job, "stage": "b"},
            {"op": "end", "at": begin + 180, "job": job, "outcome": "completed"}]


def query(job, at, t=None):
    return {"op": "query", "at": at, "job": job, "t": at if t is None else t}


def test_each_query_is_answered_by_one_line_with_the_same_keys():
    first, second, late = shown(DECLARED, *life("x")[:3], query("x", 90, "half"), query("x", 100.5), life("x")[3], query("x", 500))
    assert list(first) == KEYS and first["job"] == "x" and first["t"] == "half" and second["t"] == 100.5
    assert 40 < first["pct"] < 70 and 40 <= first["progress"] < 100 and first["source"] == "SIMULATED"
    assert (late["pct"], late["progress"], late["eta"], late["source"]) == (100, 100, None, "MEASURED")


def test_the_eta_is_unknown_until_a_job_of_the_pipeline_has_completed():
    before, after = shown(DECLARED, *life("x")[:2], query("x", 30), *life("x")[2:], *life("y", 1000)[:2], query("y", 1030))
    assert (before["eta"], before["lo"], before["hi"]) == (None, None, None)
    assert 75 < after["eta"] < 225 and after["lo"] < 150 < after["hi"]


def test_a_pipeline_that_nobody_declared_is_that_of_the_stage_table():
    (answer,) = shown({"op": "create", "at": 0, "job": "x"}, {"op": "stage", "at": 5, "job": "x", "stage": "transcribing"},
                      query("x", 200))
    assert 25 <= answer["progress"] < 50 and answer["pct"] > 0


def test_a_worker_that_is_not_heard_any_more_is_lost_and_the_bar_stands():
    beats = [{"op": "heartbeat", "at": at, "job": "x"} for at in (0, 15, 30)]
    answers = shown(DECLARED, *life("x")[:2], *beats, *[query("x", at) for at in (40, 71, 73, 500)])
    assert [answer["flag"] for answer in answers] == [None, None, "lost", "lost"]
    assert answers[2]["pct"] == answers[3]["pct"] and answers[3]["eta"] is None


def test_a_failed_job_keeps_what_it_had_reached():
    before, after = shown(DECLARED, *life("x")[:3], query("x", 100), {"op": "end", "at": 100, "job": "x", "outcome": "failed"},
                          query("x", 900))
    assert (after["pct"], after["progress"]) == (before["pct"], before["progress"]) and after["eta"] is None


def test_every_poll_rate_sees_the_same_numbers():
    rng = random.Random(5)
    events = DECLARED, *life("w"), *life("x", 1000)[:3], *[
        {"op": "report", "at": 1070 + 7 * i, "job": "x", "done": i, "total": 9} for i in range(9)]
    events = sorted(events, key=lambda line: line.get("at", 0))
    times = [1000 + i for i in range(0, 160, 10)]

    def merged(extra):
        lines = [*events, *[query("x", at) for at in times], *[query("x", at, "extra") for at in extra]]
        answers = shown(*sorted(lines, key=lambda line: (line.get("at", 0), line["op"] == "query")))
        return [answer for answer in answers if answer["t"] != "extra"]

    assert merged([]) == merged([1000 + 160 * rng.random() for _ in range(500)])


@pytest.mark.parametrize(
    "line, word",
    [
        ("{", "not JSON"),
        ("[]", "object"),
        ({"at": 1}, "op"),
        ({"op": "dance", "at": 1}, "declare, create"),
        ({"op": "create", "at": 1}, "job"),
        ({"op": "create", "job": "y"}, "at"),
        ({"op": "create", "at": "now", "job": "y"}, "at"),
        ({"op": "create", "at": 1e16, "job": "y"}, "at: must be a number of seconds"),
        ('{"op": "create", "at": 1e999, "job": "y"}', "overflow"),
        ('{"op": "create", "at": NaN, "job": "y"}', "NaN"),
        ("[" * 100000, "depth"),
        ('{"op": "create", "at": 1, "job": "\\u0000"}', "not JSON"),
        ({"op": "create", "at": 1, "job": "x"}, "already"),
        ({"op": "create", "at": 1, "job": "y", "hint": 0}, "hint"),
        ({"op": "query", "at": 1, "job": "z"}, "create it first"),
        ({"op": "stage", "at": 1, "job": "x", "stage": "c"}, "stage"),
        ({"op": "report", "at": 1, "job": "x", "done": 1, "total": 0}, "total"),
        ({"op": "report", "at": 1, "job": "x", "done": -1, "total": 2}, "done"),
        ({"op": "end", "at": 1, "job": "x", "outcome": "fine"}, "completed, failed or cancelled"),
        ({"op": "declare", "pipeline": "q", "stages": []}, "stages"),
        ({"op": "declare", "pipeline": "q", "stages": [{"name": "a", "lo": 50, "hi": 40}]}, "lo, hi"),
        ({"op": "declare", "pipeline": "q", "stages": [{"name": "a", "lo": 5, "hi": 9, "nominal_s": 1e10}]}, "nominal_s"),
        ({"op": "declare", "pipeline": "q", "stages": [{"name": str(i), "lo": 0, "hi": 1} for i in range(17)]}, "16"),
        ({"op": "declare", "pipeline": "p", "stages": [{"name": "z", "lo": 0, "hi": 1}]}, "other stages"),
    ],
)
def test_a_bad_line_gets_one_clear_line_with_its_number(line, word):
    completed = replay(DECLARED, life("x")[0], line, query("x", 1))
    message = only_line(completed)
    assert completed.returncode == 2 and "line 3: " in message and word in message


def test_bytes_that_are_no_text_are_one_bad_line():
    done = subprocess.run([program("progressd"), "replay"], input=random.Random(1).randbytes(100000), capture_output=True,
                          timeout=60, check=False)
    assert done.returncode == 2 and done.stdout == b"" and done.stderr.count(b"\n") == 1 and b"line 1: " in done.stderr


def test_a_time_that_goes_back_counts_as_the_latest():
    steady, back = (shown(DECLARED, *life("x")[:2], query("x", 50), {"op": "report", "at": at, "job": "x", "done": 1, "total": 2},
                          query("x", at), query("x", 60)) for at in (50, -1e9))
    assert [answer | {"t": 0} for answer in back] == [answer | {"t": 0} for answer in steady]


def extreme(rng):
    """A number of any size, but a time that a script may have."""
    return rng.choice([0, 1e-300, 1e15, 1e9, 0.5, 1, rng.random(), 10 ** rng.uniform(-12, 15)])


def absurd_line(rng, number, clock, stages):
    job = {"op": "create", "job": f"j{number}", "pipeline": "p", "hint": extreme(rng) or 1e308, "worker": rng.choice("ab")}
    known = {"job": f"j{rng.randrange(number)}"} if number else None
    at = rng.choice([clock, clock, clock - 10 ** rng.uniform(-6, 10)])
    op = rng.choice(["create", "stage", "stage", "report", "report", "heartbeat", "end", "query", "query"])
    own = {"create": job, "stage": {"stage": f"s{rng.randrange(stages)}"}, "query": {"t": number}, "heartbeat": {},
           "report": {"done": extreme(rng), "total": extreme(rng) or 1e308},
           "end": {"outcome": rng.choice(["completed", "completed", "failed", "cancelled"])}}[op]
    if known is None or op == "create":
        return {"at": at, **job}
    return {"op": op, "at": at, **known, **own}


@pytest.mark.parametrize("block", range(4))
def test_whatever_happens_the_answers_are_numbers_in_their_bounds(block):
    start = int(os.environ.get("TEST_SEED", time.time_ns())) + 1000 * block
    for seed in range(start, start + 15):
        print(f"TEST_SEED={seed}")
        rng = random.Random(seed)
        stages, clock, lines, jobs = rng.randint(1, 6), 0.0, [], 0
        declared = {"op": "declare", "pipeline": "p", "stages": [
            {"name": f"s{i}", "lo": 100 * i / stages, "hi": 100 * (i + 1) / stages, "nominal_s": min(1e9, extreme(rng))}
            for i in range(stages)]}
        for _ in range(150):
            clock = min(9e14, clock + rng.choice([0, rng.random(), 60, 10 ** rng.uniform(-6, 12)]))
            lines.append(absurd_line(rng, jobs, clock, stages))
            jobs += lines[-1]["op"] == "create"
        reached = {}
        for answer in shown(declared, *lines):
            numbers = [answer[key] for key in ("eta", "lo", "hi")]
            assert None in numbers or 0 <= numbers[1] <= numbers[0] <= numbers[2] < float("inf")
            assert reached.get(answer["job"], 0) <= answer["pct"] <= 100 and 0 <= answer["progress"] <= 100
            reached[answer["job"]] = answer["pct"]


def test_replay_takes_no_options():
    completed = subprocess.run([program("progressd"), "replay", "script"], capture_output=True, text=True, timeout=60,
                               check=False)
    assert completed.returncode == 2 and "replay" in only_line(completed)


# Generous: a few hundred jobs scatter. The table of docs/fidelity.md is made with more of them.
BOUNDS = {0.3: (3.5, 11), 0.6: (6.0, 18), 1.0: (9.5, 27)}


@pytest.mark.parametrize("sigma", BOUNDS)
def test_the_model_is_near_the_truth_on_synthetic_pipelines(sigma, figure):
    judged = table.judge_all(program("progressd"), "ordinary", sigma, 100, [1])
    scores = [one for _, own in judged for one in own]

    def mean(key):
        return score.mean(score.column(scores, key))

    figure(f"sigma {sigma}: bar {mean('bar'):.2f} points, ETA {mean('eta'):.1f} % of T, covered {mean('covered'):.0f} %")
    bar, eta = BOUNDS[sigma]
    assert mean("bar") < bar and mean("eta") < eta
    assert 70 < mean("covered") < 95
    assert mean("step") < 2 and mean("stall") < 1.2
    assert max(score.column(scores, "hang_s")) < 50 and mean("held") < 3
    assert sum(sum(score.column(scores, key)) for key in ("falls", "early", "wrong_end")) == 0
