"""What is tested on: groups left out, few shots, small purchases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from labelbits.errors import InputError
from labelbits.planning import read_plan
from labelbits.planning.evidence.loading import load_evidence
from labelbits.planning.evidence.trial import Trial, design_trial, training_sizes
from tests.planning.conftest import BASE, blobs

Write = Callable[..., Path]


def trial_of(path: Path, smallest: int = 1000) -> Trial:
    plan = read_plan(path)
    return design_trial(load_evidence(plan, 0), plan.goal, 0, smallest)


def with_goal(goal: str, groups: bool = False) -> str:
    text = BASE.replace("[budget]", f"[goal]\n{goal}\n[budget]")
    return text.replace("[goal]", 'groups = "groups.npz"\n[goal]') if groups else text


def test_tested_groups_are_never_trained_on(write_plan: Write) -> None:
    groups = np.array(["north", "south", "east", "west"] * 100)
    trial = trial_of(write_plan(with_goal('test_groups = ["west"]', True), groups=groups))
    assert trial.pool is not None
    assert set(groups[trial.test]) == {"west"}
    assert "west" not in set(groups[trial.pool])
    assert "west" in trial.how


def test_an_unknown_group_is_named(write_plan: Write) -> None:
    groups = np.array([1, 2, 3, 4] * 100)
    with pytest.raises(InputError, match="no item is in group '9'; expected some of: 1, 2, 3, 4"):
        trial_of(write_plan(with_goal("test_groups = [9]", True), groups=groups))
    with pytest.raises(InputError, match=r"without \[dataset\] groups"):
        trial_of(write_plan(with_goal("test_groups = [1]")))


def test_few_shots_are_equally_many_of_each_class(write_plan: Write) -> None:
    trial = trial_of(write_plan(with_goal("shots_per_class = [2, 5, 10]")))
    assert trial.sizes == [8, 20, 40]
    assert trial.balanced is not None
    np.testing.assert_array_equal(trial.balanced, blobs()["gold"])


def test_more_shots_than_items_are_refused(write_plan: Write) -> None:
    with pytest.raises(InputError, match=r"shots_per_class asks for 500 items of every class"):
        trial_of(write_plan(with_goal("shots_per_class = [500]")))


def test_sizes_reach_down_to_the_smallest_purchase() -> None:
    assert min(training_sizes(1600, 10, 1000)) == 160
    assert min(training_sizes(1600, 10, 90)) <= 90
    assert min(training_sizes(1600, 10, 1)) == 10
    assert len(training_sizes(5000, 100, 1000)) < 12


def test_the_backtest_knows_no_label_that_its_forecast_could_not(
    write_plan: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The theory of the features is inferred from as many labels as the cut curve trained on."""
    from labelbits.planning.evidence.answer_source import AnswerSource, answer_probabilities
    from labelbits.planning.measured import backtest as module
    from labelbits.signals import Hard

    plan = read_plan(write_plan())
    evidence = load_evidence(plan, 0)
    trial = design_trial(evidence, plan.goal, 0, 1000)
    answers = AnswerSource(evidence, Hard(), 1, answer_probabilities(evidence)[0])
    points = trial.measure(
        evidence.features, answers.draw, "accuracy", 0, sizes=[20, 40, 80, 160, 360], replicates=10
    )
    seen: list[int] = []
    real = module.infer_theory

    def spy(features: np.ndarray, rows: np.ndarray, *rest: object, **more: object) -> object:
        seen.append(len(rows))
        return real(features, rows, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "infer_theory", spy)
    found = module.backtest("hard", points, trial, evidence.features, 0)
    assert found is not None
    assert seen == [found["trained_to"]] == [80]
    assert found["low"] <= found["predicted"] <= found["high"]


def test_cross_entropy_is_to_what_people_answered_where_they_can_differ(write_plan: Write) -> None:
    counts = blobs()["counts"]
    people = counts / counts.sum(1, keepdims=True)
    trial = trial_of(write_plan(with_goal('metric = "cross-entropy"')))
    assert trial.kind == "held-out votes"
    np.testing.assert_allclose(trial.reference, people[trial.test])
    accuracy = trial_of(write_plan())
    assert accuracy.kind == "gold"
    np.testing.assert_array_equal(accuracy.reference.argmax(1), blobs()["gold"][accuracy.test])
    # One vote on each item cannot show that people differ: gold then knows more.
    one = np.eye(counts.shape[1], dtype=int)[counts.argmax(1)]
    assert trial_of(write_plan(with_goal('metric = "cross-entropy"'), counts=one)).kind == "gold"


@pytest.mark.parametrize(
    ("inside", "outside", "kind", "tested", "trained"),
    [
        # The golden questions of a crowd: right for these, held-out votes for the others.
        (30, 0, "held-out votes", 400, 360),
        # Gold of half the labelled items measures alone, and so does enough gold of a part.
        (200, 0, "gold", 200, 180),
        # Gold on items without votes costs no training item, from 200 on.
        (0, 200, "gold", 200, 200),
        (0, 100, "held-out votes", 300, 270),
    ],
)
def test_few_gold_items_do_not_measure_alone(
    write_plan: Write, inside: int, outside: int, kind: str, tested: int, trained: int
) -> None:
    evidence = load_evidence(plan := read_plan(write_plan()), 0)
    counts, right = evidence.counts.copy(), evidence.gold.copy()
    order = np.random.default_rng(0).permutation(400)
    counts[order[:outside]] = 0
    gold = np.full(400, -1)
    gold[order[: inside + outside]] = right[order[: inside + outside]]
    evidence = replace(evidence, counts=counts, gold=gold)
    trial = design_trial(evidence, plan.goal, 0, 1000)
    assert (trial.kind, len(trial.test), trial.largest) == (kind, tested, trained)
    assert trial.golden == (tested if kind == "gold" else inside)
    known = gold[trial.test] >= 0
    np.testing.assert_array_equal(trial.reference[known].argmax(1), gold[trial.test][known])
    np.testing.assert_array_equal(trial.reference[known].max(1), 1.0)
    people = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    np.testing.assert_allclose(trial.reference[~known], people[trial.test][~known])


def test_gold_of_a_part_of_many_labels_is_held_out(write_plan: Write) -> None:
    """The labels without gold are trained on."""
    many = blobs(500)
    gold = many["gold"].copy()
    gold[220:] = -1
    trial = trial_of(write_plan(**{**many, "gold": gold}))
    assert (trial.kind, len(trial.test), trial.how) == ("gold", 220, "held out")
    assert trial.pool is not None
    assert set(trial.pool) == set(range(220, 500))


@pytest.mark.parametrize(("spread", "limit"), [(0.0, True), (1.0, False)])
def test_a_prior_at_the_searchs_limit_is_not_given_as_a_figure(
    write_plan: Write, spread: float, limit: bool
) -> None:
    """Items of a class that are all alike fit any large prior; items that differ fit one."""
    from labelbits.planning.evidence.answer_source import answer_probabilities

    evidence = load_evidence(read_plan(write_plan()), 0)
    rng = np.random.default_rng(3)
    gold = np.arange(400) % 4
    right = 0.7 if spread == 0 else rng.beta(0.7, 0.3, size=400)
    hits = rng.binomial(10, right, size=400)
    counts = np.zeros((400, 4))
    counts[np.arange(400), gold] = hits
    counts[np.arange(400), (gold + 1) % 4] += 10 - hits
    _, said = answer_probabilities(replace(evidence, counts=counts, gold=gold))
    assert ("more than 399 votes" in said) == limit
    assert "403.4" not in said
