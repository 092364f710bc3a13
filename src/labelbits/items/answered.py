"""The answers in people's tables: a column of labels, or any format that `read_answers` knows."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from labelbits.answers import read_answers
from labelbits.answers.files.opening import Rejects
from labelbits.answers.formats import cells, times, usual
from labelbits.answers.formats.copies import is_flat
from labelbits.answers.formats.deciding import SeveralQuestionsError
from labelbits.answers.formats.detect import READERS, columns_of, kind_of, probe, reader_for
from labelbits.answers.formats.named import IN_CELLS
from labelbits.answers.formats.other_answers import BESIDE, other_answers, said_of_unread
from labelbits.answers.formats.reader import Options, UndecidedError
from labelbits.answers.formats.statuses import without_refused
from labelbits.answers.formats.ticks import as_yes_or_no
from labelbits.answers.table.left_out import said_left_out
from labelbits.answers.table.people import NO_COLUMN, NOT_KNOWN, said_not_known
from labelbits.answers.table.steps import as_classes
from labelbits.errors import InputError
from labelbits.interface import Answers
from labelbits.items.reading import id_column

if TYPE_CHECKING:
    from labelbits.items.tables import Columns

#: A column with more different values than this parts nothing by question.
MOST_ASKED = 50
#: What is recognised by the shape of its numbers alone is not taken for answers here.
BY_SHAPE = 2
#: Keys of other columns that a label may have beside it (`answers.formats.named`).
OTHERS = ("milliseconds", "price", "group", "annotator_kind")
#: Names of the columns that labels are read from.
LABEL, WHO, TIME, ASKED = "label", "annotator", "seconds", "question"


def answers_in(
    table: pl.DataFrame, item: str, columns: Columns, where: str, notes: list[str]
) -> Answers:
    """The labels of `table`, whose items the column `item` names.

    Raises `InputError` where there is none, where answers to several questions are there, and for
    continuous numbers, which are no labels.
    """
    from labelbits.items.tables import MISSING

    assert columns.label is not None
    known = {columns.label, columns.id, columns.text, columns.image, columns.annotator,
             columns.seconds, columns.gold, *columns.features, *columns.more.values()}  # fmt: skip
    numbered = table.with_row_index("row", 1) if "row" not in table.columns else table
    kept, status = without_refused(
        where, numbered, {*known, item}, item, columns.annotator, Rejects(), notes,
        cells.said_in(table[columns.label]),
    )  # fmt: skip
    table = table if status is None else kept.select(table.columns)
    label = as_yes_or_no(table, columns.label, columns.annotator, where, notes)
    if label.dtype == pl.String:
        label = label.str.strip_chars()
        said = [one for one in label.unique() if one is not None]
        gone = [one for one in said if one.lower() in MISSING or cells.is_missing(one, said)]
        if any(gone):
            count = int(label.is_in(gone).sum())
            notes.append(
                f"{where}: {cells.shown(map(repr, sorted(filter(None, gone))))} in column "
                f"{columns.label!r} count as no label: {count:,} rows (--classes that name them "
                "keep them)"
            )
        label = label.set(label.is_in(gone), None)
    chosen: dict[str, Any] = {"item": pl.col(item), LABEL: pl.lit(label)}
    told = {"item": "item", "label": LABEL}
    for name, own in ((WHO, columns.annotator), (TIME, columns.seconds)):
        if own:
            chosen[name], told[name] = pl.col(own), name
    if columns.seconds and times.unit_of(columns.seconds) > 1:
        taken = times.seconds(Path(where), table, notes, columns.seconds)
        chosen[TIME] = pl.lit(taken)
    beside = [key for key in columns.more if key not in (*OTHERS, ASKED)]
    if beside:
        raise InputError(
            f"{where}: --columns {beside[0]}={columns.more[beside[0]]} is about comparisons of two "
            f"items, and a label is named too; expected one of them, or {', '.join(OTHERS)}"
        )
    for key in (key for key in OTHERS if key in columns.more):
        chosen[key], told[key] = pl.col(columns.more[key]), key
    count = None
    if columns.annotator is None:
        used = {item, columns.label, columns.id, columns.text, columns.image, *columns.features}
        count = usual.found([name for name in table.columns if name not in used], usual.COUNT)
        if count is not None:
            chosen["count"] = pl.col(count)
    asked = _column_of_questions(table, columns)
    if asked:
        chosen[ASKED], told[ASKED] = pl.col(asked), ASKED
    others = [n for n in table.columns if n not in (item, columns.label) and is_flat(table[n])]
    if others:  # what else a row says tells second answers from copies
        beside = pl.struct(pl.col(others).cast(pl.String, strict=False)).hash()
        chosen[BESIDE] = beside.cast(pl.String)
    _say_same_classes(table, label, columns, where, notes)
    _say_unread(table, item, {*known, status, count, asked}, columns, where, notes)
    kept = table.select(**chosen).filter(pl.col(LABEL).is_not_null())
    if not len(kept):
        raise InputError(
            f"{where}: column {columns.label!r} holds no label: nothing can be measured yet. Label "
            "about 100 items first, picked at random: 100 answers tell what one more label is "
            "worth; put them into that column and run the same command again (labelbits init "
            "FILES writes a plan file meanwhile)"
        )
    if columns.annotator is None:
        notes.append(said_not_known(f"column {columns.label!r}", NO_COLUMN))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "answers.parquet"
        kept.write_parquet(file)

        def shown(text: str) -> str:
            return text.replace(str(file), where).replace(file.name, where)

        def read() -> Answers:
            try:
                return read_answers(
                    file, columns=told, question=columns.question if asked else None,
                    signal=columns.signal, classes=columns.classes,
                )  # fmt: skip
            except SeveralQuestionsError as several:
                raise one_question(where, several) from None
            except InputError as problem:
                raise InputError(shown(str(problem))) from None

        answers, said = as_classes(read(), f"{where}: column {columns.label!r}")
    _one_class(answers, f"column {columns.label!r}", columns, where)
    steps = [] if said else _whole_steps(answers)
    notes += [said] if said else []
    if steps:
        notes.append(
            f"the whole numbers {steps[0]} to {steps[-1]} of {columns.label!r} are taken as "
            f"{len(steps)} classes without an order: if they are steps of a scale (ordinal), "
            f"calling a {steps[0]} a {steps[1]} counts as wrong as calling it a {steps[-1]}"
        )
    heard = [note for note in answers.notes if NOT_KNOWN not in note]
    notes += [
        shown(note)
        for note in (*heard, *said_left_out(answers))
        if not (steps and "without an order" in note) and "which no plan weighs" not in note
    ]
    return answers


def _say_same_classes(
    table: pl.DataFrame, label: pl.Series, columns: Columns, where: str, notes: list[str]
) -> None:
    """Name the columns that hold the classes of the label too: perhaps another person's labels."""
    classes = set(cells.names(label).drop_nulls())
    used = {columns.label, columns.gold, columns.id, columns.text, columns.image, *columns.features}
    found = []
    for name in table.columns:
        if name in used or table[name].dtype.is_nested() or usual.is_something_else(name):
            continue
        own = cells.said_in(table[name])
        if len(own) > 1 and len(classes) > 1 and set(own) <= classes:
            found.append(name)
    if found:
        shown = cells.shown(map(repr, found))
        notes.append(
            f"{where}: {shown} hold{'s' if len(found) == 1 else ''} classes of {columns.label!r} "
            f"too and {'is' if len(found) == 1 else 'are'} not read: if these are other people's "
            "labels, --format cleanlab of labelbits pilot reads columns of people; a plan reads "
            "them where their headings name people alike (Coder Mia, Coder Tom) and --label is left"
            " out"
        )


