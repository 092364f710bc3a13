"""Curves of the same options on other items, which go further than the pilot's.

Items whose class is known, outside the pilot, are more than a test set: with answers simulated on
them by the pilot's own noise, every option's curve can be measured far beyond the pilot's size.
With g_o(n) such a curve of option o in ln u (`links`), tested on the same items as the pilot's,

    y_o(n) = g_o(n) + E + e_o,

e_o what sets the option apart from the others beyond the guides (`joint`), E how far all of the
pilot's curves lie from their guides. Two accounts of E are weighed by how well they foretell what
was measured at the pilot's sizes, m with variance v:

    alike:      E ~ Normal(0, tau^2), the pilot's items are like the others (`MISSED_LEVEL`),
    different:  E ~ Cauchy(0, `OTHER_ITEMS`), and the guides say nothing: forecasts go by the
                pilot's curve alone.

Draws are of the first with its posterior probability, so intervals widen, and the forecast leaves
the guides, where the two sources disagree.

What sets options apart is drawn towards what the theory foretells from the purity of the answers,
T_o, by the error v of what the guides say, which on few items is mostly luck:

    g_o - mean g | measured ~ Normal(T_o + s (d_o - T_o), s v^2),   s = tau^2 / (tau^2 + v^2),

d_o the measured difference, tau growing with T_o (`MISSED`, `PART`). Towards the guide's end and
beyond d_o - T_o is one number: no option is the best because its curve came out steep.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special, stats

from labelbits.learning.curves.points import CurvePoints
from labelbits.learning.forecasts.extrapolate import LEAST_LEAD, ROUGHNESS, SPAN
from labelbits.learning.forecasts.links import Link
from labelbits.learning.forecasts.one import forecast, nested, resampled_curves
from labelbits.learning.theory import MISSED
from labelbits.metrics import metric_of

#: Standard deviation of E where the items are alike: how far simulated answers teach other things
#: than real ones.
MISSED_LEVEL = 0.05
#: Scale of E where they are not, and how probable that is beforehand.
OTHER_ITEMS, DIFFERENT = 0.5, 0.1
#: How far a difference is from the theory's, beside `MISSED`, as a part of it: large ones are known
#: less well than small ones.
PART = 0.2
#: A guide has to go this many times further than the pilot.
FURTHER = 1.5


@dataclass(frozen=True)
class Guided:
    """What guides foretell: `lead` (O, S) central ln u of the options at the sizes asked for,
    `luck` (O, B, S) of test and training items and `model` (O, B, S) of going beyond the guides,
    both about it and on the same random numbers, so that what options share cancels between them;
    `level` (B,) draws of E; `alike` its probability."""

    lead: np.ndarray
    luck: np.ndarray
    model: np.ndarray
    level: np.ndarray
    level_mean: float
    alike: float


def usable(points: CurvePoints, guide: CurvePoints | None) -> bool:
    """Whether a guide tests the same items and goes further."""
    if guide is None or guide.item_values is None or points.item_values is None:
        return False
    if guide.metric != points.metric or guide.item_values.shape[1] != points.item_values.shape[1]:
        return False
    reach = guide.sizes[np.isfinite(guide.mean)].max(initial=0)
    return bool(reach >= FURTHER * points.sizes.max() and guide.sizes[0] <= points.sizes.max())


def follow(
    points: Sequence[CurvePoints],
    guides: Sequence[CurvePoints],
    link: Link,
    sizes: np.ndarray,
    theory: Callable[[np.ndarray], np.ndarray] | None,
    *,
    seed: int,
    draws: int,
) -> Guided:
    """What the guides (O,) of options `points` (O,) foretell at `sizes` (S,).

    Every guide has to be `usable`. `theory` gives ln u (O, N) of the options at N sizes by the
    theory, whose differences are believed; None where the purity of answers is not known.
    """
    together = theory is not None and len(guides) > 1
    near = _end_of(guides) if together else np.zeros(0)
    at = np.concatenate([sizes, near])
    lead, luck, model = [], [], []
    for guide in guides:
        centre, own, beyond = _drawn(guide, link, at, seed, draws)
        lead.append(centre)
        luck.append(own)
        model.append(beyond)
    parts = np.stack(lead), np.stack(luck), np.stack(model)
    if theory is not None and together:
        parts = _drawn_together(*parts, theory(at), at, len(near))
    lead, luck, model = (part[..., : len(sizes)] for part in parts)
    measured, error = _level(points, guides, link, seed, draws)
    same = MISSED_LEVEL**2 + error**2
    odds = (1 - DIFFERENT) / DIFFERENT * stats.norm.pdf(measured, scale=np.sqrt(same))
    odds /= special.voigt_profile(measured, error, OTHER_ITEMS)
    shrunk = MISSED_LEVEL**2 / same
    noise = np.random.default_rng([seed, 92]).standard_normal(draws)
    level = shrunk * measured + np.sqrt(shrunk) * error * noise
    return Guided(
        lead, luck, model, level, float(shrunk * measured), float(odds / (1 + odds))
    )  # fmt: skip


def _end_of(guides: Sequence[CurvePoints]) -> np.ndarray:
    """Measured sizes, down to a fifth, of the guide that ends first."""
    last = min(float(g.sizes[np.isfinite(g.mean)].max()) for g in guides)
    near = guides[0].sizes[np.isfinite(guides[0].mean)].astype(float)
    near = near[(near >= last / SPAN) & (near <= last)]
    return near if len(near) else np.array([last])


def _drawn_together(
    lead: np.ndarray,
    luck: np.ndarray,
    model: np.ndarray,
    foretold: np.ndarray,
    sizes: np.ndarray,
    count: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(lead (O, S), luck (O, B, S), model (O, B, S)) with what sets options apart drawn towards
    `foretold` (O, S); the last `count` sizes tell the one number."""
    apart = foretold - foretold.mean(0)
    trusted = np.hypot(MISSED, PART * apart)
    own = luck - luck.mean(0)
    # Beyond the guides it is one number; from half of their size down each size has its own.
    fixed = np.clip(np.log2(sizes / sizes[-1]) + 1, 0.0, 1.0)
    told, noise = np.empty_like(lead), np.empty_like(luck)
    for o, measured in enumerate(lead - lead.mean(0) - apart):
        covariance = np.atleast_2d(np.cov(own[o, :, -count:].T)) + ROUGHNESS**2 * np.eye(count)
        weight = np.linalg.inv(covariance).sum(1)
        weight = weight / weight.sum()
        one = own[o, :, -count:] @ weight
        error = own[o].std(axis=0), one.std()
        each, all_ = (trusted[o] ** 2 / (trusted[o] ** 2 + v**2) for v in error)
        told[o] = (1 - fixed) * each * measured + fixed * all_ * (measured[-count:] @ weight)
        noise[o] = (1 - fixed) * np.sqrt(each) * own[o] + fixed * np.sqrt(all_) * one[:, None]
    # Where a curve goes beyond its guide is common to all.
    return (
        lead.mean(0) + apart + told,
        luck.mean(0) + noise,
        np.broadcast_to(model.mean(0), model.shape),
    )


