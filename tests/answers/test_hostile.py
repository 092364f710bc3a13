"""Broken, hostile and half files: answers or one clear message, never a traceback."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from labelbits import InputError
from labelbits.answers import read_answers
from labelbits.answers.files import csv_files, json_files
from tests.answers.samples import OTHERS, SAMPLES

LABELS = "task,worker,label\r\nt1,w1,caf\u00e9\r\nt2,w2,\u732b\r\n"


def put(folder: Path, content: bytes) -> Path:
    path = folder / "file"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_encodings_and_line_ends(encoding: str, tmp_path: Path) -> None:
    answers = read_answers(put(tmp_path, LABELS.encode(encoding)))
    assert answers.table["answer"].to_list() == ['"caf\u00e9"', '"\u732b"']
    assert answers.items == ("t1", "t2")


def test_mixed_encodings_are_read_and_noted(tmp_path: Path) -> None:
    mixed = "task,worker,label\nt1,w1,caf\u00e9\n".encode() + "t2,w1,caf\u00e9\n".encode("cp1252")
    answers = read_answers(put(tmp_path, mixed))
    assert answers.table["answer"].to_list() == ['"caf\u00e9"', '"caf\u00e9"']
    assert any("1 bytes are not UTF-8" in note for note in answers.notes)


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_other_delimiters(delimiter: str, tmp_path: Path) -> None:
    assert len(read_answers(put(tmp_path, LABELS.replace(",", delimiter).encode()))) == 2


def test_ragged_rows_and_lost_quotes_are_rejected_one_by_one(tmp_path: Path) -> None:
    text = 'task,worker,label\nt1,w1,cat\nt2,w1\nt3,w1,cat,dog\n,w1,cat\nt5,w1,\nt6,w1,"cat\n'
    answers = read_answers(put(tmp_path, text.encode()))
    assert answers.table["items"].to_list()[0] == ["t1"]
    assert answers.rejected is not None
    reasons = dict(answers.rejected.select("row", "reason").iter_rows())
    assert "2 cells; expected 3" in reasons[2]
    assert "4 cells; expected 3" in reasons[3]
    assert "item" in reasons[4]
    assert reasons[5] == "answer is missing"


def test_a_number_where_text_is_expected_and_text_where_a_number_is(tmp_path: Path) -> None:
    text = "signal,annotator,items,answer,seconds\nhard,1,2,3,soon\nhard,x,[4],cat,2\n"
    answers = read_answers(put(tmp_path, text.encode()))
    assert answers.table["items"].to_list() == [["2"], ["4"]]
    assert answers.table["seconds"].to_list() == [None, 2.0]
    assert answers.notes == ("1 values of seconds are no numbers and were left out",)


@pytest.mark.parametrize("name", SAMPLES)
def test_half_a_file(name: str, tmp_path: Path) -> None:
    content = SAMPLES[name][1]
    for size in range(1, len(content), max(1, len(content) // 25)):
        try:
            answers = read_answers(put(tmp_path, content[:size]))
        except InputError:
            continue
        assert len(answers) > 0


def test_half_a_json_file_gives_the_tasks_before_the_break(tmp_path: Path) -> None:
    task = {
        "id": 1,
        "data": {"image": "a.png"},
        "annotations": [{"completed_by": 1, "result": [
            {"from_name": "l", "to_name": "i", "type": "choices", "value": {"choices": ["x"]}}
        ]}],
    }  # fmt: skip
    text = json.dumps([task] * 20, indent=1)
    answers = read_answers(put(tmp_path, text[: len(text) // 2 + 40].encode()))
    assert 8 <= len(answers) <= 10
    assert answers.rejected is not None
    assert "cut off" in answers.rejected["reason"][0]


def test_deep_json_is_no_stack_overflow(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        read_answers(put(tmp_path, b'[{"a":' * 200_000))
    with pytest.raises(InputError):
        read_answers(put(tmp_path, b"[" * 1_000_000))


def test_huge_numbers_in_json(tmp_path: Path) -> None:
    sample = SAMPLES["label-studio"][1].replace(b'"rating": 4', b'"rating": ' + b"9" * 5000)
    answers = read_answers(put(tmp_path, sample))  # no integer of 5,000 digits is made
    assert len(answers) == 3
    assert answers.rejected is not None
    assert "not JSON" in answers.rejected["reason"][-1]
    sample = SAMPLES["label-studio"][1].replace(b'"rating": 4', b'"rating": 1e999')
    assert len(read_answers(put(tmp_path, sample))) == SAMPLES["label-studio"][2] - 1


def test_a_zip_bomb_is_refused_before_it_is_inflated(tmp_path: Path) -> None:
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "|u1", "fortran_order": False, "shape": (1 << 33, 10)}
    )
    path = tmp_path / "bomb.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("counts.npy", header.getvalue() + b"\0" * (1 << 24))
    with pytest.raises(InputError, match="at most"):
        read_answers(path)
    assert path.stat().st_size < 100_000


def test_a_parquet_file_that_claims_billions_of_rows(tmp_path: Path, monkeypatch) -> None:
    from labelbits.answers.files import parquet

    monkeypatch.setattr(parquet, "MOST_ROWS", 2)
    with pytest.raises(InputError, match="claims 4 rows"):
        read_answers(put(tmp_path, OTHERS["labelbits"]))


def test_pickles_are_never_loaded(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="pickle"):
        read_answers(put(tmp_path, pickle.dumps({"a": 1})))
    stream = io.BytesIO()
    np.savez(stream, counts=np.array([{}, 1], dtype=object))
    with pytest.raises(InputError, match="pickle"):
        read_answers(put(tmp_path, stream.getvalue()))


@pytest.mark.parametrize(
    "content",
    [b"", b"\0" * 1000, b"PK\x03\x04" + b"x" * 100, b"PAR1" + b"x" * 100, b"\x93NUMPY\x01\x00",
     b"\x1f\x8b" + b"x" * 10, b"{", b"[]", b"null", b"\xff\xfe", b"a\n",
        b'"', b"task,worker,label"],
)  # fmt: skip
def test_nothing_readable_is_refused_with_the_path(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="file"):
        read_answers(put(tmp_path, content))


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_answers(tmp_path / "none.csv")
    with pytest.raises(InputError, match="not a file"):
        read_answers(tmp_path)


def test_a_header_that_names_a_column_twice(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="twice"):
        read_answers(put(tmp_path, b"task,worker,label,label\na,b,c,d\n"))


def test_a_field_without_end_is_one_rejected_row(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(csv_files, "LARGEST_FIELD", 1000)
    text = 'task,worker,label\nt1,w1,cat\nt2,w1,"' + "x" * 3000 + "\nt3,w1,cat\n"
    answers = read_answers(put(tmp_path, text.encode()))
    assert answers.table["items"].to_list()[0] == ["t1"]
    assert answers.rejected is not None
    assert "cannot be read as CSV" in answers.rejected["reason"][0]


def test_lone_surrogates_do_not_crash(tmp_path: Path) -> None:
    sample = SAMPLES["label-studio"][1].replace(b'"cat"', b'"\\ud800cat"')
    assert len(read_answers(put(tmp_path, sample))) > 0


def test_columns_of_strange_types(tmp_path: Path) -> None:
    table = pl.DataFrame(
        {"task": [[1], [2]], "worker": [b"a", b"b"], "label": [{"a": 1}, {"a": 2}]}
    )
    table.write_parquet(tmp_path / "a.parquet")
    with pytest.raises(InputError):
        read_answers(tmp_path / "a.parquet")


def test_columns_of_durations(tmp_path: Path) -> None:
    worker = pl.Series([1, 2]).cast(pl.Duration("ms"))
    pl.DataFrame({"task": ["a", "b"], "worker": worker, "label": ["x", "y"]}).write_parquet(
        tmp_path / "a.parquet"
    )
    with pytest.raises(InputError, match="annotator is missing"):
        read_answers(tmp_path / "a.parquet")


@pytest.mark.parametrize("name", ["labelbits", "crowd-kit", "mturk", "cleanlab", "odd-one-out"])
def test_json_objects_without_keys(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="file"):
        read_answers(put(tmp_path, b'{}{"":1}["'), name)


def test_parquet_text_that_is_not_utf8_is_read_as_windows_1252(tmp_path: Path) -> None:
    for name, old, new in (("argilla", b"yes", b"y\xeas"), ("labelbits", b"cat", b"c\xe2t")):
        damaged = OTHERS[name].replace(old, new)
        assert damaged != OTHERS[name]
        answers = read_answers(put(tmp_path, damaged))
        assert answers.table["answer"][0] == json.dumps(new.decode("cp1252"), ensure_ascii=False)
        assert any("not UTF-8" in note for note in answers.notes)


def test_parquet_metadata_that_is_not_utf8_is_left_behind(tmp_path: Path) -> None:
    damaged = OTHERS["crowd-kit"].replace(b"ARROW:schema", b"ARRO\xed:schema")
    assert damaged != OTHERS["crowd-kit"]
    assert len(read_answers(put(tmp_path, damaged))) == 2


def test_a_parquet_column_whose_name_is_not_utf8(tmp_path: Path) -> None:
    damaged = OTHERS["crowd-kit"].replace(b"label", b"l\xe2bel")
    for name in ("auto", "crowd-kit", "labelbits", "cleanlab"):
        with pytest.raises(InputError, match="file"):
            read_answers(put(tmp_path, damaged), name)


@pytest.mark.parametrize("name", [b"*", b"^.*$"])
def test_columns_called_like_a_choice_of_columns(name: bytes, tmp_path: Path) -> None:
    matrix = put(tmp_path, b"," + name + b",b\n0,1,1\n1,0,1\n")
    answers = read_answers(matrix, "cleanlab")
    assert answers.annotators == (f"column {name.decode()}", "b")
    assert len(answers) == 4


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
def test_a_header_after_many_blank_lines(end: str, tmp_path: Path) -> None:
    text = end * 100 + end.join(["task,worker,label", "t1,w1,cat", "t2,w1,dog"])
    assert len(read_answers(put(tmp_path, text.encode()))) == 2


def test_blank_lines_without_end(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="file"):
        read_answers(put(tmp_path, b"\0\n" + b"\n" * 30_000))


def test_a_json_bomb_is_one_rejected_element(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(json_files, "LARGEST_ELEMENT", 10_000)
    monkeypatch.setattr(json_files, "BLOCK", 1_000)
    task = json.loads(SAMPLES["label-studio"][1])[0]
    bomb = '{"data": {"x": "' + "y" * 200_000  # a text without end
    text = "[" + json.dumps(task) + ",\n" + bomb + "\n" + json.dumps(task | {"id": 9}) + "]"
    answers = read_answers(put(tmp_path, text.encode()))
    assert len(answers) == 2
    assert answers.rejected is not None
    assert "element 2 is not JSON" in answers.rejected["reason"].str.join("")[0]


def test_a_message_is_not_wrapped_in_another(tmp_path: Path) -> None:
    with pytest.raises(InputError) as empty:
        read_answers(put(tmp_path, b""))
    assert str(empty.value).count(str(tmp_path)) == 1
    assert "cannot be opened" not in str(empty.value)


def test_bytes_that_are_no_text_are_not_printed(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(1, 256, 3000, dtype=np.uint8).tobytes()
    with pytest.raises(InputError, match="not text") as found:
        read_answers(put(tmp_path, noise))
    assert str(found.value).isprintable()
