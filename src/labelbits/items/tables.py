"""From people's own tables to a plan's evidence: items joined by id, features, labels, gold.

A table has a row an item or a row an answer; both can be mixed, also over several files, and any
format of answers may be among them. Items without a label are what can be bought.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from labelbits.answers.formats import cells, usual
from labelbits.answers.formats.item_parts import joined, part_of_item, with_named
from labelbits.answers.formats.summary_rows import without_summaries
from labelbits.answers.formats.ticks import hint_of_ticks, tick_columns
from labelbits.answers.formats.who import who_column
from labelbits.answers.table.columns import IDEAL
from labelbits.errors import InputError, near_name
from labelbits.interface import Answers
from labelbits.items.answered import answers_in, read_files_of_answers
from labelbits.items.joining import by_number, column_of_ids, said_of_numbers, with_names
from labelbits.items.reading import (
    IDS,
    found_column,
    id_column,
    no_column,
    read_table,
    unique_column,
)
from labelbits.items.undescribed import described_rows, finite_rows, without_items
from labelbits.items.usual_columns import with_usual_columns

#: Values of a label that mean that there is none.
MISSING = cells.MISSING | {"none", "-"}
#: The column that items are joined by, once it is found.
JOINED = "id of item"
#: Fields of `Columns` that each name one column that is no id.
KEYS = ("text", "image", "label", "annotator", "seconds", "gold")
#: How a key is said where the command line is what people wrote.
Say = Callable[[str], str]


@dataclass(frozen=True)
class Columns:
    """Which column is what; None or () where the user did not say.

    `question` is the one to read where answers to several are there, `signal` what was asked in
    them, `format` that of the answers.
    `classes` are their names, where the user says them: other answers are left out.
    `more` are columns of answers by the other keys of `--columns` (`answers.formats.named`).
    """

    id: str | None = None
    text: str | None = None
    image: str | None = None
    features: tuple[str, ...] = ()
    label: str | None = None
    annotator: str | None = None
    seconds: str | None = None
    gold: str | None = None
    question: str | None = None
    signal: str | None = None
    format: str = "auto"
    classes: tuple[str, ...] = ()
    more: Mapping[str, str] = field(default_factory=dict)

    def of_answers(self) -> dict[str, str]:
        """What is said of columns of answers, by the keys of `--columns`."""
        own = {"item": self.id, "annotator": self.annotator, "label": self.label,
               "seconds": self.seconds}  # fmt: skip
        return {**{key: name for key, name in own.items() if name}, **self.more}


@dataclass
class Items:
    """What was found: `ids` and `features` of all items, `answers` and `gold` of some; `shown` is
    what people are shown of each (its text or the path of its image); `left_out` are items that
    nothing describes; `notes`."""

    ids: list[str]
    features: np.ndarray
    answers: Answers | None
    gold: list[str | None] | None
    notes: list[str] = field(default_factory=list)
    shown: list[str] | None = None
    left_out: list[str] = field(default_factory=list)


def read_tables(
    paths: Sequence[Path],
    columns: Columns,
    seed: int = 0,
    *,
    embedding: str | None = None,
    say: Say = lambda name: f"--{name}",
    locate: Callable[[str], Path] = Path,
    answers_too: bool = True,
    by_name: bool = False,
    guessed_ids: bool = False,
    progress: Callable[[str, float], None] = lambda what, share: None,
) -> Items:
    """Read tables of items and answers, and join them by id.

    `embedding` names what makes features of texts or images (`items.embedding`), `locate` finds a
    file that `features` names; without `answers_too` only a column of labels is read. `by_name`:
    columns that nobody named are taken by usual names, as in a table of answers; `guessed_ids`: so
    are ids, as `labelbits init` guesses them. Raises
    `InputError` that names the file and the column for what is missing or does not fit.
    """
    notes: list[str] = []
    where = ", ".join(str(path) for path in paths)
    tables, answers = _files(list(map(Path, paths)), columns, answers_too, notes)
    held = () if answers is None else answers.items
    tables = [with_named(one, held, columns.id) for one in tables]
    table, name, renamed = _joined(tables, list(map(Path, paths)), columns, answers, where, say,
                                   notes, guessed_ids)  # fmt: skip
    if renamed and answers is not None:
        answers = with_names(answers, renamed)
    columns = _checked(table, columns, where, say, locate)
    if by_name and columns.label:
        columns = with_usual_columns(table.drop(JOINED), columns, where, notes)
    empty = table[JOINED].is_null()
    if empty.any():
        raise InputError(
            f"{where}: {int(empty.sum())} rows have no {name} (row {int(empty.arg_max() or 0) + 1} "
            "is one); expected an id in every row"
        )
    if not len(table):
        raise InputError(f"{where}: a table without rows; expected a row an item")
    ids = table[JOINED].unique(maintain_order=True).to_list()
    if answers is None and by_name and not columns.label:
        ticked = tick_columns(table.drop(JOINED))
        if len(ticked) > 1:
            raise InputError(f"{where}: {hint_of_ticks(ticked, say('label') + ' ')}")
    features, shown, kept = _described(
        table, ids, columns, where, seed, embedding, locate, notes, progress
    )
    if columns.label:
        answers = answers_in(table, JOINED, columns, where, notes)
    known = set(ids)
    left_out = [one for one, there in zip(ids, kept, strict=True) if not there]
    ids = [one for one, there in zip(ids, kept, strict=True) if there]
    if answers is not None:
        lost = [one for one in answers.items if one not in known]
        if lost:
            if lost == [IDEAL]:
                raise InputError(
                    f"{where}: the answers hold ratings or preferences beside labels, which are "
                    "compared with an ideal item that no table describes; expected one question: "
                    "--question NAME names it"
                )
            raise InputError(
                f"{where}: {len(lost):,} of {len(answers.items):,} items of the answers are not in "
                f"the tables ({lost[0]!r} is one{near_name(lost[0], known)}); expected the same "
                f"names of items: {say('id')} COLUMN joins them"
            )
        answers = without_items(answers, left_out, notes)
        # A table of counts or of people's columns also lists items that nobody labelled.
        held = answers.table["items"].explode().n_unique()
        free = len(ids) - held
        notes.append(
            f"{len(answers):,} answers on {held:,} of {len(ids):,} items were read; "
            f"{free:,} items have no label and can be bought"
        )
    gold = None
    if columns.gold:
        known = table.select(JOINED, pl.lit(cells.names(table[columns.gold])).alias("gold"))
        held = {i: g for i, g in known.iter_rows() if g is not None and g.lower() not in MISSING}
        gold = [held.get(one) for one in ids]
    elif by_name and answers is not None and set(answers.gold.values()) <= set(answers.classes):
        gold = [answers.gold.get(one) for one in ids] if answers.gold else None
    return Items(ids, features, answers, gold, notes, shown, left_out)


def as_read(notes: Sequence[str]) -> str:
    """How tables were read, as one note."""
    return "How the tables were read: " + "; ".join(note.rstrip(".") for note in notes)


def _files(
    paths: list[Path], columns: Columns, answers_too: bool, notes: list[str]
) -> tuple[list[pl.DataFrame], Answers | None]:
    """The files as tables, and the answers in those of them that are in a format of answers."""
    tables: list[pl.DataFrame] = []
    for path in paths:
        if path.suffix == ".toml":
            raise InputError(f"{path}: a plan file stands alone; leave the tables out")
        tables.append(read_table(path, notes))
    if not answers_too or columns.label:
        return tables, None
    answers = read_files_of_answers(paths, columns, notes)
    return tables, answers


def _joined(
    tables: list[pl.DataFrame],
    paths: list[Path],
    columns: Columns,
    answers: Answers | None,
    where: str,
    say: Say,
    notes: list[str],
    guessed: bool,
) -> tuple[pl.DataFrame, str, dict[str, str]]:
    """(all rows with the column `JOINED`, what that column is called, ids that it calls another
    name).

    `guessed`: one table's ids may be a column whose values are all different, as in a first plan.
    """
    guessed = guessed and len(tables) == 1
    if columns.id and not any(found_column(one, columns.id) for one in tables):
        raise no_column(where, say("id"), columns.id, _all_columns(tables))
    named: list[tuple[pl.DataFrame, str | None]] = []
    for table, path in zip(tables, paths, strict=True):
        own = found_column(table, columns.id) if columns.id else None
        if own is None and answers is not None:
            own = names_of(answers, table)
        if own is None:
            own = id_column(table)
        if own is not None and columns.id is None and answers is None:
            worker = found_column(table, columns.annotator) if columns.annotator else None
            worker = worker or who_column(table)
            used = {getattr(columns, one.name) for one in fields(columns) if one.name in KEYS}
            if (second := part_of_item(table, own, worker, used)) is not None:
                notes.append(f"an item is named by {own!r} and {second!r} together")
                table, own = joined(table, (own, second))
        if own is None and guessed and answers is None and not columns.annotator:
            used = {getattr(columns, one.name) for one in fields(columns) if one.name in KEYS}
            taken = {*used, *columns.features, *columns.more.values()}
            own = unique_column(table, {name and found_column(table, name) for name in taken})
        if own is None and columns.text and len(tables) == 1:
            text = found_column(table, columns.text)
            own = text if columns.annotator or _repeats(table, text) else None
            if own is not None:
                notes.append(
                    f"no column is called {', '.join(IDS[:3])}: equal texts are one item "
                    f"({say('id')} COLUMN names items otherwise)"
                )
        if own is not None:
            table = without_summaries(table, own, path, notes)
        named.append((table, own))
    if len(named) > 1:
        named = _by_values(named, notes, paths)
        nameless = next((k for k, (_, own) in enumerate(named) if own is None), None)
        if nameless is not None:
            raise InputError(
                f"{where}: no column joins table {nameless + 1} to the others (columns: "
                f"{', '.join(named[nameless][0].columns[:10])}); expected {say('id')} "
                f"COLUMN, or a column called {', '.join(IDS[:6])}"
            )
    elif named[0][1] is None:
        notes.append(
            f"every row is an item of its own, named by its number from 0: no column of ids was "
            f"found ({say('id')} names one)"
        )
        numbers = pl.Series(JOINED, range(len(named[0][0])), dtype=pl.Int64).cast(pl.String)
        return named[0][0].with_columns(numbers), "row number", {}
    if columns.id is None and named[0][1] != columns.text:
        found = dict.fromkeys(repr(own) for _, own in named)
        notes.append(
            f"items are named by the column {' and '.join(found)} ({say('id')} says otherwise)"
        )
    parts = [
        table.with_columns(pl.lit(cells.names(table[str(own)])).alias(JOINED))
        for table, own in named
    ]
    sets = [set(one[JOINED].drop_nulls()) for one in parts]
    describing = [one for one in (columns.text, columns.image, *columns.features) if one]
    described = [any(found_column(one, name) for name in describing) for one in parts]
    renamed = by_number(sets, described, [str(path) for path in paths], say("id"))
    if renamed:
        parts = [one.with_columns(pl.col(JOINED).replace(renamed)) for one in parts]
        notes.append(said_of_numbers(renamed))
    try:
        whole = pl.concat(parts, how="diagonal_relaxed") if len(parts) > 1 else parts[0]
    except pl.exceptions.PolarsError as problem:
        raise InputError(f"{where}: the tables do not go together ({problem})") from None
    return whole, str(named[0][1]), renamed


def _by_values(
    named: list[tuple[pl.DataFrame, str | None]], notes: list[str], paths: list[Path]
) -> list[tuple[pl.DataFrame, str | None]]:
    """`named` with the column of a table that holds ids of the others where none is called so."""
    if not any(own for _, own in named):
        # None is called as ids are: the names of files or things in one are looked for in others.
        called = [usual.found(table.columns, usual.ITEM) for table, _ in named]
        first = next((k for k, own in enumerate(called) if own is not None), None)
        named = [(table, called[k] if k == first else None) for k, (table, _) in enumerate(named)]
    ids = {one for table, own in named if own for one in cells.names(table[own]).drop_nulls()}
    made = []
    for (table, own), path in zip(named, paths, strict=True):
        found = own or column_of_ids(table, ids)
        if own is None and found is not None:
            notes.append(f"{path}: column {found!r} holds the ids of the other tables")
        made.append((table, found))
    return made


def _repeats(table: pl.DataFrame, text: str | None) -> bool:
    """Does a text stand in two rows or more, and none is missing?"""
    if text is None or table[text].null_count():
        return False
    return bool(table[text].n_unique() < len(table))


def names_of(answers: Answers, table: pl.DataFrame) -> str | None:
    """The column whose cells are the names of the answers' items, if one is."""
    wanted = set(answers.items)
    for name, kind in table.schema.items():
        if kind.is_nested() or kind.is_float():
            continue
        if len(wanted & set(cells.names(table[name]).to_list())) > 0.5 * len(wanted):
            return name
    return None


