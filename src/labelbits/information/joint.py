"""How many bits many answers carry together, and what one more answer adds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np

from labelbits.errors import InputError, check_at_least, check_positive
from labelbits.information import fisher, importance, patterns
from labelbits.information.answer import per_answer
from labelbits.information.bounds import answer_bound, joint_bounds
from labelbits.information.exchangeable import Result
from labelbits.information.sampling import keys
from labelbits.interface import About, Estimate, Method, Signal, World

#: How the value is computed; "auto" takes the first that applies, in this order.
How = Literal["auto", "patterns", "importance", "laplace"]


def joint(
    asks: Signal | Sequence[tuple[Signal, np.ndarray]],
    world: World,
    questions: np.ndarray | None = None,
    *,
    about: About = "geometry",
    how: How = "auto",
    standard_error: float = 0.01,
    worlds: int = 8,
    seed: int = 0,
    max_samples: int = 2_000_000,
) -> Estimate:
    """I(all answers; points) in bits, the answers independent given the points.

    `questions` (n, arity) holds the items of each question (repeats are new answers); several
    signals together are a list of (signal, questions).

    - "patterns": few questions, or noise-free ones on few items. Exact up to the spread over
      worlds; exactly log2 6 for all triplets on three items, by symmetry.
    - "importance": class signals with `about="items"`: items are independent given prototypes.
    - "laplace": anything larger, 1/2 log2 det(I + F) averaged over `worlds` drawn worlds, method
      "asymptotic", with a warning where it cannot be trusted.

    Raises `InputError` for questions that do not fit the signal or the world, and for noise-free
    signals where only Laplace is left.
    """
    pairs = _checked(asks, questions, world)
    check_positive("standard_error", standard_error)
    check_at_least("worlds", worlds, 2)
    given = all(s.uses_classes for s, _ in pairs) and (
        about == "items" or world.known_prototypes is not None
    )
    target = standard_error * math.log(2)
    method: Method = "monte-carlo"
    chosen = _choose(pairs, world, given) if how == "auto" else how
    if chosen == "patterns":
        result = _patterns(pairs, world, given, target, seed, max_samples)
        if result.standard_error < 1e-9:
            method = "exact"
    elif chosen == "importance":
        if not given or any(s.arity > 1 for s, _ in pairs):
            raise InputError("importance sampling needs class signals about='items'")
        result = _importance(pairs, world, target, seed, max_samples)
    else:
        result, method = _laplace(pairs, world, about, worlds, seed), "asymptotic"
    return _estimate(result, method, pairs, world, about)


def marginal(
    signal: Signal,
    world: World,
    answers: int,
    *,
    about: About = "geometry",
    standard_error: float = 0.01,
    worlds: int = 8,
    seed: int = 0,
) -> Estimate:
    """Bits that the last of `answers` answers adds: joint(n) - joint(n - 1), same worlds.

    Class signals about="items": the n-th answer on one item. Otherwise: `answers` random
    questions on all items, and the value is the mean over the last tenth of them.
    """
    check_at_least("answers", answers, 1)
    if answers == 1:
        return per_answer(signal, world, about=about, standard_error=standard_error, seed=seed)
    if signal.uses_classes and signal.arity == 1 and about == "items":
        rows, step = np.zeros((answers, 1), dtype=np.int64), 1
    else:
        rows, step = random_questions(signal, world, answers, seed), max(1, answers // 10)
    pairs, less = ((signal, rows),), ((signal, rows[: answers - step]),)
    given = signal.uses_classes and (about == "items" or world.known_prototypes is not None)
    if _choose(pairs, world, given) == "laplace":
        result, method = _laplace(pairs, world, about, worlds, seed, less), "asymptotic"
        nats, error, warnings = result.nats, result.standard_error, result.warnings
        samples = result.samples
    else:
        whole, before = (
            joint(asked, world, about=about, standard_error=standard_error, seed=seed)
            for asked in (pairs, less)
        )
        nats = (whole.bits - before.bits) * math.log(2)
        error = math.hypot(whole.standard_error, before.standard_error) * math.log(2)
        method, samples, warnings = whole.method, whole.samples, whole.warnings
    bound, name = answer_bound(signal, world, about)
    return Estimate(
        bits=min(max(0.0, nats / step / math.log(2)), bound),
        standard_error=error / step / math.log(2),
        method=method,
        about=about,
        upper_bound=bound,
        upper_bound_name=name,
        outcomes=signal.outcomes(world.classes),
        samples=samples,
        warnings=warnings,
    )


def random_questions(signal: Signal, world: World, answers: int, seed: int) -> np.ndarray:
    """`answers` questions (answers, arity) about different items each, drawn at random."""
    if world.items < signal.arity:
        raise InputError(
            f"{signal.name} shows {signal.arity} items; the world has only {world.items}"
        )
    generator = np.random.default_rng(seed)
    rows = generator.integers(0, world.items, (answers, signal.arity))
    while True:  # draw again where an item came twice
        ordered = np.sort(rows, axis=1)
        twice = (ordered[:, 1:] == ordered[:, :-1]).any(axis=1)
        if not twice.any():
            return rows
        rows[twice] = generator.integers(0, world.items, (int(twice.sum()), signal.arity))


def _checked(
    asks: Signal | Sequence[tuple[Signal, np.ndarray]], questions: np.ndarray | None, world: World
) -> fisher.Asks:
    if isinstance(asks, Signal):
        if questions is None:
            raise InputError("questions are missing; expected an array (n, items of a question)")
        asks = [(asks, questions)]
    pairs = []
    for signal, rows in asks:
        rows = np.asarray(rows)
        if rows.ndim != 2 or rows.shape[1] != signal.arity or not len(rows):
            raise InputError(
                f"questions of {signal.name} have shape {rows.shape}; expected (n, {signal.arity})"
            )
        if rows.dtype.kind not in "iu" or rows.min() < 0 or rows.max() >= world.items:
            raise InputError(
                f"questions of {signal.name} name items {rows.min()} to {rows.max()}; expected "
                f"whole numbers from 0 to {world.items - 1}"
            )
        pairs.append((signal, rows))
    if not pairs:
        raise InputError("no questions are given; expected at least one")
    return tuple(pairs)


def _choose(pairs: fisher.Asks, world: World, given: bool) -> How:
    if given and all(s.arity == 1 for s, _ in pairs):
        return "importance"
    signal, rows = pairs[0]
    if len(pairs) == 1 and not given and signal.questions(world.classes) == 1:
        certain = math.isinf(float(signal.precision)) and float(signal.lapse) == 0
        few = len(rows) * signal.log_outcomes(world.classes) <= math.log(patterns.ENUMERATE)
        if few or (certain and world.items <= patterns.PERMUTE and signal.width(2) == 1):
            return "patterns"
    return "laplace"


def _patterns(
    pairs: fisher.Asks, world: World, given: bool, target: float, seed: int, max_samples: int
) -> Result:
    signal, rows = pairs[0]
    if len(pairs) > 1 or given:
        raise InputError("patterns are enumerated for one signal about='geometry'")
    certain = math.isinf(float(signal.precision)) and float(signal.lapse) == 0
    if certain and world.items <= patterns.PERMUTE and not signal.uses_classes:
        return patterns.counted(signal, world, rows, target, seed, max_samples)
    if len(rows) * signal.log_outcomes(world.classes) > math.log(patterns.ENUMERATE) + 1e-9:
        raise InputError(
            f"{len(rows)} answers have too many patterns to list; expected at most "
            f"{patterns.ENUMERATE:,}"
        )
    return patterns.enumerated(signal, world, rows, target, seed, max_samples)


def _importance(
    pairs: fisher.Asks, world: World, target: float, seed: int, max_samples: int
) -> Result:
    """Sum over items; items asked alike carry alike, so each kind is computed once."""
    counts = np.stack([np.bincount(rows[:, 0], minlength=world.items) for _, rows in pairs], 1)
    kinds, repeats = np.unique(counts, axis=0, return_counts=True)
    asked = [(kind, n) for kind, n in zip(kinds, repeats, strict=True) if kind.any()]
    nats = variance = 0.0
    samples = 0
    warnings: tuple[str, ...] = ()
    total = sum(n for _, n in asked)
    for kind, n in asked:
        chosen = [(s, int(m)) for (s, _), m in zip(pairs, kind, strict=True) if m]
        one = importance.item_information(
            tuple(s for s, _ in chosen),
            tuple(m for _, m in chosen),
            world,
            target / math.sqrt(total * n),
            seed,
            min(max_samples, 200_000),
        )
        nats += n * one.nats
        variance += (n * one.standard_error) ** 2
        samples += one.samples
        warnings += one.warnings
    return Result(nats, math.sqrt(variance), samples, tuple(dict.fromkeys(warnings)))


def _laplace(
    pairs: fisher.Asks,
    world: World,
    about: str,
    worlds: int,
    seed: int,
    less: fisher.Asks | None = None,
) -> Result:
    stream = keys(seed)
    drawn = [fisher.laplace_bits(pairs, world, about, next(stream)) for _ in range(worlds)]
    if less:
        # The same worlds with fewer answers: their spread drops out of the difference.
        stream = keys(seed)
        fewer = [fisher.laplace_bits(less, world, about, next(stream)) for _ in range(worlds)]
        drawn = [(b - a, d) for (b, d), (a, _) in zip(drawn, fewer, strict=True)]
    bits = np.array([b for b, _ in drawn]) * math.log(2)
    least = float(np.mean([d for _, d in drawn]))
    warnings: tuple[str, ...] = (
        f"Laplace approximation averaged over {worlds} worlds; no bound in either direction",
    )
    if least < 1:
        warnings += (
            f"outside its valid regime: the least determined coordinate has {least:.2g} bits; "
            "expected at least 1: ask more questions of every item, or enumerate",
        )
    return Result(float(bits.mean()), float(bits.std(ddof=1) / math.sqrt(worlds)), worlds, warnings)


def _estimate(
    result: Result, method: Method, pairs: fisher.Asks, world: World, about: About
) -> Estimate:
    found = [joint_bounds(s, world, len(rows), about=about) for s, rows in pairs]
    bound = sum(b.bits for b in found)
    warnings = result.warnings
    bits = result.nats / math.log(2)
    if method == "asymptotic" and bits > bound:
        warnings += (f"above the bound of {bound:.4g} bits and cut to it",)
    log_outcomes = sum(len(rows) * s.log_outcomes(world.classes) for s, rows in pairs)
    return Estimate(
        bits=min(max(bits, 0.0), bound),
        standard_error=result.standard_error / math.log(2),
        method=method,
        about=about,
        upper_bound=bound,
        upper_bound_name=" + ".join(b.name for b in found),
        outcomes=math.exp(log_outcomes) if log_outcomes < 700 else math.inf,
        samples=result.samples,
        warnings=warnings,
    )
