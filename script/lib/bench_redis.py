"""Gathered updates of libprg against a bare hiredis client that pipelines HSET and PUBLISH to a real redis-server.

The same number of updates outstanding, the same jobs, the same fields; each round measures the one after the other.
"""

import json
import os
import shutil
import subprocess

from bench_support import Server, middle, wait_for

STORES = {  # ours: the options of the redis-server that promises the same
    "memory": ("--save", "", "--appendonly", "no"),
    "file": ("--save", "", "--appendonly", "yes", "--appendfsync", "always"),
}
JOBS = 16


def start_redis(folder, name):
    """On a unix socket in a folder of its own, without a port."""
    program = shutil.which("redis-server")
    if program is None:
        raise SystemExit("bench: redis-server is not installed; script/bootstrap test installs it")
    place = f"{folder}/redis-{name}"
    os.mkdir(place)
    server = Server(program, "--port", "0", "--unixsocket", f"{place}/redis.sock", "--dir", place, "--daemonize", "no",
                    "--logfile", "", *STORES[name])
    wait_for(f"{place}/redis.sock")
    return server, f"unix:{place}/redis.sock"


def race(program, url, processes, outstanding, count):
    """Updates acknowledged a second, all processes together."""
    command = [program, "--url", url, "--outstanding", str(outstanding), "--jobs", str(JOBS // processes),
               "--count", str(count // processes)]
    runners = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
               for _ in range(processes)]
    for runner in runners:
        assert runner.stdout.readline() == "ready\n", command
    for runner in runners:
        runner.stdin.write("\n")
        runner.stdin.flush()
    results = [json.loads(runner.communicate()[0]) for runner in runners]
    assert all(result["failed"] == 0 for result in results), results
    duration_ns = max(result["end_ns"] for result in results) - min(result["start_ns"] for result in results)
    return sum(result["count"] for result in results) / duration_ns * 1e9


def compare(bench, store, processes, outstanding, ours_url, redis_url):
    triples = []
    for _ in range(bench.arguments.rounds):
        ours = race(bench.program("bench_async"), ours_url, processes, outstanding, bench.arguments.count)
        redis = race(bench.program("bench_redis"), redis_url, processes, outstanding, bench.arguments.count)
        triples.append((ours, redis, ours / redis))
    ours, redis, ratio = middle(triples)
    against = "Redis" if store == "memory" else "Redis, appendfsync always"
    bench.add(f"async updates, {processes} x {outstanding} outstanding, {store}:, {against}", f"{ours / 1000:.1f} k/s",
              f"{redis / 1000:.1f} k/s", ratio, ">= 1.0", ratio >= 1)


def compare_with_redis(bench):
    for store in STORES:
        redis, redis_url = start_redis(bench.folder, store)
        name = f"async-{store}"
        daemon = bench.daemon(name, "memory:" if store == "memory" else f"file:{bench.folder}/{name}.db")
        for processes, outstanding in ((1, 64), (8, 8)):
            compare(bench, store, processes, outstanding, f"ipc://{bench.folder}/{name}.sock", redis_url)
        daemon.stop()
        redis.stop()
