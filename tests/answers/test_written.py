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
from labelbits.answers.formats.deciding import SeveralQuestionsError
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


def each_question(name: str) -> dict[str, Answers]:
    """The answers of a file, read once for each of its questions."""
    with pytest.raises(SeveralQuestionsError) as several:
        read_answers(WRITTEN / name)
    return {
        asked: read_answers(WRITTEN / name, question=asked) for asked in several.value.questions
    }


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
    question = None if name.startswith("crowdkit") else "label"
    answers = read_answers(WRITTEN / name, question=question)
    assert hard(answers) == HARD
    assert set(answers.classes) == {"bird", "cat", "dog"}


@pytest.mark.parametrize("name", ["cleanlab_matrix.csv", "cleanlab_matrix.parquet"])
def test_the_matrix_of_cleanlab(name: str) -> None:
    assert reader_for(WRITTEN / name)[0].name == "cleanlab"
    answers = read_answers(WRITTEN / name, classes=["bird", "cat", "dog"])
    assert {(who, f"item {item}", label) for who, item, label in hard(answers)} == HARD


def test_argilla_json_records_carry_no_status() -> None:
    found = each_question("argilla_records.json")
    answers = found["label"]
    assert hard(answers) == HARD | {("ann", "item 3", "dog")}  # it was discarded
    assert any("count as submitted" in note for note in answers.notes)
    assert len(of(found["stars"], "rating")) == 9


@pytest.mark.parametrize("name", [name for name in FILES if name.startswith("argilla")])
def test_argilla_ratings_and_lists(name: str) -> None:
    found = each_question(name)
    assert [(who, answer) for who, _, answer in of(found["stars"], "rating")] == [
        ("ann", 1 + place % 3) for place in range(5)
    ]
    assert [answer for *_, answer in of(found["topics"], "candidates")] == [["plot", "music"]] * 5
    assert [answer for *_, answer in of(found["order"], "candidates")] == [["b", "a"]] * 5
    assert any("--signal ranking" in note for note in found["order"].notes)
    ranked = read_answers(WRITTEN / name, question="order", signal="ranking")
    assert [answer for *_, answer in of(ranked, "ranking")] == [["b", "a"]] * 5
    for answers in found.values():
        assert answers.rejected is not None
    assert sum(len(answers.rejected) for answers in found.values()) == 5  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["label_studio.json", "label_studio_min.json"])
def test_label_studio_other_controls_and_times(name: str) -> None:
    found = each_question(name)
    asked = [place for place in range(5) if LABELS["bob"][place] is not None]
    (stars,) = (answers for answers in found.values() if of(answers, "rating"))
    assert [answer for *_, answer in of(stars, "rating")] == [1 + p % 3 for p in asked]
    (topics,) = (answers for answers in found.values() if of(answers, "candidates"))
    assert [answer for *_, answer in of(topics, "candidates")] == [["plot", "music"]] * 4
    asked = [place for place in range(5) if LABELS["eve"][place] is not None]
    (number,) = (answers for answers in found.values() if of(answers, "similarity"))
    assert [answer for *_, answer in of(number, "similarity")] == [p + 0.5 for p in asked]
    table = pl.concat([answers.table for answers in found.values()], how="diagonal")
    whole = table.group_by("annotator").agg(pl.col("seconds").sum()).sort("annotator")
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
