"""Items that two columns name together: `video` and `frame`, `premise` and `hypothesis`."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl

from labelbits.answers.formats import cells, times, usual
from labelbits.answers.formats.reader import Options

#: Words for what is counted within something larger: its number alone names no item.
PARTS = usual.word_set(
    "frame sentence sent turn utterance utt line paragraph para passage segment seg chunk span "
    "token page message msg position pos idx index clip shot slide slice crop patch region offset "
    "start part step cell satz zeile seite absatz phrase ligne frase línea"
)
#: Headings that name what was asked, and not what it was asked about.
_ASKED = frozenset({"task", "question", "round", "block", "condition", "session", "attribute",
                    "aspect", "batch", "project", "survey", "study", "trial"})  # fmt: skip
#: Two columns that name what was judged where none is called an item.
PAIRS = (
    ("premise", "hypothesis"), ("sentence1", "sentence2"), ("sentence_1", "sentence_2"),
    ("text1", "text2"), ("text_1", "text_2"), ("text_a", "text_b"), ("query", "document"),
    ("query", "doc"), ("query", "passage"), ("query", "product"), ("query_id", "doc_id"),
    ("qid", "docid"), ("qid", "docno"), ("topic", "docno"), ("prompt_id", "response_id"),
    ("prompt", "response"), ("prompt", "completion"), ("prompt", "model"), ("prompt_id", "model"),
    ("prompt", "system"), ("question", "passage"), ("question", "context"),
    ("context", "response"), ("claim", "evidence"), ("source", "translation"),
    ("source", "summary"), ("document", "summary"), ("article", "summary"), ("tweet", "target"),
    ("image", "caption"), ("utterance", "system"), ("segment", "system"), ("sentence", "system"),
    ("stimulus", "system"), ("sentence", "word"), ("sentence", "target"),
    ("segment_id", "system_id"), ("segment_id", "system"), ("seg_id", "system"),
    ("seg_id", "system_id"), ("item", "system"), ("item_id", "system"), ("doc_id", "system"),
    ("question_id", "model"), ("item_id", "model"), ("item", "model"),
)  # fmt: skip
#: Between the names of the two.
BETWEEN = " + "
#: The share of rows that repeat a person's item without the second column, and with it at most.
REPEATED, ALONE = 0.5, 0.1
#: Fewer rows tell nothing.
LEAST = 6


def pair_of_item(columns: Sequence[str]) -> tuple[str, str] | None:
    """Two columns that name what was judged, by their usual names."""
    for names in PAIRS:
        found = [usual.found(columns, (name,)) for name in names]
        if found[0] and found[1] and found[0] != found[1]:
            return found[0], found[1]
    return None


def part_of_item(
    table: pl.DataFrame, item: str, worker: str | None, used: Collection[str | None]
) -> str | None:
    """The column that tells apart what `item` names together: a person's rows of one item differ in
    it, and its heading says that it is a part of something or the other half of a pair."""
    if worker is None or set(usual.words_in(item)) & _ASKED or len(table) < LEAST:
        return None
    if table[item].dtype.is_nested() or table[worker].dtype.is_nested():
        return None
    if table.select(item, worker).is_duplicated().mean() < REPEATED:  # type: ignore[operator]
        return None
    for name in table.columns:
        if name in used or name in (item, worker, "row") or table[name].dtype.is_nested():
            continue
        called = set(usual.words_in(name)) & PARTS or any(
            pair_of_item([one, two]) for one, two in ((item, name), (name, item))
        )
        if not called or times.plain_name(name) in times.SURE:
            continue
        again = table.select(name, item, worker).is_duplicated().mean()
        if table[name].n_unique() > 1 and again <= ALONE:  # type: ignore[operator]
            return name
    return None


def item_in(columns: Sequence[str], worker: str | None) -> tuple[str | None, tuple[str, ...]]:
    """(the column that names the item, the two that name it together where none does alone)."""
    usually = usual.found(columns, usual.ITEM)
    pair = pair_of_item(columns) if usually is None and worker is not None else None
    return (pair[0], pair) if pair else (usual.item_column(columns, worker), ())


def named_items(
    path: Path,
    table: pl.DataFrame,
    left: pl.DataFrame,
    worker: str | None,
    told: Mapping[str, str | None],
    notes: list[str],
) -> tuple[pl.DataFrame, str | None, tuple[str, ...]]:
    """(`table`, its column that names the item, those of which it was joined), by the names of the
    columns in `left`; None where none names it."""
    own = left.drop([name for name in (worker, "row") if name in left.columns])
    item, parts = item_in(own.columns, worker)
    if item is not None and not parts:
        second = part_of_item(table, item, worker, set(told.values()))
        parts = () if second is None or second not in own.columns else (item, second)
    if not parts:
        return table, item, ()
    table, item = joined(table, parts)
    notes.append(
        f"{path.name}: an item is named by {parts[0]!r} and {parts[1]!r} together (--columns "
        f"item={parts[0]} says otherwise)"
    )
    return table, item, parts


def joined(table: pl.DataFrame, names: Sequence[str]) -> tuple[pl.DataFrame, str]:
    """(`table` with one column in which several name the item, what it is called)."""
    both = pl.concat_str(
        [pl.lit(cells.names(table[name])) for name in names], separator=BETWEEN
    )  # null where one of them is
    called = "+".join(names)
    return table.with_columns(both.alias(called)), called


def parts_of(name: str | None, columns: Collection[str]) -> list[str]:
    """The columns that `video+frame` joins; none where it is a column or names others."""
    parts = [part.strip() for part in (name or "").split("+")]
    return parts if name not in columns and len(parts) > 1 and set(parts) <= set(columns) else []


def with_named(table: pl.DataFrame, items: Sequence[str], told: str | None) -> pl.DataFrame:
    """`table` with a column in which two of it together name `items`, or those that the user
    `told`; as it is where none do."""
    if parts := parts_of(told, table.columns):
        return joined(table, parts)[0]
    first = items[0] if items else ""
    if BETWEEN not in first:
        return table
    flat = [name for name in table.columns if not table[name].dtype.is_nested()]
    cell = {name: set(cells.names(table[name]).drop_nulls()) for name in flat}
    begin = [n for n in flat if any(first.startswith(f"{one}{BETWEEN}") for one in cell[n])]
    end = [n for n in flat if any(first.endswith(f"{BETWEEN}{one}") for one in cell[n])]
    for names in itertools.product(begin, end):
        made, called = joined(table, names)
        if len(set(made[called]) & set(items)) > 0.5 * len(items):
            return made
    return table


def with_told_parts(
    path: Path, table: pl.DataFrame, options: Options
) -> tuple[pl.DataFrame, Options]:
    """`table` with the columns that `--columns item=video+frame` joins, and `options` that name
    them; as they are where no option joins any."""
    told = dict(options.columns)
    for key, name in options.columns.items():
        if parts := parts_of(name, table.columns):
            table, told[key] = joined(table, parts)
    return table, replace(options, columns=told)
