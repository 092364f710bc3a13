"""Columns under the names of many trades, sheets of a workbook, copies of rows: read or asked."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from labelbits import InputError
from labelbits.annotators.pilot import run_pilot
from labelbits.answers import read_answers
from labelbits.answers.files.containers import one_sheet
from labelbits.answers.formats import usual
from labelbits.answers.formats.named import KEYS
from labelbits.cli import app
from labelbits.commands.answers import told_columns, with_columns
from labelbits.first_plan import first_plan
from labelbits.items.reading import read_table
from labelbits.items.tables import Columns, read_tables
from tests.answers.test_containers import sheet_of, workbook


def written(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


TRADES = {
    "support": "Ticket No,Agent,Category,Handle time (min)\n0012,Ann,bug,3\n0013,Bob,ask,4.5\n",
    "medical": "Accession #,Radiologist,Finding,Read time\n0012,Ann,mass,3:00\n0013,Bob,no,4:30\n",
    "speech": "audio_id,transcribed_by,sentiment,speech time\n0012,Ann,sad,180\n0013,Bob,ok,270\n",
    "learning": "sample_id,annotated_by,label_name,started_at,submitted_at\n"
    "0012,Ann,cat,2024-01-01T10:00:00Z,2024-01-01T10:03:00Z\n"
    "0013,Bob,dog,01/01/2024 9:58:30 AM,01/01/2024 10:03 AM\n",
}


@pytest.mark.parametrize("trade", TRADES)
def test_the_names_of_many_trades(tmp_path: Path, trade: str) -> None:
    found = read_answers(written(tmp_path, "t.csv", TRADES[trade]))
    assert (found.items, found.annotators) == (("0012", "0013"), ("Ann", "Bob"))
    assert found.table["seconds"].to_list() == [180.0, 270.0]
    assert len(found.classes) == 2


def test_which_of_two_columns_is_the_label_is_asked(tmp_path: Path) -> None:
    path = written(tmp_path, "t.csv", "Case ID,Reader,Diagnosis,Severity\n1,a,x,2\n2,b,y,3\n")
    with pytest.raises(InputError, match=r"'Diagnosis' and 'Severity' may hold the label.*label="):
        read_answers(path)
    assert read_answers(path, columns={"label": "Diagnosis"}).classes == ("x", "y")


def test_a_number_within_a_document_names_no_item() -> None:
    table = ["document", "page number", "text"]
    assert usual.found(table, usual.ID) is None
    assert usual.found(["Ticket No", "body"], usual.ID) == "Ticket No"
    assert usual.label_column(["id", "who", "gold_label"], "id", "who").name is None


@pytest.mark.parametrize(
    ("head", "paid"), [("cost_usd", 2.0), ("Price (EUR)", 2.0), ("reward_cents", 0.02)]
)
def test_what_was_paid(tmp_path: Path, head: str, paid: float) -> None:
    text = f"item,judge,verdict,{head}\nt1,gpt,a,2\nt2,gpt,b,2\n"
    found = read_answers(written(tmp_path, "t.csv", text))
    assert found.table["price"].to_list() == pytest.approx([paid, paid])


def test_copies_say_nothing_of_how_sure_a_person_is(tmp_path: Path) -> None:
    rows = [f"i{k},{who},{'xy'[(k + (who == 'b')) % 2]}" for k in range(12) for who in "ab"]
    twice = "item,annotator,label\n" + "\n".join([*rows, *rows])
    found = run_pilot([written(tmp_path, "t.csv", twice)]).to_dict()
    (signal,) = found["signals"].values()
    assert signal["answers"] == 24
    assert signal["agreement"]["repeat"] is None
    assert any("copies, not second answers" in note for note in found["notes"])
    # A column of times tells a second showing from a copy: that is evidence.
    again = [f"{row},{n}" for n, row in enumerate([*rows, *rows])]
    timed = "item,annotator,label,when\n" + "\n".join(again)
    found = run_pilot([written(tmp_path, "u.csv", timed)]).to_dict()
    (signal,) = found["signals"].values()
    assert signal["agreement"]["repeat"]["value"] == 1.0


def test_one_room_for_what_columns_may_name() -> None:
    own = dict.fromkeys(("id", "text", "image", "label", "annotator", "seconds", "gold"))
    for key in KEYS:
        told = with_columns(f"{key}=COL", {**own, "features": (), "question": None})
        name = "id" if key == "item" else key
        assert told.get(name) == "COL" or told["more"] == {key: "COL"}
    assert told_columns("id=a,worker=b") == {"item": "a", "annotator": "b"}
    with pytest.raises(InputError, match="names 'labl'; did you mean 'label'"):
        told_columns("labl=a")
    with pytest.raises(InputError, match="item is 'a' and 'b'"):
        told_columns("item=a,id=b")


def test_plan_takes_the_columns_that_pilot_takes(tmp_path: Path) -> None:
    rows = "".join(f"d{k},{k},{'xy'[k % 2]},{900 + k},{['ann', 'bob'][k % 2]}\n" for k in range(12))
    path = written(tmp_path, "t.csv", "ref,n,said,took,who\n" + rows)
    told = {"item": "ref", "annotator": "who", "label": "said", "milliseconds": "took"}
    more = {"milliseconds": "took"}
    found = read_tables(
        [path], Columns(id="ref", features=("n",), label="said", annotator="who", more=more)
    ).answers
    assert found is not None
    same = read_answers(path, columns=told)
    assert (
        found.table["seconds"].to_list()
        == same.table["seconds"].to_list()
        == [(900 + k) / 1000 for k in range(12)]
    )
    with pytest.raises(InputError, match=r"winner=who is about comparisons"):
        read_tables([path], Columns(features=("n",), label="said", more={"winner": "who"}))


def test_the_sheets_that_are_not_read_are_named(tmp_path: Path) -> None:
    answers = "item,annotator,label\na,ann,x\nb,bob,y\n"
    cover = sheet_of("about,this\nread,me\nnot,me\n")
    path = written(tmp_path, "t.xlsx", workbook(cover, round_2=sheet_of(answers)))
    with pytest.raises(InputError, match=r"sheet 'answers' is read and 'round_2' is not: --sheet"):
        read_answers(path)
    assert read_answers(path, sheet="round_2").items == ("a", "b")
    with pytest.raises(InputError, match=r"no sheet 'third' .*'answers', 'round_2'"):
        read_answers(path, sheet="third")
    with one_sheet("round_2"):
        assert read_table(path, [])["item"].to_list() == ["a", "b"]
    with pytest.raises(InputError, match="--sheet 'round_2'"), one_sheet(None):
        read_tables([path], Columns(text="body"))
    made = first_plan([path], tmp_path, sheet="round_2")
    assert 'sheet = "round_2"' in made.text
    pl.DataFrame({"id": ["a", "b"], "text": ["some words", "other words"]}).write_csv(
        tmp_path / "texts.csv"
    )
    made = first_plan([path, tmp_path / "texts.csv"], tmp_path)
    assert any("'round_2' is not" in one for one in made.questions)


WRONG = {
    "a.pdf": (b"%PDF-1.7\n1 0 obj", "a PDF"),
    "a.png": (b"\x89PNG\r\n\x1a\n\0\0", "a picture"),
    "report.html": (b"<!doctype html><title>labelbits</title>", "the report of a plan"),
    "plan.json": (b'{\n  "format": 1,\n  "metric": "accuracy"}', "a finished plan"),
    "plan.toml": (b"# words\n\n[dataset]\nitems = 9\n", "settings"),
    "nb.ipynb": (b'{"cells": [], "nbformat": 4}', "a Jupyter notebook"),
    "empty.csv": (b"", "the file is empty"),
    "blank.csv": (b" \n\n", "blank lines alone"),
    "one.csv": (b"label\na\nb\n", "(?s)(the one column|columns:|found columns) label"),
}


@pytest.mark.parametrize("name", [*WRONG, "folder"])
@pytest.mark.parametrize("command", ["pilot", "plan", "init", "recover"])
def test_the_wrong_kind_of_thing_has_one_message(tmp_path: Path, name: str, command: str) -> None:
    if name == "plan.toml" and command == "plan":
        return
    if name == "folder":
        written(tmp_path, "inside.csv", "a,b\n1,2\n")
        path, said = tmp_path, r"a folder; expected .*inside\.csv"
    else:
        path, said = written(tmp_path, name, WRONG[name][0]), WRONG[name][1]
    more = {"plan": ["--budget", "5"], "recover": ["--dims", "2"]}.get(command, [])
    out = [] if command == "recover" else ["--out", str(tmp_path / "made.parquet")]
    run = CliRunner().invoke(app, [command, str(path), *more, *out])
    assert isinstance(run.exception, InputError), run.output
    message = str(run.exception)
    assert re.search(said, message), message
    assert str(path) in message
