"""Numbers that people gave: codes for no answer, and steps that are no classes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from labelbits.answers.formats import cells, usual
from labelbits.answers.formats.reader import Options

#: What programs of surveys write for "don't know" and "no answer", beside steps up to `HIGHEST`.
CODES = ("77", "88", "97", "98", "99", "777", "888", "997", "998", "999", "-9", "-99", "-999")
HIGHEST = 11


def codes_in(values: Mapping[str, Any], options: Options) -> list[str]:
    """Which of the different answers are codes of surveys: all others are steps up to 11."""
    found = [code for code in CODES if code in values and code not in options.classes]
    rest = [value for key, value in values.items() if key not in found]
    steps = len(rest) > 1 and all(
        isinstance(one, str) and one.isdecimal() and int(one) <= HIGHEST for one in rest
    )
    return found if steps else []


#: Words of headings under which numbers up to 10 may number classes.
_OF_CLASSES = usual.word_set(
    "label labels class category code digit digits number topic group cluster species type id tag "
    "klasse kategorie classe categoría clase categoria"
)


def are_ten_steps(said: pl.Series, heading: str) -> bool:
    """Are these the whole numbers 1 to 10, or 0 to 10, nearly all of them used, under a heading
    that does not call them classes? Hardly anybody numbers ten classes from 1, or eleven."""
    own = set(said.drop_nulls().unique()) - set(CODES)
    if set(usual.words_in(heading)) & _OF_CLASSES or "10" not in own:
        return False
    if not all(one.isdecimal() and int(one) <= 10 for one in own):
        return False
    return ("1" in own or "0" in own) and len(own) >= MOST_STEPS_USED


#: Of ten or eleven steps, those that are used at least.
MOST_STEPS_USED = 8
#: Different numbers from which they may be no classes, items of several people that tell it, and
#: how much more they go together than they are equal.
MANY_NUMBERS, TELLING, TOGETHER = 20, 20, 0.25


def are_far(values: Mapping[str, Any], said: pl.DataFrame) -> bool:
    """Are numbers of one item near each other more often than they are the same?

    Numbers of classes go together as often as people agree; those of a slider hardly ever agree.
    """
    if len(values) <= MANY_NUMBERS or not all(
        isinstance(one, str) and cells.is_number(one) for one in values.values()
    ):
        return False
    number = said["value"].replace_strict(
        {key: float(one.replace(",", ".")) for key, one in values.items()},
        default=None, return_dtype=pl.Float64,
    )  # fmt: skip
    own = said.select("item", number=number).drop_nulls()
    pairs = own.group_by("item", maintain_order=True).agg(
        pl.col("number").first().alias("a"), pl.col("number").slice(1, 1).first().alias("b")
    ).drop_nulls()  # fmt: skip
    if len(pairs) < TELLING:
        return False
    both = pairs.select(pl.corr("a", "b"), same=(pl.col("a") == pl.col("b")).mean()).row(0)
    return both[0] is not None and both[0] == both[0] and both[0] > both[1] + TOGETHER
