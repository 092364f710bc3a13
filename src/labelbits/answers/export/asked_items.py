"""Which items an exported purchase asks about.

A plan takes items at random, so the first rows of a file, often sorted by class, will not do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from labelbits.answers.files.opening import check_file, open_text
from labelbits.answers.formats.reader import as_number
from labelbits.errors import InputError


@dataclass
class Items:
    """`names`, answers `held` on each and its `stratum` if known; `order` of those to be asked;
    `looks`, what annotators see of an item where that is not its name, and its `kind`."""

    names: list[str]
    order: np.ndarray
    held: np.ndarray
    stratum: np.ndarray | None
    looks: Mapping[str, str] = field(default_factory=dict)
    kind: str = "text"

    def first(self, count: int, *, compared: bool) -> list[str]:
        """The first `count` in order; those without answers before the others unless `compared`."""
        order = self.order if compared else self._without_answers_first()
        return [self.names[i] for i in order[:count]]

    def apart(self, count: int, shares: Mapping[str, Any]) -> list[str]:
        """`count` items that no other purchase of the mixture gets, taken out of what is left.

        `shares` maps a stratum to the part of its items that are asked this way.
        """
        order = self._without_answers_first()
        if self.stratum is None:
            chosen = order[:count]
        else:
            inside = {name: order[self.stratum[order] == name] for name in shares}
            size = np.array([np.count_nonzero(self.stratum == name) for name in shares])
            weight = size * np.array([float(as_number(share) or 0) for share in shares.values()])
            due = np.cumsum(weight / max(weight.sum(), 1e-12)) * count
            each = np.diff(np.round(due), prepend=0).astype(int)
            chosen = np.concatenate(
                [rows[:n] for rows, n in zip(inside.values(), each, strict=True)]
            )
        self.order = self.order[~np.isin(self.order, chosen)]
        return [self.names[i] for i in chosen]

    def answered(self, names: Sequence[str]) -> int:
        """How many of these items have answers already."""
        held = {name for name, count in zip(self.names, self.held, strict=True) if count > 0}
        return sum(name in held for name in names)

    def _without_answers_first(self) -> np.ndarray:
        return self.order[np.argsort(self.held[self.order] > 0, kind="stable")]


def known_items(
    path: Path | None, names: Sequence[str], seed: int, notes: list[str]
) -> Items | None:
    """The items in a plan's items file, or those that are named; None where neither says any.

    A file that was left behind adds to `notes`. Raises `InputError` for a broken one.
    """
    listed = None if path is None else _listed(path, notes)
    rng = np.random.default_rng(seed)
    if listed is None or (names and len(names) != len(listed)):
        if not names:
            return None
        held = np.zeros(len(names), int)
        return Items([str(name) for name in names], rng.permutation(len(names)), held, None)
    shown = [str(name) for name in listed["item"].to_list()]
    kind = next((one for one in ("text", "image") if one in listed.columns), "")
    looks = {}
    if names:
        own = dict(zip(shown, map(str, names), strict=True))
        # Rows without names are called as they are shown; names of a person's own are kept.
        numbered = all(name == str(row) for row, name in enumerate(shown))
        shown, looks = (list(own.values()), {}) if numbered else (shown, own)
    elif kind:
        looks = {k: str(v) for k, v in zip(shown, listed[kind], strict=True) if v is not None}
    stratum = listed["stratum"].to_numpy() if "stratum" in listed.columns else None
    held = listed["answers_held"].to_numpy()
    return Items(shown, rng.permutation(len(shown)), held, stratum, looks, kind or "name")


def _listed(path: Path, notes: list[str]) -> pl.DataFrame | None:
    if not path.is_file():
        notes.append(
            f"{path}: not found beside the plan, so nothing tells which items have answers or are "
            "ambiguous"
        )
        return None
    kinds = {
        "item": pl.String, "answers_held": pl.Int64, "stratum": pl.String, "text": pl.String,
        "image": pl.String,
    }  # fmt: skip
    try:
        table = pl.read_csv(path, schema_overrides=kinds)
    except (pl.exceptions.PolarsError, OSError) as problem:
        raise InputError(f"{path}: not the items of a plan ({problem})") from None
    if not {"item", "answers_held"} <= set(table.columns) or not len(table):
        raise InputError(
            f"{path}: found columns {', '.join(table.columns[:8])}; expected item, answers_held"
        )
    return table.with_columns(pl.col("answers_held").fill_null(0))


def read_items(path: Path) -> list[str]:
    """The items to show: one name, text or address a line; empty lines are skipped."""
    check_file(path)
    with open_text(path, []) as stream:
        names = [line.strip().lstrip("\ufeff") for line in stream]
    names = [name for name in names if name]
    if len(set(names)) < len(names):
        twice = next(name for i, name in enumerate(names) if name in names[:i])
        raise InputError(f"{path}: item {twice!r} appears twice; expected different items")
    return names
