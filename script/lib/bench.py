"""Runs the bench programs side by side and draws the table of ratios.

Usage: bench.py BUILD [--rounds N] [--count N] [--jobs N] [--only NAME]

Everything is compared within one run: each round measures the echo and the daemon one after the other, and the ratio of a
round is what counts; the table shows the median of the rounds. Absolute numbers depend on the machine.
"""

import argparse
import json
import os
import pathlib
import platform
import shutil
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

from bench_http import compare_with_bare_http
from bench_redis import compare_with_redis
from bench_simulated import measure_estimate, measure_simulated
from bench_support import Server, middle, wait_for
from bench_watch import compare_with_relay


class Bench:
    def __init__(self, build, folder, arguments):
        self.build, self.folder, self.arguments = pathlib.Path(build), folder, arguments
        self.results, self.ports = [], {}

    def program(self, name):
        for place in ("bin", "bench", "tests"):
            path = self.build / place / name
            if path.exists():
                return str(path)
        raise SystemExit(f"bench: {name} is not built")

    def daemon(self, name, store, http="off"):
        path = f"{self.folder}/{name}.sock"
        server = Server(self.program("progressd"), "--rpc", f"ipc://{path}", "--rpc", f"tcp://127.0.0.1:{self.port(name)}",
                        "--pub", f"ipc://{self.folder}/{name}-events.sock", "--http", http, "--store", store)
        wait_for(path)
        return server

    def port(self, name):
        """A port that was free when it was first asked for."""
        if name not in self.ports:
            with socket.create_server(("127.0.0.1", 0)) as probe:
                self.ports[name] = probe.getsockname()[1]
        return self.ports[name]

    def calls(self, url, mode, outstanding, count):
        output = subprocess.run([self.program("bench_rpc"), "--url", url, "--mode", mode, "--outstanding", str(outstanding),
                                 "--count", str(count)], capture_output=True, text=True, check=True).stdout
        return json.loads(output)

    def add(self, what, ours, bare, ratio, goal, is_reached):
        self.results.append({"what": what, "ours": ours, "bare": bare, "ratio": ratio, "goal": goal, "reached": is_reached})

    def compare_calls(self, transport, urls):
        """One call at a time by latency, 64 at once by rate; medians over the rounds."""
        kinds = [("get", "memory"), ("update", "memory"), ("update", "file")]
        alone = {kind: [] for kind in kinds}
        many = {kind: [] for kind in kinds}
        for _ in range(self.arguments.rounds):
            echo_alone = self.calls(urls["echo"], "echo", 1, self.arguments.count // 8)
            for kind in kinds[:2]:
                ours = self.calls(urls[kind[1]], kind[0], 1, self.arguments.count // 8)
                alone[kind].append((ours["p50_us"], echo_alone["p50_us"], ours["p50_us"] / echo_alone["p50_us"]))
            echo_many = self.calls(urls["echo"], "echo", 64, self.arguments.count)
            for kind in kinds:
                ours = self.calls(urls[kind[1]], kind[0], 64, self.arguments.count)
                many[kind].append((ours["calls_per_second"], echo_many["calls_per_second"],
                                   ours["calls_per_second"] / echo_many["calls_per_second"]))
        for kind in kinds[:2]:
            ours, bare, ratio = middle(alone[kind])
            self.add(f"{kind[0]}, one at a time, {kind[1]}:, {transport}", f"{ours:.1f} us", f"{bare:.1f} us", ratio, "<= 1.15",
                     ratio <= 1.15)
        for kind in kinds:
            ours, bare, ratio = middle(many[kind])
            goal = 0.8 if kind[1] == "memory" else 0.6
            self.add(f"{kind[0]}, 64 outstanding, {kind[1]}:, {transport}", f"{ours / 1000:.1f} k/s", f"{bare / 1000:.1f} k/s",
                     ratio, f">= {goal}", ratio >= goal)

    def compare_with_echo(self):
        echo = Server(self.program("bench_echo"), "--url", f"ipc://{self.folder}/echo.sock")
        echo_tcp = Server(self.program("bench_echo"), "--url", f"tcp://127.0.0.1:{self.port('echo')}")
        wait_for(f"{self.folder}/echo.sock")
        memory, file = self.daemon("memory", "memory:"), self.daemon("file", f"file:{self.folder}/bench.db")
        names = ("echo", "memory", "file")
        self.compare_calls("ipc", {name: f"ipc://{self.folder}/{name}.sock" for name in names})
        self.compare_calls("tcp", {name: f"tcp://127.0.0.1:{self.port(name)}" for name in names})
        for server in (echo, echo_tcp, memory, file):
            server.stop()

    def compare_python(self):
        self.compare_client("Python", "build/venv/bin/python", "tests/bench/bench_python.py")

    def compare_go(self):
        self.compare_client("Go", "build/go/bin/bench")

    def compare_node(self):
        package = pathlib.Path("clients/ts/dist")
        if not (package / "node").exists():
            print("skip the Node client: script/bootstrap e2e installs what it needs")
            return
        self.compare_client("Node", shutil.which("node") or "node", "tests/bench/bench_node.js", str(package.resolve()))

    def compare_client(self, language, program, *words):
        """A client's calls one at a time against a bare echo by the same SP library."""
        if not pathlib.Path(program).exists():
            print(f"skip the {language} client: script/bootstrap e2e installs what it needs")
            return
        for transport in ("ipc", "tcp"):
            path = f"{self.folder}/{language}-echo.sock"
            url = f"ipc://{path}" if transport == "ipc" else f"tcp://127.0.0.1:{self.port(language + '-echo')}"
            echo, name = Server(self.program("bench_echo"), "--url", url), f"{language}-{transport}"
            if transport == "ipc":
                wait_for(path)
            server = self.daemon(name, "memory:")
            ours = f"ipc://{self.folder}/{name}.sock" if transport == "ipc" else f"tcp://127.0.0.1:{self.port(name)}"
            measured = []
            for _ in range(self.arguments.rounds):  # each a process of its own: where the kernel puts it matters much
                output = subprocess.run([program, *words, url, ours, "11", "300"], capture_output=True, text=True, check=True)
                result = json.loads(output.stdout)
                measured.append((result["calls_per_second"], result["echo_per_second"], result["ratio"]))
            echo.stop()
            server.stop()
            calls, bare, ratio = middle(measured)
            self.add(f"get, {language} client, memory:, {transport}", f"{calls / 1000:.1f} k/s", f"{bare / 1000:.1f} k/s",
                     ratio, ">= 0.6", ratio >= 0.6)

    def compare_with_redis_script(self):
        """Updates on the Redis store against a bare client that runs the same script with as many under way."""
        folder = f"{self.folder}/redis"
        os.mkdir(folder)
        socket_path = f"{folder}/redis.sock"
        redis = Server("redis-server", "--port", "0", "--unixsocket", socket_path, "--dir", folder, "--save", "",
                       "--appendonly", "no", "--logfile", f"{folder}/log")
        wait_for(socket_path)
        daemon = self.daemon("redis", f"redis+unix://{socket_path}")
        measured = []
        for _ in range(self.arguments.rounds):
            bare = json.loads(subprocess.run([self.program("bench_redis_script"), "--socket", socket_path, "--count",
                                              str(self.arguments.count)], capture_output=True, text=True, check=True).stdout)
            ours = self.calls(f"ipc://{self.folder}/redis.sock", "update", 64, self.arguments.count)
            measured.append((ours["calls_per_second"], bare["calls_per_second"],
                             ours["calls_per_second"] / bare["calls_per_second"]))
        ours, bare, ratio = middle(measured)
        self.add("update, 64 outstanding, redis:, ipc", f"{ours / 1000:.1f} k/s", f"{bare / 1000:.1f} k/s", ratio, ">= 0.6",
                 ratio >= 0.6)
        daemon.stop()
        redis.stop()

    def measure_tick(self):
        server = self.daemon("tick", "memory:")
        command = [self.program("bench_tick"), f"ipc://{self.folder}/tick.sock"]
        result = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        server.stop()
        ratio = result["tick_ns"] / result["store_ns"]
        self.add("a reporter's tick", f"{result['tick_ns']:.2f} ns", f"{result['store_ns']:.2f} ns", ratio, "<= 3 ns",
                 result["tick_ns"] <= 3)

    def start_time(self, store):
        """Seconds until a daemon on the store answers, and its memory then."""
        begin = time.monotonic()
        server = self.daemon("start", store)
        with_reply = self.calls(f"ipc://{self.folder}/start.sock", "get", 1, 1)
        assert with_reply["failed"] == 0
        seconds, memory = time.monotonic() - begin, server.resident_kib()
        server.stop()
        return seconds, memory

    def measure_large_store(self):
        """A store of many finished jobs against an empty one."""
        empty, full = f"{self.folder}/empty.db", f"{self.folder}/full.db"
        for path in (empty, full):
            self.start_time(f"file:{path}")
        fill(full, self.arguments.jobs)
        pairs = [(self.start_time(f"file:{empty}"), self.start_time(f"file:{full}")) for _ in range(self.arguments.rounds)]
        difference = statistics.median(big[0] - small[0] for small, big in pairs) * 1000
        small_kib = statistics.median(small[1] for small, _ in pairs)
        big_kib = statistics.median(big[1] for _, big in pairs)
        jobs = f"{self.arguments.jobs:,} finished jobs"
        self.add(f"start with {jobs}, later than empty", f"{difference:.0f} ms", "", None, "<= 100 ms", difference <= 100)
        self.add(f"memory with {jobs}", f"{big_kib / 1024:.1f} MiB", f"{small_kib / 1024:.1f} MiB", big_kib / small_kib, "<= 1.1",
                 big_kib <= small_kib * 1.1)


def fill(path, count):
    """Copies the row of the one job in the file, as a finished job, `count` times."""
    database = sqlite3.connect(path)
    columns = [row[1] for row in database.execute("PRAGMA table_info(job)") if row[1] != "row"]
    finished = {"job_id": "'full-' || n", "state": "3", "stage": "10", "progress": "100", "ended_ms": "updated_ms",
                "expires_ms": "updated_ms + 2592000000"}
    selected = ", ".join(finished.get(column, column) for column in columns)
    database.execute(f"WITH RECURSIVE counter(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counter WHERE n < {count}) "
                     f"INSERT INTO job ({', '.join(columns)}) SELECT {selected} FROM counter, "
                     f"(SELECT * FROM job ORDER BY row LIMIT 1)")
    database.commit()
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()


def draw(results):
    width = max(len(result["what"]) for result in results)
    print(f"{'':{width}}  {'ours':>11}  {'bare':>11}  {'ratio':>6}  goal")
    for result in results:
        ratio = f"{result['ratio']:.2f}" if result["ratio"] is not None else ""
        mark = "" if result["reached"] else "  not reached"
        print(f"{result['what']:{width}}  {result['ours']:>11}  {result['bare']:>11}  {ratio:>6}  {result['goal']}{mark}")


def machine():
    cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo", encoding="utf-8") if "model name" in line), "?")
    return f"{cpu}, {os.cpu_count()} cores, Linux {platform.release().split('-')[0]}"


def main():
    parser = argparse.ArgumentParser(prog="script/bench")
    parser.add_argument("build")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--count", type=int, default=80000, help="calls of a measurement with 64 outstanding")
    parser.add_argument("--jobs", type=int, default=1000000, help="finished jobs in the large store")
    parts = {"tick": Bench.measure_tick, "echo": Bench.compare_with_echo, "http": compare_with_bare_http,
             "redis": compare_with_redis,
             "redis-script": Bench.compare_with_redis_script,
             "watch": compare_with_relay, "python": Bench.compare_python, "go": Bench.compare_go, "node": Bench.compare_node,
             "store": Bench.measure_large_store, "simulated": measure_simulated, "estimate": measure_estimate}
    parser.add_argument("--only", choices=parts, help="one part of it")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="progress-bench-") as folder:
        bench = Bench(arguments.build, folder, arguments)
        for name, measure in parts.items():
            if arguments.only in (None, name):
                measure(bench)
    print(machine())
    draw(bench.results)
    with open("build/bench.json", "w", encoding="utf-8") as file:
        json.dump({"machine": machine(), "results": bench.results}, file, indent=2)


if __name__ == "__main__":
    main()
