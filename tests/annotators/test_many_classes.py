"""Thousands of classes: what a pilot says of them is worked out on what was said alone."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from labelbits.annotators.alpha import alpha_of, beyond_chance
from labelbits.annotators.confusion import majority_of_others
from labelbits.annotators.intervals import bootstrap
from labelbits.annotators.unlike import ANYBODY


def answered(questions: int, classes: int, right: float) -> np.ndarray:
    """Counts (questions, classes) of four answers each, so often the same one."""
    generator = np.random.default_rng(0)
    table = np.zeros((questions, classes))
    for _ in range(4):
        other = generator.integers(0, classes, questions)
        said = np.where(generator.random(questions) < right, np.arange(questions) % classes, other)
        table[np.arange(questions), said] += 1
    return table


@pytest.mark.parametrize("places", [0, 2])
def test_resampled_alpha_is_that_of_the_resampled_table(places: int) -> None:
    table = answered(300, 6, 0.6)
    found = beyond_chance(table, 3, places, ANYBODY)
    order = np.concatenate(
        [table[:, :places],
         table[:, places:][:, np.argsort(-table[:, places:].sum(0), kind="stable")]], axis=1,
    )  # fmt: skip
    order = order[np.lexsort(np.concatenate([order, np.sort(order, axis=1)], axis=1).T)]
    slow = bootstrap(lambda rows: alpha_of(order[rows], places), 300, 3, draws=200)
    assert found is not None
    assert slow is not None
    assert (found.low, found.high) == pytest.approx((slow.low, slow.high), abs=1e-12)
    # Negative control: other answers have another interval.
    other = beyond_chance(answered(300, 6, 0.9), 3, places, ANYBODY)
    assert other is not None
    assert other.low > found.high


def test_an_item_of_one_answer_needs_no_row_of_all_classes() -> None:
    report = np.eye(2000, dtype=np.float32)
    tracemalloc.start()
    favoured = majority_of_others(np.arange(2000), report)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (favoured == -1).all()
    assert most < report.nbytes / 10


def test_the_others_favour_what_most_of_them_say() -> None:
    item = np.array([0, 0, 0, 1, 2, 2])
    report = np.eye(3)[[1, 1, 2, 0, 0, 2]]
    report[5] = np.nan  # states none
    np.testing.assert_array_equal(majority_of_others(item, report), [-1, -1, 1, -1, -1, -1])
