"""Forecasts of several options together: what sets options apart is known better than any level.

Options tested on the same items share the luck of those items and the shape of the curve. With
y_o(n) the ln u of option o (`links`),

    y_o(n) = Y(n) + d_o(n).

Y is the mean of all options' own forecasts, d_o what sets option o apart: what the theory of the
features foretells from the purity of o's answers, and what was measured in pairs, each weighed by
the other (`apart`). More answers on the same items are never worse, draw by draw (`order`). At
measured sizes all of it gives way to what was measured (`held`). Where options have been measured
on other items too, much further than on the pilot, Y and d_o are from there (`guide`) in the draws
that believe them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from labelbits.errors import InputError
from labelbits.interface import LEVEL
from labelbits.learning.curves.points import CROSSED, CurvePoints
from labelbits.learning.forecasts.apart import LUCK as PAIRED_LUCK
from labelbits.learning.forecasts.apart import UNKNOWN, set_apart
from labelbits.learning.forecasts.extrapolate import LEAST_LEAD, ROUGHNESS, SPAN
from labelbits.learning.forecasts.guide import follow, usable
from labelbits.learning.forecasts.held import as_measured
from labelbits.learning.forecasts.links import Link
from labelbits.learning.forecasts.one import (
    Forecast,
    forecast,
    only,
    resampled_curves,
    with_draws,
)
from labelbits.learning.forecasts.order import Chains, in_order
from labelbits.learning.theory import MISSED, RidgeTheory, posterior_lead
from labelbits.metrics import metric_of

#: Factor on the standard error of a measured difference that its test items explain, where it is
#: set against a guide.
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
    level: float = LEVEL,
    limit: float = 10.0,
    floor: float | None = None,
    draws: int = 1000,
    guides: Sequence[CurvePoints | None] | None = None,
    chains: Chains = (),
) -> list[Forecast]:
    """The forecast of every option at the same `sizes` (T,); other arguments as in `forecast`.

    `guides` (one for each option, None where there is none) are the same options measured on other
    items whose class is known, tested on the same items: see `guide`. `chains` number options that
    are more and more answers of one kind on the same items: each is at least as good as the one
    before it in every draw. Options that cannot be compared (another learner than the linear one,
    metrics of whole sets, test items or sizes that differ, hardly above chance) keep the forecasts
    they have alone. At the largest measured size every interval holds the measurement.
    """
    guides = [None] * len(points) if guides is None else guides
    if len(guides) != len(points):
        raise InputError(f"{len(guides)} guides for {len(points)} options; expected one for each")
    sizes = np.asarray(sizes, dtype=np.float64)
    if not len(points) or not sizes.size:
        raise InputError("no options, or no sizes; expected at least one of each")
    known = [np.isfinite(p.mean) for p in points]
    measured = np.unique(np.concatenate([p.sizes[k] for p, k in zip(points, known, strict=True)]))
    every = np.concatenate([measured, sizes])
    alone = [
        forecast(p, every, seed=seed, level=level, limit=limit, floor=floor, draws=draws)
        for p in points
    ]
    pairs = enumerate(zip(points, guides, strict=True))
    led = {o: g for o, (p, g) in pairs if g is not None and usable(p, g)}
    comparable = _comparable(points) if len(points) > 1 or led else None
    if comparable is None:
        found = alone
    else:
        found = _together(points, alone, led, comparable, seed=seed, draws=draws)
    believed = [f.alike is not None and f.alike >= BELIEVED for f in found]
    found = [
        as_measured(f, p, seed=seed, moves=not b)
        for f, p, b in zip(found, points, believed, strict=True)
    ]
    up = metric_of(points[0].metric).higher
    if chains:
        sign = 1 if up else -1
        ordered = sign * in_order(sign * np.stack([f.draws for f in found]), chains)
        found = [with_draws(f, d) for f, d in zip(found, ordered, strict=True)]
    return [only(f, slice(len(measured), None)) for f in found]


def _together(
    points: Sequence[CurvePoints],
    alone: list[Forecast],
    led: dict[int, CurvePoints],
    comparable: tuple[RidgeTheory, Link],
    *,
    seed: int,
    draws: int,
) -> list[Forecast]:
    """The forecasts with what all options share, and what sets each apart, from all of them."""
    first, link = comparable
    up = metric_of(points[0].metric).higher
    known = np.isfinite(points[0].mean)
    measured = points[0].sizes[known].astype(np.float64)
    reach = np.minimum(np.maximum(alone[0].sizes, 1.0), alone[0].limit_size)
    every = np.concatenate([measured, reach])

    def foretold(sizes: np.ndarray) -> np.ndarray:
        """ln u (O, N) of all options by the theory."""
        return np.stack([posterior_lead(p.theory or first, sizes) for p in points])

    lead = foretold(every)
    sure = [_knows_purity(p) for p in points]

    def quality(log_u: np.ndarray) -> np.ndarray:
        """Of ln u, any shape."""
        loss = link.to_loss(log_u)
        return 1 - loss if up else loss

    ahead = lead[:, len(measured) :]
    common = []
    for one in alone:
        draw = np.where(one.refused, one.draws[:, :1], one.draws)
        common.append(link.to_log_u(1 - draw if up else draw))
    if len(points) > 1:
        pair = _paired(points, known, link, draws, seed)
        apart = set_apart(
            pair.lead @ pair.weight, PAIRED_LUCK**2 * pair.covariance(),
            (lead - lead.mean(0))[:, : len(measured)][:, pair.used] @ pair.weight, ahead, sure,
            seed=seed, draws=draws, same=_alike(points),
        )  # fmt: skip
        found = np.mean(common, axis=0) + apart.draws
        alone = [replace(one, believed=apart.believed, told=apart.told) for one in alone]
    else:
        found = np.stack(common)
    if not led:
        return [with_draws(one, quality(y)) for one, y in zip(alone, found, strict=True)]
    noise = [np.random.default_rng([seed, 91, o]).standard_normal(draws) for o in range(len(alone))]

    def beyond(lead: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(e_o (O,) expected beyond such leads, its draws (O, B))."""
        shift = (lead - lead.mean(0))[:, : len(measured)]
        own, error = _differences(points, known, link, shift, draws, seed)
        missed = np.where(sure, MISSED, UNKNOWN)
        shrunk = missed**2 / (missed**2 + error**2)
        expected = shrunk * own
        return expected, expected[:, None] + (np.sqrt(shrunk) * error)[:, None] * noise

    some = list(led.values())
    guided = follow(
        [points[o] for o in led], some, link, every,
        (lambda sizes: foretold(sizes)[list(led)]) if all(sure[o] for o in led) else None,
        seed=seed, draws=draws,
    )  # fmt: skip
    further = guided.lead
    # An option without a guide is as far from the others as the theory has it.
    lead = lead + np.mean(further - lead[list(led)], axis=0)
    lead[list(led)] = further
    expected, extra = beyond(lead)
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
        mixed = with_draws(one, quality(np.where(trusted, told + luck, found[o])))
        mixed = replace(mixed, alike=guided.alike)
        # Where the guides are not believed the parts are those of the pilot's own curve.
        if guided.alike >= BELIEVED:
            curve = quality(np.where(trusted, told, found[o]))
            chance = quality(centre + guided.level_mean + expected[o] + luck)
            mixed = _with_parts(mixed, chance, curve)
        result.append(mixed)
    return result


