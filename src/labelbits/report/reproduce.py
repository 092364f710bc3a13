"""Draw the figures of `labelbits reproduce`: one HTML page, one PNG a figure, one table."""

from __future__ import annotations

import warnings
from pathlib import Path

import plotly.graph_objects as go
import polars as pl
from plotly.subplots import make_subplots

from labelbits.atomic import write_whole
from labelbits.errors import InputError

TITLES = {
    "bits": "Bits per answer: theory (line) and simulation (dot)",
    "total": "Bits of all answers, and of each, as answers are added",
    "recovery": "Quality of the recovered space; dashed: rate-distortion limit",
    "saturation": "One soft label an item: Spearman against classes",
    "shots": "Classifier on the recovered space: accuracy by shots a class",
    "tradeoff": "Answers an item that reach a quality, and who wins by price ratio soft / hard",
}
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#999999")


def draw(table: pl.DataFrame, name: str) -> go.Figure:
    """One figure, a column a panel."""
    data = table.filter(figure=name)
    panels = data["panel"].unique(maintain_order=True).to_list()
    maps = [p for p in panels if p.startswith("wins at ")]
    panels = [p for p in panels if not p.startswith("wins at ")] + (["winner"] if maps else [])
    signals = data["signal"].unique(maintain_order=True).to_list()
    figure = make_subplots(1, len(panels), subplot_titles=panels)
    for column, panel in enumerate(panels, 1):
        for i, signal in enumerate(signals):
            mark = {"color": COLOURS[i % len(COLOURS)]}
            if panel == "winner":
                won = data.filter(pl.col("panel").is_in(maps), signal=signal)
                target = [float(p.removeprefix("wins at ")) for p in won["panel"]]
                figure.add_scatter(
                    x=won["x"], y=target, mode="markers", name=signal, row=1, col=column,
                    legendgroup=signal, showlegend=False,
                    marker=dict(symbol="square", size=14, **mark),
                )  # fmt: skip
                continue
            for source in ("theory", "simulation"):
                part = data.filter(panel=panel, signal=signal, source=source)
                if not len(part):
                    continue
                both = data.filter(panel=panel)["source"].n_unique() > 1
                line = name == "recovery" or not both or source == "theory"
                figure.add_scatter(
                    x=part["x"], y=part["value"], name=signal, legendgroup=signal,
                    showlegend=column == 1 and (source == "theory" or not both),
                    mode="lines+markers" if line and not (both and source == "theory")
                    else "lines" if line else "markers",
                    line={**mark, "dash": "dash" if name == "recovery" and both
                          and source == "theory" else "solid"},
                    marker=mark,
                    error_y={"array": part["standard_error"].fill_null(0.0), "thickness": 1},
                    row=1, col=column,
                )  # fmt: skip
        if name != "shots":
            figure.update_xaxes(type="log", row=1, col=column)
        if panel in ("precision", "classes", "dims", "procrustes", "answers an item"):
            figure.update_xaxes(title=panel if name == "bits" else "answers an item", col=column)
    if name == "tradeoff":
        figure.update_xaxes(type="linear", title="Spearman wanted", col=1)
        figure.update_yaxes(type="log", col=1)
        if maps:
            figure.update_xaxes(title="price of soft / price of hard", col=len(panels))
            figure.update_yaxes(title="Spearman wanted", col=len(panels))
    figure.update_layout(
        title=TITLES[name], template="plotly_white", width=440 * max(len(panels), 2), height=480
    )
    return figure


def write(table: pl.DataFrame, folder: Path) -> list[str]:
    """Write `numbers.csv`, `figures.html` and PNGs; returns what could not be written and why."""
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        table.write_csv(folder / "numbers.csv")
    except OSError as problem:
        raise InputError(f"{folder}: cannot be written ({problem.strerror})") from None
    figures = {name: draw(table, name) for name in table["figure"].unique(maintain_order=True)}
    body = [
        figure.to_html(full_html=False, include_plotlyjs=i == 0)
        for i, figure in enumerate(figures.values())
    ]
    page = "<!doctype html><meta charset=utf-8><title>labelbits reproduce</title>" + "\n".join(body)
    write_whole(folder / "figures.html", page)
    for name, figure in figures.items():
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                figure.write_image(folder / f"{name}.png", scale=1.5)
        except Exception as problem:
            reason = str(problem).strip().splitlines()[0] if str(problem).strip() else "unknown"
            return [f"no PNG: {reason} (needs labelbits[png] and Chromium)"]
    return []
