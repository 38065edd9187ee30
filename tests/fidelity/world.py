"""Synthetic pipelines and what happens in them, from a seed: the truth that the model is judged against.

A *set* is one pipeline and its jobs, one after the other or overlapping. Stage times are lognormal around a median that may depend
on the job's size, its worker, its class, and drift; `sigma` is the standard deviation of what is left, of which a part is common to all
stages of a job. Some stages report: regularly, irregularly, or lying. Some jobs fail, and some hang: the worker stops in
the middle of a stage, heartbeats and all.
"""

import math
import random

HEARTBEAT_S = 15.0
COMMON = 0.5  # share of the variance that all stages of a job have in common
REPORTING = 0.85  # share of the stages that report, except in the plain kind
FAILING, HANGING = 0.05, 0.04
HANG_WATCHED_S = 120.0  # how long a hung job is looked at before it is given up

# ordinary: most stages report what is true. hard: nobody ever reports; reports lie; everything at once.
# strange: nothing the model was made for. "young": pipelines of few jobs. "heavy": times with heavy tails. "alone", "together": stages
# that have nothing, or nearly everything, in common. "wrong": nominal seconds that are off by a factor of e. "skipped": stages that
# are left out or take no time. "cached": every fourth job takes a tenth of the time. "growing": totals that grow while the work
# is done. "late": reports that begin in the middle of a stage.
GROUPS = {"ordinary": ("regular", "irregular", "drift", "workers", "sizes"), "hard": ("plain", "lying", "mixed"),
          "strange": ("young", "heavy", "alone", "together", "wrong", "skipped", "cached", "growing", "late")}
COMMON_OF = {"alone": 0.0, "together": 0.9}
YOUNG_JOBS = 5
NOMINAL_SPREAD, WRONG_SPREAD = 0.3, 1.0
TAIL_FREEDOM = 3  # of Student's law in the heavy kind


class Stage:
    def __init__(self, rng, name, low, high, median_s, nominal_spread):
        self.name, self.low, self.high, self.median_s = name, low, high, median_s
        self.nominal_s = median_s * math.exp(rng.gauss(0, nominal_spread))
        self.reports = None  # None, "regular", "irregular"
        self.lie = 1.0  # work = (time share) ** lie
        self.stuck_at = 1.0  # the worker's own estimate never goes beyond this share of the work
        self.gap_s = max(2.0, median_s * math.exp(rng.gauss(math.log(0.04), 0.5)))


class Job:
    """times: when each stage is entered, and the end. outcome: completed, failed, hung."""

    def __init__(self, name, begin, stages, times, outcome):
        self.name, self.begin, self.stages, self.times, self.outcome = name, begin, stages, times, outcome
        self.end = times[-1]
        self.hung_at = None
        self.events = []  # (at, line)

    @property
    def total_s(self):
        return self.end - self.begin


def make_stages(rng, kind):
    count = rng.choice((4, 5, 5, 6)) if kind == "mixed" else 5
    scale = math.exp(rng.gauss(0, 0.5))
    medians = [180, 420, 150, 240, 120, 90][:count]
    rng.shuffle(medians)
    cuts = sorted(rng.sample(range(10, 95), count - 1))
    edges = [0, *cuts, 100]
    spread = WRONG_SPREAD if kind == "wrong" else NOMINAL_SPREAD
    stages = [Stage(rng, f"s{i}", edges[i], edges[i + 1], medians[i] * scale, spread) for i in range(count)]
    for stage in stages:
        if kind != "plain" and rng.random() < REPORTING:
            stage.reports = "regular" if kind == "regular" else "irregular"
        if kind in ("lying", "mixed"):
            stage.lie = math.exp(rng.gauss(0, 0.6)) if rng.random() < 0.7 else 1.0
            stage.stuck_at = rng.uniform(0.6, 0.95) if rng.random() < 0.2 else 1.0
    return stages


