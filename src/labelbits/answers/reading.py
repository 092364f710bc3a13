"""`read_answers`: any files that people already have, as one `Answers`."""

from __future__ import annotations

import hashlib
import itertools
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from labelbits.answers.files.containers import one_sheet
from labelbits.answers.files.opening import check_file, said_of_splits
from labelbits.answers.formats.annotator_kinds import (
    called_like_models,
    with_kinds,
    with_models_by_name,
)
from labelbits.answers.formats.cells import same_but_for_case
from labelbits.answers.formats.detect import columns_of, reader_for
from labelbits.answers.formats.language_models import MODEL
from labelbits.answers.formats.markets import Sessions, apply_sessions, read_sessions
from labelbits.answers.formats.named import of_answers, with_usual_keys
from labelbits.answers.formats.reader import Options, Reader
from labelbits.answers.formats.times import PLAUSIBLE
from labelbits.answers.formats.verdicts import with_verdicts
from labelbits.answers.in_python import in_python, refusal_in_python
from labelbits.answers.table.columns import KEPT, REJECTED, Parsed
from labelbits.answers.table.table import assemble, validate
from labelbits.errors import InputError
from labelbits.interface import Answers
from labelbits.signals import REGISTRY


def read_answers(
    paths: str | PathLike[str] | Iterable[str | PathLike[str]] | Any,
    format: str = "auto",  # noqa: A002 - the public name of the option is --format
    *,
    classes: Sequence[str] | None = None,
    signal: str | None = None,
    columns: Mapping[str, str] | None = None,
    question: str | None = None,
    sheet: str | None = None,
    seed: int = 0,
) -> Answers:
    """Read files of answers, of one or several formats, as one canonical table.

    `paths` may also be a data frame (pandas, polars, pyarrow: any that narwhals knows), whose
    columns are those of a table of answers.
    `format` names the format of all files, or "auto" to recognise each from its content.
    `classes` gives the class names in order; without it they come from the file, or else from the
    answers. `signal` says what a plain table of labels was asked (default: what all its answers
    show, `hard` for names). `columns` says which column is what in a plain table: item,
    annotator, annotator_kind, label, seconds, milliseconds, price, gold, question, group, left,
    right, winner.
    `question` is the one to read where a file holds answers to several, which are never pooled.
    `sheet` is the one to read of spreadsheets that hold several (the first with cells).
    `seed` places what a file lists winner first. Rows that cannot be read are kept in
    `Answers.rejected` (file, row, reason, found), and `Answers.notes` say what was assumed. Raises
    `InputError` for a file in which nothing can be read, and for one of several questions where
    none is named (`SeveralQuestionsError`).

    Example
    -------
    >>> import polars as pl
    >>> from labelbits import read_answers
    >>> frame = pl.DataFrame(
    ...     {"item": ["a", "a", "b"], "annotator": ["ann", "bob", "ann"], "label": ["x", "y", "x"]}
    ... )
    >>> answers = read_answers(frame)
    >>> len(answers), answers.items, answers.classes
    (3, ('a', 'b'), ('x', 'y'))
    """
    if hasattr(paths, "columns") or hasattr(paths, "column_names"):
        return _of_frame(
            paths, format, classes=classes, signal=signal, columns=columns, question=question,
            seed=seed,
        )  # fmt: skip
    if isinstance(paths, np.ndarray):
        return _of_array(paths, format, classes=classes, signal=signal, columns=columns,
                         question=question, seed=seed)  # fmt: skip
    named = [Path(one) for one in ([paths] if isinstance(paths, (str, PathLike)) else paths)]
    files, splits = _files(named), [said for one in named for said in said_of_splits(one)]
    every = with_usual_keys(columns or {})
    told = of_answers(every)
    describing = tuple(name for key, name in every.items() if key not in told)
    options = Options(tuple(map(str, classes or ())), signal, seed, told, question, describing)
    with one_sheet(sheet):
        found = _of_files(files, format, options)
    return replace(found, notes=(*splits, *found.notes)) if splits else found


