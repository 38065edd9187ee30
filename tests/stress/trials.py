"""Creates jobs, watches them and updates them, in every order, while connections and daemons come and go.

usage: trials.py [--trials N] [--seed N] [--from N] [--spoil drop|repeat|hush|again]
(BUILD_DIR chooses the build, default build/dev)

A trial is one job: its creation, its first watcher and its first update start in a random order, at once or one shortly
after the other; eight trials run at a time. The watchers drop their connections, the worker loses answers and repeats its
updates, and the daemon is killed and started again on the same store. What a watcher may see is in follower.py; in the end
it must know exactly what GetProgress says, and the job must have as many revisions as there were changes.

The seed gives each trial its plan and is printed; what the kernel does between them is not in it, so that a failure may
take some runs to come again. --from begins at a later trial. --spoil shows that the watchers notice: one answer is
changed before it is looked at, so that an event is missing, comes twice, is told without a resync, or comes after the end.

Exit: 0 nothing was wrong, 1 something was.
"""

import argparse
import asyncio
import pathlib
import random
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

from follower import ENDED, SNAPSHOT, Violation, check  # noqa: E402 (the path comes first)
from link import Caller, Lost, response_of  # noqa: E402
from reign import Reign  # noqa: E402
from support.messages import stage  # noqa: E402
from watching import Watch  # noqa: E402

AT_ONCE = 8
TRIALS_A_DAEMON_MAX = 60
TRIAL_S = 60
ALREADY_EXISTS, FAILED_PRECONDITION = 6, 9
STAGES = "queued downloading downloaded uploading processing_started transcribing analyzing processing uploading_clips".split()
ENDS = ("completed", "completed", "failed", "cancelled")
WATCHERS = ((False,), (False, False), (True,), (False, True))  # of each trial: is it for many jobs?


class Spoiler:
    """Changes the first answer that lends itself to it."""

    def __init__(self, kind):
        self.kind, self.is_done = kind, kind is None

    def __call__(self, answer):
        if not self.is_done:
            self.is_done = getattr(self, "_" + self.kind)(answer)

    @staticmethod
    def _drop(answer):
        """One with another behind it: a resync would excuse what is missing at the end."""
        if len(answer.events) < 2 or answer.events[0].kind == SNAPSHOT:
            return False
        del answer.events[0]
        return True

    @staticmethod
    def _repeat(answer):
        if not answer.events or answer.events[0].kind == SNAPSHOT:
            return False
        answer.events.insert(0, answer.events[0])
        return True

    @staticmethod
    def _hush(answer):
        was_resync, answer.resync = answer.resync, False
        return was_resync and len(answer.events) > 0

    @staticmethod
    def _again(answer):
        if not answer.events or answer.events[-1].kind != ENDED:
            return False
        last = answer.events.add()
        last.CopyFrom(answer.events[-2])
        last.previous_revision += 1
        last.progress_info.revision += 1
        return True


class Worker:
    """Sends its updates in order, each until it is acknowledged; every one is a change."""

    def __init__(self, reign, chance, job_id):
        self.caller, self.chance, self.job_id = Caller(reign), chance, job_id
        self.updates = list(self._plan())
        self.is_done = False
        self.repeats = 0

    def _plan(self):
        place, attempt = self.chance.randrange(len(STAGES)), 1
        count = self.chance.randint(0, 6)
        for number in range(1, count + 1):
            dice = self.chance.random()
            if dice < 0.05:
                place, attempt = self.chance.randrange(len(STAGES)), attempt + 1
                yield "UpdateProgress", {"stage": stage(STAGES[place]), "attempt": attempt}
            elif dice < 0.5:
                yield "UpdateProgressIncremental", {"stage": stage(STAGES[place]), "fraction": number / (count + 1)}
            else:
                place = min(place + self.chance.randrange(3), len(STAGES) - 1)
                yield "UpdateProgressByStatus", {"status": STAGES[place]}
        yield "UpdateProgress", {"stage": stage(self.chance.choice(ENDS))}

    async def run(self):
        for number, (method, fields) in enumerate(self.updates, start=1):
            fields = {**fields, "job_id": self.job_id, "writer": "w", "sequence": number, "message": f"update {number}"}
            if self.chance.random() < 0.1:
                await self._send_and_leave(method, fields)
            reply = await self.caller.insist(method, **fields)
            check(reply.code == 0, f"update {number} is refused: {reply.code} {reply.message}")
            if self.chance.random() < 0.3:
                await asyncio.sleep(self.chance.random() * 0.01)
        self.is_done = True

    async def _send_and_leave(self, method, fields):
        """So that nobody knows whether it was carried out."""
        try:
            (await self.caller.connect()).send(method, **fields)
            await asyncio.sleep(0)
        except Lost:
            pass
        self.caller.drop()
        self.repeats += 1


