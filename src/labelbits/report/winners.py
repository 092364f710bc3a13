"""The map of who wins: the best option by budget and by ratio of two prices."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from labelbits.planning.purchases import most_answers_each
from labelbits.planning.result import Curve, Plan
from labelbits.planning.spec.annotator_kinds import by
from labelbits.report.figures import colour, label, layout, log_ticks
from labelbits.report.purchases import money

#: Points of the map along each axis.
POINTS = 45


def scaled_kind(plan: Plan) -> tuple[str, str] | None:
    """(kind whose price is varied, kind it is compared with); None where there is one kind.

    The dearest kind of question is varied against the cheapest. Votes and hard labels are one
    question, asked once or more often: they are varied only against each other.
    """
    prices: dict[str, float] = {}
    for curve in plan.curves:
        prices.setdefault(_key(curve), curve.family.price.amount)
    if len(prices) < 2:
        return None
    return max(prices, key=lambda k: prices[k]), min(prices, key=lambda k: prices[k])


def _key(curve: Curve) -> str:
    return by(*curve.family.question)


def winner_map(plan: Plan) -> go.Figure | None:
    """The option with the best expected quality for each budget and price ratio.

    The price of the dearest kind runs from a tenth to ten times what it is; other prices stay.
    None where there is only one option.
    """
    if len(plan.curves) < 2:
        return None
    kinds = scaled_kind(plan)
    budgets = np.geomspace(max(plan.budget / 30, _least(plan)), plan.budget * 3, POINTS)
    scales = np.geomspace(0.1, 10, POINTS) if kinds else np.array([1.0])
    winner, quality = _winners(plan, kinds[0] if kinds else "", scales, budgets)
    names = [label(c.family.name) for c in plan.curves]
    if kinds is None:
        return _strip(plan, budgets, winner[0], quality[0], names)
    dear, cheap = (next(c.family for c in plan.curves if _key(c) == k) for k in kinds)
    ratios = scales * dear.price.amount / cheap.price.amount
    count = len(plan.curves)
    steps = []
    for index in range(count):
        steps += [[index / count, colour(index)], [(index + 1) / count, colour(index)]]
    shown = np.where(
        np.isnan(winner), "none", np.array(names, dtype=object)[np.nan_to_num(winner).astype(int)]
    )
    scale = 100 if plan.percent else 1
    figure = go.Figure()
    figure.add_trace(
        go.Heatmap(
            x=np.round(budgets, 6),
            y=np.round(ratios, 6),
            z=winner,
            zmin=-0.5,
            zmax=count - 0.5,
            colorscale=steps,
            showscale=False,
            opacity=0.85,
            customdata=np.dstack([shown, np.round(scale * quality, 3)]),
            hovertemplate=(
                f"budget %{{x:,.3g}} {label(plan.currency)}, price ratio %{{y:.2g}}<br>"
                f"<b>%{{customdata[0]}}</b>: {plan.metric_name} %{{customdata[1]:.3g}}"
                f"{' %' if plan.percent else ''}<extra></extra>"
            ),
        )
    )
    for index in sorted({int(v) for v in winner[~np.isnan(winner)]}):
        figure.add_trace(_legend(names[index], index))
    figure.add_trace(_here(plan.budget, dear.price.amount / cheap.price.amount))
    layout(
        figure,
        f"budget ({label(plan.currency)}, log scale)",
        f"price of {label(kinds[0])} / price of {label(kinds[1])}",
        440,
    )
    figure.update_layout(
        xaxis={"type": "log", "showgrid": False, **log_ticks(float(budgets[0]), float(budgets[-1]))}
    )
    ticks = log_ticks(float(ratios[0]), float(ratios[-1]))
    figure.update_layout(yaxis={"type": "log", "showgrid": False, **ticks})
    return figure


def _legend(name: str, index: int) -> go.Scatter:
    return go.Scatter(
        x=[None],
        y=[None],
        mode="markers",
        name=name,
        marker={"color": colour(index), "symbol": "square", "size": 12},
    )


def _here(x: float, y: float) -> go.Scatter:
    return go.Scatter(
        x=[x],
        y=[y],
        mode="markers",
        name="this plan",
        hoverinfo="skip",
        marker={
            "symbol": "star",
            "size": 16,
            "color": "#F0C419",
            "line": {"color": "#333333", "width": 1.2},
        },
    )


def _strip(
    plan: Plan, budgets: np.ndarray, winner: np.ndarray, quality: np.ndarray, names: list[str]
) -> go.Figure:
    """Where all ways are one question at one price: the best one by budget alone."""
    figure = go.Figure()
    scale = 100 if plan.percent else 1
    for index in sorted({int(v) for v in winner[~np.isnan(winner)]}):
        mine = winner == index
        figure.add_trace(
            go.Scatter(
                x=budgets[mine],
                y=scale * quality[mine],
                mode="markers",
                name=names[index],
                showlegend=True,  # also where one wins everywhere
                marker={"color": colour(index), "symbol": "square", "size": 9},
                hovertemplate=(
                    f"budget %{{x:,.3g}} {label(plan.currency)}: <b>{names[index]}</b>, %{{y:.3g}}"
                    "<extra></extra>"
                ),
            )
        )
    unit = " (%)" if plan.percent else ""
    layout(
        figure, f"budget ({label(plan.currency)}, log scale)", f"best {plan.metric_name}{unit}", 360
    )
    ticks = log_ticks(float(budgets[0]), float(budgets[-1]))
    figure.update_layout(xaxis={"type": "log", **ticks})
    return figure


def _least(plan: Plan) -> float:
    return min(option.cost for option in plan.options)


def _winners(
    plan: Plan, kind: str, scales: np.ndarray, budgets: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(number of the best family, its quality), both (scales, budgets); NaN: nothing to buy."""
    sign = -1 if plan.lower_is_better else 1
    best = np.full((len(scales), len(budgets)), np.nan)
    value = np.full(best.shape, -np.inf)
    for i, curve in enumerate(plan.curves):
        mean, grid = curve.draws.mean(0), np.log(curve.answers)
        each = curve.family.answers_per_item
        prices = curve.family.price.amount * (scales if _key(curve) == kind else 1 + 0 * scales)
        most = most_answers_each(curve, plan.terms, prices[:, None], budgets)
        for row, bought in enumerate(most):
            answers = np.minimum(bought, curve.limit)
            quality = sign * np.interp(np.log(np.maximum(answers, 1e-9)), grid, mean)
            wins = (answers >= (each or 1)) & (quality > value[row])
            best[row, wins], value[row, wins] = i, quality[wins]
    return best, sign * np.where(np.isnan(best), np.nan, value)


def money_ratio(plan: Plan) -> str:
    """The two prices of the map in words."""
    kinds = scaled_kind(plan)
    if kinds is None:
        return ""
    dear, cheap = (next(c.family for c in plan.curves if _key(c) == k) for k in kinds)
    return (
        f"One answer costs {money(dear.price.amount, plan.currency)} ({kinds[0]}) and "
        f"{money(cheap.price.amount, plan.currency)} ({kinds[1]}) now."
    )
