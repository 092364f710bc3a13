"""The most likely precision and lapse of a `Score`, jointly and with no lapse, with intervals.

Both are optimised where they are reported. Three things can come of it: both are told; the answers
fit as well with no lapse, then the precision is given for none; or lapses are told and whatever
else goes wrong is too rare to bound the precision from above.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy import optimize

from labelbits.annotators.noise.likelihood import LAPSES, Score, slopes
from labelbits.annotators.noise.result import PRECISION_UNIT, Noise
from labelbits.interface import Z
from labelbits.quantity import Quantity

#: Limits of ln precision and ln concentration, and the points of ln precision that are tried.
LIMITS = (math.log(1e-2), math.log(1e3))
GRID = 16
#: A standard error of ln precision above which it is not reported: a factor of 50 either way.
UNTOLD = 2.0
#: Half width of an interval in standard errors, and the fall of ln likelihood at its ends.
WIDTH = Z
FALL = WIDTH**2 / 2
METHOD = "marginal likelihood over worlds; scores of items"
COUNTED = "upper end by counting mistakes"

#: What is assumed where no lapse fits as well as any, or where precision has no upper end.
NO_LAPSE = "no lapse, which these answers cannot tell from low precision"
UNLIKE = "that people are alike, and they are not: a lapse may be the low precision of some"
NO_TOP = "that mistakes are random answers: others are too few to bound the precision from above"


@dataclass
class Search:
    """Points of (ln precision[, ln concentration]) that were tried, and ln likelihoods there.

    `values[i]` is (lapses, items) for the point `points[i]`.
    """

    score: Score
    lapses: np.ndarray
    points: list[np.ndarray]
    values: list[np.ndarray]

    def loss(self, params: np.ndarray) -> float:
        """-ln likelihood at the best lapse."""
        params = np.clip(params, *LIMITS)
        self.points.append(params)
        self.values.append(self.score(params, self.lapses))
        best = self.values[-1].sum(1).max()
        return -float(best) if np.isfinite(best) else 1e30

    @property
    def totals(self) -> np.ndarray:
        """(points, lapses)."""
        return np.array([value.sum(1) for value in self.values])

    @property
    def best(self) -> tuple[np.ndarray, int, float]:
        """(point, place of its lapse, ln likelihood)."""
        totals = self.totals
        point, lapse = np.unravel_index(np.argmax(totals), totals.shape)
        return self.points[int(point)], int(lapse), float(totals.max())


def search(
    score: Score, lapses: np.ndarray, concentrated: bool, start: np.ndarray | None = None
) -> Search:
    """Maximise over ln precision (and ln concentration) and over the given lapses."""
    found = Search(score, lapses, [], [])
    if concentrated:
        start = np.array([0.0, math.log(5.0)]) if start is None else start
        optimize.minimize(
            found.loss,
            start,
            method="Nelder-Mead",
            options={
                "initial_simplex": start + np.array([[0.0, 0.0], [1.2, 0.0], [0.0, -1.0]]),
                "maxfev": 40,
                "xatol": 0.02,
                "fatol": 0.05,
            },
        )
        return found
    # The likelihood may have two hills, one with lapses and one without: look everywhere first.
    grid = np.linspace(*LIMITS, GRID)
    for x in grid:
        found.loss(np.array([x]))
    place = int(found.totals.max(1).argmax())
    ends = grid[max(0, place - 1)], grid[min(GRID - 1, place + 1)]
    one: Callable[[float], float] = lambda x: found.loss(np.array([x]))  # noqa: E731
    optimize.minimize_scalar(
        one, bounds=ends, method="bounded", options={"maxiter": 12, "xatol": 0.01}
    )
    return found


def maximise(
    score: Score,
    concentrated: bool,
    dims: int,
    classes: int,
    items: int,
    answers: int,
    source: str,
    shared: float = 0.0,
    most: float | None = None,
) -> Noise | None:
    """Maximum of the likelihood with an interval; None where it tells nothing of the precision.

    `shared` is the standard deviation of ln precision that all items have in common; `most` is a
    bound of the lapse that holds without the channel (`most_at_random`): mistakes that do not
    follow distances look like lapses to the channel, and no lapse above the bound is believed. The
    lapse's interval ends there, so that it holds for annotators unlike the channel too.
    """
    believed = LAPSES if most is None else LAPSES[most >= LAPSES]
    joint = search(score, believed, concentrated)
    params, k, highest = joint.best
    if not np.isfinite(highest):
        return None
    never = search(score, LAPSES[:1], concentrated, params if concentrated else None)
    lapse, errors = _with_errors(score, params, k, shared)
    lapse = lapse if most is None else min(lapse, most)
    none = _never_random(score, never, shared)
    assumes, top = "", 1.0 if most is None else most
    if errors[0] <= UNTOLD:
        precision, random = _around(params[0], errors[0]), _lapse(joint, lapse, errors[-1], top)
    elif highest - never.best[2] <= FALL:
        # Lapses and low precision look alike here: one of them is told if the other is given.
        assumes, precision, params = NO_LAPSE, none, never.best[0]
        random = _lapse(joint, 0.0, 0.0, top)
        if most is not None:
            random = Quantity(0.0, 0.0, most, f"0 assumed; {COUNTED}", "share", "assumed")
    else:
        precision = _profile(joint, shared)
        if precision is not None and precision.high > 0.99 * math.exp(LIMITS[1]):
            assumes = NO_TOP
        # The precision may be anything high: its error is no error of the lapse.
        random = _lapse(joint, lapse, 0.0, top)
    if precision is None:
        return None
    if most is not None and assumes != NO_LAPSE:
        # The channel takes mistakes that follow no distances for imprecision: it finds too few
        # lapses of annotators unlike it, and its own upper end holds for them too seldom.
        random = replace(random, high=most, method=f"{METHOD}; {COUNTED}")
    return Noise(
        precision=precision,
        lapse=random,
        concentration=math.exp(params[1]) if concentrated else None,
        dims=dims,
        classes=classes,
        items=items,
        answers=answers,
        source=source,
        assumes=assumes,
        never_random=none,
        random_at_most=most,
    )


def _around(middle: float, error: float) -> Quantity:
    low, high = np.clip(middle + np.array([-WIDTH, WIDTH]) * error, *LIMITS)
    return Quantity(math.exp(middle), math.exp(low), math.exp(high), METHOD, PRECISION_UNIT)


def _never_random(score: Score, never: Search, shared: float) -> Quantity | None:
    """Precision if there are no lapses; None where nothing is told of it."""
    params, _, _ = never.best
    _, errors = _with_errors(score, params, 0, shared, given=True)
    return _around(params[0], errors[0]) if errors[0] <= UNTOLD else _profile(never, shared)


def _ends(x: np.ndarray, fall: np.ndarray) -> tuple[float | None, float | None]:
    """Where a profile at increasing `x` falls by `FALL` on either side; None where it does not."""
    inside = np.flatnonzero(fall <= FALL)
    ends: list[float | None] = []
    for edge, beyond in ((inside[0], inside[0] - 1), (inside[-1], inside[-1] + 1)):
        if not 0 <= beyond < len(x):
            ends.append(None)
            continue
        # Square roots of a fall are straight lines where ln likelihood is a parabola.
        here, there = math.sqrt(max(0.0, fall[edge])), math.sqrt(fall[beyond])
        share = (math.sqrt(FALL) - here) / max(there - here, 1e-12)
        ends.append(float(x[edge] + share * (x[beyond] - x[edge])))
    return ends[0], ends[1]


def _profile(found: Search, shared: float) -> Quantity | None:
    """Interval of the precision where it may have one end only, None where it has neither.

    Its ends are where the likelihood falls by `FALL`, at the best lapse, and further by what all
    items share.
    """
    order = np.argsort([point[0] for point in found.points], kind="stable")
    x = np.array([found.points[i][0] for i in order])
    low, high = _ends(x, found.best[2] - found.totals.max(1)[order])
    if low is None and high is None:
        return None
    reach = WIDTH * shared
    return Quantity(
        math.exp(found.best[0][0]),
        math.exp(LIMITS[0] if low is None else max(LIMITS[0], low - reach)),
        math.exp(LIMITS[1] if high is None else min(LIMITS[1], high + reach)),
        "profile of the marginal likelihood over worlds",
        PRECISION_UNIT,
    )


def _lapse(joint: Search, lapse: float, error: float, most: float) -> Quantity:
    """Where the profile over the precisions falls by `FALL`, or `WIDTH` errors if wider; up to
    `most`."""
    profile = joint.totals.max(0)
    low, high = _ends(joint.lapses, profile.max() - profile)
    low, high = low or 0.0, most if high is None else high
    reach = WIDTH * error
    return Quantity(
        lapse,
        float(max(0.0, min(low, lapse - reach))),
        float(min(most, max(high, lapse + reach))),
        METHOD,
        "share",
    )


def _between(first: int, last: int) -> np.ndarray:
    return np.linspace(LAPSES[first], LAPSES[last], 20 * (last - first) + 1)


def _with_errors(
    score: Score, params: np.ndarray, k: int, shared: float, given: bool = False
) -> tuple[float, np.ndarray]:
    """(lapse, standard errors of ln precision, ln concentration and lapse).

    `given`: the lapse is taken as known.
    """
    # Outer product of the items' scores.
    stacked = slopes(score, params, k)[: -1 if given else None]
    inverse = np.linalg.inv(stacked @ stacked.T + 1e-6 * np.eye(len(stacked)))
    # What the items share moves the precision, and along with it what is estimated beside it.
    along = inverse[:, 0] / inverse[0, 0]
    errors = np.sqrt(np.diag(inverse) + (shared * along) ** 2)
    if given:
        return 0.0, np.append(errors, 0.0)
    near = _between(max(0, k - 1), min(len(LAPSES) - 1, k + 1))
    return float(near[score(params, near).sum(1).argmax()]), errors
