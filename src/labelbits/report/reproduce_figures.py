"""The figures of `labelbits reproduce`: a grid of panels each, every signal in its own style."""

from __future__ import annotations

import math
from typing import Any

import plotly.graph_objects as go
import polars as pl
from plotly.subplots import make_subplots

from labelbits.report.figures import COLOURS, GRID, log_ticks
from labelbits.report.reproduce_looks import (
    AXES,
    LEAST_BITS,
    LOOKS,
    MAP,
    OTHER_LINES,
    SHARE,
    WINNER,
)
from labelbits.signals import REGISTRY

SYMBOLS = ("circle", "diamond", "square", "triangle-up", "cross", "x", "star", "triangle-down")
DASHES = ("solid", "dash")


def axes_of(figure: str, panel: str) -> dict[str, Any]:
    """Titles and kinds of the axes of a panel."""
    look = LOOKS[figure]
    base = {"x": look.x, "y": look.y, "log_x": look.log_x, "log_y": look.log_y}
    if ", by " in panel:
        y, x = panel.rsplit(", by ", 1)
        titles = {"spearman": "Spearman", "procrustes": "Procrustes disparity"}
        base |= {"x": x, "y": titles.get(y, y)}
        base["log_y"] = y == "procrustes"
    if panel.startswith("cost at"):
        base |= {"x": "price of a report / price of a choice", "y": "cost an item, in choices"}
        base["log_y"] = True
    if panel == "answers an item":
        if figure == "tradeoff":
            base |= {"x": "Spearman", "y": "answers an item", "log_x": False, "log_y": True}
        else:
            base["x"] = "answers an item"
    return base | AXES.get(panel, {})


