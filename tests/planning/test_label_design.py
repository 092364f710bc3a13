"""Designs of mixtures of labels whose optimum is known, and the loss that they are judged by."""

from __future__ import annotations

import numpy as np
import pytest

from labelbits.learning.fits.softmax import fit_softmax
from labelbits.planning.mixtures.design import best_design, reduced
from labelbits.planning.mixtures.excess import (
    Excess,
    Population,
    excess_loss,
    item_information,
)

RNG = np.random.default_rng(0)
SIZES = np.array([0.7, 0.3])


def softmax(z: np.ndarray) -> np.ndarray:
    z = np.exp(z - z.max(1, keepdims=True))
    return z / z.sum(1, keepdims=True)


def population(features: int = 3, classes: int = 3) -> Population:
    """Clear items and ambiguous items."""
    x = np.column_stack([RNG.standard_normal((400, features)), np.ones(400)])
    x[280:, :-1] *= 0.2
    p = softmax(x @ RNG.normal(scale=1.5, size=(features + 1, classes)))
    return Population(x, p, (np.arange(400) >= 280).astype(int), SIZES)


POPULATION = population()


def test_information_of_two_classes_is_logistic_regressions() -> None:
    """For K = 2 the curvature along (1, -1)/sqrt 2 is 2 p (1 - p) x x'."""
    p = np.array([[0.8, 0.2], [0.4, 0.6]])
    x = np.array([[1.0, 2.0], [0.5, -1.0]])
    found = item_information(p, x)
    direction = np.kron(np.array([1, -1]) / np.sqrt(2), np.eye(2))
    expected = np.mean([2 * a * b * np.outer(v, v) for (a, b), v in zip(p, x, strict=True)], axis=0)
    np.testing.assert_allclose(direction @ found @ direction.T, expected, atol=1e-12)


def test_weights_do_not_wander_where_probabilities_are_rounded() -> None:
    """Rounded to float32 their sums miss 1: the intercepts of all classes together have a slope,
    and no curvature that would end it."""
    p = POPULATION.probabilities.astype(np.float32)
    rounded = Population(POPULATION.features, p, POPULATION.of, SIZES)
    assert np.abs(p.astype(float).sum(1) - 1).max() > 1e-9
    exact = POPULATION.shrunk(np.array([3000.0, 2000.0]), 1.0)
    np.testing.assert_allclose(rounded.shrunk(np.array([3000.0, 2000.0]), 1.0), exact, atol=1e-5)


def simulated(one: Population, items: int, ridge: float, fits: int = 24) -> tuple[float, float]:
    """(mean, standard error) of the excess log loss of `fits` classifiers of `items` votes."""
    generator = np.random.default_rng([items, 1])
    rows = generator.integers(len(one.features), size=(fits, items))
    votes = (one.probabilities[rows].cumsum(2) > generator.random((fits, items, 1))).argmax(2)
    x = one.features[:, :-1].astype(np.float32)
    fit = fit_softmax(
        x[rows], np.eye(one.probabilities.shape[1])[votes][:, None], np.ones((fits, 1, items)),
        np.full((fits, 1), ridge), max_iterations=400,
    )  # fmt: skip
    gap = np.log(one.probabilities) - fit.log_proba(x)[:, 0].transpose(0, 2, 1)
    each = (one.probabilities * gap).sum(2).mean(1)
    return float(each.mean()), float(each.std(ddof=1) / np.sqrt(fits))


def variance_alone(one: Population, items: int, ridge: float) -> float:
    """1/2 tr(V M^-1), as it was: the penalty taken for a prior that W was drawn from."""
    v = np.tensordot(one.sizes, one.noise, 1)
    return 0.5 * float(np.trace(v @ np.linalg.inv(items * v + items * ridge * np.eye(len(v)))))


