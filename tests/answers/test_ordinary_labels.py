"""Ordinary files of labels and comparisons, each with the reading that is right."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from labelbits import InputError, read_answers
from labelbits.interface import NOBODY, Answers

CLASSES = ("cat", "dog", "owl", "elk")
ITEMS = [f"i{k:02}" for k in range(12)]
PEOPLE = ("ann", "bob")


def written(folder: Path, head: str, rows: list) -> Path:
    path = folder / "t.csv"
    lines = [row if isinstance(row, str) else ",".join(map(str, row)) for row in rows]
    path.write_text("\n".join([head, *lines]) + "\n")
    return path


def _labels(folder: Path, rows: list, head: str = "item,annotator,label") -> Answers:
    return read_answers(written(folder, head, rows))


def test_one_rule_for_several_rows_of_one_person(tmp_path: Path) -> None:
    once = [[i, a, CLASSES[(k + n) % 2]] for k, i in enumerate(ITEMS) for n, a in enumerate(PEOPLE)]
    other = {"cat": "dog", "dog": "cat"}
    copies = once[:7]
    dissent = [[i, a, other[label]] for i, a, label in once[:2]]
    assert len(_labels(tmp_path, [*once, *copies])) == 24
    # One dissent elsewhere changes nothing of what copies are.
    assert len(_labels(tmp_path, [*once, *copies, *dissent])) == 24
    timed = [[*row, k] for k, row in enumerate([*once, *copies, *dissent])]
    assert len(_labels(tmp_path, timed, "item,annotator,label,seconds")) == 33
    ticks = [*once, *[[i, a, "owl"] for i, a, _ in once[:6]]]
    found = _labels(tmp_path, ticks)
    assert (len(found), set(found.table["signal"])) == (24, {"candidates"})
    assert json.loads(found.table["answer"][0]) == ["cat", "owl"]
    crowd = [[i, "crowd", label] for i, _, label in once]
    found = _labels(tmp_path, crowd)
    assert (len(found), found.annotators) == (24, (NOBODY,))


@pytest.mark.parametrize("name", ["", "anonymous", "NA", "unknown", "-"])
def test_a_column_that_names_nobody(tmp_path: Path, name: str) -> None:
    found = _labels(tmp_path, [[i, name, "xy"[k % 2]] for k, i in enumerate([*ITEMS, *ITEMS])])
    assert (len(found), found.annotators) == (24, (NOBODY,))
    assert any("nobody is named" in note for note in found.notes)


@pytest.mark.parametrize(
    "name",
    ["class", "category", "target", "y", "tag", "answer", "response", "annotation", "sentiment",
     "species", "kategorie", "Final Label"],
)  # fmt: skip
def test_usual_names_of_a_label_without_people(tmp_path: Path, name: str) -> None:
    found = _labels(tmp_path, [[i, "xy"[k % 2]] for k, i in enumerate(ITEMS)], f"item,{name}")
    assert (len(found), found.classes) == (12, ("x", "y"))
    steps = [[i, k % 5 + 1] for k, i in enumerate(ITEMS)]
    assert set(_labels(tmp_path, steps, "item,rating").table["signal"]) == {"score"}
    with pytest.raises(InputError, match="not recognised"):  # places, and no label
        _labels(tmp_path, [[i, k / 7, k / 9] for k, i in enumerate(ITEMS)], "item,x,y")


def test_two_columns_of_people_are_a_matrix(tmp_path: Path) -> None:
    """The control of the only column beside a person: it shares no cell with the people's."""
    rows = [[i, "xy"[k % 2], "xy"[(k + (k % 5 == 0)) % 2]] for k, i in enumerate(ITEMS)]
    found = _labels(tmp_path, rows, "id,reader,expert")
    assert (len(found), found.annotators) == (24, ("reader", "expert"))
    alone = _labels(tmp_path, [[i, f"p{k % 3}", "xy"[k % 2]] for k, i in enumerate(ITEMS)],
                    "id,reader,toxic")  # fmt: skip
    assert (len(alone), alone.classes) == (12, ("x", "y"))


def test_answers_to_other_questions_are_told(tmp_path: Path) -> None:
    rows = [
        [i, a, ("yes", "no")[(k + n) % 3 > 0], "ab"[(k * n) % 2], {"ann": 31, "bob": 45}[a]]
        for k, i in enumerate(ITEMS) for n, a in enumerate(PEOPLE)
    ]  # fmt: skip
    found = _labels(tmp_path, rows, "item,annotator,toxic,sentiment,age")
    (note,) = (one for one in found.notes if "other questions" in one)
    assert "column 'toxic' may hold" in note
    assert "--columns label=toxic" in note
    with pytest.raises(InputError, match="'toxic' and 'spam' may hold the label"):
        _labels(tmp_path, rows, "item,annotator,toxic,spam,age")


@pytest.mark.parametrize(
    ("head", "row", "signal"),
    [
        ("target,left,right,choice", lambda t, k: [*t, ("left", "right")[k % 2]], "triplet"),
        ("reference,a,b,chosen", lambda t, k: [*t, t[1 + k % 2]], "triplet"),
        ("a,b,c,winner", lambda t, k: [*t, t[1 + k % 2]], "triplet"),
        ("a,b,c,odd", lambda t, k: [*t, t[k % 3]], "odd-one-out"),
        ("image_a,image_b,image_c,odd_one_out", lambda t, k: [*t, "abc"[k % 3]], "odd-one-out"),
        ("item1,item2,similarity", lambda t, k: [*t[:2], k % 7 + 1], "rating"),
        ("query,answer_a,answer_b,winner", lambda t, k: [f"q{k}", *t[:2], "a"], "preference"),
    ],
)  # fmt: skip
def test_comparisons_by_name(tmp_path: Path, head: str, row: Callable, signal: str) -> None:
    rng = np.random.default_rng(1)
    found = read_answers(
        written(tmp_path, head, [row(list(rng.permutation(ITEMS)[:3]), k) for k in range(30)])
    )
    assert (set(found.table["signal"]), len(found)) == ({signal}, 30)


