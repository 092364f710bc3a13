"""What is printed for people: text of files and plans is shown as text, never obeyed.

A name from a file can hold `[red]`, which rich takes for markup, or escape codes, which a terminal
obeys. Everything that is printed passes through here.
"""

from __future__ import annotations

import sys
import unicodedata
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

#: Characters of Unicode category Cf that a terminal needs for words of some scripts and for emoji.
JOINERS = "\u200c\u200d"
#: Categories that a terminal may obey: control, format (direction marks among them), half pairs,
#: separators of lines and paragraphs.
OBEYED = ("Cc", "Cf", "Cs", "Zl", "Zp")


def printable(text: object) -> str:
    """`text` with every character that a terminal could obey written out, as `\\x1b`.

    Line feeds and tabs stay.
    """
    words = str(text)
    if words.isprintable():
        return words
    return "".join(_shown(one) for one in words)


def _shown(character: str) -> str:
    if character in "\n\t" or character in JOINERS:
        return character
    if unicodedata.category(character) not in OBEYED:
        return character
    code = ord(character)
    return (
        f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 65536 else f"\\U{code:08x}"
    )


def cell(text: object, style: str = "") -> Text:
    """`text` for a table or a line of rich: no markup, no escape codes."""
    from rich.text import Text

    return Text(printable(text), style=style)


def say(console: Console, text: object, style: str = "", **options: Any) -> None:
    """Print a line of plain text; `options` are those of `Console.print`."""
    console.print(cell(text, style), **options)


def inform(text: object) -> None:
    """A line to the user on standard error: a note, a mistake, where something is."""
    print(f"labelbits: {printable(text)}", file=sys.stderr, flush=True)


def put(text: object) -> None:
    """A line of the result on standard output."""
    print(printable(text))
