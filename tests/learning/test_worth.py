"""Better answers are worth a number of items: options read one curve at different places."""

import numpy as np
import pytest

from labelbits.learning.forecasts.aligned import aligned
from labelbits.learning.forecasts.links import Link
from labelbits.learning.forecasts.worth import (
    bounded,
    read_at,
    share_of_last,
    slope_of,
    worth_of,
)

RATE = np.array([1.0, 2.0, 3.5])


def _leads(sizes):
    """Options of a saturating curve, each as good as the first on RATE times the items."""
    n = np.outer(RATE, np.asarray(sizes))
    return 0.8 * np.log(n) - 0.03 * np.log(n) ** 2


def test_worth_is_found_whatever_the_shape_and_the_size():
    found = worth_of(_leads, np.array([400.0, 50.0]))
    np.testing.assert_allclose(found.mean(0), 0.0, atol=1e-12)
    np.testing.assert_allclose(found - found[0], np.log(RATE)[:, None] * [1, 1], atol=0.01)
    np.testing.assert_allclose(share_of_last(found), 1.0, atol=0.02)
    np.testing.assert_allclose(share_of_last(found * [0.4, 1.0]), [0.4, 1.0], atol=0.02)
    # Negative control: options that learn alike are worth the same.
    same = worth_of(lambda n: _leads(n)[:1].repeat(3, 0), np.array([100.0]))
    assert np.ptp(same) == pytest.approx(0.0)
    np.testing.assert_array_equal(share_of_last(same), 1.0)


def _measured(worth, share, rng, noise=0.02, luck=0.1, draws=300):
    """ln u of options at the sizes, and resampled: what all share (`luck`) and a size's own."""
    lead = np.stack([_bent(SIZES * np.exp(w * share)) for w in worth])

    def one():
        own = noise * rng.normal(size=lead.shape)
        return luck * rng.normal() + own

    found = lead + one()
    return found, found[:, None] + np.stack([one() for _ in range(draws)], axis=1)


def _laid_over(lead, again, share):
    found = aligned(lead, again, SIZES, share)
    assert found is not None
    return found


SIZES = np.geomspace(180, 900, 5)


def _bent(n):
    """Flat at the end, so that a difference there tells little."""
    return 0.5 * np.log(n) - 0.033 * np.log(n) ** 2


def test_measured_curves_laid_over_each_other_tell_the_worth_with_its_error():
    rng = np.random.default_rng(3)
    worth = np.array([-0.9, 0.1, 0.8])
    share = np.array([0.7, 0.8, 0.9, 0.95, 1.0])
    found = [_laid_over(*_measured(worth, share, rng), share) for _ in range(60)]
    apart = np.array([one.worth[2] - one.worth[0] for one in found])
    e = np.array([-1.0, 0.0, 1.0])
    claimed = np.mean([e @ one.covariance @ e for one in found]) ** 0.5
    assert abs(apart.mean() - 1.7) < 4 * apart.std() / np.sqrt(60) + 0.05
    assert 0.7 < apart.std() / claimed < 1.3
    # Without knowing that worth grows with the items it would come out too small.
    one = _laid_over(*_measured(worth, share, rng, noise=0.002), np.ones(5))
    assert one.worth[2] - one.worth[0] < 1.6
    # Negative control: options that measured alike are worth the same.
    none = _laid_over(*_measured(np.zeros(3), share, rng, noise=0.002), share)
    assert np.ptp(none.worth) < 0.1
    # Two sizes are no curve.
    lead, again = _measured(worth, share, rng)
    assert aligned(lead[:, :2], again[:, :, :2], SIZES[:2], share[:2]) is None


def test_an_option_reads_the_curve_where_its_worth_puts_it():
    sizes = np.array([100.0, 10.0, 1000.0, 100.0])  # in any order, twice the same
    slope = np.array([[0.0], [0.5]])
    curve = 1.0 + slope * np.log(sizes)
    shift = np.array([np.log(2), -np.log(3)])
    at = np.array([20.0, 100.0, 5000.0])
    found = read_at(curve, sizes, at, np.tile(shift[:, None], 3))
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
