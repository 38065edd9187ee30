"""One daemon after the other on the same store and the same sockets."""

import asyncio
import shutil

from support.daemon import Daemon

from follower import check

STOPS_IN_ORDER = 0.2  # of all restarts; the others are kill -9


class Reign:
    """`generation` counts the daemons. It goes up when one has ended and before the next one starts, so that what was read
    before a connection was made is never too high for the daemon on its other side."""

    def __init__(self, chance):
        self.chance = chance
        self.daemon = Daemon()
        self.path = self.daemon.url.removeprefix("ipc://")
        self.generation = 0
        self.kills = 0

    def check_lives(self):
        check(self.daemon.process.poll() is None, f"the daemon has ended by itself: {self.daemon.log()[-2000:]}")

    async def end_one(self):
        """Kills the daemon, or stops it, and starts another one."""
        self.check_lives()
        if self.chance.random() < STOPS_IN_ORDER:
            status = await asyncio.to_thread(self.daemon.stop)
            check(status == 0, f"the daemon was stopped and ends with {status}: {self.daemon.log()[-2000:]}")
        else:
            self.kills += 1
            self.daemon.kill()
        self.generation += 1
        await asyncio.to_thread(self.daemon.start)

    def close(self):
        if self.daemon.process.poll() is None:
            self.daemon.kill()
        shutil.rmtree(self.daemon.folder)
