"""Labels that exist count as a head start."""

from __future__ import annotations

import pytest

from labelbits.planning.holdings import buy_next, next_sentence
from labelbits.planning.planfile import Budget
from tests.planning.curves import curve

BUDGET = Budget.model_validate({"amount": 100.0})


def there(worth: dict[str, float], quality: float = 0.9) -> dict:
    return {"items": 100, "answers": 100.0, "quality": quality, "worth": worth}


def test_more_of_the_same_goes_on_along_the_curve() -> None:
    one = curve("one", 1, 0.1, noise=0.0)
    found = buy_next(there({"one": 100.0}), [one], BUDGET, 0, sign=1)[0]
    # 100 answers are held and 1,000 more bought: from 1 - 100^-1/2 to 1 - 1100^-1/2.
    assert found["answers"] == 1000
    assert found["quality"] == pytest.approx(1 - 1100**-0.5, abs=1e-4)
    assert found["gain"] == pytest.approx(100**-0.5 - 1100**-0.5, abs=1e-4)
    assert not found["at_limit"]


def test_the_better_kind_comes_first() -> None:
    ranked = buy_next(
        there({"plain": 100.0, "rich": 25.0}),
        [curve("plain", 1, 0.1), curve("rich", 4, 0.1)],
        BUDGET,
        0,
        sign=1,
    )
    assert [one["family"] for one in ranked] == ["rich", "plain"]
    assert ranked[0]["chance"] > 0.95


def test_what_the_evidence_cannot_follow_is_not_made_up() -> None:
    one = curve("one", 1, 0.1)
    held = there({"one": float(one.answers[-1])}, quality=0.999)
    ranked = buy_next(held, [one], BUDGET, 0, sign=1)
    text = next_sentence(
        held, ranked, ("one", 0.95), BUDGET, lambda v: f"{v:.3f}", "accuracy", sign=1
    )
    assert ranked[0]["at_limit"]
    assert "cannot be told" in text


@pytest.mark.parametrize(("alone", "said"), [(0.85, True), (0.95, False)])
def test_labels_that_are_better_than_the_purchase_are_said_to_be(alone: float, said: bool) -> None:
    one = curve("one", 1, 0.1)
    held = there({"one": 100.0})
    ranked = buy_next(held, [one], BUDGET, 0, sign=1)
    text = next_sentence(
        held, ranked, ("one", alone), BUDGET, lambda v: f"{v:.3f}", "accuracy", sign=1
    )
    assert ("no worse than the purchase above gives on its own (0.850)" in text) is said
