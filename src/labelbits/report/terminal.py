"""The plan on a terminal: the largest purchase of each kind, the advice, where the report is."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.table import Table

from labelbits.planning.recommend import show
from labelbits.planning.result import LEVEL, Plan

#: Columns that the whole table needs.
WIDE = 118


def print_plan(plan: Plan, folder: Path) -> None:
    """Print the table, the warnings, the sentence of advice and the path of the report."""
    console = Console()
    percent = plan.percent
    table = Table(title=f"What {plan.budget:,.2f} {plan.currency} buys", title_justify="left")
    table.add_column("way of asking")
    for name in (
        "items",
        "answers/item",
        f"cost ({plan.currency})",
        plan.metric_name,
        f"{LEVEL:.0%} interval",
        "best",
        "bits/answer",
        f"bits/{plan.currency}",
    ):
        table.add_column(name, justify="right")
    chances = plan.recommendation["probabilities"]
    for curve in plan.curves:
        options = [o for o in plan.options if o.family == curve.family.name]
        if not options:
            continue
        last = options[-1]
        star = last.family == plan.recommendation["family"]
        table.add_row(
            last.family,
            f"{last.items:,}",
            f"{last.answers_per_item:.3g}",
            f"{last.cost:,.2f}",
            show(last.quality, percent),
            f"{show(last.low, percent)} to {show(last.high, percent)}",
            f"{chances.get(last.family, 0):.0%}",
            f"{last.bits:.2f}",
            f"{last.bits / curve.family.price.amount:,.0f}",
            style="bold" if star else None,
        )
    if console.width < WIDE:
        # The report has the bits; a narrow terminal keeps what decides.
        del table.columns[-2:]
    console.print(table)
    best = plan.recommendation["family"]
    for one in plan.crossovers:
        if best not in (one["a"], one["b"]):
            continue  # the report lists every pair
        console.print(f"  {one['sentence']}", style="dim", highlight=False, markup=False)
    for warning in plan.warnings:
        console.print(f"  Note: {warning}.", style="yellow", highlight=False, markup=False)
    console.print()
    console.print(plan.recommendation["sentence"], style="bold", highlight=False, markup=False)
    console.print(
        f"Report: {folder / 'report.html'}", highlight=False, markup=False, soft_wrap=True
    )
