"""Keys that people pressed for the left or the right one, as programs of experiments write them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import polars as pl

from labelbits.answers.files.json_files import loads_loose
from labelbits.answers.formats import cells, times, usual
from labelbits.answers.formats.reader import Options, UndecidedError
from labelbits.answers.formats.two_sides import side_of

#: Keys of `--columns` whose values are keys of a keyboard, or columns of them.
LEFT, RIGHT = "left_key", "right_key"
#: Names of columns that hold a pressed key or button, the surest first.
PRESSED = ("key_press", "keypress", "key", "keys", "key_pressed", "response_key", "resp_key",
           "key_response", "key_resp", "pressed_key", "button", "button_pressed", "buttonpress",
           "pressed", "taste", "touche", "tecla", "resp", "response")  # fmt: skip
#: How programs call keys that say their side, and what codes of JavaScript mean.
_SIDES = (
    re.compile(r"^(arrow ?left|left ?arrow|left|links|gauche|izquierda|sinistra|[lc] ?left|"
               r"(l|left) ?(ctrl|control|shift|alt|meta)|(ctrl|control|shift|alt|meta) ?left|"
               r"mouse ?left|\u2190)$"),
    re.compile(r"^(arrow ?right|right ?arrow|right|rechts|droite|derecha|destra|"
               r"(r|right) ?(ctrl|control|shift|alt|meta)|(ctrl|control|shift|alt|meta) ?right|"
               r"mouse ?right|\u2192)$"),
)  # fmt: skip
_MARKS = ({"a", "b"}, {"l", "r"})
_CODES = {"37": "arrowleft", "39": "arrowright"}
#: Words of headings that say what would be right.
RIGHTLY = frozenset({"correct", "corr", "target", "solution", "expected", "answer", "ans", "side",
                     "richtig", "correcta", "nearer", "closer"})  # fmt: skip
#: The share of rows that have to agree on what a key means.
SURE = 0.95
#: Characters of a key: `['arrowright']`.
LONGEST = 18
#: A median above it is one of milliseconds.
MOST_SECONDS = 60.0


def key_of(said: str | None, coded: bool = False) -> str | None:
    """One name for a key however it is written: `['f']`, `KeyF` and `F` are `f`; `coded`: numbers
    are codes of JavaScript."""
    if said is None or cells.is_missing(said) or said.casefold() == "none":
        return None
    if said[:1] in "[(":
        try:
            inner = loads_loose(said)
        except ValueError:
            inner = None
        if isinstance(inner, (list, tuple)) and inner:
            said = str(inner[-1])
    low = said.strip(" '\"").casefold()
    low = re.sub(r"^(key|digit|numpad|num|kp)[ _-]?(?=\w$)", "", low)
    if coded and low.isdecimal():
        low = _CODES.get(low, chr(int(low)).casefold() if 48 <= int(low) <= 90 else low)
    return low.replace("_", " ") or None


def _side_of_key(key: str) -> int | None:
    return next((k for k, known in enumerate(_SIDES) if known.match(key)), None)


def are_keys(column: str, said: list[str], names: set[str]) -> bool:
    """Are the answers of a column keys, and neither names of items nor words for a side?

    Letters are, but for a and b, and l and r; numbers are in a column that is called after keys,
    but for 1 and 2.
    """
    coded = is_pressed(column)
    own = {key for one in said if (key := key_of(one, coded)) is not None}
    if not own or own & names or len(own) > 4:
        return False
    if all(_side_of_key(one) is not None for one in own):
        return True
    if own <= {"1", "2"} or any(len(own & both) == len(own) or both <= own for both in _MARKS):
        return False
    letters = all(len(one) == 1 and not one.isdecimal() for one in own)
    return letters or (coded and "key" in usual.plain(column) and len(own) < 3)


def is_pressed(column: str) -> bool:
    """Is a column called after the key that was pressed?"""
    return usual.plain(column) in map(usual.plain, PRESSED) or column.endswith((".keys", "_keys"))


def pressed_column(head: pl.DataFrame) -> str | None:
    """The column of the keys that were pressed, of several the one that is filled most."""
    own = [name for name in head.columns if is_pressed(name) and _are_short(head[name])]
    return min(own, key=lambda n: (head[n].null_count(), not n.endswith("keys")), default=None)


def _are_short(column: pl.Series) -> bool:
    """May the cells be keys, as no map of keys is?"""
    own = cells.names(column).drop_nulls()
    return len(own) > 0 and int(own.str.len_chars().max() or 0) <= LONGEST  # type: ignore[arg-type]


def sides_of_keys(
    path: Path,
    table: pl.DataFrame,
    columns: tuple[str, str, str],
    options: Options,
    notes: list[str],
) -> pl.Series | None:
    """0 where the key that was pressed means the left one, 1 the right one, null for any other key;
    None where the column `columns[2]` holds no keys.

    `columns` are the left one, the right one and the answer. What keys mean say `--columns`, their
    own names, columns of keys, or the answers that would be right. Raises `UndecidedError` where
    nothing does.
    """
    left, right, answer = columns
    coded = is_pressed(answer)
    own = [key_of(one, coded) for one in cells.names(table[answer])]
    told = _told(table, options)
    if told is None:
        raw = [one for one in cells.names(table[answer]).unique() if one is not None]
        items = {one for name in (left, right) for one in cells.names(table[name]).drop_nulls()}
        if not are_keys(answer, raw, {one.casefold() for one in items}):
            return None
    by_row = told or _named_columns(table, columns)
    if by_row is not None:
        found = [
            None if key is None else 0 if key == one else 1 if key == other else None
            for key, one, other in zip(own, *by_row, strict=True)
        ]
        how = "as --columns says" if told else "as columns of keys say"
        notes.append(f"{path.name}: {answer!r} holds keys: which is left and which right is {how}")
        return pl.Series("side", found, dtype=pl.Int64)
    said = sorted({one for one in own if one is not None})
    known = {key: side for key in said if (side := _side_of_key(key)) is not None}
    how = "by their names"
    if len(known) < len(said):
        known, how = _learnt(table, columns, own)
    if len(set(known.values())) < 2 and not (how == "by their names" and known):
        pair = f"{LEFT}={said[0]},{RIGHT}={said[-1] if len(said) > 1 else 'KEY'}"
        raise UndecidedError(
            f"{path}: {answer!r} holds the keys {cells.shown(map(repr, said))}, and nothing in the "
            f"file says which of them is {left!r} and which {right!r}; expected --columns {pair}, "
            "or the other way round"
        )
    shown = ", ".join(f"{key!r} {(left, right)[side]!r}" for key, side in sorted(known.items()))
    notes.append(f"{path.name}: {answer!r} holds keys: {shown} ({how})")
    return pl.Series("side", [None if k is None else known.get(k) for k in own], dtype=pl.Int64)


def _told(table: pl.DataFrame, options: Options) -> tuple[list[str | None], ...] | None:
    """The keys of both sides row by row as the user says them: keys, or columns of keys."""
    both = options.columns.get(LEFT), options.columns.get(RIGHT)
    if both[0] is None or both[1] is None:
        return None
    return tuple(
        [key_of(one) for one in cells.names(table[name])] if name in table.columns
        else [key_of(name)] * len(table)
        for name in map(str, both)
    )  # fmt: skip


def _named_columns(
    table: pl.DataFrame, columns: tuple[str, str, str]
) -> tuple[list[str | None], ...] | None:
    """Columns called `left_key` and `right_key` (`keyLeft`), or one of a map `f=left, j=right`."""
    found: list[str | None] = [None, None]
    for name in table.columns:
        words = set(usual.words_in(name))
        if name in columns or not words & {"key", "keys", "taste", "touche", "tecla", "mapping"}:
            continue
        sides = [side for side, word in enumerate(("left", "right")) if word in words]
        if len(sides) == 1:
            found[sides[0]] = name
        elif (pairs := _maps(table[name])) is not None:
            return pairs
    if None in found:
        return None
    return tuple([key_of(one) for one in cells.names(table[str(name)])] for name in found)


def _maps(column: pl.Series) -> tuple[list[str | None], ...] | None:
    """(key of the left, key of the right) row by row of cells such as `f=left, j=right`."""
    left: list[str | None] = []
    right: list[str | None] = []
    for cell in cells.names(column):
        value = cells.parsed(cell) if cell else None
        pairs = value.items() if isinstance(value, Mapping) else re.findall(
            r"(\w+)\s*[=:]+>?\s*(\w+)", str(value or ""))  # fmt: skip
        own: dict[int, str] = {}
        for one, other in pairs:
            for key, word in ((one, other), (other, one)):
                side = _side_of_key(str(word).casefold())
                if side is not None and _side_of_key(str(key).casefold()) is None:
                    own[side] = str(key)
        left.append(key_of(own.get(0)))
        right.append(key_of(own.get(1)))
    return (left, right) if any(left) and any(right) else None


def _learnt(
    table: pl.DataFrame, columns: tuple[str, str, str], own: list[str | None]
) -> tuple[dict[str, int], str]:
    """Key -> side from what would be right: a column of right keys beside one of right sides or
    items, or the pressed keys where a column says whether they were right."""
    left, right, answer = columns
    ones, others = (cells.names(table[name]).to_list() for name in (left, right))
    rightly = {
        name: cells.names(table[name]).to_list() for name in table.columns
        if name not in (*columns, "row") and set(usual.words_in(name)) & RIGHTLY
        and not table[name].dtype.is_nested()
    }  # fmt: skip
    sides: dict[str, list[int | None]] = {}
    for name, said in rightly.items():
        found = [
            0 if one == a else 1 if one == b else side_of(one) if one and len(one) > 1 else None
            for one, a, b in zip(said, ones, others, strict=True)
        ]
        there = sum(one is not None and not cells.is_missing(one) for one in said)
        if there and sum(one is not None for one in found) >= SURE * there:
            sides[name] = found
    pressed = {one for one in own if one is not None}
    for name, found in sides.items():
        for other, said in rightly.items():
            if other == name:
                continue
            keys = [key_of(one, is_pressed(answer)) for one in said]
            there = {one for one in keys if one is not None}
            if there and there <= pressed:
                known = _agreed(keys, found)
                if known:
                    return known, f"as {other!r} and {name!r} say"
            elif there and there <= {"0", "1", "true", "false"}:
                was = [None if s is None or k is None else s if k in ("1", "true") else 1 - s
                       for s, k in zip(found, keys, strict=True)]  # fmt: skip
                known = _agreed(own, was)
                if known:
                    return known, f"as {name!r} and {other!r} say"
    return {}, ""


def _agreed(keys: list[str | None], sides: list[int | None]) -> dict[str, int]:
    """Key -> side, where nearly all rows agree on each of two keys or more and the sides differ."""
    count: dict[str, list[int]] = {}
    for key, side in zip(keys, sides, strict=True):
        if key is not None and side is not None:
            count.setdefault(key, [0, 0])[side] += 1
    known = {key: both.index(max(both)) for key, both in count.items()}
    sure = all(max(both) >= SURE * sum(both) for both in count.values())
    return known if sure and len(set(known.values())) == 2 else {}


def with_time(options: Options, table: pl.DataFrame, answer: str) -> Options:
    """`options` with the column that programs write the time of the answer `answer` into, where no
    column goes by a usual name of times: `key_resp.rt` beside `key_resp.keys`."""
    if set(times.KEYS) & set(options.columns) or times.time_column(table) is not None:
        return options
    stem = re.sub(r"[._]?(keys?|response|resp|button|clicked_name)$", "", answer)
    known = {name.casefold(): name for name in table.columns}
    ends = [f"{stem}{mark}rt".casefold() for mark in (".", "_", " ")]
    own = [known[end] for end in ends if end in known]
    own += [n for n in table.columns if usual.words_in(n)[-1:] == ["rt"]][:1] if not own else []
    median = times.durations(table[own[0]]).median() if own else None
    if not isinstance(median, float):
        return options
    unit = "milliseconds" if median > MOST_SECONDS else "seconds"
    return replace(options, columns={**options.columns, unit: own[0]})