@pytest.mark.parametrize(("classes", "features"), [(3, 5), (6, 4)])
def test_the_criterion_is_what_classifiers_lose(classes: int, features: int) -> None:
    generator = np.random.default_rng(classes)
    x = np.column_stack([generator.normal(size=(800, features)), np.ones(800)])
    p = softmax(x @ generator.normal(size=(features + 1, classes)))
    one = Population(x, p, np.zeros(800, int), np.ones(1))
    worst = 1.0
    for ridge in (0.01, 0.1):
        for items in (100, 400, 2000):
            mean, error = simulated(one, items, ridge)
            votes = np.full((1, 1), float(items))
            found = excess_loss(one, votes, np.ones((1, 1)), items * ridge)
            assert mean - 4 * error < 1.3 * found
            assert mean + 4 * error > 0.8 * found
            # The first-order variance is all that is missing, and least where answers are many.
            if items == 2000:
                assert mean == pytest.approx(found, abs=4 * error + 0.03 * mean)
            worst = max(worst, mean / variance_alone(one, items, ridge))
    # Negative control: without the bias a loss ten times as large and more goes unseen.
    assert worst > 10


def test_what_an_answer_is_worth_counts_as_so_many_votes() -> None:
    """Five votes on each of 200 items are worth less than one on each of 1000 where the model is
    wrong about items, and nearly as much where it is right: all that is left is that 200 items tell
    less of what others are like."""
    one, one_stratum = POPULATION, np.zeros(400, int)
    right = Population(one.features, one.probabilities, one_stratum, np.ones(1))
    mixed = softmax(np.log(one.probabilities) + np.random.default_rng(5).normal(size=(400, 3)))
    wrong = Population(one.features, mixed, one_stratum, np.ones(1))
    for population, factor in ((right, 1.0), (wrong, 1.3)):
        many = excess_loss(population, np.full((1, 1), 1000.0), np.ones((1, 1)), 0.01)
        few = excess_loss(population, np.full((1, 1), 200.0), np.full((1, 1), 5.0), 0.01)
        assert few >= many * factor * (1 - 1e-6)
        assert population is wrong or many < few < 1.03 * many


def test_the_slope_of_the_criterion_is_its_change() -> None:
    items = np.array([[30.0, 10.0], [20.0, 15.0]])
    around = Excess(POPULATION, items, np.array([[1.0, 2.5], [1.0, 3.0]]), 1.0)
    slope = around.value_and_slope(items)[1]
    for place in np.ndindex(2, 2):
        step = np.zeros((2, 2))
        step[place] = 1e-3
        ahead, behind = (around.value_and_slope(items + s)[0] for s in (step, -step))
        assert slope[place] == pytest.approx((ahead - behind) / 2e-3, rel=5e-3)


def test_the_same_label_at_half_the_price_gets_everything() -> None:
    design = best_design(POPULATION, np.ones((2, 2)), np.array([1.0, 0.5]), 300.0, 0.01)
    np.testing.assert_allclose(design.fractions, [[0, 1], [0, 1]], atol=0.02)
    assert design.loss == pytest.approx(design.single[1], rel=1e-3)


def test_a_rich_label_is_bought_where_it_is_worth_its_price() -> None:
    """Worth one vote on clear items and twenty on ambiguous ones, at three times the price."""
    worth = np.array([[1.0, 1.0], [1.0, 20.0]])
    design = best_design(POPULATION, worth, np.array([1.0, 3.0]), 300.0, 0.01)
    np.testing.assert_allclose(design.fractions, [[1, 0], [0, 1]], atol=0.05)
    assert design.loss < design.single.min()


def test_the_optimum_beats_every_design_on_a_grid() -> None:
    worth = np.array([[1.0, 2.0], [1.0, 5.0]])
    cost = np.array([1.0, 2.5])
    design = best_design(POPULATION, worth, cost, 300.0, 0.01)
    for a in np.linspace(0, 1, 6):
        for b in np.linspace(0, 1, 6):
            shares = SIZES[:, None] * np.array([[1 - a, a], [1 - b, b]])
            items = 300.0 / float((shares * cost).sum()) * shares
            lost = excess_loss(POPULATION, items, worth, 0.01 * 300.0 / cost.mean())
            assert design.loss <= lost * (1 + 1e-3)


def test_features_are_reduced_to_what_a_design_can_hold() -> None:
    assert reduced(RNG.standard_normal((50, 400)), 10).shape == (50, 22)
    kept = RNG.standard_normal((50, 4))
    small = reduced(kept, 10)
    assert small.shape == (50, 5)
    # A penalty means what it did: nothing is scaled.
    np.testing.assert_allclose(small[:, :-1], kept - kept.mean(0))
