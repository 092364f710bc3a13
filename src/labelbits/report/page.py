"""The report: one HTML page that opens without a network, for a manager and for a statistician."""

from __future__ import annotations

import datetime

from labelbits.planning.result import LEVEL, Plan
from labelbits.report.run import run_of
from labelbits.report.sections import sections
from labelbits.report.templating import standing_alone
from labelbits.version import __version__

CITATION = (
    "Sucholutsky, Battleday, Collins, Marjieh, Peterson, Singh, Bhatt, Jacoby, Weller, Griffiths "
    "(2023). On the Informativeness of Supervision Signals. UAI 2023, arXiv 2211.01407."
)


def render(plan: Plan, today: datetime.date | None = None) -> str:
    """The page as text. Everything that came from the user is escaped by the templates."""
    run = run_of(plan)
    return standing_alone(
        "report.html",
        title=plan.title,
        line=line(plan, today or datetime.date.today()),
        run=run,
        sections=sections(plan),
        citation=CITATION,
        about=(
            f"labelbits {__version__} plans which labels to buy. Intervals hold "
            f"{100 * LEVEL:.0f} % of what the evidence allows. Seed "
            f"{plan.extras.get('seed', 0)}, run {run}."
        ),
    )


def line(plan: Plan, today: datetime.date) -> str:
    """Date and data in one line."""
    found = [f"{today.day} {today:%B %Y}"]
    if plan.items is not None:
        held = int((plan.items.answers > 0).sum())
        found.append(f"{len(plan.items.answers):,} items, {held:,} of them with answers")
    classes = plan.extras.get("classes")
    if classes and any(one.family.signal.uses_classes for one in plan.curves):
        found.append(f"{classes if isinstance(classes, int) else len(classes):,} classes")
    found.append(f"budget {plan.budget:,.2f} {plan.currency}")
    return " · ".join(found)
