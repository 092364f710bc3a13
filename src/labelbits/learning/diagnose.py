"""Can this pilot answer the question? Reasons why not, and the pilot that could."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from labelbits.learning.fits.regularisation import RIDGES, held_out_losses
from labelbits.standardise import Recent, check_features, standardised
from labelbits.threads import one_blas_thread

#: Items below which a learning curve has no second point worth the name.
FEWEST_ITEMS = 30
#: Items of a class below which the class cannot be both trained on and tested.
FEWEST_OF_CLASS = 2
#: Standard errors by which features must beat the class frequencies. Cross-validation punishes
#: useless features: of 300 simulated pilots with such (40 to 400 items) none came above 1.5.
CLEARLY = 1.5


@dataclass(frozen=True)
class Concern:
    """A reason for doubt. `fatal`: give no number. `items`: the pilot that would do."""

    code: str
    message: str
    fatal: bool
    items: int | None = None


@dataclass(frozen=True)
class Diagnosis:
    """What was found. `gain` is the cross-validated gain in nats for each item over guessing by
    class frequency, with its standard error; NaN when it could not be measured."""

    concerns: tuple[Concern, ...]
    gain: float = float("nan")
    gain_error: float = float("nan")

    @property
    def usable(self) -> bool:
        """May a forecast be made from this pilot?"""
        return not any(c.fatal for c in self.concerns)


def diagnose(
    features: np.ndarray, counts: np.ndarray, *, seed: int = 0, names: Sequence[str] = ()
) -> Diagnosis:
    """Check the pilot's items: `features` (n, d) and `counts` (n, K) votes or probabilities.

    Looks for too few items, a single class, classes too rare to learn, annotators who never
    disagree, and features that predict nothing. Raises `InputError` for features that are no
    numbers. `names` (K,) are those of the classes, to name them by.
    """
    features = check_features(features)
    counts = np.asarray(counts, dtype=np.float64)
    answered = counts.sum(1) > 0
    features, counts = features[answered], counts[answered]
    n, k = counts.shape
    concerns: list[Concern] = []
    if n < FEWEST_ITEMS:
        needed = max(100, 10 * k)
        concerns.append(
            Concern(
                "too-few-items",
                f"The pilot has {n} labelled items; a learning curve needs at least "
                f"{FEWEST_ITEMS}. Label {needed} random items.",
                True,
                needed,
            )
        )
    top = counts.argmax(1)
    found = np.bincount(top, minlength=k)
    if n and (found > 0).sum() < 2:
        concerns.append(
            Concern(
                "one-class",
                f"All {n} pilot items are of class {top[0]}; there is nothing to tell apart. "
                f"Label {max(100, 3 * n)} random items, or check that the answers are right.",
                True,
                max(100, 3 * n),
            )
        )
    rare = np.flatnonzero((found < FEWEST_OF_CLASS) & (k > 1))
    if n and len(rare) and (found > 0).sum() >= 2:
        called = f"class {names[rare[0]]!r}" if len(names) else f"class {rare[0]}"
        seen = found[found > 0].min() / n
        needed = int(np.ceil(max(10 * k, n * FEWEST_OF_CLASS / max(seen * n, 1), 2 * n)))
        concerns.append(
            Concern(
                "rare-classes",
                f"{len(rare)} of {k} classes have fewer than {FEWEST_OF_CLASS} pilot items "
                f"({called} has {found[rare[0]]}); quality on them is unknown. "
                f"Label about {needed} items.",
                False,
                needed,
            )
        )
    votes = counts.sum(1)
    several = votes > 1
    if several.sum() >= 2 and np.all(counts[several].max(1) == votes[several]):
        concerns.append(
            Concern(
                "no-disagreement",
                f"All annotators agree on all {several.sum()} items with several votes: the pilot "
                "shows no noise, so it cannot say what repeated votes or soft labels are worth. "
                "Include harder items, or check that the votes are independent.",
                False,
            )
        )
    if any(c.fatal for c in concerns):
        return Diagnosis(tuple(concerns))
    gain, error = _gain(Recent(features, counts), seed)
    if not gain > CLEARLY * error:
        # The standard error falls as 1 / sqrt(n): more items tell a small gain from none.
        needed = int(min(n * max(4.0, (CLEARLY * error / max(gain, error / 4)) ** 2), 100 * n))
        concerns.append(
            Concern(
                "features-predict-nothing",
                f"The features do not predict the labels of these {n} items better than the class "
                f"frequencies do (gain {gain:.3f} +- {error:.3f} nats an item). Check that "
                f"features and answers are in the same order; else label {needed} items, or use "
                "other features.",
                True,
                needed,
            )
        )
    return Diagnosis(tuple(concerns), gain, error)


@functools.lru_cache(maxsize=1)
def _gain(recent: Recent, seed: int) -> tuple[float, float]:
    """Cross-validated gain over class frequencies (nats an item) and its standard error, of
    (features, counts); remembered, because a plan asks twice."""
    features, counts = recent.arrays
    target = (counts / counts.sum(1, keepdims=True)).astype(np.float32)
    n, k = target.shape
    frequency = (target.sum(0) + 1) / (n + k)
    guess = -(target @ np.log(frequency))
    best = (-np.inf, np.inf)
    with one_blas_thread():
        for power in (0.0, 1.0):
            x = standardised(features, power)
            rng = np.random.default_rng(seed)
            losses = held_out_losses(x[None], target[None], RIDGES, folds=10, rng=rng)[0]
            # Paired by item: hard items are hard for both.
            gains = guess - losses[losses.sum(1).argmin()]
            if gains.mean() > best[0]:
                best = (float(gains.mean()), float(gains.std(ddof=1) / np.sqrt(n)))
    return best
