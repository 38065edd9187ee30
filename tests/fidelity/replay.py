"""Drives `progressd replay`: a script in, what is shown out."""

import json
import subprocess
import tempfile

CELLS = 400  # equal parts of a job's time in which it is looked at
POLL_S = 2.0  # how often a front end looks


def write(lines, stream):
    for line in lines:
        stream.write(json.dumps(line, separators=(",", ":")) + "\n")


def run(progressd, lines):
    """The answers to the queries, in order."""
    with tempfile.TemporaryFile("w+") as script:
        write(lines, script)
        script.seek(0)
        done = subprocess.run([progressd, "replay"], stdin=script, stdout=subprocess.PIPE, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def looks(job):
    """When a job is looked at: in the middle of each cell, at each poll, and once after the end."""
    times = [(job.begin + (i + 0.5) / CELLS * job.total_s, "cell") for i in range(CELLS)]
    times += [(job.begin + i * POLL_S, "poll") for i in range(int(job.total_s / POLL_S) + 1)]
    return times + [(job.end + 1, "after")]


def script(each):
    """The lines of one set in time order, with a query for each look."""
    events = [(at, 0, line) for job in each.jobs for at, line in job.events]
    events += [(at, 1, {"op": "query", "job": job.name, "t": kind}) for job in each.jobs for at, kind in looks(job)]
    events.sort(key=lambda event: event[:2])
    return [each.declaration()] + [{**line, "at": at} for at, _, line in events]


def shown(progressd, each):
    """For each job of the set: {"cell": [...], "poll": [...], "after": [...]} of (at, answer)."""
    lines = script(each)
    answers = run(progressd, lines)
    times = [line["at"] for line in lines if line["op"] == "query"]
    views = {job.name: {"cell": [], "poll": [], "after": []} for job in each.jobs}
    assert len(times) == len(answers)
    for at, answer in zip(times, answers):
        views[answer["job"]][answer["t"]].append((at, answer))
    return views
