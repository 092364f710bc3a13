"""Two things side by side: the columns that hold them, and the one that says which was chosen."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence

import polars as pl

from labelbits.answers.formats import cells, times, usual
from labelbits.answers.formats.reader import first_of
from labelbits.answers.formats.ties import are_ties, ties_in

#: What tells the two apart in headings and answers.
MARKS = (("a", "b"), ("1", "2"), ("left", "right"), ("first", "second"), ("one", "two"),
         ("1st", "2nd"), ("l", "r"), ("links", "rechts"), ("gauche", "droite"),
         ("izquierda", "derecha"), ("sinistra", "destra"))  # fmt: skip
FIRST, SECOND = (frozenset(side) for side in zip(*MARKS, strict=True))
#: Words beside such a mark that say nothing more.
WORDS = frozenset({
    "the", "option", "item", "image", "candidate", "choice", "alternative", "response",
    "answer", "model", "system", "assistant", "output", "text", "word", "stimulus", "is", "better",
    "wins", "won", "side", "picture", "completion", "more", "similar", "closer", "nearer",
    "img", "bild", "stim", "much", "slightly", "somewhat", "strongly", "clearly", "significantly",
    "marginally", "far", "way", "moderately", "prefer", "preferred", "i", "definitely", "probably",
})  # fmt: skip
#: What says how much, and begins as the name of a side does.
_HOW_MUCH = re.compile(r"\ba (bit|little|lot)\b", re.I)
#: Words of headings that say what would be right, which is nobody's choice.
RIGHTLY = frozenset({"correct", "corr", "expected", "solution", "gold", "truth", "corrans",
                     "richtig", "correcte", "correcta"})  # fmt: skip
#: Rows from which, and their share by which, rows tell what columns hold; rows looked at.
LEAST, MOST, LOOKED_AT = 5, 0.95, 200
#: The share of an item's names that are those of the others too.
SHARED = 0.3
#: Columns among which any two may be the sides.
WIDEST = 12


def pairs_in(columns: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Pairs of headings that one mark tells apart: `system_a` and `system_b`, `1st`, `2nd`."""
    parts = {name: usual.words_in(name) for name in columns}
    for left, right in itertools.permutations(columns, 2):
        one, two = parts[left], parts[right]
        if len(one) != len(two):
            continue
        apart = [pair for pair in zip(one, two, strict=True) if pair[0] != pair[1]]
        if len(apart) == 1 and apart[0] in MARKS:
            yield left, right


def side_of(said: str | None) -> int | None:
    """0 for `A`, `option_a`, `the left one`; 1 for the other side; None for anything else."""
    parts = usual.words_in(_HOW_MUCH.sub(" ", said or ""))
    rest = [part for part in parts if part not in WORDS]
    rest = [part for part in rest if part != "one"] or rest
    if len(rest) != 1 or (rest[0].isdecimal() and parts == rest):
        return None
    return 0 if rest[0] in FIRST else 1 if rest[0] in SECOND else None


def are_codes(choice: pl.Series, left: pl.Series, right: pl.Series) -> bool:
    """Do numbers 0, 1, 2 say the side, where the two are called by numbers too?"""
    said = choice.drop_nulls()
    named = ((choice == left) | (choice == right)).mean()
    return len(said) > 0 and set(said) <= {"0", "1", "2", "1.5"} and float(named or 0) < MOST  # type: ignore[arg-type]


