"""Kills progressd again and again under writers, and counts what was acknowledged and is not there.

usage: crash.py [--kills N] [--writers N] [--seed N] [--folder DIR] [--redis]     (BUILD_DIR chooses the build, default
build/dev)

With --redis there are two daemons on one Redis that syncs each write, and it is Redis that is killed.

Each writer is a process with a job of its own at a time. It sends updates with its writer name and a rising sequence,
sends an update again until it is acknowledged, and puts each acknowledgement into its own file, outside of the daemon,
before it goes on. Every update changes the job, so that the revision must be the sequence: one more is an update applied
twice, one less is an update lost. The daemon is killed after a random number of acknowledgements, and started again on
the same store; then every job must be at the acknowledged revision or a newer one, with the acknowledged progress or
more. At the end all jobs are looked at.

Exit: 0 nothing was lost, 1 something was.
"""

import argparse
import json
import multiprocessing
import os
import pathlib
import random
import shutil
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

from support import rpc, wait  # noqa: E402 (the path comes first)
from support.daemon import Daemon  # noqa: E402
from support.messages import service, stage  # noqa: E402
from support.redis import SAFE, Redis  # noqa: E402

UNAVAILABLE = 14
UPDATES_A_JOB = 40
STEP_ACKNOWLEDGEMENTS_MAX = 400


