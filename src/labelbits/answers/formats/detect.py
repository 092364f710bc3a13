"""`--format auto`: recognise a file from its content, never from its name."""

from __future__ import annotations

import contextlib
import csv
import itertools
import re
from pathlib import Path

from labelbits.answers.files.csv_files import LARGEST_FIELD
from labelbits.answers.files.json_files import json_elements
from labelbits.answers.files.numpy_files import load_npz
from labelbits.answers.files.opening import Rejects, check_file, head, open_text, shorten
from labelbits.answers.files.parquet import first_rows
from labelbits.answers.formats import (
    argilla,
    arrays,
    canonical,
    crowdkit,
    jspsych,
    label_studio,
    language_models,
    markets,
    studies,
)
from labelbits.answers.formats import salmon as experiments
from labelbits.answers.formats.reader import Kind, Probe, Reader
from labelbits.errors import InputError

#: Lines looked at for a header: blank ones before it may be many, but not without end.
MOST_LINES = 10_000

#: Every format, in the order in which `auto` tries them: the most particular first.
READERS: dict[str, Reader] = {
    reader.name: reader
    for reader in (
        canonical.READER,
        label_studio.JSON,
        label_studio.JSON_MIN,
        argilla.READER,
        markets.MTURK,
        markets.PROLIFIC,
        jspsych.READER,
        language_models.READER,
        studies.CIFAR10S,
        studies.WORD_PAIRS,
        experiments.SALMON,
        crowdkit.PAIRS,
        crowdkit.LABELS,
        arrays.COUNTS,
        arrays.TRIPLES,
        arrays.MATRIX,
    )
}


def kind_of(path: Path) -> Kind:
    """What sort of file this is, by its first bytes."""
    check_file(path)
    start = head(path, 4096)
    if start.startswith(b"PAR1"):
        return "parquet"
    if start.startswith(b"\x93NUMPY"):
        return "numpy"
    if start.startswith(b"PK\x03\x04"):
        if b".npy" in start[:300]:
            return "numpy"
        raise InputError(f"{path}: a ZIP archive; expected a file of answers: unpack it first")
    if start.startswith((b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"BZh", b"\xfd7zXZ")):
        raise InputError(f"{path}: a compressed file; expected a file of answers: unpack it first")
    if start.startswith((b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")):
        raise InputError(
            f"{path}: a pickle, which is never loaded; save the table as CSV or Parquet"
        )
    with open_text(path, []) as stream:
        text = stream.read(4096).lstrip("\ufeff \t\r\n")
    if not text or text.count("\0") > len(text) // 10:
        raise InputError(f"{path}: not a text file; expected CSV, JSON, Parquet or NumPy")
    if text[0] in "[{":
        return "json"
    lines = [line for line in text.splitlines()[:20] if line.strip()]
    if lines and all(
        re.fullmatch(r"\s*\d+[\s,;]+\d+[\s,;]+\d+\s*", line) for line in lines[:-1] or lines
    ):
        return "numbers"
    return "csv"


def probe(path: Path) -> Probe:
    """Look at the start of a file."""
    kind = kind_of(path)
    found = Probe(path, kind)
    if kind == "parquet":
        found.columns, found.elements = first_rows(path, 50)
    elif kind == "numpy":
        found.arrays = {
            name: (array.shape, array.dtype.kind) for name, array in load_npz(path).items()
        }
    elif kind == "json":
        for _, value in json_elements(path, Rejects(), []):
            found.elements.append(value)
            if len(found.elements) == 20:
                break
        keys = [str(key) for value in found.elements if isinstance(value, dict) for key in value]
        found.columns = tuple(dict.fromkeys(keys))
    elif kind == "csv":
        _probe_csv(path, found)
    return found


def _probe_csv(path: Path, found: Probe) -> None:
    with open_text(path, []) as stream:
        some = itertools.islice(iter(lambda: stream.readline(LARGEST_FIELD), ""), MOST_LINES)
        lines = list(itertools.islice((line for line in some if line.strip()), 50))
    if not lines:
        return
    lines[0] = lines[0].lstrip("\ufeff")
    delimiter = max(",;\t", key=lines[0].count)
    csv.field_size_limit(LARGEST_FIELD)
    records: list[list[str]] = []
    with contextlib.suppress(csv.Error):
        records.extend(csv.reader(lines, delimiter=delimiter))
    if records:
        found.columns = tuple(name.strip() for name in records[0])
        found.elements = [record for record in records[1:] if len(record) == len(records[0])]


def reader_for(path: Path, name: str = "auto") -> tuple[Reader, Kind]:
    """The reader called `name`, or the first that recognises the file."""
    if name != "auto":
        if name not in READERS:
            raise InputError(
                f"unknown format {name!r}; expected auto or one of: {', '.join(READERS)}"
            )
        return READERS[name], kind_of(path)
    found = probe(path)
    for reader in READERS.values():
        if reader.matches(found):
            return reader, found.kind
    seen = found.columns or tuple(found.arrays) or (found.kind,)
    if not all(c.isprintable() or c.isspace() for c in "".join(seen)):
        # Control characters would garble the terminal and tell the user nothing.
        seen = ("bytes that are not text",)
    raise InputError(
        f"{path}: format not recognised; found {shorten(', '.join(seen), 200)}; "
        "expected a table of item, annotator, label, or one of the formats "
        f"{', '.join(READERS)} (labelbits pilot FILE --format NAME reads a file as one of them)"
    )
