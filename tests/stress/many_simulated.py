"""A daemon with very many live simulated jobs: what they cost when nobody watches, and when somebody watches some.

usage: many_simulated.py [--jobs N] [--watched N] [--seconds S] [--store memory|file] [--ratio R]
(BUILD_DIR chooses the build, default build/dev)

1. An empty daemon rests: how often it wakes up.
2. The jobs are made, 10,000 a call, all simulated; then nobody is connected. The daemon must not wake up more often than the
   empty one, nothing of the store may change, and it must use less than 5 % of one core.
3. Somebody watches some of them, and is told of their movements; still nothing of the store may change.
4. As many simulated jobs that hardly move by themselves are changed at the same rate, by reports in a batch for each quarter of
   a second, and watched likewise. A movement must cost the daemon about as much as such a change: not R times (1.5).

All costs are processor time of the daemon. Exit: 0 all of this held, 1 it did not.
"""

import argparse
import itertools
import os
import pathlib
import shutil
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

from support.daemon import Daemon  # noqa: E402 (the path comes first)
from support.messages import job as messages, service, stage  # noqa: E402

AT_ONCE = 10000
EXPECTED_S, HARDLY_S = 100, 30 * 24 * 3600
TICK_S = 0.25
PAGE = 100  # an answer with less is not a full page of the snapshot
CPU_SHARE_MAX = 0.05
WAKES_SLACK = 20  # what a daemon does now and then whatever it holds
MOVED, UPDATED = (messages.EventKind.Value("EVENT_KIND_" + name) for name in ("MOVED", "UPDATED"))


