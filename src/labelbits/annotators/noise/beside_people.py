"""The noise of a language model's answers, measured beside what people say.

A model that compares items may be steady and still see other items in them than people do. So its
answers are judged by where people's answers put the items: the likelihood of its answers given
those positions, over a grid of precisions and lapses. Positions that people's answers leave open
make a model look noisier than it is, never better. Answers that this likelihood cannot tell from
random ones are worth nothing here, whatever they cost.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass, replace

import jax.numpy as jnp
import numpy as np
import polars as pl
from scipy import stats

from labelbits.annotators.confusion import Confusion
from labelbits.annotators.noise.positions import ENOUGH, MOST_DIMS
from labelbits.annotators.noise.result import PRECISION_UNIT, Noise
from labelbits.interface import LEVEL, Answers, Batch, Signal
from labelbits.quantity import Quantity
from labelbits.recovery import SignalEmbedding
from labelbits.recovery.triplets.noise import LAPSES, NOT_LAPSES, SPREAD
from labelbits.signals import signal_class
from labelbits.signals.base import replace_noise
from labelbits.signals.encoding import encode
from labelbits.signals.questions import without_repeats

#: Answers used at most, of people and of a model.
MOST_ANSWERS = 20_000
#: Share of people's answers that are kept to see whether their positions predict anything.
HELD = 0.2
#: Answers of people's quality would gain this over random ones, in nats, before a model's are
#: called random; and the chance that random answers are not called so.
TELLING, RANDOM = 10.0, 0.05
#: Fewest answers about items of known class that can be called random.
FEWEST = 50
#: ln precision and lapse that are tried.
PRECISIONS, LAPSE_GRID = np.linspace(-5.0, 5.0, 41), np.linspace(0.0, 0.99, 34)


def random_classes(confusion: Confusion, against: str) -> str:
    """Why a model's answers about classes cannot be told from random ones; empty where they can.

    The likelihood-ratio test of independence between what is true and what was answered.
    """
    counts = confusion.counts
    counts = counts[counts.sum(1) > 0][:, counts.sum(0) > 0]
    if counts.sum() < FEWEST or min(counts.shape) < 1 or len(counts) < 2:
        return ""
    chance = 1.0
    if counts.shape[1] > 1:
        chance = float(stats.chi2_contingency(counts, lambda_="log-likelihood").pvalue)  # type: ignore[attr-defined]
    right = float(np.trace(confusion.counts) / confusion.counts.sum())
    by_luck = float(confusion.counts.sum(0) @ confusion.counts.sum(1) / counts.sum() ** 2)
    if chance < RANDOM and right > by_luck:
        return ""
    return (
        f"{100 * right:.1f} % of {counts.sum():,.0f} are as {against} says, and answers that "
        f"know nothing of the items would be on {100 * by_luck:.1f} %"
    )


@dataclass(frozen=True)
class Beside:
    """Where people's answers put the items: `positions` (items, dims) of `items`.

    `gain` is what one held-out answer of people gains over a random one, in nats. Where the answers
    place items in fewer dimensions than were asked for (`in_all_dims` false), they tell whether a
    model's answers are random, and no precision.
    """

    items: tuple[str, ...]
    positions: np.ndarray
    gain: float
    in_all_dims: bool = True

    def noise(self, batch: Batch, answers: Answers) -> tuple[Noise | None, str]:
        """(noise of a model's answers to comparisons, why they cannot be told from random ones).

        Neither where the answers are too few, or about other items than people's.
        """
        place = {name: i for i, name in enumerate(self.items)}
        where = np.array([place.get(name, -1) for name in answers.items])
        asked = where[batch.items]
        kept = np.flatnonzero((asked >= 0).all(1))[:MOST_ANSWERS]
        if not len(kept):
            return None, ""
        own = replace(batch.take(kept), items=asked[kept])
        if len(getattr(batch.signal, "pairs", ())) < 2:
            return None, self._unrelated(own)
        log_p = _table(own, self.positions)
        chance = -math.log(batch.signal.outcomes(2)) * len(own)
        gain = float(log_p.max()) - chance
        count = len(own)
        if 2 * gain < stats.chi2.ppf(1 - RANDOM, 1):
            if self.gain * count < TELLING:
                return None, ""
            return None, (
                f"where people's answers put the items says nothing of its {count:,} answers "
                f"({max(gain, 0.0) / count / math.log(2):.4f} bits an answer; people's held-out "
                f"answers {self.gain / math.log(2):.2f})"
            )
        return (self._posterior(log_p, own) if self.in_all_dims else None), ""

    def _posterior(self, log_p: np.ndarray, own: Batch) -> Noise:
        prior = -0.5 * (PRECISIONS / SPREAD) ** 2
        odd = np.clip(LAPSE_GRID, 1e-3, 1 - 1e-3)
        prior = prior[:, None] + (LAPSES - 1) * np.log(odd) + (NOT_LAPSES - 1) * np.log1p(-odd)
        weight = np.exp(log_p + prior - (log_p + prior).max())
        weight /= weight.sum()
        method = "posterior given people's positions"
        return Noise(
            precision=_interval(np.exp(PRECISIONS), weight.sum(1), method, PRECISION_UNIT),
            lapse=_interval(LAPSE_GRID, weight.sum(0), method, "share"),
            concentration=None,
            dims=self.positions.shape[1],
            classes=0,
            items=len(np.unique(own.items)),
            answers=len(own),
            source="where people's answers put the items",
        )

    def _unrelated(self, own: Batch) -> str:
        """Are numbers about pairs unrelated to how far people's answers put the pairs apart?"""
        if len(own) < FEWEST:
            return ""
        points = self.positions[own.items]
        d2 = np.asarray(own.signal.distances(jnp.asarray(points)))[:, 0]
        found = stats.spearmanr(own.answer[:, 0], d2)
        if float(found.pvalue) < RANDOM:  # type: ignore[attr-defined]
            return ""
        return (
            f"its {len(own):,} answers do not go with how far people's answers put the items "
            f"apart (rank correlation {float(found.statistic):.2f})"  # type: ignore[attr-defined]
        )


def people_s_positions(people: Answers, dims: int | None, seed: int) -> Beside | None:
    """Where people's comparisons put the items; None where they tell too little.

    They tell enough with `ENOUGH` answers a coordinate, if the answers held out are predicted.
    """
    table = people.table
    names = [n for n in table["signal"].unique().to_list() if not signal_class(n).uses_classes]
    people = without_repeats(replace(people, table=table.filter(pl.col("signal").is_in(names))))
    table = people.table.sample(fraction=1.0, shuffle=True, seed=seed).head(MOST_ANSWERS)
    items = table["items"].explode(empty_as_null=False).unique(maintain_order=True).to_list()
    most = min(len(table) // (ENOUGH * max(len(items), 1)), len(items) - 1)
    if most < 1:
        return None
    wanted, dims = dims, None if dims is None else min(dims, most)
    held = int(HELD * len(table))
    used = Answers(table.tail(-held), tuple(items), (), people.annotators)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitted = SignalEmbedding(
            dims or "auto", max_components=min(most, MOST_DIMS), random_state=seed
        ).fit(used)
        bits = _bits_over_chance(fitted, Answers(table.head(held), tuple(items), ()))
    gain = float(bits.mean()) * math.log(2)
    if gain <= 2 * float(bits.std()) * math.log(2) / math.sqrt(len(bits)):
        return None
    places = np.asarray(fitted.embedding_, dtype=float)
    return Beside(tuple(fitted.items_), places, gain, wanted in (None, places.shape[1]))


def _bits_over_chance(fitted: SignalEmbedding, held: Answers) -> np.ndarray:
    """Bits of each held-out answer above those of a random one."""
    gained = []
    for batch in encode(held):
        name = batch.signal.name
        own = replace(held, table=held.table.filter(pl.col("signal") == name))
        outcomes = batch.signal.outcomes(2)
        if not np.isfinite(outcomes):
            continue
        table = np.asarray(fitted.predict_proba(own)[name])
        chosen = table[np.arange(len(table)), batch.answer[:, 0].astype(int)]
        gained.append(np.log2(np.maximum(chosen, 1e-12)) + math.log2(outcomes))
    return np.concatenate(gained) if gained else np.zeros(1)


def _table(own: Batch, positions: np.ndarray) -> np.ndarray:
    """ln likelihood of the answers, (precisions, lapses)."""
    signal: Signal = own.signal
    d2 = signal.distances(jnp.asarray(positions[own.items]))
    answer, outcomes = jnp.asarray(own.answer), signal.outcomes(2)
    rows = []
    for ln_precision in PRECISIONS:
        channel = replace_noise(signal, math.exp(ln_precision), 0.0)
        p = np.exp(np.asarray(channel.log_prob(answer, d2), dtype=float))
        mixed = (1 - LAPSE_GRID)[:, None] * p + LAPSE_GRID[:, None] / outcomes
        rows.append(np.log(np.maximum(mixed, 1e-300)).sum(1))
    return np.array(rows)


def _interval(grid: np.ndarray, weight: np.ndarray, method: str, unit: str) -> Quantity:
    """Median and interval of a law on a grid."""
    low, value, high = np.interp([(1 - LEVEL) / 2, 0.5, (1 + LEVEL) / 2], np.cumsum(weight), grid)
    return Quantity(float(value), float(low), float(high), method, unit)
