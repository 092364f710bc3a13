"""How many answers an item needs, for the label that it gets itself: that depends on the metric.

Each item has a distribution p of what people answer, its class is the most probable answer, and m
answers v ~ Multinomial(m, p) are what is known of it. Of so many answers:

    right      how often the most frequent one is the class,
    lacking    mean KL(p || q) in nats, q the posterior mean of v and the items' shared prior,
    entropy    correlation of the posterior mean of H(p) with H(p).

The items' p are drawn from their posterior given the votes that the pilot has (`entropy`). Few
votes on each leave open whether some items are contested: `if_alike` is what the class needs if no
item is harder than another, and one answer is right with the r that people agree by,

    agreement = r^2 + (1 - r)^2 / (K - 1).

Nothing is said of a classifier, which learns of one item from others.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import entr

from labelbits.metrics.disagreement import drawn
from labelbits.metrics.entropy import posterior_entropy, shared_prior

#: Numbers of answers that are tried, and items that they are tried on.
TRIED = (1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 20, 25, 30, 40, 50, 70, 100)
SIMULATED = 6000
#: What is enough, by convention: a class that is right in all but so many of the items; so much
#: of what the distribution lacks after one answer left; a correlation of so much. 50 votes on each
#: of 250 CIFAR-10H images then say 3 to 7, 12 and 25 to 40 (docs/validation.md), where Kohli (2026,
#: arXiv 2605.29797) found about 10 for distributions and 20 to 50 for their entropy.
WRONG, LACKING, CORRELATION = 0.02, 0.2, 0.9


@dataclass(frozen=True)
class AnswersEach:
    """What so many `answers` (M,) on an item tell of it: `right` (M,), `lacking` (M,) and `entropy`
    (M,) as in the module's text; `votes` that an item has in the pilot, on average; `if_alike`
    answers for the class if all items are equally hard."""

    answers: tuple[int, ...]
    right: np.ndarray
    lacking: np.ndarray
    entropy: np.ndarray
    votes: float
    if_alike: int | None

    def enough(self) -> dict[str, int | None]:
        """Answers that are enough for the `class`, the `distribution` and its `entropy`; None where
        the most that were tried are not."""
        reached = {
            "class": self.right >= 1 - WRONG,
            "distribution": self.lacking <= LACKING * self.lacking[0],
            "entropy": self.entropy >= CORRELATION,
        }
        return {
            what: self.answers[int(np.argmax(there))] if there.any() else None
            for what, there in reached.items()
        }


def answers_each(counts: np.ndarray, seed: int) -> AnswersEach | None:
    """What more answers would tell of items with votes `counts` (items, classes); None where no
    item has two votes."""
    counts = np.asarray(counts, dtype=np.float64)
    prior = shared_prior(counts)
    if prior is None:
        return None
    counts = counts[counts.sum(1) >= 2]
    rng = np.random.default_rng([seed, 101])
    p = drawn(counts[rng.integers(len(counts), size=SIMULATED)] + prior, rng)
    top, entropy = p.argmax(1), entr(p).sum(1)
    seen, before, found = np.zeros_like(p), 0, []
    for m in TRIED:
        seen, before = seen + rng.multinomial(m - before, p), m
        # Of equally frequent answers one is taken at random.
        most = (seen + 0.5 * rng.random(seen.shape)).argmax(1)
        known = (seen + prior) / (m + prior.sum())
        lacking = np.where(p > 0, p * (np.log(np.maximum(p, 1e-300)) - np.log(known)), 0).sum(1)
        told = posterior_entropy(seen, prior)
        same = min(np.std(told), np.std(entropy)) < 1e-12
        correlation = 0.0 if same else float(np.corrcoef(told, entropy)[0, 1])
        found.append((np.mean(most == top), lacking.mean(), correlation))
    right, lacking, correlation = np.array(found).T
    alike = _if_alike(counts, rng)
    return AnswersEach(TRIED, right, lacking, correlation, float(counts.sum(1).mean()), alike)


def _if_alike(counts: np.ndarray, rng: np.random.Generator) -> int | None:
    """Answers that are enough for the class where every item is as hard as any other, and mistakes
    fall on all other classes alike; None where the most that were tried are not."""
    classes, votes = counts.shape[1], counts.sum(1)
    pairs = float((votes * (votes - 1)).sum())
    agreement = float((counts * (counts - 1)).sum()) / pairs
    r = (1 + np.sqrt(max(0.0, (classes - 1) * (classes * agreement - 1)))) / classes
    p = np.full(classes, (1 - r) / max(classes - 1, 1))
    p[0] = r
    for m in TRIED:
        seen = rng.multinomial(m, p, size=SIMULATED)
        if np.mean((seen + 0.5 * rng.random(seen.shape)).argmax(1) == 0) >= 1 - WRONG:
            return m
    return None
