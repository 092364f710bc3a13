"""Files as people's programs leave them: each has one right reading, and gets it."""

from __future__ import annotations

import gzip
import json
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from labelbits import InputError
from labelbits.answers import read_answers
from labelbits.interface import Answers

ROWS = [
    (f"{k:03d}", who, "xy"[(k + (who == "bob")) % 2]) for k in range(6) for who in ("ann", "bob")
]
HEAD = "item,annotator,label"
TABLE = HEAD + "\n" + "".join(",".join(row) + "\n" for row in ROWS)


def with_cell(*names: str, cell: str = "") -> str:
    """The table with more columns, `cell` in every row of them."""
    more = "".join(f",{name}" for name in names)
    cells = f",{cell}" * len(names)
    return HEAD + more + "\n" + "".join(",".join(row) + cells + "\n" for row in ROWS)


def lines(*objects: Any) -> str:
    return "\n".join(json.dumps(one) for one in objects)


#: The same twelve answers, whatever a program did to them.
SAME: Mapping[str, str | bytes] = {
    "utf-16": TABLE.encode("utf-16"),
    "utf-16 without its mark": TABLE.encode("utf-16-be"),
    "byte order mark": b"\xef\xbb\xbf" + TABLE.encode(),
    "packed utf-16 tabs": gzip.compress(TABLE.replace(",", "\t").encode("utf-16")),
    "old line ends": TABLE.replace("\n", "\r"),
    "blanks round bars": TABLE.replace(",", " | "),
    "blank columns": with_cell("", ""),
    "a delimiter too many": HEAD + "\n" + "".join(",".join(row) + ",\n" for row in ROWS),
    "a column named twice": with_cell("note", "note", cell="n"),
    "the header again": TABLE + HEAD + "\n",
    "a line of totals": TABLE + "Total,,12\n",
    "titles above": "Export of project Q3\nDate: 2024-01-01\n\n" + TABLE,
    "comments above": "# exported by tool 1.2\n# on monday\n" + TABLE,
    "quoted line breaks": HEAD + ",text\n" + "".join(
        ",".join(row) + ',"a ""text"",\nin lines"\n' for row in ROWS
    ),
    "weights": with_cell("weight", "confidence", cell="0.9"),
    "gold beside": with_cell("gold_label", cell="x"),
    "records in an object": json.dumps(
        {"count": 12, "next": None,
         "results": [dict(zip(HEAD.split(","), row, strict=True)) for row in ROWS]}
    ),
    "a frame as columns": json.dumps({
        name: {str(k): row[place] for k, row in enumerate(ROWS)}
        for place, name in enumerate(HEAD.split(","))
    }),
    "a frame apart": json.dumps(
        {"columns": HEAD.split(","), "index": list(range(12)), "data": [list(row) for row in ROWS]}
    ),
    "lists side by side": lines(*(
        {"id": f"{k:03d}", "text": f"t{k}", "annotators": ["ann", "bob"],
         "labels": [row[2] for row in ROWS if row[0] == f"{k:03d}"]} for k in range(6)
    )),
    "a list of objects": json.dumps([
        {"id": f"{k:03d}", "labels": [{"annotator": who, "label": said}
                                      for item, who, said in ROWS if item == f"{k:03d}"]}
        for k in range(6)
    ]),
    "lists in cells": "item,annotators,labels\n" + "".join(
        f"{k:03d},\"['ann', 'bob']\",\"{[r[2] for r in ROWS if r[0] == f'{k:03d}']}\"\n"
        for k in range(6)
    ),
    "a matrix beside texts": "item,text,ann,bob,gold\n" + "".join(
        f"{k:03d},some text {k},{'xy'[k % 2]},{'yx'[k % 2]},x\n" for k in range(6)
    ),
}  # fmt: skip


def read(folder: Path, content: str | bytes, name: str = "file", **told: Any) -> Answers:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_answers(path, **told)


@pytest.mark.parametrize("what", SAME)
def test_the_same_answers_whatever_a_program_did(tmp_path: Path, what: str) -> None:
    found = read(tmp_path, SAME[what])
    said = zip(
        found.table["items"].list.first(), found.table["annotator"],
        map(json.loads, found.table["answer"]), strict=True,
    )  # fmt: skip
    assert sorted(said) == sorted(ROWS)
    assert found.classes == ("x", "y")


def test_a_label_that_stands_twice_is_asked_about(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="column 'label' twice, with different cells"):
        read(tmp_path, with_cell("label", cell="x"))


def test_one_name_in_two_forms_of_unicode(tmp_path: Path) -> None:
    name = "Ren\u00e9e"
    both = name, unicodedata.normalize("NFD", name)
    text = HEAD + "\n" + "".join(f"{k},{both[k % 2]},{'xy'[k % 2]}\n" for k in range(6))
    assert read(tmp_path, text).annotators == (name,)


TIMES = {
    "a duration": ("duration", "PT12.5S"),
    "thousandths with commas": ("time_ms", '"12,500"'),
    "a unit in the name": ("Response time (s)", "12.5"),
    "a unit in the cell": ("elapsed", "12.5 sec"),
    "minutes": ("time spent (min)", f"{12.5 / 60:.9f}"),
}