def _loss(quality: np.ndarray, metric: str) -> np.ndarray:
    return metric_of(metric).loss(quality)


def _curves(points: CurvePoints, seed: int, draws: int, stream: int = 94) -> tuple[np.ndarray, ...]:
    """(sizes (S,), losses (S,), resampled losses (B, S)) where they were measured.

    The same resample of the test items for every curve, so that their luck cancels between them:
    folds of a cross-validation count as the others do. The luck of training sets is of its
    `stream`: a pilot and a guide have different ones.
    """
    known = np.isfinite(points.mean)
    loss = _loss(points.mean[known], points.metric)
    moved = resampled_curves(points, known, draws, np.random.default_rng(seed), 1.0)
    if points.crossed:
        noise = np.random.default_rng([seed, stream]).standard_normal((draws, int(known.sum())))
        luck = _training_error(points, known)
        moved = moved + nested(noise, points.sizes[known]) * luck
    sign = -metric_of(points.metric).sign
    return points.sizes[known].astype(float), loss, np.maximum(loss + sign * moved, 1e-4)


def training_luck(points: CurvePoints) -> np.ndarray:
    """Standard deviation (S,) of a curve from one training set to the next, tested on all items.

    What folds of a cross-validation scored beyond the mean of their items tells it. In accuracy,
    every training set also gets other items right by chance, which averages out over all items more
    than over a fold; in other metrics that is not taken out. NaN where nothing was measured.
    """
    if points.training is None or points.item_counts is None or points.item_values is None:
        return np.zeros(len(points.sizes))
    variance, replicates = _fold_variance(points)
    if metric_of(points.metric).counted:
        right = points.item_values
        tested = np.maximum(np.isfinite(right).sum(1), 1)
        fold = np.maximum(points.item_counts.sum(1) / replicates, 1)
        flips = np.nansum(right * (1 - right), axis=1) / tested / _own_share(points)
        variance = np.maximum(variance - flips / fold, 0.0) + flips / tested
    return np.sqrt(np.where(np.isfinite(points.mean), variance, np.nan))