def style(name: str) -> tuple[str, str, str]:
    """Colour, dash and symbol of a signal, the same in every figure."""
    known = list(REGISTRY)
    if name in known:
        i = known.index(name)
        return COLOURS[i % len(COLOURS)], DASHES[i // len(COLOURS)], SYMBOLS[i % len(SYMBOLS)]
    if name in OTHER_LINES:
        i = OTHER_LINES.index(name)
        return COLOURS[i % len(COLOURS)], ("dashdot", "dot")[i // len(COLOURS) % 2], \
            SYMBOLS[i % len(SYMBOLS)]  # fmt: skip
    parts = [part.split()[0] for part in name.split("+")]
    if all(part in known for part in parts):  # a mixture, or a signal with an option
        i = sum(known.index(part) for part in parts) + 6 * (len(parts) - 1)
        dash = "longdashdot" if len(parts) > 1 else DASHES[i // len(COLOURS) % len(DASHES)]
        return COLOURS[i % len(COLOURS)], dash, SYMBOLS[i % len(SYMBOLS)]
    if name.startswith(("careful", "usual")):
        i = 2 * (not name.endswith("2")) + name.startswith("usual")
        return COLOURS[i], DASHES[name.startswith("usual")], SYMBOLS[i]
    return "#000000", "dot", "circle"


def panels_of(data: pl.DataFrame) -> list[str]:
    """The panels in the order they are drawn; the map's rows are one panel.

    A panel with one place on its x axis shows no course and stays in the table of numbers alone.
    """
    found = data["panel"].unique(maintain_order=True).to_list()
    single = [p for p in found if not p.startswith((WINNER, SHARE))]
    has_map = len(single) < len(found)
    places_on_x = dict(data.group_by("panel").agg(pl.col("x").n_unique()).iter_rows())
    single = [p for p in single if places_on_x[p] > 1] or single
    if has_map:
        single.append(MAP)
    places = [p for p in single if ", by " in p]
    return sorted(places) + [p for p in single if p not in places]


def draw(table: pl.DataFrame, name: str) -> go.Figure:
    """One figure of the table, its panels in rows."""
    data, look = table.filter(figure=name), LOOKS[name]
    panels = panels_of(data)
    columns = min(look.columns, len(panels))
    rows = math.ceil(len(panels) / columns)
    figure = make_subplots(
        rows, columns, subplot_titles=panels, horizontal_spacing=0.08,
        vertical_spacing=80 / (340 * rows) if rows > 1 else 0.1,
    )  # fmt: skip
    shown: set[str] = set()
    for i, panel in enumerate(panels):
        place: dict[str, Any] = {"row": i // columns + 1, "col": i % columns + 1}
        if panel == MAP:
            _map(figure, data, place, shown)
        else:
            _panel(figure, data.filter(panel=panel), place, shown)
        axes = axes_of(name, panel)
        part = data.filter(panel=panel) if panel != MAP else data.filter(
            pl.col("panel").str.starts_with(WINNER)
        ).with_columns(x=pl.col("panel").str.strip_prefix(WINNER).cast(pl.Float64))  # fmt: skip
        for update, letter, column in (
            (figure.update_xaxes, "x", "x"), (figure.update_yaxes, "y", "value")
        ):  # fmt: skip
            update(title={"text": axes[letter], "standoff": 8}, **place)
            if axes[f"log_{letter}"]:
                values = part[column].filter(part[column] > 0)
                update(type="log", **log_ticks(min(values), max(values)), **place)
        if panel.startswith("held-out bits"):
            values = data.filter(panel=panel)["value"].to_numpy()
            if values.min() < LEAST_BITS:
                top = 1.1 * max(float(values.max()), 0.1)
                figure.update_yaxes(range=[LEAST_BITS, top], **place)
    figure.update_annotations(font_size=13)
    figure.update_xaxes(gridcolor=GRID, linecolor=GRID, zeroline=False, automargin=True)
    figure.update_yaxes(gridcolor=GRID, linecolor=GRID, zeroline=False, automargin=True)
    height = 180 + 340 * rows
    figure.update_layout(
        height=height, paper_bgcolor="rgba(0,0,0,0)", plot_bgcolor="rgba(0,0,0,0)",
        # Room above the titles for the buttons that the page shows there.
        margin={"l": 60, "r": 20, "t": 70, "b": 110}, modebar={"bgcolor": "rgba(0,0,0,0)"},
        font={"family": "system-ui, sans-serif", "size": 13},
        legend={"orientation": "h", "y": -55 / (height - 180), "yanchor": "top", "x": 0},
    )  # fmt: skip
    return figure


def _panel(figure: go.Figure, data: pl.DataFrame, place: dict[str, int], shown: set[str]) -> None:
    both = {"theory", "simulation"} <= set(data["source"])
    for signal in data["signal"].unique(maintain_order=True):
        colour, dash, symbol = style(signal)
        for source in ("bound", "theory", "simulation"):
            part = data.filter(signal=signal, source=source).sort("x")
            if not len(part):
                continue
            line = source != "simulation" or not both
            mode = "lines" if source == "bound" or (source == "theory" and both) else "markers"
            figure.add_scatter(
                x=part["x"].to_list(), y=part["value"].to_list(), name=signal,
                legendgroup=signal, showlegend=signal not in shown,
                mode="lines+markers" if line and mode == "markers" else mode,
                line={"color": colour, "dash": dash, "width": 1.6},
                marker={"color": colour, "symbol": symbol, "size": 6},
                error_y=_errors(part, colour) if source == "simulation" else None,
                hovertemplate=f"{signal}, {source}<br>%{{x:.3g}}: %{{y:.4g}}<extra></extra>",
                **place,
            )  # fmt: skip
            shown.add(signal)


def _errors(part: pl.DataFrame, colour: str) -> dict[str, Any]:
    """Two standard errors; downwards not below a tenth of the value, for logarithmic axes."""
    error = 2 * part["standard_error"].fill_null(0.0)
    down = pl.select(pl.min_horizontal(error, 0.9 * part["value"].abs())).to_series()
    return {
        "array": error.to_list(), "arrayminus": down.to_list(), "color": colour, "thickness": 1,
        "width": 2,
    }  # fmt: skip


def _map(figure: go.Figure, data: pl.DataFrame, place: dict[str, int], shown: set[str]) -> None:
    """A square for every price ratio and quality, in the colour of the cheapest signal."""

    def rows(prefix: str) -> pl.DataFrame:
        part = data.filter(pl.col("panel").str.starts_with(prefix))
        ratio = pl.col("panel").str.strip_prefix(prefix).cast(pl.Float64).alias("ratio")
        return part.with_columns(ratio)

    keys = ["ratio", "x", "signal"]
    won = rows(WINNER).join(rows(SHARE).select(*keys, share="value"), on=keys)
    for signal in won["signal"].unique(maintain_order=True):
        part = won.filter(signal=signal)
        colour, dash, _ = style(signal)
        mark = "square" if dash == DASHES[0] else "diamond"
        figure.add_scatter(
            x=part["ratio"].to_list(), y=part["x"].to_list(), mode="markers", name=signal,
            legendgroup=signal, showlegend=signal not in shown,
            customdata=part.select("value", "share").rows(),
            marker={"symbol": mark, "size": 13, "color": colour,
                    "opacity": [0.25 + 0.75 * s for s in part["share"]]},
            hovertemplate=f"{signal}: %{{customdata[0]:.3g}} an item, won in "
            "%{customdata[1]:.0%} of draws<extra></extra>",
            **place,
        )  # fmt: skip
        shown.add(signal)
