"""What names of columns side by side say: people, classes, shares of them, or their total."""

from __future__ import annotations

import re
from collections.abc import Sequence

from labelbits.answers.formats import usual

#: Names of a column that holds the sum of the others.
TOTALS = frozenset({
    "total", "sum", "all", "n", "votes", "count", "totalvotes", "nvotes", "numvotes", "nannotators",
    "numannotators", "annotators", "answers", "nanswers", "gesamt", "summe",
})  # fmt: skip
#: What columns of people are called before a number.
PEOPLE = frozenset({*map(usual.plain, usual.WORKER), "ann", "person", "r", "a", "w", "j", "p"})
#: Names of two classes that are no names of people.
OPPOSITES = [{"yes", "no"}, {"true", "false"}, {"positive", "negative"}, {"pos", "neg"},
             {"agree", "disagree"}, {"for", "against"}, {"pro", "con"}, {"spam", "ham"},
             {"correct", "incorrect"}, {"right", "wrong"}, {"ja", "nein"}]  # fmt: skip


def is_total(name: str) -> bool:
    """Is a column called a total?"""
    said = re.sub(r"[\W_]", "", name.lower())
    return said in TOTALS or bool(re.match(r"^(total|sum|summe|gesamt)\W", name.lower()))


def are_people(columns: Sequence[str]) -> bool:
    """Are the columns called annotator 1, rater_2, r3, ..., as no classes are?"""
    stems = {re.sub(r"\d+$", "", usual.plain(name)) for name in columns}
    numbered = all(usual.plain(name)[-1:].isdecimal() for name in columns)
    return len(stems) == 1 and numbered and stems.pop() in PEOPLE


def are_opposites(columns: Sequence[str]) -> bool:
    """Are the columns called yes and no, or by another such pair of classes?"""
    return {usual.plain(name) for name in columns} in OPPOSITES


def are_shares(columns: Sequence[str]) -> bool:
    """Does each name say that it holds a share: `yes (%)`, `prob_cat`?"""
    return all(re.search(r"%|(^|[\W_])(pct|percent|prob|share)", name, re.I) for name in columns)
