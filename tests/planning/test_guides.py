"""Items with gold that nobody was asked about tell how a pilot's curves go on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from labelbits.interface import Batch
from labelbits.learning import CurvePoints, forecast_options, measure
from labelbits.planning import plan as make_plan
from labelbits.planning import read_plan
from labelbits.planning.evidence.answer_source import AnswerSource, answer_probabilities
from labelbits.planning.evidence.loading import Evidence, load_evidence
from labelbits.planning.evidence.trial import Trial, design_trial
from labelbits.planning.measured.curve import curve_of, grid_of
from labelbits.planning.measured.guides import doubts_of_tests, guide_of
from labelbits.signals import Hard
from tests.planning.conftest import BASE, blobs
from tests.planning.curves import curve

Write = Callable[..., Path]
PILOT = 80


def vague_blobs(items: int) -> dict[str, np.ndarray]:
    """Blobs of five classes in 30 columns of noise: 80 items do not tell them apart."""
    found = blobs(items, classes=5, dims=30)
    noise = np.random.default_rng(items).standard_normal(found["features"].shape)
    return {**found, "features": found["features"] + 3 * noise}


def pilot_among(items: int = 1500) -> dict[str, np.ndarray]:
    """Items with gold, the first `PILOT` of them with votes."""
    found = vague_blobs(items)
    counts = found["counts"].copy()
    counts[PILOT:] = 0
    return {**found, "counts": counts}


def actual(items: int) -> float:
    """Accuracy after one label on each of so many new items, mean of 20 purchases."""
    new = vague_blobs(6000)
    right, features = np.eye(5)[new["gold"]], new["features"].astype(np.float32)

    def draw(rng: np.random.Generator, rows: np.ndarray) -> list[Batch]:
        votes = new["counts"][rows] / 10
        said = (votes.cumsum(1) < rng.random((len(rows), 1))).sum(1)
        size = len(rows)
        return [Batch(Hard(), rows[:, None], said[:, None], np.zeros(size, int), np.ones(size))]

    test = np.arange(3000)
    return float(
        measure(
            features, draw, [items], 20, test, right[test], metrics=("accuracy",),
            pool=np.arange(3000, 6000), seed=1,
        )["accuracy"].mean[0]
    )  # fmt: skip


def measured(path: Path) -> tuple[Evidence, Trial, AnswerSource, CurvePoints]:
    """Single labels of the plan at `path`, measured as a plan does."""
    plan = read_plan(path)
    evidence = load_evidence(plan, 0)
    trial = design_trial(evidence, plan.goal, 0, 1000)
    answers = AnswerSource(evidence, Hard(), 1, answer_probabilities(evidence)[0])
    return evidence, trial, answers, trial.measure(evidence.features, answers.draw, "accuracy", 0)


def guide_for(path: Path) -> tuple[CurvePoints | None, CurvePoints]:
    evidence, trial, answers, points = measured(path)
    return guide_of(evidence, trial, answers, points, 0), points


def doubts(path: Path) -> list[str]:
    evidence, trial, _, points = measured(path)
    return doubts_of_tests(evidence, trial, points)


def test_a_guide_goes_as_far_as_forecasts_are_believed(write_plan: Write) -> None:
    guide, points = guide_for(write_plan(**pilot_among()))
    assert guide is not None
    assert guide.sizes[0] == points.sizes[0]
    assert guide.sizes[-1] == 10 * PILOT
    assert guide.item_values is not None
    assert points.item_values is not None
    assert guide.item_values.shape[1] == points.item_values.shape[1]


def test_there_is_none_without_enough_items_or_where_items_are_not_alike(write_plan: Write) -> None:
    many = pilot_among()
    few = {**many, "gold": np.where(np.arange(1500) < PILOT + 150, many["gold"], -1)}
    assert guide_for(write_plan(**few))[0] is None
    voted = {**many, "counts": blobs(1500, 5, 30)["counts"]}
    assert guide_for(write_plan(**voted))[0] is None
    goal = BASE.replace("[budget]", "[goal]\n{}\n[budget]")
    shots = goal.format("shots_per_class = [2, 4]")
    assert guide_for(write_plan(shots, **many))[0] is None
    groups = np.where(np.arange(1500) < PILOT, "asked", "new")
    tested = goal.replace("[goal]", 'groups = "groups.npz"\n[goal]', 1)
    path = write_plan(tested.format('test_groups = ["new"]'), **many, groups=groups)
    assert guide_for(path)[0] is None


def test_simulated_answers_err_as_the_pilots_do(write_plan: Write) -> None:
    """Of votes that are wrong 12 % of the time (blobs' noise), seen on a pilot of 400."""
    many = pilot_among()
    many["counts"][:400] = blobs(1500, 5, 30)["counts"][:400]
    evidence = load_evidence(read_plan(write_plan(**many)), 0)
    gold = np.asarray(evidence.gold)
    one = replace(evidence, counts=np.minimum(evidence.counts, 1) * 0)
    rng = np.random.default_rng(0)
    for row in range(400):  # one vote on each item: nothing tells its noise but gold
        one.counts[row, rng.choice(5, p=evidence.counts[row] / 10)] = 1
    for known in (evidence, one):
        answers = AnswerSource(known, Hard(), 1, answer_probabilities(known)[0])
        rows = np.arange(500, 1500)
        said = answers.draw(np.random.default_rng(1), rows)[0].answer[:, 0]
        wrong = float(np.mean(said != gold[rows]))
        # 1,000 answers and the noise of 400 single votes: standard error .019.
        assert wrong == pytest.approx(0.12, abs=3 * 0.019)


def test_a_plan_with_a_guide_is_surer_and_says_what_it_did(write_plan: Write) -> None:
    many = pilot_among()
    text = BASE.replace("amount = 20", "amount = 5")
    made = make_plan(write_plan(text, **many), seed=0)
    alone = {**many, "gold": np.where(np.arange(1500) < PILOT, many["gold"], -1)}
    without = make_plan(write_plan(text, **alone), seed=0)
    said = [a for a in made.assumptions if a.name == "items with gold that nobody was asked about"]
    assert len(said) == 1
    assert float(said[0].value) > 0.8
    assert not [a for a in without.assumptions if a.name == said[0].name]
    rows = [[o for o in p.options if o.signal == "hard"][-1] for p in (made, without)]
    widths = [row.high - row.low for row in rows]
    assert widths[0] < 0.7 * widths[1]
    assert rows[0].low < actual(rows[0].items) < rows[0].high
    # What the gold gives as training items, for nothing: as much as one label on each of 1,420.
    known = made.extras["known"]
    assert known["items"] == 1500 - PILOT
    assert "known" not in without.extras
    assert known["quality"] > actual(known["measured_on"] // 2)
    assert known["quality"] == pytest.approx(actual(known["measured_on"]), abs=0.05)
    (note,) = [w for w in made.warnings if "trained on as they are" in w]
    assert f"accuracy {100 * known['quality']:.1f}%" in note.replace(" %", "%")
    assert ("as good as the purchase" in note) is (
        known["quality"] >= made.recommendation["quality"]
    )


def test_fits_that_are_worse_than_a_constant_are_shown_as_measured(write_plan: Write) -> None:
    """In cross-entropy, with a handful of items; a guide knows no quality below the constant's."""
    path = write_plan(BASE.replace("[budget]", '[goal]\nmetric = "cross-entropy"\n[budget]'),
                      **pilot_among())  # fmt: skip
    made = read_plan(path)
    evidence, trial, answers, _ = measured(path)
    points = trial.measure(evidence.features, answers.draw, "cross-entropy", 0)
    guide = guide_of(evidence, trial, answers, points, 0)
    share = trial.reference.mean(0)
    constant = float(-(share @ np.log(share)))
    grid = grid_of(points)
    (ahead,) = forecast_options([points], grid, seed=0, limit=10.0, guides=[guide])
    assert ahead.alike is not None
    assert ahead.alike > 0.5
    family = curve("one", 1, 0.1).family
    found, _ = curve_of(family, points, ahead, made, 0, None, (constant, constant))
    worse = points.mean > constant
    assert worse[0]
    assert not worse[-1]
    at = np.searchsorted(found.answers, points.sizes[worse])
    np.testing.assert_allclose(found.draws.mean(0)[at], points.mean[worse], rtol=0.02)
    np.testing.assert_allclose(found.draws.std(0)[at], points.standard_error()[worse], rtol=0.1)
    # From there on the guide is followed.
    last = int(np.searchsorted(found.answers, points.sizes[-1]))
    np.testing.assert_allclose(found.draws[:, last + 1 :], ahead.draws[:, last:], atol=1e-9)


def test_gold_of_other_items_is_not_followed(write_plan: Write) -> None:
    many = pilot_among()
    features = many["features"].copy()
    # The pilot is of blurred items, which teach less.
    blur = np.random.default_rng(3).standard_normal((PILOT, features.shape[1]))
    features[:PILOT] += 5 * blur
    made = make_plan(write_plan(**{**many, "features": features}), seed=0)
    assert any("outside the pilot is not what is learnt" in w for w in made.warnings)


def test_gold_that_contradicts_the_pilot_or_lacks_a_class_is_said(write_plan: Write) -> None:
    many = pilot_among()
    outside = np.arange(1500) >= PILOT
    assert doubts(write_plan(**many)) == []
    lacking = np.where(outside & (many["gold"] == 2), -1, many["gold"])
    assert [w[:28] for w in doubts(write_plan(**{**many, "gold": lacking}))] == [
        "No tested item is of class 2"
    ]
    shifted = np.where(outside, (many["gold"] + 1) % 5, many["gold"])
    found = doubts(write_plan(**{**many, "gold": shifted}))
    assert len(found) == 1
    assert "Check that gold numbers the classes as the answers do" in found[0]