def _all_columns(tables: list[pl.DataFrame]) -> list[str]:
    return list(dict.fromkeys(name for one in tables for name in one.columns))


def _checked(
    table: pl.DataFrame, columns: Columns, where: str, say: Say, locate: Callable[[str], Path]
) -> Columns:
    """The same with the whole names of columns. Raises `InputError` for one that is not there."""
    known = [name for name in table.columns if name != JOINED]
    whole: dict[str, Any] = {}
    for one in fields(columns):
        if one.name in ("id", "features", "question", "format", "classes", "more"):
            continue
        name = getattr(columns, one.name)
        if name is not None:
            whole[one.name] = found_column(table, name)
            if whole[one.name] is None:
                raise no_column(where, say(one.name), name, known)
    more = {key: found_column(table, name) for key, name in columns.more.items()}
    for key, own in more.items():
        if own is None and columns.label:
            raise no_column(where, f"--columns {key}", columns.more[key], known)
    found = [found_column(table, name) for name in columns.features]
    for name, own in zip(columns.features, found, strict=True):
        if own is None and not (len(found) == 1 and locate(name).exists()):
            raise no_column(where, say("features"), name, known)
    if not columns.text and not columns.image and not columns.features:
        raise InputError(
            f"{where}: what describes the items is not said; expected {say('text')} COLUMN, "
            f"{say('image')} COLUMN, or {say('features')} COLUMN for each column of numbers "
            f"(columns: {', '.join(known)})"
        )
    features = tuple(own or name for name, own in zip(columns.features, found, strict=True))
    also = {key: own or columns.more[key] for key, own in more.items()}
    return replace(columns, features=features, more=also, **whole)


