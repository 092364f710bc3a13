"""Packed files, spreadsheets and times: read as what is inside, or refused in one line."""

from __future__ import annotations

import gzip
import io
import os
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from labelbits import InputError
from labelbits.answers import read_answers
from labelbits.answers.files import containers
from labelbits.items.arrays import load_features

TABLE = "item,annotator,label,seconds\n" + "".join(
    f"i{n},w{n % 2},{'oak' if n % 3 else 'elm'},{2 + n}\n" for n in range(12)
)


def put(folder: Path, content: bytes, name: str = "file") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def zipped(**members: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


def sheet_of(table: str) -> str:
    """The rows of a sheet from CSV without quotation marks."""
    return "".join(
        "<row>" + "".join(f'<c t="str"><v>{cell}</v></c>' for cell in line.split(",")) + "</row>"
        for line in table.splitlines()
    )


CELLS = sheet_of(TABLE)
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


def workbook(sheet: str = CELLS, merged: Sequence[str] = (), **others: str) -> bytes:
    """The smallest xlsx with a sheet `answers`, whose areas `merged` are one cell each, and the
    `others` by their names."""
    sheets = {"answers": sheet, **others}
    parts = {
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}"><Relationship Id="r1" '
        f'Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>'
        + "".join(
            f'<sheet name="{name}" sheetId="{k}" r:id="r{k}"/>' for k, name in enumerate(sheets, 1)
        )
        + "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}">'
        + "".join(
            f'<Relationship Id="r{k}" Type="{OFFICE}/worksheet" Target="worksheets/sheet{k}.xml"/>'
            for k in range(1, len(sheets) + 1)
        )
        + "</Relationships>",
    }
    areas = "".join(f'<mergeCell ref="{one}"/>' for one in merged)
    joined = f'<mergeCells count="{len(merged)}">{areas}</mergeCells>' if merged else ""
    for k, rows in enumerate(sheets.values(), 1):
        parts[f"xl/worksheets/sheet{k}.xml"] = (
            f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData>{joined * (k == 1)}'
            "</worksheet>"
        )
    return zipped(**{name: text.encode() for name, text in parts.items()})


def document() -> bytes:
    """The smallest ods with one table."""
    rows = "".join(
        "<table:table-row>"
        + "".join(
            f'<table:table-cell office:value-type="string"><text:p>{cell}</text:p>'
            "</table:table-cell>"
            for cell in line.split(",")
        )
        + "</table:table-row>"
        for line in TABLE.splitlines()
    )
    spaces = " ".join(
        f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for short, name in (("office", "office"), ("table", "table"), ("text", "text"))
    )
    content = (
        f"<office:document-content {spaces}><office:body><office:spreadsheet>"
        f'<table:table table:name="answers">{rows}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    manifest = (
        '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
    )
    return zipped(
        mimetype=b"application/vnd.oasis.opendocument.spreadsheet",
        **{"content.xml": content.encode(), "META-INF/manifest.xml": manifest.encode()},
    )


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress(TABLE.encode()),
        zipped(**{"answers.csv": TABLE.encode()}),
        zipped(**{"answers.csv": TABLE.encode(), "__MACOSX/x": b"x"}),
        TABLE.replace(",", "|").encode(),
        ("sep=;\n" + TABLE.replace(",", ";")).encode(),
        TABLE.replace(",", "\t").encode("utf-16"),
        workbook(),
        document(),
    ],
    ids=["gzip", "zip", "zip of macOS", "pipes", "sep=", "UTF-16", "xlsx", "ods"],
)
def test_what_is_inside_is_read(content: bytes, tmp_path: Path) -> None:
    expected = read_answers(put(tmp_path, TABLE.encode(), "plain.csv"))
    assert read_answers(put(tmp_path, content)).table.equals(expected.table)


