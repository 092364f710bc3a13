"""Several plans side by side, on the page and as one file that opens without the program."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, replace

import plotly.graph_objects as go

from labelbits.planning.result import LEVEL, Plan
from labelbits.planning.shown import chance, show, span
from labelbits.report.blocks import Block, Command, Details, Figure, Pair, Paragraph, Section, Table
from labelbits.report.figures import colour, label, layout, log_ticks
from labelbits.report.page import CITATION, line
from labelbits.report.purchases import money
from labelbits.report.sections import sections
from labelbits.report.templating import standing_alone
from labelbits.version import __version__


@dataclass(frozen=True)
class Scenario:
    """A plan that was kept under a name; `text` is its plan file ("" where there is none)."""

    name: str
    plan: Plan
    text: str = ""


def compared(kept: Sequence[Scenario]) -> list[Section]:
    """One table, a column a scenario, and what the best option gives for its cost in each."""
    rows = [
        ["what to buy", *(_purchase(one.plan) for one in kept)],
        ["cost", *(money(one.plan.recommendation["cost"], one.plan.currency) for one in kept)],
        ["budget", *(money(one.plan.budget, one.plan.currency) for one in kept)],
        ["quality", *(_quality(one.plan) for one in kept)],
        [f"{100 * LEVEL:.0f} % interval", *(_interval(one.plan) for one in kept)],
        ["chance of being best", *(_chance(one.plan) for one in kept)],
        ["prices of an answer", *(_prices(one.plan) for one in kept)],
    ]
    table = Table(["scenario", *(one.name for one in kept)], rows, "words compare")
    words = "Each column is a plan of its own: the same evidence, or other evidence, as named."
    blocks: list[Block] = [Paragraph(words), table]
    for number, metric in enumerate(dict.fromkeys(one.plan.metric for one in kept)):
        alike = [one for one in kept if one.plan.metric == metric]
        name = f"{alike[0].plan.metric_name} of the best option against cost, in each scenario"
        blocks.append(Figure(_best(alike, kept), f"scenarios-{number}", name))
    return [Section("Side by side", blocks)]


def shared(kept: Sequence[Scenario], today: datetime.date | None = None) -> str:
    """One HTML file of these scenarios, whole: it opens without the program and the network."""
    today = today or datetime.date.today()
    made = compared(kept) if len(kept) > 1 else []
    for number, one in enumerate(kept):
        own = [_renamed(section, f"s{number}-") for section in sections(one.plan)]
        head = Section(one.name, [Paragraph(line(one.plan, today))])
        made += [head, *(section for section in own if section.kind != "next")]
        if one.text:
            made.append(Section("", [Details(f"The plan file of {one.name}", [Command(one.text)])]))
    return standing_alone(
        "report.html",
        title=kept[0].name if len(kept) == 1 else f"{len(kept)} scenarios",
        line=f"{today.day} {today:%B %Y}",
        run="",
        sections=made,
        citation=CITATION,
        about=f"labelbits {__version__} plans which labels to buy.",
    )


def _purchase(plan: Plan) -> str:
    parts = [
        f"{one['answers']:,.0f} {one['signal']} on {one['items']:,} items"
        for one in plan.recommendation["purchases"]
    ]
    return " and ".join(parts) or "nothing"


def _quality(plan: Plan) -> str:
    return f"{plan.metric_name} {show(plan.recommendation['quality'], plan.percent)}"


def _interval(plan: Plan) -> str:
    low, high = plan.recommendation["interval"]
    return span(low, high, plan.percent)


def _chance(plan: Plan) -> str:
    return "-" if len(plan.curves) < 2 else chance(plan.recommendation["probability_best"])


def _prices(plan: Plan) -> str:
    return ", ".join(f"{c.family.name} {c.family.price.amount:.3g}" for c in plan.curves)


def _best(alike: Sequence[Scenario], kept: Sequence[Scenario]) -> go.Figure:
    """The best quality that is reached at each cost, a line a scenario, a star its purchase."""
    drawing = go.Figure()
    costs: list[float] = []
    for one in alike:
        plan, paint = one.plan, colour(list(kept).index(one))
        scale, sign = 100 if plan.percent else 1, -1 if plan.lower_is_better else 1
        reached: list[tuple[float, float, str]] = []
        for option in sorted(plan.options, key=lambda o: o.cost):
            if not reached or sign * option.quality > sign * reached[-1][1]:
                reached.append((option.cost, option.quality, option.family))
        costs += [cost for cost, _, _ in reached] + [plan.recommendation["cost"]]
        drawing.add_trace(
            go.Scatter(
                x=[cost for cost, _, _ in reached], y=[scale * q for _, q, _ in reached],
                mode="lines+markers", name=label(one.name), legendgroup=one.name,
                line={"color": paint, "width": 2.5, "shape": "hv"},
                text=[label(family) for _, _, family in reached],
                hovertemplate="<b>%{text}</b>: %{y:.3g} for %{x:,.3g}<extra></extra>",
            )
        )  # fmt: skip
        best = plan.recommendation
        drawing.add_trace(
            go.Scatter(
                x=[best["cost"]], y=[scale * best["quality"]], mode="markers", showlegend=False,
                legendgroup=one.name, hoverinfo="skip",
                marker={"symbol": "star", "size": 17, "color": paint,
                        "line": {"color": "#F0C419", "width": 2}},
            )
        )  # fmt: skip
    first = alike[0].plan
    unit = " (%)" if first.percent else ""
    currencies = " or ".join(dict.fromkeys(one.plan.currency for one in alike))
    layout(drawing, f"cost ({label(currencies)}, log scale)", first.metric_name + unit, 420)
    drawing.update_layout(xaxis={"type": "log", **log_ticks(min(costs), max(costs))})
    return drawing


def _renamed(section: Section, stem: str) -> Section:
    """The section with names of figures that no other scenario has."""
    return replace(section, blocks=[_block(one, stem) for one in section.blocks])


def _block(block: Block, stem: str) -> Block:
    if isinstance(block, Figure):
        return replace(block, name=stem + block.name)
    if isinstance(block, Pair):
        left, right = (replace(one, name=stem + one.name) for one in (block.left, block.right))
        return Pair(left, right)
    if isinstance(block, Details):
        return replace(block, blocks=[_block(one, stem) for one in block.blocks])
    return block
