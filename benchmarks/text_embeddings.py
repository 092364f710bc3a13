"""The same plan from TF-IDF and from a text model: figure docs/text_embeddings.png.

Real answers: people said which of two arguments is more convincing (UKPConvArg1); an answer about
an argument is "won" or "lost". 300 of 540 arguments have three answers each, the others are what
can be bought.

    python benchmarks/text_embeddings.py DATA MODEL_FOLDER docs/text_embeddings.png

DATA is the folder of real answers, MODEL_FOLDER a sentence-transformers model.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
import polars as pl

from labelbits.own_tables import plan_tables

BUDGET, LABELLED, EACH = 60.0, 300, 3


def tables(data: Path, folder: Path) -> list[Path]:
    """(texts, answers) as CSV files of a person's own."""
    texts = pl.read_parquet(data / "ukpconvarg_arguments.parquet")
    said = pl.read_parquet(data / "ukpconvarg_answers.parquet").filter(pl.col("answer") < 2)
    sides = [
        said.select(
            id=pl.col(arg), who=pl.col("worker"),
            said=pl.when(pl.col("answer") == k).then(pl.lit("won")).otherwise(pl.lit("lost")),
        )
        for k, arg in enumerate(("arg_a", "arg_b"))
    ]  # fmt: skip
    rng = np.random.default_rng(0)
    chosen = rng.choice(len(texts), LABELLED, replace=False)
    answers = pl.concat(sides).filter(pl.col("id").is_in(chosen))
    answers = answers.sample(fraction=1, shuffle=True, seed=0)
    answers = answers.unique(["id", "who"], keep="first", maintain_order=True)
    answers = answers.filter(pl.int_range(pl.len()).over("id") < EACH)
    texts.select(id="arg", text="text").write_csv(folder / "texts.csv")
    answers.write_csv(folder / "answers.csv")
    return [folder / "texts.csv", folder / "answers.csv"]


def main() -> None:
    data, model, out = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
    figure = go.Figure()
    colours = {"TF-IDF": "#8c6d31", "MiniLM": "#1f5fa8"}
    with tempfile.TemporaryDirectory() as made:
        files = tables(data, Path(made))
        for name, embedding in (("TF-IDF", None), ("MiniLM", model)):
            plan = plan_tables(
                files, {"text": "text", "label": "said", "annotator": "who"}, Path(made) / name,
                budget=BUDGET, ask=["hard@0.05", "votes:3@0.05"], metric="accuracy", seed=0,
                progress=lambda what, share: None, embedding=embedding,
            )  # fmt: skip
            for family, dash in (("hard", "solid"), ("votes x 3", "dot")):
                rows = [one for one in plan.options if one.family == family]
                cost = [one.cost for one in rows]
                figure.add_scatter(
                    x=cost, y=[100 * one.quality for one in rows], name=f"{name}, {family}",
                    line={"color": colours[name], "dash": dash}, mode="lines+markers",
                )  # fmt: skip
                if family == "hard":
                    figure.add_scatter(
                        x=[*cost, *cost[::-1]],
                        y=[100 * o.low for o in rows] + [100 * o.high for o in rows[::-1]],
                        mode="none", fill="toself", line={"width": 0},
                        fillcolor=colours[name], opacity=0.15,
                        showlegend=False,
                    )  # fmt: skip
                last = rows[-1]
                print(
                    f"{name}, {family}: {last.items} items, {last.cost:.2f} USD, accuracy "
                    f"{100 * last.quality:.1f} % ({100 * last.low:.1f} to {100 * last.high:.1f})"
                )
            print(
                name,
                "constant",
                plan.extras["constant"]["quality"],
                plan.recommendation["sentence"],
            )
    figure.update_layout(
        template="plotly_white", width=760, height=420, margin={"t": 20, "r": 10},
        xaxis_title="cost, USD", yaxis_title="accuracy, % (band: 90 % interval)",
        legend={"x": 0.99, "xanchor": "right", "y": 0.02, "yanchor": "bottom"},
    )  # fmt: skip
    figure.write_image(out)


if __name__ == "__main__":
    main()
