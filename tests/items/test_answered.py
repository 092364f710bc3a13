"""Labels in people's tables that are no plain classes: several ticks, steps, continuous numbers."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from labelbits.errors import InputError
from labelbits.items.tables import Columns, read_tables
from tests.answers.test_containers import workbook

BY = Columns(features=("x",), label="said")


def written(folder: Path, said: list) -> Path:
    rows = [{"id": f"d{k}", "x": float(k), "said": one} for k, one in enumerate(said)]
    path = folder / "t.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows))
    return path


@pytest.mark.parametrize("said", [["a", "b"], "a|b", []])
def test_several_ticks_are_refused_by_name(tmp_path: Path, said: object) -> None:
    column = [
        said,
        "a" if isinstance(said, str) else ["a"],
        "b" if isinstance(said, str) else ["b"],
    ]
    if said == []:
        column += [["a", "b"]]
    with pytest.raises(InputError, match=r"several classes in one answer .*candidates"):
        read_tables([written(tmp_path, column)], BY)


def test_steps_of_a_scale_are_named_as_such(tmp_path: Path) -> None:
    found = read_tables([written(tmp_path, [1, 2, 3, 4, 5, None])], BY)
    assert found.answers is not None
    assert set(found.answers.table["signal"]) == {"hard"}
    assert any("steps of a scale (ordinal)" in note for note in found.notes)
    assert any("calling a 1 a 2 counts as wrong as calling it a 5" in one for one in found.notes)


def test_continuous_numbers_are_no_labels(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"a scale and no classes; expected labels"):
        read_tables([written(tmp_path, [k / 7 + 0.013 for k in range(40)])], BY)


def test_no_label_at_all_says_how_many_to_make_first(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"Label about 100 items first, picked at random"):
        read_tables([written(tmp_path, [None] * 5)], BY)


def test_several_questions_are_never_pooled(tmp_path: Path) -> None:
    rows = [
        {"id": f"d{k}", "x": k, "question": q, "said": said, "who": "ann"}
        for k in range(6)
        for q, said in (("tone", "ab"[k % 2]), ("topic", "xy"[k % 2]))
    ]
    path = tmp_path / "t.csv"
    pl.DataFrame(rows).write_csv(path)
    columns = Columns(features=("x",), label="said", annotator="who", question="tone")
    found = read_tables([path], columns)
    assert found.answers is not None
    assert found.answers.classes == ("a", "b")
    with pytest.raises(InputError, match="questions"):
        read_tables([path], Columns(features=("x",), label="said", annotator="who"))


def test_a_spreadsheet_is_a_table_of_items(tmp_path: Path) -> None:
    rows = [("id", "x", "said"), ("d0", "1", "yes"), ("d1", "2", ""), ("d2", "3", "no")]
    cells = "".join(
        "<row>" + "".join(f'<c t="inlineStr"><is><t>{one}</t></is></c>' for one in row) + "</row>"
        for row in rows
    )
    (tmp_path / "t.xlsx").write_bytes(workbook(cells))
    found = read_tables([tmp_path / "t.xlsx"], BY)
    assert found.ids == ["d0", "d1", "d2"]
    assert found.features.tolist() == [[1], [2], [3]]
    assert found.answers is not None
    assert found.answers.items == ("d0", "d2")


def test_two_columns_of_labels_are_never_one_by_silence(tmp_path: Path) -> None:
    """Two named labels are refused; one that is named says which others hold its classes."""
    from labelbits.commands.answers import one_label

    with pytest.raises(InputError, match="'Mia' and 'Tom'"):
        one_label(["Mia", "Tom"])
    assert (one_label(["Mia", "Mia"]), one_label(None)) == ("Mia", None)
    file = tmp_path / "t.csv"
    pl.DataFrame({
        "id": list(range(40)), "text": [f"some words about {k % 7} and {k}" for k in range(40)],
        "Mia": ["good", "bad"] * 20, "Tom": ["good", "good", "bad", "bad"] * 10,
        "town": ["Ulm", "Bern"] * 20,
    }).write_csv(file)  # fmt: skip
    notes = read_tables([file], Columns(text="text", label="Mia")).notes
    assert any("'Tom'" in note and "not read" in note for note in notes)
    assert not any("'town'" in note and "classes" in note for note in notes)
    assert any("'town'" in note and "not read" in note for note in notes)


def test_an_annotator_that_is_named_is_read_beside_shares(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    pl.DataFrame({
        "id": [f"i{k // 2}" for k in range(40)],
        "text": [f"some words about {k // 2 % 7} and {k // 2}" for k in range(40)],
        "Fachfrau": ["Ay", "Bo"] * 20, "% good": [80, 20, 60, 40] * 10,
        "% bad": [20, 80, 40, 60] * 10, "minutes": [0.5] * 40,
    }).write_csv(file)  # fmt: skip
    found = read_tables([file], Columns(text="text", annotator="Fachfrau")).answers
    assert found is not None
    assert (sorted(found.annotators), found.classes) == (["Ay", "Bo"], ("good", "bad"))
    assert set(found.table["seconds"]) == {30.0}


def test_refused_rows_and_few_golden_items_of_a_crowd(tmp_path: Path) -> None:
    rows = range(60)
    table = pl.DataFrame(
        {
            "Task ID": [f"t{k // 3:02}" for k in rows],
            "Worker ID": [f"w{k % 3}" for k in rows],
            "Status": ["rejected" if k % 10 == 2 else "accepted" for k in rows],
            "Gold answer": ["a" if k < 12 else None for k in rows],
            "words": [f"word{k // 3} again" for k in rows],
            "Answer": ["a" if k % 7 else "b" for k in rows],
            "Seconds": [9.0] * 60,
        }
    )
    file = tmp_path / "crowd.csv"
    table.write_csv(file)
    for label in ("Answer", None):  # plan reads with a label named, and by the format
        found = read_tables([file], Columns(text="words", label=label), by_name=True)
        assert found.answers is not None
        assert len(found.answers) == 54
        assert found.answers.table["seconds"].to_list() == [9.0] * 54
        assert found.gold is not None  # of how many items it can measure alone, the plan says
        assert sum(right is not None for right in found.gold) == 4
        assert any("6 of 60 rows are left out" in note for note in found.notes)
    told = read_tables([file], Columns(text="words", label="Answer", gold="Gold answer"))
    assert told.gold is not None
    assert sum(right is not None for right in told.gold) == 4
