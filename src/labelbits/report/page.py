"""The report: one HTML page that opens without a network, for a manager and for a statistician."""

from __future__ import annotations

import html
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
from plotly.offline import get_plotlyjs

from labelbits import __version__
from labelbits.planning.recommend import show
from labelbits.planning.result import LEVEL, Option, Plan
from labelbits.report import figures
from labelbits.report.figures import money

STYLE = (Path(__file__).parent / "style.css").read_text(encoding="utf-8")
CITATION = (
    "Sucholutsky, Battleday, Collins, Marjieh, Peterson, Singh, Bhatt, Jacoby, Weller, Griffiths "
    "(2023). On the Informativeness of Supervision Signals. UAI 2023, arXiv 2211.01407."
)


def figure_div(figure: go.Figure, name: str, label: str) -> str:
    """A figure as a div and the script that draws it; `label` says in words what it shows."""
    return (
        f'<div class="figure" id="{name}" role="img" aria-label="{html.escape(label)}"></div>'
        f"<script>draw({name!r}, {figure.to_json()});</script>"
    )


def render(plan: Plan) -> str:
    """The page as text. Everything that came from the user is escaped."""
    sections = [_verdict(plan), _warnings(plan), _tradeoff(plan), _at_budget(plan), _bits(plan)]
    sections += [_map(plan), _crossovers(plan), _extras(plan), _assumptions(plan), _all(plan)]
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
{"".join(sections)}
<footer><h2>How to cite</h2><p>{html.escape(CITATION)}</p>
<p>Made with labelbits {__version__}. Intervals hold {LEVEL:.0%} of what the evidence allows.</p>
</footer></main></body></html>
"""


SCRIPT = """
const plots = [];
const dark = window.matchMedia('(prefers-color-scheme: dark)');
function ink() { return dark.matches ? '#c9d1d9' : '#30363d'; }
const waiting = [];
function draw(name, figure) { waiting.push([name, figure]); }
// The page has to be whole before anything is drawn: a figure takes the width of its place.
addEventListener('DOMContentLoaded', () => waiting.forEach(([name, figure]) => plot(name, figure)));
function plot(name, figure) {
  figure.layout.font.color = ink();
  Plotly.newPlot(name, figure.data, figure.layout, {responsive: true, displaylogo: false,
    modeBarButtonsToRemove: ['select2d', 'lasso2d', 'autoScale2d']});
  plots.push(name);
}
dark.addEventListener('change', () =>
  plots.forEach(name => Plotly.relayout(name, {'font.color': ink()})));
window.addEventListener('beforeprint', () =>
  plots.forEach(name => Plotly.relayout(name, {'font.color': '#30363d'})));
window.addEventListener('afterprint', () =>
  plots.forEach(name => Plotly.relayout(name, {'font.color': ink()})));