def test_the_best_of_three_is_no_triplet(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    trips = [list(rng.permutation(ITEMS)[:3]) for _ in range(30)]
    with pytest.raises(InputError):
        read_answers(
            written(tmp_path, "a,b,c,winner", [[*t, t[k % 3]] for k, t in enumerate(trips)])
        )


def test_minus_one_fills_a_matrix_unless_people_agree_on_it(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    filled = [[f"i{k}", *rng.permutation([k % 2] * 3 + [-1] * 2)] for k in range(40)]
    found = read_answers(written(tmp_path, "item,A1,A2,A3,A4,A5", filled))
    assert (found.classes, len(found)) == (("0", "1"), 120)
    signed = [
        [f"i{k}", *(k % 3 - 1 if rng.random() < 0.8 else 0 for _ in "abc")] for k in range(40)
    ]
    found = read_answers(written(tmp_path, "item,ann,bob,cyd", signed))
    assert (set(found.classes), len(found)) == ({"-1", "0", "1"}, 120)


@pytest.mark.parametrize(
    "wrap", [lambda x: {"value": x}, lambda x: {"name": x, "score": 0.8}, lambda x: {"value": [x]}]
)
def test_an_object_round_a_class(tmp_path: Path, wrap: Callable) -> None:
    rows = [json.dumps({"id": i, "annotator": "ann", "label": wrap("xy"[k % 2])})
            for k, i in enumerate(ITEMS)]  # fmt: skip
    (tmp_path / "t.jsonl").write_text("\n".join(rows))
    found = read_answers(tmp_path / "t.jsonl")
    assert (set(found.table["signal"]), found.classes) == ({"hard"}, ("x", "y"))


def test_numbers_with_their_names_and_objects_by_person(tmp_path: Path) -> None:
    rows = [[i, "ann", k % 2, "xy"[k % 2]] for k, i in enumerate(ITEMS)]
    assert _labels(tmp_path, rows, "item,annotator,label,label_name").classes == ("x", "y")
    made = [json.dumps({"id": i, "labels": dict.fromkeys(PEOPLE, "xy"[k % 2])})
            for k, i in enumerate(ITEMS)]  # fmt: skip
    (tmp_path / "t.jsonl").write_text("\n".join(made))
    found = read_answers(tmp_path / "t.jsonl")
    assert (len(found), found.annotators) == (24, PEOPLE)


def test_counts_by_their_names_and_totals(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    votes = [[f"i{k}", y + n, y, n] for k, (y, n) in enumerate(rng.integers(0, 9, (20, 2)) + 1)]
    found = read_answers(written(tmp_path, "item,n,yes,no", votes))
    assert (set(found.table["signal"]), found.classes) == ({"votes"}, ("yes", "no"))
    shares = [[f"i{k}", k, 100 - k] for k in range(20)]
    found = read_answers(written(tmp_path, "item,yes (%),no (%)", shares))
    assert (set(found.table["signal"]), found.classes) == ({"soft"}, ("yes", "no"))
    rated = [[f"i{k}", *rng.integers(1, 4, 3)] for k in range(20)]
    found = read_answers(written(tmp_path, "item,r1,r2,r3", rated))
    assert (set(found.table["signal"]), len(found.annotators)) == ({"hard"}, 3)


def test_a_survey_with_a_row_a_person(tmp_path: Path) -> None:
    rows = [[f"2024/1/{k + 1}", f"p{k}@x.org", *("cat", "dog", "cat")] for k in range(9)]
    file = written(tmp_path, "Timestamp,Email Address,Picture 1?,Picture 2?,Picture 3?", rows)
    with pytest.raises(InputError, match="--format people-rows reads them"):
        read_answers(file)
    found = read_answers(file, "people-rows")
    assert (len(found), len(found.annotators)) == (27, 9)
    assert found.items == ("Picture 1?", "Picture 2?", "Picture 3?")


@pytest.mark.parametrize("mark", [" / ", " + ", " & ", "\n", ";"])
def test_several_classes_in_a_cell_under_any_mark(tmp_path: Path, mark: str) -> None:
    """They were a fourth class of that name."""
    own = ["cat", "dog", "owl", "cat;dog"]
    rows = [(f"i{k}", who, own[(k + place) % 4].replace(";", mark)) for k in range(12)
            for place, who in enumerate("ab")]  # fmt: skip
    pl.DataFrame(rows, schema=["item", "annotator", "label"], orient="row").write_csv(
        tmp_path / "cells.csv"
    )
    found = read_answers(tmp_path / "cells.csv")
    assert set(found.classes) == {"cat", "dog", "owl"}
    assert set(found.table["signal"]) == {"candidates"}


def test_a_class_whose_name_holds_a_mark_stays_one(tmp_path: Path) -> None:
    own = ["fish & chips", "rock / pop", "chips"]  # fish, rock and pop are never said alone
    rows = [
        f"i{k},{who},{own[(k + place) % 3]}" for k in range(12) for place, who in enumerate("ab")
    ]
    (tmp_path / "one.csv").write_text("\n".join(["item,annotator,label", *rows]))
    found = read_answers(tmp_path / "one.csv")
    assert set(found.classes) == set(own)
    assert set(found.table["signal"]) == {"hard"}
