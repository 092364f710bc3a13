"""Twins: worlds that the pilot leaves possible answer further questions and are learned anew.

A twin is a draw of positions and noise given the pilot's answers to the questions that are not
tested. It answers n further questions, asked as the pilot asked its own; the space is then learned
from the pilot's answers and these together, and measured: agreement by the twin's own probabilities
of the answers to the tested questions (no noise of single answers), alignment with the twin's own
distances, shots with the items' own classes. Where answers are few twins are learned as the pilot
is: from nothing, noise and spread unknown, questions foretold by an average over draws. A fit that
starts at the truth stays near it and would seem to have nothing left to gain; one that knows the
noise foretells by its mode alone, worse than the average does, and would seem to have more to gain.
Where answers are many all of them end alike, and to know the noise and start at the twin's
positions is the fastest.
"""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl
from scipy.optimize import brentq

from labelbits.interface import Answers, Batch, Signal
from labelbits.planning.comparisons.held import Held, Source
from labelbits.recovery import SignalEmbedding
from labelbits.recovery.held_out.predictions import Space, by_draws
from labelbits.recovery.held_out.shots import shots
from labelbits.recovery.held_out.worlds import PossibleWorld
from labelbits.recovery.metrics import spearman
from labelbits.signals import Triplet

#: Learns the space of a twin's answers: (world, what is held, answers, options, what is asked).
TwinLearner = Callable[..., Space]
#: Share of answers to a question that was asked before below which the pilot asks ever new ones.
REPEATED = 0.02
#: Questions that tell whether an item is in all of them.
SEEN = 10
#: Answers a coordinate from which fits end alike wherever they start and whatever they know.
MANY = 8
#: Pairs of items whose distances alignment compares, and draws of labelled items for shots.
PAIRS, DRAWS = 5_000, 10


@dataclass(frozen=True)
class Asking:
    """How further questions of one kind are asked: as the pilot asked its own.

    `pool` (questions, arity) is all there are to ask, where the pilot asked some again and again
    (their number from how many it asked twice, as in capture and recapture); None: always new ones,
    of random items. `question` numbers the pool's (-1: not asked yet). `each`: answers to every
    question. `always`: (place, item) of an item that is in the same place of every question, as the
    ideal one is that preferences are compared with. `own_noise`: the signal's own precision and
    lapse are those of who is asked, and not the world's.
    """

    signal: Signal
    items: int
    pool: np.ndarray | None
    question: np.ndarray | None = None
    each: int = 1
    own_noise: bool = False
    always: tuple[tuple[int, int], ...] = ()

    def without(self, items: np.ndarray | None) -> Asking:
        """The same about other items than these (a mask), where it asks for their classes."""
        if items is None or not self.signal.uses_classes or self.signal.arity != 1:
            return self
        kept = np.flatnonzero(~items).astype(np.int32)[:, None]
        return replace(self, pool=kept, question=np.full(len(kept), -1))

    def beside(self, tested: np.ndarray) -> Asking:
        """The same without the questions (numbers) that are tested on."""
        if self.pool is None or self.question is None:
            return self
        kept = ~np.isin(self.question, tested)
        return replace(self, pool=self.pool[kept], question=self.question[kept])

    def draw(self, answers: int, generator: np.random.Generator) -> np.ndarray:
        """Items (answers, arity); the answers to one question follow each other."""
        asked = math.ceil(answers / self.each)
        if self.pool is None:
            shown = different(asked, self.items, self.signal.arity, generator, self.always)
        else:
            shown = self.pool[generator.integers(0, len(self.pool), asked)]
        return np.repeat(shown, self.each, axis=0)[:answers]


def different(
    n: int, items: int, arity: int, generator: np.random.Generator,
    always: Sequence[tuple[int, int]] = (),
) -> np.ndarray:  # fmt: skip
    """(n, arity) different items in every row, uniform but for those that are `always` there."""
    shown = generator.integers(0, items, (n, arity))
    while True:
        for place, item in always:
            shown[:, place] = item
        ordered = np.sort(shown, axis=1)
        again = (np.diff(ordered, axis=1) == 0).any(1)
        if not again.any():
            return shown.astype(np.int32)
        shown[again] = generator.integers(0, items, (int(again.sum()), arity))


