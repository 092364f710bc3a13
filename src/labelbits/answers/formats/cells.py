"""Cells as people's programs write them: names, numbers and lists, whatever the file's type is."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

import polars as pl

from labelbits.answers.files.json_files import loads_loose
from labelbits.answers.files.opening import shorten

#: What stands where nothing was said, in small letters. "None" is one only where no other
#: spelling of it is there: then it is a class.
MISSING = frozenset({
    "", "na", "n/a", "n.a.", "n. a.", "#n/a", "#nv", "#n/d", "nan", "<na>", "null", "nat", "-nan",
    "#value!", "k.a.", "k. a.", "keine angabe", "tbd", "tba", "todo", "to do", "to-do", "unlabeled",
    "unlabelled", "not labeled", "not labelled", "not labeled yet", "not labelled yet",
    "unannotated", "not annotated",
})  # fmt: skip
#: Marks in place of an answer, where answers are words.
MARKS = frozenset({"?", "??", "???", "-", "--", "---", "\u2013", "\u2014", "…", "...", "_", "."})
#: Characters that cannot be seen round a name.
UNSEEN = " \t\r\n\v\f\u00a0\u200b\u200c\u200d\u2060\ufeff\u3000"
#: Keys of the name in an object that stands for a class.
JUDGED = frozenset({"score", "rating", "verdict", "grade", "decision", "judgment", "judgement",
                    "label", "answer", "winner", "preference"})  # fmt: skip
SAID_WHY = frozenset({"reason", "reasoning", "rationale", "explanation", "justification", "why",
                      "comment", "analysis", "thought", "thoughts", "feedback",
                      "critique"})  # fmt: skip
WRAPPERS = ("classification", "name", "label", "title", "text", "class", "choice", "answer")
WHOLE = r"^[+-]?\d{1,18}(\.0*)?$"
#: Numbers whose comma, or whose point, can be no mark of thousands.
COMMA = r"^[+-]?(\d*,(\d{1,2}|\d{4,})|0?,\d+|\d{1,3}(\.\d{3})+,\d+|\d+,\d+[eE][+-]?\d+)$"
#: Classes that go by their sign (against, neither, for).
SIGNS = ({-1.0, 1.0}, {-1.0, 0.0}, {-1.0, 0.0, 1.0})
POINT = r"^[+-]?[\d,]*\.\d+([eE][+-]?\d+)?$"


def text(name: str, table: pl.DataFrame) -> pl.Expr:
    """Column `name` as names: NFC, nothing unseen at the ends, `1.0` as `1` where all are whole.

    What holds lists or objects is null; `cells` keeps them.
    """
    return pl.lit(names(table[name])).alias(name)


def names(column: pl.Series) -> pl.Series:
    """See `text`."""
    kind = column.dtype
    if kind.is_float():
        rounded = column.round()
        whole = ((column == rounded) & (column.abs() < 1e15)).fill_null(False)
        made = column.to_frame("c").select(
            pl.when(pl.col("c").is_nan()).then(None)
            .when(pl.lit(whole)).then(pl.col("c").cast(pl.Int64, strict=False).cast(pl.String))
            .otherwise(pl.col("c").cast(pl.String))
        )  # fmt: skip
        return made.to_series().alias(column.name)
    if kind.is_nested() or kind in (pl.Binary, pl.Object, pl.Duration):
        return pl.Series(column.name, [None] * len(column), dtype=pl.String)
    if kind != pl.String:
        return column.cast(pl.String)
    column = column.str.strip_chars(UNSEEN).str.normalize("NFC")
    if column.str.contains(".", literal=True).any() and all_whole(column):
        column = column.str.replace(r"\.0*$", "")
    return column


def all_whole(column: pl.Series) -> bool:
    """Is all that is there a whole number, also when written `1.0`?"""
    return bool(column.drop_nulls().str.contains(WHOLE).all())


def cells(column: pl.Series) -> pl.Series:
    """Column as text, lists and objects as JSON: what `deciding` reads."""
    if not column.dtype.is_nested():
        return names(column)
    return pl.Series(column.name, [as_text(value) for value in column.to_list()], dtype=pl.String)


def as_text(value: Any) -> str | None:
    """A JSON value as the text of a cell."""
    if value is None or (isinstance(value, float) and value != value):
        return None
    if isinstance(value, str):
        return tidy(value) or None
    made = json.dumps(value, ensure_ascii=False, default=str)
    return made.encode("utf-8", "replace").decode()


def tidy(value: str) -> str:
    """One name: NFC, nothing unseen at the ends, storable as UTF-8."""
    whole = value.encode("utf-8", "replace").decode()
    return unicodedata.normalize("NFC", whole.strip(UNSEEN))


def numbers(column: pl.Series, decimal: bool | None = None) -> pl.Series:
    """Column as numbers; currency signs, blanks and thousands marks are dropped, other text is
    null.

    `decimal` says that commas are decimal (`decimal_commas` of a whole table tells it); None: the
    column's own cells do, where no thousands can be meant: `3,05`, `0,125`, `1.234,5`.
    """
    if column.dtype == pl.String:
        plain = _bare(column)
        if plain.str.contains(",", literal=True).any():
            if decimal is None:
                decimal = _evidence(plain) == (True, False)
            if decimal:
                plain = plain.str.replace_all(".", "", literal=True)
                plain = plain.str.replace(",", ".", literal=True)
            else:
                plain = plain.str.replace_all(r",(\d{3})\b", "$1")
        return plain.cast(pl.Float64, strict=False)
    if column.dtype.is_numeric():
        return column.cast(pl.Float64, strict=False)
    return pl.Series(column.name, [None] * len(column), dtype=pl.Float64)


def decimal_commas(table: pl.DataFrame) -> bool | None:
    """Are the commas of a table's numbers decimal, as its cells of text together tell? None where
    they tell nothing, or the one and the other."""
    told = [_evidence(_bare(table[n])) for n, kind in table.schema.items() if kind == pl.String]
    comma, point = (any(side) for side in zip(*told, strict=True)) if told else (False, False)
    return None if comma == point else comma


def _bare(column: pl.Series) -> pl.Series:
    """Cells without currency signs, per cent, blanks and the apostrophes of Swiss thousands."""
    return column.str.replace_all(r"[$€£%\s'\u2019\u202f]", "")


def _evidence(plain: pl.Series) -> tuple[bool, bool]:
    """(some cell has a decimal comma for certain, some cell has a decimal point)."""
    comma = plain.str.contains(COMMA).any()
    point = plain.str.contains(POINT) & ~plain.str.contains(r"^[+-]?\d{1,3}(\.\d{3})+$")
    return bool(comma), bool(point.any())


def number(name: str, table: pl.DataFrame) -> pl.Expr:
    """Column `name` as numbers, see `numbers`."""
    return pl.lit(numbers(table[name])).alias(name)


def is_number(value: str) -> bool:
    """Is a name a number (digits of any precision, no infinity)?"""
    try:
        return abs(float(value.replace(",", ".", 1))) < float("inf")
    except ValueError:
        return False


def are_signs(values: Iterable[str]) -> bool:
    """Are these the numbers -1 and 1, -1 and 0, or -1, 0 and 1, where -1 is a class of its own?"""
    said = set(values)
    return all(map(is_number, said)) and {float(one.replace(",", ".")) for one in said} in SIGNS


def said_in(column: pl.Series) -> list[str]:
    """The different cells of a column that say something, as text, sorted."""
    return [one for one in names(column).drop_nulls().unique().sort() if not is_missing(one)]


def is_missing(value: str | None, others: Iterable[str] = ()) -> bool:
    """Does a cell say that there is nothing? `others` are all the different cells."""
    if value is None or value.lower() in MISSING:
        return True
    if value.strip() in MARKS:  # no sign beside a plus, and no class beside letters
        there = [other for other in others if other not in MARKS and not is_missing(other)]
        return len(there) > 1 and all(re.search(r"[^\W\d_]{2}", other) for other in there)
    if value != "None":
        return False
    return not any(other != value and other.lower() == "none" for other in others)


def parsed(value: str) -> Any:
    """A list or object that a cell holds as text, else the text itself."""
    if value[:1] not in '[{("' and not value.startswith("array("):
        return value
    try:
        found = loads_loose(value)
    except ValueError:
        return value
    if isinstance(found, (list, dict)):
        return found
    return found if isinstance(found, str) else value


def unwrapped(value: Any) -> Any:
    """What an object says that only wraps a name or a number: `{"value": "cat", "score": 0.8}`."""
    if not isinstance(value, dict):
        return value
    if isinstance(inner := value.get("value"), (str, int, float, list)):
        return inner
    names = [value[key] for key in WRAPPERS if isinstance(value.get(key), str)]
    told = [key for key in value if key.lower() in SAID_WHY]
    judged = [one for key, one in value.items() if key.lower() in JUDGED]
    if told and len(judged) == 1 and isinstance(judged[0], (str, int, float)):
        return judged[0]  # what a language model says of its judgement is none
    marked = any(key in value for key in ("start", "labels", "choices", "taxonomy", "x"))
    return names[0] if names and not marked else value


#: Marks that names of one class hold as well.
_SPACED = (" / ", " + ", " & ")


def split_by(distinct: Sequence[str]) -> str | None:
    """The mark that parts several names in one cell, or None.

    `entailment,neutral` is two classes where each part is also said alone or in another
    combination; `(0, 0)` and `red, or blue` are one. `cat / dog` is two where each is said alone.
    """
    for mark in ("|", ";", "#", ",", "\n", *_SPACED):
        several = [value for value in distinct if mark in value]
        if not several or len(several) > 5000:
            continue
        parts = [[part.strip(UNSEEN) for part in value.split(mark)] for value in several]
        if any(not all(own) or len(set(own)) < len(own) for own in parts):
            continue
        alone = set(distinct)
        seen: dict[str, int] = {}
        for own in parts:
            for part in own:
                seen[part] = seen.get(part, 0) + 1
        balanced = all(part.count("(") == part.count(")") for part in seen)
        often = mark not in _SPACED
        known = all(part in alone or (often and count > 1) for part, count in seen.items())
        if balanced and known and not (mark == "," and all(map(is_number, seen))):
            return mark
    return None


def same_but_for_case(distinct: Iterable[str]) -> list[list[str]]:
    """Groups of names that differ by capitals only."""
    groups: dict[str, list[str]] = {}
    for name in distinct:
        groups.setdefault(name.casefold(), []).append(name)
    return [sorted(group) for group in groups.values() if len(group) > 1]


def shown(values: Iterable[str], most: int = 4) -> str:
    """Some names for a message."""
    own = [shorten(value, 40) for value in values]
    return ", ".join(own[:most]) + (f" and {len(own) - most} more" if len(own) > most else "")