class Set:
    """One pipeline with its jobs, from `seed`."""

    def __init__(self, kind, sigma, jobs, seed):
        self.rng = rng = random.Random(f"{kind}/{sigma}/{seed}")
        self.kind, self.sigma = kind, sigma
        self.pipeline = f"{kind}-{sigma}-{seed}"
        self.stages = make_stages(rng, kind)
        self.workers = {f"w{i}": rng.gauss(0, 0.3) for i in range(4)}
        self.classes = {f"c{i}": [rng.gauss(0, 0.35) for _ in self.stages] for i in range(3)}
        self.slope = rng.uniform(0.6, 1.1)
        self.drift = rng.choice((-1, 1)) * rng.uniform(0.4, 0.8) if kind in ("drift", "mixed") else 0.0
        self.jobs = []
        clock = 1000.0
        for i in range(jobs):
            job = self.make_job(i, jobs, clock)
            self.jobs.append(job)
            # now and then a job begins while the one before is under way
            clock = (job.begin + 0.5 * job.total_s if rng.random() < 0.3 else job.end) + rng.uniform(1, 30)

    def make_job(self, number, count, begin):
        rng = self.rng
        labels, shifts = {}, [self.drift * number / count] * len(self.stages)
        if self.kind in ("sizes", "mixed"):
            log_size = rng.gauss(0, 0.6)
            labels["hint"] = round(100 * math.exp(log_size), 3)
            shifts = [shift + self.slope * log_size for shift in shifts]
        if self.kind in ("workers", "mixed"):
            labels["worker"] = rng.choice(list(self.workers))
            shifts = [shift + self.workers[labels["worker"]] for shift in shifts]
        if self.kind == "mixed":
            labels["class"] = rng.choice(list(self.classes))
            shifts = [shift + own for shift, own in zip(shifts, self.classes[labels["class"]])]
        if self.kind == "cached" and number % 4 == 3:
            shifts = [shift - math.log(10) for shift in shifts]
        lengths = self.draw_lengths(shifts)
        times = [begin]
        for length in lengths:
            times.append(times[-1] + length)
        name = f"{self.pipeline}-{number}"
        job = Job(name, begin, self.stages, times, "completed")
        self.break_off(job)
        self.tell(job, labels)
        return job

    def draw_lengths(self, shifts):
        rng, share = self.rng, COMMON_OF.get(self.kind, COMMON)
        common = rng.gauss(0, math.sqrt(share))
        deviations = [common + rng.gauss(0, math.sqrt(1 - share)) for _ in self.stages]
        if self.kind == "heavy":
            width = math.sqrt(TAIL_FREEDOM / rng.gammavariate(TAIL_FREEDOM / 2, 2)) * math.sqrt((TAIL_FREEDOM - 2) / TAIL_FREEDOM)
            deviations = [width * deviation for deviation in deviations]
        lengths = [stage.median_s * math.exp(shift + self.sigma * deviation)
                   for stage, shift, deviation in zip(self.stages, shifts, deviations)]
        if self.kind == "skipped":
            keep = rng.randrange(len(lengths))
            lengths = [0.0 if i != keep and rng.random() < 0.25 else length for i, length in enumerate(lengths)]
        return lengths

    def break_off(self, job):
        """Lets some jobs fail or hang, somewhere in their time."""
        luck, at = self.rng.random(), job.begin + self.rng.uniform(0.1, 0.95) * job.total_s
        if luck < FAILING:
            job.outcome, job.end = "failed", at
        elif luck < FAILING + HANGING:
            job.outcome, job.hung_at, job.end = "hung", at, at + HANG_WATCHED_S

    def tell(self, job, labels):
        """Writes down what the worker says, in order."""
        last = job.hung_at if job.hung_at is not None else job.end
        say = job.events.append
        say((job.begin, {"op": "create", "job": job.name, "pipeline": self.pipeline, **labels}))
        for stage, entered, left in zip(self.stages, job.times, job.times[1:]):
            is_left_out = left == entered and self.rng.random() < 0.5
            if entered <= last and not is_left_out:
                say((entered, {"op": "stage", "job": job.name, "stage": stage.name}))
                self.report(job, stage, entered, left, last)
        beat = job.begin + self.rng.uniform(0, HEARTBEAT_S)
        while beat < last:
            say((beat, {"op": "heartbeat", "job": job.name}))
            beat += HEARTBEAT_S * self.rng.uniform(0.93, 1.07)
        outcome = "completed" if job.outcome == "completed" else "failed"
        say((job.end, {"op": "end", "job": job.name, "outcome": outcome}))
        job.events.sort(key=lambda event: event[0])

    def report(self, job, stage, entered, left, last):
        if stage.reports is None:
            return
        at = entered
        while True:
            at += stage.gap_s * (self.rng.expovariate(1) + 0.1 if stage.reports == "irregular" else 1.0)
            if at >= min(left, last):
                return
            share = (at - entered) / (left - entered)
            if self.kind == "late" and share < 0.5:
                continue
            work = min(stage.stuck_at, share ** stage.lie)
            # the worker finds more to do on its way: at first it knows of 40 % of it
            total = round(1000 * (0.4 + 0.6 * min(1, 1.5 * share)), 3) if self.kind == "growing" else 1000
            job.events.append((at, {"op": "report", "job": job.name, "done": round(min(1000 * work, total), 3), "total": total}))

    def declaration(self):
        stages = [{"name": stage.name, "lo": stage.low, "hi": stage.high, "nominal_s": stage.nominal_s}
                  for stage in self.stages]
        return {"op": "declare", "at": 0, "pipeline": self.pipeline, "stages": stages}


def make_sets(group, sigma, jobs, seed):
    """Sets of all kinds of the group with about `jobs` jobs in all."""
    each = max(2, math.ceil(jobs / len(GROUPS[group])))
    sets = [Set(kind, sigma, each, seed) for kind in GROUPS[group] if kind != "young"]
    young = range(math.ceil(each / YOUNG_JOBS)) if "young" in GROUPS[group] else ()
    return sets + [Set("young", sigma, YOUNG_JOBS, f"{seed}.{number}") for number in young]
