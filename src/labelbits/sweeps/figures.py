"""Numbers of the paper's analyses (arXiv 2211.01407), each with its standard error.

A figure is a function that yields rows: figure, panel, signal, x, value, standard_error, source.
`source` is "theory" for an integral or a bound, "simulation" for what sampled answers gave.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
import polars as pl

from labelbits import information, signals
from labelbits.errors import InputError
from labelbits.interface import Signal
from labelbits.recovery.batch import simulate
from labelbits.sweeps.shots import classifier
from labelbits.worlds import World

SCHEMA = {
    "figure": pl.String, "panel": pl.String, "signal": pl.String, "x": pl.Float64,
    "value": pl.Float64, "standard_error": pl.Float64, "source": pl.String,
}  # fmt: skip
Row = tuple[str, str, str, float, float, float | None, str]


@dataclass(frozen=True)
class Size:
    """How much is computed: `quick` ends in two minutes on two cores."""

    names: tuple[str, ...]
    items: int
    seeds: int
    answers: tuple[int, ...]
    draws: int


QUICK = Size(("hard", "soft", "triplet"), 50, 8, (1, 3, 10, 30), 400)
FULL = Size(tuple(signals.REGISTRY), 100, 20, (1, 2, 4, 8, 16, 32, 64), 2000)
CLASSES, DIMS = 10, 3
#: Worlds behind the marginal of an answer, for every simulated answer.
MARGINAL = 20


def simulated_bits(signal: Signal, world: World, draws: int, seed: int) -> tuple[float, float]:
    """I(answer; points) from samples: mean of log2 P(a | points) / mean P(a | other points).

    An estimate that shares nothing with the integrals of `information` but the likelihood. The
    marginal comes from `MARGINAL` x draws other worlds. A mean over few worlds misses answers
    that only rare worlds explain, so the estimate errs upwards, the more the more bits there are.
    """
    keys = jax.random.split(jax.random.key(seed), 4)

    def distances(key: Any, draws: int) -> Any:
        a, b = jax.random.split(key)
        points = world.sample_items(a, (draws, signal.arity))
        if not signal.uses_classes:
            return signal.distances(points)
        return signal.distances(points, world.sample_prototypes(b, (draws,)))

    here, others = distances(keys[0], draws), distances(keys[1], MARGINAL * draws)
    question = jax.random.randint(keys[2], (draws,), 0, signal.questions(world.classes))
    answer = signal.sample(keys[3], here, question)
    own = signal.log_prob(answer, here)
    marginal = jax.lax.map(
        lambda a: jax.nn.logsumexp(signal.log_prob(a[None], others)),
        answer,
    )
    bits = np.asarray(own - marginal + np.log(MARGINAL * draws)) / np.log(2)
    return float(bits.mean()), float(bits.std(ddof=1) / np.sqrt(draws))


def bits(size: Size) -> Iterator[Row]:
    """Bits per answer against classes, dimensions and precision, and in total against labels."""
    axes = {
        "classes": [(k, DIMS, 1.0) for k in (3, 10, 30)],
        "dims": [(CLASSES, d, 1.0) for d in (1, 3, 10)],
        "precision": [(CLASSES, DIMS, b) for b in (0.3, 1.0, 3.0)],
    }
    for name in size.names:
        for axis, points in axes.items():
            for k, d, beta in points:
                signal, world = signals.make(name, d, k, precision=beta), World(100, k, d)
                x = {"classes": k, "dims": d, "precision": beta}[axis]
                exact = information.per_answer(signal, world, seed=0, standard_error=0.01)
                yield "bits", axis, name, x, exact.bits, exact.standard_error, "theory"
                yield "bits", axis, name, x, *simulated_bits(signal, world, size.draws, 1), \
                    "simulation"  # fmt: skip


def total(size: Size) -> Iterator[Row]:
    """Bits of all answers together, and per triplet as triplets are added."""
    world = World(size.items, CLASSES, DIMS)
    for name in size.names:
        signal = signals.make(name, DIMS, CLASSES)
        for per_item in size.answers:
            n = per_item * size.items
            asked = information.random_questions(signal, world, n, 0)
            found = information.joint(signal, world, asked, how="laplace", worlds=3)
            row = found.bits, found.standard_error
            yield "total", "all answers", name, per_item, *row, "theory"
            yield "total", "each answer", name, per_item, row[0] / n, row[1] / n, "theory"


def recovery(size: Size) -> Iterator[Row]:
    """Spearman and Procrustes against answers per item, and the error limit of those bits."""
    world = World(size.items, CLASSES, DIMS)
    free = size.items * DIMS
    for name in size.names:
        signal = signals.make(name, DIMS, CLASSES)
        largest = max(size.answers) * size.items
        for per_item in size.answers:
            n = per_item * size.items
            found = simulate(
                signal, world, answers=n, largest=largest, seeds=size.seeds,
                metrics=("spearman", "procrustes"),
            )  # fmt: skip
            for metric in ("spearman", "procrustes"):
                row = found.mean(metric), found.standard_error(metric)
                yield "recovery", metric, name, per_item, *row, "simulation"
            one = information.per_answer(signal, world, seed=0, standard_error=0.01)
            limit = information.error_limit(n * one.bits, size.items, DIMS) / free
            yield "recovery", "procrustes", name, per_item, min(limit, 1.0), None, "theory"
            yield (
                "recovery",
                "bits at most",
                name,
                per_item,
                n * one.bits,
                n * one.standard_error,
                "theory",
            )


def saturation(size: Size) -> Iterator[Row]:
    """Quality from one soft label an item as classes pass the number of dimensions."""
    few = size is QUICK  # every shape is compiled anew
    for dims in (4,) if few else (2, 4):
        for classes in (2, 4, 6, 10) if few else (2, 3, 4, 6, 8, 12, 16):
            soft = signals.make("soft", dims, classes, concentration=100.0, grid=40)
            world = World(size.items, classes, dims)
            found = simulate(soft, world, answers=size.items, seeds=size.seeds)
            row = found.mean("spearman"), found.standard_error("spearman")
            yield "saturation", f"dims {dims}", "soft", classes, *row, "simulation"


def shots(size: Size) -> Iterator[Row]:
    """Accuracy of a classifier on the recovered space, by shots a class and out of distribution."""
    for name, per_item in (("hard", 1), ("hard", 50), ("soft", 1), ("triplet", 30)):
        if name not in size.names:
            continue
        label = f"{name} x{per_item}"
        for panel, k, mean, error in classifier(name, per_item, CLASSES, DIMS, size.seeds):
            yield "shots", panel, label, k, mean, error, "simulation"


def tradeoff(size: Size) -> Iterator[Row]:
    """Cost, in prices of one hard label, at which signals reach a quality, by price ratio."""
    world = World(size.items, CLASSES, DIMS)
    names = [name for name in ("hard", "soft", "triplet") if name in size.names]
    need: dict[str, np.ndarray] = {}
    per_item = np.array(size.answers, dtype=float)
    qualities = np.round(np.arange(0.3, 0.91, 0.1), 2)
    for name in names:
        signal = signals.make(name, DIMS, CLASSES)
        curve = [
            simulate(signal, world, answers=int(a) * size.items, seeds=size.seeds,
                     largest=int(per_item[-1]) * size.items).mean("spearman")
            for a in per_item
        ]  # fmt: skip
        rising = np.maximum.accumulate(curve)
        need[name] = np.exp(
            np.interp(qualities, rising, np.log(per_item), left=np.log(per_item[0]), right=np.nan)
        )
        for q, answers in zip(qualities, need[name], strict=True):
            yield "tradeoff", "answers an item", name, float(q), float(answers), None, "simulation"
    for ratio in (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0):
        for i, q in enumerate(qualities):
            cost = {n: need[n][i] * (ratio if n == "soft" else 1.0) for n in names}
            reached = {n: c for n, c in cost.items() if np.isfinite(c)}
            if reached:
                best = min(reached, key=reached.__getitem__)
                yield "tradeoff", f"wins at {q}", best, ratio, reached[best], None, "simulation"


FIGURES: dict[str, Callable[[Size], Iterator[Row]]] = {
    "bits": bits, "total": total, "recovery": recovery, "saturation": saturation,
    "shots": shots, "tradeoff": tradeoff,
}  # fmt: skip


def reproduce(
    names: list[str] | None = None,
    *,
    quick: bool = False,
    progress: Callable[[str, float], None] | None = None,
) -> pl.DataFrame:
    """The numbers of the named figures (all, if none is named).

    Raises `InputError` for an unknown figure.
    """
    chosen = names or list(FIGURES)
    for name in chosen:
        if name not in FIGURES:
            raise InputError(f"unknown figure {name!r}; expected: {', '.join(FIGURES)}")
    rows: list[Row] = []
    for i, name in enumerate(chosen):
        for row in FIGURES[name](QUICK if quick else FULL):
            rows.append(row)
            if progress:
                progress(f"{name}: {row[2]}", i / len(chosen))
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")
