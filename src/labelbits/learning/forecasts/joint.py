"""Forecasts of several options together: what sets options apart is known better than any level.

Options tested on the same items share the luck of those items and the shape of the curve. With
y_o(n) the ln u of option o (`links`),

    y_o(n) = Y(n exp(s_o)) + e_o.

Y is the mean of all options' own forecasts, s_o what o's answers are worth in items (`worth`), e_o
what sets options of other kinds or annotators apart beside that. The theory of the features
foretells s from the purity of the answers; it and what was measured in pairs (`pairs`) are weighed
by each other (`apart`). More answers on the same items are never worse, and the same answers on
more items are never worse, draw by draw (`order`). At measured sizes all of it gives way to what
was measured (`held`). Where options have been measured on other items too, much further than on the
pilot, the curves are from there (`guide`) in the draws that believe them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from labelbits.errors import InputError
from labelbits.interface import LEVEL
from labelbits.learning.curves.points import CurvePoints
from labelbits.learning.forecasts.aligned import worth_measured
from labelbits.learning.forecasts.apart import LUCK as PAIRED_LUCK
from labelbits.learning.forecasts.apart import MISSES, MISSES_WORTH, UNKNOWN, set_apart
from labelbits.learning.forecasts.extrapolate import LEAST_LEAD
from labelbits.learning.forecasts.guide import follow, usable
from labelbits.learning.forecasts.held import as_measured, in_common
from labelbits.learning.forecasts.links import Link
from labelbits.learning.forecasts.one import (
    Forecast,
    forecast,
    only,
    with_draws,
)
from labelbits.learning.forecasts.order import Chains, in_order, spread_out, spread_sizes
from labelbits.learning.forecasts.pairs import differences, paired
from labelbits.learning.forecasts.worth import (
    bounded,
    read_at,
    share_of_last,
    slope_of,
    worth_of,
)
from labelbits.learning.theory import MISSED, RidgeTheory, posterior_lead
from labelbits.metrics import metric_of
from labelbits.quantity import central

#: Guides are followed from this probability on, where one account has to be named.
BELIEVED = 0.5
#: Spread of the items' ln u in the link that translates quality to ln u and back.
SPREAD = 0.4
#: Sizes beyond the measured ones at which the common curve is known, whatever is asked for.
BETWEEN = 7


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
    answers: Sequence[int] | None = None,
) -> list[Forecast]:
    """The forecast of every option at the same `sizes` (T,); other arguments as in `forecast`.

    `guides` (one for each option, None where there is none) are the same options measured on other
    items whose class is known, tested on the same items: see `guide`. `chains` number options that
    are more and more answers of one kind on the same items: each is at least as good as the one
    before it in every draw. `answers`, how many of them each option gives an item, bounds it from
    above by as many answers on more items (`order`). Options that cannot be compared (another
    learner than the linear one, metrics of whole sets, test items or sizes that differ, hardly
    above chance) keep the forecasts they have alone. At the largest measured size every interval
    holds the measurement.
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
    asked = len(every)
    up = metric_of(points[0].metric).higher
    if metric_of(points[0].metric).shape is None:
        answers = None  # such a quality may fall with more labels
    # Differences are read off the curve at other sizes (`worth`), which it must be known at.
    beyond = [np.geomspace(measured[-1], limit * measured[-1], BETWEEN)]
    if answers is not None:
        beyond.append(spread_sizes(sizes, chains, answers))
    beyond = np.concatenate(beyond)
    every = np.concatenate([every, beyond[beyond <= limit * measured[-1] * (1 + 1e-9)]])
    alone = [
        forecast(p, every, seed=seed, level=level, limit=limit, floor=floor, draws=draws)
        for p in points
    ]
    pairs = enumerate(zip(points, guides, strict=True))
    led = {o: g for o, (p, g) in pairs if g is not None and usable(p, g)}
    comparable = _comparable(points, led) if len(points) > 1 or led else None
    common = None
    if comparable is None:
        found = alone
    else:
        terms = _Terms(seed, draws, chains, answers)
        found = _together(points, alone, led, comparable, terms)
        common = in_common(found, points) if len(points) > 1 else None
    believed = [f.alike is not None and f.alike >= BELIEVED for f in found]
    found = [
        as_measured(f, p, seed=seed, moves=not b, common=common)
        for f, p, b in zip(found, points, believed, strict=True)
    ]
    if chains:
        sign = 1 if up else -1
        ordered = in_order(sign * np.stack([f.draws for f in found]), chains)
        if answers is not None:
            there = np.flatnonzero(~found[0].refused)
            ordered[:, :, there] = spread_out(
                ordered[:, :, there], every[there], chains, answers, float(measured[-1])
            )
        found = [with_draws(f, sign * d) for f, d in zip(found, ordered, strict=True)]
    return [only(f, slice(len(measured), asked)) for f in found]


