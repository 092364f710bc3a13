"""The report: one HTML page that opens without a network, for a manager and for a statistician."""

from __future__ import annotations

import html
from pathlib import Path

from plotly.offline import get_plotlyjs

from labelbits import __version__
from labelbits.atomic import write_whole
from labelbits.planning.result import LEVEL, Plan
from labelbits.report.sections import sections

STYLE = (Path(__file__).parent / "style.css").read_text(encoding="utf-8")
SCRIPT = (Path(__file__).parent / "script.js").read_text(encoding="utf-8")
CITATION = (
    "Sucholutsky, Battleday, Collins, Marjieh, Peterson, Singh, Bhatt, Jacoby, Weller, Griffiths "
    "(2023). On the Informativeness of Supervision Signals. UAI 2023, arXiv 2211.01407."
)


def write_report(plan: Plan, path: Path) -> None:
    """Write the report of `plan` to `path`, whole or not at all."""
    write_whole(path, render(plan))


def render(plan: Plan) -> str:
    """The page as text. Everything that came from the user is escaped."""
    title = html.escape(plan.title)
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} - labelbits</title>
<style>{STYLE}</style>
<script>{get_plotlyjs()}</script>
<script>{SCRIPT}</script>
</head><body><main>
<header><p class="brand">labelbits</p><h1>{title}</h1></header>
{"".join(sections(plan))}
<footer><h2>How to cite</h2><p>{html.escape(CITATION)}</p>
<p>labelbits {__version__}, software that plans which labels to buy. Intervals hold
{100 * LEVEL:.0f} % of what the evidence allows; seed {plan.extras.get("seed", 0)}.</p>
</footer></main></body></html>
"""
