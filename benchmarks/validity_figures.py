"""The figures of docs/validity.md, from results that other scripts stored.

    python benchmarks/validity_figures.py benchmarks/validity docs   # needs labelbits[png]

The first folder holds what was measured: `z.json` of `information_errors.py --out`;
`SIGNAL.jsonl` of `calibration.py`; `fresh.jsonl` of `prediction_fresh.py`. What is missing is left
out. Writes `validity_ranks.png`, `validity_coverage.png` and `validity_z.png`.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots
from scipy import stats

from calibration import ANSWERS, RANKS
from prediction_fresh import answered

INK, LIGHT = "#27496d", "rgba(120,120,120,.25)"
#: Worlds below which ranks are not drawn.
FEWEST = 10


def finished(figure: go.Figure, path: Path, width: int, height: int) -> None:
    """Write a small PNG."""
    figure.update_layout(
        template="plotly_white", width=width, height=height, showlegend=False, bargap=0.06,
        margin={"t": 46, "r": 16, "b": 48, "l": 56}, font={"size": 12},
    )  # fmt: skip
    figure.write_image(path, scale=1)
    print(f"{path}: {path.stat().st_size / 1000:.0f} kB")


def ranks(folder: Path, path: Path) -> None:
    """Histograms of the truth's rank, all quantities of a signal's worlds together, in fifths."""
    found = {}
    for name in ANSWERS:
        file = folder / f"{name}.jsonl"
        if file.exists():
            rows = [json.loads(line) for line in file.read_text().splitlines()]
            kept = [list(row["ranks"].values()) for row in rows if "ranks" in row]
            if len(kept) >= FEWEST:
                found[name] = np.array(kept) * 5 // (RANKS + 1), len(rows)
    if not found:
        return
    titles = [
        f"{name}: {len(fifth)} worlds, {tried - len(fifth)} refused"
        for name, (fifth, tried) in found.items()
    ]
    rows = -(-len(found) // 3)
    figure = make_subplots(rows=rows, cols=min(3, len(found)), subplot_titles=titles)
    for i, (fifth, _) in enumerate(found.values()):
        worlds = len(fifth)
        # Quantities of one world hang together: the band is that of independent worlds.
        share = np.stack([np.mean(fifth == part, axis=1) for part in range(5)], axis=1)
        at = {"row": i // 3 + 1, "col": i % 3 + 1}
        low, high = stats.binom.ppf([0.05, 0.95], worlds, 0.2) / worlds
        figure.add_bar(x=[1, 2, 3, 4, 5], y=share.mean(0), marker_color=INK, **at)
        figure.add_hrect(y0=low, y1=high, fillcolor=LIGHT, line_width=0, layer="below", **at)
        figure.add_hline(y=0.2, line_color="#888", line_width=1, **at)
    figure.update_xaxes(title="fifth in which the true value ranks", dtick=1)
    figure.update_yaxes(title="share", range=[0, 0.6])
    finished(figure, path, 330 * min(3, len(found)) + 60, 290 * rows)


def coverage(folder: Path, path: Path) -> None:
    """Share of single worlds inside the 90 % interval at fresh points, by signal."""
    file = folder / "fresh.jsonl"
    if not file.exists():
        return
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    rows = [row for row in rows if answered(row)]
    names = list(dict.fromkeys(row["signal"] for row in rows))
    shares = {}
    for name in (*names, "all"):
        shares[name] = [
            np.mean([row["said"]["low"] <= v <= row["said"]["high"] for v in row["each"]])
            for row in rows
            if name in (row["signal"], "all")
        ]
    figure = go.Figure()
    figure.add_hrect(y0=0.85, y1=0.95, fillcolor=LIGHT, line_width=0, layer="below")
    labels = [f"{name}<br>{len(share)} points" for name, share in shares.items()]
    figure.add_scatter(
        x=np.repeat(labels, [len(share) for share in shares.values()]),
        y=np.concatenate(list(shares.values())), mode="markers",
        marker={"color": INK, "size": 6, "opacity": 0.35},
    )  # fmt: skip
    error = [
        np.std(share, ddof=1) / np.sqrt(len(share)) if len(share) > 1 else 0.0
        for share in shares.values()
    ]
    figure.add_scatter(
        x=labels, y=[np.mean(share) for share in shares.values()], mode="markers",
        marker={"color": "#c0392b", "size": 10, "symbol": "diamond"},
        error_y={"array": error, "color": "#c0392b"},
    )  # fmt: skip
    figure.update_yaxes(title="single worlds inside the 90 % interval", range=[-0.02, 1.04])
    finished(figure, path, 900, 380)


def scores(folder: Path, path: Path) -> None:
    """Histograms of z against the standard normal density."""
    file = folder / "z.json"
    if not file.exists():
        return
    found = json.loads(file.read_text())
    titles = [f"{way}: sd {np.std(z, ddof=1):.2f} ({len(z)} values)" for way, z in found.items()]
    columns = min(3, len(found))
    rows = -(-len(found) // columns)
    figure = make_subplots(rows=rows, cols=columns, subplot_titles=titles)
    line = np.linspace(-4, 4, 121)
    for i, z in enumerate(found.values()):
        at = {"row": i // columns + 1, "col": i % columns + 1}
        figure.add_histogram(
            x=z, xbins={"start": -4, "end": 4, "size": 0.5}, histnorm="probability density",
            marker_color=INK, **at,
        )  # fmt: skip
        figure.add_scatter(x=line, y=stats.norm.pdf(line), mode="lines", line_color="#c0392b", **at)
    figure.update_xaxes(title="z", range=[-4, 4])
    figure.update_yaxes(range=[0, 0.72])
    finished(figure, path, 330 * columns + 60, 290 * rows)


def main() -> None:
    """Write what can be drawn."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("to", type=Path)
    given = parser.parse_args()
    ranks(given.folder, given.to / "validity_ranks.png")
    coverage(given.folder, given.to / "validity_coverage.png")
    scores(given.folder, given.to / "validity_z.png")


if __name__ == "__main__":
    main()