class Writer:
    """Runs in a process of its own until `stop` is set."""

    def __init__(self, number, url, folder, stop):
        self.name = f"writer-{number}"
        self.url = url
        self.stop = stop
        self.log = os.open(f"{folder}/{self.name}", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self.client = None
        self.jobs = 0

    def run(self):
        while not self.stop.is_set():
            self.jobs += 1
            self._work_on(f"{self.name}.job-{self.jobs}")

    def _work_on(self, job_id):
        for sequence in range(1, UPDATES_A_JOB + 1):
            info = self._insist(job_id, sequence)
            if info is None:
                return
            note = {"job": job_id, "sequence": sequence, "revision": info.revision, "progress": info.progress}
            os.write(self.log, (json.dumps(note) + "\n").encode())

    def _insist(self, job_id, sequence):
        """Sends the update until it is acknowledged; None: told to stop before that."""
        while not self.stop.is_set():
            try:
                if self.client is None:
                    self.client = rpc.Client(self.url, seconds=5)
                return self._send(job_id, sequence)
            except rpc.Refused as refused:  # Redis was killed
                if refused.code != UNAVAILABLE:
                    raise
                time.sleep(0.002)
            except (OSError, AssertionError):  # killed; a new one is on its way
                if self.client is not None:
                    self.client.close()
                self.client = None
                time.sleep(0.002)
        return None

    def _send(self, job_id, sequence):
        shared = {"job_id": job_id, "writer": self.name, "sequence": sequence, "message": f"update {sequence}"}
        if sequence == UPDATES_A_JOB:
            return self.client.call("UpdateProgress", stage=stage("completed"), **shared).progress_info
        return self.client.call(
            "UpdateProgressExplicit", stage=stage("processing"), progress=2 * sequence, **shared
        ).progress_info


def run_writer(*arguments):
    Writer(*arguments).run()


class Acknowledgements:
    """What the writers have put down, read on and on."""

    def __init__(self, folder, count):
        self.files = [open(f"{folder}/writer-{number}", "a+", encoding="utf-8") for number in range(count)]
        for file in self.files:
            file.seek(0)
        self.best = {}  # job: its last acknowledgement
        self.fresh = set()  # jobs with acknowledgements since the last check
        self.count = 0
        self.faults = []

    def read(self):
        for file in self.files:
            while True:
                place = file.tell()
                line = file.readline()
                if not line.endswith("\n"):
                    file.seek(place)
                    break
                self._take(json.loads(line))
        return self.count

    def _take(self, note):
        self.count += 1
        if note["revision"] != note["sequence"]:
            self.faults.append(
                f"update {note['sequence']} of {note['job']} was acknowledged as revision {note['revision']}"
            )
        before = self.best.get(note["job"])
        if before and note["progress"] < before["progress"]:
            self.faults.append(f"{note['job']} went down from {before['progress']} to {note['progress']} %")
        self.best[note["job"]] = note
        self.fresh.add(note["job"])


def ask_patiently(client, job_id):
    """The reply about the job; a store that is away is waited for."""
    replies = []

    def answered():
        number = client.send("GetProgress", service.GetProgressRequest(job_id=job_id))
        got, reply = client.receive()
        assert got == number
        replies.append(reply)
        return reply.code != UNAVAILABLE

    wait.until(answered, "the store is back")
    return replies[-1]


def check(daemon, notes, faults):
    """Compares the jobs with their last acknowledgements; the number of jobs that are behind."""
    lost = 0
    with daemon.client() as client:
        for note in notes:
            reply = ask_patiently(client, note["job"])
            info = service.GetProgressResponse.FromString(reply.response).progress_info
            if reply.code != 0 or info.revision < note["revision"] or info.progress < note["progress"]:
                lost += 1
                faults.append(
                    f"lost: {note} was acknowledged; there is {reply.message or (info.revision, info.progress)}"
                )
    return lost


class Trial:
    def __init__(self, options, folder):
        self.options = options
        self.chance = random.Random(options.seed)
        self.redis = Redis(*SAFE) if options.redis else None
        self.daemons = [Daemon(store=self.redis.url) for _ in range(2)] if options.redis else [Daemon()]
        self.daemon = self.daemons[0]
        self.victim = self.redis or self.daemon
        self.stop = multiprocessing.Event()
        self.writers = [
            multiprocessing.Process(
                target=run_writer,
                args=(number, self.daemons[number % len(self.daemons)].url, folder, self.stop),
            )
            for number in range(options.writers)
        ]
        self.seen = Acknowledgements(folder, options.writers)
        self.lost = 0

    def run(self):
        for writer in self.writers:
            writer.start()
        try:
            for _ in range(self.options.kills):
                self._kill_once()
        finally:
            self.stop.set()
            for writer in self.writers:
                writer.join()
        self.victim.kill()
        self.seen.read()
        self.victim.start()
        self.lost += check(self.daemon, self.seen.best.values(), self.seen.faults)

    def _kill_once(self):
        goal = self.seen.read() + self.chance.randint(1, STEP_ACKNOWLEDGEMENTS_MAX)
        wait.until(lambda: self.seen.read() >= goal, "the writers go on", 60)
        self.victim.kill()
        self.seen.read()
        jobs, self.seen.fresh = self.seen.fresh, set()
        notes = [self.seen.best[job] for job in jobs]
        self.victim.start()
        self.lost += check(self.daemon, notes, self.seen.faults)

    def close(self):
        for daemon in self.daemons:
            if daemon.process.poll() is None:
                daemon.kill()
            shutil.rmtree(daemon.folder)
        if self.redis:
            self.redis.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--writers", type=int, default=8)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    parser.add_argument("--redis", action="store_true", help="two daemons on one Redis, which is killed")
    parser.add_argument("--folder", help="where the acknowledgements are kept")
    options = parser.parse_args()
    print(f"TEST_SEED={options.seed}")
    with tempfile.TemporaryDirectory(prefix="progressd-crash-") as folder:
        if options.folder:
            os.makedirs(options.folder, exist_ok=True)
        trial = Trial(options, options.folder or folder)
        started = time.monotonic()
        try:
            trial.run()
        finally:
            trial.close()
    seen = trial.seen
    for fault in seen.faults[:20]:
        print(fault)
    print(
        f"figure: {options.kills} kills{' of Redis' if options.redis else ''} under {options.writers} writers, {seen.count} acknowledged updates"
        f" of {len(seen.best)} jobs, {trial.lost} lost, {len(seen.faults) - trial.lost} wrong, {time.monotonic() - started:.0f} s"
    )
    sys.exit(1 if seen.faults else 0)


if __name__ == "__main__":
    main()
