"""`read_answers`: any files that people already have, as one `Answers`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from os import PathLike
from pathlib import Path

import polars as pl

from labelbits.answers.formats.detect import reader_for
from labelbits.answers.formats.markets import Sessions, apply_sessions, read_sessions
from labelbits.answers.formats.reader import Options
from labelbits.answers.table.columns import REJECTED
from labelbits.answers.table.table import assemble, validate
from labelbits.errors import InputError
from labelbits.interface import Answers


def read_answers(
    paths: str | PathLike[str] | Iterable[str | PathLike[str]],
    format: str = "auto",  # noqa: A002 - the public name of the option is --format
    *,
    classes: Sequence[str] | None = None,
    signal: str | None = None,
    seed: int = 0,
) -> Answers:
    """Read files of answers, of one or several formats, as one canonical table.

    `format` names the format of all files, or "auto" to recognise each from its content.
    `classes` gives the class names in order; without it they come from the file, or else from the
    answers. `signal` says what a plain table of labels was asked (default `hard`). `seed` places
    what a file lists winner first. Rows that cannot be read are kept in `Answers.rejected`
    (file, row, reason, found), and `Answers.notes` say what was assumed. Raises `InputError` for
    a file in which nothing can be read.
    """
    if isinstance(paths, (str, PathLike)):
        paths = [paths]
    files = [Path(path) for path in paths]
    if not files:
        raise InputError("no file of answers is given; expected at least one")
    options = Options(tuple(str(name) for name in classes or ()), signal, seed)
    parts: list[pl.DataFrame] = []
    rejected: list[pl.DataFrame] = []
    notes: list[str] = []
    known: tuple[str, ...] = options.classes
    items: list[str] = []
    sessions: list[Sessions] = []
    for path in files:
        reader, kind = reader_for(path, format)
        if reader.name == "prolific" and len(files) > 1:
            sessions.append(read_sessions(path, kind))
            notes.extend(sessions[-1].notes)
            rejected.append(_of_file(path, sessions[-1].rejected.frame()))
            continue
        parsed = reader.read(path, kind, options)
        good, bad, found = validate(parsed, options.classes)
        if not len(good):
            raise nothing_readable(path, reader.name, bad)
        parts.append(good.drop("row"))
        rejected.append(_of_file(path, bad))
        known = tuple(dict.fromkeys([*known, *found]))
        items.extend(parsed.items)
        notes.extend(parsed.notes)
    if not parts:
        raise InputError(f"{files[0]}: the files hold sessions only; expected a file of answers")
    for session in sessions:
        for place, part in enumerate(parts):
            parts[place], gone, note = apply_sessions(part, session)
            notes.append(note)
            rejected.append(
                gone.select(
                    pl.lit("Prolific").alias("file"),
                    pl.lit(None, pl.Int64).alias("row"),
                    pl.lit("participant's submission was not completed").alias("reason"),
                    pl.col("annotator").alias("found"),
                ).cast(REJECTED)
            )
    return assemble(parts, rejected, known, tuple(dict.fromkeys(items)), notes)


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