def _say_unread(
    table: pl.DataFrame,
    item: str,
    used: set[str | None],
    columns: Columns,
    where: str,
    notes: list[str],
) -> None:
    """Name the columns that nothing reads, those that may be labels too apart; none of ids, and
    none that was named before."""
    named = id_column(table.drop(item))
    left = [
        name for name in table.columns
        if name not in used and name not in (named, item) and usual.plain(name)
        and not any(repr(name) in note for note in notes)
    ]  # fmt: skip
    hidden = [name for name in table.columns if name not in left and name != item]
    others = other_answers(table, {*used, *hidden, item}, item, columns.annotator)
    if others:
        many = len(others) > 1
        notes.append(
            f"{where}: {cells.shown(map(repr, others))} may hold answers to other questions and "
            f"{'are' if many else 'is'} not read: --label {others[0]} reads "
            f"{'that one' if many else 'it'}"
        )
    left = [name for name in left if name not in others]
    if left:
        timed = columns.seconds or columns.more.get("milliseconds")
        notes.append(f"{where}: {said_of_unread(table, left, timed)}")


def _whole_steps(found: Answers) -> list[int]:
    """The classes in order where all are whole numbers and more than two, else nothing."""
    if set(found.table["signal"]) != {"hard"} or len(found.classes) < 3:
        return []
    if not all(name.isascii() and name.isdecimal() for name in found.classes):
        return []
    return sorted(int(name) for name in found.classes)


def _one_class(found: Answers, what: str, columns: Columns, where: str) -> None:
    """Raise `InputError` for several classes in one answer, where no gold says which is right."""
    if columns.gold or "candidates" not in set(found.table["signal"]):
        return
    raise InputError(
        f"{where}: {what} holds several classes in one answer (answers of the kind candidates, "
        f"multi-label), of {len(found.classes)} classes; a plan measures quality against one class "
        "an item: expected one column a class that holds yes or no (plan each as a question of its "
        "own), or --gold COLUMN with the one right class of each item"
    )


