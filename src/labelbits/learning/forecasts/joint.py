"""Forecasts of several options together: what sets options apart is known better than any level.

Options tested on the same items share the luck of those items and the shape of the curve. With
y_o(n) the ln u of option o (`links`),

    y_o(n) = Y(n) + T_o(n) + e_o.

T_o is what the theory of the features foretells from the purity of o's answers alone: noisy answers
slow ridge regression down as if fewer items had been bought (`theory`). Purity is the agreement of
answers with the reference and needs no classifier. e_o is what the theory misses: the measured
difference, resampled in pairs, shrunk towards nothing by its own error,

    e_o | measured ~ Normal(s m_o, s v_o),   s = tau^2 / (tau^2 + v_o),

m_o the measured difference less T_o with variance v_o, tau (`MISSED`) how far the theory of
differences is trusted. On eight data sets (28 pilots of 100 to 1,000 items, 3 and 10 votes against
1) T_o was wrong by .02 in ln u, by .04 from 100 items; m_o by .02 to .04, several times what its
test items explain, because which items profit from better answers is the luck of the pilot too.
Y is the mean of all options' own forecasts. A choice between options then follows differences that
are known, and not the luck by which one curve came out steeper. Where options have been measured on
other items too, much further than on the pilot, Y and T_o are from there (`guide`) in the draws
that believe them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from labelbits.errors import InputError
from labelbits.learning.curves.points import CROSSED, CurvePoints
from labelbits.learning.forecasts.extrapolate import LEAST_LEAD, ROUGHNESS, SPAN
from labelbits.learning.forecasts.guide import follow, usable
from labelbits.learning.forecasts.links import Link
from labelbits.learning.forecasts.one import Forecast, forecast, resampled_curves
from labelbits.learning.theory import MISSED, RidgeTheory, posterior_lead
from labelbits.metrics import metric_of

#: Standard deviation of e_o where the purity of the answers is not known (`MISSED` where it is).
UNKNOWN = 0.3
#: Factor on the standard error of a measured difference that its test items explain.
LUCK = 3.5
#: Guides are followed from this probability on, where one account has to be named.
BELIEVED = 0.5
#: Spread of the items' ln u in the link that translates quality to ln u and back.
SPREAD = 0.4


def forecast_options(
    points: Sequence[CurvePoints],
    sizes: np.ndarray,
    *,
    seed: int,
    level: float = 0.9,
    limit: float = 10.0,
    floor: float | None = None,
    draws: int = 1000,
    guides: Sequence[CurvePoints | None] | None = None,
) -> list[Forecast]:
    """The forecast of every option at the same `sizes` (T,); other arguments as in `forecast`.

    `guides` (one for each option, None where there is none) are the same options measured on other
    items whose class is known, tested on the same items: see `guide`. Options that cannot be
    compared (another learner than the linear one, metrics of whole sets, test items or sizes that
    differ, hardly above chance) keep the forecasts they have alone.
    """
    alone = [
        forecast(p, sizes, seed=seed, level=level, limit=limit, floor=floor, draws=draws)
        for p in points
    ]
    guides = [None] * len(points) if guides is None else guides
    if len(guides) != len(points):
        raise InputError(f"{len(guides)} guides for {len(points)} options; expected one for each")
    pairs = enumerate(zip(points, guides, strict=True))
    led = {o: g for o, (p, g) in pairs if g is not None and usable(p, g)}
    comparable = _comparable(points) if len(points) > 1 or led else None
    if comparable is None:
        return alone
    first, link = comparable
    up = metric_of(points[0].metric).higher
    known = np.isfinite(points[0].mean)
    measured = points[0].sizes[known].astype(np.float64)
    reach = np.minimum(np.maximum(sizes, 1.0), alone[0].limit_size)
    every = np.concatenate([measured, reach])

    def foretold(sizes: np.ndarray) -> np.ndarray:
        """ln u (O, N) of all options by the theory."""
        return np.stack([posterior_lead(p.theory or first, sizes) for p in points])

    lead = foretold(every)
    noise = [np.random.default_rng([seed, 91, o]).standard_normal(draws) for o in range(len(alone))]

    def quality(log_u: np.ndarray) -> np.ndarray:
        """Of ln u, any shape."""
        loss = link.to_loss(log_u)
        return 1 - loss if up else loss

    def beyond(lead: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(e_o (O,) expected, its draws (O, B), resampled differences (O, B)) of such leads."""
        shift = (lead - lead.mean(0))[:, : len(measured)]
        own, error, resampled = _differences(points, known, link, shift, draws, seed)
        missed = np.where([_knows_purity(p) for p in points], MISSED, UNKNOWN)
        shrunk = missed**2 / (missed**2 + error**2)
        expected = shrunk * own
        return expected, expected[:, None] + (np.sqrt(shrunk) * error)[:, None] * noise, resampled

    ahead = lead[:, len(measured) :]
    _, extra, resampled = beyond(lead)
    shared = []
    for o, one in enumerate(alone):
        draw = np.where(one.refused, one.draws[:, :1], one.draws)
        own = link.to_log_u(1 - draw if up else draw)
        shared.append(own - (ahead[o] - ahead.mean(0)) - resampled[o][:, None])
    common = np.mean(shared, axis=0) - ahead.mean(0)
    found = [common + ahead[o] + extra[o][:, None] for o in range(len(points))]
    if not led:
        return [_replaced(one, quality(y)) for one, y in zip(alone, found, strict=True)]
    some = list(led.values())
    sure = all(_knows_purity(points[o]) for o in led)
    guided = follow(
        [points[o] for o in led], some, link, every,
        (lambda sizes: foretold(sizes)[list(led)]) if sure else None, seed=seed, draws=draws,
    )  # fmt: skip
    further = guided.lead
    # An option without a guide is as far from the others as the theory has it.
    lead = lead + np.mean(further - lead[list(led)], axis=0)
    lead[list(led)] = further
    expected, extra, _ = beyond(lead)
    trust = (np.random.default_rng([seed, 93]).permutation(draws) + 0.5) / draws
    trusted = (trust < guided.alike)[:, None]
    result = []
    for o, one in enumerate(alone):
        number = list(led).index(o) if o in led else None
        luck, model = (
            (part.mean(0) if number is None else part[number])[:, len(measured) :]
            for part in (guided.luck, guided.model)
        )
        centre = lead[o, len(measured) :]
        told = centre + (guided.level + extra[o])[:, None] + model
        mixed = _replaced(one, quality(np.where(trusted, told + luck, found[o])))
        mixed = replace(mixed, alike=guided.alike)
        # Where the guides are not believed the parts are those of the pilot's own curve.
        if guided.alike >= BELIEVED:
            curve = quality(np.where(trusted, told, found[o]))
            chance = quality(centre + guided.level_mean + expected[o] + luck)
            mixed = _with_parts(mixed, chance, curve)
        result.append(mixed)
    return result