@pytest.mark.parametrize("what", TIMES)
def test_times_as_they_are_written(tmp_path: Path, what: str) -> None:
    name, cell = TIMES[what]
    seconds = read(tmp_path, with_cell(name, cell=cell)).table["seconds"]
    assert seconds.to_list() == pytest.approx([12.5] * 12)


def test_times_from_before_noon_to_after(tmp_path: Path) -> None:
    text = with_cell("Start Time,End Time", cell="1/5/2024 11:59:50 AM,1/5/2024 12:00:05 PM")
    assert set(read(tmp_path, text).table["seconds"]) == {15.0}


SOFT = {
    "per cent": "item,x,y\n" + "".join(f"i{k},{80 - k} %,{20 + k} %\n" for k in range(8)),
    "decimal commas": "item;x;y\n" + "".join(f"i{k};0,{80 - k};0,{20 + k}\n" for k in range(8)),
    "per cent in objects": "item,annotator,soft_label\n" + "".join(
        f'i{k},counts,"{{""x"": ""{80 - k}%"", ""y"": ""{20 + k}%""}}"\n' for k in range(8)
    ),
    "a text beside": "id,text,x,y\n" + "".join(
        f"i{k},some text {k},{(80 - k) / 100},{(20 + k) / 100}\n" for k in range(8)
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", SOFT)
def test_shares_are_soft_labels(tmp_path: Path, what: str) -> None:
    found = read(tmp_path, SOFT[what])
    assert set(found.table["signal"]) == {"soft"}
    said = json.loads(found.table["answer"][0])
    assert said["x"] / (said["x"] + said["y"]) == pytest.approx(0.8)


@pytest.mark.parametrize("more", ["total", "majority"])
def test_a_total_and_a_majority_are_no_class(tmp_path: Path, more: str) -> None:
    last = {"total": lambda k: 3, "majority": lambda k: "no" if k % 4 < 2 else "yes"}[more]
    text = f"item,yes,no,{more}\n" + "".join(
        f"i{k},{k % 4},{3 - k % 4},{last(k)}\n" for k in range(12)
    )
    found = read(tmp_path, text)
    assert set(found.table["signal"]) == {"votes"}
    assert set(found.classes) == {"yes", "no"}


def test_a_column_of_gold_answers_nothing(tmp_path: Path) -> None:
    found = read(tmp_path, SAME["a matrix beside texts"])
    assert found.annotators == ("ann", "bob")
    assert set(found.gold.values()) == {"x"}


def test_a_document_without_a_label_is_not_labelled_yet(tmp_path: Path) -> None:
    rows = [{"id": k, "text": f"t{k}", "label": ["ab"[k % 2]] if k else []} for k in range(5)]
    found = read(tmp_path, lines(*rows), "anna.jsonl")
    assert (len(found), set(found.table["signal"])) == (4, {"hard"})
    assert found.rejected is not None
    assert "no label yet" in found.rejected["reason"][0]


def test_records_that_one_file_holds_twice(tmp_path: Path) -> None:
    rows = [
        {"text": f"t{k}", "options": [{"id": "a"}, {"id": "b"}], "accept": ["ab"[k % 2]],
         "answer": "accept", "_task_hash": k, "_timestamp": k, "_session_id": who}
        for k in range(4) for who in "pq"
    ]  # fmt: skip
    assert len(read(tmp_path, lines(*rows, *rows))) == 8


def test_who_answered_may_stand_in_the_name_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "ann7").mkdir()
    rows = [
        {"id": f"{k:02d}", "displayed_text": "x", "label_annotations": {"mood": {"ab"[k % 2]: "1"}},
         "behavioral_data": {"time_string": "Time spent: 0d 0h 0m 9s "}} for k in range(4)
    ]  # fmt: skip
    found = read(tmp_path / "ann7", lines(*rows), "annotated_instances.jsonl")
    assert (found.annotators, found.items[0]) == (("ann7",), "00")
    assert set(found.table["seconds"]) == {9.0}


def test_times_that_no_question_takes_are_asked_about(tmp_path: Path) -> None:
    tasks = [
        {"id": k, "data": {"text": f"t{k}"}, "annotations": [
            {"id": k, "completed_by": 1, "lead_time": 3456.7, "result": [
                {"from_name": "c", "to_name": "t", "type": "choices",
                 "value": {"choices": ["ab"[k % 2]]}}]}]} for k in range(4)
    ]  # fmt: skip
    assert any("milliseconds" in note for note in read(tmp_path, json.dumps(tasks)).notes)


def test_triplets_under_names_with_capitals(tmp_path: Path) -> None:
    text = "Head;Winner;Loser;Puid\n" + "".join(f"a{k};p{k};n{k};u{k % 2}\n" for k in range(6))
    found = read(tmp_path, text)
    assert (set(found.table["signal"]), found.annotators) == ({"triplet"}, ("u0", "u1"))
