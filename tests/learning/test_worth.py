"""Better answers are worth a number of items: options read one curve at different places."""

import numpy as np
import pytest

from labelbits.learning.forecasts.links import Link
from labelbits.learning.forecasts.worth import bounded, read_at, slope_of, worth_of

RATE = np.array([1.0, 2.0, 3.5])


def _leads(sizes):
    """Options of a saturating curve, each as good as the first on RATE times the items."""
    n = np.outer(RATE, np.asarray(sizes))
    return 0.8 * np.log(n) - 0.03 * np.log(n) ** 2


def test_worth_is_found_whatever_the_shape_and_the_size():
    for size in (50.0, 400.0):
        found = worth_of(_leads, size)
        assert found.mean() == pytest.approx(0.0)
        np.testing.assert_allclose(found - found[0], np.log(RATE), atol=0.01)
    # Negative control: options that learn alike are worth the same.
    assert np.ptp(worth_of(lambda n: _leads(n)[:1].repeat(3, 0), 100.0)) == pytest.approx(0.0)


def test_an_option_reads_the_curve_where_its_worth_puts_it():
    sizes = np.array([100.0, 10.0, 1000.0, 100.0])  # in any order, twice the same
    slope = np.array([[0.0], [0.5]])
    curve = 1.0 + slope * np.log(sizes)
    shift = np.array([np.log(2), -np.log(3)])
    at = np.array([20.0, 100.0, 5000.0])
    found = read_at(curve, sizes, at, shift)
    np.testing.assert_allclose(found, 1.0 + slope * (np.log(at) + shift[:, None]))
    # A flat curve sets nothing apart.
    np.testing.assert_array_equal(found[0], 1.0)
    assert slope_of(curve[1][[1, 0, 2]], sizes[[1, 0, 2]], 300.0) == pytest.approx(0.02, abs=1e-9)
    dense = np.geomspace(10, 1000, 30)
    assert slope_of(0.5 * np.log(dense), dense, 300.0) == pytest.approx(0.5)


def test_more_answers_are_worth_no_less_and_no_more_than_they_are():
    rng = np.random.default_rng(0)
    shift = rng.normal(size=(3, 200))
    found = bounded(shift, [[0, 1, 2]], [1, 3, 10])
    gap = np.diff(found, axis=0)
    assert (gap >= -1e-12).all()
    assert (gap <= np.log([[3], [10 / 3]]) + 1e-12).all()
    inside = (np.diff(shift, axis=0)[0] > 0) & (np.diff(shift, axis=0)[0] < np.log(3))
    assert 20 < inside.sum() < 180
    np.testing.assert_allclose(found[1][inside], shift[1][inside])
    np.testing.assert_array_equal(bounded(shift, [], None), shift)


def test_the_plain_link_goes_there_and_back():
    link = Link.plain(0.4)
    loss = np.array([0.45, 0.9, 2.5])
    np.testing.assert_allclose(link.to_loss(link.to_log_u(loss)), loss, rtol=1e-3)
    assert (np.diff(link.to_log_u(loss)) < 0).all()
