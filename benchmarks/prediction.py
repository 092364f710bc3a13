"""Predicted against simulated quality of recovery at held-out points, for every signal.

    python benchmarks/prediction.py                    # the table; writes what the package ships
    python benchmarks/prediction.py --theory 12        # also first order and Gauss-Newton
    python benchmarks/prediction.py --figure docs/prediction.png

Reads the two tables that `benchmarks/prediction_table.py` makes. Held-out points have other sizes
(items, classes, dims) than any point that the surface goes through, and other noise, priors and
numbers of answers. Errors are |predicted - simulated mean|, the simulation's own noise included.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl

from labelbits import signals
from labelbits.prediction import NotCheckedError, Prediction, surface
from labelbits.prediction.quality import CHECKED, read_off
from labelbits.worlds import World
from prediction_caution import cautions, write

#: Accepted held-out points that a signal needs before the package predicts it.
FEWEST = 5
HELD_OUT = Path(__file__).parent / "prediction_held_out.parquet"
ORDER = (*surface.CLASS_SIGNALS[:1], "votes", *surface.CLASS_SIGNALS[1:], *surface.COMPARISONS)


def asked(row: dict) -> tuple[signals.Hard, World, int]:
    """The arguments of `read_off` for one row of a table."""
    signal = signals.make(
        row["signal"], row["dims"], row["classes"],
        precision=row["precision"], lapse=row["lapse"],
    )  # fmt: skip
    world = World(row["items"], row["classes"], row["dims"], prior=row["prior"])
    return signal, world, row["answers_per_item"]  # type: ignore[return-value]


def predictions(rows: list[dict]) -> list[Prediction | None]:
    """What the surfaces say, None where the package refuses for their own uncertainty."""
    found: list[Prediction | None] = []
    for row in rows:
        try:
            found.append(read_off(*asked(row)))
        except NotCheckedError:
            found.append(None)
    return found


def compare(rows: list[dict], found: list[Prediction | None]) -> dict:
    """Share accepted, errors, bias and coverage of one set of points."""
    pairs = [(r, p) for r, p in zip(rows, found, strict=True) if p is not None]
    if not pairs:
        return {"points": len(rows), "accepted": 0.0}
    error = np.array([p.spearman - r["spearman"] for r, p in pairs])
    other = np.array([p.procrustes - r["procrustes"] for r, p in pairs])
    inside = [np.mean([p.low <= v <= p.high for v in r["each_spearman"]]) for r, p in pairs]
    noise = [r["spearman_sd"] / np.sqrt(r["worlds"]) for r, _ in pairs]
    return {
        "points": len(rows), "accepted": len(pairs) / len(rows),
        "median": float(np.median(abs(error))), "p90": float(np.quantile(abs(error), 0.9)),
        "bias": float(error.mean()), "noise": float(np.median(noise)),
        "coverage": float(np.mean(inside)),
        "procrustes": float(np.median(abs(other))),
        "procrustes_p90": float(np.quantile(abs(other), 0.9)),
    }  # fmt: skip


def quality_table(held_out: pl.DataFrame) -> dict[str, dict]:
    """Print the table of all signals; returns its rows."""
    found = {}
    heads = (
        "signal", "points", "accepted", "median error", "90th percentile", "bias",
        "noise of the simulation", "worlds inside the 90 % interval", "Procrustes, median",
        "90th percentile",
    )  # fmt: skip
    print("| " + " | ".join(heads) + " |\n" + "|---" * len(heads) + "|")
    groups = {name: (name,) for name in ORDER}
    groups |= {"all comparisons": surface.COMPARISONS}
    groups |= {"all class signals": (*surface.CLASS_SIGNALS, "votes")}
    for name, members in groups.items():
        rows = held_out.filter(pl.col("signal").is_in(members)).to_dicts()
        if not rows:
            continue
        row = found[name] = compare(rows, predictions(rows))
        if "median" not in row:
            print(f"| {name} | {row['points']} | 0 % |" + " |" * 7)
            continue
        cells = (
            name, f"{row['points']}", f"{row['accepted']:.0%}", f"{row['median']:.3f}",
            f"{row['p90']:.3f}", f"{row['bias']:+.3f}", f"{row['noise']:.3f}",
            f"{row['coverage']:.0%}", f"{row['procrustes']:.3f}", f"{row['procrustes_p90']:.3f}",
        )  # fmt: skip
        print("| " + " | ".join(cells) + " |")
    return found


def information_features(points: pl.DataFrame, names, worth=None) -> np.ndarray:
    """As `features`, with answers counted in information: M E[Fisher information of a logistic
    comparison of N(0, I) points], by Gauss-Hermite quadrature, in place of ln M."""
    x = surface.features(points, names, worth)
    node, weight = np.polynomial.hermite_e.hermegauss(61)
    beta, dims, lapse = (
        points[name].to_numpy().astype(float)[:, None] for name in ("precision", "dims", "lapse")
    )
    # d2_ac - d2_ab has variance 12 dims.
    p = 1 / (1 + np.exp(-beta * node * np.sqrt(12 * dims)))
    mixed = (1 - lapse) * p + lapse / 2
    each = beta**2 * ((1 - lapse) * p * (1 - p)) ** 2 / (mixed * (1 - mixed) + 1e-300)
    x[:, 0] += np.log(each @ (weight / weight.sum()))
    return x


def surfaces(table: pl.DataFrame, held_out: pl.DataFrame) -> dict[str, Callable]:
    """Candidates that learn from the table: name -> prediction of rows of one family."""

    def constant(names, train, rows):
        middle = dict(train.group_by("signal").agg(pl.col("spearman").median()).iter_rows())
        return rows["signal"].replace_strict(middle).to_numpy()

    def family(names, train, rows, **options):
        made = surface.build("spearman", names, train, refine=True, **options)
        return surface.from_line("spearman", made.predict(rows)[0])

    def alone(names, train, rows):
        out = np.zeros(len(rows))
        for name in names:
            here = (rows["signal"] == name).to_numpy()
            if here.any():
                own = train.filter(pl.col("signal") == name)
                out[here] = family((name,), own, rows.filter(pl.col("signal") == name))
        return out

    def shuffled(names, train, rows):
        order = np.random.default_rng(0).permutation(len(train))
        values = [c for c in train.columns if c.startswith(("spearman", "procrustes"))]
        mixed = train.with_columns(train[c][order] for c in values)
        own = surface.surface(surface.family_of(names[0]), "spearman")
        made = surface.build("spearman", names, mixed, own.process.kernel_.theta, own.worth)
        return surface.from_line("spearman", made.predict(rows)[0])

    def scaled(names, train, rows):
        return family(names, train, rows, describe=information_features)

    def exchanged(names, train, rows):
        made = surface.surface(surface.family_of(names[0]), "spearman")
        return surface.from_line("spearman", made.predict(rows)[0])

    return {
        "constant: the signal's median": constant,
        "one surface a signal": alone,
        "one surface a family": family,
        "the same, answers times the information of a logistic comparison": scaled,
        "one surface a family, answers by their worth (shipped)": exchanged,
        "negative control: shipped, its table shuffled": shuffled,
    }


def candidates(table: pl.DataFrame, held_out: pl.DataFrame) -> None:
    """Print median and 90th percentile error of every candidate on all held-out points."""
    print("\n| candidate | comparisons | class signals | CPU s to fit |")
    print("|---|---|---|---|")
    # The votes of held-out points count as hard labels.
    votes = pl.col("signal") == "votes"
    rows = held_out.with_columns(
        answers_per_item=pl.when(votes).then(3).otherwise(1) * pl.col("answers_per_item"),
        signal=pl.when(votes).then(pl.lit("hard")).otherwise(pl.col("signal")),
    )
    for label, predict in surfaces(table, held_out).items():
        begun, cells = time.process_time(), []
        for names in (surface.COMPARISONS, surface.CLASS_SIGNALS):
            train = table.filter(pl.col("signal").is_in(names))
            test = rows.filter(pl.col("signal").is_in(names))
            error = np.abs(predict(names, train, test) - test["spearman"].to_numpy())
            cells.append(f"{np.median(error):.3f} ({np.quantile(error, 0.9):.3f})")
        print(f"| {label} | {' | '.join(cells)} | {time.process_time() - begun:.0f} |", flush=True)


def theory(held_out: pl.DataFrame, count: int) -> None:
    """Print errors of the predictions from theory on small held-out points of some signals."""
    from prediction_theory import first_order, gauss_newton

    print("\n| signal | points | shipped | first order | Gauss-Newton | first order, bias | "
          "Gauss-Newton, bias |\n|---|---|---|---|---|---|---|")  # fmt: skip
    for name in ("triplet", "odd-one-out", "hard", "ranking"):
        small = held_out.filter(
            (pl.col("signal") == name) & (pl.col("items") * pl.col("dims") <= 400)
            & (pl.col("items") * pl.col("answers_per_item") <= 3000)
        )  # fmt: skip
        rows = small.head(count).to_dicts()
        truth = np.array([row["spearman"] for row in rows])
        errors = []
        for predict in (first_order, gauss_newton):
            guess = [
                np.mean([predict(s, w, m * w.items, seed) for seed in (0, 1)])
                for s, w, m in map(asked, rows)
            ]
            errors.append(np.array(guess) - truth)
        own = [
            abs(p.spearman - t)
            for p, t in zip(predictions(rows), truth, strict=True) if p is not None
        ]  # fmt: skip
        print(f"| {name} | {len(rows)} | {np.median(own):.3f} | "
              + " | ".join(f"{np.median(abs(e)):.3f}" for e in errors) + " | "
              + " | ".join(f"{e.mean():+.3f}" for e in errors) + " |", flush=True)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--theory", type=int, default=0, help="points of a signal to try theory on")
    parser.add_argument("--figure", type=Path, help="write the figure here (PNG)")
    parser.add_argument("--no-candidates", action="store_true")
    arguments = parser.parse_args()
    held_out, table = pl.read_parquet(HELD_OUT), pl.read_parquet(surface.TABLE)
    factors, coverage = cautions(held_out)
    write(factors)
    found = quality_table(held_out)
    fresh = CHECKED.with_suffix(".part")
    fresh.write_text(
        json.dumps(
            {
                name: {
                    "points": row["points"], "accepted": round(row["accepted"], 3),
                    "median_error": round(row["median"], 4), "ninth_decile": round(row["p90"], 4),
                    "coverage": round(coverage["hard" if name == "votes" else name], 3),
                }
                for name, row in found.items()
                if name in ORDER and row["accepted"] * row["points"] >= FEWEST
            },
            indent=1,
        ) + "\n"
    )  # fmt: skip
    fresh.replace(CHECKED)
    if not arguments.no_candidates:
        candidates(table, held_out)
    if arguments.theory:
        theory(held_out, arguments.theory)
    if arguments.figure:
        draw(held_out, arguments.figure)


def draw(held_out: pl.DataFrame, path: Path) -> None:
    """Predicted against simulated Spearman, one dot a held-out point, a panel for each family."""
    import plotly.graph_objects as go
    from plotly.subplots import make_subplots

    titles = ("Comparisons", "Class signals, prototypes unknown")
    figure = make_subplots(cols=2, rows=1, subplot_titles=titles, horizontal_spacing=0.09)
    families = surface.COMPARISONS, [name for name in ORDER if name not in surface.COMPARISONS]
    for column, names in enumerate(families, 1):
        figure.add_trace(
            go.Scatter(x=[-0.1, 1], y=[-0.1, 1], mode="lines", showlegend=False,
                       line={"color": "#999", "width": 1}), 1, column,
        )  # fmt: skip
        for i, name in enumerate(names):
            rows = held_out.filter(pl.col("signal") == name).to_dicts()
            pairs = [
                (r["spearman"], p.spearman)
                for r, p in zip(rows, predictions(rows), strict=True) if p is not None
            ]  # fmt: skip
            if not pairs:
                continue
            x, y = zip(*pairs, strict=True)
            symbol = ("circle", "square", "diamond", "cross", "x", "triangle-up")[i % 6]
            figure.add_trace(
                go.Scatter(x=x, y=y, mode="markers", name=name, legend=f"legend{column}",
                           marker={"symbol": symbol, "size": 6, "opacity": 0.75}), 1, column,
            )  # fmt: skip
    figure.update_xaxes(title="simulated Spearman (mean over worlds)", range=[-0.1, 1])
    figure.update_yaxes(title="predicted Spearman", range=[-0.1, 1])
    box = {"x": 0.44, "y": 0.03, "xanchor": "right", "yanchor": "bottom", "font": {"size": 11}}
    figure.update_layout(
        template="plotly_white", width=1100, height=560, margin={"t": 50, "r": 20, "b": 60},
        legend1=box, legend2={**box, "x": 0.99},
    )  # fmt: skip
    figure.write_image(path, scale=1.5)


if __name__ == "__main__":
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        main()
