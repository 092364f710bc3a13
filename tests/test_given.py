"""What `lb.plan` takes in Python: gold by name, ids written in two ways, comparisons alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

import labelbits as lb
from labelbits import InputError
from labelbits.given import answers_of, as_triplets, gold_of_rows

RIGHT = {"0007": "cat", "0008": "dog"}
IDS = ["0006", "0007", "0008"]


@pytest.mark.parametrize(
    "given",
    [
        dict, lambda known: pd.Series(known), lambda known: {int(k): v for k, v in known.items()},
        lambda known: pl.DataFrame({"id": list(known), "richtig": list(known.values())}),
        lambda known: pd.DataFrame({"item": [7.0, 8.0], "class": list(known.values())})
        .astype({"item": int}),
    ],
)  # fmt: skip
def test_gold_by_name_is_joined_to_the_rows(given: Callable[[dict], Any]) -> None:
    assert gold_of_rows(given(RIGHT), 3, IDS) == [None, "cat", "dog"]


def test_gold_a_row_stays_as_it_is_and_gold_of_other_items_is_refused() -> None:
    rows = np.array([0, 1, -1])
    assert gold_of_rows(rows, 3, IDS) is rows
    assert gold_of_rows({1: 0, 2: 1}, 3, None) == [-1, 0, 1]
    with pytest.raises(InputError, match=r"none of its 1 items is a row .* names such as 0006"):
        gold_of_rows({"a": "cat"}, 3, IDS)


def test_a_plan_joins_answers_and_gold_by_their_numbers() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(150, 3))
    right = np.where(x[:, 0] > 0, "yes", "no")
    said = np.where(rng.random(90) < 0.1, right[60:150], right[:90])
    frame = pl.DataFrame({"item": [str(i) for i in range(90)], "label": said})
    ids = [f"{i:03d}" for i in range(150)]
    gold = {str(i): right[i] for i in range(60)}
    made = lb.plan(features=x, answers=frame, ids=ids, gold=gold, budget=20)
    assert any("90 ids are written in two ways, '0' and '000'" in one for one in made.warnings)
    turned = lb.plan(
        features=x, answers=frame.with_columns(item=pl.Series(ids[:90])), ids=ids, budget=20,
        gold=[right[i] if i < 60 else None for i in range(150)],
    )  # fmt: skip
    assert [one.quality for one in made.options] == [one.quality for one in turned.options]


def test_an_array_of_triplets_is_read_as_answers_and_labels_alone_are_refused() -> None:
    """What a plan then makes of them is that of a file of triplets."""
    rows = np.stack([np.random.default_rng(k).permutation(6)[:3] for k in range(40)])
    answers, _ = answers_of(as_triplets(rows), None, 0, None)
    assert answers is not None
    assert set(answers.table["signal"]) == {"triplet"}
    for items, answer, row in zip(
        answers.table["items"], answers.table["answer"], rows, strict=True
    ):
        assert [items[0], items[1 + int(answer)]] == [str(row[0]), str(row[1])]
    labels = np.array(["a", "b"])
    assert as_triplets(labels) is labels
    frame = pl.DataFrame({"item": list("abc"), "label": list("xyx")})
    with pytest.raises(InputError, match=r"found hard .* plan needs features="):
        lb.plan(answers=frame, budget=10)
    with pytest.raises(InputError, match="needs features= or answers="):
        lb.plan(budget=10)
