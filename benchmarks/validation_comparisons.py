"""Do plans about comparisons hold on real human answers? Pilots foretell 2, 4 and 8 times as many.

Each pilot is a random part of a published set; the plan that `labelbits plan` makes of it is
compared with fits to 2, 4 and 8 times as many answers, tested on questions that neither saw. Data:
the folder `LABELBITS_DATA`, or ../shared/data. Results are kept in FILE, a line a pilot, and a
second run goes on where the first stopped:

    python benchmarks/validation_comparisons.py run FILE [SET:SIZE:PILOTS[:METRIC[:FEATURES[:SEED]]]]...
    python benchmarks/validation_comparisons.py table FILE

SET: shoes, shapepairs, eggs, wordpairs, or simDxN, a simulated world of N items in D dimensions;
FEATURES: none, own or shuffled; SEED: that of the first pilot (0).
"""

from __future__ import annotations

import json
import os
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import polars as pl

from labelbits.interface import Answers
from labelbits.planning.comparisons.road import comparisons_of
from labelbits.planning.evidence.answers_held import encode_pilot
from labelbits.planning.evidence.loading import Evidence
from labelbits.planning.spec.planfile import PlanFile
from labelbits.recovery import Fitter, agreement, explained_bits, metrics
from labelbits.recovery.held_out import predict, questions_of
from labelbits.recovery.held_out.folds import take

DATA = Path(os.environ.get("LABELBITS_DATA", Path(__file__).parents[1] / ".." / "shared" / "data"))
TIMES = (2, 4, 8)
DEFAULT = (
    "shoes:500:12", "shoes:1000:12", "shoes:2000:12", "eggs:500:12", "eggs:1000:12",
    "shapepairs:500:12", "shapepairs:1000:12", "shapepairs:2000:12",
)  # fmt: skip


def _table(kind: str, rows: np.ndarray, codes: np.ndarray, who: list, items: int) -> Answers:
    names = np.array([str(i) for i in range(items)])
    people = [str(one) for one in who]
    table = pl.DataFrame(
        {
            "signal": [kind] * len(rows),
            "annotator": people,
            "items": names[rows].tolist(),
            "answer": [str(int(code)) for code in codes],
        }
    ).with_columns(classes=pl.lit([], dtype=pl.List(pl.String)))
    return Answers(table, tuple(names.tolist()), (), tuple(dict.fromkeys(people)))


def _swapped(triplets: np.ndarray, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """The chosen item in the second or the third place, at random."""
    swap = generator.random(len(triplets)) < 0.5
    return np.where(swap[:, None], triplets[:, [0, 2, 1]], triplets), swap


def _simulated(dims: int, items: int, seed: int) -> Answers:
    """Triplets about normal points; nobody is told their lapse (0 to .2) and precision."""
    generator = np.random.default_rng([seed, dims, items])
    points = generator.normal(size=(items, dims))
    rows = generator.random((26_000, items)).argsort(1)[:, :3]
    near, far = (
        np.sum((points[rows[:, 0]] - points[rows[:, k]]) ** 2, axis=1) * 2 / dims for k in (1, 2)
    )
    lapse = generator.uniform(0, 0.2)
    precision = np.exp(generator.uniform(np.log(0.5), np.log(3)))
    first = lapse / 2 + (1 - lapse) / (1 + np.exp(-precision * (far - near)))
    codes = generator.random(len(rows)) > first
    who = generator.integers(0, 30, len(rows)).tolist()
    return _table("triplet", rows, codes, who, items)


def load(name: str, seed: int) -> tuple[Answers, np.ndarray | None]:
    """(answers in random order, features or None) of a set."""
    generator = np.random.default_rng([seed, 1])
    if name.startswith("sim"):
        dims, items = name[3:].split("x")
        return _simulated(int(dims), int(items), seed), None
    if name == "shoes":
        table = pl.read_parquet(DATA / "zappos_triplets.parquet")
        rows = table.select(pl.all().cast(pl.Int64)).to_numpy()
        rows = rows[generator.permutation(len(rows))][:60_000]
        rows, codes = _swapped(rows, generator)
        features = np.load(DATA / "zappos_features.npz")["features"].astype(float)
        return _table("triplet", rows, codes, ["unknown"] * len(rows), 85), features
    if name == "eggs":
        table = pl.read_parquet(DATA / "alieneggs_triplets.parquet")
        table = table.filter(pl.col("sampling") != "uncertainty")
        table = table[generator.permutation(len(table))]
        rows = table.select(pl.col("head", "winner", "loser").cast(pl.Int64)).to_numpy()
        rows, codes = _swapped(rows, generator)
        return _table("triplet", rows, codes, table["participant"].to_list(), 300), None
    if name == "shapepairs":
        table = pl.read_parquet(DATA / "shapepairs_answers.parquet")
        table = table[generator.permutation(len(table))]
        rows = table.select(pl.col("left1", "left2", "right1", "right2").cast(pl.Int64)).to_numpy()
        features = np.load(DATA / "shapepairs_objects.npz")["name_embeddings"].astype(float)
        codes = table["answer"].to_numpy()
        return _table("quadruplet", rows, codes, table["subject"].to_list(), 20), features
    if name == "wordpairs":
        table = pl.read_parquet(DATA / "wordsim30_ratings.parquet")
        table = table[generator.permutation(len(table))]
        rows = table.select(pl.col("idx1", "idx2").cast(pl.Int64)).to_numpy()
        codes = np.clip(np.round(table["rating"].to_numpy() / 2.5), 0, 4) + 1
        features = np.load(DATA / "wordsim30_embeddings.npz")["embeddings"].astype(float)
        return _table("rating", rows, codes, table["rater"].to_list(), 39), features
    raise SystemExit(f"unknown set {name!r}; expected shoes, shapepairs, eggs or wordpairs")


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
            found = one(*job)
        with path.open("a") as file:
            file.write(json.dumps(found) + "\n")
        print(json.dumps(found), flush=True)


def table(path: Path) -> None:
    """The table of docs/comparisons.md: a line for each set, size and metric."""
    rows = [json.loads(line) for line in path.read_text().splitlines()]
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
    print(f"\nCPU seconds of one plan: median {np.median([r['cpu'] for r in rows]):.0f}")


if __name__ == "__main__":
    if len(sys.argv) < 3 or sys.argv[1] not in ("run", "table"):
        raise SystemExit(__doc__)
    if sys.argv[1] == "run":
        run(Path(sys.argv[2]), sys.argv[3:])
    else:
        table(Path(sys.argv[2]))
