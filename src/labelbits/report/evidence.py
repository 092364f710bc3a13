"""The sections of the report for who wants to check: forecasts tested, pilots, assumptions."""

from __future__ import annotations

import plotly.graph_objects as go

from labelbits.metrics import metric_of
from labelbits.planning.advice.words import chance, show, span
from labelbits.planning.purchases import labels_items
from labelbits.planning.result import LEVEL, NOTHING, Plan
from labelbits.report.blocks import Block, Figure, Paragraph, Section, Table
from labelbits.report.figures import INK, colour, label, layout
from labelbits.report.purchases import money


def evidence_sections(plan: Plan) -> list[Section | None]:
    """The sections in reading order; None where the plan has nothing to say."""
    return [_next(plan), _pilots(plan), _checked(plan), _uncertainty(plan), _assumptions(plan)]


def _next(plan: Plan) -> Section | None:
    there = plan.recommendation.get("next")
    if not there:
        return None
    rows = []
    for one in there["purchases"]:
        low, high = one["interval"]
        rows.append(
            [
                one["family"],
                f"{there['worth_in_answers'][one['family']]:,.0f}"
                + (" or more" if one["at_limit"] else ""),
                f"{one['answers']:,}",
                money(one["cost"], plan.currency),
                show(one["quality"], plan.percent)
                + (" or better" if one["at_limit"] and not plan.lower_is_better else ""),
                span(low, high, plan.percent),
                chance(one["chance"]),
            ]
        )
    head = [
        "option",
        "labels you hold are worth",
        "more answers",
        "cost",
        plan.metric_name,
        "interval",
        "chance of adding most",
    ]
    words = (
        f"{there['sentence']} Labels you hold stay in training; as a head start they count as many "
        "answers of each kind as would be equally good (exact for the same kind, else approximate)."
    )
    known = [
        one for one in there["purchases"] if one["gain_interval"][0] != one["gain_interval"][1]
    ]
    # Beyond what the evidence can follow a table would only pretend to know.
    blocks: list[Block] = [Paragraph(words), *([Table(head, rows)] if known else [])]
    return Section("With the labels you hold", blocks)


def _pilots(plan: Plan) -> Section | None:
    value = plan.recommendation.get("value_of_knowing")
    if not value or not value.get("pilots"):
        return None
    rows = [
        [
            f"{one['items']:,}",
            ", ".join(one["families"]),
            *(f"{one[key]:,.2f} {plan.currency}" for key in ("cost", "money", "net")),
        ]
        for one in value["pilots"]
    ]
    words = (
        "To know for sure which option is best would be worth "
        f"{value['money']:,.2f} {plan.currency} ({_more(value['quality'], plan)}), priced at "
        "what quality costs on average up to the budget, and never at more than could be saved at "
        "equal quality. A pilot tells part of it; its own cost is counted in full, though labels "
        "of the option that wins are kept."
    )
    of = ["pilot items", "labelled as"]
    if not labels_items(plan.curves):
        of = ["pilot answers", "to each of"]
    head = [*of, "cost", "worth", "worth less cost"]
    return Section("What a pilot would be worth", [Paragraph(words), Table(head, rows)])


def _more(quality: float, plan: Plan) -> str:
    """A gain of quality in words; percentages gain points."""
    least = f"{100 * NOTHING:g} points" if plan.percent else f"{NOTHING:g}"
    gained = f"{100 * quality:.1f} points" if plan.percent else f"{quality:.3f}"
    return f"{gained if quality >= NOTHING else f'less than {least}'} of {plan.metric_name}"


def _checked(plan: Plan) -> Section | None:
    check = plan.extras.get("backtest")
    if not check:
        return None
    percent = plan.percent
    rows = [
        [
            r["family"],
            f"{r['trained_to']:,}",
            f"{r['items']:,}",
            show(r["predicted"], percent),
            span(r["low"], r["high"], percent),
            show(r["actual"], percent),
        ]
        for r in check
    ]
    # Forecasts of a learned space are made from comparisons, not from labelled items.
    unit = "answers" if metric_of(plan.metric).of_space else "items"
    head = ["option", f"forecast from {unit}", f"at {unit}", "forecast", "interval", "measured"]
    words = (
        "The same forecast made from the smaller sizes only, against what was then measured; the "
        f"interval should hold {100 * LEVEL:.0f} % of such checks."
    )
    drawing = Figure(_check_figure(plan), "check", "forecast against measured quality")
    return Section("Forecast against measured", [Paragraph(words), drawing, Table(head, rows)])


def _check_figure(plan: Plan) -> go.Figure:
    """One line an option: the interval, the forecast, what was measured."""
    scale = 100 if plan.percent else 1
    drawing = go.Figure()
    names = [curve.family.name for curve in plan.curves]
    for number, r in enumerate(plan.extras.get("backtest", [])):
        paint = colour(names.index(r["family"]) if r["family"] in names else number)
        drawing.add_trace(
            go.Scatter(
                x=[scale * r["predicted"]],
                y=[label(r["family"])],
                mode="markers",
                marker={"color": paint, "size": 10, "symbol": "circle"},
                error_x={
                    "type": "data",
                    "symmetric": False,
                    "array": [scale * (r["high"] - r["predicted"])],
                    "arrayminus": [scale * (r["predicted"] - r["low"])],
                    "color": paint,
                },
                name="forecast, with its interval",
                legendgroup="predicted",
                showlegend=number == 0,
                hovertemplate="forecast %{x:.3g}<extra></extra>",
            )
        )
        drawing.add_trace(
            go.Scatter(
                x=[scale * r["actual"]],
                y=[label(r["family"])],
                mode="markers",
                marker={"color": INK, "size": 11, "symbol": "x"},
                name="measured",
                legendgroup="measured",
                showlegend=number == 0,
                hovertemplate="measured %{x:.3g}<extra></extra>",
            )
        )
    unit = " (%)" if plan.percent else ""
    count = len(plan.extras.get("backtest", []))
    layout(drawing, f"{plan.metric_name}{unit}", "", 130 + 34 * count)
    drawing.update_yaxes(autorange="reversed", ticks="")
    return drawing


def _uncertainty(plan: Plan) -> Section | None:
    apart = plan.extras.get("uncertainty")
    if not apart:
        return None
    rows = [
        [
            r["family"],
            f"{r['items']:,}",
            span(r["sampling"][0], r["sampling"][1], plan.percent),
            span(r["model"][0], r["model"][1], plan.percent),
        ]
        for r in apart
    ]
    head = ["option", "at items", "luck of the pilot", "which curve is right"]
    words = (
        "The interval of the forecast, taken apart; an uncertain price comes on top where no price "
        "was given."
    )
    return Section("Where the uncertainty comes from", [Paragraph(words), Table(head, rows)])


def _assumptions(plan: Plan) -> Section:
    rows = []
    for one in plan.assumptions:
        value, unit = one.value, one.unit
        if isinstance(value, float) and unit == "probability":
            value, unit = f"{100 * value:.3g} %", "of answers"
        value = f"{value:.4g}" if isinstance(value, float) else str(value)
        rows.append([one.name, value, unit, one.source])
    table = Table(["what", "value", "unit", "source"], rows, "words")
    return Section("What this rests on", [table])