def asking_of(held: Held, source: Source, signal: Signal, seed: int, each: int = 1) -> Asking:
    """How the pilot asks questions of this source."""
    rows = held.rows(source)
    distinct, first = np.unique(held.question[rows], return_index=True)
    always = _always(held, rows[first]) if signal.arity > 2 else ()
    if each > 1 or signal.arity < 2 or len(rows) * (1 - REPEATED) <= len(distinct):
        return Asking(signal, held.items, None, None, each, always=always)
    size = _pool_size(len(rows), len(distinct))
    (batch,) = held.batches(rows[first])
    new = size - len(distinct)
    more = different(new, held.items, signal.arity, np.random.default_rng([seed, 31]), always)
    number = np.concatenate([held.question[rows[first]], np.full(new, -1)])
    shown = np.concatenate([batch.items, more])
    return Asking(signal, held.items, shown, number, each, always=always)


def _always(held: Held, rows: np.ndarray) -> tuple[tuple[int, int], ...]:
    """(place, item) of items in the same place of all these questions, a few at least."""
    batches = held.batches(rows)
    if len(batches) != 1 or len(rows) < SEEN:
        return ()
    items = batches[0].items
    same = np.flatnonzero((items == items[0]).all(0))
    return tuple((int(k), int(items[0, k])) for k in same)


def _pool_size(answers: int, distinct: int) -> int:
    """M with distinct = M (1 - exp(-answers / M)): questions drawn from M at random."""
    if distinct >= answers:
        return distinct

    def gap(log_m: float) -> float:
        m = math.exp(log_m)
        return m * -math.expm1(-answers / m) - distinct

    low, high = math.log(distinct), math.log(1e4 * answers)
    if gap(low) >= 0 or gap(high) <= 0:
        return distinct
    return math.ceil(math.exp(float(brentq(gap, low, high))))  # pyright: ignore[reportArgumentType]


@dataclass(frozen=True)
class Tested:
    """What twins are measured on: `batches` of questions, how people answer them (`signals`, for
    worlds whose own answers do not tell it), the items' `classes`, `labels` of each class that
    shots are told, and the items (a mask) that shots are tested on (None: all)."""

    batches: Sequence[Batch]
    signals: Mapping[str, Signal]
    classes: np.ndarray
    labels: int
    items: np.ndarray | None = None


def noise_of(
    world: PossibleWorld, asking: Asking | None = None
) -> tuple[dict[str, float], dict[str, float]]:
    """({signal: precision}, {signal: lapse}) of the world and of what is asked there."""
    precision, lapse = world.noise()
    if asking is not None and (asking.own_noise or asking.signal.name not in precision):
        precision = {**precision, asking.signal.name: float(asking.signal.precision)}
        lapse = {**lapse, asking.signal.name: float(asking.signal.lapse)}
    return precision, lapse


def learn(
    world: PossibleWorld, held: Held, batches: Sequence[Batch], options: Mapping[str, Any],
    asking: Asking | None = None,
) -> SignalEmbedding:  # fmt: skip
    """The space of these answers; at the noise of the world and from its positions where answers
    are many (`MANY`)."""
    own = {}
    if asking is not None and (asking.own_noise or asking.signal.name not in world.signals):
        own = {asking.signal.name: asking.signal}
    only = all(type(batch.signal) is Triplet for batch in batches)
    count = sum(len(batch) for batch in batches)
    many = count >= MANY * held.items * world.dims
    starts = 1 if many else None
    embedding = world.learner(own, knows=many, n_init=starts, random_state=0, **options)
    start = world.items.astype(np.float32) if many else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if only:
            shown = np.concatenate([batch.items for batch in batches])
            second = np.concatenate([batch.answer[:, 0] for batch in batches]) == 1
            shown = np.where(second[:, None], shown[:, [0, 2, 1]], shown)
            return embedding.fit(shown, init=start, n_objects=held.items, features=held.features)
        table = table_of(held, batches)
        names = None if held.features is None else table.items
        return embedding.fit(table, init=start, features=held.features, ids=names)


