"""What wrote two texts that are compared: columns beside them, or a name inside their cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from labelbits.answers.files.json_files import loads_loose
from labelbits.answers.formats import cells, usual

#: What a column of such names says beside the word for its text.
_WRITERS = frozenset({
    "model", "models", "system", "systems", "policy", "generator", "llm", "lm", "engine",
    "checkpoint", "assistant", "author", "writer", "bot", "agent", "modell", "modele", "modelo",
    "modello", "method", "variant", "provider",
})  # fmt: skip
#: Words beside those that say nothing more, or that it is the name.
_BESIDE = frozenset({"name", "id", "response", "answer", "completion", "text", "output", "by", "of",
                     "the", "answers", "responses"})  # fmt: skip
#: Keys of objects in cells under which such a name stands.
_KEYS = ("model", "model_name", "model_id", "system", "generator", "policy", "engine", "author")
#: Rows in which the two were written by different ones, as a share: below, one is compared with
#: itself, and texts are what differs.
MOSTLY = 0.5


@dataclass(frozen=True)
class Authors:
    """Who wrote the winner and the loser of each row, and what says so."""

    winner: pl.Series
    loser: pl.Series
    said: str
    columns: tuple[str, ...]


def authors_of(table: pl.DataFrame, winner: str, loser: str) -> Authors | None:
    """What wrote the texts in the columns `winner` and `loser`; None where nothing says it, or
    where it is the same in most rows."""
    found = _in_columns(table, winner, loser) or _in_cells(table, winner, loser)
    if found is None:
        return None
    differ = (found.winner != found.loser).fill_null(False)
    return found if float(differ.mean() or 0) > MOSTLY else None  # type: ignore[arg-type]


def _in_columns(table: pl.DataFrame, winner: str, loser: str) -> Authors | None:
    sides = [set(usual.words_in(one)) for one in (winner, loser)]
    rest = [name for name in table.columns if name not in (winner, loser, "row")]
    columns: list[str] = []
    for own in sides:
        named = [one for one in rest if _names_writer(usual.words_in(one), own)]
        columns += named[:1]
    if len(columns) < 2 or columns[0] == columns[1]:
        return None
    both = [cells.names(table[one]) for one in columns]
    shown = " and ".join(map(repr, columns))
    return Authors(both[0], both[1], f"columns {shown} name", tuple(columns))


def _names_writer(parts: Sequence[str], side: set[str]) -> bool:
    """Is a heading the side's word beside one for what writes, and nothing more?"""
    rest = [one for one in parts if one not in side]
    written = [one for one in rest if one in _WRITERS]
    return len(rest) < len(parts) and bool(written) and set(rest) - _BESIDE <= _WRITERS


def _in_cells(table: pl.DataFrame, winner: str, loser: str) -> Authors | None:
    both = [_inside(table[one]) for one in (winner, loser)]
    if any(one.null_count() > 0.5 * len(one) for one in both):
        return None
    return Authors(both[0], both[1], f"objects in {winner!r} and {loser!r} name", ())


def _inside(column: pl.Series) -> pl.Series:
    return pl.Series([_name_in(one) for one in cells.cells(column).to_list()], dtype=pl.String)


def _name_in(cell: Any) -> str | None:
    value = opened_cell(cell)
    if isinstance(value, list):
        value = value[-1] if value else None
    if not isinstance(value, dict):
        return None
    found = next((value[key] for key in _KEYS if isinstance(value.get(key), str)), None)
    return None if found is None else cells.tidy(found) or None


def opened_cell(cell: Any) -> Any:
    """A list or an object where the text of a cell is one, else the cell."""
    if isinstance(cell, str) and cell[:1] in ("[", "{"):
        try:
            return loads_loose(cell)
        except ValueError:
            return cell
    return cell
