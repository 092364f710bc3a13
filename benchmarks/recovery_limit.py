"""Squared error of MAP points from triplets of known precision, against two limits.

    python benchmarks/recovery_limit.py [--worlds 40] [--figure docs/recovery_limit.png]

Cramer-Rao: tr P H^-1 P, H = I + F at the true points (F the expected Fisher information of the
triplets asked, all coordinates together), P the projection off the directions that alignment by
rotation and shift takes for free. Rate-distortion: N(D) coordinates less the free ones, from
I <= 1/2 log2 det(I + F) bits, their error is at least n 2^(-2 I / n).
Errors are sums over coordinates divided by items, after alignment without scale.
"""

from __future__ import annotations

import argparse

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

import labelbits as lb
from labelbits.recovery import metrics
from labelbits.recovery.fitted.posterior import free_directions


def triplets(points: np.ndarray, n: int, beta: float, seed: int) -> np.ndarray:
    """Random triplets, answered with precision beta."""
    generator = np.random.default_rng(seed)
    t = generator.random((n, len(points))).argsort(1)[:, :3]
    a, b, c = (points[t[:, column]] for column in range(3))
    x = beta * (np.sum((a - c) ** 2, 1) - np.sum((a - b) ** 2, 1))
    turned = generator.random(n) > 1 / (1 + np.exp(-x))
    t[turned] = t[turned][:, [0, 2, 1]]
    return t


def fisher(points: np.ndarray, t: np.ndarray, beta: float) -> np.ndarray:
    """Expected Fisher information of all coordinates, (N D, N D)."""
    items, dims = points.shape
    a, b, c = (points[t[:, column]] for column in range(3))
    x = beta * (np.sum((a - c) ** 2, 1) - np.sum((a - b) ** 2, 1))
    p = 1 / (1 + np.exp(-x))
    g = np.zeros((len(t), items, dims))
    row = np.arange(len(t))
    g[row, t[:, 0]], g[row, t[:, 1]], g[row, t[:, 2]] = (
        2 * beta * (b - c), 2 * beta * (a - b), 2 * beta * (c - a),
    )  # fmt: skip
    g = g.reshape(len(t), -1) * np.sqrt(p * (1 - p))[:, None]
    return g.T @ g


def measure(items: int, dims: int, beta: float, c: float, worlds: int) -> dict[str, float]:
    """Means over the worlds, with standard errors; the ratio's is paired by world."""
    found = []
    for seed in range(worlds):
        points = np.random.default_rng([seed, 31]).normal(size=(items, dims))
        t = triplets(points, round(c * dims * items * np.log2(items)), beta, seed)
        model = lb.SignalEmbedding(
            dims, precision=beta, lapse=0.0, random_state=1, max_iter=300, tol=1e-5
        ).fit(t)
        error = metrics.mean_squared_error(model.embedding_, points, scale=False)
        h = np.eye(items * dims) + fisher(points, t, beta)
        free = free_directions(points)
        inverse = np.linalg.inv(h)
        limit = (np.trace(inverse) - np.trace(free.T @ inverse @ free)) / items
        n = items * dims - free.shape[1]
        bits = 0.5 * np.linalg.slogdet(h)[1] / np.log(2)
        found.append((error, limit, n * 2 ** (-2 * bits / n) / items))
    error, limit, floor = np.array(found).T
    ratio, root = error.mean() / limit.mean(), np.sqrt(worlds)
    return {
        "c": c, "measured": error.mean(), "measured_se": error.std(ddof=1) / root,
        "limit": limit.mean(), "ratio": ratio,
        "ratio_se": (error - ratio * limit).std(ddof=1) / root / limit.mean(),
        "floor": floor.mean(),
    }  # fmt: skip


def draw(rows: dict[tuple[int, int, float], list[dict[str, float]]], path: str) -> None:
    """Error against triplets for each world size, and the ratio to Cramer-Rao below."""
    titles = [f"N={n}, D={d}, precision {beta:g}" for n, d, beta in rows]
    figure = make_subplots(
        2, len(rows), shared_xaxes=True, row_heights=[0.65, 0.35], vertical_spacing=0.06,
        horizontal_spacing=0.06, column_titles=titles,
    )  # fmt: skip
    for column, each in enumerate(rows.values(), 1):
        x = [row["c"] for row in each]
        for name, key, line in (
            ("Cramer-Rao", "limit", {"color": "#0072b2"}),
            ("rate-distortion", "floor", {"color": "#555", "dash": "dot"}),
        ):
            figure.add_trace(
                go.Scatter(x=x, y=[row[key] for row in each], name=name, mode="lines", line=line,
                           legendgroup=name, showlegend=column == 1), 1, column,
            )  # fmt: skip
        for line, key in enumerate(("measured", "ratio"), 1):
            bars = {"type": "data", "array": [2 * row[key + "_se"] for row in each]}
            figure.add_trace(
                go.Scatter(x=x, y=[row[key] for row in each], error_y=bars, mode="markers",
                           name="SignalEmbedding (2 standard errors)", marker={"color": "#d55e00"},
                           legendgroup="measured", showlegend=column == 1 and line == 1),
                line, column,
            )  # fmt: skip
        for level, dash in ((1.0, "solid"), (1.1, "dash")):
            figure.add_hline(level, row=2, col=column, line={"color": "#999", "dash": dash})
    figure.update_xaxes(type="log", tickvals=[1, 2, 4, 8])
    figure.update_xaxes(title="triplets / (D N log2 N)", row=2)
    ticks = [0.003, 0.01, 0.03, 0.1, 0.3]
    figure.update_yaxes(type="log", range=[-2.6, -0.4], row=1, tickvals=ticks)
    figure.update_yaxes(range=[0.75, 1.3], row=2)
    figure.update_yaxes(title="squared error an item", row=1, col=1)
    figure.update_yaxes(title="ratio to Cramer-Rao", row=2, col=1)
    figure.update_layout(
        template="plotly_white", width=1050, height=620, margin={"t": 60, "r": 20},
        legend={"orientation": "h", "y": -0.14, "x": 0.5, "xanchor": "center"},
    )  # fmt: skip
    figure.write_image(path, scale=1.5)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=40)
    parser.add_argument("--figure", help="write a PNG here (needs labelbits[png])")
    given = parser.parse_args()
    print("items dims beta  T/(D N log2 N)  measured (se)  Cramer-Rao  ratio (se)  rate-distortion")
    rows: dict[tuple[int, int, float], list[dict[str, float]]] = {}
    for size in ((60, 2, 4.0), (60, 2, 1.0), (40, 3, 2.0)):
        for c in (1, 2, 4, 8):
            row = measure(*size, c, given.worlds)
            rows.setdefault(size, []).append(row)
            print(
                f"{size[0]:5d} {size[1]:4d} {size[2]:4.1f} {c:10d}       {row['measured']:.5f} "
                f"({row['measured_se']:.5f})   {row['limit']:.5f}   {row['ratio']:.3f} "
                f"({row['ratio_se']:.3f})   {row['floor']:.5f}",
                flush=True,
            )
    if given.figure:
        draw(rows, given.figure)


if __name__ == "__main__":
    main()
