"""How often one answer is right: `pilot` and a plan say the same number of the same file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import labelbits as lb
from labelbits.annotators.confusion import right_of_counts
from labelbits.planning.advice.yardsticks import yardsticks


def raters(folder: Path, items: int) -> tuple[Path, pl.DataFrame]:
    """60 items with features; people answer `items` of them two to four times, right 9 in 10, and
    one of them 6 in 10."""
    rng = np.random.default_rng(3)
    truth = rng.integers(2, size=60)
    x = rng.normal(size=(60, 3)) + 4 * truth[:, None]
    names = [f"i{k}" for k in range(60)]
    table = pl.DataFrame({"id": names, "a": x[:, 0], "b": x[:, 1], "c": x[:, 2]})
    share = (0.9, 0.6, 0.9, 0.9)
    rows = [
        (names[k], f"p{p}", "ny"[truth[k]] if rng.random() < share[p] else "yn"[truth[k]])
        for k in range(60)
        for p in range(2 + k % 3 if k < items else 1)
    ]
    answers = pl.DataFrame(rows, schema=["id", "who", "said"], orient="row")
    answers.write_csv(folder / "raters.csv")
    return folder / "raters.csv", table


@pytest.mark.parametrize("items", [60, 7])
def test_a_plan_and_pilot_print_the_same_number(tmp_path: Path, items: int) -> None:
    file, table = raters(tmp_path, items)
    told = {"item": "id", "annotator": "who", "label": "said"}
    answers = lb.read_answers(file, columns=told)
    found = lb.calibrate(answers, only=("confusion",))["hard"].confusion
    assert found is not None
    plan = lb.plan(
        features=table.select("a", "b", "c"), ids=table["id"].to_list(), answers=answers,
        signals=["hard"], budget=1,
    )  # fmt: skip
    (people,) = [one for one in yardsticks(plan) if one.name.startswith("people")]
    right = found.accuracy
    assert (people.quality.value, people.quality.low, people.quality.high) == pytest.approx(
        (right.value, right.low, right.high)
    )
    assert people.name == "people: one answer is right against the others' majority"


def test_agreement_with_the_others_counts_no_answer_for_itself_and_no_tie() -> None:
    alike = right_of_counts(np.array([[3, 0], [0, 4], [5, 0]]), None)
    assert alike is not None
    assert (alike[0].value, alike[1]) == (1.0, 3)
    # Two against one: of the others of the two, one says each; the one alone is wrong.
    found = right_of_counts(np.array([[2, 1]]), None)
    assert found is not None
    assert found[0].value == 0.0
    assert right_of_counts(np.array([[1, 0], [0, 1]]), None) is None
    by_gold = right_of_counts(np.array([[2, 1], [0, 1], [5, 5]]), np.array([0, 0, -1]))
    assert by_gold is not None
    assert by_gold[0].value == pytest.approx(2 / 4)
