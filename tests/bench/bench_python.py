"""Sequential calls a second of the Python client, next to a bare SP echo by pynng in the same run.

Usage: bench_python.py ECHO_URL DAEMON_URL [ROUNDS] [COUNT]

Prints one JSON object with the medians over the rounds: {"echo_per_second", "calls_per_second", "ratio"}. The ratio of a round
is what counts; a round measures both, one after the other.
"""

import json
import pathlib
import statistics
import sys
import time

import pynng

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "clients/python/src"))

from progressd import Channel, PipelineStage, ProgressTracker, ProgressTrackerServiceStub  # noqa: E402
from progressd.gen.progress.rpc.v1.rpc_pb2 import Call  # noqa: E402
from progressd.gen.progress.v1.progress_service_pb2 import GetProgressRequest  # noqa: E402

JOB = "bench"


def rate(call, count):
    started = time.perf_counter()
    for _ in range(count):
        call()
    return count / (time.perf_counter() - started)


def main():
    echo_url, daemon_url = sys.argv[1:3]
    rounds, count = (int(word) for word in (sys.argv[3:] + ["31", "500"][len(sys.argv[3:]):]))
    with ProgressTracker(daemon_url) as tracker:
        tracker.update_progress(JOB, PipelineStage.TRANSCRIBING)
    request = GetProgressRequest(job_id=JOB)
    body = Call(method="/progress.v1.ProgressTrackerService/GetProgress", request=request.SerializeToString(),
                timeout_ms=10000).SerializeToString()
    pairs = []
    with pynng.Req0(dial=echo_url, block_on_dial=True) as socket, Channel(daemon_url) as channel:
        stub = ProgressTrackerServiceStub(channel)

        def echo():
            socket.send(body)
            socket.recv()

        def call():
            stub.GetProgress(request)

        for _ in range(rounds):
            pairs.append((rate(echo, count), rate(call, count)))
    ratio = statistics.median(ours / bare for bare, ours in pairs)
    print(json.dumps({"echo_per_second": statistics.median(bare for bare, _ in pairs),
                      "calls_per_second": statistics.median(ours for _, ours in pairs), "ratio": ratio}))


if __name__ == "__main__":
    main()
