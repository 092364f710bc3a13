"""The section of a plan about comparisons: what the pilot's own answers measured, source by source.

Comparisons and class labels are tested on the same held-out comparisons, and spaces learned from
either on the items' classes, where the pilot has both.
"""

from __future__ import annotations

import plotly.graph_objects as go

from labelbits.planning.result import LEVEL, Plan
from labelbits.planning.shown import show, span
from labelbits.report.blocks import Block, Details, Figure, Pair, Paragraph, Section, Table
from labelbits.report.figures import INK, colour, label, layout

#: (learned from, numbers of answers, values, lower ends, upper ends).
Line = tuple[str, list[int], list[float], list[float], list[float]]


def measured_section(plan: Plan) -> Section | None:
    """Quality by number of answers as the pilot measured it; None for other plans."""
    found = plan.extras.get("measured_curves")
    if not found:
        return None
    words = (
        f"{plan.metric_name} of spaces learned from parts of the pilot, tested on what they were "
        f"not fitted to. Whiskers are {100 * LEVEL:.0f} % intervals."
    )
    ceiling = plan.extras.get("ceiling")
    if ceiling and (from_where := ceiling.get("words")):
        words += f" The ceiling: {from_where}."
    lines: list[Line] = [
        (one["source"], one["answers"], one["quality"], one["low"], one["high"]) for one in found
    ]
    drawing = Figure(
        _figure(plan, lines, True, plan.metric_name, plan.percent), "measured",
        f"{plan.metric_name} against number of answers, measured on the pilot",
    )  # fmt: skip
    with_shots = [(one["source"], one["shots"]) for one in found if one["shots"]]
    blocks: list[Block] = [Paragraph(words)]
    if with_shots:
        few_shots: list[Line] = [
            (source, few["answers"], few["accuracy"], few["low"], few["high"])
            for source, few in with_shots
        ]
        labels = with_shots[0][1]["labels"]
        each = "one label" if labels == 1 else f"{labels} labels"
        right = Figure(
            _figure(plan, few_shots, False, f"accuracy, {each} a class", True), "shots",
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
    plan: Plan, found: list[Line], with_ceiling: bool, title: str, percent: bool
) -> go.Figure:
    scale = 100 if percent else 1
    drawing = go.Figure()
    for number, (source, answers, values, lows, highs) in enumerate(found):
        above = [scale * (high - v) for high, v in zip(highs, values, strict=True)]
        below = [scale * (v - low) for low, v in zip(lows, values, strict=True)]
        drawing.add_trace(
            go.Scatter(
                x=answers,
                y=[scale * v for v in values],
                error_y={"type": "data", "array": above, "arrayminus": below, "thickness": 1.2},
                mode="lines+markers",
                name=label(source),
                line={"color": colour(number)},
                hovertemplate="%{x:,} answers: %{y:.3g}<extra></extra>",
            )
        )
    ceiling = plan.extras.get("ceiling")
    if with_ceiling and ceiling and ceiling.get("source") == "repeats":
        drawing.add_hline(
            y=scale * ceiling["quality"], line={"color": INK, "dash": "dot", "width": 1},
            annotation_text="ceiling", annotation_font_color=INK,
        )  # fmt: skip
    unit = " (%)" if percent else ""
    layout(drawing, "answers fitted", f"{title}{unit}", 380)
    ticks = max((answers for _, answers, *_ in found), key=max)
    drawing.update_xaxes(type="log", tickvals=ticks, ticktext=[f"{n:,.0f}" for n in ticks])
    drawing.update_layout(showlegend=True)
    return drawing
