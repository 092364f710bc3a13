"""`--format auto`: recognise a file from its content, never from its name."""

from __future__ import annotations

import contextlib
import csv
import re
from pathlib import Path

import polars as pl

from labelbits.answers.files.csv_files import LARGEST_FIELD
from labelbits.answers.files.csv_layout import layout_of
from labelbits.answers.files.json_files import json_elements
from labelbits.answers.files.no_data import refuse_no_data
from labelbits.answers.files.numpy_files import load_npz
from labelbits.answers.files.opening import Rejects, check_file, head, open_text, shorten
from labelbits.answers.files.parquet import first_rows, is_arrow
from labelbits.answers.formats import (
    annotator_kinds,
    appen,
    argilla,
    arrays,
    canonical,
    crowdkit,
    doccano,
    jspsych,
    keyed,
    label_studio,
    language_models,
    lists,
    markets,
    potato,
    preferences,
    prodigy,
    rankings,
    sagemaker,
    sentences,
    soft_labels,
    soft_tables,
    studies,
    things,
    toloka,
    triplet_choices,
    usual,
)
from labelbits.answers.formats import salmon as experiments
from labelbits.answers.formats.class_columns import head_of
from labelbits.answers.formats.number_tables import BY_NAME, which_fit
from labelbits.answers.formats.other_answers import other_answers
from labelbits.answers.formats.reader import Kind, Options, Probe, Reader, first_of
from labelbits.answers.formats.row_names import id_of_rows
from labelbits.errors import InputError

#: Every format, in the order in which `auto` tries them: the most particular first.
READERS: dict[str, Reader] = {
    reader.name: reader
    for reader in (
        canonical.READER,
        label_studio.JSON,
        label_studio.JSON_MIN,
        argilla.READER,
        argilla.RECORDS,
        prodigy.READER,
        doccano.READER,
        sagemaker.MANIFEST,
        sagemaker.RESPONSES,
        sagemaker.CONSOLIDATION,
        keyed.LEWIDI,
        keyed.HATEXPLAIN,
        keyed.COUNTERS_READER,
        toloka.READER,
        appen.READER,
        appen.AGGREGATED,
        potato.READER,
        markets.MTURK,
        markets.PROLIFIC,
        jspsych.READER,
        language_models.READER,
        studies.CIFAR10S,
        studies.WORD_PAIRS,
        experiments.SALMON,
        things.READER,
        triplet_choices.READER,
        sentences.TRIPLETS,
        sentences.SCORED,
        soft_labels.READER,
        soft_tables.COLUMNS,
        soft_tables.ROWS,
        rankings.READER,
        lists.READER,
        preferences.PAIRS,
        preferences.BATTLES,
        preferences.CHOSEN,
        preferences.UNPAIRED,
        crowdkit.LABELS,
        keyed.BY_ANNOTATOR,
        keyed.BY_ITEM,
        arrays.COUNTS,
        arrays.PROBABILITIES,
        arrays.TRIPLES,
        arrays.MATRIX,
    )
}


