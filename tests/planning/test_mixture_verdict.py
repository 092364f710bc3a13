"""What is said of a mixture that was tried: the same verdicts however it was tried."""

from dataclasses import replace

import pytest

from labelbits.metrics import metric_of
from labelbits.planning.mixtures.verdict import Tried, mixture_record
from labelbits.planning.spec.planfile import Budget
from labelbits.quantity import Quantity

TRIED = Tried(
    split="70 % on hard, 30 % on soft", how="measured on 16 simulated worlds",
    shares={"hard": 0.7, "soft": 0.3}, design={"hard": 0.6, "soft": 0.4}, single="hard",
    gain=Quantity(0.02, 0.01, 0.03), surely=True, money=90.0, whole=100.0, room="the pilot",
    purchases=[],
)  # fmt: skip
BUDGET = Budget(amount=100.0)


def said(metric: str = "accuracy", **changes: object) -> tuple[bool, str]:
    record = mixture_record(replace(TRIED, **changes), metric_of(metric), BUDGET)
    return record["recommended"], record["sentence"]


@pytest.mark.parametrize(
    ("surely", "money", "advised", "begins"),
    [
        (True, 90.0, True, "A mixture is better: 70 % on hard"),
        (True, 10.0, False, "A mixture may be better, but the pilot lets it be tried for 10.00"),
        (False, 10.0, False, "Whether a mixture is better for 100.00 USD is not known: the pilot"),
        (False, 90.0, False, "No mixture of kinds is recommended: no gain that the evidence"),
    ],
)
def test_a_gain_must_be_sure_and_tried_for_most_of_the_money(
    surely: bool, money: float, advised: bool, begins: str
) -> None:
    found, text = said(surely=surely, money=money)
    assert found is advised
    assert text.startswith(begins)
    assert "accuracy by 2.0 points (90 % interval 1.0 to 3.0) against hard alone" in text


def test_less_is_better_is_said_as_less() -> None:
    """A gain is above 0 for every metric; what changes is said in the metric's own direction."""
    _, text = said("cross-entropy")
    assert "cross-entropy by -0.020 (90 % interval -0.030 to -0.010)" in text


def test_one_kind_beside_what_is_held_is_no_mixture() -> None:
    assert said(shares={"soft": 1.0})[1].startswith("soft beside the answers you hold is better")


@pytest.mark.parametrize("money", [10.0, 90.0])
def test_a_loss_beyond_doubt_is_called_worse(money: float) -> None:
    loss = Quantity(-0.082, -0.121, -0.043, "exact")
    _, text = said(surely=False, money=money, gain=loss)
    assert "what was tried is worse. The best" in text
    assert "no gain that" not in text
    _, text = said(surely=False, money=money, gain=replace(loss, high=0.01))
    assert "no gain that the evidence can see" in text