def test_gzipped_parquet_and_npy(tmp_path: Path) -> None:
    stream = io.BytesIO()
    pl.DataFrame({"task": [1, 2], "worker": [1, 1], "label": ["a", "b"]}).write_parquet(stream)
    assert len(read_answers(put(tmp_path, gzip.compress(stream.getvalue())))) == 2
    stream = io.BytesIO()
    np.save(stream, np.array([[3, 1], [0, 5]], dtype=np.uint8))
    assert len(read_answers(put(tmp_path, gzip.compress(stream.getvalue())))) == 2


@pytest.mark.parametrize(
    ("encoding", "word"), [("cp1251", "наука"), ("gbk", "科学"), ("cp1252", "Müsli")]
)
def test_code_pages(encoding: str, word: str, tmp_path: Path) -> None:
    rows = "".join(f"i{n},w,{word}\n" for n in range(5))
    answers = read_answers(put(tmp_path, f"item,annotator,label\n{rows}".encode(encoding)))
    assert answers.classes == (word,)
    assert any("not UTF-8" in note for note in answers.notes)


def test_bombs_are_refused_while_they_are_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(containers, "SMALL", 1 << 16)
    bomb = TABLE.encode() + b"i,w,oak,3\n" * 1_000_000
    for content in (gzip.compress(bomb), zipped(**{"a.csv": bomb})):
        assert len(content) < len(bomb) / 200
        with pytest.raises(InputError, match="unpacks to more than"):
            read_answers(put(tmp_path, content))
    monkeypatch.setattr(containers, "LARGEST_SPREADSHEET", 10_000)
    with pytest.raises(InputError, match="unpacks to more than"):
        read_answers(put(tmp_path, workbook(CELLS * 20)))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (zipped(**{"a.csv": b"x", "b.csv": b"y"}), "ZIP archive of 2 files.*a.csv, b.csv"),
        (workbook("")[:300] + b"x", "cannot be read as a ZIP"),
        (zipped(**{"xl/workbook.xml": b"<x/>"}), "a spreadsheet.*save it as CSV"),
        (
            zipped(**{"xl/Workbook.xml": b"<x/>", "xl/a.xml": b"<x/>"}),
            "a spreadsheet whose workbook is called 'xl/Workbook.xml'",
        ),
        (
            workbook('<row><c t="s"><v>0</v></c></row>'),
            "the part xl/sharedStrings.xml does not hold",
        ),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "a spreadsheet.*save it as CSV"),
        (workbook(""), "a spreadsheet without a cell"),
        (gzip.compress(TABLE.encode(), mtime=0)[:40], "cannot be unpacked|cut off"),
    ],
    ids=[
        "two files",
        "no archive",
        "no rels",
        "elsewhere",
        "no texts",
        "xls",
        "no cell",
        "cut off",
    ],
)
def test_what_cannot_be_opened_says_what_to_do(
    content: bytes, message: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=message):
        read_answers(put(tmp_path, content))


def test_pipes_and_devices_are_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(InputError, match="a pipe or device"):
            read_answers(path)
        with pytest.raises(InputError, match="a pipe or device"):
            load_features(path)


def test_features_that_claim_more_than_their_file_can_hold(tmp_path: Path) -> None:
    header = io.BytesIO()
    shape = {"descr": "<f4", "fortran_order": False, "shape": (1 << 20, 768)}
    np.lib.format.write_array_header_1_0(header, shape)
    bomb = zipped(**{"features.npy": header.getvalue() + b"\0" * (1 << 22)})
    with pytest.raises(InputError, match="at most"):
        load_features(put(tmp_path, bomb, "features.npz"))


@pytest.mark.parametrize(
    ("column", "cells", "seconds"),
    [
        ("seconds", ["3.5", "4"], [3.5, 4.0]),
        ("lead_time", ["00:00:03", "1:02:03"], [3.0, 3723.0]),
        ("RT", ["2800", "3100"], [2.8, 3.1]),
        ("duration_ms", ["2800", "3100"], [2.8, 3.1]),
        ("duration_ms", ["2.8", "3.1"], [2.8, 3.1]),
        ("time taken", ["3", "-4"], [3.0, None]),
        ("WorkTimeInSeconds", ["3", "soon"], [3.0, None]),
    ],
)
def test_times_under_their_usual_names(
    column: str, cells: list[str], seconds: list[float | None], tmp_path: Path
) -> None:
    rows = "".join(f"i{n},w,x,{cell}\n" for n, cell in enumerate(cells))
    answers = read_answers(put(tmp_path, f"item,annotator,label,{column}\n{rows}".encode()))
    assert answers.table["seconds"].to_list() == pytest.approx(seconds, nan_ok=True)