class Toll:
    """What the daemon's process has cost up to now."""

    def __init__(self, daemon):
        self.at = time.monotonic()
        folder = pathlib.Path(f"/proc/{daemon.process.pid}")
        fields = (folder / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        self.cpu_s = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        self.wakes = 0
        for thread in folder.glob("task/*/status"):
            text = thread.read_text(encoding="utf-8")
            self.wakes += int(text.split("\nvoluntary_ctxt_switches:")[1].split()[0])
        status = (folder / "status").read_text(encoding="utf-8")
        self.resident_kib = int(status.split("VmRSS:")[1].split()[0])


def store_of(daemon):
    """What shows that something was written: size and time of each file of the store."""
    paths = sorted(pathlib.Path(daemon.folder).glob("progress.db*"))
    return [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in paths]


def settle(daemon):
    """Waits until the daemon has done what was left to do."""
    before = Toll(daemon)
    while True:
        time.sleep(1.5)
        after = Toll(daemon)
        if after.cpu_s - before.cpu_s < 0.03:
            return
        before = after


def rest(daemon, seconds):
    before = Toll(daemon)
    time.sleep(seconds)
    after = Toll(daemon)
    return after.wakes - before.wakes, (after.cpu_s - before.cpu_s) / (after.at - before.at)


def batches(names, update):
    names = iter(names)
    while part := list(itertools.islice(names, AT_ONCE)):
        yield [update(name) for name in part]


def simulated(seconds):
    def update(name):
        fields = {"job_id": name, "stage": stage("transcribing"), "expected_duration": {"seconds": seconds}}
        return service.BatchUpdate(simulate_progress=fields)

    return update


def advanced(done):
    def update(name):
        fields = {"job_id": name, "stage": stage("transcribing"), "done": done, "total": 1000000000}
        return service.BatchUpdate(update_progress_incremental=fields)

    return update


def send(client, names, update):
    for updates in batches(names, update):
        results = client.call("BatchUpdateProgress", updates=updates, omit_progress_info=True).results
        assert all(result.code == 0 for result in results)


class Watcher(threading.Thread):
    """Watches all jobs of a prefix and counts what it is told."""

    def __init__(self, daemon, prefix):
        super().__init__()
        self.client, self.filter = daemon.client(), {"job_id_prefix": prefix}
        self.told, self.is_ready, self.is_stopping = {}, threading.Event(), False

    def run(self):
        token = ""
        while not self.is_stopping:
            answer = self.client.call("WatchJobs", filter=self.filter, resume_token=token, timeout={"seconds": 1})
            token = answer.resume_token
            for event in answer.events:
                self.told[event.kind] = self.told.get(event.kind, 0) + 1
            if len(answer.events) < PAGE:
                self.is_ready.set()

    def stop(self):
        self.is_stopping = True
        self.join()
        self.client.close()


def watch_movement(daemon, seconds):
    """(movements, processor time of the daemon for each and in each second, whether the store is untouched)."""
    watcher = Watcher(daemon, "w-")
    watcher.start()
    watcher.is_ready.wait(60)
    files, before, already = store_of(daemon), Toll(daemon), watcher.told.get(MOVED, 0)
    time.sleep(seconds)
    after, told = Toll(daemon), watcher.told.get(MOVED, 0) - already
    watcher.stop()
    cpu_s = after.cpu_s - before.cpu_s
    return told, cpu_s / max(1, told), cpu_s / seconds, files == store_of(daemon)


def watch_changes(daemon, names, rate, seconds):
    """(changes told, processor time of the daemon for each)."""
    changes = ((name, done) for done in itertools.count(1) for name in names)
    with daemon.client() as client:
        send(client, names, simulated(HARDLY_S))
        watcher = Watcher(daemon, "c-")
        watcher.start()
        watcher.is_ready.wait(60)
        before, already = Toll(daemon), watcher.told.get(UPDATED, 0)
        while (over_s := time.monotonic() - before.at) < seconds:
            part = list(itertools.islice(changes, max(1, round(rate * TICK_S))))
            send(client, part, lambda change: advanced(change[1])(change[0]))
            time.sleep(TICK_S - over_s % TICK_S)
        after, told = Toll(daemon), watcher.told.get(UPDATED, 0) - already
        watcher.stop()
    return told, (after.cpu_s - before.cpu_s) / max(1, told)


def judge(daemon, arguments, complaints):
    def expect(holds, text):
        if not holds:
            complaints.append(text)

    settle(daemon)
    empty = Toll(daemon)
    wakes_empty, _ = rest(daemon, arguments.seconds)
    watched = [f"w-{number:07}" for number in range(arguments.watched)]
    begin = time.monotonic()
    others = (f"s-{number:07}" for number in range(arguments.jobs - arguments.watched))
    with daemon.client() as client:
        send(client, itertools.chain(others, watched), simulated(EXPECTED_S))
    made_s = time.monotonic() - begin
    settle(daemon)
    full, files = Toll(daemon), store_of(daemon)
    wakes, share = rest(daemon, arguments.seconds)
    bytes_a_job = 1024 * (full.resident_kib - empty.resident_kib) / arguments.jobs
    print(f"figure: {arguments.jobs:,} live simulated jobs, {arguments.store}: made in {made_s:.0f} s, "
          f"{full.resident_kib / 1024:.0f} MiB resident, {bytes_a_job:.0f} bytes each; nobody watches: {100 * share:.2f} % of a core, "
          f"{wakes} wakes in {arguments.seconds} s (empty: {wakes_empty})", flush=True)
    expect(files == store_of(daemon), f"the store was written while nobody looked: {files}, then {store_of(daemon)}")
    expect(share < CPU_SHARE_MAX, f"{100 * share:.1f} % of a core while nobody looks")
    expect(wakes <= 2 * wakes_empty + WAKES_SLACK, f"{wakes} wakes while nobody looks, {wakes_empty} when it was empty")

    moved, moved_s, moved_share, is_untouched = watch_movement(daemon, arguments.seconds)
    expect(moved > 0, "nobody was told of any movement")
    expect(is_untouched, "the store was written for movements")
    changed, changed_s = watch_changes(daemon, [f"c-{number:07}" for number in range(arguments.watched)],
                                       moved / arguments.seconds, arguments.seconds)
    print(f"figure: {arguments.watched:,} of them watched: {moved / arguments.seconds:.0f} movements/s, "
          f"{100 * moved_share:.1f} % of a core, {1e6 * moved_s:.1f} us each; {changed / arguments.seconds:.0f} changes/s: "
          f"{1e6 * changed_s:.1f} us each; ratio {moved_s / max(changed_s, 1e-9):.2f}", flush=True)
    expect(changed >= moved / 2, f"only {changed} changes were told")
    expect(moved_s <= arguments.ratio * changed_s, f"a movement costs {1e6 * moved_s:.1f} us, a change {1e6 * changed_s:.1f} us")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--jobs", type=int, default=1000000)
    parser.add_argument("--watched", type=int, default=10000)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--ratio", type=float, default=1.5)
    parser.add_argument("--store", choices=("memory", "file"), default="memory")
    arguments = parser.parse_args()
    daemon = Daemon(store="memory:" if arguments.store == "memory" else None)
    complaints = []
    try:
        judge(daemon, arguments, complaints)
    finally:
        daemon.kill()
        shutil.rmtree(daemon.folder)
    for complaint in complaints:
        print(f"wrong: {complaint}")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
