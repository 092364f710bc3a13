"""A figure as still SVG: small, and shown wherever HTML is, without a script.

It draws what `figures.tradeoff_of` describes: lines, bands, marks and levels over a logarithmic
axis of money. Colours are those of the figure, which read on light and dark.
"""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Sequence
from typing import Any

#: Size of the drawing, and of the room round its axes, in pixels.
WIDTH, HEIGHT = 760, 400
LEFT, RIGHT, TOP, BOTTOM = 64, 16, 12, 52
#: Room of a name below the drawing.
NAME_WIDTH, NAME_HEIGHT = 250, 20
#: Marks on the axis of quality, about.
MARKS = 6
DASHES = {"dash": "9 5", "dot": "2 4", "dashdot": "9 4 2 4", "longdash": "14 6", "solid": "none"}

Place = Callable[[float], float]


def svg_of(figure: dict[str, Any], title: str) -> str:
    """The SVG of a figure of plotly as plain values (`data`, `layout`), with a `title` for those
    who do not see it. What the figure shows on demand only (`legendonly`) is left out."""
    data = [
        one for one in figure["data"]
        if one.get("visible", True) is True and one.get("marker", {}).get("opacity") != 0
    ]  # fmt: skip
    layout = figure["layout"]
    across, x_marks = _money(layout, data)
    up, y_marks = _quality(layout, data)
    ink, grid = layout["font"]["color"], layout["xaxis"]["gridcolor"]
    bottom = HEIGHT - BOTTOM
    parts = []
    for value, name in x_marks:
        x = across(value)
        parts.append(_line(x, TOP, x, bottom, grid))
        parts.append(_text(x, bottom + 18, name, ink, "middle"))
    for value, name in y_marks:
        y = up(value)
        parts.append(_line(LEFT, y, WIDTH - RIGHT, y, grid))
        parts.append(_text(LEFT - 8, y + 4, name, ink, "end"))
    parts += [_trace(one, across, up) for one in data]
    for shape in layout.get("shapes", ()):
        if shape["xref"] == "x":
            x = across(shape["x0"])
            parts.append(_line(x, TOP, x, bottom, ink, "2 4"))
        else:
            y = up(shape["y0"])
            parts.append(_line(LEFT, y, WIDTH - RIGHT, y, ink, "2 4"))
    for note in layout.get("annotations", ()):
        if note.get("yref") == "y":
            parts.append(_text(LEFT + 4, up(note["y"]) - 4, note["text"], ink, "start"))
        else:
            parts.append(_text(across(10 ** note["x"]) - 4, bottom - 6, note["text"], ink, "end"))
    parts.append(
        _text(
            (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, layout["xaxis"]["title"]["text"], ink, "middle"
        )
    )
    side = layout["yaxis"]["title"]["text"]
    middle = (TOP + bottom) / 2
    parts.append(
        f'<text transform="translate(14 {middle:.0f}) rotate(-90)" fill="{ink}" '
        f'text-anchor="middle">{_safe(side)}</text>'
    )
    names = [one for one in data if one.get("showlegend", True) and "name" in one]
    lines, tall = _names(names, ink)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT + tall}" '
        f'width="100%" style="max-width:{WIDTH}px;font:13px system-ui,sans-serif" role="img" '
        f'aria-label="{html.escape(title)}">{"".join(parts)}{lines}</svg>'
    )


def _money(
    layout: dict[str, Any], data: Sequence[dict[str, Any]]
) -> tuple[Place, list[tuple[float, str]]]:
    """(where an amount stands, the marks of the axis)."""
    budgets = [shape["x0"] for shape in layout.get("shapes", ()) if shape["xref"] == "x"]
    values = [float(x) for one in data for x in one["x"] if x > 0] + budgets
    low, high = math.log10(min(values)), math.log10(max(values))
    space = 0.03 * max(high - low, 0.1)
    low, high = low - space, high + space

    def at(value: float) -> float:
        share = (math.log10(max(value, 10**low)) - low) / (high - low)
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    axis = layout["xaxis"]
    marks = [
        (value, name)
        for value, name in zip(axis["tickvals"], axis["ticktext"], strict=True)
        if low <= math.log10(value) <= high
    ]
    return at, marks


