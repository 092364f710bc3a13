"""How many bits many answers carry together, and what one more answer adds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np

from labelbits.errors import InputError, check_at_least, check_positive
from labelbits.information import fisher, importance, patterns
from labelbits.information.answer import per_answer
from labelbits.information.bounds import answer_bound, check_possible, joint_bounds
from labelbits.information.exchangeable import Result
from labelbits.information.sampling import keys, unit_spread
from labelbits.interface import About, Estimate, Method, Signal, World

#: Draws after which a sampled value stops, its error met or not.
MOST = 2_000_000
#: Items of each question (n, arity).
Questions = np.ndarray | Sequence[Sequence[int]]
#: Seed of the random questions that a marginal value is about: one value, whatever the draws.
QUESTIONS = 0
#: How the value is computed; "auto" takes the first that applies, in this order.
How = Literal["auto", "patterns", "importance", "laplace"]


def joint(
    asks: Signal | Sequence[tuple[Signal, Questions]],
    world: World,
    questions: Questions | None = None,
    *,
    about: About = "geometry",
    how: How = "auto",
    standard_error: float = 0.01,
    worlds: int = 8,
    seed: int = 0,
    max_samples: int = MOST,
) -> Estimate:
    """I(all answers; points) in bits, the answers independent given the points.

    `questions` (n, arity) holds the items of each question; several signals together are a list
    of (signal, questions). A question that is repeated is answered anew, except by a noise-free
    annotator, who says the same again: those repeats carry nothing and are left out. Of a signal
    that asks several questions about an item (`verify`), repeats ask them in turn.

    - "patterns": few questions, or noise-free ones of one signal on few items. Exact up to the
      spread over worlds; exactly log2 6 for all triplets on three items, by symmetry.
    - "importance": class signals with `about="items"`: items are independent given prototypes.
    - "laplace": anything larger, 1/2 log2 det(I + F) averaged over `worlds` drawn worlds, method
      "asymptotic", with a warning where it cannot be trusted.

    Raises `InputError` for questions that do not fit the signal or the world, and for noise-free
    signals where only Laplace is left.
    """
    pairs = _checked(asks, questions, world)
    check_positive("standard_error", standard_error)
    check_at_least("worlds", worlds, 2)
    known = [_given(s, world, about) for s, _ in pairs]
    given = all(known)
    target = standard_error * math.log(2)
    method: Method = "monte-carlo"
    chosen = _choose(pairs, world, known) if how == "auto" else how
    if chosen == "patterns":
        result = _patterns(pairs, world, any(known), target, seed, max_samples)
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
    questions on all items, the same for every seed, and the value is the mean over the last tenth
    of them. Where answers are few it depends on which questions come together.
    """
    check_at_least("answers", answers, 1)
    if answers == 1:
        return per_answer(signal, world, about=about, standard_error=standard_error, seed=seed)
    if signal.uses_classes and signal.arity == 1 and about == "items":
        rows, step = np.zeros((answers, 1), dtype=np.int64), 1
    else:
        rows, step = random_questions(signal, world, answers, QUESTIONS), max(1, answers // 10)
    pairs, less = _checked(signal, rows, world), _checked(signal, rows[: answers - step], world)
    target, method = standard_error * step, "monte-carlo"
    chosen = _choose(pairs, world, [_given(signal, world, about)])
    if len(pairs[0][1]) == len(less[0][1]):
        # A noise-free annotator who is asked again says the same.
        result, method = Result(0.0, 0.0, 0), "exact"
    elif chosen == "laplace":
        result, method = _laplace(pairs, world, about, worlds, seed, less), "asymptotic"
    elif chosen == "importance":
        result = _importance(pairs, world, target * math.log(2), seed, MOST, less)
    else:
        whole, before = (
            joint(asked, world, about=about, standard_error=target / math.sqrt(2), seed=one)
            for asked, one in ((pairs, seed), (less, _other(seed, 1)))
        )
        method = whole.method
        result = Result(
            (whole.bits - before.bits) * math.log(2),
            math.hypot(whole.standard_error, before.standard_error) * math.log(2),
            whole.samples,
            whole.warnings,
        )
    nats, error, samples, warnings = (
        result.nats, result.standard_error, result.samples, result.warnings
    )  # fmt: skip
    bound, name = answer_bound(signal, world, about)
    bits, error = nats / step / math.log(2), error / step / math.log(2)
    if method == "asymptotic":
        bits, warnings = _cut(bits, bound, warnings)
    check_possible(bits, error, bound, "bits of one more answer", signal, world)
    return Estimate(
        bits=bits,
        standard_error=error,
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
    asks: Signal | Sequence[tuple[Signal, Questions]], questions: Questions | None, world: World
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
        pairs.append((signal, _without_repeats(signal, rows, world)))
    if not pairs:
        raise InputError("no questions are given; expected at least one")
    return tuple(pairs)


def _without_repeats(signal: Signal, rows: np.ndarray, world: World) -> np.ndarray:
    """The questions that a noise-free annotator has not answered before."""
    if not _certain(signal):
        return rows
    kinds = signal.questions(world.classes)
    seen: dict[tuple[int, ...], int] = {}
    kept = []
    for i, row in enumerate(map(tuple, rows.tolist())):
        seen[row] = seen.get(row, 0) + 1
        if seen[row] <= kinds:
            kept.append(i)
    return rows[kept]


def _other(seed: int, number: int) -> int:
    """Another seed for the `number`-th of several independent draws."""
    return int(np.random.SeedSequence([seed, number]).generate_state(1)[0] % 2**31)


def _given(signal: Signal, world: World, about: About) -> bool:
    """Are the prototypes that the signal asks about known?"""
    return signal.uses_classes and (about == "items" or world.known_prototypes is not None)


def _choose(pairs: fisher.Asks, world: World, known: Sequence[bool]) -> How:
    if all(known) and all(s.arity == 1 for s, _ in pairs):
        return "importance"
    if any(known) or any(s.questions(world.classes) != 1 for s, _ in pairs):
        return "laplace"
    signal, _ = pairs[0]
    few = _log_patterns(pairs, world) <= math.log(patterns.ENUMERATE)
    counted = len(pairs) == 1 and _certain(signal) and world.items <= patterns.PERMUTE
    return "patterns" if few or (counted and signal.width(2) == 1) else "laplace"


def _certain(signal: Signal) -> bool:
    return math.isinf(float(signal.precision)) and float(signal.lapse) == 0


def _log_patterns(pairs: fisher.Asks, world: World) -> float:
    """ln of the number of patterns of answers."""
    return sum(len(rows) * s.log_outcomes(world.classes) for s, rows in pairs)


def _patterns(
    pairs: fisher.Asks, world: World, given: bool, target: float, seed: int, max_samples: int
) -> Result:
    if given:
        raise InputError("patterns are enumerated about='geometry'")
    signal, rows = pairs[0]
    small = len(pairs) == 1 and world.items <= patterns.PERMUTE
    if small and _certain(signal) and not signal.uses_classes:
        return patterns.counted(signal, world, rows, target, seed, max_samples)
    if _log_patterns(pairs, world) > math.log(patterns.ENUMERATE) + 1e-9:
        number = sum(len(rows) for _, rows in pairs)
        raise InputError(
            f"{number} answers have too many patterns to list; expected at most "
            f"{patterns.ENUMERATE:,}"
        )
    return patterns.enumerated(pairs, world, target, seed, max_samples)


def _importance(
    pairs: fisher.Asks,
    world: World,
    target: float,
    seed: int,
    max_samples: int,
    less: fisher.Asks | None = None,
) -> Result:
    """Sum over items; items asked alike carry alike, so each kind is computed once, each from
    draws of its own. `less`: what the answers beyond those add."""

    def counted(asks: fisher.Asks) -> np.ndarray:
        return np.stack([np.bincount(rows[:, 0], minlength=world.items) for _, rows in asks], 1)

    after = counted(pairs)
    before = np.zeros_like(after) if less is None else counted(less)
    kinds, repeats = np.unique(np.stack([after, before], 1), axis=0, return_counts=True)
    asked = [(k, n) for k, n in zip(kinds, repeats, strict=True) if (k[0] > k[1]).any()]
    nats = variance = 0.0
    samples = 0
    warnings: tuple[str, ...] = ()
    total = sum(n for _, n in asked)
    for i, ((kind, fewer), n) in enumerate(asked):
        used = [j for j, m in enumerate(kind) if m]
        one = importance.item_information(
            tuple(pairs[j][0] for j in used),
            tuple(int(kind[j]) for j in used),
            world,
            target / math.sqrt(total * n),
            _other(seed, i) if i else seed,
            min(max_samples, 200_000),
            tuple(int(fewer[j]) for j in used) if fewer.any() else None,
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
    error = unit_spread(float(bits.std(ddof=1) / math.sqrt(worlds)), worlds)
    return Result(float(bits.mean()), error, worlds, warnings)


def _cut(bits: float, bound: float, warnings: tuple[str, ...]) -> tuple[float, tuple[str, ...]]:
    """An approximation may lie anywhere; where it lies above the bound, the bound is said."""
    if bits <= bound:
        return bits, warnings
    return bound, (*warnings, f"above the bound of {bound:.4g} bits and cut to it")


def _estimate(
    result: Result, method: Method, pairs: fisher.Asks, world: World, about: About
) -> Estimate:
    found = [joint_bounds(s, world, len(rows), about=about) for s, rows in pairs]
    bound = sum(b.bits for b in found)
    warnings = result.warnings
    bits = result.nats / math.log(2)
    error = result.standard_error / math.log(2)
    if method == "asymptotic":
        bits, warnings = _cut(bits, bound, warnings)
    check_possible(bits, error, bound, "joint bits", pairs[0][0], world)
    log_outcomes = _log_patterns(pairs, world)
    return Estimate(
        bits=bits,
        standard_error=error,
        method=method,
        about=about,
        upper_bound=bound,
        upper_bound_name=" + ".join(b.name for b in found),
        outcomes=math.exp(log_outcomes) if log_outcomes < 700 else math.inf,
        samples=result.samples,
        warnings=warnings,
    )
