"""Tables of the same items whose ids differ by zeros at the front, or have another heading."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from labelbits import InputError
from labelbits.first_plan import first_plan
from labelbits.items.answers_beside import with_answers_beside
from labelbits.items.tables import Columns, read_tables

ROWS = 12


def _texts(folder: Path, ids: list[str]) -> Path:
    file = folder / "texts.csv"
    texts = [f"some words of number {k} here" for k in range(len(ids))]
    pl.DataFrame({"id": ids, "text": texts}).write_csv(file)
    return file


def _labels(folder: Path, ids: list[str], heading: str = "id") -> Path:
    file = folder / "labels.csv"
    people = ["ann", "bob"] * len(ids)
    labels = ["x", "y", "x"] * len(ids)
    rows = [one for one in ids for _ in range(2)]
    pl.DataFrame(
        {heading: rows, "by": people[: len(rows)], "verdict": labels[: len(rows)]}
    ).write_csv(file)
    return file


@pytest.mark.parametrize("label", [None, "verdict"])
def test_zeros_at_the_front_are_joined_and_told(tmp_path: Path, label: str | None) -> None:
    files = [
        _texts(tmp_path, [f"{k:05}" for k in range(ROWS)]),
        _labels(tmp_path, [str(k) for k in range(8)]),
    ]
    columns = Columns(text="text", label=label, annotator="by", more={})
    if label is None:
        table = pl.read_csv(files[1]).rename({"by": "annotator", "verdict": "label"})
        table.write_csv(files[1])
        columns = Columns(text="text")
    found = read_tables(files, columns, by_name=True)
    assert found.answers is not None
    assert (len(found.ids), len(found.answers)) == (ROWS, 16)
    assert set(found.answers.items) == {f"{k:05}" for k in range(8)}
    assert any("8 ids are written in two ways" in note for note in found.notes)


def test_ids_under_another_heading_are_found_by_their_values(tmp_path: Path) -> None:
    ids = [f"c{k}" for k in range(ROWS)]
    files = [_texts(tmp_path, ids), _labels(tmp_path, ids[:8], "ref")]
    found = read_tables(files, Columns(text="text", label="verdict"), by_name=True)
    assert found.answers is not None
    assert (len(found.answers), found.answers.annotators) == (16, ("ann", "bob"))
    assert any("'ref' holds the ids" in note for note in found.notes)


def test_ids_of_other_items_are_refused_with_two_of_each(tmp_path: Path) -> None:
    files = [
        _texts(tmp_path, [f"c{k}" for k in range(ROWS)]),
        _labels(tmp_path, [f"d{k}" for k in range(8)]),
    ]
    with pytest.raises(InputError, match=r"none of its 8 ids .*'d0', 'd1'.*'c0', 'c1'"):
        read_tables(files, Columns(text="text", label="verdict"))


def test_a_pool_of_other_items_is_no_fault(tmp_path: Path) -> None:
    one = _texts(tmp_path, [f"c{k}" for k in range(ROWS)])
    own = pl.read_csv(one).with_columns(label=pl.Series(["x", "y"] * (ROWS // 2)))
    own.write_csv(tmp_path / "labelled.csv")
    pool = tmp_path / "pool.csv"
    own.select(pl.lit("p").add(pl.col("id")).alias("id"), "text").write_csv(pool)
    found = read_tables([tmp_path / "labelled.csv", pool], Columns(text="text", label="label"))
    assert len(found.ids) == 2 * ROWS


def test_a_first_plan_finds_answers_under_other_headings(tmp_path: Path) -> None:
    ids = [f"c{k}" for k in range(ROWS)]
    files = [_texts(tmp_path, ids), _labels(tmp_path, ids[:8], "ref")]
    told = with_answers_beside(files, Columns(text="text"), notes := [])
    found = read_tables(files, told, by_name=True)
    assert found.answers is not None
    assert (len(found.answers), found.answers.annotators) == (16, ("ann", "bob"))
    assert any("item=ref,annotator=by,label=verdict" in note for note in notes)
    made = first_plan(files, tmp_path)
    assert 'pilot = ["labels.csv"]' in made.text
    assert 'item = "ref"' in made.text
    assert with_answers_beside(files, Columns(text="text", label="verdict"), []).more == {}