def one_question(where: str, several: SeveralQuestionsError) -> InputError:
    names = ", ".join(repr(name) for name in several.questions)
    return InputError(
        f"{where}: holds answers to {len(several.questions)} questions: {names}; expected one: "
        f"--question {several.questions[0]!r}, in a plan file question = (answers to different "
        "questions are never pooled)"
    )


def _column_of_questions(table: pl.DataFrame, columns: Columns) -> str | None:
    """The column that parts the rows by question; None where one is asked."""
    from labelbits.answers.formats.reader import first_of
    from labelbits.answers.formats.usual import QUESTION

    used = {columns.text, columns.label, columns.id, *columns.features}
    name = columns.more.get("question") or first_of(table, *QUESTION)
    if columns.question is None:
        parts = name is not None and name not in used and 1 < table[name].n_unique() <= MOST_ASKED
        return name if parts else None
    if name is None:
        raise InputError(
            f"--question is {columns.question!r} and no column names questions; expected one "
            f"called {', '.join(QUESTION)}, or --columns question=COL"
        )
    return name


def answering(paths: list[Path], notes: list[str]) -> list[Path]:
    """The files of answers without those that only describe items: plain tables in which nobody is
    named, beside others in which people are."""
    if len(paths) < 2:
        return paths
    plain = [path for path in paths if reader_for(path)[0].by_columns]
    nobody = [p for p in plain if usual.found(columns_of(p, kind_of(p)), usual.WORKER) is None]
    if not nobody or len(nobody) == len(paths):
        return paths
    for path in nobody:
        notes.append(
            f"{path}: names nobody who answered, as another file does, and is read as a table of "
            "items alone (--label COLUMN reads its labels)"
        )
    return [path for path in paths if path not in nobody]


def told_format(columns: Columns) -> bool:
    """Did the user say in which format the answers are?"""
    return columns.format != "auto"


def may_be_in(path: Path, name: str, paths: Sequence[Path]) -> bool:
    """May the answers of `path` be in the format `name`? Of several files those that look so are,
    the others describe items; one alone is what the user says."""
    if name == "auto" or len(paths) == 1:
        return True
    if name not in READERS:
        reader_for(path, name)  # says which there are
    return READERS[name].matches(probe(path))


def read_files_of_answers(paths: list[Path], columns: Columns, notes: list[str]) -> Answers | None:
    """The answers of those files whose format is known; None where no file's is."""
    told = columns.of_answers()
    known: list[Path] = []
    plain = True
    tells = {*told}
    for path in paths:
        if path.is_dir():
            continue
        try:
            here = columns_of(path, kind_of(path)) if columns.more else ()
            named = {
                key: name for key, name in columns.more.items() if name in here or key in IN_CELLS
            }
            if not may_be_in(path, columns.format, paths):
                continue
            options = Options(question=columns.question, signal=columns.signal, columns=named)
            reader, _ = reader_for(path, columns.format, options)
        except UndecidedError:
            if columns.text or columns.image:
                continue
            raise
        except InputError:
            continue
        # The numbers of a table may be its features.
        if told_format(columns) or reader.weakness < BY_SHAPE or columns.text or columns.image:
            known.append(path)
            plain = plain and reader.by_columns
            tells &= reader.tells if not reader.by_columns else {*told}
    known = answering(known, notes)
    if not known:
        return None
    own = {key: name for key, name in told.items() if key in tells}
    lost = [key for key in ("annotator", "seconds") if key in told and key not in own]
    if lost and not plain:
        notes.append(
            f"{lost[0]} = {told[lost[0]]} is not used: the format of {known[0]} says itself who "
            "answered and for how long (--label COLUMN reads a column of labels instead)"
        )
    describing = {"text": columns.text, "image": columns.image}
    described = {key: name for key, name in describing.items() if name}
    try:
        found = read_answers(
            known,
            columns.format,
            question=columns.question,
            signal=columns.signal,
            classes=columns.classes,
            columns={**described, **(told if plain else own)},
        )
        found, said = as_classes(found, str(known[0]))
        notes += [said] if said else []
        _one_class(found, "the question", columns, str(known[0]))
    except SeveralQuestionsError as several:
        raise one_question(str(known[0]), several) from None
    notes.append(
        f"answers were read from {', '.join(str(path) for path in known)}, whose format is known "
        "(--label COLUMN reads a column instead)"
    )
    heard = [note for note in found.notes if "which no plan weighs" not in note]
    notes += [*heard, *said_left_out(found)]
    return found