def _of_files(files: list[Path], format: str, options: Options) -> Answers:  # noqa: A002 - as above
    """See `read_answers`."""
    signal = options.signal
    if not files:
        raise InputError("no file of answers is given; expected at least one")
    if signal is not None and signal not in (*REGISTRY, *KEPT):
        raise InputError(
            f"signal {signal!r} is unknown; expected one of: {', '.join((*REGISTRY, *KEPT))}"
        )
    read = _Read(known=options.classes, several=len(files) > 1)
    sessions: list[Sessions] = []
    for path in files:
        if read.is_same_file(path):
            continue
        reader, kind = reader_for(path, format, options)
        if reader.sessions and len(files) > 1:
            sessions.append(read_sessions(path, kind))
            read.notes.extend(sessions[-1].notes)
            read.rejected.append(_of_file(path, sessions[-1].rejected.frame()))
            continue
        parsed = reader.read(path, kind, options)
        parsed = with_kinds(path, kind, parsed, columns_of(path, kind), options.columns)
        read.add(path, reader, parsed, options)
    if not read.parts:
        raise InputError(f"{files[0]}: the files hold sessions only; expected a file of answers")
    for session in sessions:
        for place, part in enumerate(read.parts):
            read.parts[place], gone, note = apply_sessions(part, session)
            read.notes.append(note)
            read.rejected.append(
                gone.select(
                    pl.lit("Prolific").alias("file"),
                    pl.lit(None, pl.Int64).alias("row"),
                    pl.lit("participant's submission was not completed").alias("reason"),
                    pl.col("annotator").alias("found"),
                ).cast(REJECTED)
            )
    parts = with_verdicts(read.parts, read.notes)
    known = read.known
    if any(one is not other for one, other in zip(parts, read.parts, strict=True)):
        said = [one for part, one in zip(parts, read.named, strict=True) if _names(part)]
        known = tuple(dict.fromkeys([*options.classes, *itertools.chain(*said)]))
    answers = assemble(parts, read.rejected, known, tuple(dict.fromkeys(read.items)), read.notes)
    answers = with_models_by_name(answers)
    answers = replace(answers, notes=(*answers.notes, *_doubts(answers)))
    return replace(answers, gold=read.gold) if read.gold else answers


def _names(part: pl.DataFrame) -> bool:
    """Do answers of this part name classes?"""
    return not set(part["signal"].unique()) <= set(KEPT)


def _doubts(answers: Answers) -> list[str]:
    """What all answers together make doubtful."""
    kinds = answers.table.columns
    if "annotator_kind" in kinds:
        people = answers.table.filter(pl.col("annotator_kind").ne_missing(MODEL))
        names = people["annotator"].unique(maintain_order=True).to_list()
    else:
        names = list(answers.annotators)
    said = []
    for what, own in (("items", answers.items), ("annotators", answers.annotators)):
        alike = same_but_for_case(own)
        if alike:
            shown = "; ".join(" / ".join(group) for group in alike[:3])
            more = f" and {len(alike) - 3:,} more" if len(alike) > 3 else ""
            said.append(f"{what} that differ by capitals only are kept apart: {shown}{more}")
    said += _long_times(answers)
    found = called_like_models(names)
    if found:
        said.append(
            f"{', '.join(found[:3])} {'is' if len(found) == 1 else 'are'} named like a language "
            "model and counted as a person: a column annotator_kind that says person or model sets "
            "models apart (--columns annotator_kind=COL)"
        )
    return said


def _long_times(answers: Answers) -> list[str]:
    """Ask about times whose median no question takes, where no reader of a column did."""
    if "seconds" not in answers.table.columns:
        return []
    median = answers.table["seconds"].median()
    asked = any("milliseconds" in note for note in answers.notes)
    if not isinstance(median, float) or median <= PLAUSIBLE or asked:
        return []
    return [
        f"the median time is {median:,.0f} s ({median / 60:,.0f} min) an answer: are these "
        "milliseconds, or breaks counted in?"
    ]


def _of_frame(frame: Any, format: str, **more: Any) -> Answers:  # noqa: A002 - as above
    """A data frame as a file, and the answers in it; messages say "the frame"."""
    import narwhals as nw

    known = nw.from_native(frame, eager_only=True, pass_through=True)
    if not isinstance(known, nw.DataFrame):
        raise InputError(
            f"answers are a {type(frame).__name__}; expected files, or a frame of pandas, polars "
            "or pyarrow"
        )
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "frame.parquet"
        known.write_parquet(file)
        index = getattr(getattr(frame, "index", None), "name", None) or "__index_level_0__"
        if index in pl.read_parquet_schema(file) and index not in known.columns:
            # Names of rows stand last; where a table says what its rows are is in front.
            own = pl.read_parquet(file)
            own.select(index, pl.exclude(index)).write_parquet(file)
        return _in_file(file, "the frame", format, **more)


def _of_array(array: np.ndarray, format: str, **more: Any) -> Answers:  # noqa: A002 - as above
    """An array as a file; messages say "the array".

    Raises `InputError` for three numbers a row that may be triplets or have the odd one last.
    """
    triples = array.ndim == 2 and array.shape[1] == 3 and array.dtype.kind in "iu"
    if array.dtype.kind not in "biufUS":
        raise InputError(
            f"answers are an array of {array.dtype}; expected numbers or names, files, or a frame"
        )
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "array.npy"
        np.save(file, array)
        found = _in_file(file, "the array", format, **more)
    if triples and format == "auto" and more["signal"] is None and "odd-one-out" in _kinds(found):
        raise InputError(
            f"the array has {len(array):,} rows of three item numbers; expected one of: "
            'signal="triplet" (the first is nearer to the second than to the third, as '
            'SignalEmbedding.fit and lb.plan take it), signal="odd-one-out" (the odd one is last)'
        )
    return found


def _kinds(found: Answers) -> set[str]:
    return set(found.table["signal"].unique())


