"""The way of an update to a watcher against a bare NNG relay: REQ/REP for the update, PUB/SUB for the news."""

import json
import subprocess

from bench_support import Server, middle, wait_for


def p50_us(*command):
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)["p50_us"]


def compare_with_relay(bench):
    rpc, pub = (f"ipc://{bench.folder}/relay-{name}.sock" for name in ("rpc", "pub"))
    relay = Server(bench.program("bench_relay"), "--rpc", rpc, "--pub", pub)
    wait_for(rpc.removeprefix("ipc://"))
    daemon = bench.daemon("watched", "memory:")
    count = str(bench.arguments.count // 8)
    triples = []
    for _ in range(bench.arguments.rounds):
        ours = p50_us(bench.program("bench_watch"), "--url", f"ipc://{bench.folder}/watched.sock", "--count", count)
        bare = p50_us(bench.program("bench_relay"), "--ask", rpc, "--sub", pub, "--count", count)
        triples.append((ours, bare, ours / bare))
    daemon.stop()
    relay.stop()
    ours, bare, ratio = middle(triples)
    bench.add("an update to a watcher, p50, memory:, NNG relay", f"{ours:.1f} us", f"{bare:.1f} us", ratio, "<= 1.15",
              ratio <= 1.15)
