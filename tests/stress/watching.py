"""A watcher over the wire: long polls by resume token, over connections that are dropped and daemons that are killed."""

import asyncio

from support.messages import service, stages

from follower import Follower, check
from link import PAUSE_S, UNAVAILABLE, Caller, Lost, response_of

POLL_S = 1.0
DROP_AFTER_MAX_S = 0.004
ALL_STATES = [value for value in stages.JobState.values() if value != 0]


class Watch:
    """`chance` says when it drops its connection and when it is slow; `spoil` may change an answer before it is looked
    at."""

    def __init__(self, reign, chance, job_id, *, is_for_many=False, is_latest_only=False, spoil=None):
        self.follower = Follower(job_id, is_for_many, is_latest_only)
        self.caller, self.chance, self.spoil = Caller(reign), chance, spoil
        self.method = "WatchJobs" if is_for_many else "WatchProgress"
        self.fields = {"mode": service.WATCH_MODE_LATEST if is_latest_only else service.WATCH_MODE_ALL}
        if is_for_many:
            self.fields["filter"] = {"job_id_prefix": job_id, "states": ALL_STATES}
        else:
            self.fields.update(job_id=job_id, wait_for_creation=True)
        self.token, self.token_generation = "", 0
        self.drop_share = chance.choice((0, 0, 0.2, 0.5))
        self.slow_share = chance.choice((0, 0.5))
        self.drops = self.answers = 0

    async def run(self, is_at_rest):
        """Until the job has ended, or is at rest and nothing is left to be told."""
        while not self.follower.is_at_end:
            was_at_rest = is_at_rest()
            count = await self.look(0 if was_at_rest else POLL_S)
            if was_at_rest and count == 0:
                return

    async def look(self, seconds):
        """Takes one answer; the number of its events. It may take many calls."""
        if self.chance.random() < self.slow_share:
            await asyncio.sleep(self.chance.random() * 0.01)
        while True:
            reply = await self._ask(seconds)
            if reply is not None and reply.code != UNAVAILABLE:
                break
            self.caller.drop()
            await asyncio.sleep(PAUSE_S)
        check(reply.code == 0, f"{self.method} is refused: {reply.code} {reply.message}")
        return self._take(response_of(self.method, reply))

    async def _ask(self, seconds):
        """None: the connection is gone, and the answer with it."""
        link = await self.caller.connect()
        timeout = {"seconds": int(seconds), "nanos": int(seconds % 1 * 1e9)}
        try:
            number = link.send(self.method, resume_token=self.token, timeout=timeout, **self.fields)
            if self.chance.random() >= self.drop_share:
                return await link.receive(number)
            await asyncio.sleep(self.chance.choice((0, self.chance.random() * DROP_AFTER_MAX_S)))
        except Lost:
            return None
        self.drops += 1
        return None

    def _take(self, answer):
        may_resync = self.token_generation < self.caller.reign.generation
        if self.spoil is not None:
            self.spoil(answer)
        self.follower.take(answer, may_resync)
        self.token, self.token_generation = answer.resume_token, self.caller.generation
        self.answers += 1
        return len(answer.events)

    async def check_ends_as(self, info):
        """The job is at rest: nothing more is told, but to one who must begin anew, and what was told is what is."""
        await self.look(0)
        self.follower.check_ends_as(info)
