"""Curves of annotators of whom nothing is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from labelbits.planning.result import Curve


def of_anyone(curve: Curve, seed: int, least: float = 0.0) -> Curve:
    """The curve of annotators of whom nothing is known: in each draw another share of their
    answers, uniform from 0 to 1, is random.

    A share e of random answers leaves (1 - e)^2 of the information of small effects, so that so
    many answers of the simulated kind are what theirs are worth.
    """
    lapse = np.random.default_rng([seed, 5]).random(len(curve.draws))
    logs, grid = np.log(curve.answers), curve.answers
    draws = np.empty_like(curve.draws)
    for row, (own, e) in enumerate(zip(curve.draws, lapse, strict=True)):
        worth = grid * (1 - e) ** 2
        # Fewer than the fewest answers that were simulated: quality falls to none with them.
        few = np.minimum(1.0, worth / grid[0])
        draws[row] = least + few * (
            np.interp(np.log(np.maximum(worth, grid[0])), logs, own) - least
        )
    return replace(curve, draws=draws, measured=np.zeros((0, 4)))
