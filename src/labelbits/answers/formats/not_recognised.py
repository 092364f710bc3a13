"""What is said of a file that no reader recognises: what was found, and what mends it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from labelbits.answers.files.opening import shorten
from labelbits.answers.formats import cells, usual
from labelbits.answers.formats.card_sorting import why_piles
from labelbits.answers.formats.class_columns import head_of
from labelbits.answers.formats.number_tables import (
    BY_NAME,
    MOST_CLASSES,
    is_turned,
    which_fit,
)
from labelbits.answers.formats.other_answers import few_values, other_answers
from labelbits.answers.formats.reader import Probe, UndecidedError, first_of
from labelbits.answers.formats.row_names import ROW_NUMBERS, id_of_rows
from labelbits.answers.formats.similarity_matrix import named_twice
from labelbits.answers.formats.survey import Survey, survey_in
from labelbits.answers.formats.ticks import hint_of_ticks, tick_columns
from labelbits.answers.formats.two_sides import pairs_in
from labelbits.answers.formats.who import who_column
from labelbits.errors import InputError


def _holds_counts(found: Probe) -> bool:
    """Are two columns or more whole numbers of 0 or more in the rows at the start?"""
    head = head_of(found)
    if found.kind not in ("csv", "parquet") or head is None:
        return False
    named = [name for name in head.columns if name != id_of_rows(head)]
    whole = [name for name in named if head[name].str.contains(r"^\s*\d+\s*$").all()]
    return len(whole) >= 2 and len(whole) == len(named)


def _holds_names(head: pl.DataFrame | None, item: str | None) -> list[str]:
    """The columns beside the item's that hold a few words again and again, the same as another."""
    if head is None or item is None or head.width < 3 or len(head) < 4:
        return []
    said = {name: set(cells.said_in(head[name])) for name in head.columns if name != item}
    few = {
        name: own for name, own in said.items()
        if 0 < len(own) <= max(1, len(head) // 2) and max(map(len, own)) <= 30
        and not all(map(cells.is_number, own))
    }  # fmt: skip
    return [
        name for name, own in few.items()
        if any(own & other for one, other in few.items() if one != name)
    ]  # fmt: skip


def _has_turned_rows(table: pl.DataFrame) -> bool:
    rest = table.drop([name for name in table.columns if name in ROW_NUMBERS])
    rest = rest.drop([name for name in rest.columns[:1] if rest[name].n_unique() == len(rest)])
    said = [set(cells.said_in(rest[name])) for name in rest.columns]
    few = bool(said) and len(set().union(*said)) <= MOST_CLASSES and len(rest) > 1
    return few and rest.width > 1 and is_turned(rest)


def _compared(found: Probe) -> str:
    """How to read two columns called as sides are, beside one that says who won."""
    sides = next(pairs_in(found.columns), None)
    won = [
        name
        for name in found.columns
        if {"winner", "preferred", "preference", "better", "chosen"} & {*usual.words_in(name)}
    ]
    if sides is None or not won:
        return ""
    return (
        f"if {sides[0]!r} and {sides[1]!r} are compared, --columns left={sides[0]},"
        f"right={sides[1]},winner={won[0]} reads them; "
    )


def _headless(table: pl.DataFrame | None) -> str:
    """What to do where the headings are cells of their own columns, as in a file without them."""
    if table is None or len(table) < 4:
        return ""
    again = [name for name in table.columns if name in set(cells.said_in(table[name]))]
    if len(again) < 2:
        return ""
    return (
        f"the first row looks like an answer ({cells.shown(map(repr, again))} stand below too), as "
        "in a file without headings: write a first line with the names of the columns, such as "
        "item,annotator,label; "
    )


def _predicted(columns: Sequence[str]) -> str:
    """How to read what a model said beside its name: `model`, `prediction`."""
    said = [name for name in columns if usual.plain(name).startswith(("pred", "output"))]
    who = usual.found(columns, ("model", "model_name", "llm", "engine", "classifier"))
    if len(said) != 1 or who is None:
        return ""
    return (
        f"if {said[0]!r} is what {who!r} said, --columns label={said[0]},annotator={who} reads it; "
    )


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


def _of_people(path: Path, survey: Survey) -> InputError:
    """Rows that are people: what was asked may be one thing of many items, or many things."""
    said = f"column {(survey.who or survey.stamp)!r}"
    return UndecidedError(
        f"{path}: each row is a person ({said}) and {len(survey.asked):,} further columns are what "
        f"everybody was asked: {cells.shown(map(repr, survey.asked), 3)}; if they are items that "
        "were all asked the same about, --format people-rows reads them; if each row is one "
        "answer, --columns item=COL,annotator=COL,label=COL says which column is what; if they "
        "are different questions, expected a table of item, annotator, label"
    )


def _both_ways(path: Path, names: Sequence[str]) -> InputError:
    """A square of numbers that differ both ways."""
    return UndecidedError(
        f"{path}: rows and columns name the same {len(names):,} things "
        f"({cells.shown(map(repr, names), 3)}) and the numbers are not the same both ways; "
        "expected how alike two items are: --format similarity-matrix reads each number as one "
        "answer. A confusion matrix, or how often one was preferred to another, holds no single "
        "answers: expected the table that it was counted from (a row a comparison: left, right, "
        "winner)"
    )


def _sorted(table: pl.DataFrame | None) -> str:
    """How to read a row an item and a column a person, who sorted the items into piles that have
    names of their own."""
    item = None if table is None else id_of_rows(table)
    people = [] if table is None or item is None else few_values(table, (item, "row"))
    if table is None or item is None or len(people) < 2:
        return ""
    own = [
        table.select(item=pl.lit(cells.names(table[item])), value=pl.lit(cells.names(table[name])))
        .with_columns(annotator=pl.lit(name))
        for name in people
    ]  # fmt: skip
    if why_piles(pl.concat(own), "") is None:
        return ""
    return (
        f"if {cells.shown(map(repr, people))} are people who sorted the items into piles of their "
        "own, --format cleanlab --signal similarity reads how many put two items into one; "
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
    table = head_of(found) if found.kind in ("csv", "parquet", "json") else None
    if table is not None and (survey := survey_in(table)) is not None:
        return _of_people(path, survey)
    if table is not None and _has_turned_rows(table):
        return UndecidedError(
            f"{path}: names agree down the columns and not along the rows, as where each row is a "
            "person and each column an item: --format people-rows reads it so, --format cleanlab "
            "reads each row as an item"
        )
    if table is not None and (names := named_twice(table)) is not None:
        return _both_ways(path, names)
    text = f"{path}: format not recognised; found {named}; {_headless(table)}"
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
        head = head_of(found)
        names["item"] = usual.item_column(found.columns, names["annotator"])
        if names["annotator"] is None and head is not None:
            names["annotator"] = who_column(head)
        at_fault = [key for key, name in names.items() if name is None]
        perhaps = usual.label_column(found.columns, names["item"], names["annotator"]).perhaps
        if names["label"] is None and not perhaps and names["item"] and head is not None:
            used = (names["item"], names["annotator"])
            perhaps = tuple(other_answers(head, used, str(names["item"]), names["annotator"]))
            perhaps = perhaps or tuple(few_values(head, used))
        ticked = [] if head is None else tick_columns(head)
        if names["label"] is None and len(ticked) > 1:
            text += f"{hint_of_ticks(ticked, '--columns label=')}; "
        if at_fault:
            text += f"no column is known to hold the {' or the '.join(at_fault)}; "
        guessed = _predicted(found.columns) if names["label"] is None else ""
        text += guessed
        guessed = guessed or _compared(found)
        if names["label"] is None and perhaps and not guessed:
            text += f"{' and '.join(map(repr, perhaps[:4]))} may hold the label: --columns "
            text += f"label={perhaps[0]} reads that one; "
        people = _holds_names(head, names["item"])
        if len(people) > 1 and names["annotator"] is None:
            text += (
                f"if {cells.shown(map(repr, people))} are annotators, --format cleanlab reads "
                "them; "
            )
        text += _compared(found) + _sorted(head)
        text += "--columns item=COL,annotator=COL,label=COL says which column is what; otherwise "
    return InputError(
        text + "expected a table of item, annotator, label, or a file of an annotation platform "
        "(labelbits pilot FILE --format NAME reads it as one; docs/answers.md lists the names)"
    )
