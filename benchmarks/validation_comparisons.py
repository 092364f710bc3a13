"""Do plans about comparisons hold on real human answers? Pilots foretell 2, 4 and 8 times as many.

Each pilot is a random part of a published set; the plan that `labelbits plan` makes of it is
compared with fits to 2, 4 and 8 times as many answers, tested on questions that neither saw. Data:
the folder `LABELBITS_DATA`, or ../shared/data. Results are kept in FILE, a line a pilot, and a
second run goes on where the first stopped:

    ... validation_comparisons.py run FILE [SET:SIZE:PILOTS[:METRIC[:FEATURES[:SEED]]]]...
    ... validation_comparisons.py table FILE

SET: shoes, shapepairs, eggs, wordpairs, or simDxN, a simulated world of N items in D dimensions;
METRIC: agreement, alignment, or regret; FEATURES: none, own or shuffled; SEED: that of the first
pilot (0).

Regret: the plan says whether each new question is worth one answer or three, for four times the
pilot. Both are then bought for the same money (shapepairs, whose questions were asked 30 times
each, or a simulated world), and the regret is the share of the money that the better way would have
saved on the way to what the advised one reached.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from pathlib import Path

import numpy as np

from comparison_sets import load, simulated
from labelbits.interface import Answers
from labelbits.planning.comparisons.mixture import expected_of
from labelbits.planning.comparisons.road import comparisons_of
from labelbits.planning.evidence.answers_held import encode_pilot
from labelbits.planning.evidence.loading import Evidence
from labelbits.planning.spec.planfile import PlanFile
from labelbits.recovery import Fitter, agreement, explained_bits, metrics
from labelbits.recovery.held_out import predict, questions_of
from labelbits.recovery.held_out.folds import take

TIMES = (2, 4, 8)
DEFAULT = (
    "shoes:500:12", "shoes:1000:12", "shoes:2000:12", "eggs:500:12", "eggs:1000:12",
    "shapepairs:500:12", "shapepairs:1000:12", "shapepairs:2000:12",
)  # fmt: skip


class _Asker:
    """Further answers about a set: so many, so many `each` to a question that the pilot and the
    test leave out."""

    def __init__(self, name: str, seed: int) -> None:
        if name.startswith("sim"):
            # A person answers a question anew: the same world, asked about the same triplets.
            dims, items = (int(n) for n in name[3:].split("x"))
            self.answers = simulated(dims, items, seed, 3)
        elif name == "shapepairs":
            self.answers = load(name, seed)[0]
        else:
            raise SystemExit(f"{name}: regret needs questions that several people answered")
        self.question = questions_of(self.answers)

    def buy(self, free: np.ndarray, count: int, each: int, seed: int) -> np.ndarray:
        """Rows of `count` answers to random questions of those in `free` (a mask of rows)."""
        generator = np.random.default_rng([seed, each, 5])
        rows = generator.permutation(np.flatnonzero(free))
        if each == 1:
            return rows[:count]
        order = np.argsort(self.question[rows], kind="stable")
        rows = rows[order]
        own = self.question[rows]
        place = np.arange(len(rows)) - np.searchsorted(own, own)
        full = np.isin(own, np.unique(own[place == each - 1])) & (place < each)
        picked = generator.permutation(np.unique(own[full]))[: count // each]
        return rows[full & np.isin(own, picked)]


def one(name: str, size: int, seed: int, metric: str, how: str) -> dict:
    """One pilot: what its plan foretells, and what more answers gave."""
    answers, features = load(name, seed)
    if how == "none":
        features = None
    elif features is None:
        raise SystemExit(f"{name} has no features")
    elif how == "shuffled":
        features = np.random.default_rng([seed, 2]).permutation(features)
    question = questions_of(answers)
    groups = np.random.default_rng([seed, 3]).permutation(np.unique(question))
    held = np.isin(question, groups[: len(groups) // 4])
    test, pool = np.flatnonzero(held)[:15_000], np.flatnonzero(~held)
    pilot = take(answers, pool[:size])
    kind = pilot.table["signal"][0]
    wanted = PlanFile.model_validate(
        {
            "dataset": {"pilot": ["pilot"]},
            "goal": {"metric": metric},
            "budget": {"amount": float(max(TIMES) * size)},
            "signal": [{"kind": kind, "price": 1.0, "answers_per_question": 1}],
        }
    )
    began, used = time.time(), time.process_time()
    encoded = encode_pilot(pilot, None if features is None else len(features), None)
    evidence = None
    if features is not None:
        evidence = Evidence(features, np.zeros((len(features), 2)), None, (), pilot=encoded)
    made = comparisons_of(wanted, encoded, evidence, seed, lambda what, share: None).learned
    wall, cpu = time.time() - began, time.process_time() - used
    (curve,) = made.curves
    dims = next(int(a.value) for a in made.assumptions if a.name == "dims")
    found = {
        "set": name, "size": size, "seed": seed, "metric": metric, "features": how, "dims": dims,
        "wall": wall, "cpu": cpu, "stop": bool(made.extras.get("stop")),
        "measured": float(curve.measured[-1, 1]), "at": float(curve.measured[-1, 0]), "times": {},
    }  # fmt: skip
    truth = None
    if metric == "alignment":
        truth = np.asarray(Fitter(max(dims, 3), features, seed)(take(answers, pool)).embedding_)
    for times in TIMES:
        if times * size > len(pool):
            break
        draws = curve.at(float(times * size))
        low, high = np.quantile(draws, [0.05, 0.95])
        actual = _actual(take(answers, pool[: times * size]), take(answers, test), dims, features,
                         truth, seed)  # fmt: skip
        found["times"][str(times)] = {
            "forecast": float(draws.mean()), "low": float(low), "high": float(high),
            "actual": actual,
        }  # fmt: skip
    return found


def regret(name: str, size: int, seed: int) -> dict:
    """What the plan advises, one answer to a question or three, and what both gave."""
    asker = _Asker(name, seed)
    answers, question = asker.answers, asker.question
    groups = np.random.default_rng([seed, 3]).permutation(np.unique(question))
    tested = np.isin(question, groups[: len(groups) // 4])
    test = take(answers, np.flatnonzero(tested)[:15_000])
    pilot = asker.buy(~tested, size, 1, seed)
    money = 4.0 * size
    wanted = PlanFile.model_validate(
        {
            "dataset": {"pilot": ["pilot"]},
            "goal": {"metric": "agreement"},
            "budget": {"amount": money},
            "signal": [{"kind": answers.table["signal"][0], "price": 1.0}],
        }
    )
    used = time.process_time()
    encoded = encode_pilot(take(answers, pilot), None, None)
    made = comparisons_of(wanted, encoded, None, seed, lambda what, share: None).learned
    used = time.process_time() - used
    dims = next(int(a.value) for a in made.assumptions if a.name == "dims")
    each = [int(dict(c.family.options).get("answers_per_question", 1)) for c in made.curves]
    told = [expected_of(curve, wanted.budget) for curve in made.curves]
    free = ~tested
    free[pilot] = False
    shares, gave = (0.25, 0.5, 0.75, 1.0), {}
    for e in each:
        bought = asker.buy(free, int(money), e, seed)
        gave[e] = [
            _actual(take(answers, np.r_[pilot, bought[: int(part * len(bought))]]), test, dims,
                    None, None, seed)
            for part in shares
        ]  # fmt: skip
    advised = each[int(np.argmax(told))]
    best = max(gave, key=lambda e: gave[e][-1])
    reached, curve = gave[advised][-1], np.maximum.accumulate(gave[best])
    needed = 1.0 if advised == best else float(np.interp(reached, curve, shares))
    return {
        "set": name, "size": size, "seed": seed, "metric": "regret", "features": "none",
        "dims": dims, "cpu": used, "advised": advised, "best": best, "told": told,
        "gave": {str(e): one for e, one in gave.items()}, "regret": 1 - needed, "times": {},
    }  # fmt: skip


def _actual(
    more: Answers, test: Answers, dims: int, features: np.ndarray | None,
    truth: np.ndarray | None, seed: int,
) -> float:  # fmt: skip
    """What a fit to more answers gives: of the plan's dimensions and some more, those with the best
    explained bits on a fifth of the test questions, agreement on the rest."""
    tried = sorted({dims, dims + 1, dims + 3}) if truth is None else [dims]
    best = None
    rows = np.arange(len(test))
    choose, tell = rows[: len(rows) // 5], rows[len(rows) // 5 :]
    options: dict = {}
    for d in tried:
        space = Fitter(d, features, seed, options)(more)
        if features is not None and not options:
            options = {"residual_scale": float(space.residual_scale_),
                       "metric_power": float(space.metric_power_)}  # fmt: skip
        if truth is not None:
            return float(metrics.spearman(np.asarray(space.embedding_), truth))
        bits = float(explained_bits(predict(space, take(test, choose))))
        if best is None or bits > best[0]:
            best = bits, float(agreement(predict(space, take(test, tell))))
    assert best is not None
    return best[1]


def run(path: Path, jobs: list[str]) -> None:
    done = set()
    if path.exists():
        for line in path.read_text().splitlines():
            r = json.loads(line)
            done.add((r["set"], r["size"], r["seed"], r["metric"], r["features"]))
    todo = []
    for job in jobs or list(DEFAULT):
        name, size, pilots, *rest = job.split(":")
        metric, how, first = (*rest, *("agreement", "none", "0")[len(rest) :])[:3]
        seeds = range(int(first), int(first) + int(pilots))
        todo += [(name, int(size), seed, metric, how) for seed in seeds]
    for job in todo:
        if job in done:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = regret(*job[:3]) if job[3] == "regret" else one(*job)
        with path.open("a") as file:
            file.write(json.dumps(found) + "\n")
        print(json.dumps(found), flush=True)


def table(path: Path) -> None:
    """The table of docs/comparisons.md: a line for each set, size and metric."""
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    advice = [r for r in rows if r["metric"] == "regret"]
    rows = [r for r in rows if r["metric"] != "regret"]
    keys = list(dict.fromkeys((r["set"], r["metric"], r["features"], r["size"]) for r in rows))
    print(
        "| set | metric | features | pilot | pilots | times | median error | mean error "
        "| inside 90 % |"
    )
    print("|---|---|---|---:|---:|---:|---:|---:|---:|")
    inside_all, errors_all = {}, {}
    for key in sorted(keys):
        own = [r for r in rows if (r["set"], r["metric"], r["features"], r["size"]) == key]
        for times in map(str, TIMES):
            told = [r["times"][times] for r in own if times in r["times"]]
            if not told:
                continue
            errors = np.array([t["forecast"] - t["actual"] for t in told])
            inside = np.array([t["low"] <= t["actual"] <= t["high"] for t in told])
            name, metric, how, size = key
            errors_all.setdefault((metric, times), []).extend(errors)
            inside_all.setdefault((metric, times), []).extend(inside)
            print(
                f"| {name} | {metric} | {how} | {size:,} | {len(told)} | {times} | "
                f"{np.median(np.abs(errors)):.4f} | {errors.mean():+.4f} | "
                f"{int(inside.sum())} of {len(told)} |"
            )
    for (metric, times), errors in sorted(errors_all.items()):
        inside = inside_all[metric, times]
        print(
            f"| all | {metric} | | | {len(errors)} | {times} | {np.median(np.abs(errors)):.4f} | "
            f"{np.mean(errors):+.4f} | {100 * np.mean(inside):.0f} % |"
        )
    if advice:
        lost = np.array([r["regret"] for r in advice])
        right = sum(r["advised"] == r["best"] for r in advice)
        print(
            f"\nOne answer to a question or three: the better one was advised in {right} of "
            f"{len(advice)} pilots; regret {100 * lost.mean():.1f} % of the money on average, "
            f"{100 * lost.max():.0f} % at most"
        )
    every = [r["cpu"] for r in (*rows, *advice)]
    print(f"\nCPU seconds of one plan: median {np.median(every):.0f}")


if __name__ == "__main__":
    if len(sys.argv) < 3 or sys.argv[1] not in ("run", "table"):
        raise SystemExit(__doc__)
    if sys.argv[1] == "run":
        run(Path(sys.argv[2]), sys.argv[3:])
    else:
        table(Path(sys.argv[2]))
