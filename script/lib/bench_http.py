"""HTTP: a job's status against a bare handler of the same library that gives a constant of the same size."""

import http.client
import json
import socket
import subprocess
import time

from bench_support import middle

SERVICE = "/progress.v1.ProgressTrackerService/"
JOB = {"jobId": "clip-1", "stage": "PIPELINE_STAGE_TRANSCRIBING", "fraction": 0.5, "message": "Transcribing audio",
       "metadata": {"video_id": "abc123", "process_task_id": "xyz789"}}
CONNECTIONS, SECONDS = 32, 1


def wait_for_port(port):
    deadline = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except ConnectionRefusedError:
            assert time.monotonic() < deadline, port
            time.sleep(0.005)


def make_job(port):
    """Creates the job; the size of its status."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("POST", SERVICE + "UpdateProgressIncremental", json.dumps(JOB), {"Content-Type": "application/json"})
    assert connection.getresponse().read()
    connection.request("GET", "/api/status/clip-1")
    size = len(connection.getresponse().read())
    connection.close()
    return size


def ask(bench, port, path):
    """Requests a second."""
    output = subprocess.run([bench.program("bench_http"), str(port), path, str(CONNECTIONS), str(SECONDS)],
                            capture_output=True, text=True, check=True).stdout
    result = json.loads(output)
    assert result["failed"] == 0, result
    return result["requests_per_second"]


def compare_with_bare_http(bench):
    port = bench.port("http")
    daemon = bench.daemon("with-http", "memory:", f"127.0.0.1:{port}")
    wait_for_port(port)
    size = make_job(port)
    bare = subprocess.Popen([bench.program("bare_http"), str(size)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    bare_port = int(bare.stdout.readline())
    triples = []
    for _ in range(bench.arguments.rounds):
        theirs, ours = ask(bench, bare_port, "/"), ask(bench, port, "/api/status/clip-1")
        triples.append((ours, theirs, ours / theirs))
    bare.communicate()
    daemon.stop()
    ours, theirs, ratio = middle(triples)
    bench.add(f"GET /api/status, {CONNECTIONS} connections, memory:", f"{ours / 1000:.1f} k/s", f"{theirs / 1000:.1f} k/s", ratio,
              ">= 0.7", ratio >= 0.7)
