"""The sections of the report that advise: what to buy, what it gives, who wins where."""

from __future__ import annotations

from labelbits.metrics import metric_of
from labelbits.planning.result import LEVEL, Option, Plan
from labelbits.planning.shown import chance, change, change_parts, show, span
from labelbits.report import figures
from labelbits.report.blocks import (
    Block,
    Bullets,
    Cards,
    Command,
    Details,
    Figure,
    Heading,
    Pair,
    Paragraph,
    Section,
    Table,
)
from labelbits.report.comparisons import measured_section
from labelbits.report.differences import difference_figure, differences
from labelbits.report.evidence import evidence_sections
from labelbits.report.purchases import addition, adds, each, money, table_of
from labelbits.report.winners import money_ratio, winner_map

#: Doubts that stand on the first screen; a click shows the others.
FIRST_DOUBTS = 5
#: Differences that are drawn at once.
MOST_DIFFERENCES = 12


def sections(plan: Plan) -> list[Section]:
    """The sections in reading order: what to sign and what to do first, then what it rests on."""
    made = [_verdict(plan), _next_step(plan), _doubts(plan), _differences(plan), _tradeoff(plan)]
    made += [measured_section(plan), _at_budget(plan), *_behind(plan)]
    return [one for one in made if one is not None]


def sections_behind(plan: Plan) -> list[Section]:
    """Those that stand below verdict, curves and table: what sets options apart, who wins where,
    bits, checks, assumptions."""
    return [one for one in (_differences(plan), *_behind(plan)) if one is not None]


def _behind(plan: Plan) -> list[Section | None]:
    return [_map(plan), _bits(plan), _mixture(plan), *evidence_sections(plan), _all(plan)]


def _verdict(plan: Plan) -> Section:
    best = plan.recommendation
    low, high = best["interval"]
    percent = plan.percent
    cards = [
        (show(best["quality"], percent), f"expected {plan.metric_name}"),
        (span(low, high, percent), f"{100 * LEVEL:.0f} % interval"),
        (money(best["cost"], plan.currency), f"of {money(plan.budget, plan.currency)}"),
    ]
    mixture = plan.extras.get("mixture")
    if "single" in best and mixture:  # it is advised; probabilities are of one option alone
        gain, interval = change_parts(mixture["gain"], mixture["interval"], percent)
        cards.append((gain, f"better than {mixture['single']} alone ({interval})"))
    elif (added := addition(plan)) is not None:
        # A cheaper purchase that is as good has no high probability of being the best.
        sign = -1 if plan.lower_is_better else 1
        ends = sorted(sign * end for end in added["gain_interval"])
        gain, interval = change_parts(sign * added["gain"], ends, percent)
        cards.append((gain, f"gain over what you hold ({interval})"))
    elif len(plan.curves) > 1:
        cards.append((chance(best["probability_best"]), "probability that it is the best"))
    free = best.get("constant")
    if free and free["said_first"]:
        name = "the class frequencies" if free["class"] is None else repr(free["class"])
        cards.insert(
            2, (show(free["quality"], percent), f"always answering {name}, without labels")
        )
    there = best.get("next")
    if there and adds(plan):
        cards = [(show(there["quality_now"], percent), "with the labels you hold"), *cards]
        cards[1] = (cards[1][0], f"{plan.metric_name} expected with the purchase")
    parts = best["parts"]
    more = [parts.get(key, "") for key in ("certainty", "less", "pilot")]
    leads = [line for line in best.get("leads", []) if line]
    if free and free["instead"] in leads:  # it reads better below the numbers
        leads.remove(free["instead"])
        more.insert(0, free["instead"])
    # What is added has its sentence already.
    more += [there["sentence"] if there and not adds(plan) else ""]
    more += [best.get("target_sentence", "")]
    return Section(
        "",
        [
            *(Paragraph(line) for line in leads),
            Paragraph(parts["purchase"]),
            Cards(cards),
            *(Paragraph(line, "more") for line in more if line),
        ],
        "verdict",
    )


def _next_step(plan: Plan) -> Section:
    if plan.recommendation.get("leads"):
        words = "If you buy: write the tasks for annotators with this command, in this folder."
    else:
        words = "Write the tasks for annotators with this command, in this folder."
    return Section(
        "What to do next",
        [
            Paragraph(words),
            Command("labelbits export plan.json --to label-studio --out tasks"),
            Paragraph("Then plan again with the new answers named under pilot in the plan file."),
        ],
        "next",
    )


def _doubts(plan: Plan) -> Section | None:
    if not plan.warnings:
        return None
    blocks: list[Block] = [Bullets(plan.warnings[:FIRST_DOUBTS])]
    rest = plan.warnings[FIRST_DOUBTS:]
    if rest:
        blocks.append(Details(f"{len(rest)} more", [Bullets(rest)]))
    return Section("Before you rely on this", blocks, "warnings")