def _fold_variance(points: CurvePoints) -> tuple[np.ndarray, np.ndarray]:
    """(variance (S,) of what a fold scores beyond the mean of its items, number of folds (S,))."""
    assert points.training is not None
    replicates = np.maximum(np.isfinite(points.training).sum(1), 1)
    return np.nansum(points.training**2, axis=1) / replicates / _own_share(points), replicates


def _own_share(points: CurvePoints) -> np.ndarray:
    """Part (S,) of its variance that a fold's deviation from the mean of its items keeps: that mean
    holds the fold's own score, one of as many as there were passes."""
    assert points.item_counts is not None
    return 1 - 1 / np.maximum(points.item_counts.max(1), 2)


def _training_error(points: CurvePoints, known: np.ndarray) -> np.ndarray:
    """Standard error (S,) of a cross-validated mean from the luck of its training sets."""
    if points.training is None or points.item_counts is None:
        return np.zeros(int(known.sum()))
    variance, replicates = (part[known] for part in _fold_variance(points))
    passes = np.maximum(points.item_counts[known].max(1), 2)
    shared = 0.0 if points.pool is None else points.sizes[known] / points.pool
    return np.sqrt(variance * np.maximum(1 / replicates, shared / passes))


def _drawn(
    guide: CurvePoints, link: Link, sizes: np.ndarray, seed: int, draws: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(central ln u (S,), luck (B, S), model (B, S)) of one guide; beyond it as `forecast` does."""
    measured, loss, resampled = _curves(guide, seed, draws)
    at, last = np.log(np.minimum(sizes, measured[-1])), measured[-1]
    centre = link.to_log_u(np.interp(at, np.log(measured), loss))
    again = np.stack([np.interp(at, np.log(measured), one) for one in resampled])
    luck = link.to_log_u(again) - centre
    model = np.zeros_like(luck)
    far = sizes > last
    if far.any():
        limit = float(sizes.max() / last) + 1
        ahead = forecast(guide, sizes[far], seed=seed, draws=draws, limit=limit)
        drawn = link.to_log_u(_loss(ahead.draws, guide.metric))
        middle = np.median(drawn, axis=0)
        # What is left of a draw when the luck of its resample is taken out.
        model[:, far] = drawn - middle - (luck[:, far] - np.median(luck[:, far], axis=0))
        centre[far] = middle
    return centre, luck, model


def _level(
    points: Sequence[CurvePoints],
    guides: Sequence[CurvePoints],
    link: Link,
    seed: int,
    draws: int,
) -> tuple[float, float]:
    """How far the pilot's curves lie from their guides in ln u, mean of all options, and the
    standard error of that."""
    apart, again, near = [], [], np.zeros(0)
    for one, guide in zip(points, guides, strict=True):
        sizes, loss, moved = _curves(one, seed, draws, 95)
        g_sizes, g_loss, g_moved = _curves(guide, seed, draws)
        used = (sizes >= max(sizes[-1] / SPAN, g_sizes[0])) & (link.to_log_u(loss) > LEAST_LEAD)
        used[-1] = True
        near = used if not len(near) else near & used
        at = np.log(sizes)
        there = np.interp(at, np.log(g_sizes), g_loss)
        there_again = np.stack([np.interp(at, np.log(g_sizes), g) for g in g_moved])
        apart.append(link.to_log_u(loss) - link.to_log_u(there))
        again.append(link.to_log_u(moved) - link.to_log_u(there_again))
    difference, resampled = np.mean(apart, axis=0)[near], np.mean(again, axis=0)[:, near]
    covariance = np.atleast_2d(np.cov(resampled.T)) + ROUGHNESS**2 * np.eye(int(near.sum()))
    precision = np.linalg.inv(covariance)
    weight = precision.sum(1) / precision.sum()
    return float(difference @ weight), float(1 / np.sqrt(precision.sum()))
