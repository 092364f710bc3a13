"""How much worse or better every other option is than the recommended one, with intervals."""

from __future__ import annotations

from dataclasses import dataclass

import plotly.graph_objects as go

from labelbits.planning.market import Market
from labelbits.planning.result import LEVEL, Plan
from labelbits.quantity import Quantity
from labelbits.report.figures import INK, colour, label, layout


@dataclass(frozen=True)
class Difference:
    """Quality of `name` less that of the recommended option, with its interval at `LEVEL`."""

    name: str
    less: Quantity


def differences(plan: Plan) -> tuple[str, list[Difference]]:
    """(name of the option that the others are compared with, a difference for each other one).

    Both are bought for all the money; draws of one possible truth are compared with each other, so
    that what moves both moves no difference. Where a mixture is recommended, the best single
    option is compared with.
    """
    bought, draws = Market.of_plan(plan).bought
    names = [curve.family.name for curve in bought]
    best = plan.recommendation["family"]
    if best not in names:
        best = (plan.extras.get("mixture") or {}).get("single", "")
    if best not in names:
        return "", []
    reference = draws[:, names.index(best)]
    return best, [
        Difference(name, Quantity.of_draws(draws[:, i] - reference))
        for i, name in enumerate(names)
        if name != best
    ]


def difference_figure(plan: Plan, found: list[Difference]) -> go.Figure:
    """A dot and a line for each option; left or right of 0 is worse or better."""
    scale = 100 if plan.percent else 1
    names = [curve.family.name for curve in plan.curves]
    figure = go.Figure()
    for one in found:
        paint = colour(names.index(one.name))
        figure.add_trace(
            go.Scatter(
                x=[scale * one.less.value],
                y=[label(one.name)],
                mode="markers",
                marker={"color": paint, "size": 11, "symbol": "circle"},
                error_x={
                    "type": "data",
                    "symmetric": False,
                    "array": [scale * (one.less.high - one.less.value)],
                    "arrayminus": [scale * (one.less.value - one.less.low)],
                    "color": paint,
                    "thickness": 2,
                    "width": 6,
                },
                showlegend=False,
                hovertemplate=(
                    f"%{{x:+.3g}} ({100 * LEVEL:.0f} % interval {scale * one.less.low:+.3g} to "
                    f"{scale * one.less.high:+.3g})<extra></extra>"
                ),
            )
        )
    unit = "points" if plan.percent else ""
    title = f"{plan.metric_name} less that of the recommended option"
    layout(figure, f"{title} ({unit})" if unit else title, "", 110 + 38 * len(found))
    figure.add_vline(x=0, line={"color": INK, "width": 1.5})
    figure.update_yaxes(autorange="reversed", ticks="")
    return figure