def kind_of(path: Path) -> Kind:
    """What sort of file this is, by its first bytes, unpacked where it is packed."""
    check_file(path)
    start = head(path, 4096)
    refuse_no_data(path, start)
    if start.startswith(b"PAR1") or is_arrow(start):
        return "parquet"
    if start.startswith(b"\x93NUMPY"):
        return "numpy"
    if start.startswith(b"PK\x03\x04"):
        if b".npy" in start[:300]:
            return "numpy"
        raise InputError(f"{path}: a ZIP archive; expected a file of answers: unpack it first")
    if start.startswith(b"\x28\xb5\x2f\xfd"):
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
    lines = [line for line in text.splitlines()[:21] if line.strip() and line[0] != "#"]
    lines = lines[: max(1, len(lines) - 1)]  # the last may be cut off
    widths = {len(re.split(r"[\s,;]+", line.strip())) for line in lines}
    number = r"[+-]?(\d+(\.\d*)?|nan|NaN)"
    if (
        len(widths) == 1
        and widths != {1}
        and all(re.fullmatch(rf"\s*{number}([\s,;]+{number})+\s*", line) for line in lines)
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
    csv.field_size_limit(LARGEST_FIELD)
    with open_text(path, []) as stream:
        layout = layout_of(path, stream, LARGEST_FIELD)
    records: list[list[str]] = []
    with contextlib.suppress(csv.Error):
        for record in csv.reader(layout.lines, delimiter=layout.delimiter):
            records.append([c for c in record if c] if layout.delimiter == " " else record)
    if records:
        found.columns = layout.header
        found.elements = [record for record in records[1:] if len(record) == len(found.columns)]


def columns_of(path: Path, kind: Kind) -> tuple[str, ...]:
    """The columns of a flat file, by its start; none of anything else."""
    return probe(path).columns if kind in ("csv", "parquet", "json") else ()


def reader_for(
    path: Path, name: str = "auto", options: Options | None = None
) -> tuple[Reader, Kind]:
    """The reader called `name`, or the one that recognises the file.

    Raises `InputError` where none does, and where two do: then both are shown, and --format
    decides.
    """
    if name != "auto":
        if name not in READERS:
            raise InputError(
                f"unknown format {name!r}; expected auto or one of: {', '.join(READERS)}"
            )
        return READERS[name], kind_of(path)
    told = set() if options is None else set(options.columns) - {annotator_kinds.KEY}
    if told & {"head", "loser"}:
        return READERS["salmon"], kind_of(path)
    if told & {"left", "right", "winner"}:
        return READERS["battles"], kind_of(path)
    found = probe(path)
    if told:
        pairs = (preferences.PAIRS, preferences.BATTLES)
        own = [one for one in pairs if one.matches(found)] if "item" not in told else []
        return (own or [READERS["crowd-kit"]])[0], found.kind
    fitting = [reader for reader in READERS.values() if reader.matches(found)]
    strongest = min((reader.weakness for reader in fitting), default=0)
    fitting = [reader for reader in fitting if reader.weakness == strongest]
    if any(reader.particular for reader in fitting):
        fitting = [reader for reader in fitting if not reader.by_columns]
    if triplet_choices.READER in fitting:
        fitting = [reader for reader in fitting if reader is not preferences.BATTLES]
    if len(fitting) == 1:
        return fitting[0], found.kind
    if fitting:
        both = "; ".join(f"{reader.name} ({reader.what})" for reader in fitting)
        decide = " or ".join(f"--format {reader.name}" for reader in fitting)
        raise InputError(
            f"{path}: can be read in {len(fitting)} ways: {both}; expected one: {decide} decides"
        )
    raise not_recognised(path, found)


def _holds_counts(found: Probe) -> bool:
    """Are two columns or more whole numbers of 0 or more in the rows at the start?"""
    head = head_of(found)
    if found.kind not in ("csv", "parquet") or head is None:
        return False
    named = [name for name in head.columns if name != id_of_rows(head)]
    whole = [name for name in named if head[name].str.contains(r"^\s*\d+\s*$").all()]
    return len(whole) >= 2 and len(whole) == len(named)


def _holds_names(head: pl.DataFrame | None, item: str | None) -> bool:
    """Are the columns beside the item's words of a few letters, several of them again and again?"""
    if head is None or item is None or head.width < 3 or len(head) < 4:
        return False
    own = [head[name].drop_nulls() for name in head.columns if name != item]
    few = [len(one) > 0 and one.n_unique() <= max(1, len(one) // 2) for one in own]
    return all(few) and all(one.str.len_chars().max() <= 30 for one in own)  # type: ignore[operator]


def _by_name(path: Path, columns: tuple[str, ...]) -> InputError:
    """Rows of names that are all different: comparisons of items, or labels without agreement."""
    text = f"{path}: rows hold 3 different names of {', '.join(columns)}; "
    if len(columns) > 3:
        return InputError(
            f"{text}rows may be triples of items, {columns[-1]!r} the odd one, or labels that "
            "never agree; expected triples as three columns of item numbers, the odd one last "
            "(--format odd-one-out), or --format cleanlab where each column is an annotator"
        )
    told = ",".join(map("=".join, zip(("head", "winner", "loser"), columns, strict=True)))
    return InputError(
        f"{text}rows may compare items or be labels that never agree; expected one of: --columns "
        f"{told} (which item is compared, the nearer, the farther), "
        "or --format cleanlab where each column is an annotator"
    )


def not_recognised(path: Path, found: Probe) -> InputError:
    """What was found, which column is missing, and the option that says which one it is."""
    seen = found.columns or tuple(found.arrays) or (found.kind,)
    if not all(c.isprintable() or c.isspace() for c in "".join(seen)):
        # Control characters would garble the terminal and tell the user nothing.
        seen = ("bytes that are not text",)
    named = shorten(", ".join(seen), 200)
    if len(found.columns) == 1 and found.kind in ("csv", "parquet"):
        named = f"the one column {named}"
    elif found.kind == "json" and not found.columns:
        named = "JSON without objects of named values"
    if BY_NAME in which_fit(found):
        return _by_name(path, found.columns)
    text = f"{path}: format not recognised; found {named}; "
    if _holds_counts(found):
        text += (
            "if the numbers are votes by class, a row an item, --format counts reads them; if each "
            "column is an annotator, --format cleanlab; "
        )
        if len(found.columns) == 3:
            text += "if each row is three item numbers, the odd one last, --format odd-one-out; "
    if found.columns and found.kind in ("csv", "parquet", "json"):
        table = pl.DataFrame(schema=dict.fromkeys(found.columns, pl.String))
        known = {
            "item": usual.ITEM,
            "annotator": usual.WORKER,
            "label": (*usual.LABEL, *usual.SCALE),
        }
        names = {key: first_of(table, *own) for key, own in known.items()}
        at_fault = [key for key, name in names.items() if name is None]
        perhaps = usual.label_column(found.columns, names["item"], names["annotator"]).perhaps
        head = head_of(found)
        if names["label"] is None and not perhaps and names["item"] and head is not None:
            used = (names["item"], names["annotator"])
            perhaps = tuple(other_answers(head, used, str(names["item"]), names["annotator"]))
        if at_fault:
            text += f"no column is known to hold the {' or the '.join(at_fault)}; "
        if names["label"] is None and perhaps:
            text += f"{' and '.join(map(repr, perhaps[:4]))} may hold the label: --columns "
            text += f"label={perhaps[0]} reads that one; "
        if _holds_names(head, names["item"]) and names["annotator"] is None:
            text += "if each column is an annotator, --format cleanlab reads them; "
        text += "--columns item=COL,annotator=COL,label=COL says which column is what; otherwise "
    return InputError(
        text + "expected a table of item, annotator, label, or a file of an annotation platform "
        "(labelbits pilot FILE --format NAME reads it as one; docs/answers.md lists the names)"
    )
