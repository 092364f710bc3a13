"""Alignment over all items when only some are labelled."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from labelbits.planning.simulated.coverage import Coverage
from tests.planning.curves import curve


def test_covering_everything_changes_nothing() -> None:
    alignment = np.array([0.2, 0.9])
    np.testing.assert_array_equal(Coverage(3)(alignment, 1.0), alignment)


def test_alignment_rises_with_the_share_covered() -> None:
    coverage = Coverage(3)
    values = [coverage(np.array([0.9]), share)[0] for share in (0.05, 0.2, 0.5, 0.8, 0.95)]
    assert np.all(np.diff(values) > 0)
    assert values[0] < 0.35
    assert values[-1] > 0.8


def test_against_a_direct_simulation_in_another_world() -> None:
    """Half of the items perfectly known, the rest at the prior mean: Spearman measured directly."""
    from scipy.spatial.distance import pdist
    from scipy.stats import spearmanr

    rng = np.random.default_rng(123)
    measured = []
    for _ in range(10):
        z = rng.standard_normal((200, 3))
        known = np.arange(200) < 100
        extra = np.where(known, 0.0, 3.0)
        first, second = np.triu_indices(200, 1)
        d2 = pdist(np.where(known[:, None], z, 0), "sqeuclidean") + extra[first] + extra[second]
        measured.append(spearmanr(d2, pdist(z, "sqeuclidean"))[0])
    error = np.std(measured, ddof=1) / np.sqrt(10)
    predicted = Coverage(3)(np.array([1.0]), 0.5)[0]
    # The table comes from one world of its own: its error adds to the mean's.
    assert abs(predicted - np.mean(measured)) < 4 * np.hypot(error, np.std(measured, ddof=1))


def test_one_answer_on_each_of_some_items_is_a_whole_number_of_both() -> None:
    base = curve("hard", 1.0, 0.1)
    grid = np.geomspace(10, 6000, 40)
    some = replace(
        base, family=replace(base.family, answers_per_item=None), answers=grid, items=1000,
        covered=np.round(np.minimum(grid, 1000)),
    )  # fmt: skip
    for answers in (31.0, 457.0, 811.0):
        items, each = some.shape(answers)
        assert abs(items - answers) <= 0.005 * answers  # covered is rounded
        assert 1 <= each <= 1.005
    assert some.shape(3000.0) == (1000, 3.0)