def test_decimal_commas_and_implausible_times(tmp_path: Path) -> None:
    commas = b"item;annotator;label;seconds\ni;w;x;3,05\nj;w;x;4,15\n"
    assert read_answers(put(tmp_path, commas)).table["seconds"].to_list() == [3.05, 4.15]
    long = b"item,annotator,label,seconds\ni,w,x,2800\nj,w,x,3100\n"
    answers = read_answers(put(tmp_path, long))
    assert answers.table["seconds"].to_list() == [2800.0, 3100.0]
    assert any("are these milliseconds?" in note for note in answers.notes)
    odd = b"item,annotator,label,seconds_on_page\ni,w,x,28\n"
    assert any("'seconds_on_page'" in note for note in read_answers(put(tmp_path, odd)).notes)


def test_class_names_of_datasets(tmp_path: Path) -> None:
    import json

    import pyarrow as pa
    import pyarrow.parquet as pq

    features = {"label": {"_type": "ClassLabel", "names": ["elm", "oak"]}}
    table = pa.table({"item": ["a", "b", "c"], "annotator": ["w"] * 3, "label": [1, 0, -1]})
    stored = {"huggingface": json.dumps({"info": {"features": features}})}
    table = table.replace_schema_metadata(stored)
    pq.write_table(table, tmp_path / "t.parquet")
    folder = tmp_path / "saved"
    folder.mkdir()
    with pa.OSFile(str(folder / "data-0.arrow"), "wb") as sink:
        writer = pa.ipc.new_stream(sink, table.schema)
        writer.write_table(table)
        writer.close()
    for path in (tmp_path / "t.parquet", folder):
        answers = read_answers(path)
        assert answers.classes == ("elm", "oak")
        assert answers.table["answer"].to_list() == ['"oak"', '"elm"']


def test_a_spreadsheet_without_a_part_says_which(tmp_path: Path) -> None:
    whole = zipfile.ZipFile(io.BytesIO(workbook("<row><c><v>1</v></c></row>")))
    names = whole.namelist()
    part = next(name for name in names if name.endswith("workbook.xml.rels"))
    left = {name: whole.read(name) for name in names if name != part}
    with pytest.raises(InputError, match=f"its part .*{part}.* is missing.*save it"):
        read_answers(put(tmp_path, zipped(**left), "t.xlsx"))


SPANNED = "Item,,Coder A,,Coder B,,Remarks\nNo.,Text,Label,Time (s),Label,Time (s),\n" + "".join(
    f"{k:03},words about {k},{'yes' if k % 3 else 'no'},{4 + k},{'yes' if k % 2 else 'no'},5,\n"
    for k in range(12)
)


def test_headings_that_span_columns_are_one_row_with_those_below(tmp_path: Path) -> None:
    areas = ["A1:B1", "C1:D1", "E1:F1"]
    found = read_answers(put(tmp_path, workbook(sheet_of(SPANNED), areas), "t.xlsx"))
    assert (len(found), found.classes) == (24, ("no", "yes"))
    assert found.annotators == ("Label Coder A", "Label Coder B")
    assert found.items[:2] == ("000", "001")
    assert any("two rows of headings are read as one" in note for note in found.notes)
    # A title over the whole table is none of them, and neither are cells merged among answers.
    titled = "All answers,,\n" + TABLE
    title = read_answers(put(tmp_path, workbook(sheet_of(titled), ["A1:C1"]), "u.xlsx"))
    plain = read_answers(put(tmp_path, workbook(), "v.xlsx"))
    inside = read_answers(put(tmp_path, workbook(CELLS, ["B3:C3"]), "w.xlsx"))
    assert title.table.equals(plain.table)
    assert inside.table.equals(plain.table)
