"""What a watcher learns from the answers it takes, and what it must never see: a gap, a repeat, a bar that goes back,
anything after the end."""

from support.messages import job as messages, stages
from support.still import still

SNAPSHOT, CREATED, ENDED, DELETED = (
    messages.EventKind.Value("EVENT_KIND_" + name) for name in ("SNAPSHOT", "CREATED", "ENDED", "DELETED")
)
SUCCEEDED, FAILED, CANCELLED = (
    stages.JobState.Value("JOB_STATE_" + name) for name in ("SUCCEEDED", "FAILED", "CANCELLED")
)
FINAL = {SUCCEEDED, FAILED, CANCELLED}


class Violation(Exception):
    """A promise was broken."""


def check(condition, text):
    if not condition:
        raise Violation(text)


def show(info):
    return f"revision {info.revision} (attempt {info.attempt}, {info.status} {info.progress} %)" if info else "nothing"


class Follower:
    """Of one job, by WatchProgress or by WatchJobs with a filter that lets this job pass in every state."""

    def __init__(self, job_id, is_for_many, is_latest_only=False):
        self.job_id, self.is_for_many, self.is_latest_only = job_id, is_for_many, is_latest_only
        self.known = None  # ProgressInfo
        self.has_begun = False
        self.events = self.resyncs = self.ends = 0

    @property
    def is_at_end(self):
        return self.known is not None and self.known.state in FINAL

    def take(self, answer, may_resync):
        """An answer to the token of the last one taken. `may_resync`: there is another daemon since then."""
        if answer.resync:
            check(self.has_begun, "told to begin anew before it has begun")
            check(may_resync, f"told to begin anew without a reason, after {show(self.known)}")
            self.resyncs += 1
        if answer.resync or not self.has_begun:
            self._take_snapshot(answer)
        else:
            for event in answer.events:
                self._take_change(event)
        self.has_begun = True
        self.events += len(answer.events)

    def _take_snapshot(self, answer):
        events = list(answer.events)
        check(self.is_for_many or len(events) == 1, f"a snapshot of one job has {len(events)} events")
        check(len(events) <= 1, f"{len(events)} events in a snapshot of at most one job")
        check(events or self.known is None, f"not in the snapshot after {show(self.known)}")
        for event in events:
            now = event.progress_info
            check(now.job_id == self.job_id, f"told of {now.job_id}")
            check(event.kind == SNAPSHOT, f"{show(now)} of kind {event.kind} instead of a snapshot")
            self._check_goes_on(now, may_be_same=self.is_for_many)
            self.known = now

    def _take_change(self, event):
        now = event.progress_info
        revision = self.known.revision if self.known else 0
        check(now.job_id == self.job_id, f"told of {now.job_id}")
        check(event.kind != SNAPSHOT, f"a snapshot, {show(now)}, without being told to begin anew")
        check(now.revision > revision, f"a repeat: {show(now)} after {show(self.known)}")
        check(self.is_latest_only or event.merged == 0, f"{show(now)} has {event.merged} merged, though all was asked for")
        check(event.previous_revision + 1 == now.revision, f"{show(now)} says to come after {event.previous_revision}")
        check(revision + event.merged == event.previous_revision,
              f"a gap: {show(now)} with {event.merged} merged after {show(self.known)}")
        check((event.kind == ENDED) == (now.state in FINAL), f"{show(now)} has the kind {event.kind}")
        check((event.kind == CREATED) == (now.revision == 1) or event.kind == ENDED, f"{show(now)} has the kind {event.kind}")
        self.ends += event.kind == ENDED
        self._check_goes_on(now)
        self.known = now

    def _check_goes_on(self, now, may_be_same=False):
        known = self.known
        if known is None:
            return
        if may_be_same and now.revision == known.revision:
            check(still(now) == still(known), f"{show(now)} is not what it was")
            return
        check(now.revision > known.revision, f"back: {show(now)} after {show(known)}")
        check(known.state not in FINAL, f"{show(now)} after the end, {show(known)}")
        is_bad_end = now.state in (FAILED, CANCELLED)
        before = (known.attempt, known.run, 0 if is_bad_end else known.progress)
        check((now.attempt, now.run, now.progress) >= before, f"down: {show(now)} after {show(known)}")

    def check_ends_as(self, info):
        """The job is at rest, and all was asked for."""
        check(self.known is not None and still(self.known) == still(info), f"ends at {show(self.known)}, but the server is at {show(info)}")
        check(self.ends <= 1, f"told of {self.ends} ends")
