"""Do forecasts from a pilot hold? Predicted against actual quality at 2x, 4x and 8x the pilot.

    python benchmarks/validation.py --store build/validation            # everything, resumable
    python benchmarks/validation.py --store build/validation --report docs/validation.md

Pilots of 100, 300 and 1,000 CIFAR-10H images, 20 random ones each; curves for 1, 3 and 10 votes
on each image and the full distribution; 2,000 images are held out and never enter a pilot. Three
questions are asked: what the pilot alone foretells (repeated cross-validation inside the pilot),
what it foretells when the held-out images are a labelled test set, and when their gold classes are
trained on as well (answers simulated by the pilot's noise: a guide, as a plan makes it). Every
finished pilot is a file in the store; a run that was stopped goes on where it was, and a report
covers the pilots that are there.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.special import entr

sys.path.insert(0, str(Path(__file__).parent))
from labelbits.learning import (
    CurvePoints,
    Forecast,
    cross_measure,
    cross_replicates,
    forecast,
    forecast_options,
    measure,
)
from labelbits.learning.curves import training_sets as bought
from labelbits.learning.theory import infer_theory
from labelbits.planning.evidence.answer_source import AnswerSource, answer_probabilities
from labelbits.planning.evidence.loading import Evidence
from labelbits.planning.evidence.trial import Trial
from labelbits.planning.measured import guides
from labelbits.signals import Votes
from learning_data import Options, cifar10h
from learning_tables import METRICS, MULTIPLES, PILOTS, Case, Level, level_table, table

OPTIONS = ("1", "3", "10", "full")
REPEATS = 20
KINDS = ("alone", "tested", "guided")
#: Training sets of one curve that is tested on the held-out images.
REPLICATES = 20
#: Draws of one forecast.
DRAWS = 400
#: Random purchases whose mean is the actual quality.
PURCHASES = 24
FIELDS = ("sizes", "values", "item_values", "item_counts", "training", "ridges", "power")


@dataclass(frozen=True)
class Split:
    """Rows of the pool, rows held out, and the pilots' rows."""

    pool: np.ndarray
    held: np.ndarray

    def pilot(self, size: int, number: int) -> np.ndarray:
        """Rows of one random pilot."""
        return np.random.default_rng((7, size, number)).permutation(self.pool)[:size]


def split(data: Options, held: int) -> Split:
    """A fixed random split."""
    order = np.random.default_rng(20260101).permutation(len(data.features))
    return Split(order[held:], order[:held])


def save(path: Path, points: dict[str, CurvePoints]) -> None:
    """Curves as one npz, whole or not at all."""
    arrays = {}
    for metric, curve in points.items():
        for name in FIELDS:
            arrays[f"{metric}/{name}"] = getattr(curve, name)
        arrays[f"{metric}/pool"] = np.array(curve.pool)
    temporary = path.with_suffix(".part.npz")
    np.savez_compressed(temporary, **arrays)
    temporary.rename(path)


def load(path: Path) -> dict[str, CurvePoints]:
    """What `save` wrote."""
    result = {}
    with np.load(path, allow_pickle=False) as file:
        for metric in dict.fromkeys(name.split("/")[0] for name in file.files):
            fields = {n: file[f"{metric}/{n}"] for n in FIELDS if f"{metric}/{n}" in file.files}
            fields["power"] = float(fields.get("power", np.nan))
            result[metric] = CurvePoints(
                metric=metric,
                pool=int(file[f"{metric}/pool"]),
                crossed="tested-" not in path.name and "actual-" not in path.name,
                **fields,
            )
    return result


def measure_pilot(
    data: Options, parts: Split, kind: str, rows: np.ndarray, option: str, seed: int,
    metrics: Sequence[str] = METRICS, power: float | None = None,
) -> dict[str, CurvePoints]:  # fmt: skip
    """The curve of one option from the pilot alone, or tested on the held-out images."""
    draw = data.draw(option)
    if kind == "guided":
        return measure_guide(data, parts, rows, option, seed)
    if kind == "alone":
        return cross_measure(
            data.features, draw, None, cross_replicates(len(rows)), rows, data.reference(rows),
            metrics=metrics, seed=seed, power=power,
        )  # fmt: skip
    sizes = tested_sizes(len(rows))
    reference = data.reference(parts.held)
    return measure(
        data.features, draw, sizes, REPLICATES, parts.held, reference, pool=rows, seed=seed
    )


