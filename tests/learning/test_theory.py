"""The ridge learner's theory: against fits, against closed cases, and with a negative control."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, stats

from labelbits.learning import measure
from labelbits.learning.forecasts.links import Link
from labelbits.learning.theory import infer_theory, ridge_correlation
from labelbits.metrics import metric_of

from .helpers import hard


def power_law(items: int, axes: int, share: float, beta: float, seed: int):
    """(features of variances 1/j, one noisy linear function of them with that R2)."""
    rng = np.random.default_rng(seed)
    variances = 1 / np.arange(1, axes + 1)
    z = rng.normal(size=(items, axes))
    energy = variances**beta / np.sum(variances**beta)
    signal = z @ (rng.choice([-1.0, 1.0], axes) * np.sqrt(share * energy))
    return z * np.sqrt(variances), signal + rng.normal(size=items) * np.sqrt(1 - share)


def test_correlation_is_that_of_ridge_regression_at_its_best_penalty() -> None:
    variances = 1 / np.arange(1, 101)
    predicted = ridge_correlation(variances, np.array([0.7]), np.array([0.6]), np.array([80, 400]))
    for n, expected in zip((80, 400), predicted[0], strict=True):
        found = []
        for seed in range(6):
            x, y = power_law(n + 1500, 100, 0.6, 0.7, seed)
            train, test = x[:n] - x[:n].mean(0), x[n:]
            inner, cross = train.T @ train / n, train.T @ (y[:n] - y[:n].mean()) / n
            fits = [
                test @ np.linalg.solve(inner + ridge * np.eye(100), cross)
                for ridge in np.geomspace(1e-4, 1, 9)
            ]
            found.append(max(np.corrcoef(f, y[n:])[0, 1] ** 2 for f in fits))
        error = np.std(found) / np.sqrt(len(found))
        assert abs(np.mean(found) - expected) < 4 * error + 0.03


def test_more_items_and_more_signal_are_better_and_nothing_exceeds_the_signal() -> None:
    sizes = np.array([10, 30, 100, 1000, 100_000])
    variances = np.geomspace(1, 1e-3, 50)
    low, high = ridge_correlation(variances, np.ones(2), np.array([0.3, 0.8]), sizes)
    assert (np.diff(low) > 0).all()
    assert (high > low).all()
    assert low[-1] == pytest.approx(0.3, abs=0.003)
    assert high[-1] == pytest.approx(0.8, abs=0.003)


def test_the_signal_is_found_with_fewer_items_than_axes() -> None:
    weak, strong = [], []
    for seed in range(4):
        for share, found in ((0.15, weak), (0.7, strong)):
            x, y = power_law(600, 200, share, 1.0, seed)
            two = np.eye(2)[(y > np.median(y)).astype(int)]
            theory = infer_theory(x, np.arange(120), two[:120])
            assert theory is not None
            weight = np.exp(theory.log_weight)
            found.append(theory.share @ weight / weight.sum())
    # A cut at the median keeps 2 / pi of a Gaussian's linear share: 0.10 and 0.45. With 120 items
    # on 200 axes the posterior is wide and its mean is drawn to the middle of [0, 1].
    error = np.hypot(np.std(weak), np.std(strong)) / np.sqrt(len(weak))
    assert np.mean(strong) - np.mean(weak) > 2 * error
    assert np.mean(weak) < 0.4
    assert abs(np.mean(strong) - 0.7 * 2 / np.pi) < 0.2
    # Negative control: labels that have nothing to do with the features.
    x, _ = power_law(400, 100, 0.5, 1.0, 9)
    nothing = np.eye(2)[np.random.default_rng(9).integers(2, size=400)]
    theory = infer_theory(x, np.arange(400), nothing)
    assert theory is not None
    weight = np.exp(theory.log_weight)
    assert theory.share @ weight / weight.sum() < 0.1


def test_a_single_class_has_no_theory() -> None:
    assert infer_theory(np.eye(9), np.arange(9), np.ones((9, 1))) is None
    assert infer_theory(np.eye(9), np.arange(9), np.tile([1.0, 0.0], (9, 1))) is None


@pytest.mark.parametrize("classes", [2, 10])
@pytest.mark.parametrize("lead", [0.3, 1.5, 3.0])
def test_links_are_the_integrals_they_stand_for(classes: int, lead: float) -> None:
    even = np.full(classes, 1 / classes)
    right = integrate.quad(
        lambda t: stats.norm.pdf(t) * stats.norm.cdf(t + lead) ** (classes - 1), -9, 9
    )[0]
    accuracy = Link.of("accuracy", even)
    assert 1 - accuracy.to_loss(np.log(lead)) == pytest.approx(right, abs=1e-4)
    score = np.random.default_rng(0).normal(size=(50_000, classes)) * lead
    score[:, 0] += lead**2
    loss = np.logaddexp.reduce(score, axis=1) - score[:, 0]
    expected, error = loss.mean(), loss.std() / np.sqrt(len(loss))
    entropy = Link.of("cross-entropy", even, floor=0.2)
    tolerance = 4 * error + 0.002
    # People who disagree leave so much less to be told.
    share = 1 - 0.2 / np.log(classes)
    assert entropy.to_loss(np.log(lead)) == pytest.approx(0.2 + share * expected, abs=tolerance)
    mixed = Link.of("accuracy", even, spread=0.5)
    z = np.random.default_rng(1).normal(size=20_000)
    averaged = accuracy.to_loss(np.log(lead) + 0.5 * z)
    error = averaged.std() / np.sqrt(len(z))
    assert mixed.to_loss(np.log(lead)) == pytest.approx(averaged.mean(), abs=4 * error + 1e-3)
    for link in (accuracy, entropy, mixed):
        assert link.to_log_u(link.to_loss(np.log(lead))) == pytest.approx(np.log(lead), abs=1e-3)


@pytest.mark.parametrize("metric", ["accuracy", "cross-entropy"])
def test_features_that_tell_nothing_are_the_constant_answer(metric: str) -> None:
    frequencies = np.array([0.7, 0.2, 0.1])
    entropy = -float(frequencies @ np.log(frequencies))
    constant = 0.3 if metric == "accuracy" else entropy
    link = Link.of(metric, frequencies, 0.0 if metric == "accuracy" else 0.4)
    assert link.to_loss(-5.0) == pytest.approx(constant, abs=0.005)
    leads = np.linspace(-1.5, 1.0, 6)
    np.testing.assert_allclose(link.to_log_u(link.to_loss(leads)), leads, atol=1e-3)
    # Negative control: without the frequencies' own share, chance is not the constant.
    assert abs(Link.of(metric, np.full(3, 1 / 3)).to_loss(-5.0) - constant) > 0.2


@pytest.mark.parametrize("metric", ["macro-f1", "balanced-accuracy"])
def test_rare_classes_are_named_as_rarely_as_their_lead_allows(metric: str) -> None:
    """A classifier that knows the frequencies, drawn: rare classes are hardly ever named at first,
    so that the metric stays the constant's for longer than that of equal classes."""
    frequencies, lead = np.array([0.72, 0.2, 0.08]), 1.2
    rng = np.random.default_rng(5)
    gold = rng.choice(3, p=frequencies, size=40_000)
    score = rng.normal(size=(40_000, 3))
    score[np.arange(40_000), gold] += lead
    log_p = (lead * score + np.log(frequencies)).T
    judged = metric_of(metric)
    assert judged.values is not None
    values = judged.values(log_p, np.eye(3)[gold], np.arange(40_000))
    link = Link.of(metric, frequencies)
    error = values.std() / np.sqrt(len(values))
    assert 1 - link.to_loss(np.log(lead)) == pytest.approx(values.mean(), abs=4 * error + 1e-3)
    constant = 0.72 * 2 / 1.72 / 3 if metric == "macro-f1" else 1 / 3
    assert 1 - link.to_loss(np.array(-4.0)) == pytest.approx(constant, abs=2e-3)
    # Negative control: three equal classes would be told apart better.
    equal = 1 - Link.of(metric, np.full(3, 1 / 3)).to_loss(np.log(lead))
    assert equal - values.mean() > 0.05
    # Equal classes are the integral that they were.
    even = Link.of(metric, np.full(4, 0.25)).to_loss(np.log(lead))
    assert even == pytest.approx(
        Link.of("accuracy", np.full(4, 0.25)).to_loss(np.log(lead)), abs=1e-3
    )


def test_purity_of_answers_with_and_without_overlap() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(700, 5))
    gold = (x[:, 0] > 0).astype(int)
    noise = 0.2

    def draw(rng: np.random.Generator, rows: np.ndarray):
        return [hard(rows, np.where(rng.random(len(rows)) < noise, 1 - gold[rows], gold[rows]))]

    reference = np.eye(2)[gold]
    points = measure(
        x, draw, [50, 200], 4, np.arange(400, 700), reference[400:], pool=np.arange(400), seed=0
    )["accuracy"]
    assert points.theory is not None
    # Two flips of probability e correlate as (1 - 2 e)^2, and so does each with the truth, squared.
    assert points.theory.purity == pytest.approx((1 - 2 * noise) ** 2, abs=0.15)
    noise = 0.0
    clean = measure(
        x, draw, [50, 200], 4, np.arange(400, 700), reference[400:], pool=np.arange(400), seed=0
    )["accuracy"]
    assert clean.theory is not None
    assert clean.theory.purity == pytest.approx(1.0)
