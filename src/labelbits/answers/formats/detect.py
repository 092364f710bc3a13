"""`--format auto`: recognise a file from its content, never from its name."""

from __future__ import annotations

import contextlib
import csv
import re
from pathlib import Path

from labelbits.answers.files.csv_files import LARGEST_FIELD
from labelbits.answers.files.csv_layout import layout_of
from labelbits.answers.files.json_files import json_elements
from labelbits.answers.files.no_data import refuse_no_data
from labelbits.answers.files.numpy_files import load_npz
from labelbits.answers.files.opening import Rejects, check_file, head, open_text
from labelbits.answers.files.parquet import first_rows, is_arrow
from labelbits.answers.formats import (
    annotator_kinds,
    appen,
    argilla,
    arrays,
    best_worst,
    canonical,
    chosen,
    contrastive,
    crowdkit,
    doccano,
    jspsych,
    keyed,
    label_studio,
    labelbox,
    language_models,
    lists,
    markets,
    pair_columns,
    people_rows,
    potato,
    preferences,
    prodigy,
    rankings,
    sagemaker,
    sentences,
    similarity_matrix,
    soft_labels,
    soft_tables,
    studies,
    things,
    toloka,
    top_choices,
    trial_tables,
    triples,
    triplet_choices,
    usual,
    zooniverse,
)
from labelbits.answers.formats import salmon as experiments
from labelbits.answers.formats.deciding import SeveralQuestionsError
from labelbits.answers.formats.named import IN_CELLS
from labelbits.answers.formats.not_recognised import not_recognised
from labelbits.answers.formats.reader import Kind, Options, Probe, Reader, UndecidedError
from labelbits.answers.table.table import validate
from labelbits.errors import InputError

#: Every format, in the order in which `auto` tries them: the most particular first.
READERS: dict[str, Reader] = {
    reader.name: reader
    for reader in (
        canonical.READER,
        label_studio.JSON,
        label_studio.JSON_MIN,
        labelbox.READER,
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
        zooniverse.READER,
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
        contrastive.READER,
        best_worst.READER,
        trial_tables.READER,
        sentences.TRIPLETS,
        sentences.SCORED,
        soft_labels.READER,
        top_choices.READER,
        soft_tables.COLUMNS,
        soft_tables.ROWS,
        rankings.READER,
        lists.READER,
        people_rows.READER,
        pair_columns.READER,
        similarity_matrix.READER,
        preferences.PAIRS,
        preferences.BATTLES,
        chosen.CHOSEN,
        chosen.WON,
        chosen.UNPAIRED,
        crowdkit.LABELS,
        keyed.BY_ANNOTATOR,
        keyed.BY_ITEM,
        keyed.BY_LISTS,
        arrays.COUNTS,
        arrays.PROBABILITIES,
        triples.READER,
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
    told = set() if options is None else set(options.columns) - {annotator_kinds.KEY, *IN_CELLS}
    if "candidates" in told:
        return contrastive.READER, kind_of(path)
    if told & {"best", "worst"}:
        return best_worst.READER, kind_of(path)
    if "loser" in told:
        own = probe(path)
        compared = "head" in told or usual.found(own.columns, triplet_choices.HEADS[:-1])
        return READERS["salmon" if compared else "winner-loser"], own.kind
    sides = bool(told & {"left", "right"})
    if sides and told & {"head", "item"}:
        return triplet_choices.READER, kind_of(path)
    if "head" in told:
        own = probe(path)
        fits = triplet_choices.READER.matches(own) and not experiments.SALMON.matches(own)
        return (triplet_choices.READER if fits else experiments.SALMON), own.kind
    if told & {"left", "right", "winner"}:
        return READERS["battles"], kind_of(path)
    found = probe(path)
    if told:
        found.told = Options(columns=dict(options.columns)) if options else found.told
        fitting = _best(found)
        if len(fitting) == 1 and told <= fitting[0].tells:
            return fitting[0], found.kind
        pairs = (preferences.PAIRS, preferences.BATTLES)
        own = [one for one in pairs if one.matches(found)] if "item" not in told else []
        return (own or [READERS["crowd-kit"]])[0], found.kind
    fitting = _best(found)
    if len(fitting) > 1:
        fitting = _that_read(path, found.kind, fitting, options or Options()) or fitting
    if len(fitting) == 1:
        return fitting[0], found.kind
    if fitting:
        both = "; ".join(f"{reader.name} ({reader.what})" for reader in fitting)
        decide = " or ".join(f"--format {reader.name}" for reader in fitting)
        raise InputError(
            f"{path}: can be read in {len(fitting)} ways: {both}; expected one: {decide} decides"
        )
    raise not_recognised(path, found)


def _that_read(path: Path, kind: Kind, fitting: list[Reader], options: Options) -> list[Reader]:
    """Those of several readers that read a row: one that reads none is no way to read a file."""
    kept = []
    for reader in fitting:
        try:
            if not len(validate(reader.read(path, kind, options), options.classes)[0]):
                continue
        except (SeveralQuestionsError, UndecidedError):
            pass  # it reads the file, and asks
        except InputError:
            continue
        kept.append(reader)
    return kept


def _best(probe: Probe) -> list[Reader]:
    """The readers that fit, those alone that recognise the file by the surest marks."""
    fitting = [reader for reader in READERS.values() if reader.matches(probe)]
    strongest = min((reader.weakness for reader in fitting), default=0)
    fitting = [reader for reader in fitting if reader.weakness == strongest]
    if any(reader.particular for reader in fitting):
        fitting = [reader for reader in fitting if not reader.by_columns]
    sure = (pair_columns.READER, similarity_matrix.READER, best_worst.READER)
    surest = next((reader for reader in sure if reader in fitting), None)
    if surest is not None:
        return [surest]
    if contrastive.READER in fitting and len(fitting) > 1:
        # Any two or three of its columns may look like sides, its lists like the labels of people.
        alike = {preferences.BATTLES, sentences.SCORED, lists.READER, jspsych.READER}
        if {*fitting} <= {contrastive.READER, *alike} and contrastive.compares(probe):
            return [contrastive.READER]
        fitting.remove(contrastive.READER)
    choices = (triplet_choices.READER, preferences.BATTLES, sentences.SCORED)
    surest = next((reader for reader in choices if reader in fitting), None)
    return [reader for reader in fitting if reader is surest or reader not in choices]
