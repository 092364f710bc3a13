"""Files that the real packages wrote (`written/write.py`, versions in `written/versions.json`)."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import polars as pl
import pytest

from labelbits import Answers
from labelbits.annotators import aggregate
from labelbits.answers import read_answers
from labelbits.answers.formats.detect import reader_for
from tests.answers.written.write import LABELS

WRITTEN = Path(__file__).parent / "written"
HARD = {
    (who, f"item {place}", label)
    for who, labels in LABELS.items()
    for place, label in enumerate(labels)
    if label is not None
}
PEOPLE = {f"00000000-0000-0000-0000-00000000000{n}": who for n, who in enumerate(LABELS)}


def of(answers: Answers, signal: str) -> list[tuple[str, list[str], object]]:
    """(annotator, items, answer) of one signal's rows."""
    rows = answers.table.filter(pl.col("signal") == signal)
    return [
        (PEOPLE.get(who, who.removesuffix("@example.org")), items, json.loads(answer))
        for who, items, answer in rows.select("annotator", "items", "answer").iter_rows()
    ]


def hard(answers: Answers) -> set[tuple[str, str, object]]:
    return {(who, items[0], answer) for who, items, answer in of(answers, "hard")}


FILES = {
    "crowdkit_labels.csv": "crowd-kit",
    "label_studio.json": "label-studio",
    "label_studio_min.json": "label-studio-min",
    "argilla_table.parquet": "argilla",
    "argilla_table.jsonl": "argilla",
    "argilla_table.csv": "argilla",
}


@pytest.mark.parametrize("name", FILES)
def test_labels_are_those_that_were_written(name: str) -> None:
    assert reader_for(WRITTEN / name)[0].name == FILES[name]
    assert hard(read_answers(WRITTEN / name)) == HARD


@pytest.mark.parametrize("name", ["cleanlab_matrix.csv", "cleanlab_matrix.parquet"])
def test_the_matrix_of_cleanlab(name: str) -> None:
    assert reader_for(WRITTEN / name)[0].name == "cleanlab"
    answers = read_answers(WRITTEN / name, classes=["bird", "cat", "dog"])
    assert {(who, f"item {item}", label) for who, item, label in hard(answers)} == HARD


def test_argilla_json_records_carry_no_status() -> None:
    answers = read_answers(WRITTEN / "argilla_records.json")
    assert hard(answers) == HARD | {("ann", "item 3", "dog")}  # it was discarded
    assert any("count as submitted" in note for note in answers.notes)
    assert len(of(answers, "rating")) == 9


@pytest.mark.parametrize("name", [name for name in FILES if name.startswith("argilla")])
def test_argilla_ratings_and_lists(name: str) -> None:
    answers = read_answers(WRITTEN / name)
    assert [(who, answer) for who, _, answer in of(answers, "rating")] == [
        ("ann", 1 + place % 3) for place in range(5)
    ]
    lists = [answer for *_, answer in of(answers, "candidates")]
    assert lists == [["plot", "music"], ["b", "a"]] * 5
    assert any("--signal ranking" in note for note in answers.notes)
    assert answers.rejected is not None
    assert len(answers.rejected) == 5  # the discarded ones


@pytest.mark.parametrize("name", ["label_studio.json", "label_studio_min.json"])
def test_label_studio_other_controls_and_times(name: str) -> None:
    answers = read_answers(WRITTEN / name)
    asked = [place for place in range(5) if LABELS["bob"][place] is not None]
    assert [answer for *_, answer in of(answers, "rating")] == [1 + p % 3 for p in asked]
    assert [answer for *_, answer in of(answers, "candidates")] == [["plot", "music"]] * 4
    asked = [place for place in range(5) if LABELS["eve"][place] is not None]
    assert [answer for *_, answer in of(answers, "similarity")] == [p + 0.5 for p in asked]
    whole = answers.table.group_by("annotator").agg(pl.col("seconds").sum()).sort("annotator")
    assert whole["seconds"].to_list() == pytest.approx([4 * 3.0, 4 * 4.0, 4 * 5.0])


def test_crowd_kit_itself_agrees_with_what_was_read() -> None:
    import pandas as pd
    from crowdkit.aggregation import MajorityVote

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # crowd-kit calls what newer pandas will drop
        expected = MajorityVote().fit_predict(pd.read_csv(WRITTEN / "crowdkit_labels.csv"))
    found = aggregate(read_answers(WRITTEN / "crowdkit_labels.csv"), "majority").label
    clear = {"item 0": "cat", "item 1": "dog", "item 2": "cat", "item 3": "bird", "item 4": "bird"}
    assert found == dict(expected) == clear


def test_crowd_kit_pairs() -> None:
    answers = read_answers(WRITTEN / "crowdkit_pairs.csv")
    chosen = [(who, items[1 + int(answer)]) for who, items, answer in of(answers, "triplet")]
    assert chosen == [("ann", "a"), ("bob", "c"), ("eve", "a")]
