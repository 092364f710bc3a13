"""What the pilot's own answers measure: quality by number of answers, on answers never fitted."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from labelbits.errors import InputError
from labelbits.interface import Batch, Z
from labelbits.planning.comparisons.dimensions import OWN, Richness, moved, richer, weighed
from labelbits.planning.comparisons.held import Held, Source
from labelbits.planning.comparisons.others import other_questions
from labelbits.planning.comparisons.smoothed import Smoothed, smoothed
from labelbits.planning.comparisons.twins import table_of
from labelbits.recovery import SignalEmbedding, agreement, shots
from labelbits.recovery.held_out import nested_subsets, predict, splits
from labelbits.recovery.held_out.halves import HALVED, half_of
from labelbits.recovery.held_out.predictions import Learn, joined
from labelbits.recovery.metrics import Score, spearman

#: Folds of questions, and those in which smaller parts than the whole are fitted too.
FOLDS, SMALLER = 5, 3
#: Halvings below the largest size that is measured.
HALVINGS = 2
#: The correlation of two spaces of which one holds all items in one place.
NOTHING_KNOWN = Score(0.0, 0.0, 0.5)
#: Answers of a part below which nothing is fitted.
LEAST = 25


@dataclass(frozen=True)
class Part:
    """Rows of the source that were `fitted` (smallest first), rows `tested`, and the fits; `richer`
    are fits of the most rows in more dimensions. `unlabelled` (items,) is true for the items whose
    class no fitted row tells, where rows are about classes; else None. `others` are the questions
    that its quality is about, where those are not the tested ones alone."""

    fitted: list[np.ndarray]
    tested: np.ndarray
    spaces: list[Any]
    richer: tuple[SignalEmbedding, ...] = ()
    unlabelled: np.ndarray | None = None
    others: Sequence[Batch] = ()


@dataclass(frozen=True)
class Measured:
    """Quality of spaces learned from one source alone, by number of answers.

    `sizes` (S,) rising, `values` (S,), `errors` (S,) standard errors; `rise` from the last but one
    size to the last where both were fitted on the same rows, `rise_error` its standard error.
    `parts` hold the fits behind the last sizes, `richness` what was found of their dimensions and
    of more of them. `smooth` is the value at the last size with less luck, where that is known.
    """

    source: Source
    sizes: np.ndarray
    values: np.ndarray
    errors: np.ndarray
    rise: float
    rise_error: float
    parts: list[Part]
    richness: tuple[Richness, ...] = OWN
    smooth: Smoothed | None = None

    @property
    def base(self) -> int:
        """Answers of the largest fits that were measured."""
        return int(self.sizes[-1])

    @property
    def value(self) -> float:
        return float(self.values[-1])

    @property
    def error(self) -> float:
        return float(self.errors[-1])

    @property
    def begin(self) -> tuple[float, float]:
        """(value, standard error) that a forecast begins at."""
        if self.smooth is None:
            return self.value, self.error
        return self.smooth.value, max(self.smooth.error, 1e-4)


def measured(
    held: Held, source: Source, metric: str, learn: Learn, labels: int, seed: int,
    tell: Callable[[float], None], beside: Measured | None = None,
) -> Measured:  # fmt: skip
    """The curve of one source. Agreement: folds of questions, all tested rows of the fold.
    Alignment: two disjoint halves. Shots: the classes of items of which no fitted answer tells the
    class: all items where comparisons are fitted, a third of them at a time where labels are.
    `beside` is the same as the linear learner measured it, where `learn` is another one."""
    from labelbits.planning.comparisons.goals import goal_of  # it lists what stands here

    return goal_of(metric).measured(held, source, learn, labels, seed, tell, beside)


def _sizes(most: int) -> list[int]:
    return [s for s in (most // 2**k for k in range(HALVINGS, -1, -1)) if s >= min(LEAST, most)]


def _subsets(held: Held, rows: np.ndarray, seed: int) -> list[np.ndarray]:
    return nested_subsets(rows, held.question, _sizes(len(rows)), np.random.default_rng(seed))


def _error(score: Score) -> float:
    return (score.high - score.low) / (2 * Z)


def measured_agreement(
    held: Held, source: Source, learn: Learn, labels: int, seed: int,
    tell: Callable[[float], None], beside: Measured | None = None,
) -> Measured:  # fmt: skip
    own = np.zeros(len(held), dtype=bool)
    own[held.rows(source)] = True
    tested_at = np.zeros(len(held), dtype=bool)
    tested_at[held.tested] = True
    right: list[np.ndarray] = []
    parts, last, untested = [], [], []
    others = other_questions(held, held.tested, seed)
    asked_of_none = table_of(held, others) if others else None
    every = splits(held.answers, FOLDS, "question", seed)
    for number, (fit, test) in enumerate(every):
        rows, asked = fit[own[fit]], test[tested_at[test]]
        subsets = _subsets(held, rows, seed + number)
        if number >= SMALLER:
            subsets = subsets[-1:]
        spaces = [learn(held.part(one)) for one in subsets]
        found = np.full((HALVINGS + 1, len(held)), math.nan)
        for place, space in enumerate(reversed(spaces)):
            told = predict(space, held.part(asked), held.question[asked])
            found[place, asked[told.row]] = told.right
            if place == 0:
                last.append(told)
                if asked_of_none is not None:
                    untested.append(predict(space, asked_of_none))
        right.append(found)
        parts.append(Part(subsets, asked, spaces, richer(held, subsets[-1], learn, number)))
        tell((number + 1) / FOLDS)
    tested = [(part.spaces[-1], part.richer, part.tested) for part in parts]
    richness = weighed(held, tested)
    # Every row is tested in one fold.
    table = right[0]
    for more in right[1:]:
        table = np.where(np.isfinite(more), more, table)
    curve = _curve(held, source, table, parts, seed)
    smooth = smoothed(joined(last), joined(untested) if untested else None)
    if smooth is not None and smooth.others:
        parts = [replace(part, others=others) for part in parts]
    return replace(curve, parts=parts, richness=richness, smooth=smooth)


def _curve(held: Held, source: Source, table: np.ndarray, parts: list[Part], seed: int) -> Measured:
    """From 1 and 0 of every tested row (NaN elsewhere), largest size first."""
    levels = len(parts[0].fitted)
    sizes, values, errors = [], [], []
    for place in range(levels):
        known = np.flatnonzero(np.isfinite(table[place]))
        score = _by_question(table[place, known], held.question[known], seed)
        at = [len(p.fitted[-1 - place]) for p in parts if len(p.fitted) > place]
        sizes.append(float(np.mean(at)))
        values.append(float(score))
        errors.append(max(_error(score), 1e-4))
    rise, rise_error = 0.0, math.inf
    if levels > 1:
        both = np.flatnonzero(np.isfinite(table[0]) & np.isfinite(table[1]))
        score = _by_question(table[0, both] - table[1, both], held.question[both], seed)
        rise, rise_error = float(score), max(_error(score), 1e-4)
    order = np.argsort(sizes)
    return Measured(
        source, np.array(sizes)[order], np.array(values)[order], np.array(errors)[order], rise,
        rise_error, parts,
    )  # fmt: skip


def _by_question(values: np.ndarray, question: np.ndarray, seed: int) -> Score:
    from labelbits.recovery.held_out import Predictions

    none = np.full(len(values), math.nan)
    return agreement(Predictions(np.arange(len(values)), question, values, none, none, none), seed)


def measured_alignment(
    held: Held, source: Source, learn: Learn, labels: int, seed: int,
    tell: Callable[[float], None], beside: Measured | None = None,
) -> Measured:  # fmt: skip
    rows = held.rows(source)
    halving, *again = (
        [_subsets(held, half, seed + 2 * number + k) for k, half in enumerate(halves)]
        for number, halves in enumerate(_halves(rows, held.question[rows], seed))
    )
    # Halves of the questions may hold answers that double more often in one: sizes go in pairs.
    levels = min(len(subsets) for one in (halving, *again) for subsets in one)
    parts = []
    for number, every in enumerate(halving):
        subsets = every[-levels:]
        spaces = [learn(held.part(one)) for one in subsets]
        more = richer(held, subsets[-1], learn, number)
        parts.append(Part(subsets, np.zeros(0, int), spaces, more))
        tell((number + 1) / (2 + len(again)))
    if beside is not None:
        return _aligned_beside(source, parts, beside, seed)
    own = _alignments([part.spaces for part in parts], seed)
    found = [own]
    for number, nested in enumerate(again):
        spaces = [[learn(held.part(one)) for one in every[-levels:][-2:]] for every in nested]
        found.append(_alignments(spaces, seed))
        tell((number + 3) / (2 + len(again)))
    values, errors = _over_halvings(found)
    sizes = np.array([float(len(one)) for one in parts[0].fitted])
    rise = float(values[-1] - values[-2]) if len(values) > 1 else 0.0
    error = math.hypot(errors[-1], errors[-2]) if len(values) > 1 else math.inf
    richness = _richness(held, parts, rows, float(own[0][-1]), errors[-1])
    return Measured(source, sizes, values, errors, rise, error, parts, richness)


def _halves(
    rows: np.ndarray, question: np.ndarray, seed: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The two halves of each halving."""
    for number in range(HALVED):
        first = half_of(question, seed, number)
        yield rows[first], rows[~first]


