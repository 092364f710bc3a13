"""The figures of a plan's report: plotly, colour-blind safe, readable on light and dark."""

from __future__ import annotations

import html
from typing import Any

import numpy as np
import plotly.graph_objects as go

from labelbits.interface import LEVEL, Z
from labelbits.planning.advice.yardsticks import yardsticks
from labelbits.planning.result import Option, Plan
from labelbits.report.purchases import adds, bits_per_money, money
from labelbits.speech import printable

#: Okabe and Ito's colour-blind safe palette (jfly.uni-koeln.de/color), in an order that keeps
#: neighbours apart; the two pale ones come last.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7F7F7F", "#B8A800")
DASHES = ("solid", "dash", "dot", "dashdot", "longdash")
#: Curves that are drawn at once; more are a tangle, and their colours repeat.
MOST_DRAWN = 8
#: What a click on the star asks for: the purchase that is advised, whatever it is made of.
ADVISED = "*"
#: Characters in a row of the legend.
LEGEND = 118
#: Grey that reads on white and on near-black.
INK = "#808890"
GRID = "rgba(128,136,144,0.25)"


def colour(index: int) -> str:
    """Colour of family number `index`."""
    return COLOURS[index % len(COLOURS)]


def _faint(hexadecimal: str, opacity: float) -> str:
    r, g, b = (int(hexadecimal[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({r},{g},{b},{opacity})"


def layout_of(x: str, y: str, height: int = 420) -> dict[str, Any]:
    """Axes, margins and colours that all figures share."""
    axis = {
        "gridcolor": GRID,
        "zerolinecolor": GRID,
        "linecolor": GRID,
        "ticks": "outside",
        "tickcolor": GRID,
        "automargin": True,
    }
    return {
        "height": height,
        "margin": {"l": 60, "r": 20, "t": 24, "b": 56},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"color": INK, "family": "system-ui, sans-serif", "size": 14},
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        "hovermode": "closest",
        "modebar": {"bgcolor": "rgba(0,0,0,0)", "color": INK, "activecolor": COLOURS[0]},
        "xaxis": {**axis, "title": {"text": x}},
        "yaxis": {**axis, "title": {"text": y}},
    }


def layout(figure: go.Figure, x: str, y: str, height: int = 420) -> go.Figure:
    """`layout_of` on a figure."""
    return figure.update_layout(layout_of(x, y, height))


def label(name: str, longest: int = 48) -> str:
    """A text from the user as text of a figure, where < & and %{ would be markup."""
    short = name if len(name) <= longest else f"{name[: longest - 1]}…"
    return html.escape(printable(short), quote=False).replace("%{", "%&#123;")


def drawn(plan: Plan) -> set[str]:
    """The families whose curves are drawn at once: the `MOST_DRAWN` best at the budget, and what is
    advised with all parts of an advised mixture."""
    best = {o.family: o.quality for o in sorted(plan.options, key=lambda o: o.cost)}
    ranked = sorted(best, key=best.__getitem__, reverse=not plan.lower_is_better)
    advised = {plan.recommendation["family"]}
    mixture = plan.extras.get("mixture")
    if "single" in plan.recommendation and mixture:
        advised.update(mixture["shares"])
    return set(ranked[:MOST_DRAWN]) | (advised & set(ranked))


def tradeoff(plan: Plan) -> go.Figure:
    """Quality against cost: a line and a band a kind of option, a marker a size of it."""
    return go.Figure(tradeoff_of(plan))


def tradeoff_of(plan: Plan) -> dict[str, Any]:
    """`tradeoff` as plain values: a page that follows a slider has no time to check them."""
    percent = plan.percent
    scale = 100 if percent else 1
    at_once = drawn(plan)
    data: list[dict[str, Any]] = []
    for index, curve in enumerate(plan.curves):
        options = [o for o in plan.options if o.family == curve.family.name]
        if not options:
            continue
        visible = True if curve.family.name in at_once else "legendonly"
        cost = [o.cost for o in options]
        paint = colour(index)
        data.append(
            {
                "type": "scatter",
                "x": cost + cost[::-1],
                "y": [scale * o.high for o in options] + [scale * o.low for o in options][::-1],
                "mode": "lines",
                "fill": "toself",
                "fillcolor": _faint(paint, 0.14),
                "line": {"width": 0},
                "hoverinfo": "skip",
                "showlegend": False,
                "legendgroup": curve.family.name,
                "visible": visible,
            }
        )
        data.append(
            {
                "type": "scatter",
                "x": cost,
                "y": [scale * o.quality for o in options],
                "mode": "lines+markers",
                "name": label(curve.family.name),
                "legendgroup": curve.family.name,
                "visible": visible,
                "line": {"color": paint, "width": 2.5, "dash": DASHES[index % len(DASHES)]},
                "marker": {
                    "size": 8,
                    "color": [paint if o.measured else "rgba(0,0,0,0)" for o in options],
                    "line": {"color": paint, "width": 2},
                },
                "text": [_hover(o, plan, scale) for o in options],
                "customdata": [[o.family, o.answers] for o in options],
                "hovertemplate": "%{text}<extra></extra>",
            }
        )
    best = plan.recommendation
    data.append(
        {
            "type": "scatter",
            "x": [best["cost"]],
            "y": [scale * best["quality"]],
            "mode": "markers",
            "name": "recommended, with the labels you hold" if adds(plan) else "recommended",
            "marker": {
                "symbol": "star",
                "size": 18,
                "color": "#F0C419",
                "line": {"color": "#333333", "width": 1.2},
            },
            "text": [_hover_of_advice(plan, scale)],
            "customdata": [[ADVISED, None]],
            "hovertemplate": "%{text}<extra></extra>",
        }
    )
    data += _hover_of_yardsticks(plan, scale)
    dotted = {"type": "line", "line": {"color": INK, "width": 1, "dash": "dot"}}
    across = {"x0": 0, "x1": 1, "xref": "x domain", "yref": "y"}
    levels = [(scale * one.quality.value, label(one.name)) for one in yardsticks(plan)]
    shapes = [{**dotted, **across, "y0": level, "y1": level} for level, _ in levels]
    budget = {"x0": plan.budget, "x1": plan.budget, "xref": "x", "y0": 0, "y1": 1}
    shapes.append({**dotted, **budget, "yref": "y domain"})
    named = {"showarrow": False, "xanchor": "left", "yanchor": "bottom"}
    notes = [
        {**named, "text": name, "x": 0, "xref": "x domain", "y": level, "yref": "y"}
        for level, name in levels
    ]
    place = {"x": float(np.log10(plan.budget)), "y": 0.02, "yref": "paper", "xanchor": "right"}
    notes.append({"showarrow": False, "text": "budget", **place})
    unit = " (%)" if percent else ""
    names = [label(curve.family.name) for curve in plan.curves]
    made = layout_of(f"cost ({label(plan.currency)}, log scale)", plan.metric_name + unit, 460)
    # Long names leave room for few in a row of the legend; the curves keep their height.
    rows = -(-len(names) // max(1, LEGEND // (max(map(len, names)) + 8)))
    made["height"] += 19 * max(0, rows - 3)
    made["meta"] = {"names": len(names)}
    costs = [o.cost for o in plan.options]
    made["xaxis"] |= {"type": "log", **log_ticks(min(costs), max(*costs, plan.budget))}
    # Margins that fit any of its labels: to measure labels takes a quarter of the time to draw it.
    for axis in ("xaxis", "yaxis"):
        made[axis] |= {"automargin": False, "ticklabeloverflow": "allow"}
    made["margin"]["l"] = 68
    return {"data": data, "layout": {**made, "shapes": shapes, "annotations": notes}}


def _hover_of_advice(plan: Plan, scale: int) -> str:
    best, unit = plan.recommendation, " %" if scale == 100 else ""
    low, high = best["interval"]
    bought = " and ".join(
        f"{one['answers']:,.0f} {label(one['signal'])} on {one['items']:,} items"
        for one in best["purchases"]
    )
    return (
        f"<b>recommended</b><br>{bought or 'nothing'}<br>"
        f"cost {label(money(best['cost'], plan.currency))}<br>{plan.metric_name} "
        f"{scale * best['quality']:.3g}{unit} [{scale * low:.3g}, {scale * high:.3g}]"
    )


def _hover_of_yardsticks(plan: Plan, scale: int) -> list[dict[str, Any]]:
    """Points that nobody sees, on the lines of the constant answer and of the ceiling."""
    costs = [o.cost for o in plan.options] + [plan.budget]
    places = np.geomspace(min(costs), max(costs), 24).tolist()
    unit = " %" if scale == 100 else ""
    made = []
    for one in yardsticks(plan):
        value, low, high = (
            scale * v for v in (one.quality.value, one.quality.low, one.quality.high)
        )
        span = f" [{low:.3g}, {high:.3g}]" if high > low else ""
        said = f"<b>{label(one.name)}</b><br>{plan.metric_name} {value:.3g}{unit}{span}"
        made.append(
            {
                "type": "scatter", "x": places, "y": [value] * len(places), "mode": "markers",
                "marker": {"opacity": 0, "size": 12}, "showlegend": False,
                "hovertemplate": f"{said}<extra></extra>", "cliponaxis": False,
            }
        )  # fmt: skip
    return made


def log_ticks(low: float, high: float) -> dict[str, list[Any]]:
    """Ticks at 1, 2 and 5 times powers of ten (powers alone where there are many)."""
    powers = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    steps = (1, 2, 5) if len(powers) <= 4 else (1,)
    values = [s * 10.0**p for p in powers for s in steps]
    return {"tickvals": values, "ticktext": [f"{v:,.10g}" for v in values]}


def _hover(option: Option, plan: Plan, scale: int) -> str:
    unit = " %" if scale == 100 else ""
    kind = plan.evidence_of(option)
    return (
        f"<b>{label(option.family)}</b><br>{option.answers:,} answers on {option.items:,} items<br>"
        f"cost {label(money(option.cost, plan.currency))}<br>{plan.metric_name} "
        f"{scale * option.quality:.3g}{unit} [{scale * option.low:.3g}, {scale * option.high:.3g}]"
        f"<br>{option.bits:.2f} bits an answer, {option.bits_total:,.0f} in all<br>{kind}"
    )


def bits_bars(plan: Plan, per_money: bool) -> go.Figure:
    """Bits per answer, or bits per unit of money, one bar a family, with standard errors."""
    figure = go.Figure()
    unit = f"bits per {label(plan.currency)}" if per_money else "bits per answer"
    for index, curve in enumerate(plan.curves):
        if curve.bits is None:
            continue
        value, error = curve.bits.bits, curve.bits.standard_error
        if per_money:
            value, error = bits_per_money(curve), bits_per_money(curve, spread=True)
        figure.add_trace(
            go.Bar(
                y=[f"{label(curve.family.name)}: {value:.3g}"],
                x=[value],
                orientation="h",
                marker={"color": colour(index)},
                error_x={"type": "data", "array": [Z * error], "color": INK},
                showlegend=False,
                hovertemplate=(
                    f"<b>{label(curve.family.name)}</b>: {value:.3g} {unit} ({100 * LEVEL:.0f} % "
                    f"interval "
                    f"{max(0.0, value - Z * error):.3g} to {value + Z * error:.3g})<extra></extra>"
                ),
            )
        )
    height = 110 + 46 * len(plan.curves)
    layout(figure, unit, "", height)
    figure.update_yaxes(autorange="reversed", ticks="")
    return figure
