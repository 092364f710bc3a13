"""Two ways to continue a measured learning curve, each as joint draws of the loss.

`by_forms` weighs parametric curves (`forms`). `by_theory` follows the ridge learner's own theory
on these features (`theory`): the measured loss gives ln u, how clearly the classes are told
apart, and ln u is continued by

    ln u(n) = level + ln u_theory(n) + slope ln(n / largest),

over the hypotheses of the theory, the spread of the items' leads (`links`), and a few slopes about
their mean, because a real learner is not the ridge regression that the theory treats.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from labelbits.learning.forecasts.links import Link
from labelbits.learning.forecasts.parametric import FORMS, all_shapes
from labelbits.learning.theory import TEMPER, RidgeTheory
from labelbits.metrics import shape_of

#: A form never fits exactly. Standard deviation of ln(loss - floor) about the form for one e-fold
#: of size, growing as a random walk: within the measured sizes (small sizes say little about large
#: ones, so they weigh less) and beyond them (the interval widens).
MISFIT = 0.02
DRIFT = 0.04
#: Roughness of ln(loss - floor), or of ln u, at every measured size: penalties are chosen size by
#: size.
ROUGHNESS = 0.01
#: The same two for ln u about the theory, which holds for large n and not for small: the measured
#: part of the curve tells little of the theory's hypotheses beyond the labels they come from.
LEAD_MISFIT, LEAD_DRIFT = 0.12, 0.02
#: Standard deviation of the slope of ln u against the theory's; its mean is `Shape.early_slope`.
SLOPE = 0.03
SLOPES = np.linspace(-2, 2, 5)
#: Spreads of the items' ln u that are weighed, and the half-normal scale of their prior.
SPREADS, SPREAD_SCALE = (0.0, 0.4, 0.8, 1.2), 0.5
#: Standard deviation of what calibration error still changes by after 100 items. On eight data sets
#: with simulated annotators it changed by .075, .053 and .038 (root mean square) from 100 to 800,
#: 200 to 1,600 and 400 to 3,200 items: as WALK sqrt(100 / n - 100 / m).
WALK = 0.08
#: Only sizes down to the largest over this, and only a lead of ln u above this, are compared with
#: the theory: with a few items a class there is no large n, and near chance u is not determined.
SPAN, LEAST_LEAD = 5.0, -1.2


@dataclass(frozen=True)
class Measured:
    """Measured losses `loss` (S,) at `sizes` (S,), `resampled` (B, S), none below `least`."""

    sizes: np.ndarray
    loss: np.ndarray
    resampled: np.ndarray
    least: float


@dataclass(frozen=True)
class Chances:
    """Random numbers of B draws, the same for every option: `shape` uniform, `drift` normal."""

    shape: np.ndarray
    drift: np.ndarray


@dataclass(frozen=True)
class Continued:
    """Losses (B, T): everything together, only sampling, only which curve is right.

    `share`: posterior share of each form, nothing for the theory.
    """

    total: np.ndarray
    sampling: np.ndarray
    model: np.ndarray
    share: dict[str, float]


def by_forms(
    measured: Measured, sizes: np.ndarray, chances: Chances, floor: float, limit: float
) -> Continued:
    """Losses at `sizes` (T,) from the ensemble of parametric forms; `limit` orders hopefulness."""
    largest = measured.sizes[-1]
    log_loss = np.log(np.maximum(measured.loss - floor, measured.least))
    curves = np.log(np.maximum(measured.resampled - floor, measured.least))
    shapes = all_shapes(float(largest), float(measured.sizes[0]))
    at_measured = np.log(np.maximum(shapes.curve(measured.sizes), 1e-4))
    at_sizes = np.log(np.maximum(shapes.curve(sizes), 1e-4))
    precision = _precision(curves, measured.sizes, MISFIT)
    mean_of = precision.sum(1) / precision.sum()
    log_weight = np.log(shapes.prior) - 0.5 * _chi2(log_loss - at_measured, precision)
    weight = _normalised(log_weight)
    picked = _pick(weight, shapes.curve(np.array([largest * limit]))[:, 0], chances)
    drift = chances.drift[:, None] * DRIFT * np.sqrt(_distance(sizes, largest))
    relative = at_sizes - (at_measured @ mean_of)[:, None]
    # The test items' luck moves all sizes together and leaves the shape alone.
    levels, centre = curves @ mean_of, log_loss @ mean_of
    share = {f: float(weight[shapes.form == i].sum()) for i, f in enumerate(FORMS)}
    return Continued(
        floor + np.exp(levels[:, None] + relative[picked] + drift),
        floor + np.exp(levels[:, None] + weight @ relative),
        floor + np.exp(centre + relative[picked] + drift),
        share,
    )


def by_theory(
    theory: RidgeTheory,
    metric: str,
    measured: Measured,
    sizes: np.ndarray,
    chances: Chances,
    floor: float,
) -> Continued | None:
    """Losses at `sizes` (T,) from the theory; None where the classifier is hardly above chance."""
    links = [Link.of(metric, theory.frequencies, floor, spread) for spread in SPREADS]
    if links[0].to_log_u(measured.loss[-1]) < LEAST_LEAD:
        return None
    mean_slope = shape_of(metric).early_slope * 100 / max(measured.sizes[-1], 50)
    followed = [_follow(theory, link, measured, sizes, mean_slope) for link in links]
    log_weight = np.concatenate(
        [
            f.log_weight - 0.5 * (h / SPREAD_SCALE) ** 2
            for f, h in zip(followed, SPREADS, strict=True)
        ]
    )
    which = np.repeat(np.arange(len(links)), [len(f.log_weight) for f in followed])
    relative = np.concatenate([f.relative for f in followed])
    centres = np.array([f.centre for f in followed])
    weight = _normalised(log_weight)
    loss = np.empty(relative.shape)
    for i, link in enumerate(links):
        loss[which == i] = link.to_loss(centres[i] + relative[which == i])
    picked = _pick(weight, loss[:, -1], chances)
    drift = -chances.drift[:, None] * LEAD_DRIFT * np.sqrt(_distance(sizes, measured.sizes[-1]))
    total, sampling, model = (np.empty((len(picked), len(sizes))) for _ in range(3))
    for i, (link, one) in enumerate(zip(links, followed, strict=True)):
        here = which[picked] == i
        ahead = relative[picked[here]] + drift[here]
        level = one.levels[here, None]
        total[here] = link.to_loss(level + ahead)
        model[here] = link.to_loss(one.centre + ahead)
        # The luck of the test items moves the mean curve as it moves this link's level.
        shift = link.to_loss(level + one.mean) - link.to_loss(one.centre + one.mean)
        sampling[here] = weight @ loss + shift
    return Continued(total, sampling, model, {})


@dataclass(frozen=True)
class _Followed:
    """The theory on one link: `log_weight` (H,), ln u relative to the level (H, T) and its mean
    (T,), levels of the resampled curves (B,) and of the measured one."""

    log_weight: np.ndarray
    relative: np.ndarray
    mean: np.ndarray
    levels: np.ndarray
    centre: float


def _follow(
    theory: RidgeTheory, link: Link, measured: Measured, sizes: np.ndarray, mean_slope: float
) -> _Followed:
    """Weigh the hypotheses and slopes by the measured curve, seen through one link."""
    largest = measured.sizes[-1]
    lead = link.to_log_u(np.maximum(measured.loss, measured.least))
    used = (measured.sizes >= largest / SPAN) & (lead > LEAST_LEAD)
    used[-1] = True
    near, lead = measured.sizes[used], lead[used]
    curves = link.to_log_u(np.maximum(measured.resampled[:, used], measured.least / 2))
    both = np.concatenate([near, sizes])
    tilted = (mean_slope + SLOPE * SLOPES[:, None]) * np.log(both / largest)
    every = (theory.log_lead(both)[:, None] + tilted).reshape(-1, len(both))
    log_prior = (TEMPER * theory.log_weight[:, None] - 0.5 * SLOPES**2).ravel()
    at_measured, at_sizes = every[:, : len(near)], every[:, len(near) :]
    precision = _precision(curves, near, LEAD_MISFIT)
    mean_of = precision.sum(1) / precision.sum()
    log_weight = log_prior - 0.5 * _chi2(lead - at_measured, precision)
    relative = at_sizes - (at_measured @ mean_of)[:, None]
    mean = _normalised(log_weight) @ relative
    return _Followed(log_weight, relative, mean, curves @ mean_of, float(lead @ mean_of))


def by_walk(measured: Measured, sizes: np.ndarray, chances: Chances) -> Continued:
    """Losses at `sizes` (T,) of a quality that need not get better with more items: as measured,
    and beyond the largest measured size n as it was there, give or take a normal walk that comes
    to rest, of variance WALK^2 (100 / n - 100 / m) at m items.

    A calibration error falls while a classifier is over-confident and rises again where people's
    disagreement leaves it less sure than gold is; errors below 0 are mirrored.
    """
    largest = measured.sizes[-1]
    at = np.log(np.minimum(sizes, largest))
    sampling = np.stack([np.interp(at, np.log(measured.sizes), one) for one in measured.resampled])
    known = np.interp(at, np.log(measured.sizes), measured.loss)
    spread = WALK * np.sqrt(np.maximum(100 / largest - 100 / np.maximum(sizes, largest), 0.0))
    walk = chances.drift[:, None] * spread

    def positive(loss: np.ndarray) -> np.ndarray:
        return np.maximum(np.abs(loss), measured.least)

    return Continued(
        positive(sampling + walk), positive(sampling), positive(known + walk), {"as measured": 1.0}
    )


def _distance(sizes: np.ndarray, largest: float) -> np.ndarray:
    """e-folds beyond the measured range, and 0 within it."""
    return np.maximum(np.log(sizes / largest), 0)


def _precision(curves: np.ndarray, sizes: np.ndarray, misfit: float) -> np.ndarray:
    """Inverse covariance (S, S) of measured values about a model.

    Sampling (bootstrap curves (B, S)), misfit that wanders away like a random walk in ln(size),
    backwards from the largest size, and roughness at every size. Its generalised least squares
    mean is the level; errors shared by all sizes cancel in the rest.
    """
    distance = np.log(sizes[-1] / sizes)
    walk = np.minimum(distance[:, None], distance[None])
    covariance = np.atleast_2d(np.cov(curves.T))
    return np.linalg.inv(covariance + misfit**2 * walk + ROUGHNESS**2 * np.eye(len(sizes)))


def _chi2(residual: np.ndarray, precision: np.ndarray) -> np.ndarray:
    """Squared distance (H,) of residuals (H, S) about their own level."""
    level = residual @ (precision.sum(1) / precision.sum())
    residual = residual - level[:, None]
    return np.einsum("hs,st,ht->h", residual, precision, residual, optimize=True)


def _normalised(log_weight: np.ndarray) -> np.ndarray:
    weight = np.exp(log_weight - log_weight.max())
    return weight / weight.sum()


def _pick(weight: np.ndarray, gloom: np.ndarray, chances: Chances) -> np.ndarray:
    """An index for each draw, from hopeful to gloomy: a uniform number means the same for every
    option."""
    order = np.argsort(gloom, kind="stable")
    cumulative = np.cumsum(weight[order])
    place = np.searchsorted(cumulative, chances.shape * cumulative[-1])
    return order[np.minimum(place, len(order) - 1)]