def chosen_in(
    table: pl.DataFrame,
    left: str,
    right: str,
    ties: bool = False,
    sides: bool = True,
    words: bool = False,
) -> str | None:
    """The column whose cells name one of two others, row by row, or (`sides`) their side.

    Numbers are sides as 1 and 2 alone: 0, 1 and 2 may be a tie and two sides in either order. Both
    have to be chosen, and the two to differ, as people's labels of one item do not. A column
    of any heading is taken where it repeats names; one of sides needs a usual heading, but with
    `words`.
    """
    head = table.head(LOOKED_AT)
    one, two = cells.names(head[left]), cells.names(head[right])
    if len(head) < LEAST or not bool((one != two).all()):
        return None
    usually = first_of(table.drop(left, right), *usual.CHOICES)
    rest = [name for name in table.columns if name not in (left, right, "row", usually)]
    for name in [*([usually] if usually else []), *rest]:
        said = usual.plain(name)
        truth = said in usual.TRUTH | usual.TOGETHER or set(usual.words_in(name)) & RIGHTLY
        if head[name].dtype.is_nested() or truth:
            continue
        own = cells.names(head[name])
        by_name = pl.DataFrame({"l": (own == one).fill_null(False),
                                "r": (own == two).fill_null(False), "o": own})  # fmt: skip
        if (sides and name == usually) or words:
            drawn = set(ties_in(own.drop_nulls())) if ties else set()
            marks = [side_of(cell) for cell in own]
            if name == usually and {*own.drop_nulls()} - drawn <= {"1", "2"}:
                marks = [{"1": 0, "2": 1}.get(cell or "") for cell in own]
            by_name = by_name.with_columns(
                l=pl.col("l") | pl.Series([m == 0 for m in marks]),
                r=pl.col("r") | pl.Series([m == 1 for m in marks]),
            )
        told = by_name.filter(pl.col("o").is_not_null())
        told = told.filter(~are_ties(told["o"])) if ties else told
        both = told["l"].any() and told["r"].any()
        fits = (told["l"] | told["r"]).mean() if len(told) else 0.0
        if both and fits >= MOST:  # type: ignore[operator]
            return name
    return None


def compared_in(table: pl.DataFrame, ties: bool = False) -> tuple[str | None, str, str, str] | None:
    """(the item that both are compared with or None, the one, the other, the choice), as rows and
    the marks of headings show it; any two columns of names, where an item is beside them."""
    head = table.head(LOOKED_AT)
    own = [
        name for name in head.columns
        if name != "row" and not head[name].dtype.is_nested() and not _is_time(head, name)
        and "key" not in usual.words_in(name)
        and cells.names(head[name]).null_count() == 0
    ]  # fmt: skip
    marked = list(pairs_in(own))
    partners: dict[str, set[str]] = {}
    for left, right in marked:
        partners.setdefault(left, set()).add(right)
        partners.setdefault(right, set()).add(left)
    if any(len(others) > 1 for others in partners.values()):
        return None  # left 1, left 2, right 1, right 2: two pairs are compared, not two items
    for left, right in marked:
        item = beside(head, own, left, right)
        choice = chosen_in(head, left, right, ties, words=item is not None)
        if choice is not None:
            return item, left, right, choice
    if len(own) > WIDEST:
        return None
    worker = first_of(head, *usual.WORKER)
    for left, right in itertools.combinations([n for n in own if n != worker], 2):
        choice = chosen_in(head, left, right, sides=False)
        item = None if choice is None else beside(head, own, left, right)
        if choice is not None and item is not None:
            return item, left, right, choice
    return None


def _is_time(head: pl.DataFrame, name: str) -> bool:
    """Is a column called as times are, and holds numbers? `second` may be a side."""
    own = cells.names(head[name]).drop_nulls()
    return times.may_be_time(name) and cells.numbers(own).null_count() == 0


def beside(head: pl.DataFrame, columns: Sequence[str], left: str, right: str) -> str | None:
    """The column of items of the same kind as the two, that never are one of them in a row."""
    one, two = cells.names(head[left]), cells.names(head[right])
    others = {*one, *two}
    for name in columns:
        if name in (left, right):
            continue
        own = cells.names(head[name])
        known = set(own)
        apart = not bool(((own == one) | (own == two)).any())
        if apart and len(known) > 1 and len(known & others) >= SHARED * len(known):
            return name
    return None
