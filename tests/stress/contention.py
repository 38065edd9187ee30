"""Sixteen writers with random values on one job, in two attempts, over restarts, and what becomes of a job that has ended.

usage: contention.py [--rounds N] [--seed N] [--from N] [--spoil down|byte]     (BUILD_DIR chooses the build, default build/dev)

A round is one job. Its writers send updates of any stage and place, repeat some, send some out of their order, and work on
the attempt they know of; one of them starts the second attempt, and some go on with the first. Four watchers, of one job and
of many, of every change and of the latest, must never see (attempt, run, progress) go down; follower.py says what else. Then
the job ends, and all writers send everything once more, and new things, which must be refused or answered as a repeat: the
answer of GetProgress and the record in the store's file must stay as they are, byte for byte. The daemon is killed, or
stopped, and started again in both parts.

The seed gives each round its plan and is printed; what the kernel does between them is not in it. --from begins at a later
round. --spoil shows that the checks notice: a watcher is told of less progress, or one byte of the record is another one.

Exit: 0 nothing was wrong, 1 something was.
"""

import argparse
import asyncio
import pathlib
import random
import sqlite3
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

from follower import Violation, check  # noqa: E402 (the path comes first)
from link import UNAVAILABLE, Caller, Lost, response_of  # noqa: E402
from reign import Reign  # noqa: E402
from support.messages import job as messages, stage  # noqa: E402
from watching import Watch  # noqa: E402

WRITERS, UPDATES_OF_EACH = 16, 12
ROUND_S = 120
ALREADY_EXISTS, FAILED_PRECONDITION, ABORTED = 6, 9, 10
STAGES = "queued downloading downloaded uploading processing_started transcribing analyzing processing uploading_clips".split()
POSTING = ["posting_tiktok", "posting_instagram", "posting_completed"]
ENDS = ["completed", "failed", "error", "cancelled"]
HARMLESS = {messages.UPDATE_OUTCOME_ABSORBED, messages.UPDATE_OUTCOME_DUPLICATE}


def choose_update(chance, stages):
    """Of any stage of these and any place: the method and its fields."""
    name = chance.choice(stages)
    message = {"message": chance.choice(("", f"message {chance.randrange(100)}"))}
    dice = chance.random()
    if dice < 0.4 and name not in ENDS + POSTING:
        return "UpdateProgressIncremental", {"stage": stage(name), "fraction": chance.random(), **message}
    if dice < 0.7:
        return "UpdateProgressExplicit", {"stage": stage(name), "progress": chance.randint(0, 100), **message}
    return "UpdateProgressByStatus", {"status": name.upper(), **message}


