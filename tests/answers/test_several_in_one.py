"""One cell, one time or one path that holds several things."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from labelbits import InputError, read_answers
from labelbits.answers.table.left_out import said_left_out

PEOPLE = ("ann", "bob")
CLASSES = ("cat", "dog", "owl")


def _written(path: Path, rows: list[tuple], columns: list[str]) -> Path:
    pl.DataFrame(rows, schema=columns, orient="row").write_csv(path)
    return path


@pytest.mark.parametrize("form", ["list", ";", " | "])
def test_a_class_named_twice_in_a_cell_is_of_two_people(tmp_path: Path, form: str) -> None:
    own = [[CLASSES[k % 3], CLASSES[k % 3], CLASSES[(k + 1) % 3], CLASSES[k % 3]]
           for k in range(12)]  # fmt: skip
    cells = [json.dumps(one) if form == "list" else form.join(one) for one in own]
    rows = [(f"i{k}", cell) for k, cell in enumerate(cells)]
    answers = read_answers(_written(tmp_path / "t.csv", rows, ["id", "labels"]))
    assert set(answers.table["signal"]) == {"hard"}
    assert answers.classes == CLASSES
    said = answers.table.filter(pl.col("items").list.first() == "i1")["answer"].to_list()
    assert sorted(said) == ['"dog"', '"dog"', '"dog"', '"owl"']
    ticks = [(f"i{k}", ";".join(dict.fromkeys(one))) for k, one in enumerate(own)]
    plain = read_answers(_written(tmp_path / "u.csv", ticks, ["id", "labels"]))
    assert set(plain.table["signal"]) == {"candidates"}


def test_a_path_through_classes_is_no_order(tmp_path: Path) -> None:
    rows = [(f"i{k}", who, f"animal > {CLASSES[k % 3]}") for k in range(9) for who in PEOPLE]
    answers = read_answers(_written(tmp_path / "t.csv", rows, ["item", "annotator", "label"]))
    assert set(answers.table["signal"]) == {"hard"}
    assert answers.classes == tuple(f"animal > {name}" for name in CLASSES)
    orders = [(f"i{k}", who, " > ".join(np.roll(CLASSES, k))) for k in range(9) for who in PEOPLE]
    ranked = read_answers(_written(tmp_path / "u.csv", orders, ["item", "annotator", "label"]))
    assert set(ranked.table["signal"]) == {"ranking"}


def test_a_time_that_always_rises_is_a_clock(tmp_path: Path) -> None:
    columns = ["item", "annotator", "label", "elapsed"]
    rows = [(f"i{k}", who, CLASSES[k % 3], 7 * k + 5) for who in PEOPLE for k in range(15)]
    answers = read_answers(_written(tmp_path / "t.csv", rows, columns))
    assert "seconds" not in answers.table.columns
    assert any("a clock that runs since the beginning" in note for note in answers.notes)
    own = read_answers(tmp_path / "t.csv", columns={"seconds": "elapsed"})
    assert own.table["seconds"].max() == 103
    rows[3] = (*rows[3][:3], 4)
    again = read_answers(_written(tmp_path / "u.csv", rows, columns))
    assert again.table["seconds"].min() == 4


def test_places_in_a_text_are_told(tmp_path: Path) -> None:
    rows = [(f"d{k}", who, 3 + k, 9 + k, CLASSES[k % 3]) for k in range(9) for who in PEOPLE]
    columns = ["doc_id", "annotator", "start", "end", "label"]
    answers = read_answers(_written(tmp_path / "t.csv", rows, columns))
    assert any("'start', 'end' are not read" in note for note in answers.notes)


def test_votes_of_an_object_are_asked_about(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    votes = {f"i{k}": dict(zip(CLASSES, map(int, rng.multinomial(7, p)), strict=True))
             for k, p in enumerate(rng.dirichlet([0.6] * 3, 20))}  # fmt: skip
    (tmp_path / "t.json").write_text(json.dumps(votes))
    with pytest.raises(InputError, match="--format label-counter"):
        read_answers(tmp_path / "t.json")
    answers = read_answers(tmp_path / "t.json", format="label-counter")
    assert len(answers) == 20
    assert json.loads(answers.table["answer"][0]) == {k: v for k, v in votes["i0"].items() if v}


def test_a_label_before_and_after_are_not_two_people(tmp_path: Path) -> None:
    rows = [(f"i{k}", who, CLASSES[k % 3], CLASSES[k % 2]) for k in range(9) for who in PEOPLE]
    path = _written(tmp_path / "t.csv", rows, ["id", "annotator", "label_before", "label_after"])
    with pytest.raises(InputError, match="'label_before' and 'label_after' may hold the label"):
        read_answers(path)


def test_of_three_in_a_row_none_is_the_one_they_are_compared_with(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    rows = [("s1", *(f"o{k}" for k in rng.choice(7, 3, replace=False)), int(rng.integers(1, 4)))
            for _ in range(40)]  # fmt: skip
    columns = ["subject", "stim_left", "stim_middle", "stim_right", "key"]
    with pytest.raises(InputError, match="not recognised"):
        read_answers(_written(tmp_path / "t.csv", rows, columns))


def test_a_probe_and_what_it_is_compared_with_are_a_pair(tmp_path: Path) -> None:
    rows = [("s1", f"o{k % 4}", f"o{4 + k % 5}", 1 + k % 5) for k in range(20)]
    columns = ["rater", "probe", "comparison", "similarity_rating"]
    table = read_answers(_written(tmp_path / "t.csv", rows, columns)).table
    assert set(table["signal"]) == {"rating"}
    assert len(table) == 20


def test_what_a_model_said_is_named_with_its_option(tmp_path: Path) -> None:
    rows = [(f"i{k}", run, "gpt-4o", CLASSES[k % 3]) for k in range(9) for run in (1, 2)]
    path = _written(tmp_path / "t.csv", rows, ["id", "run", "model", "prediction"])
    with pytest.raises(InputError, match="--columns label=prediction,annotator=model"):
        read_answers(path)
    answers = read_answers(path, columns={"label": "prediction", "annotator": "model"})
    assert len(answers) == 18


def test_trials_of_psychopy_name_the_thing_and_not_the_row(tmp_path: Path) -> None:
    rows = [(f"s{k % 6}.png", "xyz"[k % 3], "fjk"[k % 3], 0.5 + k / 100, who, "exp")
            for who in PEOPLE for k in range(12)]  # fmt: skip
    columns = ["pic", "corrAns", "key_resp.keys", "key_resp.rt", "participant", "expName"]
    answers = read_answers(_written(tmp_path / "t.csv", rows, columns))
    assert answers.items == tuple(f"s{k}.png" for k in range(6))


def test_labels_of_labelbox_in_a_table(tmp_path: Path) -> None:
    rows = [(f"ck{j}{k}", json.dumps({"classification": CLASSES[k % 3]}), f"doc {k}", who, 4.5)
            for k in range(6) for j, who in enumerate(PEOPLE)]  # fmt: skip
    columns = ["ID", "Label", "External ID", "Created By", "Seconds to Label"]
    answers = read_answers(_written(tmp_path / "t.csv", rows, columns))
    assert set(answers.classes) == set(CLASSES)
    assert answers.items == tuple(f"doc {k}" for k in range(6))
    assert answers.table["seconds"].median() == 4.5


def test_rows_that_nobody_answered_yet_lack_no_name(tmp_path: Path) -> None:
    rows = [(f"i{k}", "ann" if k < 6 else None, "xy"[k % 2] if k < 6 else None) for k in range(9)]
    rows.append(("i9", None, "x"))
    path = _written(tmp_path / "t.csv", rows, ["item", "annotator", "label"])
    told = said_left_out(read_answers(path))
    assert told[1] == "3 rows hold no answer"
    assert told[0].startswith("1 row was left out")
    assert "annotator is missing" in told[0]
