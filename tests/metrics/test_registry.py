"""Every metric is one entry: measured, guessed, forecast and written from it alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, f1_score, log_loss

from labelbits.errors import InputError
from labelbits.interface import Batch
from labelbits.learning import measure
from labelbits.learning.forecasts.links import Link
from labelbits.metrics import METRICS, metric_of, shape_of
from labelbits.planning.evidence.loading import Evidence
from labelbits.planning.evidence.trial import Trial
from labelbits.planning.measured.ceiling import ceiling_of
from labelbits.planning.measured.curves import with_floor
from labelbits.planning.measured.tested import what_is_tested
from labelbits.planning.spec.planfile import LearnerPlan
from labelbits.signals import Votes

CLASSIFIED = [m for m in METRICS.values() if m.values is not None]
FALLING = [m for m in METRICS.values() if m.shape is not None and m.shape.loss_of_lead]


def _predictions(rng: np.random.Generator, n: int, share: tuple[float, ...], lead: float = 1.0):
    """(ln P (K, n), reference (n, K), class (n,)): the right class leads by `lead`."""
    right = rng.choice(len(share), n, p=share)
    z = rng.normal(size=(len(share), n)) + np.log(share)[:, None]
    z[right, np.arange(n)] += lead
    return z - np.log(np.exp(z).sum(0)), np.eye(len(share))[right], right


@pytest.mark.parametrize("share", [(0.5, 0.5), (0.9, 0.07, 0.03), (0.4, 0.3, 0.2, 0.1)])
def test_means_of_values_equal_those_of_scikit_learn(share: tuple[float, ...]) -> None:
    log_p, reference, right = _predictions(np.random.default_rng(0), 400, share)
    said = log_p.argmax(0)
    item = np.arange(400)
    wanted = {
        "accuracy": np.mean(said == right),
        "balanced-accuracy": balanced_accuracy_score(right, said),
        "macro-f1": f1_score(right, said, average="macro"),
        "cross-entropy": log_loss(right, np.exp(log_p).T),
    }
    for name, value in wanted.items():
        values = METRICS[name].values
        assert values is not None
        assert values(log_p, reference, item).mean() == pytest.approx(value, abs=2e-5), name


@pytest.mark.parametrize("name", ["balanced-accuracy", "macro-f1"])
def test_the_spread_of_values_is_the_error_of_the_mean(name: str) -> None:
    """Over redrawn test sets; the spread of plain hits, which ignores the classes, does not do."""
    rng = np.random.default_rng(1)
    values = METRICS[name].values
    assert values is not None
    n, found, claimed, plain = 300, [], [], []
    for _ in range(400):
        log_p, reference, right = _predictions(rng, n, (0.85, 0.1, 0.05))
        each = values(log_p, reference, np.arange(n))
        found.append(each.mean())
        claimed.append(each.std() / np.sqrt(n))
        plain.append((log_p.argmax(0) == right).std() / np.sqrt(n))
    true = np.std(found)
    # The standard deviation of 400 draws is known to 3.5 %.
    assert np.mean(claimed) == pytest.approx(true, rel=0.12)
    assert np.mean(plain) != pytest.approx(true, rel=0.12)


@pytest.mark.parametrize("name", [m.name for m in CLASSIFIED if m.constant is not None])
def test_the_best_constant_is_what_chance_says_and_no_constant_beats_it(name: str) -> None:
    metric = METRICS[name]
    assert metric.constant is not None
    assert metric.chance is not None
    assert metric.values is not None
    _, reference, _ = _predictions(np.random.default_rng(2), 500, (0.6, 0.3, 0.1))

    def quality(answer: np.ndarray) -> float:
        log_p = np.broadcast_to(np.log(np.maximum(answer, 1e-30))[:, None], (3, 500))
        assert metric.values is not None
        return float(metric.values(log_p, reference, np.arange(500)).mean())

    found = metric.constant(reference)
    best = quality(found.answer)
    assert found.quality == pytest.approx(best, abs=1e-5)
    assert metric.chance(reference.mean(0))[1] == pytest.approx(best, abs=1e-5)
    for other in np.eye(3) * 0.98 + 0.02 / 3:
        assert metric.sign * quality(other) <= metric.sign * best + 1e-9


@pytest.mark.parametrize("metric", FALLING, ids=lambda m: m.name)
def test_without_lead_the_link_gives_what_is_had_without_looking(metric) -> None:
    share = np.array([0.7, 0.2, 0.1])
    link = Link.of(metric.name, share)
    # A guess by the frequencies, or the best constant where that is better. Where the link is that
    # of a classifier which names the most probable class, that is the most frequent one: macro-F1
    # of .27, where a guess would have .33.
    guess, constant = (float(metric.loss(np.asarray(level))) for level in metric.chance(share))
    at_chance = constant if shape_of(metric.name).loss_by_class else min(guess, constant)
    assert link.to_loss(np.array([-5.0]))[0] == pytest.approx(at_chance, abs=0.012)
    assert np.all(np.diff(link.to_loss(np.linspace(-4, 2, 50))) < 0)


def test_unknown_names_and_metrics_that_may_rise_are_refused() -> None:
    with pytest.raises(InputError, match="macro-f1"):
        metric_of("f1")
    with pytest.raises(InputError, match="calibration-error"):
        shape_of("calibration-error")


def test_a_new_metric_to_peoples_answers_shows_no_floor_that_is_not_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Brier scores are lower than entropies: the entropy of the answers is no floor of theirs."""

    def brier(log_p: np.ndarray, reference: np.ndarray, _: np.ndarray) -> np.ndarray:
        return ((np.exp(log_p).T - reference) ** 2).sum(1)

    crossed = METRICS["cross-entropy"]
    new = replace(crossed, name="brier", title="Brier", words="Brier score", values=brier,
                  constant=None, chance=None, shape=None, floor=None)  # fmt: skip
    monkeypatch.setitem(METRICS, "brier", new)
    rng = np.random.default_rng(0)
    features, votes = rng.normal(size=(60, 2)), rng.multinomial(10, (0.6, 0.3, 0.1), 60)
    shares = votes / 10
    found = {
        name: measure(
            features,
            lambda generator, rows: [Batch(Votes(), rows[:, None], votes[rows], 0 * rows,
                                           np.ones(len(rows)))],
            [20], 2, np.arange(30), shares[:30], metrics=(name,), pool=np.arange(30, 60), seed=0,
        )[name]
        for name in ("brier", "cross-entropy")
    }  # fmt: skip
    evidence = Evidence(features, votes, None, ("a", "b", "c"))
    trial = Trial(np.arange(30), shares[:30], np.arange(30, 60), [20], "held-out votes", "")
    entropy = ceiling_of(evidence, trial, "cross-entropy")
    assert entropy is not None
    assert ceiling_of(evidence, trial, "brier") is None
    assert found["brier"].floor == 0 < found["cross-entropy"].floor
    assert with_floor(found["cross-entropy"], entropy).floor == entropy["quality"]
    assert with_floor(found["brier"], entropy).floor == 0
    _, said = what_is_tested(trial, "", np.zeros(60, int), LearnerPlan(), "brier")[0][:2]
    assert "Brier score is to the distribution" in said.source
    assert "cross-entropy" not in said.source


def test_what_a_metric_may_come_to_is_said_by_its_entry() -> None:
    """A Brier score lies between 0 and 2: targets and forecasts go by that."""
    brier = replace(METRICS["cross-entropy"], name="brier", largest_loss=2.0)
    assert brier.target_fault(1.5) == ""
    assert brier.target_fault(2.5) == "target is 2.5; expected a number above 0 and at most 2"
    assert "write 0.9 for 90 %" in METRICS["macro-f1"].target_fault(90)
    wide = np.array([-0.5, 0.5, 1.5])
    np.testing.assert_array_equal(brier.within(wide), [0, 0.5, 1.5])
    np.testing.assert_array_equal(METRICS["accuracy"].within(wide), [0, 0.5, 1])
