"""Plain tables: one label a row, under usual names of columns or those that the user gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl

from labelbits.answers.files.csv_files import TWICE
from labelbits.answers.files.parquet import class_names
from labelbits.answers.formats import cells, times, usual
from labelbits.answers.formats.card_sorting import SIGNALS, as_pairs, refuse_piles
from labelbits.answers.formats.class_columns import head_of
from labelbits.answers.formats.copies import without_copies
from labelbits.answers.formats.counted_rows import as_often, counts_answers
from labelbits.answers.formats.crowded_cells import with_each
from labelbits.answers.formats.deciding import decide
from labelbits.answers.formats.item_parts import PARTS, item_in, named_items, with_told_parts
from labelbits.answers.formats.long_tables import (
    describes,
    filled_down,
    item_within,
    times_of_answers,
    without_clocks,
    without_sessions,
)
from labelbits.answers.formats.named import KEYS, check_keys
from labelbits.answers.formats.number_answers import are_ten_steps
from labelbits.answers.formats.other_answers import named_classes, say_others, say_unread
from labelbits.answers.formats.practice import without_practice
from labelbits.answers.formats.reader import (
    Kind,
    Options,
    Probe,
    Reader,
    columns_in,
    first_of,
    opened,
    price,
    told_column,
)
from labelbits.answers.formats.right_classes import gold_in
from labelbits.answers.formats.statuses import without_refused
from labelbits.answers.formats.summary_rows import without_summaries
from labelbits.answers.formats.ticks import as_yes_or_no
from labelbits.answers.formats.usual import ITEM, LABEL, PERHAPS_LABEL, QUESTION, SCALE, WORKER
from labelbits.answers.formats.who import PERSONS, annotators, who_column, without_groups
from labelbits.answers.table.columns import Parsed
from labelbits.answers.table.people import NO_COLUMN, said_not_known
from labelbits.errors import InputError


def is_plain(probe: Probe) -> bool:
    """Columns for item, annotator and label are there, and none that make it a comparison."""
    worker = usual.found(probe.columns, WORKER)
    item, pair = item_in(probe.columns, worker)
    beside = [name for name in probe.columns if name not in pair]
    label = usual.label_column(beside, item, worker).name
    if probe.kind == "json" and not all(isinstance(value, dict) for value in probe.elements):
        return False
    compared = probe.has("left") or probe.has("chosen") or probe.has("winner")
    if not item or not label or compared or item == label:
        return False
    return worker is None or not _are_two_people(probe, item, worker, label)


def _are_two_people(probe: Probe, item: str, worker: str, label: str) -> bool:
    """Are two columns beside the item's the labels of two people, where the one is called after a
    person and no name says that the other holds the label? Then they share their cells."""
    known = map(usual.plain, (*LABEL, *SCALE, *PERHAPS_LABEL, *usual.RANKED))
    if usual.plain(label) in known or usual.plain(label).endswith("label"):
        return False
    head = head_of(probe)
    if head is None or head[item].n_unique() < len(head):
        return False
    one, other = (set(head[name].drop_nulls()) for name in (worker, label))
    return 2 * len(one & other) >= max(1, min(len(one), len(other)))


def column_of(path: Path, table: pl.DataFrame, names: Sequence[str], key: str) -> str:
    """The column that goes by one of `names`; `InputError` where there is none."""
    found = first_of(table, *names)
    if found is None:
        raise InputError(
            f"{path}: column {names[0]!r} is missing; found {columns_in(table)}; expected one of: "
            f"{', '.join(names[:8])}; --columns {key}=COL says which column it is"
        )
    return found


def check_once(path: Path, table: pl.DataFrame, column: str) -> None:
    """Raise `InputError` for a column that the header names twice with different cells."""
    again = f"{column} (2{TWICE}"
    if again in table.columns and not table[again].equals(table[column]):
        raise InputError(
            f"{path}: the header names column {column!r} twice, with different cells; expected "
            "once: rename or remove one"
        )


def read_labels(path: Path, kind: Kind, options: Options) -> Parsed:
    """One label a row; what kind of question it was, all labels together decide (`deciding`)."""
    check_keys(options.columns)
    small = path.stat().st_size < KEPT_WHOLE
    keep = None if small else (lambda names: _used(names, options))
    table, rejects, notes = opened(path, kind, keep=keep)
    table, options = with_told_parts(path, table, options)
    told = {key: told_column(path, table, options, key) for key in KEYS}
    label = told["label"] or _label(path, table, told, notes)
    numbered = label
    if told["label"] is None:
        label = named_classes(path, table, label, notes)
    left = table.drop([name for name in (label, *told.values()) if name in table.columns])
    worker = told["annotator"] or who_column(table.select(*left.columns, label), label)
    item, parts = told["item"], ()
    if item is not None and "+" in item:
        parts = tuple(part for part in map(str.strip, item.split("+")) if part in table.columns)
    if item is None:
        table, item, parts = named_items(path, table, left, worker, told, notes)
        item = item or column_of(path, left, ITEM, "item")
    asked = told["question"]
    table = filled_down(path, table, item, worker, notes)
    if worker is not None and told["item"] is None and asked is None and not parts:
        within = item_within(left.with_columns(table[worker]), item, worker)
        if within is not None:
            notes.append(
                f"{path.name}: column {item!r} holds few names, each answered again and again by "
                f"one person: it is read as the question and {within!r} as the item (--columns "
                "item=COL says otherwise)"
            )
            item, asked = within, item
    table = without_summaries(table, item, path, notes, worker)
    classes = cells.said_in(table[label])
    table = table.with_columns(as_yes_or_no(table, label, worker, path.name, notes))
    read = {label, numbered, item, *parts, worker, asked, *told.values()}
    table = without_practice(path, table, read, rejects, notes, plain=True)
    table, status = without_refused(path.name, table, read, item, worker, rejects, notes, classes)
    left = table.select([name for name in left.columns if name not in parts])
    if worker is None:
        notes.append(said_not_known(path.name, NO_COLUMN))
    count = first_of(left.drop(item, strict=False), *usual.COUNT) if worker is None else None
    if count is not None and not counts_answers(table, item, label):
        notes.append(
            f"{path.name}: column {count!r} is not read: the rows are not one for "
            "each answer that an item got"
        )
    elif count is not None:
        table = as_often(path, table, count, notes)
        left = table.select(left.columns)
    gold = told["gold"] or _usual_gold(path, left.drop(item, strict=False), table, label, notes)
    who = annotators(path, table, worker, notes)
    question = asked or _question(left.drop(item, strict=False), options)
    named = {
        "item": cells.text(item, table),
        "annotator": who,
        "value": pl.lit(cells.cells(table[label])),
    }
    if question:
        named["question"] = cells.text(question, table)
    if told["group"]:
        named["group"] = cells.text(told["group"], table)
    for column in dict.fromkeys(name for name in (label, item, worker) if name):
        check_once(path, table, column)
    used = {*read, question, gold, status, count}
    say_others(path, table, used, item, worker, notes)
    if small:
        say_unread(path, table, used, options, notes)
    timed = table if worker else times_of_answers(path, table, told, notes)
    if worker is not None:
        timed = without_sessions(path, timed, worker, told, notes)
        timed = without_clocks(path, timed, worker, told, notes)
    said = table.select(**named, **optional(path, timed, options, notes), row="row")
    if worker is None:
        said = with_each(path, said, notes)
    said = without_groups(path, said, notes)
    said = without_copies(path, kind, said, label, rejects, notes, told["label"] is not None)
    if options.signal in SIGNALS and worker is not None:
        return replace(as_pairs(path, said, str(options.signal), notes), rejected=rejects)
    if options.signal is None and worker is not None and not question:
        refuse_piles(path, said, label)
    known = class_names(path).get(label, ()) if kind == "parquet" else ()
    numbers = all(map(cells.is_number, said["value"].drop_nulls().unique()))
    ranked = usual.bare(label) in map(usual.plain, usual.RANKED)
    stepped = (
        are_ten_steps(said["value"], label)
        or usual.bare(label) in SCALE
        or usual.words_in(label)[-1:] in [[s] for s in usual.STEPS]
    )
    scale = [""] if stepped or (ranked and numbers) else []
    signal = options.signal or ("ranking" if ranked and not numbers else None)
    with_names = Options(
        options.classes or known, signal, options.seed, options.columns, options.question
    )
    return Parsed(
        decide(path, said, with_names, rejects, notes, scale),
        rejects,
        known if not options.classes else (),
        notes=notes,
        gold=_gold(table, item, gold),
    )


def _label(
    path: Path, table: pl.DataFrame, told: Mapping[str, str | None], notes: list[str]
) -> str:
    """The column of answers; one of a name that may mean something else is told in `notes`."""
    worker = told["annotator"] or first_of(table, *WORKER)
    item, pair = (told["item"], ()) if told["item"] else item_in(table.columns[:-1], worker)
    others = [name for name in table.columns if name not in (*told.values(), *pair, "row")]
    found = usual.label_column(others, item, worker)
    while found.name is not None and item is not None and describes(table, item, found.name):
        # The answer of a language model, say, that people were shown and gave a score.
        rest = [name for name in others if name != found.name]
        other = usual.label_column(rest, item, worker)
        if other.name is None and not other.perhaps:
            break
        notes.append(
            f"{path.name}: column {found.name!r} says the same in all rows of an item and another "
            f"thing of another: it is read as what was shown (--columns label={found.name} says "
            "otherwise)"
        )
        others, found = rest, other
    if found.name is None:
        if found.perhaps:
            raise InputError(
                f"{path}: {cells.shown(map(repr, found.perhaps))} could each hold the label; "
                f"--columns label={found.perhaps[0]} says which does"
            )
        return column_of(path, table, (*LABEL, *SCALE), "label")
    if found.perhaps:
        came = usual.plain(found.name) in usual.TOGETHER
        lost = ": what several people's answers came to, so that who said what is lost"
        notes.append(
            f"{path.name}: column {found.name!r} is read as the label{lost if came else ''} "
            "(--columns label=COL says otherwise)"
        )
    return found.name


def _used(names: list[str], options: Options) -> list[str]:
    """The columns that may be read: all where one is missing, so that a message can name them."""
    table = pl.DataFrame(schema=dict.fromkeys(names, pl.String))
    labels = (*LABEL, *SCALE, *PERHAPS_LABEL)
    known = {usual.plain(name) for some in (ITEM, WORKER, labels, QUESTION) for name in some}
    found = {name for name in names if {usual.plain(name), usual.bare(name)} & known}
    found |= {name for name in names if usual.plain(name).endswith("label")}
    found |= set(options.columns.values()) | {n for n in names if times.may_be_time(n)}
    found |= {first_of(table, one) or "" for one in (*usual.GOLD, *usual.COUNT)}
    found |= {name for name in names if usual.plain(name) in map(usual.plain, PERSONS)}
    found |= {usual.price_column(names)[0] or "", *(n for n in names if n.endswith(TWICE))}
    found |= {name for name in names if set(usual.words_in(name)) & PARTS}
    missing = any(first_of(table, *some) is None for some in (ITEM, WORKER, (*LABEL, *SCALE)))
    wrong = any(name not in names for name in options.columns.values())
    if wrong or (missing and len(options.columns) < 3):
        return names
    return [name for name in names if name in found]


#: Bytes of a file of which all columns are looked at, also those that are not read.
KEPT_WHOLE = 1 << 26


def _usual_gold(
    path: Path, left: pl.DataFrame, table: pl.DataFrame, label: str, notes: list[str]
) -> str | None:
    """The column of right classes by its name, where it names classes that people named; one that
    does not is told."""
    name, strange = gold_in(table, left.columns, label)
    if name is not None:
        notes.append(
            f"{path.name}: column {name!r} is the right class of each item (gold; --columns "
            "gold=COL names another)"
        )
    elif strange is not None:
        notes.append(
            f"{path.name}: column {strange!r} names classes that nobody answered and is not read "
            f"as gold; --columns gold={strange} reads it so"
        )
    return name


def _question(table: pl.DataFrame, options: Options) -> str | None:
    """The column that says which of several questions a row answers, if there is one."""
    name = first_of(table, *QUESTION)
    if name is None or options.columns.get("item") == name:
        return None
    return name if 1 < table[name].n_unique() <= 50 else None


def _gold(table: pl.DataFrame, item: str, gold: str | None) -> dict[str, str]:
    """Item -> class from a column of true classes."""
    if gold is None:
        return {}
    pairs = table.select(
        cells.text(item, table).alias("item"), cells.text(gold, table).alias("gold")
    )
    known = pairs.drop_nulls().unique("item", keep="first", maintain_order=True)
    return {item: right for item, right in known.iter_rows() if not cells.is_missing(right)}


def optional(
    path: Path, table: pl.DataFrame, options: Options, notes: list[str]
) -> dict[str, pl.Expr]:
    """Seconds and price, where a table has columns for them."""
    found: dict[str, pl.Expr] = {}
    told = [told_column(path, table, options, key) for key in times.KEYS]
    taken = times.seconds(path, table, notes, *told)
    if taken is not None:
        found["seconds"] = pl.lit(taken)
    paid = price(path, table, options)
    if paid is not None:
        found["price"] = paid
    return found


LABELS = Reader(
    "crowd-kit",
    "one label a row: task, worker, label (crowd-kit), or item, annotator, label",
    is_plain,
    read_labels,
    weakness=1,
    by_columns=True,
)
