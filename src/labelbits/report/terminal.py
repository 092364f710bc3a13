"""The plan on a terminal: the largest purchase of each kind, the advice, where the report is."""

from __future__ import annotations

from pathlib import Path

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table

from labelbits.planning.result import LEVEL, Plan
from labelbits.report.purchases import COLUMNS, NOTHING, adds, table_of
from labelbits.report.run import REPORT
from labelbits.speech import cell, say

#: Columns that the table needs with the bits; fewer than that are kept for what decides.
WIDE = 100


def print_plan(plan: Plan, folder: Path, console: Console | None = None) -> None:
    """Print the table, the warnings, the advice and the path of the report."""
    console = console or Console()
    better = "lower" if plan.lower_is_better else "higher"
    say(
        console,
        f"What {plan.budget:,.2f} {plan.currency} buys; quality is {plan.metric_name}, {better} is "
        "better",
        "bold",
    )
    console.print(_table(plan, console.width >= WIDE))
    best = plan.recommendation["family"]
    for one in plan.crossovers:
        if best in (one["a"], one["b"]):  # the report lists every pair
            _line(console, one["sentence"], "dim")
    for warning in plan.warnings:
        _line(console, f"{warning}.", "yellow", "Note: ")
    console.print()
    say(console, plan.recommendation["sentence"], "bold")
    for text in further(plan):
        say(console, text)
    say(console, f"Report: {folder / REPORT}", soft_wrap=True)


def further(plan: Plan) -> list[str]:
    """What the plan says beyond the purchase: labels at hand, target, mixture."""
    advice = plan.recommendation
    there, mixture = advice.get("next"), plan.extras.get("mixture")
    found = [
        # What is added has its sentence already.
        there["sentence"] if there and not adds(plan) else "",
        advice.get("target_sentence", ""),
        mixture["sentence"] if mixture else "",
    ]
    return [text for text in found if text]


def _line(console: Console, text: str, style: str, head: str = "") -> None:
    """A point of a list whose wrapped lines stay indented."""
    console.print(Padding(cell(f"- {head}{text}", style), (0, 0, 0, 1)))


def _table(plan: Plan, wide: bool) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    table.add_column("option", overflow="fold")
    level = f"{100 * LEVEL:.0f} % interval"
    quality, best = ("with yours", "adds most") if adds(plan) else ("quality", "best")
    names = ["items", "each", f"cost {plan.currency}", quality, level, best]
    if wide:
        names += ["bits/answer", f"bits/{plan.currency}"]
    for name in names:
        table.add_column(cell(name), justify="right", no_wrap=True)
    columns = COLUMNS if wide else COLUMNS[:-2]
    for one in table_of(plan):
        if one.option is not None:
            # The heading names the currency.
            texts = {**one.texts, "cost": f"{one.option.cost:,.2f}"}
            style = "bold" if one.recommended else None
        elif not one.is_option:
            texts = {key: "" if v == NOTHING else v for key, v in one.texts.items()}
            style = "dim"
        else:
            continue
        cells = [one.name, *(texts[column] for column in columns)]
        table.add_row(*map(cell, cells), style=style)
    return table
