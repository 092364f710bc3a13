"""The sections of the report that advise: what to buy, what it gives, who wins where."""

from __future__ import annotations

from labelbits.metrics import metric_of
from labelbits.planning.advice.words import chance, change_parts, show, span
from labelbits.planning.result import LEVEL, Option, Plan
from labelbits.report import figures
from labelbits.report.evidence import evidence_sections
from labelbits.report.figures import money
from labelbits.report.markup import bullets, figure, paragraph, section, table, text
from labelbits.report.winners import money_ratio, winner_map


def sections(plan: Plan) -> list[str]:
    """The sections in reading order, as HTML."""
    return [
        _verdict(plan),
        _warnings(plan),
        _tradeoff(plan),
        _at_budget(plan),
        _map(plan),
        _bits(plan),
        _mixture(plan),
        *evidence_sections(plan),
        _all(plan),
    ]


def _verdict(plan: Plan) -> str:
    best = plan.recommendation
    low, high = best["interval"]
    percent = plan.percent
    cards = [
        (show(best["quality"], percent), f"expected {plan.metric_name}"),
        (span(low, high, percent), f"{100 * LEVEL:.0f} % interval"),
        (money(best["cost"], plan.currency), f"of {money(plan.budget, plan.currency)}"),
    ]
    if "single" in best:  # a mixture is advised; probabilities are of one way of asking alone
        mixture = plan.extras["mixture"]
        gain, interval = change_parts(mixture["gain"], mixture["interval"], percent)
        cards.append((gain, f"better than {mixture['single']} alone ({interval})"))
    elif len(plan.curves) > 1:
        cards.append((chance(best["probability_best"]), "probability that it is the best"))
    free = best.get("constant")
    if free and free["said_first"]:
        name = "the class frequencies" if free["class"] is None else repr(free["class"])
        cards.insert(
            2, (show(free["quality"], percent), f"always answering {name}, without labels")
        )
    if best["parts"].get("first") and best.get("next"):
        cards = [(show(best["next"]["quality_now"], percent), "with the labels you hold"), *cards]
        cards[1] = (cards[1][0], f"{plan.metric_name} expected from nothing")
    body = "".join(
        f"<div class='card'><b>{text(value)}</b><span>{text(label)}</span></div>"
        for value, label in cards
    )
    parts = best["parts"]
    more = [parts.get(key, "") for key in ("certainty", "less", "pilot")]
    leads = [line for line in best.get("leads", []) if line]
    there = best.get("next") or {}
    if free and free["instead"] in leads:  # it reads better below the numbers
        leads.remove(free["instead"])
        more.insert(0, free["instead"])
    # What goes first has said it already.
    more += ["" if leads else there.get("sentence", ""), best.get("target_sentence", "")]
    lines = "".join(f"<p class='more'>{text(line)}</p>" for line in more if line)
    lead = "".join(f"<p>{text(line)}</p>" for line in leads if line)
    return (
        f"<section class='verdict'>{lead}<p>{text(parts['purchase'])}</p>"
        f"<div class='cards'>{body}</div>{lines}</section>"
    )


def _warnings(plan: Plan) -> str:
    if not plan.warnings:
        return ""
    return section("Before you rely on this", bullets(plan.warnings), "warnings")


def _tradeoff(plan: Plan) -> str:
    direction = "Lower is better." if plan.lower_is_better else "Higher is better."
    words = (
        f"{metric_of(plan.metric).meaning} {direction} Filled markers were measured on the pilot "
        "or by simulation, hollow ones are extrapolated; bands are "
        f"{100 * LEVEL:.0f} % intervals, the star is the recommendation."
    )
    at_once = figures.drawn(plan)
    if len(at_once) < len({option.family for option in plan.options}):
        words += (
            f" The {len(at_once)} ways of asking with the best quality are drawn: click a "
            "name to add or remove its curve."
        )
    drawing = figure(
        figures.tradeoff(plan), "tradeoff", f"{plan.metric_name} against cost for each signal"
    )
    return section("What the money buys", paragraph(words) + drawing)


def _option_heads(plan: Plan) -> list[str]:
    """The headings of `_option_cells`."""
    return [
        "way of asking",
        plan.metric_name,
        "interval",
        "cost",
        "items",
        "answers an item",
    ]


def _option_cells(option: Option, plan: Plan) -> list[str]:
    return [
        text(option.family),
        show(option.quality, plan.percent),
        span(option.low, option.high, plan.percent),
        text(money(option.cost, plan.currency)),
        f"{option.items:,}",
        f"{option.answers_per_item:.3g}",
    ]


def _at_budget(plan: Plan) -> str:
    chances = plan.recommendation["probabilities"]
    rows = []
    for curve in plan.curves:
        options = [o for o in plan.options if o.family == curve.family.name]
        name = text(curve.family.name)
        if not options:
            rows.append([name, *["-"] * 5, "cannot be bought", "-", "-"])
            continue
        option, price = options[-1], curve.family.price
        known = option.bits == option.bits
        bits = f"{option.bits:.3g}" if known else "-"
        per_money = f"{option.bits / price.amount:,.3g}" if known else "-"
        cells = [*_option_cells(option, plan), text(chance(chances.get(option.family, 0)))]
        if option.family == plan.recommendation["family"]:
            cells[0] = f"<b>{name}</b>"
        rows.append([*cells, bits, per_money])
    head = [
        *_option_heads(plan),
        "chance of being best",
        "bits per answer",
        f"bits per {plan.currency}",
    ]
    return section("The largest purchase of each kind", table(head, rows))


def _map(plan: Plan) -> str:
    drawing = winner_map(plan)
    if drawing is None:
        return ""
    ratio = money_ratio(plan)
    words = "The way of asking with the best expectation for each budget"
    words += f", if the price of the dearest kind were another. {ratio}" if ratio else "."
    body = paragraph(words) + figure(
        drawing, "map", "which way of asking wins by budget and by ratio of prices"
    )
    if plan.crossovers:
        lines = [one["sentence"] for one in plan.crossovers]
        inside = bullets(lines)
        if len(lines) > 6:
            inside = f"<details><summary>{len(lines)} crossovers</summary>{inside}</details>"
        body += f"<h3>Crossovers</h3>{inside}"
    return section("Who wins where", body)


def _bits(plan: Plan) -> str:
    if all(curve.bits is None for curve in plan.curves):
        return ""
    about = plan.extras.get("bits_about", "")
    words = f"{about} Whiskers: {100 * LEVEL:.0f} % intervals, which for money include the price."
    left = figure(figures.bits_bars(plan, False), "bits", "bits per answer")
    right = figure(figures.bits_bars(plan, True), "bits-money", "bits per unit of money")
    return section(
        "Information in an answer", f"{paragraph(words)}<div class='pair'>{left}{right}</div>"
    )


def _mixture(plan: Plan) -> str:
    mixture = plan.extras.get("mixture")
    if not mixture:
        return ""
    return section("Is a mixture better?", paragraph(mixture["sentence"]))


def _all(plan: Plan) -> str:
    rows = [
        [*_option_cells(o, plan), "measured" if o.measured else "extrapolated"]
        for o in plan.options
    ]
    head = [
        *_option_heads(plan),
        "evidence",
    ]
    return (
        f"<section><details><summary>All {len(rows)} options</summary>{table(head, rows)}"
        "</details></section>"
    )
