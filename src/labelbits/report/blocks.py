"""What a section of the report is made of: plain values that the templates turn into HTML.

Nothing here is markup. The templates escape every text; `templates/blocks.html` has a macro of the
same name as `shape` for each class. A new kind of block is a class here and a macro there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import plotly.graph_objects as go


@dataclass(frozen=True)
class Paragraph:
    """A paragraph of text; `kind` is its class."""

    shape: ClassVar[str] = "paragraph"
    text: str
    kind: str = ""


@dataclass(frozen=True)
class Heading:
    """A heading inside a section."""

    shape: ClassVar[str] = "heading"
    text: str


@dataclass(frozen=True)
class Bullets:
    """A list, a line of text a point."""

    shape: ClassVar[str] = "bullets"
    lines: Sequence[str]


@dataclass(frozen=True)
class Command:
    """A line for a terminal."""

    shape: ClassVar[str] = "command"
    text: str


@dataclass(frozen=True)
class Cards:
    """Numbers that lead a section: (value, what it is)."""

    shape: ClassVar[str] = "cards"
    cards: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Table:
    """A table. Where there is no room, its rows become blocks of labelled numbers.

    `kind` is "numbers" or "words"; the rows in `strong` are set in bold.
    """

    shape: ClassVar[str] = "table"
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    kind: str = "numbers"
    strong: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Figure:
    """A figure; `name` is its id on the page, `label` says in words what it shows."""

    shape: ClassVar[str] = "figure"
    drawing: go.Figure
    name: str
    label: str


@dataclass(frozen=True)
class Pair:
    """Two figures side by side."""

    shape: ClassVar[str] = "pair"
    left: Figure
    right: Figure


@dataclass(frozen=True)
class Details:
    """Blocks that a click on `summary` shows."""

    shape: ClassVar[str] = "details"
    summary: str
    blocks: Sequence[Block]


Block = Paragraph | Heading | Bullets | Command | Cards | Table | Figure | Pair | Details


@dataclass(frozen=True)
class Section:
    """Blocks under a heading (none where the title is empty); `kind` is the section's class."""

    title: str
    blocks: Sequence[Block]
    kind: str = ""
