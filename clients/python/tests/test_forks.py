"""In a forked child every call is refused, nothing hangs, and the parent goes on."""

import gc
import os
import signal
import sys

import grpc
import pytest

from progressd import Channel, PipelineStage, RpcError


def in_child(work):
    """Runs it in a forked child that then ends as programs do; whether it returned true."""
    gc.collect()  # sockets that other tests have left: NNG ends a child that closes one
    child = os.fork()
    if child == 0:
        try:
            signal.alarm(20)
            status = 0 if work() else 1
        except BaseException:
            status = 2
        sys.stdout.flush()
        os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def is_refused(call):
    with pytest.raises(RpcError) as raised:
        call()
    error = raised.value
    return (error.code(), error.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "FORKED") and "fork" in error.details()


def test_the_child_is_refused_and_the_parent_left_alone(tracker, url):
    tracker.update_progress("job-1", PipelineStage.DOWNLOADING)
    reporter = tracker.reporter("job-1", PipelineStage.DOWNLOADING, 10)
    assert in_child(lambda: is_refused(lambda: tracker.get_progress("job-1")))
    assert in_child(lambda: is_refused(lambda: Channel(url)))
    assert in_child(lambda: is_refused(reporter.finish))
    assert in_child(lambda: tracker.close() is None)
    reporter.tick(10)
    assert reporter.finish().done == 10


CHILD = """
import os, sys
from progressd import PipelineStage, ProgressTracker, RpcError
tracker = ProgressTracker(sys.argv[1])
tracker.update_progress("job-1", PipelineStage.DOWNLOADING)
child = os.fork()
if child == 0:
    try:
        tracker.get_progress("job-1")
    except RpcError as error:
        del tracker
        sys.exit(7 if error.reason == "FORKED" else 1)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
assert tracker.get_progress("job-1").progress == 5
"""

# A connection that is closed already, but whose socket still waits for the collection of garbage, which happens in the child.
CLOSED = """
import gc, os, sys
from progressd import PipelineStage, ProgressTracker
gc.disable()
with ProgressTracker(sys.argv[1]) as tracker:
    tracker.update_progress("job-1", PipelineStage.DOWNLOADING)
del tracker
child = os.fork()
gc.collect()
if child:
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
"""

BEFORE = """
import os, sys
from progressd import PipelineStage, ProgressTracker
child = os.fork()
with ProgressTracker(sys.argv[1]) as tracker:
    tracker.update_progress(f"job-{child == 0}", PipelineStage.DOWNLOADING)
if child:
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
"""


@pytest.mark.parametrize("program", [CHILD, CLOSED, BEFORE], ids=["after", "closed", "before"])
def test_a_whole_program_that_forks_ends_well(daemon, run_python, program):
    done = run_python("-c", program, daemon.url)
    assert (done.returncode, done.stderr) == (0, "")
