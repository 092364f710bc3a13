"""JSON, one element at a time: broken or half a file yields what can be read of it."""

from __future__ import annotations

import ast
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from labelbits.answers.files.opening import BLOCK, Rejects, open_text, shorten

#: Characters of one JSON element (a task with its annotations).
LARGEST_ELEMENT = 1 << 26


def loads(text: str) -> Any:
    """`json.loads` whose every failure is a `ValueError`: nesting and huge numbers included."""
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def loads_loose(text: str) -> Any:
    """JSON, else a Python literal as pandas prints it, else `ValueError`."""
    try:
        return loads(text)
    except ValueError:
        if len(text) > 10_000 or not text.lstrip().startswith(("[", "{", "(", "'", '"')):
            raise
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
        raise ValueError(f"{shorten(text, 60)} is not JSON") from None


#: Keys under which services and programs put all records of a file, and what stands beside them.
WRAPPERS = ("data", "results", "records", "rows", "examples")
BESIDE = ("schema", "classes", "meta", "metadata", "info", "links", "pagination")
#: Names of columns by which pandas' JSON of columns is told from answers by annotator.
COLUMNS = frozenset({
    "item", "item_id", "id", "task", "task_id", "annotator", "annotator_id", "worker", "worker_id",
    "rater", "user", "label", "answer", "class", "rating", "score", "text", "category", "response",
})  # fmt: skip


def records_in(value: Any) -> list[Any] | None:
    """The records of an object that holds a whole table: under a key of `WRAPPERS`, or as pandas
    writes frames (columns, or columns with index and data). None for anything else."""
    if not isinstance(value, dict) or not value:
        return None
    if set(value) <= {"columns", "index", "data"} and isinstance(value.get("columns"), list):
        names, rows = value["columns"], value.get("data")
        if isinstance(rows, list) and all(
            isinstance(r, list) and len(r) == len(names) for r in rows
        ):
            return [dict(zip(map(str, names), row, strict=True)) for row in rows]
        return None
    wrapped = [key for key in WRAPPERS if isinstance(value.get(key), list)]
    if len(wrapped) == 1:
        inside = value[wrapped[0]]
        others = [one for key, one in value.items() if key not in (*wrapped, *BESIDE)]
        plain = not any(isinstance(one, (dict, list)) for one in others)
        return inside if plain and inside and all(isinstance(r, dict) for r in inside) else None
    if len([key for key in value if key.lower() in COLUMNS]) >= 2:
        columns = list(value.values())
        if all(isinstance(one, dict) for one in columns):
            keys = list(columns[0])
            if keys == [str(k) for k in range(len(keys))] and all(list(c) == keys for c in columns):
                return [{name: own[key] for name, own in value.items()} for key in keys]
    return None


def json_elements(path: Path, rejects: Rejects, notes: list[str]) -> Iterator[tuple[int, Any]]:
    """(number from 1, value) of each element of a JSON array, of objects one after another, or of
    the records that a single object holds (`records_in`)."""
    elements = _elements(path, rejects, notes)
    first = next(elements, None)
    if first is None:
        return
    second = next(elements, None)
    inside = records_in(first[1]) if second is None else None
    if inside is not None:
        yield from enumerate(inside, 1)
        return
    yield first
    if second is not None:
        yield second
    yield from elements


def _elements(path: Path, rejects: Rejects, notes: list[str]) -> Iterator[tuple[int, Any]]:
    """Each element of a JSON array, or objects one after another.

    What follows broken text is looked for at the next line that starts an object; half a file
    yields the elements before the break. Memory: one element and one block.
    """
    decoder = json.JSONDecoder()
    number, buffer, in_array, done = 0, "", False, False
    with open_text(path, notes) as stream:
        buffer = stream.read(BLOCK).lstrip("\ufeff \t\r\n")
        if buffer.startswith("["):
            in_array, buffer = True, buffer[1:]
        while True:
            buffer = buffer.lstrip(" \t\r\n,")
            if not buffer:
                buffer = stream.read(BLOCK)
                if not buffer:
                    break
                continue
            if in_array and buffer.startswith("]"):
                done = True
                break
            try:
                value, end = decoder.raw_decode(buffer)
                if end == len(buffer) and (more := stream.read(BLOCK)):
                    buffer += more  # a number may go on in the next block
                    continue
            except (ValueError, RecursionError) as problem:
                deep = isinstance(problem, RecursionError)
                more = "" if deep else stream.read(max(BLOCK, len(buffer)))
                if more and len(buffer) <= LARGEST_ELEMENT:
                    buffer += more
                    continue
                number += 1
                what = "nested too deeply" if deep else f"not JSON ({problem})"
                rejects.add(number, f"element {number} is {what}; the file may be cut off", buffer)
                buffer = _after_line(buffer + more, stream)
                continue
            number += 1
            yield number, value
            buffer = buffer[end:]
    if in_array and not done and number and not len(rejects):
        notes.append(f"{path.name}: the file ends before its closing bracket; it may be cut off")


def _after_line(buffer: str, stream: io.TextIOWrapper) -> str:
    """What follows the next line break before an object; nothing if there is none."""
    for _ in range(64):
        for mark in ("\n{", "\r{", "\n  {", "\n    {"):
            at = buffer.find(mark, 1)
            if at >= 0:
                return buffer[at:]
        buffer = buffer[-8:] + stream.read(BLOCK)
        if len(buffer) <= 8:
            return ""
    return ""