class Trial:
    def __init__(self, run, number):
        self.chance = random.Random(f"{run.options.seed}-{number}")
        self.job_id = f"trial-{number:06}"
        self.reign = run.reign
        self.caller = Caller(run.reign)
        self.worker = Worker(run.reign, self.chance, self.job_id)
        self.watches = [Watch(run.reign, random.Random(self.chance.random()), self.job_id, is_for_many=is_for_many,
                              spoil=run.spoiler) for is_for_many in self.chance.choice(WATCHERS)]
        self.was_created = False

    async def _create(self):
        reply = await self.caller.insist("CreateJob", job_id=self.job_id, request_id="creation")
        check(reply.code in (0, ALREADY_EXISTS), f"CreateJob is refused: {reply.code} {reply.message}")
        self.was_created = reply.code == 0

    async def _start_all(self):
        parts = [self._create, self.worker.run, *(self._watch_by(watch) for watch in self.watches)]
        self.chance.shuffle(parts)
        gaps = [self.chance.choice((0, 0, self.chance.random() * 0.004)) for _ in parts]

        async def start(part, delay):
            await asyncio.sleep(delay)
            await part()

        await asyncio.gather(*(start(part, sum(gaps[: place + 1])) for place, part in enumerate(parts)))

    def _watch_by(self, watch):
        return lambda: watch.run(lambda: self.worker.is_done)

    async def run(self):
        await self._start_all()
        await self._check_end()
        for caller in (self.caller, self.worker.caller, *(watch.caller for watch in self.watches)):
            caller.drop()

    async def _check_end(self):
        reply = await self.caller.insist("GetProgress", job_id=self.job_id)
        check(reply.code == 0, f"GetProgress is refused: {reply.code} {reply.message}")
        info = response_of("GetProgress", reply).progress_info
        changes = len(self.worker.updates) + self.was_created
        check(info.revision == changes, f"there were {changes} changes, but it is at revision {info.revision}")
        late = await self.caller.insist("UpdateProgress", job_id=self.job_id, stage=stage("uploading_clips"), message="late")
        check(late.code == FAILED_PRECONDITION, f"an update after the end is answered with {late.code}")
        for watch in self.watches:
            await watch.check_ends_as(info)


class Run:
    def __init__(self, options):
        self.options = options
        self.chance = random.Random(options.seed)
        self.spoiler = Spoiler(options.spoil)
        self.reign = Reign(self.chance)
        self.numbers = iter(range(options.first, options.first + options.trials))
        self.trials = []  # those that are over

    async def _work(self):
        for number in self.numbers:
            trial = Trial(self, number)
            try:
                async with asyncio.timeout(TRIAL_S):
                    await trial.run()
            except Violation as violation:
                raise Violation(f"{trial.job_id}: {violation}") from None
            except TimeoutError:
                raise Violation(f"{trial.job_id}: stands still") from None
            self.trials.append(trial)

    async def _end_daemons(self):
        while True:
            goal = len(self.trials) + self.chance.randint(1, TRIALS_A_DAEMON_MAX)
            while len(self.trials) < goal:
                self.reign.check_lives()
                await asyncio.sleep(0.001)
            await self.reign.end_one()

    async def run(self):
        reaper = asyncio.create_task(self._end_daemons())
        work = asyncio.gather(*(self._work() for _ in range(AT_ONCE)))
        first, _ = await asyncio.wait((reaper, work), return_when=asyncio.FIRST_COMPLETED)
        first.pop().result()
        reaper.cancel()

    def figure(self, seconds):
        watches = [watch for trial in self.trials for watch in trial.watches]
        followers = [watch.follower for watch in watches]
        return (
            f"{len(self.trials)} trials, {self.reign.generation} daemons ended ({self.reign.kills} by kill -9), "
            f"{sum(len(trial.worker.updates) + trial.was_created for trial in self.trials)} changes, "
            f"{sum(trial.worker.repeats for trial in self.trials)} answers lost by workers; {len(watches)} watchers "
            f"({sum(follower.is_for_many for follower in followers)} of many) with {sum(watch.drops for watch in watches)} "
            f"dropped connections, {sum(watch.answers for watch in watches)} answers, "
            f"{sum(follower.events for follower in followers)} events, {sum(follower.resyncs for follower in followers)} "
            f"resyncs, 0 repeats, 0 gaps, {seconds:.0f} s"
        )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--trials", type=int, default=10000)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    parser.add_argument("--from", dest="first", type=int, default=1)
    parser.add_argument("--spoil", choices=("drop", "repeat", "hush", "again"))
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
