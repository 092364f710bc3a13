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
#: What columns of people's labels are called beside a name, and what is no name.
LABELS = frozenset(
    {
        "label",
        "labels",
        "code",
        "codes",
        "coding",
        "annotation",
        "class",
        "category",
        "answer",
        "rating",
        "judgment",
        "judgement",
        "vote",
        "decision",
        "verdict",
    }
)
NO_NAMES = frozenset({
    "id", "name", "names", "type", "kind", "time", "seconds", "ms", "date", "count", "no", "nr",
    "number", "confidence", "certainty", "text", "notes", "note", "comment", "comments", "remarks",
    "score", "email", "gold", "true", "final", "majority", "consensus", "adjudicated", "predicted",
    "pred", "source", "version", "set", "weight", "price", "key", "code", "label", "group", "age",
    "gender", "experience", "first", "second", "third", "1st", "2nd", "3rd", "4th", "before",
    "after", "pre", "post", "old", "new", "initial", "revised", "previous", "corrected",
})  # fmt: skip
#: What stands before the name of a person.
TITLES = frozenset({"dr", "prof", "professor", "doctor", "doktor", "mr", "mrs", "ms", "herr",
                    "frau", "mme", "dra", "dott", "nurse"})  # fmt: skip
#: What headings say of numbers that count the votes for a class.
_COUNT = r"(n|no|nr|num|number of|count|counts|votes|vote|freq|frequency|anzahl)"
COUNTED = re.compile(rf"^{_COUNT}([\W_]+(of|for))?[\W_]+(?=\S)", re.I)
COUNTS_OF = re.compile(rf"(?<=\w)[\W_]+{_COUNT}\W*$", re.I)
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


def tallied(columns: Sequence[str]) -> tuple[str, ...]:
    """The classes whose votes columns `n_positive`, `n_negative`, ... count; none where a heading
    does not say that it counts."""
    for pattern in (COUNTED, COUNTS_OF):
        made = [pattern.sub("", name.strip()) for name in columns]
        changed = all(own and own != name for own, name in zip(made, columns, strict=True))
        if len(columns) > 1 and changed and len(set(made)) == len(made):
            return tuple(made)
    return ()


def people_columns(columns: Sequence[str]) -> list[str]:
    """Columns called after people side by side: `Coder Mia` and `Coder Tom`, `mia_label` and
    `tom_label`, `Dr Roe` and `Prof Poe`, `reader1` and `reader2`; none where fewer than two are
    called alike."""
    titled = [name for name in columns if _bears_title(name)]
    if len(titled) > 1:
        return titled
    stems = {name: re.sub(r"\d+$", "", plain) for name in columns
             if (plain := usual.plain(name))[-1:].isdecimal()}  # fmt: skip
    for stem in PEOPLE:
        own = [name for name, said in stems.items() if said == stem and len(stem) > 1]
        if len(own) > 1:
            return own
    for place in (0, -1):
        words = {name: re.findall(r"[^\W_]+", name.casefold()) for name in columns}
        for stem in PEOPLE | LABELS:
            own = [
                name for name, said in words.items()
                if len(stem) > 1 and len(said) > 1 and said[place] == stem
                and said[-1 if place == 0 else 0] not in NO_NAMES
            ]  # fmt: skip
            if len(own) > 1:
                return own
    return []


def _bears_title(name: str) -> bool:
    """Is this a person's name after a title, and nothing more?"""
    words = re.findall(r"[^\W\d_]+", name.casefold())
    return len(words) in (2, 3) and words[0] in TITLES and not NO_NAMES & {*words[1:]}


def are_opposites(columns: Sequence[str]) -> bool:
    """Are the columns called yes and no, or by another such pair of classes?"""
    return {usual.plain(name) for name in columns} in OPPOSITES


def are_shares(columns: Sequence[str]) -> bool:
    """Does each name say that it holds a share: `yes (%)`, `prob_cat`?"""
    return all(re.search(r"%|(^|[\W_])(pct|percent|prob|share)", name, re.I) for name in columns)
