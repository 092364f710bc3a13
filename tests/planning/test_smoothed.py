"""Agreement from few held-out answers: less luck than a count, no bias, an error that holds."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from labelbits.planning.comparisons.smoothed import smoothed
from labelbits.recovery.held_out import Predictions

ANSWERS, DRAWS, SURE = 400, 300, 0.7


def foretold(seed: int, outcomes: int = 2, each: int = 1) -> tuple[Predictions, float]:
    """(held-out answers, the agreement on ever more of them) where a fit is too sure of itself."""
    generator = np.random.default_rng(seed)
    odds = np.repeat(np.abs(generator.normal(scale=2, size=ANSWERS // each)), each)
    guess = np.log(outcomes - 1)
    every = np.abs(np.random.default_rng(0).normal(scale=2, size=200_000))
    right = (generator.random(ANSWERS) < expit(SURE * odds - guess)).astype(float)
    rows, none = np.arange(ANSWERS), np.full(ANSWERS, np.nan)
    told = Predictions(
        rows, rows // each, right, none, np.full(ANSWERS, float(outcomes)), expit(odds - guess)
    )
    return told, float(expit(SURE * every - guess).mean())


@pytest.mark.parametrize(("outcomes", "each"), [(2, 1), (3, 1), (2, 4)])
def test_it_errs_less_than_a_count_and_knows_by_how_much(outcomes: int, each: int):
    smooth, count, z = [], [], []
    for seed in range(DRAWS):
        told, true = foretold(seed, outcomes, each)
        value, error = smoothed(told)
        smooth.append(value - true)
        count.append(told.right.mean() - true)
        z.append((value - true) / error)
    assert abs(np.mean(smooth)) < 4 * np.std(smooth) / np.sqrt(DRAWS)
    assert np.std(smooth) < 0.92 * np.std(count)
    # The variance of z is 1 within four standard errors of a variance.
    assert np.mean(np.square(z)) == pytest.approx(1, abs=4 * np.sqrt(2 / DRAWS))


def test_a_fit_that_is_equally_sure_of_everything_leaves_the_count():
    told, _ = foretold(1)
    flat = Predictions(
        told.row, told.question, told.right, told.bits, told.outcomes, np.full(ANSWERS, 0.9)
    )
    value, error = smoothed(flat)
    right = told.right.mean()
    assert value == pytest.approx(right, abs=1e-4)
    assert error == pytest.approx(np.sqrt(right * (1 - right) / ANSWERS), rel=1e-2)


def test_spaces_that_tell_no_probability_are_counted():
    told, _ = foretold(1)
    blind = Predictions(
        told.row, told.question, told.right, told.bits, told.outcomes, np.full(ANSWERS, np.nan)
    )
    assert np.isnan(smoothed(blind)).all()