"""


def _text(value: Any) -> str:
    return html.escape(str(value))


def _percent(plan: Plan) -> bool:
    return plan.percent


def _verdict(plan: Plan) -> str:
    best = plan.recommendation
    low, high = best["interval"]
    percent = _percent(plan)
    cards = [
        (show(best["quality"], percent), f"expected {plan.metric_name}"),
        (f"{show(low, percent)} to {show(high, percent)}", f"{LEVEL:.0%} interval"),
        (money(best["cost"], plan.currency), f"of {money(plan.budget, plan.currency)}"),
    ]
    if len(plan.curves) > 1:
        cards.append((f"{best['probability_best']:.0%}", "probability that it is the best"))
    body = "".join(
        f"<div class='card'><b>{_text(value)}</b><span>{_text(label)}</span></div>"
        for value, label in cards
    )
    return f"<section class='verdict'><p>{_text(best['sentence'])}</p>{_cards(body)}</section>"


def _cards(body: str) -> str:
    return f"<div class='cards'>{body}</div>"


def _warnings(plan: Plan) -> str:
    if not plan.warnings:
        return ""
    lines = "".join(f"<li>{_text(warning)}</li>" for warning in plan.warnings)
    return f"<section class='warnings'><h2>Before you rely on this</h2><ul>{lines}</ul></section>"


def _tradeoff(plan: Plan) -> str:
    figure = figure_div(
        figures.tradeoff(plan), "tradeoff", f"{plan.metric_name} against cost for each signal"
    )
    direction = "Lower is better." if plan.lower_is_better else "Higher is better."
    return (
        f"<section><h2>What the money buys</h2><p>{direction} Filled markers were measured on the "
        "pilot or by simulation, hollow ones are extrapolated; bands are "
        f"{LEVEL:.0%} intervals, the star is the recommendation.</p>{figure}</section>"
    )


def _row(cells: list[str], tag: str = "td") -> str:
    return "<tr>" + "".join(f"<{tag}>{cell}</{tag}>" for cell in cells) + "</tr>"


def _table(head: list[str], rows: list[list[str]], kind: str = "numbers") -> str:
    body = "".join(_row(row) for row in rows)
    return (
        f"<div class='scroll'><table class='{kind}'><thead>{_row(head, 'th')}</thead>"
        f"<tbody>{body}</tbody></table></div>"
    )


def _option_cells(option: Option, plan: Plan) -> list[str]:
    percent = _percent(plan)
    return [
        _text(option.family),
        f"{option.items:,}",
        f"{option.answers_per_item:.3g}",
        money(option.cost, plan.currency),
        show(option.quality, percent),
        f"{show(option.low, percent)} to {show(option.high, percent)}",
    ]


def _at_budget(plan: Plan) -> str:
    chances = plan.recommendation["probabilities"]
    rows = []
    for curve in plan.curves:
        options = [o for o in plan.options if o.family == curve.family.name]
        if not options:
            rows.append([_text(curve.family.name), *["-"] * 5, "cannot be bought", "-", "-"])
            continue
        option, price = options[-1], curve.family.price
        bits = "-" if option.bits != option.bits else f"{option.bits:.3g}"
        per_money = "-" if option.bits != option.bits else f"{option.bits / price.amount:,.3g}"
        rows.append(
            [*_option_cells(option, plan), f"{chances.get(option.family, 0):.0%}", bits, per_money]
        )
    head = [
        "way of asking",
        "items",
        "answers an item",
        "cost",
        _text(plan.metric_name),
        "interval",
        "chance of being best",
        "bits per answer",
        f"bits per {_text(plan.currency)}",
    ]
    return f"<section><h2>The largest purchase of each kind</h2>{_table(head, rows)}</section>"


def _bits(plan: Plan) -> str:
    if all(curve.bits is None for curve in plan.curves):
        return ""
    about = plan.extras.get("bits_about", "")
    left = figure_div(figures.bits_bars(plan, False), "bits", "bits per answer")
    right = figure_div(figures.bits_bars(plan, True), "bits-money", "bits per unit of money")
    return (
        f"<section><h2>Information in an answer</h2><p>{_text(about)} Whiskers: {LEVEL:.0%} "
        "intervals, which for money include the price.</p>"
        f"<div class='pair'>{left}{right}</div></section>"
    )


def _map(plan: Plan) -> str:
    figure = figures.winner_map(plan)
    if figure is None:
        return ""
    div = figure_div(figure, "map", "which way of asking wins by budget and price")
    return (
        "<section><h2>Who wins where</h2><p>The best expected way of asking for each budget, if "
        f"the dearest kind cost more or less than it does now.</p>{div}</section>"
    )


def _crossovers(plan: Plan) -> str:
    if not plan.crossovers:
        return ""
    lines = "".join(f"<li>{_text(one['sentence'])}</li>" for one in plan.crossovers)
    return f"<section><h2>Crossovers</h2><ul>{lines}</ul></section>"


def _extras(plan: Plan) -> str:
    """Predicted against actual, target, mixture: whatever the plan worked out beyond the curves."""
    parts = []
    check = plan.extras.get("backtest")
    if check:
        percent = _percent(plan)
        rows = [
            [
                _text(r["family"]),
                f"{r['trained_to']:,}",
                f"{r['items']:,}",
                show(r["predicted"], percent),
                f"{show(r['low'], percent)} to {show(r['high'], percent)}",
                show(r["actual"], percent),
            ]
            for r in check
        ]
        head = [
            "way of asking",
            "predicted from items",
            "at items",
            "predicted",
            "interval",
            "actual",
        ]
        parts.append(
            "<section><h2>Predicted against actual</h2><p>The same forecast made from the smaller "
            f"sizes only, against what was then measured.</p>{_table(head, rows)}</section>"
        )
    mixture = plan.extras.get("mixture")
    if mixture:
        parts.append(
            f"<section><h2>Is a mixture better?</h2><p>{_text(mixture['sentence'])}</p></section>"
        )
    apart = plan.extras.get("uncertainty")
    if apart:
        percent = _percent(plan)
        rows = [
            [
                _text(r["family"]),
                f"{r['items']:,}",
                " to ".join(show(v, percent) for v in r["sampling"]),
                " to ".join(show(v, percent) for v in r["model"]),
            ]
            for r in apart
        ]
        head = ["way of asking", "at items", "luck of the pilot", "which curve is right"]
        parts.append(
            "<section><h2>Where the uncertainty comes from</h2><p>The interval of the forecast, "
            "taken apart; an uncertain price comes on top where no price was given.</p>"
            f"{_table(head, rows)}</section>"
        )
    target = plan.recommendation.get("cheapest_for_target")
    if target:
        parts.append(
            f"<section><h2>Cheapest way to the target</h2><p>{target['answers']:,} "
            f"{_text(target['signal'])} answers on {target['items']:,} items reach "
            f"{show(target['target'], _percent(plan))} for {money(target['cost'], plan.currency)}."
            "</p></section>"
        )
    for title, text in plan.extras.get("notes", {}).items():
        parts.append(f"<section><h2>{_text(title)}</h2><p>{_text(text)}</p></section>")
    return "".join(parts)


def _assumptions(plan: Plan) -> str:
    rows = []
    for one in plan.assumptions:
        value = f"{one.value:.4g}" if isinstance(one.value, float) else _text(one.value)
        rows.append([_text(one.name), value, _text(one.unit), _text(one.source)])
    table = _table(["what", "value", "unit", "source"], rows, "words")
    return f"<section><h2>What this rests on</h2>{table}</section>"


def _all(plan: Plan) -> str:
    rows = [
        [*_option_cells(o, plan), "measured" if o.measured else "extrapolated"]
        for o in plan.options
    ]
    head = [
        "way of asking",
        "items",
        "answers an item",
        "cost",
        _text(plan.metric_name),
        "interval",
        "evidence",
    ]
    return (
        f"<section><details><summary>All {len(rows)} options</summary>{_table(head, rows)}"
        "</details></section>"
    )
