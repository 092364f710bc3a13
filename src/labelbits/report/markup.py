"""HTML of the report: tables, lists, figures. Everything that came from the user is escaped."""

from __future__ import annotations

import html
from typing import Any

import plotly.graph_objects as go


def text(value: Any) -> str:
    """A value as HTML text."""
    return html.escape(str(value))


def section(title: str, body: str, kind: str = "") -> str:
    """A section under a heading; `kind` is its class."""
    attribute = f' class="{kind}"' if kind else ""
    return f"<section{attribute}><h2>{text(title)}</h2>{body}</section>"


def paragraph(words: str) -> str:
    """A paragraph of plain text."""
    return f"<p>{text(words)}</p>"


def bullets(lines: list[str]) -> str:
    """A list of plain text."""
    return "<ul>" + "".join(f"<li>{text(line)}</li>" for line in lines) + "</ul>"


def table(head: list[str], rows: list[list[str]], kind: str = "numbers") -> str:
    """A table whose rows become blocks of labelled numbers where there is no room; cells are HTML.

    `head` is text. Roles are stated because a table that is laid out as blocks loses its own.
    """
    names = [text(name) for name in head]
    top = "".join(f"<th role='columnheader'>{name}</th>" for name in names)
    body = "".join(_row(names, cells) for cells in rows)
    return (
        f"<table class='{kind}' role='table'><thead role='rowgroup'><tr role='row'>{top}</tr>"
        f"</thead><tbody role='rowgroup'>{body}</tbody></table>"
    )


def _row(names: list[str], cells: list[str]) -> str:
    """A row of a table, every cell with its heading."""
    inside = "".join(
        f"<td role='cell' data-label='{name}'>{cell}</td>"
        for name, cell in zip(names, cells, strict=True)
    )
    return f"<tr role='row'>{inside}</tr>"


def figure(drawing: go.Figure, name: str, label: str) -> str:
    """A figure as a div and the script that draws it; `label` says in words what it shows."""
    # Nothing in the figure may close the script element.
    data = (drawing.to_json() or "{}").replace("</", "<\\/")
    return (
        f'<div class="figure" id="{name}" role="img" aria-label="{html.escape(label)}"></div>'
        f"<script>draw({name!r}, {data});</script>"
    )