def measure_guide(
    data: Options, parts: Split, rows: np.ndarray, option: str, seed: int
) -> dict[str, CurvePoints]:
    """The curve of one option on the held-out images, whose gold alone is used, and which a plan
    takes for items that nobody was asked about. Nothing where it goes no further than the pilot."""
    counts = np.zeros((len(data.gold), data.classes))
    for batch in data.draw(option)(np.random.default_rng((seed, 5)), rows):
        # Distributions are of some fifty votes.
        counts[batch.items[:, 0]] = batch.answer * (50 if option == "full" else 1)
    gold = np.full(len(data.gold), -1)
    known = np.concatenate([rows, parts.held])
    gold[known] = data.gold[known]
    names = tuple(map(str, range(data.classes)))
    evidence = Evidence(data.features, counts, gold, names)
    votes = 50 if option == "full" else int(option)
    probabilities = answer_probabilities(evidence)[0]
    source = AnswerSource(evidence, Votes(answers_per_item=votes), votes, probabilities)
    reference = data.reference(parts.held)
    sizes = tested_sizes(len(rows))
    trial = Trial(parts.held, reference["accuracy"], rows, sizes, "gold", "")
    sizes = guides.guide_sizes(parts.held, trial, data.features.shape[1])
    if not sizes:
        return {}
    return cross_measure(
        data.features, source.draw, sizes, guides.REPLICATES, parts.held, reference,
        folds=guides.FOLDS, seed=seed,
    )  # fmt: skip


def tested_sizes(pilot: int) -> list[int]:
    """Training sizes of a curve that is tested on the held-out images."""
    return np.unique(np.geomspace(pilot / 10, pilot, 7).round().astype(int)).tolist()


def run(
    data: Options,
    store: Path,
    held: int,
    pilots: tuple[int, ...],
    repeats: int,
    kinds: Sequence[str] = KINDS,
) -> None:
    """Measure every pilot and the actual curves that are not in the store yet."""
    store.mkdir(parents=True, exist_ok=True)
    parts = split(data, held)
    targets = sorted({m * n for n in pilots for m in MULTIPLES if m * n <= len(parts.pool)})
    began = time.monotonic()
    for option in OPTIONS:
        path = store / f"actual-{option}.npz"
        if not path.exists():
            points = measure(
                data.features, data.draw(option), targets, PURCHASES, parts.held,
                data.reference(parts.held), pool=parts.pool, seed=1,
            )  # fmt: skip
            save(path, points)
    # Single votes first: pilots are independent of each other, options of one pilot are not.
    ranked = ("1", "full", "3", "10")
    jobs = [(k, n, p, o) for o in ranked for p in range(repeats) for n in pilots for k in kinds]
    for done, (kind, size, number, option) in enumerate(jobs):
        rows = parts.pilot(size, number)
        path = store / f"{kind}-{size}-{number}-{option}.npz"
        if not path.exists():
            save(path, measure_pilot(data, parts, kind, rows, option, number))
        print(f"\r{done + 1}/{len(jobs)} curves, {time.monotonic() - began:.0f} s",
              end="", file=sys.stderr, flush=True)  # fmt: skip
    print(file=sys.stderr)


def naive_forecast(points: CurvePoints, sizes: list[int]) -> np.ndarray:
    """The baseline: one power law b n^-c of the loss, least squares in logarithms."""
    loss = 1 - points.mean if points.metric == "accuracy" else points.mean
    slope, intercept = np.polyfit(np.log(points.sizes), np.log(np.maximum(loss, 1e-4)), 1)
    predicted = np.exp(intercept + slope * np.log(sizes))
    return 1 - predicted if points.metric == "accuracy" else predicted


def with_theory(
    data: Options,
    parts: Split,
    kind: str,
    rows: np.ndarray,
    option: str,
    curves: dict[str, CurvePoints],
) -> dict[str, CurvePoints]:
    """What `measure` and `cross_measure` add themselves; a store holds only measured numbers."""
    tested = rows if kind == "alone" else parts.held
    seeds = np.random.SeedSequence(0).spawn(bought.PURITY_REPLICATES)
    pair = [bought.Split(rows, rows, seed) for seed in seeds]
    answers = bought.Answers(data.draw(option), pair, data.classes)
    return {
        metric: foretold(points, data.features, tested, data.reference(tested)[metric], answers)
        for metric, points in curves.items()
    }


def foretold(
    points: CurvePoints,
    features: np.ndarray,
    tested: np.ndarray,
    reference: np.ndarray,
    answers: bought.Answers,
) -> CurvePoints:
    """The points with what the features and the reference of the `tested` rows foretell."""
    purity = answers.purity(tested, reference)
    theory = infer_theory(features, tested, reference, purity=purity)
    floor = float(entr(reference).sum(1).mean()) if points.metric == "cross-entropy" else 0.0
    return replace(points, theory=theory, floor=floor)


def true_losses(store: Path, option: str, metric: str) -> tuple[np.ndarray, np.ndarray]:
    """(sizes, mean loss) of all random purchases: those of the pilots, and the larger ones."""
    sizes, losses = [], []
    for pilot in PILOTS:
        paths = sorted(store.glob(f"tested-{pilot}-*-{option}.npz"))
        if paths:
            sizes.append(pilot)
            losses.append(np.mean([load(path)[metric].mean[-1] for path in paths]))
    truth = load(store / f"actual-{option}.npz")[metric]
    keep = ~np.isin(truth.sizes, sizes)
    size = np.concatenate([sizes, truth.sizes[keep]])
    loss = np.concatenate([losses, truth.mean[keep]])
    order = np.argsort(size)
    return size[order], (1 - loss if metric == "accuracy" else loss)[order]


