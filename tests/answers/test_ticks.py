"""Columns of ticks: an empty cell is a no where the row was answered, and nowhere else."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from labelbits import InputError, read_answers
from labelbits.items.tables import Columns, read_tables

TABLE = {
    "id": [f"t{k:02}" for k in range(8)],
    "review": [f"words about thing {k}" for k in range(8)],
    "coder": ["Eva", "Tom", "Eva", None, "Tom", "Eva", None, None],
    "topic: price": ["x", None, "X", None, None, None, None, None],
    "topic: service": [None, "x", "x", None, None, "x", None, None],
}
TOLD = {"item": "id", "annotator": "coder", "label": "topic: price"}


def said(frame: pl.DataFrame, columns: dict[str, str]) -> dict[str, str]:
    answers = read_answers(frame, columns=columns)
    rows = answers.table.select(pl.col("items").list.first(), "answer").iter_rows()
    return {item: json.loads(value) for item, value in rows}


@pytest.mark.parametrize("mark", ["x", "✓", "[X]"])
def test_no_tick_in_an_answered_row_is_a_no(mark: str) -> None:
    column = [None if one is None else mark for one in TABLE["topic: price"]]
    frame = pl.DataFrame({**TABLE, "topic: price": column})
    assert said(frame, TOLD) == {"t00": "yes", "t01": "no", "t02": "yes", "t04": "no", "t05": "no"}


def test_without_people_another_tick_shows_that_a_row_was_answered() -> None:
    frame = pl.DataFrame(TABLE).drop("coder")
    told = {"item": "id", "label": "topic: price"}
    assert said(frame, told) == {"t00": "yes", "t01": "no", "t02": "yes", "t05": "no"}


@pytest.mark.parametrize("words", [["x", "y", "x"], ["yes", None, "yes"], ["1", None, "1"]])
def test_what_is_no_tick_is_left_alone(words: list[str | None]) -> None:
    frame = pl.DataFrame({"id": ["a", "b", "c"], "coder": ["p"] * 3, "label": words})
    found = read_answers(frame, columns={"item": "id", "annotator": "coder"})
    assert len(found) == sum(one is not None for one in words)
    assert not any("ticks" in note for note in found.notes)


def test_tables_of_ticks_name_the_columns_and_the_option(tmp_path: Path) -> None:
    file = tmp_path / "ticks.csv"
    pl.DataFrame(TABLE).write_csv(file)
    with pytest.raises(InputError, match=r"'topic: price', 'topic: service' hold ticks alone"):
        read_answers(file)
    with pytest.raises(InputError, match=r"--label 'topic: price' reads one as yes and no"):
        read_tables([file], Columns(text="review"), by_name=True)
    found = read_tables([file], Columns(text="review", label="topic: service"), by_name=True)
    assert found.answers is not None
    assert len(found.answers) == 5
    assert found.answers.classes == ("no", "yes")
