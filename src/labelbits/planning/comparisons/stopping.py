"""Is the pilot too small to tell, or is there nothing left to gain?"""

from __future__ import annotations

import math

import numpy as np

from labelbits.metrics import metric_of
from labelbits.planning.comparisons.doubts import EACH
from labelbits.planning.comparisons.forecast import Forecast, Rise
from labelbits.planning.comparisons.making import Making
from labelbits.planning.comparisons.measured import Measured
from labelbits.planning.purchases import interval
from labelbits.planning.result import NOTHING
from labelbits.planning.shown import change

#: Gains by twice the answers that are no reason to buy: the expected one, and its upper end.
SMALL, LARGE = 0.01, 0.03


def tells_nothing(run: Making, told: Measured) -> bool:
    """Are answers so few for the items that what is measured may be a guess? Spaces fall into
    place all at once, and before that nothing tells when."""
    if len(run.held.tested) >= EACH * run.held.items or run.goal.needs_classes:
        return False
    chance = 0.0
    if run.goal.tests_answers:
        (first,) = run.held.batches(run.held.rows(run.main)[:1])
        chance = 1 / max(first.signal.outcomes(2), 2)
    return told.value - 2 * told.error <= chance


def too_few(run: Making, told: Measured) -> None:
    """Says that the pilot is too small, and the pilot to run."""
    asked, items = len(run.held.tested), run.held.items
    judged = metric_of(run.metric)
    run.result.extras["lead"] = (
        f"This pilot is too small to foretell what more answers give: with {asked:,} answers "
        f"about {items:,} items, {judged.words} cannot be told from that of a guess, so that "
        f"intervals reach as far as it may go. Ask {EACH * items:,} answers to random "
        "questions before you decide."
    )


def stop(run: Making, told: Measured, rise: Rise, seen: Forecast) -> None:
    """Does twice as many answers buy anything that can be seen?"""
    held = run.held.rows(run.main)
    sizes = rise.sizes
    at = [float(np.interp(math.log(n), np.log(sizes), np.arange(len(sizes))))
          for n in (len(held), 2 * len(held))]  # fmt: skip
    place = np.arange(len(sizes))
    gains = [np.interp(at[1], place, row) - np.interp(at[0], place, row) for row in seen.gains]
    judged = metric_of(run.metric)
    top = run.ceiling if math.isfinite(run.ceiling) else 1.0
    room = top - told.value
    # What the curve itself says, and no more than there is room for.
    mean, low, high = interval(np.minimum(gains, max(room, 0.0)))
    run.result.extras["doubling"] = {"gain": mean, "interval": [low, high], "room": room}
    if low > NOTHING and room > NOTHING:
        return
    by = (
        f"twice the {len(held):,} answers you hold is expected to change {judged.words} by "
        f"{change(mean, (low, high), judged.percent)}"
    )
    if room > NOTHING and (mean > SMALL or high > LARGE):
        # Not to know of a gain is not to know that there is none.
        run.result.extras["lead"] = (
            f"Whether more answers gain anything cannot be told from this pilot: {by}."
        )
        return
    run.result.extras["lead"] = f"Stop here: {by}, which may be nothing that can be seen."
    run.result.extras["stop"] = True