def _alignments(spaces: Sequence[Sequence[Any]], seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(alignment, its standard error) of two halves' spaces at each size, smallest first."""
    found = [
        spearman(np.asarray(a.embedding_), np.asarray(b.embedding_), bootstrap=100, seed=seed)
        for a, b in zip(*spaces, strict=True)
    ]
    # A fit that puts all items in one place says nothing of distances: no correlation.
    found = [r if math.isfinite(r) and math.isfinite(r.high) else NOTHING_KNOWN for r in found]
    # The root of a correlation r has the error of r over 2 sqrt(r); near 0 that of sqrt itself.
    values = np.array([math.sqrt(max(float(r), 0.0)) for r in found])
    errors = np.array([_error(r) / (2 * max(v, 0.2)) for r, v in zip(found, values, strict=True)])
    return values, errors


def _over_halvings(
    found: Sequence[tuple[np.ndarray, np.ndarray]],
) -> tuple[np.ndarray, np.ndarray]:
    """Mean alignment at each size and its standard error: by the items, and by which answers are
    in which half, where a size was measured in several halvings."""
    first, spread = found[0]
    values, errors = first.copy(), spread.copy()
    for back in range(1, min((len(one) for one, _ in found[1:]), default=0) + 1):
        here = np.array([one[-back] for one, _ in found])
        items = float(np.mean([error[-back] for _, error in found]))
        values[-back] = here.mean()
        errors[-back] = math.hypot(items, here.std(ddof=1) / math.sqrt(len(here)))
    return values, errors


def _richness(
    held: Held, parts: list[Part], rows: np.ndarray, value: float, error: float
) -> tuple[Richness, ...]:  # fmt: skip
    """Weights by how well each half foretells the other; shifts in alignment itself."""
    others = [np.setdiff1d(rows, part.fitted[-1]) for part in parts]
    tested = [
        (part.spaces[-1], part.richer, other) for part, other in zip(parts, others, strict=True)
    ]
    found = list(weighed(held, tested))
    pairs = zip(parts[0].richer, parts[1].richer, strict=False)
    for place, (a, b) in enumerate(pairs, start=1):
        if place < len(found):
            r = float(spearman(np.asarray(a.embedding_), np.asarray(b.embedding_)))
            shift = math.sqrt(max(r, 0.0)) - value if math.isfinite(r) else -value
            found[place] = Richness(found[place].weight, *moved(shift, error))
    return tuple(found)


def _aligned_beside(source: Source, parts: list[Part], beside: Measured, seed: int) -> Measured:
    """Alignment of spaces that are made of features alone, with the linear learner's as yardstick.

    Two of them share what features cannot tell, so that their correlation with each other would
    count it as truth. Each is held against the linear learner's space of the other half instead,
    whose items have parts of their own: r = a b, where b = sqrt of the correlation of the linear
    learner's two spaces (Spearman's correction for attenuation, 1904).
    """
    last = [part.spaces[-1].embedding_ for part in beside.parts]
    known = spearman(np.asarray(last[0]), np.asarray(last[1]), bootstrap=100, seed=seed)
    if not (math.isfinite(known) and math.isfinite(known.high)) or known <= 0:
        known = NOTHING_KNOWN
    b = max(math.sqrt(float(known)), 0.2)
    values, errors = [], []
    for level in range(len(parts[0].spaces)):
        pairs = [
            spearman(np.asarray(part.spaces[level].embedding_), np.asarray(other), bootstrap=100,
                     seed=seed)
            for part, other in zip(parts, reversed(last), strict=True)
        ]  # fmt: skip
        pairs = [r if math.isfinite(r) and math.isfinite(r.high) else NOTHING_KNOWN for r in pairs]
        values.append(float(np.clip(np.mean([float(r) for r in pairs]) / b, 0, 1)))
        # Both pairs are about the same items.
        own = float(np.mean([_error(r) for r in pairs])) / b
        errors.append(max(math.hypot(own, values[-1] * _error(known) / (2 * b**2)), 1e-4))
    sizes = np.array([float(len(one)) for one in parts[0].fitted])
    rise = values[-1] - values[-2] if len(values) > 1 else 0.0
    error = math.hypot(errors[-1], errors[-2]) if len(values) > 1 else math.inf
    return Measured(source, sizes, np.array(values), np.array(errors), rise, error, parts)


def unlabelled(held: Held, rows: np.ndarray) -> np.ndarray | None:
    """(items,) true where no answer in these rows tells an item's class; None where none of them
    is about classes at all."""
    told = np.zeros(held.items, dtype=bool)
    labels = [batch for batch in held.batches(rows) if batch.signal.uses_classes]
    for batch in labels:
        told[batch.items.ravel()] = True
    return ~told if labels else None


def item_folds(held: Held, seed: int) -> list[np.ndarray]:
    """(items,) masks of `SMALLER` folds of the items whose class is known. Raises `InputError`
    where they could not test two classes each."""
    counts = np.bincount(held.classes[held.classes >= 0], minlength=1)
    if np.sum(counts >= SMALLER) < 2:
        raise InputError(
            f"[goal] metric is 'shots', and labels are tested on items whose labels are held out: "
            f"{int(np.sum(counts >= SMALLER))} classes have {SMALLER} items or more; expected two "
            "at least. Label more items, or leave signals about classes out of the plan"
        )
    fold = np.full(held.items, -1)
    known = np.flatnonzero(held.classes >= 0)
    # Dealt out class by class, so that every fold tests them all.
    mixed = np.random.default_rng([seed, 35]).permutation(known)
    mixed = mixed[np.argsort(held.classes[mixed], kind="stable")]
    fold[mixed] = np.arange(len(mixed)) % SMALLER
    return [fold == number for number in range(SMALLER)]


def about(held: Held, rows: np.ndarray, items: np.ndarray) -> np.ndarray:
    """(rows,) true for answers about the classes of any of these items (a mask)."""
    found = np.zeros(len(rows), dtype=bool)
    names = held.kind[rows]
    for batch in held.batches(rows):
        if batch.signal.uses_classes:
            found[names == batch.signal.name] = items[batch.items].any(1)
    return found


def measured_shots(
    held: Held, source: Source, learn: Learn, labels: int, seed: int,
    tell: Callable[[float], None], beside: Measured | None = None,
) -> Measured:  # fmt: skip
    rows = held.rows(source)
    everyone = np.ones(held.items, dtype=bool)
    folds = item_folds(held, seed) if unlabelled(held, rows[:1]) is not None else [everyone]
    parts, scores = [], []
    for number, tested in enumerate(folds):
        subsets = _subsets(held, rows[~about(held, rows, tested)], seed + number)
        spaces = [learn(held.part(one)) for one in subsets]
        mask = None if len(folds) == 1 else tested
        scores.append(
            [
                shots(np.asarray(s.embedding_), held.classes, labels, seed=seed, tested=mask)
                for s in spaces
            ]
        )
        parts.append(Part(subsets, held.tested, spaces, unlabelled=mask))
        tell((number + 1) / len(folds))
    levels = min(len(one) for one in scores)
    last = [one[-levels:] for one in scores]
    values = np.array([[float(s) for s in one] for one in last]).mean(0)
    # Folds test different items.
    errors = np.sqrt(np.square([[_error(s) for s in one] for one in last]).sum(0)) / len(folds)
    sizes = np.mean([[float(len(one)) for one in p.fitted[-levels:]] for p in parts], axis=0)
    rise = float(values[-1] - values[-2]) if levels > 1 else 0.0
    error = math.hypot(errors[-1], errors[-2]) if levels > 1 else math.inf
    return Measured(source, sizes, values, errors, rise, error, parts)
