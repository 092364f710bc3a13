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


def json_elements(path: Path, rejects: Rejects, notes: list[str]) -> Iterator[tuple[int, Any]]:
    """(number from 1, value) of each element of a JSON array, or of objects one after another.

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
