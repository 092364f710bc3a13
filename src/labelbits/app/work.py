"""What a worker does for the page: measure a pilot, make a plan. Plain values come back."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

from labelbits.answers.table.preferences import things_in
from labelbits.app.drafts import NAME
from labelbits.errors import InputError
from labelbits.first_tables import ASKED
from labelbits.interface import Answers
from labelbits.planning import Plan, PlanFile
from labelbits.progress import Progress, keeping_known
from labelbits.signals.encoding import PREFERENCE, SCORE

#: As what a plan takes answers that no signal models.
PLANNED = {PREFERENCE: "triplet", SCORE: "hard"}


def measure_pilot(
    files: list[str], gold: str | None = None, noted: Collection[str] = (),
    *, tell: Progress, early: Any,
) -> dict[str, Any]:  # fmt: skip
    """What the answers in `files` say beside `gold`: sections as HTML, and what a plan takes.

    `noted` are notes that stand at their files already.
    """
    from labelbits.annotators.pilot import run_pilot
    from labelbits.answers.files.opening import shorten
    from labelbits.app.in_page import all_on_page, on_page
    from labelbits.app.reading import LONGEST_NOTE
    from labelbits.app.rendering import fragment
    from labelbits.report.pilot_page import pilot_sections

    tell("reading the answers and measuring time, agreement and noise", 0.0)
    pilot = run_pilot([Path(file) for file in files], gold=None if gold is None else Path(gold))
    tell("drawing", 0.9)
    entries: list[dict[str, Any]] = []
    answers, said, refused = _as_planned(pilot.answers)
    for signals in pilot.calibration.by_annotators().values():
        for found in signals.values():
            entry = found.plan_entry()
            if said:
                entry["kind"] = PLANNED.get(entry["kind"], entry["kind"])
            entries.append(
                {key: entry[key] for key in ASKED if key in entry}
                | {"priced": found.price_of_answer(3600.0) is not None}
            )
    folder = Path(files[0]).parent
    known = [
        note for note in pilot.calibration.notes
        if shorten(on_page(note, folder), LONGEST_NOTE) in noted
    ]  # fmt: skip
    return {
        "html": fragment(all_on_page(pilot_sections(pilot, known), folder)),
        "entries": entries,
        "said": said,
        "refused": refused,
        "items": things_in(answers.items),
        "classes": len(answers.classes),
    }


def _as_planned(answers: Answers) -> tuple[Answers, str, str]:
    """(the answers as a plan takes them, what has to be said of it, why no plan takes them)."""
    from labelbits.answers.table.preferences import as_comparisons
    from labelbits.answers.table.steps import as_classes

    try:
        answers, said = as_comparisons(answers)
        answers, steps = as_classes(answers, "the answers")
    except InputError as problem:
        return answers, "", str(problem)
    return answers, said or steps, ""


def make_plan(text: str, folder: str, title: str, seed: int, *, tell: Progress, early: Any) -> Plan:
    """The plan that a plan file's text asks for; its paths start in `folder`.

    `early` takes {prices: `known_prices`, found: what is known so far, a line each}.
    """
    from labelbits.planning.planner import plan_wanted
    from labelbits.planning.spec.planreader import plan_of_text

    wanted = plan_of_text(text, Path(folder) / NAME)
    prices = known_prices(wanted)
    early({"prices": prices, "found": []})
    with keeping_known() as known:
        told = 0

        def progress(what: str, share: float) -> None:
            nonlocal told
            if len(known) > told:
                told = len(known)
                early({"prices": prices, "found": list(known)})
            tell(what, share)

        return plan_wanted(wanted, title=title, seed=seed, progress=progress)


def known_prices(wanted: PlanFile) -> list[dict[str, Any]]:
    """What is known before any work: the price of an answer, and how much of it the money buys.

    Without a pilot all prices are known; a pilot may tell those that the plan file does not.
    """
    from labelbits.planning.planner import families_to_price
    from labelbits.planning.spec.cost import affordable_items
    from labelbits.report.purchases import money

    rows = []
    for family in families_to_price(wanted):
        asked = family.asked
        told = asked is not None and (
            asked.price is not None or asked.seconds is not None or asked.tokens_price is not None
        )
        if wanted.dataset.pilot and not told:
            continue
        each = family.answers_per_item or 1
        items = affordable_items(family.price, each, wanted.budget)
        rows.append(
            {
                "family": family.name,
                "price": money(family.price.amount, wanted.budget.currency),
                "most": f"{items * each:,}",
                "source": family.price.source,
            }
        )
    return rows
