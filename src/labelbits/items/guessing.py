"""What people's files seem to hold: which column is what, and how sure that is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from labelbits.answers.formats import cells, times, usual
from labelbits.answers.formats.column_names import TOTALS
from labelbits.answers.formats.reader import first_of
from labelbits.answers.formats.usual import LABEL, SCALE, label_column
from labelbits.answers.formats.who import who_column
from labelbits.answers.table.columns import IDEAL
from labelbits.interface import Answers
from labelbits.items.reading import LONG, TEXT, UNIQUE, id_column, is_path, unique_column
from labelbits.items.tables import names_of
from labelbits.items.undescribed import image_at

#: Endings of files of images.
IMAGES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff")
#: Names of columns of right classes.
GOLD = ("gold", "truth", "true_label", "gold_label", "ground_truth", "expert", "gold_column")
#: More different values than this are no classes.
MOST_CLASSES = 60
#: Texts are mostly different.
DIFFERENT = 0.5
#: As few different texts are questions about the items, and describe none.
FEW = 2
#: Names of numbers that say where a row stands, and nothing of its item.
PLACES = frozenset({"trial", "trialn", "trialnumber", "trialindex", "index", "order", "turn", "row",
                    "session", "block", "round", "page", "position", "number", "nr", "no",
                    "rownumber", "n", "unnamed0"})  # fmt: skip
COUNTS = frozenset(map(usual.plain, usual.COUNT))
DOUBTS = frozenset({"confidence", "certainty", "conf", "sure", "sureness", "certain", "agreement",
                    "entropy", "kappa", "alpha", "disagreement", "annotators",
                    *map(usual.plain, usual.COUNT)})  # fmt: skip
IDS_OF = frozenset(map(usual.plain, usual.ID))
#: Rows that are looked at.
LOOKED_AT = 2000


@dataclass
class Guess:
    """Which column is what (None: nothing seems to be), why, and what could not be told."""

    id: str | None = None
    text: str | None = None
    image: str | None = None
    features: list[str] = field(default_factory=list)
    label: str | None = None
    annotator: str | None = None
    seconds: str | None = None
    gold: str | None = None
    why: dict[str, str] = field(default_factory=dict)
    questions: list[str] = field(default_factory=list)
    #: An id of a table of items that stands in rows which differ, and its column.
    doubled: str = ""


def guess_columns(
    table: pl.DataFrame, where: str, answers: Answers | None = None, by_columns: bool = True
) -> Guess:
    """What the columns of a table of items or answers seem to be.

    `answers` are those read from it, where its format is known: a row an answer is no row of
    features, and the items are those that the answers name. `by_columns`: they were read from one
    column of labels, so that columns of numbers may be features.
    """
    looked = table.head(LOOKED_AT)
    found = Guess()
    found.annotator = who_column(table, first_of(table, *LABEL))
    found.gold = first_of(table.drop([found.annotator] if found.annotator else []), *GOLD)
    named = None if answers is None else names_of(answers, table)
    if named is not None and answers is not None:  # of pairs, one of two columns names some items
        held = set(cells.names(table[named]).to_list())
        named = named if set(answers.items) <= held | {IDEAL} else None
    of_text = named is not None and _is_text(looked[named], named)
    found.id = named or id_column(table)
    if found.id is None and found.annotator is not None:
        found.id = first_of(table, *usual.ITEM)
    if found.id is None and (own := unique_column(table)) is not None:
        found.id = own
        found.questions.append(f"is {own!r} the name of an item? {UNIQUE}")
    # Items that are named by their texts or images are described by them too.
    own = of_text or (found.id is not None and is_path(cells.names(looked[found.id])))
    taken = {found.annotator, found.gold, None if own else found.id}
    found.seconds = times.time_column(table)
    taken |= {found.seconds}
    _described(looked, taken, found, where)
    taken |= {found.text, found.image, *found.features}
    if answers is not None and (named is None or not by_columns):
        found.features = []  # numbers of a format of answers are answers
    elif found.id is not None:
        same = of_items(table, found.id, found.features)
        if found.features and not same and found.annotator is None:
            twice = table.filter(pl.col(found.id).is_duplicated())[found.id]
            few = 2 * len(twice) < len(table)
            found.doubled = f"{twice[0]!r} in column {found.id!r}" if few else ""
        found.features = same
    if found.annotator is not None:  # times and prices are those of its answers
        price = usual.price_column(table.columns)[0]
        found.features = [one for one in found.features if one != price]
    if answers is not None and named is None:
        found.text = found.image = None  # what it describes is not what was asked about
    elif answers is not None and not by_columns and named is not None:
        # Prompts and trials differ from row to row of one item: they describe none.
        found.text, found.image = (
            one and next(iter(of_items(table, named, [one])), None)
            for one in (found.text, found.image)
        )
    _labelled(looked, taken, found)
    if found.label:
        # A column of numbers that are labels is no feature.
        found.features = [c for c in found.features if c != found.label]
    return found


def _is_text(column: pl.Series, name: str) -> bool:
    """Does the column that names items hold the texts that describe them?"""
    if column.dtype.is_nested() or is_path(cells.names(column)):
        return False
    length = float(cells.names(column).str.len_chars().mean() or 0)  # type: ignore[arg-type]
    return name.lower().rsplit(".")[-1] in TEXT or length > LONG


def of_items(table: pl.DataFrame, item: str, columns: Sequence[str]) -> list[str]:
    """Those of the columns that say the same in all rows of an item: where some items have several
    rows, the others are of their answers."""
    own = list(columns)
    others = [name for name in own if name != item]
    if not others or table[item].n_unique() == len(table):
        return own
    most = table.group_by(item).agg(pl.col(others).n_unique()).select(pl.col(others).max()).row(0)
    same = {name for name, count in zip(others, most, strict=True) if count == 1}
    return [name for name in own if name == item or name in same]


def _counts_rows(name: str) -> bool:
    """Is a column of numbers called as ids, places of rows and doubts of people are?"""
    said = usual.plain(name)
    known = not said or said in PLACES or said in IDS_OF or said in DOUBTS
    return known or bool(re.search(r"(^|[_ .])id$", name, re.IGNORECASE))


def _is_there(column: pl.Series, where: str) -> bool:
    return image_at(str(column.drop_nulls()[0]), where) is not None


def _described(table: pl.DataFrame, taken: set, found: Guess, where: str) -> None:
    """Text, image, vectors or numbers."""
    texts: list[tuple[float, str]] = []
    numbers: list[str] = []
    for name, kind in table.schema.items():
        if name in taken:
            continue
        if isinstance(kind, (pl.List, pl.Array)):
            inner = getattr(kind, "inner", None)
            if inner is not None and inner.is_numeric():
                found.features = [name]
                found.why["features"] = f"{name} holds vectors"
            continue
        if kind.is_nested():
            continue
        values = cells.names(table[name])
        if is_path(values) and not _is_there(table[name], where):
            found.questions.append(
                f"where are the images that {name!r} names? They are not files beside {where} "
                "or in a folder there: put them there and add image = to the plan file"
            )
            continue
        if is_path(values):
            found.image = found.image or name
            found.why["image"] = f"{name} holds paths of images"
            continue
        there = values.drop_nulls()
        if len(there) and there.str.contains(r"^\s*[\[{]").mean() > 0.5:  # type: ignore[operator]
            continue  # lists and objects of a platform
        if len(there) and not cells.numbers(there).null_count():
            if values.null_count() == 0 and not _counts_rows(name):
                numbers.append(name)
            continue
        length = float(there.str.len_chars().mean() or 0)  # type: ignore[arg-type]
        share = there.n_unique() / max(1, len(there))
        different = there.n_unique()
        words = re.split(r"[\W_]+", name.lower())
        called = words[-1] in TEXT or words[-1].endswith(("text", "texte"))
        called = called and different > min(FEW, len(there) - 1)
        if called or (length > LONG and share > DIFFERENT):
            texts.append((length, name))
    if texts:
        texts.sort(reverse=True)
        found.text = texts[0][1]
        found.why["text"] = f"{texts[0][0]:.0f} characters on average"
        if len(texts) > 1:
            names = ", ".join(repr(name) for _, name in texts)
            found.questions.append(
                f"which of the texts {names} of {where} describes an item? The longest, "
                f"{found.text!r}, was taken"
            )
    elif not found.features and not found.image and numbers:
        labels = [n for n in numbers if n.lower() in (*LABEL, *SCALE)]
        found.features = [n for n in numbers if n not in labels]
        found.why["features"] = "columns of numbers alone"
        if found.features:
            found.questions.append(
                f"are all of {_shown(found.features)} features, or is one a label or a "
                "measurement of an answer?"
            )


def _labelled(table: pl.DataFrame, taken: set, found: Guess) -> None:
    free = [name for name in table.columns if name not in taken - set(found.features)]
    by_name = label_column(free, found.id or found.text, found.annotator)
    if by_name.name is not None:
        found.label = by_name.name
        found.why["label"] = "by its name"
        if by_name.perhaps and found.annotator is None:
            found.questions.append(f"is {by_name.name!r} the label?")
        return
    classes = []
    for name, kind in table.schema.items():
        said = usual.plain(name)
        other = said in COUNTS or _counts_rows(name) or said in TOTALS
        if name in taken or kind.is_nested() or kind.is_float() or other:
            continue
        count = cells.names(table[name]).drop_nulls().n_unique()
        if 2 <= count <= min(MOST_CLASSES, max(2, len(table) // 3)):
            classes.append(name)
    if classes:
        found.label = classes[0]
        found.why["label"] = "few different values"
        found.questions.append(
            f"is {classes[0]!r} the label?"
            + (f" {_shown(classes[1:])} could be it too" if len(classes) > 1 else "")
        )


def _shown(names: Sequence[str]) -> str:
    some = ", ".join(repr(name) for name in names[:5])
    return some + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def relative(path: Path, folder: Path) -> str:
    """The path as a plan file in `folder` says it."""
    try:
        return str(path.resolve().relative_to(folder.resolve()))
    except ValueError:
        return str(path.resolve())