def _described(
    table: pl.DataFrame,
    ids: list[str],
    columns: Columns,
    where: str,
    seed: int,
    embedding: str | None,
    locate: Callable[[str], Path],
    notes: list[str],
    progress: Callable[[str, float], None],
) -> tuple[np.ndarray, list[str] | None, np.ndarray]:
    """(features of the items that are kept, what people are shown of each, which are kept)."""
    from labelbits.items.embedding import embed
    from labelbits.items.vectors import read_vectors, vectors_of

    shown_by = columns.text or columns.image
    own = [name for name in columns.features if name in table.columns]
    wanted = [*own, *([shown_by] if shown_by and shown_by not in own else [])]
    _say_several(table, wanted, notes)
    first = table.group_by(JOINED, maintain_order=True).agg(
        pl.col(one).drop_nulls().first() for one in wanted
    )
    numbers = [one for one in own if one != shown_by]
    kept = described_rows(first, ids, columns.text, columns.image, numbers, where, notes)
    first = first.filter(pl.Series(kept))
    named = [one for one, there in zip(ids, kept, strict=True) if there]
    shown = first[shown_by].cast(pl.String).to_list() if shown_by else None
    if own:
        return vectors_of(first, own, where), shown, kept
    if columns.features:
        path = locate(columns.features[0])
        names, values = read_vectors(path)
        values = _in_order(path, names, values, ids, notes)[kept]
        finite = finite_rows(values, named, str(path), where, notes)
        kept[kept] = finite
        shown = shown and [one for one, there in zip(shown, finite, strict=True) if there]
        return values[finite], shown, kept
    assert shown is not None
    kind = "text" if columns.text else "image"
    vectors, said = embed(shown, kind, embedding, seed=seed, progress=progress, where=where)
    notes.append(said)
    return vectors, shown, kept