class Writer:
    def __init__(self, job, number):
        self.job, self.chance = job, random.Random(job.chance.random())
        self.name, self.caller = f"writer-{number}", Caller(job.reign)
        self.is_stubborn = self.chance.random() < 0.3  # goes on with the first attempt
        self.sequence = 0
        self.left_out = []  # sequences to be sent later than greater ones
        self.sent = []  # (method, fields)

    async def work(self):
        for count in range(UPDATES_OF_EACH):
            if self.job.starter is self and count == UPDATES_OF_EACH // 2:
                self.job.attempt = 2
            await self._send_some()

    async def _send_some(self):
        """One or two at once; two are carried out in any order."""
        calls = [self._choose() for _ in range(self.chance.choice((1, 1, 2)))]
        for reply in await self._insist_on(calls):
            check(reply.code in (0, FAILED_PRECONDITION, ABORTED), f"an update is answered with {reply.code} {reply.message}")
            self.job.count(reply)
        self.sent += calls

    async def _insist_on(self, calls):
        while True:
            try:
                link = await self.caller.connect()
                numbers = [link.send(method, **fields) for method, fields in calls]
                replies = [await link.receive(number) for number in numbers]
                if all(reply.code != UNAVAILABLE for reply in replies):
                    return replies
            except Lost:
                pass
            self.caller.drop()
            await asyncio.sleep(0.002)

    def _choose(self):
        if self.sent and self.chance.random() < 0.2:
            return self.chance.choice(self.sent)
        reach = min(2 + len(self.sent) // 3, len(STAGES))
        method, fields = choose_update(self.chance, STAGES[reach - 2 : reach])
        known = 1 if self.is_stubborn else self.job.attempt
        attempt = known if known == 2 else self.chance.choice((0, 1)) if self.job.attempt == 1 else 1
        return method, {**fields, "job_id": self.job.job_id, "attempt": attempt, "writer": self.name, "sequence": self._next()}

    def _next(self):
        if self.left_out and self.chance.random() < 0.3:
            return self.left_out.pop()
        self.sequence += 1
        if self.chance.random() < 0.2:
            self.left_out.append(self.sequence)
            self.sequence += 1
        return self.sequence

    async def disturb(self, stages):
        """After the end: everything once more, and new things."""
        calls = [*self.sent, *(self._choose_late(stages) for _ in range(UPDATES_OF_EACH))]
        calls += [("Heartbeat", {"attempt": self.chance.randrange(3), "lease": {"seconds": 1}}), ("CancelJob", {"reason": "late"}),
                  ("CreateJob", {"message": "again"})]
        self.chance.shuffle(calls)
        for method, fields in calls:
            (reply,) = await self._insist_on([(method, {**fields, "job_id": self.job.job_id})])
            is_harmless = reply.code == 0 and method.startswith("Update") and response_of(method, reply).outcome in HARMLESS
            is_refused = reply.code in (FAILED_PRECONDITION, ABORTED) or (method == "CreateJob" and reply.code == ALREADY_EXISTS)
            check(is_harmless or is_refused, f"{method} after the end is answered with {reply.code} {reply.message}")
            self.job.count(reply)

    def _choose_late(self, stages):
        method, fields = choose_update(self.chance, stages)
        origin = self.chance.choice(({}, {"request_id": f"r{self.chance.random()}"}, {"writer": self.name, "sequence": self._next()}))
        return method, {**fields, "attempt": self.chance.randrange(4), "lease": {"seconds": 1}, **origin}


class Job:
    def __init__(self, run, number):
        self.chance = random.Random(f"{run.options.seed}-{number}")
        self.job_id, self.reign, self.spoil = f"round-{number:04}", run.reign, run.options.spoil
        self.attempt = 1
        self.is_at_rest = False
        self.codes = {}
        self.caller = Caller(run.reign)
        self.writers = [Writer(self, each) for each in range(WRITERS)]
        self.starter = self.chance.choice(self.writers)
        self.watches = [Watch(run.reign, random.Random(self.chance.random()), self.job_id, is_for_many=is_for_many,
                              is_latest_only=is_latest_only, spoil=self._lower if self.spoil == "down" else None)
                        for is_for_many in (False, True) for is_latest_only in (False, True)]

    @staticmethod
    def _lower(answer):
        for event in answer.events:
            if event.progress_info.attempt == 2:
                event.progress_info.progress = 0
                event.progress_info.attempt = 1

    def count(self, reply):
        self.codes[reply.code] = self.codes.get(reply.code, 0) + 1

    async def _while_daemons_end(self, works, ends):
        """The works, and so many daemons that end meanwhile."""

        async def end_daemons():
            for _ in range(ends):
                goal = sum(self.codes.values()) + self.chance.randint(1, WRITERS * UPDATES_OF_EACH // ends)
                while sum(self.codes.values()) < goal and not work.done():
                    await asyncio.sleep(0.001)
                await self.reign.end_one()

        work = asyncio.gather(*works)
        await asyncio.gather(work, end_daemons())

    async def run(self):
        watching = asyncio.gather(*(watch.run(lambda: self.is_at_rest) for watch in self.watches))
        work = self._while_daemons_end([writer.work() for writer in self.writers], self.chance.randint(1, 3))
        await asyncio.gather(work)
        end = self.chance.choice(ENDS)
        reply = await self.caller.insist("UpdateProgress", job_id=self.job_id, stage=stage(end), writer="end", sequence=1)
        check(reply.code == 0, f"the end is refused: {reply.code} {reply.message}")
        self.is_at_rest = True
        await watching
        await self._check_is_final(end)

    async def _check_is_final(self, end):
        before = await self._look()
        info = response_of("GetProgress", before[0]).progress_info
        check((info.attempt, info.status) == (2, end), f"ended as {info.status} in attempt {info.attempt}")
        for watch in self.watches:
            await watch.check_ends_as(info)
        stages = STAGES + ENDS + ([] if end == "completed" else POSTING)
        await self._while_daemons_end([writer.disturb(stages) for writer in self.writers], 1)
        self._check_same(before, await self._look())
        await self.reign.end_one()
        after = await self._look()
        if self.spoil == "byte":
            after[1] = after[1][:-1] + bytes([after[1][-1] ^ 1])
        self._check_same(before, after)
        for watch in self.watches:
            await watch.check_ends_as(info)

    @staticmethod
    def _check_same(before, after):
        check(before[0].response == after[0].response, f"GetProgress answered {before[0]} and then {after[0]}")
        check(before[1] == after[1], f"the record was {before[1].hex()} and is {after[1].hex()}")

    async def _look(self):
        """What is answered, and what lies in the file."""
        reply = await self.caller.insist("GetProgress", job_id=self.job_id)
        store = sqlite3.connect(f"file:{self.reign.daemon.store_path}?mode=ro", uri=True)
        try:
            ((record,),) = store.execute("SELECT record FROM job WHERE job_id = ?", (self.job_id,))
        finally:
            store.close()
        return [reply, record]

    def leave(self):
        for caller in (self.caller, *(each.caller for each in (*self.writers, *self.watches))):
            caller.drop()


class Run:
    def __init__(self, options):
        self.options = options
        self.reign = Reign(random.Random(options.seed))
        self.jobs = []

    async def run(self):
        for number in range(self.options.first, self.options.first + self.options.rounds):
            job = Job(self, number)
            try:
                async with asyncio.timeout(ROUND_S):
                    await job.run()
            except Violation as violation:
                raise Violation(f"{job.job_id}: {violation}") from None
            except TimeoutError:
                self.reign.check_lives()
                raise Violation(f"{job.job_id}: stands still") from None
            job.leave()
            self.jobs.append(job)

    def figure(self, seconds):
        codes = {code: sum(job.codes.get(code, 0) for job in self.jobs) for code in (0, FAILED_PRECONDITION, ABORTED, ALREADY_EXISTS)}
        followers = [watch.follower for job in self.jobs for watch in job.watches]
        revisions = sum(follower.known.revision for follower in followers[::4])
        return (
            f"{len(self.jobs)} jobs under {WRITERS} writers in two attempts, {self.reign.generation} daemons ended "
            f"({self.reign.kills} by kill -9), {sum(codes.values())} calls ({codes[0]} answered well, "
            f"{codes[FAILED_PRECONDITION]} refused, {codes[ABORTED]} fenced), {revisions} changes; {len(followers)} watchers with "
            f"{sum(follower.events for follower in followers)} events and {sum(follower.resyncs for follower in followers)} "
            f"resyncs, none saw a bar go down; {len(self.jobs)} records unchanged after their end, {seconds:.0f} s"
        )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    parser.add_argument("--from", dest="first", type=int, default=1)
    parser.add_argument("--spoil", choices=("down", "byte"))
    options = parser.parse_args()
    print(f"TEST_SEED={options.seed}", flush=True)
    run = Run(options)
    started = time.monotonic()
    try:
        asyncio.run(run.run())
    except Violation as violation:
        print(f"wrong: {violation}; --seed {options.seed} gives the same plans")
        sys.exit(1)
    finally:
        run.reign.close()
    print("figure: " + run.figure(time.monotonic() - started))


if __name__ == "__main__":
    main()