def cases(data: Options, parts: Split, store: Path) -> Iterator[Case | Level]:
    """Every forecast of the store beside the actual quality, the options of a pilot together."""
    actual = {o: load(store / f"actual-{o}.npz") for o in OPTIONS}
    true_of = {(o, m): true_losses(store, o, m) for o in OPTIONS for m in METRICS}
    for kind in KINDS:
        pilots = sorted({tuple(map(int, p.stem.split("-")[1:3])) for p in store.glob(f"{kind}-*")})
        for pilot, number in pilots:
            rows = parts.pilot(pilot, number)
            own = "tested" if kind == "guided" else kind
            there = {o: f"{pilot}-{number}-{o}.npz" for o in OPTIONS}
            there = {o: p for o, p in there.items() if (store / f"{kind}-{p}").exists()}
            curves, guide = (
                {
                    o: with_theory(data, parts, kind, rows, o, load(store / f"{one}-{p}"))
                    for o, p in there.items()
                }
                for one in (own, kind)
            )
            sizes = np.array([m * pilot for m in MULTIPLES])
            for metric in METRICS:
                every = [curves[o][metric] for o in there]
                led = [guide[o].get(metric) if kind == "guided" else None for o in there]
                together = forecast_options(every, sizes, seed=number, draws=DRAWS, guides=led)
                for option, points, result in zip(there, every, together, strict=True):
                    found = compare(
                        kind, option, pilot, number, points, result, actual[option][metric],
                        true_of[option, metric],
                    )  # fmt: skip
                    yield from found


def compare(
    kind: str,
    option: str,
    pilot: int,
    number: int,
    points: CurvePoints,
    result: Forecast,
    truth: CurvePoints,
    true_curve: tuple[np.ndarray, np.ndarray],
) -> Iterator[Case | Level]:
    """One option of one pilot: its forecasts, the baselines and oracles, and its level."""
    metric, up = points.metric, points.metric == "accuracy"
    sizes = [m * pilot for m in MULTIPLES]
    bare = forecast(replace(points, theory=None), sizes, seed=number, draws=DRAWS)
    naive = naive_forecast(points, sizes)
    size, loss = true_curve
    # A little below the smallest pilot the curve is straight in the logarithms.
    here = float(np.exp(np.interp(np.log(points.sizes[-1]), np.log(size), np.log(loss))))
    level = float(1 - points.mean[-1] if up else points.mean[-1])
    claimed = float(points.standard_error()[-1])
    yield Level(kind, pilot, metric, level, here, claimed)
    for i, (multiple, target) in enumerate(zip(MULTIPLES, sizes, strict=True)):
        true = float(truth.mean[np.flatnonzero(truth.sizes == target)[0]])
        mean = float(result.mean[i])
        oracles = np.array([level / here * (1 - true if up else true),
                            here / level * (1 - mean if up else mean)])  # fmt: skip
        oracles = np.full(2, np.nan) if kind != "alone" else 1 - oracles if up else oracles
        yield Case(
            kind, option, pilot, number, metric, multiple, mean, float(result.low[i]),
            float(result.high[i]), float(bare.mean[i]), float(naive[i]), float(oracles[0]),
            float(oracles[1]), true,
        )  # fmt: skip


def report(data: Options, parts: Split, store: Path, to: Path) -> None:
    """Put the tables between the marks of the page."""
    everything = list(cases(data, parts, store))
    found = [c for c in everything if isinstance(c, Case)]
    lines = ["### The floor: what a pilot measures at its own size", ""]
    lines += [*level_table([c for c in everything if isinstance(c, Level)]), ""]
    for kind, title in (
        ("alone", "The pilot alone (cross-validation inside the pilot)"),
        ("tested", "The pilot with the held-out images as a labelled test set"),
        ("guided", "The pilot with a labelled test set, whose images with gold are a guide"),
    ):
        part = [c for c in found if c.kind == kind]
        if not part:
            continue
        lines += [f"### {title}", "", *table(part, "size"), "", "By option, at 8x:", ""]
        lines += [*table(part, "option"), ""]
    text = to.read_text()
    start, end = "<!-- tables -->", "<!-- end of tables -->"
    head, rest = text.split(start)
    tail = rest.split(end)[1]
    to.write_text(head + start + "\n" + "\n".join(lines) + end + tail)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", type=Path, default=Path("build/validation"))
    parser.add_argument("--repeats", type=int, default=REPEATS, help="pilots of each size")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    parser.add_argument("--report", type=Path, help="page whose tables are rewritten")
    parser.add_argument("--held", type=int, default=2000, help="images held out")
    arguments = parser.parse_args()
    data = cifar10h()
    run(data, arguments.store, arguments.held, PILOTS, arguments.repeats, arguments.kinds)
    if arguments.report:
        report(data, split(data, arguments.held), arguments.store, arguments.report)


if __name__ == "__main__":
    main()
