"""The section of a plan about comparisons: what the pilot's own answers measured, source by source.

Comparisons and class labels are tested on the same held-out comparisons, and spaces learned from
either on the items' classes, where the pilot has both.
"""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from labelbits.planning.advice.words import show, span
from labelbits.planning.result import LEVEL, Plan
from labelbits.report.blocks import Block, Details, Figure, Pair, Paragraph, Section, Table
from labelbits.report.figures import INK, colour, label, layout


def measured_section(plan: Plan) -> Section | None:
    """Quality by number of answers as the pilot measured it; None for other plans."""
    found: list[dict[str, Any]] | None = plan.extras.get("measured_curves")
    if not found:
        return None
    words = (
        f"{plan.metric_name} of spaces learned from parts of the pilot, tested on what they were "
        f"not fitted to. Whiskers are {100 * LEVEL:.0f} % intervals."
    )
    ceiling = plan.extras.get("ceiling")
    if ceiling and ceiling.get("words"):
        words += f" The ceiling: {ceiling['words']}."
    drawing = Figure(
        _figure(plan, found, "quality", plan.metric_name, plan.percent), "measured",
        f"{plan.metric_name} against number of answers, measured on the pilot",
    )  # fmt: skip
    with_shots = [one for one in found if one.get("shots")]
    blocks: list[Block] = [Paragraph(words)]
    if with_shots:
        labels = with_shots[0]["shots"]["labels"]
        each = "one label" if labels == 1 else f"{labels} labels"
        right = Figure(
            _figure(plan, with_shots, "shots", f"accuracy, {each} a class", True), "shots",
            "few-shot accuracy of the same spaces against number of answers",
        )  # fmt: skip
        blocks += [
            Pair(drawing, right),
            Paragraph(
                "Right: the same spaces as classifiers, the nearest mean of the labelled items."
            ),
        ]
    else:
        blocks.append(drawing)
    rows = [
        [one["source"], f"{n:,.0f}", show(q, plan.percent), span(low, high, plan.percent)]
        for one in found
        for n, q, low, high in zip(
            one["answers"], one["quality"], one["low"], one["high"], strict=True
        )
    ]
    table = Table(["learned from", "answers", plan.metric_name, "interval"], rows)
    return Section("Measured on your own answers", [*blocks, Details("As numbers", [table])])


def _figure(
    plan: Plan, found: list[dict[str, Any]], key: str, title: str, percent: bool
) -> go.Figure:
    scale = 100 if percent else 1
    drawing = go.Figure()
    for number, one in enumerate(found):
        part = one if key == "quality" else one["shots"]
        values = part["quality" if key == "quality" else "accuracy"]
        above = [scale * (high - v) for high, v in zip(part["high"], values, strict=True)]
        below = [scale * (v - low) for low, v in zip(part["low"], values, strict=True)]
        drawing.add_trace(
            go.Scatter(
                x=part["answers"],
                y=[scale * v for v in values],
                error_y={"type": "data", "array": above, "arrayminus": below, "thickness": 1.2},
                mode="lines+markers",
                name=label(one["source"]),
                line={"color": colour(number)},
                hovertemplate="%{x:,} answers: %{y:.3g}<extra></extra>",
            )
        )
    ceiling = plan.extras.get("ceiling")
    if key == "quality" and ceiling and ceiling.get("source") == "repeats":
        drawing.add_hline(
            y=scale * ceiling["quality"], line={"color": INK, "dash": "dot", "width": 1},
            annotation_text="ceiling", annotation_font_color=INK,
        )  # fmt: skip
    unit = " (%)" if percent else ""
    layout(drawing, "answers fitted", f"{title}{unit}", 380)
    parts = [one if key == "quality" else one["shots"] for one in found]
    ticks = max((part["answers"] for part in parts), key=max)
    drawing.update_xaxes(type="log", tickvals=ticks, ticktext=[f"{n:,.0f}" for n in ticks])
    drawing.update_layout(showlegend=True)
    return drawing