def _in_order(
    path: Path, names: list[str] | None, values: np.ndarray, ids: list[str], notes: list[str]
) -> np.ndarray:
    """The rows of `values` in the order of `ids`: by name, or where the file has none by number."""
    if names is None:
        if len(values) != len(ids):
            raise InputError(
                f"{path}: holds {len(values):,} rows without names and there are {len(ids):,} "
                "items; expected a row an item, or ids beside the features"
            )
        notes.append(f"{path}: its rows have no names and are taken in the order of the items")
        return values
    place = {name: row for row, name in enumerate(names)}
    missing = [one for one in ids if one not in place]
    if missing:
        raise InputError(
            f"{path}: has no row for {len(missing):,} of {len(ids):,} items ({missing[0]!r} is "
            f"one{near_name(missing[0], place)}; the file names {', '.join(names[:3])}); expected "
            "features of every item"
        )
    return values[[place[one] for one in ids]]


def _say_several(table: pl.DataFrame, wanted: list[str], notes: list[str]) -> None:
    """Note items whose rows hold several different values of a column: one alone is used."""
    for one in wanted:
        counted = table.group_by(JOINED, maintain_order=True).agg(
            pl.col(one).drop_nulls().n_unique().alias("found")
        )
        several = counted.filter(pl.col("found") > 1)
        if len(several):
            lost = int(several["found"].sum()) - len(several)
            item, found = several.row(0)
            notes.append(
                f"{len(several):,} items have several different values of {one} (item {item!r} has "
                f"{found}): the first of each is used and {lost:,} are left out; if they are "
                "different items, give each an id of its own"
            )
