"""How much of a position features foretell, and on which axes: by held-out bits.

The share rho of the positions' variance that features explain before any answer, and the power of
their spread (`features.metric`), are tried one after the other; rho = 0 is no features at all, and
rho = 1 a learned metric. All answers to one question are held out together.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from labelbits.errors import InputError
from labelbits.recovery.features.metric import Metric
from labelbits.recovery.features.prior import FeaturePrior
from labelbits.recovery.fitted import fitting, inference
from labelbits.recovery.fitted.inputs import Data

#: Shares tried with the features' own metric, then powers with the best share above 0.
SHARES, POWERS = (0.0, 0.5, 0.9, 1.0), (0.0, 2.0)
#: Folds by number of answers: every fold is a fit of each pair tried.
FOLDS = ((3_000, 3), (20_000, 2), (math.inf, 1))
#: With one fold, 1 in so many questions is held out.
HELD = 8


@dataclass(frozen=True)
class Strengths:
    """`share` rho, `power`, and held-out bits an answer by (share, power) where they were tried."""

    share: float
    power: float
    bits: dict[tuple[float, float], float] = field(default_factory=dict)

    def metric(self, features: np.ndarray) -> Metric:
        """The axes of features at this power."""
        return Metric.fit(features, self.power)

    def prior(self, features: np.ndarray) -> FeaturePrior | None:
        """The prior of positions, None where features say nothing."""
        if self.share == 0:
            return None
        axes = math.sqrt(self.share) * self.metric(features).axes(features)
        return FeaturePrior(axes.astype(np.float32), math.sqrt(1 - self.share))


def choose_strengths(
    data: Data, features: np.ndarray, options: Callable[[FeaturePrior | None], fitting.Options],
    share: float | None, power: float | None, seed: int, report: Callable[[str, float], None],
) -> Strengths:  # fmt: skip
    """Share and power with the most held-out bits; a number is kept."""
    shares, powers = (SHARES, POWERS) if share is None else ((share,), POWERS)
    first = 1.0 if power is None else power
    if share is not None and (power is not None or share == 0):
        return Strengths(share, first)
    folds = next(count for most, count in FOLDS if len(data) <= most)
    pairs = data.folds(max(folds, HELD if folds == 1 else 2), np.random.default_rng([seed, 15]))
    pairs = [(train, _known(held, train)) for train, held in pairs[:folds]]
    pairs = [pair for pair in pairs if len(pair[0]) and len(pair[1])]
    if not pairs:
        raise InputError(
            f"{len(data)} answers are too few to choose what features foretell by held-out bits; "
            "give residual_scale and metric_power"
        )
    found: dict[tuple[float, float], np.ndarray] = {}

    def tried(share: float, power: float) -> None:
        report(f"features: share {share:g}, power {power:g}", len(found) / 6)
        prior, each = Strengths(share, power).prior(features), []
        for train, held in pairs:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                fitted = fitting.fit(train, options(prior), seed, None, lambda *_: None)
            each.append(inference.bits(fitted, held))
        found[share, power] = np.concatenate(each)

    for one in shares:
        tried(one, first)
    best = _best(found)
    if power is None:
        share = max((key for key in found if key[0] > 0), key=lambda k: found[k].mean())[0]
        for one in powers:
            tried(share, one)
        best = _best(found)
    return Strengths(*best, {key: float(each.mean()) for key, each in found.items()})


def _known(held: Data, train: Data) -> Data:
    """The held-out answers of signals that are trained on."""
    names = {batch.signal.name for batch in train.batches}
    return replace(held, batches=tuple(b for b in held.batches if b.signal.name in names))


def _best(found: dict[tuple[float, float], np.ndarray]) -> tuple[float, float]:
    """The pair with the most bits; no features at all (share 0) where those do not show more by
    one standard error: features of other items win by luck now and then."""
    best = max(found, key=lambda key: found[key].mean())
    without = next((key for key in found if key[0] == 0), None)
    if without is None or best == without:
        return best
    more = found[best] - found[without]
    error = more.std(ddof=1) / math.sqrt(len(more)) if len(more) > 1 else math.inf
    return best if more.mean() > error else without
