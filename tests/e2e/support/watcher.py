"""A watcher that takes nothing on trust."""

import time

from .messages import job as messages, stages
from .rpc import Refused

FAILED = stages.JobState.Value("JOB_STATE_FAILED")
SNAPSHOT, DELETED = (messages.EventKind.Value("EVENT_KIND_" + name) for name in ("SNAPSHOT", "DELETED"))


class Watcher:
    """Follows the tokens of one job, or of all, through lost connections, and checks that there is no gap and no repeat."""

    def __init__(self, daemon, job_id=None, **options):
        self.daemon, self.job_id, self.options = daemon, job_id, options
        self.token, self.events, self.resyncs, self.known = "", [], 0, {}
        self.client = None

    def look(self, seconds=20):
        """One answer: its events."""
        if self.client is None:
            self.client = self.daemon.client()
        fields = dict(self.options, resume_token=self.token, timeout={"seconds": seconds})
        if self.job_id:
            answer = self.client.call("WatchProgress", job_id=self.job_id, **fields)
        else:
            answer = self.client.call("WatchJobs", **fields)
        self.resyncs += answer.resync
        if answer.resync:
            self.known = {}
        for event in answer.events:
            self._take(event)
        self.token = answer.resume_token
        return list(answer.events)

    def _take(self, event):
        info = event.progress_info
        known = self.known.get(info.job_id)
        if event.kind != SNAPSHOT and known is not None:
            assert event.previous_revision == known.revision, "a gap or a repeat"
            assert event.kind == DELETED or (info.attempt, info.run, info.progress) >= (known.attempt, known.run, known.progress) \
                or info.state == FAILED
        self.known[info.job_id] = info
        self.events.append(event)

    def look_until(self, condition, seconds=60):
        """Looks on until an event meets the condition, over lost connections; returns that event."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                for event in self.look():
                    if condition(event):
                        return event
            except (ConnectionError, OSError, AssertionError, Refused) as problem:
                if isinstance(problem, AssertionError) and "accepts" not in str(problem):
                    raise
                if isinstance(problem, Refused) and problem.code != 14:
                    raise
                self.leave()
                time.sleep(0.02)
        raise AssertionError("it was not told in time")

    def leave(self):
        if self.client is not None:
            self.client.close()
        self.client = None
