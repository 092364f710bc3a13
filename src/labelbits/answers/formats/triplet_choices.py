"""Triplets as choices: an item, two others beside it, and which of them is nearer."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from labelbits.answers.formats import cells, usual
from labelbits.answers.formats.class_columns import head_of
from labelbits.answers.formats.contrastive import numbered
from labelbits.answers.formats.crowdkit import optional
from labelbits.answers.formats.keys import (
    LEFT,
    RIGHT,
    key_of,
    pressed_column,
    sides_of_keys,
    with_time,
)
from labelbits.answers.formats.named import check_keys
from labelbits.answers.formats.opposites import asks_for_the_farther
from labelbits.answers.formats.other_answers import say_unread
from labelbits.answers.formats.practice import without_practice
from labelbits.answers.formats.reader import (
    TOLD,
    Kind,
    Options,
    Probe,
    Reader,
    columns_in,
    first_of,
    opened,
    told_column,
)
from labelbits.answers.formats.scored_sides import CHOSEN, sides_are_scored, with_scored
from labelbits.answers.formats.two_sides import are_codes, beside, compared_in, pairs_in, side_of
from labelbits.answers.formats.who import annotators, who_column
from labelbits.answers.formats.winner_columns import as_headings, one_sided
from labelbits.answers.table.columns import Parsed
from labelbits.errors import InputError

#: What the item that two others are compared with is called.
HEADS = ("target", "anchor", "reference", "standard", "probe", "head", "ref", "query", "center",
         "centre", "base", "sample", "x")  # fmt: skip
#: The two others, and the three of which the first is compared with the others.
SIDES = (
    ("left", "right"), ("a", "b"), ("option_a", "option_b"), ("option1", "option2"),
    ("option_1", "option_2"), ("choice_a", "choice_b"), ("choice_1", "choice_2"),
    ("item_a", "item_b"), ("image_a", "image_b"), ("candidate_a", "candidate_b"), ("b", "c"),
    ("item1", "item2"), ("alternative_1", "alternative_2"), ("first", "second"),
)  # fmt: skip
THREE = (("a", "b", "c"), ("item_a", "item_b", "item_c"), ("i", "j", "k"))
#: Rows that tell three columns of items from a head and two others.
LEAST = 5


def _columns(head: pl.DataFrame) -> tuple[str, str, str, str] | None:
    """(the item, the one, the other, the choice), by their names and what the rows say."""
    if first_of(head, "loser") is not None:
        return None
    choice = first_of(head, *usual.CHOICES)
    found = _named(head, choice) if choice is not None else None
    if found is None:
        item, left, right, said = compared_in(head) or (None, "", "", "")
        found = None if item is None else (item, left, right, said)
    found = found or _keyed(head) or _one_sided(head)
    more = [] if found is None else numbered(head.columns, head)
    # Option 1, option 2 and option 3 are three candidates, and no two of them the sides.
    one_of_three = found is not None and any(
        {*found[1:3]} <= {*own} and found[0] not in own for own in more
    )
    return None if one_of_three else found


def _keyed(head: pl.DataFrame) -> tuple[str, str, str, str] | None:
    """The columns of a script: `reference`, `leftImg`, `rightImg` and the key that was pressed."""
    pressed = pressed_column(head)
    if pressed is None:
        return None
    own = [n for n in head.columns if n != pressed and not head[n].dtype.is_nested()]
    for left, right in pairs_in(own):
        shown = head.filter(pl.col(left).is_not_null() & pl.col(right).is_not_null())
        if len(shown) < LEAST or not bool((shown[left] != shown[right]).all()):
            continue
        item = beside(shown, own, left, right)
        if item is not None and not {"middle", "center", "centre"} & {*usual.words_in(item)}:
            return item, left, right, pressed  # of three in a row one is chosen, the odd one say
    return None


def _one_sided(head: pl.DataFrame) -> tuple[str, str, str, str] | None:
    """The columns of yes and no to one of the two (`ref`, `a`, `b`, `chose_a`), or of a number for
    each (`n_a`, `n_b`)."""
    for left, right in pairs_in([n for n in head.columns if not head[n].dtype.is_nested()]):
        choice = one_sided(head, (left, right))
        if choice is None and sides_are_scored(head, (left, right)):
            choice = CHOSEN
        item = first_of(head.drop(left, right), *HEADS)
        if choice is not None and item is not None and _alike(head, item, left, right):
            return item, left, right, choice
    return None


def _named(head: pl.DataFrame, choice: str) -> tuple[str, str, str, str] | None:
    """The four columns by their names."""
    rest = head.drop(choice)
    for names in THREE:
        found = [first_of(rest, name) for name in names]
        if None not in found and first_of(rest, *HEADS[:-1]) is None:
            one, two, three = map(str, found)
            own = {name: cells.names(head[name]) for name in (one, two, three, choice)}
            apart = len(head) >= LEAST and not (own[choice] == own[one]).any()
            among = ((own[choice] == own[two]) | (own[choice] == own[three])).mean()
            return (one, two, three, choice) if apart and (among or 0) > 0.9 else None  # type: ignore[operator]
    for left, right in SIDES:
        both = first_of(rest, left), first_of(rest, right)
        if not (both[0] and both[1]):
            continue
        item = first_of(rest.drop(both[0], both[1]), *HEADS)
        if item is not None and _alike(head, item, both[0], both[1]):
            return item, both[0], both[1], choice
    return None


def _alike(head: pl.DataFrame, item: str, left: str, right: str) -> bool:
    """Are the items of the three columns of one kind? What two answers answer is none of them."""
    own, others = cells.names(head[item]), {*cells.names(head[left]), *cells.names(head[right])}
    if usual.plain(item) in ("query", "x", "sample", "base", "center", "centre"):
        return bool(own.is_in([one for one in others if one]).any())
    return True


def _told(path: Path, table: pl.DataFrame, options: Options) -> tuple[str, str, str, str] | None:
    """The four columns as the user names them, the others as they are found.

    Raises `InputError` for an `item` of another kind than the two that are compared.
    """
    told = {key: told_column(path, table, options, key)
            for key in ("head", "left", "right", "winner", "item", "label")}  # fmt: skip
    item, choice = told["head"] or told["item"], told["winner"] or told["label"]
    known = (item, told["left"], told["right"], choice)
    if not any(known):
        return _columns(table)
    if None in known:
        guessed = _columns(table) or (None,) * 4
        known = tuple(one or other for one, other in zip(known, guessed, strict=True))
    if None in known or len(set(known)) < 4:
        return None
    item, left, right, choice = map(str, known)
    if told["head"] is None and told["item"] is not None:
        own = set(cells.names(table[item]))
        if not own & {*cells.names(table[left]), *cells.names(table[right])}:
            raise InputError(
                f"{path}: column {item!r} (item) holds nothing that stands in {left!r} or "
                f"{right!r} too; expected the item that the two are compared with: --columns "
                f"head={item} says that it is, group={item} that it is the prompt of both"
            )
    return item, left, right, choice


def read(path: Path, kind: Kind, options: Options) -> Parsed:
    """Is the left or the right one nearer? The choice names it, its column or its side."""
    check_keys(options.columns)
    table, rejects, notes = opened(path, kind)
    found = _told(path, table.drop("row"), options)
    if found is None:
        raise InputError(
            f"{path}: found columns {columns_in(table)}; expected an item (target, anchor), two "
            "others (left, right) and which is nearer (choice): --columns head=COL,left=COL,"
            "right=COL,winner=COL, or of winners and losers head=COL,winner=COL,loser=COL"
        )
    item, left, right, choice = found
    if choice == CHOSEN:
        table, _ = with_scored(path, table, (left, right), notes, tie=False)
    table = as_headings(table, choice, (left, right))
    shown = pl.any_horizontal(pl.col(item, left, right).is_not_null())
    for row in table.filter(~shown)["row"]:
        rejects.add(row, "shows no items: instructions, a pause or another question", "")
    table = without_practice(path, table.filter(shown), found, rejects, notes)
    named = told_column(path, table, options, "annotator")
    worker = named or who_column(table.drop(list(found)))
    options = with_time(options, table, choice)
    extra = optional(path, table, options, notes)
    own = table.select(
        *(cells.text(name, table).alias(key) for key, name in zip("hab", found, strict=False)),
        annotator=annotators(path, table, worker, notes),
        choice=cells.text(choice, table),
        row="row",
        **extra,
    )
    low = pl.col("choice").str.to_lowercase()
    said = own["choice"].str.to_lowercase().drop_nulls().unique().to_list()
    words = [[one for one in said if side_of(one) == side] for side in (0, 1)]
    numbers = {"1": "0", "2": "1"} if own["choice"].drop_nulls().is_in(["1", "2"]).all() else {
        "0": "0", "1": "1"}  # fmt: skip
    names = not are_codes(own["choice"], own["a"], own["b"])
    pressed = sides_of_keys(path, table, (left, right, choice), options, notes)
    answer = pl.lit(pressed).cast(pl.String) if pressed is not None else (
        pl.when(names & (pl.col("choice") == pl.col("a"))).then(pl.lit("0"))
        .when(names & (pl.col("choice") == pl.col("b"))).then(pl.lit("1"))
        .when((low == left.lower()) | low.is_in(words[0])).then(pl.lit("0"))
        .when((low == right.lower()) | low.is_in(words[1])).then(pl.lit("1"))
        .otherwise(pl.col("choice").replace_strict(numbers, default=None))
    )  # fmt: skip
    own = own.with_columns(answer.alias("answer"))
    farther = asks_for_the_farther(choice)
    if farther:
        own = own.with_columns(pl.col("answer").replace({"0": "1", "1": "0"}))
    for row, said in own.filter(own["answer"].is_null()).select("row", "choice").iter_rows():
        none = pressed is not None and key_of(said) is None
        why = "no key was pressed" if none else f"{choice} is neither {left} nor {right}"
        rejects.add(row, why, said or "")
    notes.append(
        f"{path.name}: {choice!r} says which of {left!r} and {right!r} is "
        f"{f'farther from {item!r}: the other one is nearer' if farther else f'nearer to {item!r}'}"
    )
    say_unread(path, table, {*found, worker}, options, notes)
    made = own.filter(own["answer"].is_not_null()).select(
        pl.lit("triplet").alias("signal"),
        "annotator",
        pl.concat_list("h", "a", "b").alias("items"),
        "answer",
        *extra,
        "row",
    )
    return Parsed(made, rejects, notes=notes)


def is_choice(probe: Probe) -> bool:
    """An item, two others and a choice between them."""
    head = head_of(probe)
    return (
        head is not None and probe.kind in ("csv", "parquet", "json") and _columns(head) is not None
    )


READER = Reader(
    "triplet-choices", "triplets: target, left, right, choice (the nearer one)", is_choice, read,
    tells=frozenset({*TOLD, "head", "left", "right", "winner", "item", "label", LEFT, RIGHT}),
)  # fmt: skip