def _knows_purity(points: CurvePoints) -> bool:
    """Whether the theory of the linear learner holds for this option."""
    return bool(points.ridges is not None and np.isfinite(points.ridges).any())


def _with_parts(one: Forecast, sampling: np.ndarray, model: np.ndarray) -> Forecast:
    """The forecast with the parts of its uncertainty from these qualities (B, S)."""
    tails = [(1 - one.level) / 2, (1 + one.level) / 2]
    bands = []
    for part in (sampling, model):
        band = np.quantile(part, tails, axis=0)
        bands.append(np.where(one.refused, np.nan, band))
    return replace(
        one, sampling_low=bands[0][0], sampling_high=bands[0][1], model_low=bands[1][0],
        model_high=bands[1][1],
    )  # fmt: skip


def _comparable(points: Sequence[CurvePoints]) -> tuple[RidgeTheory, Link] | None:
    """(theory of one option, link) where all options can be compared."""
    first = points[0]
    if first.item_values is None or first.theory is None:
        return None
    for p in points:
        if p.item_values is None or p.theory is None or p.metric != first.metric:
            return None
        if not np.array_equal(p.sizes, first.sizes):
            return None
        if not np.array_equal(np.isfinite(p.item_values), np.isfinite(first.item_values)):
            return None
    loss = np.array([p.mean[np.isfinite(p.mean)] for p in points])
    loss = metric_of(first.metric).loss(loss)
    floor = min(first.floor, 0.9 * float(loss.min()))
    link = Link.of(first.metric, first.theory.frequencies, floor, SPREAD)
    if link.to_log_u(loss[:, -1]).min() < LEAST_LEAD:
        return None
    return first.theory, link


def _differences(
    points: Sequence[CurvePoints],
    known: np.ndarray,
    link: Link,
    shift: np.ndarray,
    draws: int,
    seed: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Measured differences (O,) of ln u from the mean of all options beyond `shift` (O, S), their
    standard errors (O,) with `LUCK`, and the same differences of resampled curves (O, B)."""
    up = metric_of(points[0].metric).higher
    sizes = points[0].sizes[known].astype(np.float64)
    leads, curves = [], []
    for p in points:
        loss = 1 - p.mean[known] if up else p.mean[known]
        deviation = resampled_curves(p, known, draws, np.random.default_rng(seed), CROSSED)
        leads.append(link.to_log_u(loss))
        curves.append(link.to_log_u(np.maximum(loss + (-1 if up else 1) * deviation, 1e-4)))
    lead, curve = np.stack(leads), np.stack(curves)
    used = (sizes >= sizes[-1] / SPAN) & (lead > LEAST_LEAD).all(0)
    used[-1] = True
    beyond = (lead - lead.mean(0) - shift)[:, used]
    again = (curve - curve.mean(0) - shift[:, None])[:, :, used]
    own, error, resampled = [], [], []
    for o in range(len(points)):
        covariance = np.atleast_2d(np.cov(again[o].T)) + ROUGHNESS**2 * np.eye(used.sum())
        precision = np.linalg.inv(covariance)
        weight = precision.sum(1) / precision.sum()
        own.append(beyond[o] @ weight)
        error.append(LUCK / np.sqrt(precision.sum()))
        resampled.append(again[o] @ weight)
    return np.array(own), np.array(error), np.array(resampled)


def _replaced(one: Forecast, draws: np.ndarray) -> Forecast:
    """The forecast with other draws; the parts of its uncertainty move with the mean."""
    draws = np.where(one.refused, np.nan, draws)
    tails = [(1 - one.level) / 2, (1 + one.level) / 2]
    reached = ~one.refused
    centre = np.full(len(one.sizes), np.nan)
    band = np.full((2, len(one.sizes)), np.nan)
    centre[reached] = np.median(draws[:, reached], axis=0)
    band[:, reached] = np.quantile(draws[:, reached], tails, axis=0)
    moved = centre - one.mean
    return replace(
        one, mean=centre, low=band[0], high=band[1], draws=draws,
        sampling_low=one.sampling_low + moved, sampling_high=one.sampling_high + moved,
        model_low=one.model_low + moved, model_high=one.model_high + moved,
    )  # fmt: skip
