"""What Python hands over: arrays whose rows may be two things, frames whose rows have names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from labelbits import InputError, read_answers
from labelbits.annotators.pilot import run_pilot
from labelbits.commands.answers import gold_told

NAMES = list("abcdefgh")


def test_three_numbers_a_row_are_asked_about() -> None:
    rng = np.random.default_rng(1)
    rows = np.array([rng.choice(20, 3, replace=False) for _ in range(60)])
    with pytest.raises(InputError, match=r'signal="triplet".*signal="odd-one-out"'):
        read_answers(rows)
    table = read_answers(rows, signal="triplet").table
    nearer = [int(items[1 + int(a)]) for items, a in zip(table["items"], table["answer"],
                                                         strict=True)]  # fmt: skip
    assert nearer == rows[:, 1].tolist()
    table = read_answers(rows, signal="odd-one-out").table
    odd = [int(items[int(a)]) for items, a in zip(table["items"], table["answer"], strict=True)]
    assert odd == rows[:, 2].tolist()


def test_arrays_are_read_as_their_files_are() -> None:
    votes = np.random.default_rng(0).multinomial(10, [0.2, 0.5, 0.3], size=20)
    answers = read_answers(votes)
    assert set(answers.table["signal"]) == {"votes"}
    assert any(note.startswith("the array: ") for note in answers.notes)
    with pytest.raises(InputError, match="an array of object"):
        read_answers(np.array([["a", 1]], dtype=object))


def test_names_of_rows_of_a_frame_stand_in_front() -> None:
    pandas = pytest.importorskip("pandas")
    values = np.abs(np.random.default_rng(0).normal(size=(8, 8)))
    values = values + values.T
    np.fill_diagonal(values, 0)
    for index in (NAMES, pandas.Index(NAMES, name="word")):
        answers = read_answers(pandas.DataFrame(values, index=index, columns=NAMES))
        assert answers.items == tuple(NAMES)
        assert len(answers) == 28


def _answers(path: Path) -> Path:
    rows = [(f"i{k}", who, "xy"[(k + j) % 2 if k < 3 else k % 2], "xy"[k % 2])
            for k in range(12) for j, who in enumerate(("ann", "bob"))]  # fmt: skip
    columns = ["item", "annotator", "label", "richtig"]
    pl.DataFrame(rows, schema=columns, orient="row").write_csv(path)
    return path


def test_gold_is_a_file_or_a_column(tmp_path: Path) -> None:
    answers, right = _answers(tmp_path / "answers.csv"), tmp_path / "right.csv"
    pl.read_csv(answers).select("item", gold="richtig").unique().write_csv(right)
    found = []
    for gold in (right, Path("richtig")):
        columns, file = gold_told(gold, [answers], {})
        assert (file is None) == (gold != right)
        told = run_pilot([answers], gold=file, columns=columns)
        found.append(told.calibration["hard"].to_dict())
    assert found[0] == found[1]
    plain = run_pilot([answers], columns={"label": "label"}).calibration["hard"].to_dict()
    assert plain != found[0]
    with pytest.raises(InputError, match="neither a file nor a column"):
        gold_told(Path("rihtig"), [answers], {})
    with pytest.raises(InputError, match="--columns gold"):
        gold_told(Path("richtig"), [answers], {"gold": "label"})
