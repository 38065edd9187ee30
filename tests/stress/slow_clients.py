#!/usr/bin/env python3
"""Attacks by slowness (slowhttptest: slow heads, slow bodies, ranges) while /healthz is asked again and again.

Usage: slow_clients.py BUILD [--connections N] [--seconds N]      needs Debian's slowhttptest

Prints the time of /healthz for each attack; exit 1 if the 99th percentile is above 100 ms.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request

from http_streams import Daemon, p99, raise_limit

ATTACKS = {"slow heads": ["-H"], "slow bodies": ["-B"], "ranges": ["-R"]}


def ask(port):
    started = time.perf_counter()
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=60) as answer:
        assert answer.read() == b"ok\n"
    return (time.perf_counter() - started) * 1000


def attack(daemon, how, arguments):
    url = f"http://127.0.0.1:{daemon.port}/progress.v1.ProgressTrackerService/GetProgress"
    attacker = subprocess.Popen(["slowhttptest", *how, "-c", str(arguments.connections), "-r", "1000", "-i", "2", "-x", "24",
                                 "-l", str(arguments.seconds), "-p", "5", "-u", url], stdout=subprocess.DEVNULL)
    times = []
    while attacker.poll() is None:
        times.append(ask(daemon.port))
        time.sleep(0.01)
    return sorted(times)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--connections", type=int, default=4000)
    parser.add_argument("--seconds", type=int, default=20)
    arguments = parser.parse_args()
    if not shutil.which("slowhttptest"):
        sys.exit("slow_clients: needs slowhttptest (apt-get install slowhttptest)")
    raise_limit(arguments.connections + 200)
    is_slow = False
    with tempfile.TemporaryDirectory(prefix="progress-slow-") as folder:
        daemon = Daemon(arguments.build, folder, 10000)
        for name, how in ATTACKS.items():
            times = attack(daemon, how, arguments)
            is_slow |= p99(times) > 100
            print(f"figure: /healthz under {arguments.connections} connections with {name}: p50 {times[len(times) // 2]:.1f} ms, "
                  f"p99 {p99(times):.1f} ms, longest {times[-1]:.1f} ms")
        assert daemon.stop() == 0
    sys.exit(1 if is_slow else 0)


if __name__ == "__main__":
    main()