def table_of(held: Held, batches: Sequence[Batch]) -> Answers:
    """Batches as a table; who answered does not matter here."""
    names, classes = np.array(held.answers.items, dtype=object), held.answers.classes
    tables = []
    for batch in batches:
        distinct, place = np.unique(batch.answer, axis=0, return_inverse=True)
        told = [batch.signal.decode(code, classes) for code in distinct]
        said = np.array([json.dumps(answer) for answer, _ in told], dtype=object)
        tables.append(
            pl.DataFrame(
                {
                    "signal": [batch.signal.name] * len(batch),
                    "annotator": ["twin"] * len(batch),
                    "items": pl.Series(names[batch.items].tolist(), dtype=pl.List(pl.String)),
                    "classes": pl.Series(
                        [told[i][1] for i in place.reshape(-1)], dtype=pl.List(pl.String)
                    ),
                    "answer": said[place.reshape(-1)].tolist(),
                }
            )
        )
    return Answers(pl.concat(tables), tuple(held.answers.items), tuple(classes), ("twin",))


def choices(embedding: Space, batch: Batch) -> np.ndarray:
    """(n,) the outcome that the space foretells for each question: the most probable one by the
    draws of a fit that keeps some, else the nearest pair."""
    if isinstance(embedding, SignalEmbedding) and batch.signal.name in embedding.signals_:
        averaged = by_draws(embedding, batch)
        if averaged is not None:
            return averaged.argmax(1)
    points = np.asarray(embedding.embedding_, dtype=np.float64)
    pairs = batch.signal.pairs  # type: ignore[attr-defined]
    d2 = [np.sum((points[batch.items[:, a]] - points[batch.items[:, b]]) ** 2, 1) for a, b in pairs]
    return np.stack(d2, axis=1).argmin(1)


def measure(embedding: Space, world: PossibleWorld, tested: Tested, metric: str) -> float:
    """The metric of a space if this world were the truth."""
    from labelbits.planning.comparisons.goals import goal_of  # it lists what stands here

    return goal_of(metric).at_twins(embedding, world, tested)


def twins_alignment(embedding: Space, world: PossibleWorld, tested: Tested) -> float:
    """Spearman correlation of the space's distances with the world's own."""
    found = float(spearman(np.asarray(embedding.embedding_), world.items, max_pairs=PAIRS))
    return found if math.isfinite(found) else 0.0  # all items are in one place


def twins_shots(embedding: Space, world: PossibleWorld, tested: Tested) -> float:
    """Few-shot accuracy of the items' own classes."""
    points = np.asarray(embedding.embedding_)
    return float(shots(points, tested.classes, tested.labels, draws=DRAWS, tested=tested.items))


def twins_agreement(embedding: Space, world: PossibleWorld, tested: Tested) -> float:
    """Share of the world's answers to the tested questions that the space foretells."""
    right, total = 0.0, 0
    for batch in tested.batches:
        chance = world.chances(_answered(world, batch, tested), batch.items)
        chosen = choices(embedding, batch)
        right += float(chance[np.arange(len(chance)), chosen].sum())
        total += len(batch)
    return right / total if total else math.nan


def _answered(world: PossibleWorld, batch: Batch, tested: Tested) -> Signal:
    """How people of this world answer the batch's questions."""
    name = batch.signal.name
    return world.answering(name) if name in world.signals else tested.signals[name]


def simulated(world: PossibleWorld, asking: Asking, answers: int, seed: int) -> Batch:
    """So many answers of the world to further questions."""
    items = asking.draw(answers, np.random.default_rng([seed, 32]))
    name = asking.signal.name
    known = name in world.signals and not asking.own_noise
    signal = world.answering(name) if known else asking.signal
    codes = world.answer(signal, items, seed)
    zeros = np.zeros(len(items), dtype=np.int32)
    return Batch(asking.signal, items, codes, zeros, np.ones(len(items), dtype=np.float32))


def follow(
    world: PossibleWorld,
    held: Held,
    batches: Sequence[Batch],
    asking: Asking,
    totals: Sequence[int],
    tested: Tested,
    metric: str,
    options: Mapping[str, Any],
    seed: int,
    learn: TwinLearner = learn,
) -> np.ndarray:
    """The metric (sizes,) with the answers in `batches` and further ones up to each total."""
    have = sum(len(batch) for batch in batches)
    most = max(max(totals) - have, 0)
    more = simulated(world, asking, most, seed) if most else None
    found = []
    for total in totals:
        parts = list(batches)
        if more is not None and total > have:
            parts.append(more.take(np.arange(total - have)))
        found.append(measure(learn(world, held, parts, options, asking), world, tested, metric))
    return np.array(found)
