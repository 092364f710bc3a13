"""How many comparisons could be random: a bound from how often people agree, whoever they are."""

from __future__ import annotations

import io

import numpy as np
import polars as pl
import pytest
from rich.console import Console

from labelbits.annotators import calibrate
from labelbits.annotators.noise.at_random import most_of_choices
from labelbits.annotators.pilot import Pilot
from labelbits.answers import read_answers
from labelbits.report.pilot import show_pilot

CREW = 10
KINDS = ("channel", "even", "hard", "two kinds", "apart", "coin")
#: Runs, questions, and the fewest runs in which a bound that holds in 95 % holds: 3 errors below.
RUNS, QUESTIONS, FEWEST = 40, 100, 34


def asked(
    kind: str, people: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """(choices of two, questions, people: (answers,) each, share chosen at random).

    Of ten people; in `apart` the five who answer at random meet only each other.
    """
    shape = QUESTIONS, people
    who = np.array([rng.permutation(CREW)[:people] for _ in range(QUESTIONS)])
    said = np.repeat(rng.integers(0, 2, QUESTIONS)[:, None], people, axis=1)
    lapse = np.full(CREW, 0.3 if kind == "even" else 1.0 if kind == "coin" else 0.1)
    if kind == "channel":  # triplets of points in a plane
        a, b, c = rng.normal(size=(3, QUESTIONS, 2))
        right = 1 / (1 + np.exp(2 * (((a - b) ** 2).sum(1) - ((a - c) ** 2).sum(1))))
        said = (rng.random(shape) < right[:, None]).astype(int)
    elif kind == "hard":
        said = (rng.random(shape) < rng.beta(0.5, 0.5, (QUESTIONS, 1))).astype(int)
    elif kind == "two kinds":
        lapse[:] = np.where(np.arange(CREW) < 2, 1.0, 0.06)
    elif kind == "apart":
        lapse[:] = np.arange(CREW) < CREW // 2
        half = np.array([rng.permutation(CREW // 2)[:people] for _ in range(QUESTIONS)])
        who = half + (rng.random((QUESTIONS, 1)) < 0.5) * (CREW // 2)
    at_random = rng.random(shape) < lapse[who]
    said = np.where(at_random, rng.integers(0, 2, shape), said)
    question = np.repeat(np.arange(QUESTIONS), people)
    return said.ravel(), question, who.ravel(), float(lapse[who].mean())


def disagreement(said: np.ndarray, question: np.ndarray) -> float:
    """Twice the share of pairs of answers to one question that differ."""
    ones, n = np.bincount(question, said), np.bincount(question)
    return float(2 * np.mean(2 * ones * (n - ones) / (n * (n - 1))))


@pytest.mark.parametrize("people", [2, 5])
@pytest.mark.parametrize("kind", KINDS)
def test_the_bound_holds_whoever_answers(kind: str, people: int) -> None:
    held = nameless = 0
    for seed in range(RUNS):
        said, question, who, share = asked(kind, people, np.random.default_rng([seed, people]))
        unknown = np.full(len(said), -1)
        held += share <= most_of_choices(said, question, unknown, 2, 0, who)
        nameless += share <= most_of_choices(said, question, unknown, 2)
    assert held >= FEWEST
    if kind == "apart":  # negative control: without names nobody knows that the two never meet
        assert nameless < FEWEST


@pytest.mark.parametrize("people", [2, 3, 5])
@pytest.mark.parametrize("kind", ["channel", "even", "two kinds"])
def test_it_is_no_weaker_than_agreement_alone(kind: str, people: int) -> None:
    """Of 4,000 answers, where little is left to chance: people meet alike, so that agreement a
    allows 1 - sqrt(2 a - 1) and not 2 (1 - a)."""
    parts = [asked(kind, people, np.random.default_rng([9, seed])) for seed in range(20)]
    said, who = (np.concatenate([part[i] for part in parts]) for i in (0, 2))
    question = np.concatenate([part[1] + QUESTIONS * i for i, part in enumerate(parts)])
    most = most_of_choices(said, question, np.full(len(said), -1), 2, 0, who)
    differ = disagreement(said, question)
    assert np.mean([part[3] for part in parts]) <= most < 1 - np.sqrt(1 - differ) + 0.05
    assert most < differ


def test_pilots_print_what_agreement_allows() -> None:
    """Preferences of which 65 % agree in pairs: 1 - sqrt(.3) = .45 are random at most, but for
    what 300 questions leave open; agreement is compared with a coin, not with all items' names."""
    rng = np.random.default_rng(4)
    rows = []
    for _ in range(300):
        pair = rng.choice(40, 2, replace=False)
        for who in rng.permutation(8)[:2]:
            won = "ab"[int(rng.random() > 0.5 + 0.5 * np.sqrt(0.3))]
            rows.append((f"i{pair[0]}", f"i{pair[1]}", won, f"p{who}"))
    frame = pl.DataFrame(rows, schema=["item_a", "item_b", "winner", "annotator"], orient="row")
    answers = read_answers(frame)
    found = calibrate(answers, only=("agreement", "noise"))
    one = found["preference"]
    same = one.agreement.between.value
    assert one.agreement.alpha.value == pytest.approx(2 * same - 1, abs=0.06)
    exact = 1 - np.sqrt(2 * same - 1)
    assert exact < one.random_at_most < exact + 0.2
    assert one.to_dict()["random_at_most"] == one.random_at_most
    shown = io.StringIO()
    show_pilot(Pilot(answers, found, ()), Console(file=shown, width=200))
    assert f"up to {100 * one.random_at_most:.1f} % of the answers could be random" in (
        shown.getvalue()
    )