def _differences(plan: Plan) -> Section | None:
    best, found = differences(plan)
    if not found:
        return None
    found = sorted(found, key=lambda one: one.less.value, reverse=not plan.lower_is_better)
    blurred = [one.name for one in found if not one.less.is_sign_sure]
    side = "Right" if plan.lower_is_better else "Left"
    anew = ", from nothing, without the labels you hold," if plan.extras.get("holdings") else ""
    words = (
        f"Every option is bought for as much of the money as it can use{anew} and compared with "
        f"{best}. {side} of 0 is worse than it."
    )
    if blurred:
        is_are = "is" if len(blurred) == 1 else "are"
        words += (
            f" An interval that holds 0 tells nothing apart: {', '.join(blurred)} {is_are} not "
            f"told apart from {best}."
        )
    drawing = Figure(
        difference_figure(plan, found[:MOST_DIFFERENCES]),
        "differences",
        f"{plan.metric_name} of every other option less that of {best}, with "
        f"{100 * LEVEL:.0f} % intervals",
    )
    rows = [
        [one.name, change(one.less.value, (one.less.low, one.less.high), plan.percent)]
        for one in found
    ]
    table = Table(["option", f"{plan.metric_name} less that of {best}"], rows)
    return Section(
        "How far the options are apart",
        [Paragraph(words), drawing, Details("The differences as numbers", [table])],
    )


def _tradeoff(plan: Plan) -> Section:
    direction = "Lower is better." if plan.lower_is_better else "Higher is better."
    found = "simulated" if plan.extras.get("simulated") else "measured on the pilot"
    words = (
        f"{metric_of(plan.metric).meaning} {direction} Filled markers were {found}, hollow ones "
        "are forecasts. Bands are "
        f"{100 * LEVEL:.0f} % intervals. The star is the recommendation."
    )
    at_once = figures.drawn(plan)
    if len(at_once) < len({option.family for option in plan.options}):
        words += (
            f" The {len(at_once)} options with the best quality are drawn: click a "
            "name to add or remove its curve."
        )
    drawing = Figure(
        figures.tradeoff(plan), "tradeoff", f"{plan.metric_name} against cost for each option"
    )
    return Section("What the money buys", [Paragraph(words), drawing])


def _option_heads(plan: Plan) -> list[str]:
    """The headings of `_option_cells`."""
    return ["option", plan.metric_name, "interval", "cost", "items", "answers an item"]


def _option_cells(option: Option, plan: Plan) -> list[str]:
    return [
        option.family,
        show(option.quality, plan.percent),
        span(option.low, option.high, plan.percent),
        money(option.cost, plan.currency),
        f"{option.items:,}",
        each(option.answers_per_item),
    ]


#: Columns of `table_of` after the name, in the order of `_option_heads` and on.
_AT_BUDGET = (
    "quality", "interval", "cost", "items", "answers_per_item", "chance", "bits", "per_money",
)  # fmt: skip


def _at_budget(plan: Plan) -> Section:
    rows, strong = [], set()
    for one in table_of(plan):
        if one.recommended:
            strong.add(len(rows))
        cells = [one.texts[column] for column in _AT_BUDGET]
        if one.is_option and one.option is None:
            cells[_AT_BUDGET.index("chance")] = "cannot be bought"
        rows.append([one.name, *cells])
    head = [
        *_option_heads(plan),
        "chance of being best",
        "bits per answer",
        f"bits per {plan.currency}",
    ]
    table = Table(head, rows, strong=frozenset(strong))
    words = "Qualities are of the labels you hold and the purchase together." if adds(plan) else ""
    blocks: list[Block] = [Paragraph(words)] if words else []
    return Section("The largest purchase of each option", [*blocks, table])


def _map(plan: Plan) -> Section | None:
    drawing = winner_map(plan)
    if drawing is None:
        return None
    ratio = money_ratio(plan)
    words = "The option with the best expectation for each budget"
    words += f", if the price of the dearest kind were another. {ratio}" if ratio else "."
    if adds(plan):
        words += (
            " Each purchase stands alone here, without the labels you hold: what is best to add to "
            "them is the recommendation."
        )
    label = "which option wins by budget and by ratio of prices"
    blocks: list[Block] = [Paragraph(words), Figure(drawing, "map", label)]
    if plan.crossovers:
        lines = [one["sentence"] for one in plan.crossovers]
        inside: Block = Bullets(lines)
        if len(lines) > 6:
            inside = Details(f"{len(lines)} crossovers", [inside])
        blocks += [Heading("Crossovers"), inside]
    return Section("Who wins where", blocks)


def _bits(plan: Plan) -> Section | None:
    if all(curve.bits is None for curve in plan.curves):
        return None
    about = plan.extras.get("bits_about", "")
    words = f"{about} Whiskers: {100 * LEVEL:.0f} % intervals, which for money include the price."
    left = Figure(figures.bits_bars(plan, False), "bits", "bits per answer")
    right = Figure(figures.bits_bars(plan, True), "bits-money", "bits per unit of money")
    return Section("Information in an answer", [Paragraph(words.strip()), Pair(left, right)])


def _mixture(plan: Plan) -> Section | None:
    mixture = plan.extras.get("mixture")
    if not mixture:
        return None
    return Section("Is a mixture better?", [Paragraph(mixture["sentence"])])


def _all(plan: Plan) -> Section:
    rows = [[*_option_cells(o, plan), plan.evidence_of(o)] for o in plan.options]
    table = Table([*_option_heads(plan), "evidence"], rows)
    return Section("", [Details(f"All {len(rows)} purchases that were compared", [table])])
