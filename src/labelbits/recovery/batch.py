"""Many simulated worlds at once: draw items, ask questions, recover the items by MAP.

All worlds of one shape are one batch: answers are drawn through `Signal.sample`, the negative
log posterior

    f(z, c) = -sum_answers ln P(answer | z, c) + (|z|^2 + |c|^2) / 2

goes through `Signal.log_prob`, and one L-BFGS loop minimises it for every world. Questions come
in *rounds*, and the number of rounds is an argument of the compiled program, so that one program
serves any number of answers:

- a question about one item: a round asks about each item once;
- a question about several items: a round draws a random cycle through all items and asks about
  each run of neighbours on it. Every question is a uniformly random tuple of different items, and
  each item takes each place once a round. The gradient then needs gathers alone, no scatter.

Annotators' precision and lapse are known to the recovery. A precision above `FIT_PRECISION` is
recovered with `FIT_PRECISION`: the likelihood of noise-free answers is a step without a gradient.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray
from scipy.stats import rankdata

from labelbits.errors import InputError, check_at_least
from labelbits.interface import Signal, World
from labelbits.recovery.batch_solver import EXTRA, Minimum, minimise
from labelbits.signals.base import Categorical, is_number, replace_noise
from labelbits.signals.labels import Votes

#: The largest precision that the recovery works with.
FIT_PRECISION = 50.0
#: Questions that one step of the loop over rounds handles together, about.
STEP_QUESTIONS = 256
#: Evaluations of the objective that a batch may take.
TURNS = 350
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


class Asked(NamedTuple):
    """Questions and answers of one signal in every world.

    `cycle` (steps, seeds, step, items) and its inverse permutation `place`, or None for questions
    about one item; `answer` (steps, seeds, step, items, width). For pooled signals `answer` holds
    counts of codes (seeds, items, codes).
    """

    cycle: Any
    place: Any
    answer: Any


@jax.custom_vjp
def _permute(x: Float[Array, "n d"], cycle: Array, place: Array) -> Array:
    """x[cycle], where every row of `cycle` (r, n) permutes the items and `place` undoes it."""
    return x[cycle]


def _permute_forward(x: Array, cycle: Array, place: Array) -> tuple[Array, Array]:
    return x[cycle], place


def _permute_backward(place: Array, g: Array) -> tuple[Array, None, None]:
    # A gather by the inverse permutation replaces a scatter, which is several times slower.
    return jnp.take_along_axis(g, place[..., None], axis=1).sum(0), None, None


_permute.defvjp(_permute_forward, _permute_backward)


def _distances(signal: Signal, x: Array, prototypes: Array, cycle: Any, place: Any) -> Array:
    """Squared distances that the questions of some rounds read: (rounds, items, ...)."""
    if cycle is None:
        points = x[None, :, None, :]
    else:
        y = _permute(x, cycle, place)
        points = jnp.stack([jnp.roll(y, -j, axis=1) for j in range(signal.arity)], axis=2)
    return signal.distances(points, prototypes if signal.uses_classes else None)


def pooled_codes(signal: Signal, classes: int) -> np.ndarray | None:
    """Codes whose counts say all about many answers to one question, or None.

    Answers of a categorical signal about the same item add up to counts; so do votes.
    """
    if isinstance(signal, Votes):
        return np.eye(classes, dtype=np.int32)
    if isinstance(signal, Categorical) and signal.arity == 1:
        return signal.enumerate(classes)
    return None


def _traced(signal: Signal) -> Signal:
    """The signal with its numbers as arrays, so that one program serves every value of them.

    A lapse of exactly 0 stays a plain number: the likelihood then has a shorter form.
    """

    def leaf(x: Any) -> Any:
        return jnp.asarray(x, jnp.float32) if is_number(x) or isinstance(x, np.ndarray) else x

    traced = jax.tree.map(leaf, signal)
    if is_number(signal.lapse) and signal.lapse == 0:
        return eqx.tree_at(lambda s: s.lapse, traced, 0.0)
    return traced


@eqx.filter_jit
def _ask(
    keys: PRNGKeyArray, signal: Signal, x: Array, prototypes: Array, cycle: Any, place: Any,
    steps: Array, total: Array, labelled: Array,
) -> Asked:  # fmt: skip
    """Answers of one signal, drawn step by step; `keys` has one key a step of the buffer."""
    classes = prototypes.shape[1]
    capacity, (seeds, items) = len(keys), x.shape[:2]
    step = 1 if cycle is None else cycle.shape[2]
    codes = pooled_codes(signal, classes)

    def draw(key: PRNGKeyArray, cycle: Any, place: Any) -> Array:
        in_axes = (None, 0, 0, None if cycle is None else 0, None if cycle is None else 0)
        d2 = jax.vmap(_distances, in_axes)(signal, x, prototypes, cycle, place)
        number, question = signal.questions(classes), 0
        if number > 1:
            key, which = jax.random.split(key)
            question = jax.random.randint(which, (seeds, step, items), 0, number)
        return signal.sample(key, d2, question)

    like = jax.eval_shape(draw, keys[0], *(None if c is None else c[0] for c in (cycle, place)))
    if codes is None:
        buffer = jnp.zeros((capacity, *like.shape), like.dtype)
    else:
        buffer = jnp.zeros((seeds, items, len(codes)))

    def add(i: Array, buffer: Array) -> Array:
        answer = draw(keys[i], *(None if c is None else c[i] for c in (cycle, place)))
        if codes is None:
            return buffer.at[i].set(answer)
        item = jnp.arange(items)
        real = (item < labelled) & (i * labelled + item < total)
        if isinstance(signal, Votes):
            counts = answer[:, 0].astype(jnp.float32)
        else:
            counts = (answer[:, 0] == jnp.arange(len(codes))).astype(jnp.float32)
        return buffer + jnp.where(real[:, None], counts, 0.0)

    return Asked(cycle, place, jax.lax.fori_loop(0, steps, add, buffer))


@eqx.filter_jit
def _recover(
    start: Float[Array, "seeds points wide"],
    fixed: Float[Array, "seeds classes dims"] | None,
    dims: int,
    items: int,
    signals: tuple[Signal, ...],
    asked: tuple[Asked, ...],
    steps: tuple[Array, ...],
    totals: tuple[Array, ...],
    labelled: tuple[Array, ...],
    turns: Array,
) -> Minimum:
    """MAP positions of items and prototypes (`fixed` where they are known) of every world."""

    def split(x: Array, c: Array | None) -> tuple[Array, Array]:
        return x[:items], x[items:] if c is None else c

    def pooled(x: Array, c: Any, signal: Signal, counts: Array) -> Array:
        z, c = split(x, c)
        d2 = signal.distances(z[:, None, :], c)
        if isinstance(signal, Votes):
            log_p = jnp.maximum(signal.log_vote(d2), math.log(1e-30))
        else:
            log_p = signal.log_prob_all(d2, jnp.asarray(signal.enumerate(c.shape[0])))
        return -jnp.sum(counts * log_p)

    def one_step(
        x: Array, c: Any, signal: Signal, i: Array, here: Asked, total: Array, size: Array
    ) -> Array:
        """-ln likelihood of one step of rounds in one world."""
        z, c = split(x, c)
        log_p = signal.log_prob(here.answer, _distances(signal, z, c, here.cycle, here.place))
        item, round_number = jnp.arange(items), i * log_p.shape[0] + jnp.arange(log_p.shape[0])
        real = (item < size) & (round_number[:, None] * size + item < total)
        return -jnp.sum(jnp.where(real, log_p, 0.0))

    fitted = [replace_noise(s, jnp.minimum(s.precision, FIT_PRECISION), s.lapse) for s in signals]

    def value_and_grad(x: Array) -> tuple[Array, Array]:
        sums = jnp.zeros(len(x)), jnp.zeros_like(x)
        in_axes = (0, None if fixed is None else 0, None)
        for signal, answers, count, total, size in zip(
            fitted, asked, steps, totals, labelled, strict=True
        ):
            if (
                answers.answer.ndim == 3
                and pooled_codes(signal, answers.answer.shape[-1]) is not None
            ):
                f, g = jax.vmap(jax.value_and_grad(pooled), (*in_axes, 0))(
                    x, fixed, signal, answers.answer
                )
                sums = sums[0] + f, sums[1] + g
                continue

            def add(
                i: Array, sums: tuple[Array, Array], signal: Signal = signal,
                answers: Asked = answers, total: Array = total, size: Array = size,
            ) -> tuple[Array, Array]:  # fmt: skip
                here = jax.tree.map(lambda b: b[i], answers)
                f, g = jax.vmap(jax.value_and_grad(one_step), (*in_axes, None, 0, None, None))(
                    x, fixed, signal, i, here, total, size
                )
                return sums[0] + f, sums[1] + g

            sums = jax.lax.fori_loop(0, count, add, sums)
        return sums

    return minimise(value_and_grad, start, dims, turns=turns)


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
            _ask(
                jax.random.split(key, capacity), _traced(signal), items, prototypes,
                cycle, place, count, jnp.asarray(total), jnp.asarray(size),
            )
        )  # fmt: skip
        steps.append(count)
    points = world.items + (world.classes if uses_classes and not known else 0)
    wide = world.dims if known or points < world.dims + EXTRA else world.dims + EXTRA
    start = jax.random.normal(start_key, (seeds, points, wide))
    end = _recover(
        start, prototypes if known else None, world.dims, world.items,
        tuple(_traced(s) for s in signals), tuple(asked), tuple(steps),
        tuple(jnp.asarray(a) for a in answers), tuple(jnp.asarray(m) for m in sizes),
        jnp.asarray(turns),
    )  # fmt: skip
    x = np.asarray(end.x)
    return Recovered(
        np.asarray(items), np.asarray(prototypes), x[:, : world.items],
        np.asarray(prototypes) if known else x[:, world.items :],
        np.asarray(end.value), np.asarray(end.converged), int(end.turns),
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