def _quality(
    layout: dict[str, Any], data: Sequence[dict[str, Any]]
) -> tuple[Place, list[tuple[float, str]]]:
    """(where a quality stands, the marks of the axis)."""
    levels = [shape["y0"] for shape in layout.get("shapes", ()) if shape["xref"] != "x"]
    values = [float(y) for one in data for y in one["y"]] + levels
    low, high = min(values), max(values)
    space = 0.06 * max(high - low, 1e-3 * max(abs(high), 1.0))
    low, high = low - space, high + space

    def at(value: float) -> float:
        return TOP + (high - value) / (high - low) * (HEIGHT - TOP - BOTTOM)

    rough = (high - low) / MARKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(s * power for s in (1, 2, 5, 10) if s * power >= rough)
    first = math.ceil(low / step)
    marks = [step * k for k in range(first, math.floor(high / step) + 1)]
    digits = max(0, -math.floor(math.log10(step)))
    return at, [(value, f"{value:.{digits}f}") for value in marks]


def _trace(one: dict[str, Any], across: Place, up: Place) -> str:
    places = [(across(float(x)), up(float(y))) for x, y in zip(one["x"], one["y"], strict=True)]
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    if one.get("fill") == "toself":
        return f'<polygon points="{points}" fill="{one["fillcolor"]}"/>'
    made = ""
    if "lines" in one["mode"]:
        line = one["line"]
        dash = DASHES[line.get("dash", "solid")]
        made += (
            f'<polyline points="{points}" fill="none" stroke="{line["color"]}" '
            f'stroke-width="{line["width"]}" stroke-dasharray="{dash}"/>'
        )
    return made + "".join(_mark(one, k, *place) for k, place in enumerate(places))


def _mark(one: dict[str, Any], number: int, x: float, y: float) -> str:
    mark = one["marker"]
    fill = mark["color"][number] if isinstance(mark["color"], list) else mark["color"]
    fill = "none" if fill == "rgba(0,0,0,0)" else fill
    edge = f'stroke="{mark["line"]["color"]}" stroke-width="{mark["line"]["width"]}"'
    if mark.get("symbol") == "star":
        ends = [
            (x + r * math.sin(k * math.pi / 5), y - r * math.cos(k * math.pi / 5))
            for k in range(10)
            for r in [mark["size"] / 2 if k % 2 == 0 else mark["size"] / 4.5]
        ]
        points = " ".join(f"{a:.1f},{b:.1f}" for a, b in ends)
        return f'<polygon points="{points}" fill="{fill}" {edge}/>'
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{mark["size"] / 2:g}" fill="{fill}" {edge}/>'


def _names(data: Sequence[dict[str, Any]], ink: str) -> tuple[str, int]:
    """(what each line and mark is, below the drawing; how tall that is)."""
    each = max(1, (WIDTH - LEFT) // NAME_WIDTH)
    parts = []
    for number, one in enumerate(data):
        x = LEFT + NAME_WIDTH * (number % each)
        y = HEIGHT + NAME_HEIGHT * (number // each) + 8
        if "lines" in one["mode"]:
            line = one["line"]
            dash = DASHES[line.get("dash", "solid")]
            parts.append(_line(x, y, x + 26, y, line["color"], dash, line["width"]))
        else:
            parts.append(_mark(one, 0, x + 13, y))
        parts.append(_text(x + 34, y + 4, one["name"], ink, "start"))
    return "".join(parts), NAME_HEIGHT * math.ceil(len(data) / each) + 8


def _line(
    x0: float, y0: float, x1: float, y1: float, paint: str, dash: str = "none", width: float = 1
) -> str:
    return (
        f'<line x1="{x0:.1f}" y1="{y0:.1f}" x2="{x1:.1f}" y2="{y1:.1f}" stroke="{paint}" '
        f'stroke-width="{width:g}" stroke-dasharray="{dash}"/>'
    )


def _text(x: float, y: float, text: str, paint: str, anchor: str) -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
    return f'<text {place} fill="{paint}">{_safe(text)}</text>'


def _safe(text: str) -> str:
    """Names of a figure are escaped for plotly already (`figures.label`): once more for HTML only
    what that left."""
    return html.escape(html.unescape(text))
