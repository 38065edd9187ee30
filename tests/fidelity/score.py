"""The measures by which what is shown is judged: one dictionary a job, then their means and 95th percentiles."""

import bisect
import math

STILL_POINTS = 0.1  # a stretch in which the bar moves by less counts as standing still
STALL_SHARE = 0.02
WINKLER_ALPHA = 0.2


def p95(values):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, math.ceil(0.95 * len(ordered)) - 1)]


def mean(values):
    values = list(values)
    return sum(values) / len(values) if values else math.nan


def bar(job, cells):
    misses = [answer["pct"] - 100 * (at - job.begin) / job.total_s for at, answer in cells]
    return {"bar": mean(map(abs, misses)), "over": mean(max(0, miss) for miss in misses)}


def in_stage(job, cells):
    """Share of the stage's percent range against share of the stage's time; the stage's start is known."""
    misses = []
    for at, answer in cells:
        place = bisect.bisect_right(job.times, at) - 1
        stage, entered, left = job.stages[place], job.times[place], job.times[place + 1]
        share = (answer["progress"] - stage.low) / (stage.high - stage.low)
        misses.append(abs(share - (at - entered) / (left - entered)))
    return {"in_stage": 100 * mean(misses)}


def eta(job, cells):
    known = [(at, answer) for at, answer in cells if answer["eta"] is not None]
    if not known:
        return {}
    result = {"eta": 100 * mean(abs(answer["eta"] - (job.end - at)) / job.total_s for at, answer in known)}
    result["eta_log"] = 100 * mean(abs(math.log((at - job.begin + answer["eta"]) / job.total_s)) for at, answer in known)
    lefts = [(job.end - at, answer["lo"], answer["hi"]) for at, answer in known]
    result["covered"] = 100 * mean(low <= left <= high for left, low, high in lefts)
    result["width"] = 100 * mean((high - low) / job.total_s for _, low, high in lefts)
    penalty = 2 / WINKLER_ALPHA
    result["winkler"] = 100 * mean(
        (high - low + penalty * max(low - left, 0, left - high)) / job.total_s for left, low, high in lefts)
    return result


def stalls(polls):
    """Lengths of the longest stretches, one from each look on, in which the bar moves less than STILL_POINTS."""
    lengths, j = [], 0
    for i, (at, answer) in enumerate(polls):
        j = max(j, i)
        while j + 1 < len(polls) and polls[j + 1][1]["pct"] - answer["pct"] < STILL_POINTS:
            j += 1
        lengths.append((at, polls[j][0] - at))
    return lengths


def shape(job, polls):
    steps = [after[1]["pct"] - before[1]["pct"] for before, after in zip(polls, polls[1:])]
    lengths = stalls(polls)
    still, covered_until = 0.0, -math.inf
    for at, length in lengths:
        if length > STALL_SHARE * job.total_s:
            still += max(0.0, at + length - max(at, covered_until))
            covered_until = max(covered_until, at + length)
    return {
        "step": max(steps, default=0),
        "stall": 100 * max((length for _, length in lengths), default=0) / job.total_s,
        "stalled": 100 * still / job.total_s,
        "frozen": 100 * mean(step == 0 for step in steps),
    }


def faults(job, view):
    """What must never happen: counts."""
    looks = sorted(view["cell"] + view["poll"], key=lambda look: look[0])
    under_way = [answer for at, answer in looks if at < job.end]
    everything = under_way + [answer for _, answer in view["after"]]
    falls = sum(after["pct"] < before["pct"] for before, after in zip(everything, everything[1:]))
    falls += sum(after["progress"] < before["progress"] for before, after in zip(everything, everything[1:]))
    early = sum(answer["pct"] >= 100 or answer["progress"] >= 100 for answer in under_way)
    ends_at = view["after"][0][1]["pct"]
    wrong_end = ends_at != 100 if job.outcome == "completed" else ends_at >= 100
    return {"falls": falls, "early": early, "wrong_end": int(wrong_end)}


def flags(job, view):
    looks = sorted(view["cell"] + view["poll"], key=lambda look: look[0])
    if job.outcome != "hung":
        ever = [answer["flag"] for _, answer in looks if answer["flag"]]
        return {"flagged": 100 * bool(ever), "held": 100 * bool(set(ever) & {"lost", "silent"})}
    before = [answer["pct"] for at, answer in looks if at <= job.hung_at]
    found = [at - job.hung_at for at, answer in looks if at > job.hung_at and answer["flag"] in ("lost", "silent")]
    return {"hang_s": found[0] if found else math.inf, "creep": looks[-1][1]["pct"] - (before[-1] if before else 0)}


def score(job, view):
    result = {**faults(job, view), **flags(job, view)}
    if job.outcome == "completed":
        result |= {**bar(job, view["cell"]), **in_stage(job, view["cell"]), **eta(job, view["cell"])}
        result |= shape(job, view["poll"])
    return result


def column(scores, key):
    return [each[key] for each in scores if key in each]
