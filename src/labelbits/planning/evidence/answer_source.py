"""Training answers for a way of asking: real ones where the data has them, else simulated."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from scipy.optimize import minimize, minimize_scalar
from scipy.special import betaln, gammaln

from labelbits.information.empirical import distances_from_probabilities
from labelbits.interface import Batch, Signal
from labelbits.planning.evidence.loading import Evidence
from labelbits.signals import one_question

#: A single hard label is wrong about this often (CIFAR-10H: right 95.24 % of the time, Peterson
#: et al. 2019); used only where no item has two votes and nothing else tells the noise.
DEFAULT_LAPSE = 0.05
#: ln of the most votes that the prior of an item may count for: more cannot be told apart.
LARGEST_LOG_PRIOR = 6.0


def answer_probabilities(evidence: Evidence) -> tuple[np.ndarray, str]:
    """What a random annotator answers on each item: (items, classes), and how it was estimated.

    Empirical Bayes: votes of item i ~ multinomial(pi_i), pi_i ~ Dirichlet(a m_g) with g the
    item's gold class, or its majority class where gold is unknown; m_g from the votes, where gold
    is known drawn towards all classes' share of mistakes; a by
    maximum likelihood over the items with two votes.
    """
    counts, gold = evidence.stated, evidence.gold
    classes = counts.shape[1]
    votes = counts.sum(1)
    overall = (counts.sum(0) + 1) / (counts.sum() + classes)
    group = np.where(votes > 0, counts.argmax(1), -1)
    if gold is not None:
        group = np.where(gold >= 0, gold, group)
    prior = np.tile(overall, (len(counts), 1))
    lapse, worth = DEFAULT_LAPSE, 1.0
    if gold is not None:
        lapse, worth = _class_lapse(counts, gold)
    for k in range(classes):
        rows = group == k
        # How often a class is mistaken is drawn towards all classes; for what, is its own.
        own = counts[rows].sum(0)
        other = np.where(np.arange(classes) == k, 0, overall)
        mistaken = np.where(np.arange(classes) == k, 0, own) + lapse * other / other.sum()
        share = (own.sum() - own[k] + worth * lapse) / (own.sum() + worth)
        prior[rows] = share * mistaken / mistaken.sum()
        prior[rows, k] = 1 - share
    repeated = (evidence.counts.sum(1) >= 2) & (votes > 0)
    if repeated.sum() < 20:
        if evidence.reports is not None and evidence.reports.any():
            return (
                (counts + prior) / (votes + 1)[:, None],
                f"reports of probabilities on {int((votes > 0).sum()):,} items, smoothed by one "
                "vote's worth of the class's mean",
            )
        clean = counts / np.maximum(votes, 1)[:, None]
        lapsing = (1 - DEFAULT_LAPSE) * clean + DEFAULT_LAPSE / classes
        return (
            # The mean answer to a class has its mistakes in it already.
            np.where(votes[:, None] > 0, lapsing, prior),
            f"hardly an item has two votes; {100 * DEFAULT_LAPSE:.0f} % of the votes count as "
            "random (CIFAR-10H: a single label is right 95.24 % of the time, Peterson et al. 2019)",
        )
    n, m = evidence.counts[repeated], np.maximum(prior[repeated], 1e-6)

    def loss(log_a: float) -> float:
        alpha = math.exp(log_a) * m
        total = math.exp(log_a) * m.sum(1)
        each = gammaln(n + alpha) - gammaln(alpha)
        return -float((gammaln(total) - gammaln(n.sum(1) + total) + each.sum(1)).mean())

    found: Any = minimize_scalar(loss, bounds=(-4, LARGEST_LOG_PRIOR), method="bounded")
    best = float(found.x)
    alpha = math.exp(best) * prior
    worth = f"what {math.exp(best):,.1f} votes on an item like it would say (Dirichlet prior)"
    if best > LARGEST_LOG_PRIOR - 0.01:
        # The search ended at its limit: a figure there would be the limit's, not the data's.
        worth = (
            f"more than {math.exp(LARGEST_LOG_PRIOR - 0.01):,.0f} votes on an item like it "
            "(Dirichlet prior): within a class, items do not differ by more than chance"
        )
    return (
        (counts + alpha) / (votes + alpha.sum(1))[:, None],
        f"votes on {int(repeated.sum()):,} items, each smoothed by {worth}",
    )


def _class_lapse(counts: np.ndarray, gold: np.ndarray) -> tuple[float, float]:
    """(share of votes against gold, how many votes it counts for beside a class's own).

    Wrong votes of class k ~ beta-binomial around the share of all, its strength by maximum
    likelihood: of a few votes on each class, chance alone makes some classes look hard, and
    answers simulated from that would teach less than real ones do. One vote more errs as the
    published crowd does.
    """
    known = gold >= 0
    votes = np.zeros(counts.shape[1])
    right = np.zeros(counts.shape[1])
    np.add.at(votes, gold[known], counts[known].sum(1))
    np.add.at(right, gold[known], counts[known, gold[known]])
    wrong = votes - right
    lapse = float((wrong.sum() + DEFAULT_LAPSE) / (votes.sum() + 1))
    if not wrong.sum():
        return lapse, 1.0

    def loss(log_worth: float) -> float:
        a, b = math.exp(log_worth) * lapse, math.exp(log_worth) * (1 - lapse)
        return -float((betaln(wrong + a, right + b) - betaln(a, b)).sum())

    found: Any = minimize_scalar(loss, bounds=(0, LARGEST_LOG_PRIOR), method="bounded")
    return lapse, math.exp(float(found.x))


def fit_report_noise(signal: Signal, batch: Batch, probabilities: np.ndarray) -> Signal:
    """The signal with concentration and lapse fitted to real probability reports.

    Maximum likelihood given each item's answer probabilities, by Nelder-Mead on (ln
    concentration, logit lapse).
    """
    d2 = jnp.asarray(distances_from_probabilities(signal, probabilities[batch.items[:, 0]]))
    answers = jnp.asarray(batch.answer)

    def with_noise(signal: Signal, x: jax.Array) -> Signal:
        noise = (jnp.exp(x[0]), 0.5 * jax.nn.sigmoid(x[1]))
        return eqx.tree_at(lambda s: (s.concentration, s.lapse), signal, noise)

    loss = jax.jit(lambda x: -with_noise(signal, x).log_prob(answers, d2).mean())
    fit = minimize(
        lambda x: float(loss(jnp.asarray(x))),
        x0=np.array([math.log(5.0), -2.0]),
        method="Nelder-Mead",
        options={"maxfev": 120, "xatol": 0.02, "fatol": 1e-4},
    )
    noise = (float(np.exp(fit.x[0])), float(0.5 / (1 + np.exp(-fit.x[1]))))
    return eqx.tree_at(lambda s: (s.concentration, s.lapse), signal, noise)


def _same_question(one: Signal, other: Signal) -> bool:
    """Do two signals of a kind ask and code alike? Parts of reports may differ in fineness."""
    told = [name for name in one.options if isinstance(getattr(one, name, None), int)]
    return all(getattr(one, n) == getattr(other, n) for n in told if n != "grid")


@dataclass
class AnswerSource:
    """Draws the answers that one way of asking would give on any rows of the features.

    `signal` asks one annotator; `answers_per_item` are bought on each item. Votes come from the
    real votes without replacement where an item has enough; other signals use the pilot's real
    answers where an item has enough, and the calibrated channel elsewhere.
    """

    evidence: Evidence
    signal: Signal
    answers_per_item: int
    probabilities: np.ndarray

    def __post_init__(self) -> None:
        self.is_vote = one_question(self.signal.name) == "hard"
        self.d2 = distances_from_probabilities(self.signal, self.probabilities)
        self.real = None if self.is_vote else self.evidence.batches.get(self.signal.name)
        if self.real is not None and not _same_question(self.real.signal, self.signal):
            self.real = None  # another number of classes was named, or of steps
        self.positions: dict[int, np.ndarray] = {}
        if self.real is not None:
            order = np.argsort(self.real.items[:, 0], kind="stable")
            rows, starts = np.unique(self.real.items[order, 0], return_index=True)
            self.positions = dict(zip(rows.tolist(), np.split(order, starts[1:]), strict=True))

    def draw(self, rng: np.random.Generator, rows: np.ndarray) -> list[Batch]:
        """Answers for these rows, as the batches that `learning` trains on."""
        if self.is_vote:
            return [self._batch(rows, self._votes(rng, rows))]
        chosen, codes = self._other(rng, rows)
        return [self._batch(chosen, codes)]

    def share_real(self, rows: np.ndarray) -> float:
        """Share of these rows whose answers are real ones."""
        if not len(rows):
            return 0.0
        if self.is_vote:
            return float(np.mean(self.evidence.counts[rows].sum(1) >= self.answers_per_item))
        enough = [len(self.positions.get(int(r), ())) >= self.answers_per_item for r in rows]
        return float(np.mean(enough))

    def _batch(self, rows: np.ndarray, codes: np.ndarray) -> Batch:
        size = len(rows)
        return Batch(
            self.signal,
            rows[:, None],
            codes,
            np.zeros(size, dtype=np.int32),
            np.ones(size, dtype=np.float32),
        )

    def _votes(self, rng: np.random.Generator, rows: np.ndarray) -> np.ndarray:
        """Votes (rows, classes), or the class itself (rows, 1) for one hard label."""
        left = self.evidence.counts[rows].copy()
        scarce = left.sum(1) < self.answers_per_item
        left[scarce] = self.probabilities[rows[scarce]]
        drawn = np.zeros_like(left)
        every = np.arange(len(rows))
        for _ in range(self.answers_per_item):
            edges = np.cumsum(left, axis=1)
            spot = rng.random(len(rows)) * edges[:, -1]
            choice = np.minimum((edges <= spot[:, None]).sum(1), left.shape[1] - 1)
            drawn[every, choice] += 1
            # Real votes are used up; estimated probabilities are not.
            left[every[~scarce], choice[~scarce]] -= 1
        if self.signal.name == "hard" and self.answers_per_item == 1:
            return drawn.argmax(1)[:, None].astype(np.int32)
        return drawn.astype(np.int32)

    def _other(self, rng: np.random.Generator, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(row of each answer, its code); real answers first, the channel for the rest."""
        classes = self.probabilities.shape[1]
        m = self.answers_per_item
        key = jax.random.key(int(rng.integers(2**31)))
        # One shape whatever the rows: the sampler is compiled once.
        simulated = np.asarray(_sample_many(self.signal, key, jnp.asarray(self.d2), classes, m))
        codes = simulated[:, rows].swapaxes(0, 1)
        for i, row in enumerate(rows.tolist()):
            place = self.positions.get(row)
            if self.real is not None and place is not None and len(place) >= m:
                codes[i] = self.real.answer[rng.choice(place, m, replace=False)]
        return np.repeat(rows, m), codes.reshape(len(rows) * m, -1)


@eqx.filter_jit
def _sample_many(
    signal: Signal, key: jax.Array, d2: jax.Array, classes: int, count: int
) -> jax.Array:
    asked_key, answer_key = jax.random.split(key)
    asked = jax.random.randint(asked_key, (count, len(d2)), 0, signal.questions(classes))
    return signal.sample(answer_key, jnp.broadcast_to(d2, (count, *d2.shape)), asked)
