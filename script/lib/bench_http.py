"""HTTP requests to the daemon and to a bare handler of the same library, by turns.

Usage: bench_http.py BUILD [--rounds N] [--seconds S] [--connections N]      prints one line of JSON for each comparison

Each round asks both for answers of the same size; the ratio of a round is what counts, and the median of the rounds is
shown. script/bench puts it into its table.
"""

import argparse
import http.client
import json
import pathlib
import subprocess
import tempfile
import time

SERVICE = "/progress.v1.ProgressTrackerService/"
JOB = {"jobId": "clip-1", "stage": "PIPELINE_STAGE_TRANSCRIBING", "fraction": 0.5, "message": "Transcribing audio",
       "metadata": {"video_id": "abc123", "process_task_id": "xyz789"}}


def start_daemon(build, folder):
    process = subprocess.Popen([f"{build}/bin/progressd", "--rpc", f"ipc://{folder}/rpc.sock", "--pub", f"ipc://{folder}/events.sock",
                                "--store", "memory:", "--http", "127.0.0.1:0"], stderr=open(f"{folder}/log", "w", encoding="utf-8"))
    log = pathlib.Path(f"{folder}/log")
    deadline = time.monotonic() + 10
    while "event=ready" not in log.read_text(encoding="utf-8"):
        assert process.poll() is None and time.monotonic() < deadline, log.read_text(encoding="utf-8")
        time.sleep(0.01)
    return process, int(log.read_text(encoding="utf-8").split("http=http://127.0.0.1:")[1].split()[0])


def make_job(port):
    """Creates the job; the size of its status."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("POST", SERVICE + "UpdateProgressIncremental", json.dumps(JOB), {"Content-Type": "application/json"})
    assert connection.getresponse().read()
    connection.request("GET", "/api/status/clip-1")
    size = len(connection.getresponse().read())
    connection.close()
    return size


def ask(build, port, path, arguments):
    output = subprocess.run([f"{build}/bin/bench_http", str(port), path, str(arguments.connections), str(arguments.seconds)],
                            capture_output=True, text=True, check=True).stdout
    result = json.loads(output)
    assert result["failed"] == 0, result
    return result["requests_per_second"]


def compare(build, folder, arguments):
    daemon, port = start_daemon(build, folder)
    size = make_job(port)
    bare = subprocess.Popen([f"{build}/bin/bare_http", str(size)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    bare_port = int(bare.stdout.readline())
    rounds = []
    for _ in range(arguments.rounds):
        theirs = ask(build, bare_port, "/", arguments)
        ours = ask(build, port, "/api/status/clip-1", arguments)
        rounds.append((ours, theirs, ours / theirs))
    bare.communicate()
    daemon.terminate()
    daemon.wait()
    return sorted(rounds, key=lambda one: one[2])[len(rounds) // 2]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--connections", type=int, default=32)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="progress-bench-http-") as folder:
        ours, bare, ratio = compare(arguments.build, folder, arguments)
    print(json.dumps({"what": f"GET /api/status, {arguments.connections} connections", "ours": f"{ours / 1000:.1f} k/s",
                      "bare": f"{bare / 1000:.1f} k/s", "ratio": ratio, "goal": ">= 0.7", "reached": ratio >= 0.7}))


if __name__ == "__main__":
    main()
