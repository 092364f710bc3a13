"""Plain tables: gold and counts beside the labels, votes of unequal totals, triplets by name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from labelbits import InputError
from labelbits.answers import read_answers
from labelbits.items.tables import Columns, read_tables


def _written(path: Path, **columns: list) -> Path:
    pl.DataFrame(columns).write_csv(path)
    return path


LONG = {"item": list("aabbcc"), "annotator": ["x", "y"] * 3}
LABELS = ["cat", "cat", "dog", "cat", "dog", "dog"]


@pytest.mark.parametrize("name", ["gold", "Gold label", "true_label"])
def test_a_column_of_gold_in_a_long_table_is_gold(tmp_path: Path, name: str) -> None:
    right = ["cat", "cat", "dog", "dog", "", ""]
    columns = {**LONG, "label": LABELS, name: right}
    found = read_answers(_written(tmp_path / "t.csv", **columns))
    assert found.gold == {"a": "cat", "b": "dog"}
    assert any("right class" in note and repr(name) in note for note in found.notes)


def test_a_column_of_gold_that_names_no_class_is_told(tmp_path: Path) -> None:
    columns = {**LONG, "label": LABELS, "gold": ["yes", "yes", "no", "no", "no", "no"]}
    found = read_answers(_written(tmp_path / "t.csv", **columns))
    assert not found.gold
    assert any("--columns gold=gold" in note for note in found.notes)


def test_a_count_says_how_many_gave_an_answer(tmp_path: Path) -> None:
    columns = {"item": list("aabb"), "label": ["cat", "dog"] * 2, "count": [3, 2, 5, 0]}
    file = _written(tmp_path / "t.csv", **columns)
    found = read_answers(file)
    table = found.table.with_columns(pl.col("items").list.first().cast(pl.String))
    assert table.group_by("items").len().sort("items").rows() == [("a", 5), ("b", 5)]
    assert set(table.filter(pl.col("items") == "b")["answer"].cast(pl.String)) == {'"cat"'}
    wrong = _written(tmp_path / "w.csv", **{**columns, "count": [0.5, 2.0, 5.0, 0.0]})
    with pytest.raises(InputError, match="column 'count' is"):
        read_answers(wrong)
    # A row an item: its numbers count something else.
    words = _written(tmp_path / "u.csv", item=list("abc"), label=["cat", "dog", "cat"], n=[9, 7, 4])
    assert len(read_answers(words)) == 3


def test_votes_of_unequal_totals_are_votes(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    for draw in range(5):
        right, totals = generator.integers(2, size=40), generator.integers(2, 9, size=40)
        yes = generator.binomial(totals, np.where(right, 0.9, 0.1))
        file = _written(tmp_path / f"{draw}.csv", item=[f"i{k}" for k in range(40)],
                        yes=yes.tolist(), no=(totals - yes).tolist())  # fmt: skip
        assert set(read_answers(file).table["signal"]) == {"votes"}


def test_steps_of_people_stay_answers_of_people(tmp_path: Path) -> None:
    """The control of the test above: two people's steps of a scale rise together."""
    generator = np.random.default_rng(0)
    steps = generator.integers(0, 6, size=60)
    other = np.where(generator.random(60) < 0.8, steps, generator.integers(0, 6, size=60))
    file = _written(tmp_path / "t.csv", ann=steps.tolist(), bob=other.tolist())
    assert set(read_answers(file).table["annotator"].cast(pl.String)) == {"ann", "bob"}


def _triplets(count: int = 40) -> list[list[str]]:
    generator = np.random.default_rng(1)
    return [[f"i{k}" for k in generator.permutation(12)[:3]] for _ in range(count)]


@pytest.mark.parametrize(
    "names", [("query", "positive", "negative"), ("reference", "closer", "farther")]
)
def test_triplets_of_known_names_are_triplets(tmp_path: Path, names: tuple[str, ...]) -> None:
    rows = _triplets()
    columns = {name: [row[k] for row in rows] for k, name in enumerate(names)}
    found = read_answers(_written(tmp_path / "t.csv", **columns))
    assert set(found.table["signal"]) == {"triplet"}
    head, left, right = found.table["items"][0].to_list()
    assert [head, *((left, right) if found.table["answer"][0] == "0" else (right, left))] == rows[0]


def test_rows_of_different_names_are_not_taken_for_labels(tmp_path: Path) -> None:
    rows = _triplets()
    columns = {name: [row[k] for row in rows] for k, name in enumerate("abc")}
    file = _written(tmp_path / "t.csv", **columns)
    with pytest.raises(InputError, match=r"head=a,winner=b,loser=c.*--format cleanlab"):
        read_answers(file)
    told = read_answers(file, columns={"head": "a", "winner": "b", "loser": "c"})
    assert set(told.table["signal"]) == {"triplet"}
    odd = _written(tmp_path / "o.csv", **columns, odd=[row[k % 3] for k, row in enumerate(rows)])
    assert set(read_answers(odd).table["signal"]) == {"odd-one-out"}  # the column says it


def test_a_plan_takes_columns_by_name_as_a_pilot_does(tmp_path: Path) -> None:
    columns = {"id": LONG["item"], "x": [0.1, 0.1, 0.2, 0.2, 0.3, 0.3], "label": LABELS,
               "annotator": LONG["annotator"], "seconds": [4.0, 5.0, 6.0, 5.0, 4.0, 6.0],
               "price": [0.05] * 6, "gold": ["cat", "cat", "dog", "dog", "dog", "dog"]}  # fmt: skip
    file = _written(tmp_path / "t.csv", **columns)
    asked = Columns(features=("x",), label="label")
    found = read_tables([file], asked, by_name=True)
    assert found.answers is not None
    assert set(found.answers.table["annotator"].cast(pl.String)) == {"x", "y"}
    assert found.answers.table["seconds"].to_list() == columns["seconds"]
    assert found.answers.table["price"].to_list() == columns["price"]
    assert found.gold == ["cat", "dog", "dog"]
    assert any("'annotator' as annotator" in note for note in found.notes)
    known = read_tables([file], Columns(features=("x",)), by_name=True)
    assert known.gold == found.gold
    feature = Columns(features=("x", "seconds"), label="label")
    with_it = read_tables([file], feature, by_name=True)
    assert with_it.answers is not None
    assert "seconds" not in with_it.answers.table.columns


def test_answers_of_nobody_in_a_plan_are_those_of_several(tmp_path: Path) -> None:
    file = _written(tmp_path / "t.csv", id=LONG["item"], x=[1, 1, 2, 2, 3, 3], label=LABELS)
    found = read_tables([file], Columns(features=("x",), label="label"), by_name=True)
    read = read_answers(file)
    assert found.answers is not None
    assert found.answers.table["annotator"].to_list() == read.table["annotator"].to_list()
    assert len(found.answers) == len(read) == len(LABELS)
    assert any("count as those of different people" in note for note in found.notes)


@pytest.mark.parametrize(
    ("name", "content", "form", "key"),
    [
        ("m.csv", "model,task,label\nm1,a,cat\nm1,b,dog\n", "language-model", "seconds"),
        ("m.csv", "model,task,label\nm1,a,cat\nm1,b,dog\n", "language-model", "price"),
        ("l.jsonl", '{"annotators": ["a", "b"], "labels": ["x", "y"]}\n', "lists", "item"),
    ],
)
def test_a_column_that_is_not_there_is_named_in_every_reader(
    tmp_path: Path, name: str, content: str, form: str, key: str
) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(InputError, match=f"--columns {key}=nope: there is no column 'nope'"):
        read_answers(tmp_path / name, format=form, columns={key: "nope"})