def _in_file(file: Path, called: str, format: str, **more: Any) -> Answers:  # noqa: A002 - as above
    """The answers in a file that stands for what is `called` so, in messages too."""
    try:
        found = read_answers(file, format, **more)
    except InputError as problem:
        said = refusal_in_python(str(problem)).replace(str(file), called)
        raise InputError(said) from None
    own = tuple(
        in_python(note).replace(str(file), called).replace(file.name, called)
        for note in found.notes
    )
    found = replace(found, notes=own)
    if found.rejected is not None:
        found = replace(found, rejected=found.rejected.with_columns(file=pl.lit(called, pl.String)))
    return found


def _files(paths: Iterable[Path]) -> list[Path]:
    """The files named, and the Arrow files of folders that `datasets` saved."""
    files: list[Path] = []
    for path in paths:
        shards = sorted(path.rglob("*.arrow")) if path.is_dir() else []
        files.extend(shards[:1000] or [path])
    return files


@dataclass
class _Read:
    """What was read so far: an answer or a file that comes again changes nothing."""

    known: tuple[str, ...] = ()
    several: bool = False
    parts: list[pl.DataFrame] = field(default_factory=list)
    rejected: list[pl.DataFrame] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    items: list[str] = field(default_factory=list)
    gold: dict[str, str] = field(default_factory=dict)
    ids: set[str] = field(default_factory=set)
    named: list[tuple[str, ...]] = field(default_factory=list)
    contents: dict[tuple[int, str], Path] = field(default_factory=dict)
    tables: dict[int, Path] = field(default_factory=dict)

    def is_same_file(self, path: Path) -> bool:
        """Is the content of `path` that of a file read before? Then a note says so."""
        check_file(path)
        if not self.several:
            return False
        with path.open("rb") as stream:
            key = (path.stat().st_size, hashlib.file_digest(stream, "blake2b").hexdigest())
        first = self.contents.setdefault(key, path)
        if first is path:
            return False
        self.notes.append(f"{path}: the same file as {first}; it is read once")
        return True

    def add(self, path: Path, reader: Reader, parsed: Parsed, options: Options) -> None:
        """Keep the rows of one file that fit their signal and were not read before."""
        good, bad, found = validate(parsed, options.classes)
        if not len(good):
            raise nothing_readable(path, reader.name, bad)
        self.rejected.append(_of_file(path, bad))
        self.notes.extend(parsed.notes)
        if "id" in good.columns:
            good = self._without_known_ids(path, good)
        good = good.drop("row", "id", strict=False)
        if self.several and len(good) and self._is_known(path, good):
            return
        self.known = tuple(dict.fromkeys([*self.known, *found]))
        self.items.extend(parsed.items)
        self.gold |= parsed.gold
        self.parts.append(good)
        self.named.append(tuple(found))

    def _without_known_ids(self, path: Path, good: pl.DataFrame) -> pl.DataFrame:
        """Leave out annotations whose id another file had, and those that this one holds twice."""
        same = ["id", "signal", "items", "answer"]
        twice = ~good.select(pl.struct(same).is_first_distinct()).to_series()
        twice &= good["id"].is_not_null()
        if twice.any():
            said = "annotation id and answer stand in the file twice; the first is kept"
            lost = good.filter(twice).select("row", pl.lit(said).alias("reason"), found="id")
            self.rejected.append(_of_file(path, lost))
            good = good.filter(~twice)
        again = good["id"].is_in(list(self.ids)) & good["id"].is_not_null()
        self.ids.update(good["id"].drop_nulls())
        if again.any():
            said = "annotation id stands in another file too; the first is kept"
            lost = good.filter(again).select("row", pl.lit(said).alias("reason"), found="id")
            self.rejected.append(_of_file(path, lost))
            good = good.filter(~again)
        return good

    def _is_known(self, path: Path, good: pl.DataFrame) -> bool:
        """Does another file hold exactly these answers, in another container?"""
        own = good.with_columns(pl.col("items").list.join("\x1f"))
        names = [n for n in ("signal", "annotator", "items", "answer") if n in own.columns]
        total = int(own.select(names).hash_rows(seed=0).sort().hash(seed=1).sum() or 0)
        key = hash((len(own), total))
        first = self.tables.setdefault(key, path)
        if first is path:
            return False
        self.notes.append(
            f"{path}: the same {len(own):,} answers as {first}, in another file; they are read once"
        )
        return True


def _of_file(path: Path, rows: pl.DataFrame) -> pl.DataFrame:
    """Rejected rows with the file they come from."""
    return rows.select(pl.lit(str(path)).alias("file"), "row", "reason", "found").cast(REJECTED)


def nothing_readable(path: Path, name: str, bad: pl.DataFrame) -> InputError:
    """The refusal of a whole file, with its most frequent reason."""
    if not len(bad):
        return InputError(f"{path}: holds no answers (read as {name}); expected at least one")
    reasons = bad.group_by("reason").len().sort("len", descending=True)
    first = bad.filter(pl.col("reason") == reasons["reason"][0]).row(0, named=True)
    return InputError(
        f"{path}: none of {len(bad)} rows can be read as {name}; row {first['row']}: "
        f"{first['reason']}; found {first['found'] or 'nothing'}"
    )
