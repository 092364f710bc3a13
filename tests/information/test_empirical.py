"""Bits about the user's own items, against closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from labelbits.errors import InputError
from labelbits.information.empirical import per_answer_empirical
from labelbits.signals import Hard, Soft, Triplet, Verify, Votes


def test_hard_label_is_the_mutual_information_of_the_table() -> None:
    p = np.array([[0.7, 0.2, 0.1], [0.1, 0.1, 0.8]])
    mean = p.mean(0)
    expected = (p * np.log2(p / mean)).sum(1).mean()
    assert per_answer_empirical(Hard(), p).bits == pytest.approx(expected, abs=1e-6)


def test_one_vote_is_a_hard_label_and_more_votes_tell_more() -> None:
    p = np.random.default_rng(0).dirichlet(np.ones(4), size=300)
    one = per_answer_empirical(Votes(answers_per_item=1), p)
    hard = per_answer_empirical(Hard(), p)
    assert one.bits == pytest.approx(hard.bits, abs=1e-5)
    ten = per_answer_empirical(Votes(answers_per_item=10), p, seed=1)
    assert 1.5 * one.bits < ten.bits < 10 * one.bits


def test_a_report_of_three_parts_is_three_votes() -> None:
    """A very concentrated report in three parts is three votes."""
    p = np.random.default_rng(0).dirichlet(np.ones(10), size=400)
    hard = per_answer_empirical(Hard(), p)
    many = per_answer_empirical(Soft(grid=3, concentration=1000.0), p, samples=4000, seed=2)
    votes = per_answer_empirical(Votes(answers_per_item=3), p, samples=4000, seed=3)
    assert hard.bits < many.bits
    assert abs(many.bits - votes.bits) < 4 * np.hypot(many.standard_error, votes.standard_error)


def test_verify_asks_about_classes_at_random() -> None:
    p = np.eye(4)
    found = per_answer_empirical(Verify(), p, samples=4000, seed=0)
    # Noise-free: the answer is yes for one class in four.
    expected = -(0.25 * np.log2(0.25) + 0.75 * np.log2(0.75))
    assert abs(found.bits - expected) < 4 * found.standard_error + 1e-3


def test_comparisons_have_no_class_probabilities() -> None:
    with pytest.raises(InputError, match="triplet"):
        per_answer_empirical(Triplet(), np.eye(3))
