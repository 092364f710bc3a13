"""Many simulated worlds at once: draw items, ask questions, recover the items by MAP.

All worlds of one shape are one batch: answers are drawn through `Signal.sample`, the negative
log posterior

    f(z, c) = -sum_answers ln P(answer | z, c) + (|z|^2 + |c|^2) / 2

goes through `Signal.log_prob` (or through the statistic of `pooling`, the same likelihood), and
one L-BFGS loop minimises it for every world. Annotators' precision and lapse are known to the
recovery. A precision above `FIT_PRECISION` is recovered with `FIT_PRECISION`: the likelihood of
noise-free answers is a step without a gradient.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from scipy.stats import rankdata

from labelbits.errors import InputError, check_at_least
from labelbits.interface import Signal, World
from labelbits.signals.base import traced
from labelbits.simulation.objective import EARLY_LAPSE, recover
from labelbits.simulation.objective import FIT_PRECISION as FIT_PRECISION
from labelbits.simulation.rounds import ask
from labelbits.simulation.solver import EXTRA, Minimum
from labelbits.worlds import normal_draws

#: Questions that one step of the loop over rounds handles together, about.
STEP_QUESTIONS = 256
#: Evaluations of the objective that a batch may take.
TURNS = 350
#: Coordinates below which all points of a world count as one.
COLLAPSED = 1e-2
#: Pairs of items whose distances are compared, at most.
PAIRS = 5000


@dataclass(frozen=True)
class Simulation:
    """What came out of a batch of simulated worlds.

    `values` maps each metric to its value in every world, shape (seeds,); `answers` counts the
    answers of each signal; `seconds` is the time that the batch took; `converged` is the share of
    worlds whose solver met its tolerance; `turns` counts its evaluations.
    """

    values: Mapping[str, np.ndarray]
    answers: tuple[int, ...]
    seconds: float
    converged: float
    turns: int

    def mean(self, metric: str) -> float:
        """Mean of the metric over the worlds."""
        return float(np.mean(self.values[metric]))

    def standard_error(self, metric: str) -> float:
        """Standard error of that mean; infinite for one world."""
        x = self.values[metric]
        return float(np.std(x, ddof=1) / math.sqrt(len(x))) if len(x) > 1 else math.inf


@dataclass(frozen=True)
class Recovered:
    """Positions of a batch: truth and MAP estimate, (seeds, items, dims) and (seeds, K, dims)."""

    items: np.ndarray
    prototypes: np.ndarray
    estimated_items: np.ndarray
    estimated_prototypes: np.ndarray
    value: np.ndarray
    converged: np.ndarray
    turns: int


def _capacity(steps: int) -> int:
    """Steps of a buffer: a power of four, so that few programs serve all numbers of answers."""
    return max(8, 4 ** math.ceil(math.log(max(steps, 1), 4) - 1e-9))


def recover_batch(
    signals: Sequence[Signal],
    world: World,
    *,
    answers: Sequence[int],
    labelled: Sequence[int] | None = None,
    seeds: int = 20,
    seed: int = 0,
    largest: Sequence[int] | None = None,
    turns: int = TURNS,
) -> Recovered:
    """Draw `seeds` worlds, `answers[i]` answers to signal i in each, and recover the items.

    Arguments as in `simulate`.
    """
    sizes = [world.items] * len(signals) if labelled is None else [int(m) for m in labelled]
    _check(signals, world, answers, sizes, seeds)
    numbers = np.random.default_rng(np.random.SeedSequence([0x1ABE1, seed]))
    world_key = jax.random.key(seed)
    item_key, class_key, start_key, *signal_keys = jax.random.split(world_key, 3 + len(signals))
    items = world.sample_items(item_key, (seeds, world.items))
    prototypes = world.sample_prototypes(class_key, (seeds,))
    uses_classes = any(signal.uses_classes for signal in signals)
    known = uses_classes and world.known_prototypes is not None
    asked, steps = [], []
    for signal, key, total, size, most in zip(
        signals, signal_keys, answers, sizes, largest or answers, strict=True
    ):
        step = 1 if signal.arity == 1 else max(1, round(STEP_QUESTIONS / world.items))
        used = -(-total // (size * step))
        capacity = _capacity(-(-max(most, total) // (size * step)))
        cycle = place = None
        if signal.arity > 1:
            shape = (capacity, seeds, step, world.items)
            cycle = np.broadcast_to(np.arange(world.items, dtype=np.int32), shape).copy()
            cycle[:used] = numbers.permuted(cycle[:used], axis=-1)
            place = cycle.copy()
            place[:used] = np.argsort(cycle[:used], axis=-1)
        count = jnp.asarray(used, jnp.int32)
        asked.append(
            ask(
                jax.random.split(key, capacity), traced(signal), items, prototypes,
                cycle, place, count, jnp.asarray(total), jnp.asarray(size),
            )
        )  # fmt: skip
        steps.append(count)
    points = world.items + (world.classes if uses_classes and not known else 0)
    wide = world.dims if known or points < world.dims + EXTRA else world.dims + EXTRA

    start = normal_draws(start_key, (seeds, points, wide))

    def solve(early_lapse: float) -> Minimum:
        return recover(
            start, prototypes if known else None, world.dims, world.items,
            tuple(traced(s) for s in signals), tuple(asked), tuple(steps),
            tuple(jnp.asarray(a) for a in answers), tuple(jnp.asarray(m) for m in sizes),
            jnp.asarray(turns), jnp.asarray(early_lapse),
        )  # fmt: skip

    end = solve(EARLY_LAPSE)
    x, value, converged = (np.array(part) for part in (end.x, end.value, end.converged))
    lost = np.abs(x).max((1, 2)) < COLLAPSED
    if lost.any():
        # Answers at random can pull all points to the origin, which is stationary whatever was
        # answered, while they are taken at their word.
        again = solve(1.0)
        better = lost & (np.asarray(again.value) < value)
        for kept, new in ((x, again.x), (value, again.value), (converged, again.converged)):
            kept[better] = np.asarray(new)[better]
    return Recovered(
        np.asarray(items), np.asarray(prototypes), x[:, : world.items],
        np.asarray(prototypes) if known else x[:, world.items :], value, converged, int(end.turns),
    )  # fmt: skip


def _check(
    signals: Sequence[Signal], world: World, answers: Sequence[int], sizes: Sequence[int],
    seeds: int,
) -> None:  # fmt: skip
    if not signals or len(answers) != len(signals) or len(sizes) != len(signals):
        raise InputError(
            f"there are {len(signals)} signals, {len(answers)} numbers of answers and "
            f"{len(sizes)} of labelled items; expected one of each for every signal"
        )
    check_at_least("seeds", seeds, 1)
    for signal, total, size in zip(signals, answers, sizes, strict=True):
        check_at_least(f"answers of {signal.name}", total, 0)
        if signal.arity > world.items:
            raise InputError(
                f"{signal.name} shows {signal.arity} items and the world has {world.items}; "
                "expected at least as many items"
            )
        if not 1 <= size <= world.items or (signal.arity > 1 and size != world.items):
            raise InputError(
                f"labelled items of {signal.name} are {size}; expected from 1 to {world.items} "
                "(all of them for questions that compare items)"
            )


def simulate(
    signals: Signal | Sequence[Signal],
    world: World,
    *,
    answers: int | Sequence[int],
    labelled: int | Sequence[int] | None = None,
    seeds: int = 20,
    metrics: Sequence[str] = ("spearman",),
    seed: int = 0,
    largest: int | Sequence[int] | None = None,
) -> Simulation:
    """Quality of the MAP estimate of the items after this many answers, in simulated worlds.

    `signals` carry their own precision and lapse, which the recovery knows. `answers` is the
    number of answers to each signal: questions about one item go round the first `labelled` items
    (all, if left out), so that answers per item are answers / labelled; questions that compare
    items are about random items. `largest` is the largest number of answers that will be asked
    for in later calls: with the same `largest`, signals' names and options, world sizes and seeds,
    all calls share one compiled program, whatever the answers, precisions and lapses above 0.
    Class prototypes are recovered too, unless the world knows them.

    Metrics: "spearman" of the distances between items (at most `PAIRS` pairs, the same in every
    world), "procrustes" disparity (0 is perfect). Returns one value a world, (seeds,).

    Raises `InputError` for sizes that do not fit and for unknown metrics.
    """
    begun = time.perf_counter()
    one = isinstance(signals, Signal)
    signals = [signals] if isinstance(signals, Signal) else list(signals)

    def each(value: Any) -> list[int] | None:
        if value is None:
            return None
        if one or isinstance(value, int):
            value = [value] * len(signals) if np.ndim(value) == 0 else value
        return [int(v) for v in value]

    for metric in metrics:
        if metric not in METRICS:
            raise InputError(f"unknown metric {metric!r}; expected one of: {', '.join(METRICS)}")
    counts = each(answers) or []
    found = recover_batch(
        signals, world, answers=counts, labelled=each(labelled), seeds=seeds, seed=seed,
        largest=each(largest),
    )  # fmt: skip
    values = {metric: METRICS[metric](found) for metric in metrics}
    return Simulation(
        values, tuple(counts), time.perf_counter() - begun, float(found.converged.mean()),
        found.turns,
    )  # fmt: skip


def some_pairs(items: int) -> tuple[np.ndarray, np.ndarray]:
    """All pairs of items, or `PAIRS` random ones (always the same) where there are more."""
    if items * (items - 1) // 2 <= PAIRS:
        return np.triu_indices(items, 1)
    generator = np.random.default_rng(0)
    a = generator.integers(0, items, PAIRS)
    return a, (a + generator.integers(1, items, PAIRS)) % items


def _spearman(found: Recovered) -> np.ndarray:
    a, b = some_pairs(found.items.shape[1])

    def ranks(x: np.ndarray) -> np.ndarray:
        d2 = np.sum((x[:, a] - x[:, b]) ** 2, axis=-1)
        ranked = rankdata(d2, axis=1)
        centred = ranked - ranked.mean(1, keepdims=True)
        size = np.sqrt(np.sum(centred**2, axis=1, keepdims=True))
        # Estimates that are all alike say nothing: their correlation counts as 0.
        return centred / np.where(size > 0, size, 1.0)

    return np.sum(ranks(found.items) * ranks(found.estimated_items), axis=1)


def _procrustes(found: Recovered) -> np.ndarray:
    """|s z_hat R + t - z|^2 / |z - mean|^2 at the best rotation R, shift t and scale s."""
    x = found.estimated_items - found.estimated_items.mean(1, keepdims=True)
    y = found.items - found.items.mean(1, keepdims=True)
    singular = np.linalg.svd(np.einsum("sni,snj->sij", x, y), compute_uv=False).sum(-1)
    power = np.sum(x**2, axis=(1, 2)) * np.sum(y**2, axis=(1, 2))
    return 1 - singular**2 / np.where(power > 0, power, np.inf)


#: Metric -> function of a batch that gives one value a world.
METRICS: dict[str, Callable[[Recovered], np.ndarray]] = {
    "spearman": _spearman,
    "procrustes": _procrustes,
}