def _alike(points: Sequence[CurvePoints]) -> list[int]:
    """A number for each option, the same for those that measured the same answers."""
    values = [p.values.tobytes() for p in points]
    return [values.index(v) for v in values]


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


@dataclass(frozen=True)
class _Paired:
    """Measured differences of ln u: `lead` (O, U) from the mean of all options at the `used` sizes,
    `again` (O, B, U) of resampled curves; `weight` (U,) sums to 1."""

    used: np.ndarray
    lead: np.ndarray
    again: np.ndarray
    weight: np.ndarray

    def covariance(self) -> np.ndarray:
        """Of the weighted differences (O, O)."""
        count = len(self.lead)
        spread = np.cov(self.again @ self.weight)
        rough = ROUGHNESS**2 * float(self.weight @ self.weight)
        return np.atleast_2d(spread) + rough * (np.eye(count) - 1 / count)


def _paired(
    points: Sequence[CurvePoints], known: np.ndarray, link: Link, draws: int, seed: int
) -> _Paired:
    """What was measured in pairs, on the same resamples of the test items."""
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
    lead, curve = lead[:, used], curve[:, :, used]
    lead, curve = lead - lead.mean(0), curve - curve.mean(0)
    covariance = np.mean([np.atleast_2d(np.cov(one.T)) for one in curve], axis=0)
    precision = np.linalg.inv(covariance + ROUGHNESS**2 * np.eye(int(used.sum())))
    return _Paired(used, lead, curve, precision.sum(1) / precision.sum())


def _differences(
    points: Sequence[CurvePoints],
    known: np.ndarray,
    link: Link,
    shift: np.ndarray,
    draws: int,
    seed: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Measured differences (O,) of ln u from the mean of all options beyond `shift` (O, S), and
    their standard errors (O,) with `LUCK`."""
    pair = _paired(points, known, link, draws, seed)
    beyond = pair.lead - shift[:, pair.used]
    own, error = [], []
    for o in range(len(points)):
        covariance = np.atleast_2d(np.cov(pair.again[o].T))
        covariance = covariance + ROUGHNESS**2 * np.eye(int(pair.used.sum()))
        precision = np.linalg.inv(covariance)
        own.append(beyond[o] @ (precision.sum(1) / precision.sum()))
        error.append(LUCK / np.sqrt(precision.sum()))
    return np.array(own), np.array(error)
