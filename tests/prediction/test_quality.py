"""The public question: what it answers, what it refuses, and how the command says so."""

from __future__ import annotations

import json

import numpy as np
import pytest
from typer.testing import CliRunner

import labelbits as lb
from labelbits.cli import app
from labelbits.errors import InputError
from labelbits.prediction import NotCheckedError, predict_quality
from labelbits.prediction.quality import read_off
from labelbits.prediction.regime import COMPARISONS
from labelbits.signals import Candidates, Contrastive, Hard, Ranking, Triplet, Votes
from labelbits.worlds import World

WORLD = World(items=80, classes=8, dims=3)
SMALL = World(items=60, classes=10, dims=2)


#: Signals whose intervals did not hold what they say at sizes left out.
REFUSED = ("similarity", "soft", "verify")
ANSWERED = [*(n for n in COMPARISONS if n not in REFUSED), "sparse-soft", "ranking", "candidates"]


@pytest.mark.parametrize("name", ANSWERED)
def test_ordinary_sizes_are_answered_with_the_evidence(name: str) -> None:
    found = predict_quality(name, SMALL, 16)
    assert -0.1 < found.low < found.spearman < found.high < 1
    assert 0 < found.procrustes_low < found.procrustes < found.procrustes_high < 1
    assert found.checked is not None
    assert found.checked.points > 0


def test_more_answers_help_and_lapses_hurt() -> None:
    for kind in (Triplet, Ranking):
        by_answers = [predict_quality(kind(), SMALL, m).spearman for m in (8, 16, 32)]
        assert np.all(np.diff(by_answers) > 0)
        clean, sloppy = (
            predict_quality(kind(lapse=lapse), SMALL, 16).spearman for lapse in (0.0, 0.2)
        )
        assert clean > sloppy


def test_votes_are_hard_labels() -> None:
    votes = read_off(Votes(answers_per_item=3), SMALL, 5)
    hard = read_off(Hard(), SMALL, 15)
    assert votes.spearman == hard.spearman
    assert votes.procrustes_high == hard.procrustes_high


def test_a_wider_level_gives_a_wider_interval_of_the_same_mean() -> None:
    narrow, wide = (predict_quality("triplet", WORLD, 16, level=v) for v in (0.5, 0.95))
    assert narrow.spearman == wide.spearman
    assert wide.low < narrow.low < narrow.high < wide.high


def test_comparisons_do_not_depend_on_classes() -> None:
    two, forty = (predict_quality("triplet", World(80, k, 3), 16) for k in (2, 40))
    assert two == forty


@pytest.mark.parametrize(
    ("signal", "world", "answers", "message"),
    [
        ("triplet", World(500, 8, 3), 8, "items is 500; predictions were checked from 30 to 120"),
        ("triplet", World(80, 8, 12), 8, "dims is 12"),
        ("hard", World(80, 40, 3), 8, "classes is 40"),
        ("hard", WORLD, 100, "answers_per_item is 100"),
        (Votes(answers_per_item=30), WORLD, 3, "answers_per_item is 90; .* 64 hard labels only"),
        (Triplet(precision=10.0), WORLD, 8, "precision of triplet is 10"),
        (Triplet(precision=float("inf")), WORLD, 8, "precision of triplet is inf"),
        (Triplet(lapse=0.5), WORLD, 8, "lapse of triplet is 0.5"),
        (Contrastive(negatives=2), WORLD, 8, "contrastive has options of its own"),
        (Candidates(threshold=9.0), WORLD, 8, "candidates has options of its own"),
        (Hard(confusion=np.eye(8)), WORLD, 8, "hard has options of its own"),
        ("hard", World(80, 8, 3, prototypes=np.zeros((8, 3))), 8, "knows its prototypes"),
        ("triplet", World(80, 8, 1, prior="sphere"), 8, "two points"),
        ("triplet", World(80, 8, 3, prior="clusters", spread=0.2), 8, "spread 0.2"),
        ("hard", World(80, 8, 3, prior="clusters"), 8, "clusters in 3 dims"),
        ("triplet", World(80, 8, 1), 8, "1 dimension; predictions of triplet"),
        (
            "triplet",
            World(80, 8, 3, prior="empirical", points=np.ones((80, 3))),
            8,
            "prior is 'empirical'",
        ),
    ],
)
def test_what_was_not_checked_is_refused(signal, world: World, answers: float, message) -> None:
    with pytest.raises(NotCheckedError, match=message) as refusal:
        predict_quality(signal, world, answers)
    assert "simulate it: labelbits sweep" in str(refusal.value)


def test_a_signal_without_simulations_is_refused() -> None:
    class Fresh(Triplet):
        name = "fresh"

    with pytest.raises(NotCheckedError, match="predictions of fresh were never checked"):
        predict_quality(Fresh(), WORLD, 8)


@pytest.mark.parametrize("name", REFUSED)
def test_a_signal_whose_intervals_held_too_few_worlds_is_refused(name: str) -> None:
    with pytest.raises(NotCheckedError, match=f"predictions of {name} cannot be trusted"):
        predict_quality(name, SMALL, 16)


def test_a_signal_that_was_not_compared_with_simulations_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("labelbits.prediction.quality._checked", dict)
    with pytest.raises(NotCheckedError, match="too few predictions of triplet were compared"):
        predict_quality("triplet", WORLD, 16)


def test_a_surface_too_uncertain_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("labelbits.prediction.quality.LARGEST_ERROR", 1e-6)
    with pytest.raises(NotCheckedError, match="no simulated world is near enough"):
        predict_quality("triplet", WORLD, 8)


@pytest.mark.parametrize(
    ("signal", "world", "answers", "level", "message"),
    [
        ("sonnet", WORLD, 8, 0.9, "unknown signal 'sonnet'"),
        (["hard", "triplet"], WORLD, 8, 0.9, "expected one signal"),
        ("hard", "world", 8, 0.9, "expected a labelbits.World"),
        ("hard", WORLD, 0, 0.9, "answers_per_item is 0"),
        ("hard", WORLD, float("nan"), 0.9, "answers_per_item is nan"),
        ("hard", WORLD, 8, 1.0, "level is 1.0"),
        ("contrastive", World(4, 8, 3), 8, 0.9, "shows 6 items"),
    ],
)
def test_nonsense_is_an_input_error(signal, world, answers, level, message) -> None:
    with pytest.raises(InputError, match=message) as problem:
        predict_quality(signal, world, answers, level=level)
    assert not isinstance(problem.value, NotCheckedError)


def test_the_package_offers_it() -> None:
    assert lb.predict_quality is predict_quality
    assert lb.NotCheckedError is NotCheckedError


def test_the_command_prints_the_same_numbers() -> None:
    words = "predict --signal triplet --items 80 --dims 3 --answers-per-item 16"
    run = CliRunner().invoke(app, [*words.split(), "--json"], catch_exceptions=False)
    assert run.exit_code == 0
    printed = json.loads(run.stdout)
    found = predict_quality(Triplet(), WORLD, 16)
    assert printed["spearman"] == pytest.approx(found.spearman)
    assert printed["checked"]["points"] == found.checked.points  # type: ignore[union-attr]
    plain = CliRunner().invoke(app, words.split(), catch_exceptions=False).stdout
    assert f"{found.spearman:.3f}" in plain
    assert "checked at" in plain
