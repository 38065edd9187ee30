"""Judges `progressd replay` on synthetic pipelines and prints the table of docs/fidelity.md.

Usage: table.py PROGRESSD [--jobs N] [--seed N]... [--sigma X]... [--group NAME]... [--sets]

--jobs: for each group of kinds, sigma and seed. The seeds 1 to 9 are for development; nothing is tuned on those of the published
table, 501 to 512. --sets adds a line for each kind of pipeline.
"""

import argparse
import concurrent.futures
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import replay  # noqa: E402
import score  # noqa: E402
import world  # noqa: E402

FIRST_JOBS = 10

MEASURES = (
    ("bar", "bar error, points"),
    ("over", "overclaim, points"),
    ("in_stage", "in-stage error, points"),
    ("eta", "ETA error, % of T"),
    ("eta_log", "ETA error, 100 abs ln"),
    ("width", "width of the interval, % of T"),
    ("winkler", "Winkler score, % of T"),
    ("step", "largest step, points"),
    ("stall", "longest stall, % of T"),
    ("stalled", "time in stalls > 2 %, % of T"),
)


def judge(arguments):
    progressd, each = arguments
    views = replay.shown(progressd, each)
    scores = [score.score(job, views[job.name]) for job in each.jobs]
    for number, one in enumerate(scores):
        one["is_first"] = number < FIRST_JOBS
    return each, scores


def judge_all(progressd, group, sigma, jobs, seeds):
    """(set, scores of its jobs) for all sets."""
    sets = [each for seed in seeds for each in world.make_sets(group, sigma, jobs, seed)]
    with concurrent.futures.ProcessPoolExecutor(2) as pool:
        return list(pool.map(judge, [(progressd, each) for each in sets]))


def rows(scores):
    """(name, text) for each measure."""
    for key, name in MEASURES:
        values = score.column(scores, key)
        yield name, f"{score.mean(values):.2f} / {score.p95(values):.2f}"
    yield "coverage of the 80 % interval", f"{score.mean(score.column(scores, 'covered')):.1f} %"
    hangs, creeps = score.column(scores, "hang_s"), score.column(scores, "creep")
    yield "hang flagged after, s: mean / most", f"{score.mean(hangs):.1f} / {max(hangs):.1f} ({len(hangs)} hangs)"
    yield "creep meanwhile, points: mean / most", f"{score.mean(creeps):.2f} / {max(creeps):.2f}"
    yield "healthy jobs ever flagged, held", " %, ".join(
        f"{score.mean(score.column(scores, key)):.2f}" for key in ("flagged", "held")) + " %"
    yield "falls, early 100, wrong ends", ", ".join(
        str(sum(score.column(scores, key))) for key in ("falls", "early", "wrong_end"))
    firsts = [one for one in scores if one["is_first"]]
    yield "its coverage in the first ten jobs of a pipeline", f"{score.mean(score.column(firsts, 'covered')):.1f} %"
    yield "jobs judged", str(len(score.column(scores, "bar")))


def show_sets(judged):
    kinds = {}
    for each, scores in judged:
        kinds.setdefault(each.kind, []).append(scores)
    for kind, lists in kinds.items():
        scores = [one for each in lists for one in each]
        firsts = [one for one in scores if one["is_first"]]
        print(f"  {kind:10} bar {score.mean(score.column(scores, 'bar')):5.2f}"
              f"  eta {score.mean(score.column(scores, 'eta')):5.1f}"
              f"  covered {score.mean(score.column(scores, 'covered')):5.1f}"
              f"  first ten {score.mean(score.column(firsts, 'covered')):5.1f}"
              f"  step {score.mean(score.column(scores, 'step')):5.2f}"
              f"  stall {score.mean(score.column(scores, 'stall')):5.2f}"
              f"  flagged {score.mean(score.column(scores, 'flagged')):5.2f}"
              f"  held {score.mean(score.column(scores, 'held')):5.2f}")


def show_group(group, sigmas, options):
    columns = []
    for sigma in sigmas:
        judged = judge_all(options.progressd, group, sigma, options.jobs, options.seed or [1])
        columns.append(dict(rows([one for _, scores in judged for one in scores])))
        if options.sets:
            print(f"sigma {sigma}")
            show_sets(judged)
    print(f"| {group}: mean / p95 | " + " | ".join(f"σ {sigma}" for sigma in sigmas) + " |")
    print("| --- |" + " --- |" * len(sigmas))
    for name in columns[0]:
        print(f"| {name} | " + " | ".join(column[name] for column in columns) + " |", flush=True)
    print()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("progressd")
    parser.add_argument("--jobs", type=int, default=400)
    parser.add_argument("--seed", type=int, action="append")
    parser.add_argument("--sigma", type=float, action="append")
    parser.add_argument("--group", choices=world.GROUPS, action="append")
    parser.add_argument("--sets", action="store_true")
    options = parser.parse_args()
    for group in options.group or world.GROUPS:
        show_group(group, options.sigma or [0.3, 0.6, 1.0], options)


if __name__ == "__main__":
    main()
