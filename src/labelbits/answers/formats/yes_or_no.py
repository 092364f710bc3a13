"""What cells of a column that asks say: yes or no, in the languages that `languages` knows."""

from __future__ import annotations

from labelbits.answers.formats import cells, usual

#: Words without accents and capitals, as `usual.plain` writes them.
YES = frozenset({"true", "yes", "1", "y", "ja", "oui", "si", "sim"})
NO = frozenset({"false", "no", "0", "n", "nein", "non", "nee", "nao"})
#: What a tick is written as.
MARKS = frozenset({"x", "[x]", "(x)", "✓", "✔", "☑", "☒", "✗", "✘", "√"})


def truth(cell: str) -> bool | None:
    """True or False as a cell says; None of any other word."""
    word = usual.plain(cell)
    return word in YES if word in YES | NO else None


def ticked(cell: str | None) -> bool | None:
    """The same where a tick says yes and nothing says no."""
    if cell is None or cells.is_missing(cell):
        return False
    return True if cell.casefold() in MARKS else truth(cell)