@dataclass(frozen=True)
class _Terms:
    """How options are forecast together: random numbers, and which are more answers of a kind."""

    seed: int
    draws: int
    chains: Chains
    answers: Sequence[int] | None


def _together(
    points: Sequence[CurvePoints],
    alone: list[Forecast],
    led: dict[int, CurvePoints],
    comparable: tuple[RidgeTheory, Link],
    terms: _Terms,
) -> list[Forecast]:
    """The forecasts with what all options share, and what sets each apart, from all of them."""
    first, link = comparable
    seed, draws = terms.seed, terms.draws
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

    common = []
    for one in alone:
        draw = np.where(one.refused, one.draws[:, :1], one.draws)
        common.append(link.to_log_u(1 - draw if up else draw))
    if len(points) > 1:
        pair = paired(points, known, link, draws, seed)
        curve, there = np.mean(common, axis=0), ~alone[0].refused
        slope = slope_of(curve.mean(0)[there], reach[there], measured[-1])
        # What tells more and more answers of one kind apart is what they are worth in items; other
        # options differ in what they can reach, too.
        linked = np.isin(np.arange(len(points)), [o for c in terms.chains for o in c])
        misses = np.where(linked, MISSES_WORTH[:, None], MISSES[:, None] / slope)
        misses = np.where(sure, misses, UNKNOWN / slope)
        near, last = measured[pair.used], [measured[-1]]
        worth = worth_of(foretold, np.concatenate([near, reach, last]))
        share = share_of_last(worth)
        told = worth_measured(pair, near, share[: len(near)], terms.chains, slope)
        apart = set_apart(
            told.worth, PAIRED_LUCK**2 * told.covariance, worth[:, -1], misses,
            seed=seed, draws=draws, same=_alike(points),
        )  # fmt: skip
        shift = worth[:, -1:] * apart.share + np.where(linked[:, None], apart.own, 0.0)
        shift = bounded(shift, terms.chains, terms.answers)
        ahead = share[len(near) : -1]
        found = np.stack([
            read_at(curve[:, there], reach[there], reach, one[:, None] * ahead) for one in shift
        ]) + np.where(linked[:, None], 0.0, slope * apart.own)[:, :, None]  # fmt: skip
        alone = [replace(one, believed=apart.believed, told=apart.told) for one in alone]
    else:
        found = np.stack(common)
    if not led:
        return [with_draws(one, quality(y)) for one, y in zip(alone, found, strict=True)]
    noise = [np.random.default_rng([seed, 91, o]).standard_normal(draws) for o in range(len(alone))]

    def beyond(lead: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(e_o (O,) expected beyond such leads, its draws (O, B))."""
        shift = (lead - lead.mean(0))[:, : len(measured)]
        own, error = differences(points, known, link, shift, draws, seed)
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
    bands = []
    for part in (sampling, model):
        band = central(part, one.level)
        bands.append(np.where(one.refused, np.nan, band))
    return replace(
        one, sampling_low=bands[0][0], sampling_high=bands[0][1], model_low=bands[1][0],
        model_high=bands[1][1],
    )  # fmt: skip


def _comparable(
    points: Sequence[CurvePoints], led: dict[int, CurvePoints]
) -> tuple[RidgeTheory, Link] | None:
    """(theory of one option, link) where all options can be compared; beside chance the link is
    that of no theory, which guides (`led`) do not follow."""
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
        return None if led else (first.theory, Link.plain(floor))
    return first.theory, link
