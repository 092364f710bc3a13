"""Files that hold no table and no answers, known by how they begin: each is refused by name."""

from __future__ import annotations

import re
from pathlib import Path

from labelbits.errors import InputError

_TABLE = "a table (CSV, TSV, JSON, Parquet, xlsx) or an export of an annotation platform"
_PICTURE = "a picture; expected a table with a column of paths of pictures (--image COLUMN)"
_SOUND = "a recording; expected a table that names recordings in a column"
#: (how the bytes begin, what that is and what is expected instead).
_BYTES = (
    (b"%PDF", f"a PDF; expected {_TABLE}: copy the table in it into a spreadsheet"),
    (b"\x89PNG", _PICTURE),
    (b"\xff\xd8\xff", _PICTURE),
    (b"GIF8", _PICTURE),
    (b"II*\x00", _PICTURE),
    (b"MM\x00*", _PICTURE),
    (b"RIFF", f"a picture or a recording; expected {_TABLE}"),
    (b"ID3", _SOUND),
    (b"OggS", _SOUND),
    (b"fLaC", _SOUND),
    (b"SQLite format 3", f"a database; expected {_TABLE}: save its table as CSV"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive; expected the files in it: unpack it first"),
    (b"Rar!", "a RAR archive; expected the files in it: unpack it first"),
    (b"PK\x05\x06", "a ZIP archive without a file; expected a file of answers in it"),
    (b"\x7fELF", f"a program; expected {_TABLE}"),
    (b"{\\rtf", f"a text document (RTF); expected {_TABLE}"),
)
_REPORT = (
    "the report of a plan; expected the files that it was made from (labelbits app shows a plan "
    "file, labelbits export takes plan.json)"
)
_SPANS = (
    "spans of texts, which no signal here asks about; expected a label an item: a table of item, "
    "annotator, label with a row for each document or sentence"
)
#: (pattern of how the text begins, what that is and what is expected instead).
_TEXTS = (
    (r'\{\s*"cells"\s*:\s*\[', "a Jupyter notebook; expected a table: write it in the notebook, "
     'such as frame.to_csv("answers.csv"), and give that file'),
    (r'\{\s*"(metadata|nbformat)"[^\[]*"nbformat"', "a Jupyter notebook; expected a table: write "
     'it in the notebook, such as frame.to_csv("answers.csv"), and give that file'),
    (r'\{\s*"format"\s*:\s*\d+,\s*"metric"', "a finished plan; expected a plan file (plan.toml) "
     "or the tables it was made from; labelbits export takes plan.json"),
    (r"(?i)<!doctype html|<html", f"a web page; expected {_TABLE}"),
    (r"(T\d+\t\S+ \d+ \d+|R\d+\t\S+ Arg1:|[AM]\d+\t\S+ T\d+|E\d+\t\S+:T\d+)",
     f"annotations of brat: {_SPANS}"),
    (r"#FORMAT=WebAnno", f"an export of WebAnno or INCEpTION: {_SPANS}"),
    (r"<\?xml[^>]*>\s*<(xmi:XMI|CAS)", f"an export of INCEpTION (UIMA): {_SPANS}"),
    (r"<\?xml[^>]*>\s*<annotations?>", "an export of CVAT or Pascal VOC as XML; expected a table "
     "of image, annotator, label: write the tag of each image in a row"),
    (r'\{\s*"(info|licenses|images|categories|annotations)"\s*:(?=.*"(file_name|bbox|'
     r'supercategory|image_id)")', "annotations of COCO; expected a label an item: a table of "
     "image, annotator, label"),
    (r"<\?xml|<svg", f"XML; expected {_TABLE}: export it as CSV or JSON"),
    (r"(#[^\n]*\s+)*\[(dataset|grid)\]\s", "a file of settings (TOML), no table; labelbits plan "
     "takes a plan file, labelbits sweep a sweep file; expected the files that it names"),
)  # fmt: skip


def refuse_no_data(path: Path, start: bytes) -> None:
    """Raise `InputError` for a file whose first bytes, `start`, are of something else than data:
    what it is, and what is expected."""
    for mark, what in _BYTES:
        if start.startswith(mark):
            raise InputError(f"{path}: {what}")
    if start[4:8] == b"ftyp":
        raise InputError(f"{path}: a video; expected {_TABLE}")
    if start[257:262] == b"ustar":
        raise InputError(f"{path}: a tar archive; expected the files in it: unpack it first")
    text = start.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace").lstrip("\ufeff \t\r\n")
    if start and not text and b"\0" not in start:
        raise InputError(f"{path}: holds blank lines alone; expected {_TABLE}")
    if _has_columns_of_tokens(text):
        raise InputError(f"{path}: a file in columns of tokens (CoNLL): {_SPANS}")
    for pattern, what in _TEXTS:
        if re.match(pattern, text, re.DOTALL):
            said = _REPORT if "web page" in what and "labelbits" in text else what
            raise InputError(f"{path}: {said}")


def _has_columns_of_tokens(text: str) -> bool:
    """Do the first lines hold a token each and, last, whether a span begins or goes on there?"""
    lines = text[:600].removeprefix("-DOCSTART-").splitlines()[:-1]
    first = [line.split() for line in lines if line.strip()][:3]
    tags = [line[-1] for line in first if len(line) > 1]
    return len(tags) == len(first) > 1 and all(re.fullmatch(r"O|[BILESU]-\S+", t) for t in tags)


def refuse_folder(path: Path, what: str) -> InputError:
    """The refusal of a folder, with the files in it that may be meant."""
    known = (".csv", ".tsv", ".json", ".jsonl", ".parquet", ".xlsx", ".ods", ".npz", ".npy")
    files = sorted(one for one in path.iterdir() if one.name.lower().endswith(known))
    plan = path / "plan.toml"
    if plan.is_file():
        return InputError(
            f"{path}: not a file but a folder; expected {what}: labelbits plan {plan} runs its plan"
        )
    if not files:
        return InputError(f"{path}: not a file but a folder without tables; expected {what}")
    shown = " ".join(map(str, files[:3])) + (" ..." if len(files) > 3 else "")
    return InputError(
        f"{path}: not a file but a folder; expected {what}: name the files in it, {shown}"
    )
