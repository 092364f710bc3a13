"""What a plan says to buy as annotation projects: tasks, classes, annotators for each.

`data.labelbits` in each task says what was asked, so that a finished export is read back exactly.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labelbits.answers.export.asked_items import Items, known_items
from labelbits.answers.export.tasks import asks_preferences, tasks_for
from labelbits.answers.files.json_files import loads
from labelbits.answers.files.opening import check_file
from labelbits.answers.formats.reader import as_number, scalar_name
from labelbits.errors import InputError
from labelbits.interface import PLAN_FORMAT, Signal
from labelbits.signals import make, signal_class

#: What is asked where items are compared with an ideal one.
PREFERRED = "Which of the two is better?"
#: Tasks of one purchase: more is a typing error in the plan.
MOST_TASKS = 2_000_000


@dataclass(frozen=True)
class Project:
    """One purchase of a plan: `tasks` that ask `signal`'s `question`, each of `repeats` annotators
    (the plan buys `each` on average); `kind` says what `item_1`, ... are: "text", "image" or
    "name"."""

    name: str
    signal: Signal
    tasks: list[dict[str, Any]]
    classes: list[str]
    repeats: int
    each: float
    question: str
    kind: str = "text"


def projects_of(
    plan: Path, *, items: Sequence[str] = (), classes: Sequence[str] = (), seed: int = 0
) -> tuple[list[Project], list[str]]:
    """A project for each purchase of `plan` (plan.json), and notes.

    `items` are the items that may be shown (names, texts or addresses); as many as the plan has
    rows of features show those rows. Without them the plan's own texts or images are shown, or the
    names of its items, or row numbers from 0. Items without answers come first, at random by
    `seed`, and in a mixture by how ambiguous they look, as the plan says. `classes` are the class
    names, by default those in the plan, else placeholders. Raises `InputError` for a plan without
    purchases and for one of another format than `PLAN_FORMAT`.
    """
    found = _read_plan(plan)
    purchases, known = _purchases(plan, found), _class_names(found)
    names, notes = list(classes) or known, []
    asks = any(signal_class(_named(plan, n, p)).uses_classes for n, p in enumerate(purchases, 1))
    unnamed = placeholders(len(names) or 10)
    if asks and names in ([], unnamed):
        notes.append(
            f"the plan does not name the classes: {len(unnamed)} placeholders are written, "
            "'class 1' and so on; give the names with --classes"
        )
    names = names or unnamed
    listed = found.get("items_file")
    beside = plan.parent / Path(listed).name if isinstance(listed, str) else None
    _check_run(plan, found, beside)
    pool = known_items(beside, items, seed, notes)
    made = []
    for number, purchase in enumerate(purchases, 1):
        signal = _signal(plan, number, purchase, len(names))
        count = _count(plan, purchase, "items")
        each = _number_of(plan, purchase, "answers_per_item", 1.0)
        total = max(1, round(_number_of(plan, purchase, "answers", count * each)))
        shown = _shown(pool, purchase, signal, count)
        if signal.arity == 1 and signal.questions(2) == 1:
            tasks, repeats = min(count, len(shown)), math.ceil(each - 1e-9)
            if tasks < count:
                notes.append(
                    f"purchase {number} ({signal.name}): the plan buys {count:,} items and there "
                    f"are {tasks:,} to show; name new items of this kind with --items"
                )
            if pool is not None and (again := pool.answered(shown[:tasks])):
                notes.append(
                    f"purchase {number} ({signal.name}): {again:,} of {tasks:,} tasks ask about "
                    "items that have answers already; the plan meant new items: name them with "
                    "--items"
                )
        else:  # each question is new: one annotator for each, unless the plan asks it again
            repeats = max(1, round(_number_of(plan, purchase, "answers_per_question", 1.0)))
            tasks, each = min(max(1, round(total / repeats)), MOST_TASKS), float(repeats)
        looks = pool.looks if pool is not None else {}
        written = tasks_for(signal, tasks, shown, names, seed + number, looks)
        kind = pool.kind if pool is not None else "name"
        question = signal.question
        if asks_preferences(signal, shown):
            question = PREFERRED
            notes.append(
                f"purchase {number}: the tasks ask which of two items is better and show their "
                "names; where the items are models, show what both answer to one prompt in place "
                "of them"
            )
        made.append(
            Project(
                f"{number}-{signal.name}", signal, written, names, repeats, each, question, kind
            )
        )
    return made, notes


def _check_run(plan: Path, found: Mapping[str, Any], items: Path | None) -> None:
    """Raise `InputError` where the items beside the plan are those of another run."""
    hashes = found.get("files")
    expected = hashes.get(items.name) if items is not None and isinstance(hashes, dict) else None
    if items is None or expected is None or not items.is_file():
        return
    if hashlib.sha256(items.read_bytes()).hexdigest() != expected:
        raise InputError(
            f"{items}: found a file that is not of this plan (run {found.get('run')}); expected "
            f"the {items.name} that was written with {plan.name}; run labelbits plan again"
        )


def _shown(
    pool: Items | None, purchase: Mapping[str, Any], signal: Signal, count: int
) -> list[str]:
    """The items that this purchase shows."""
    if pool is None:
        return [str(i) for i in range(max(count, signal.arity))]
    shares = purchase.get("strata")
    if signal.arity == 1 and isinstance(shares, dict):
        return pool.apart(count, shares)
    return pool.first(max(count, signal.arity), compared=signal.arity > 1)


def _named(plan: Path, number: int, purchase: Mapping[str, Any]) -> str:
    name = purchase.get("signal")
    if not isinstance(name, str):
        raise InputError(f"{plan}: purchase {number} names no signal; found {name!r}")
    return name


def _signal(plan: Path, number: int, purchase: Mapping[str, Any], classes: int) -> Signal:
    """The signal of a purchase, with those of its options that shape the question."""
    name = _named(plan, number, purchase)
    nested = purchase.get("options")
    given = {**(nested if isinstance(nested, dict) else {}), **purchase}
    own = {field.name for field in dataclasses.fields(signal_class(name))}
    shaping = {
        key: value
        for key, value in given.items()
        if key in own and key != "answers_per_item" and isinstance(value, (bool, int))
    }
    return make(name, 2, classes, **shaping)


def placeholders(count: int) -> list[str]:
    """Names of classes where a plan knows only how many there are."""
    return [f"class {k}" for k in range(1, count + 1)]


def _read_plan(plan: Path) -> dict[str, Any]:
    check_file(plan)
    try:
        found = loads(plan.read_text(encoding="utf-8-sig"))
    except (ValueError, OSError) as problem:
        raise InputError(f"{plan}: not JSON ({problem}); expected a plan.json") from None
    found = found if isinstance(found, dict) else {}
    # A plan without a number is from before plans had one: its purchases are written the same.
    number = found.get("format", PLAN_FORMAT)
    if isinstance(number, bool) or number != PLAN_FORMAT:
        raise InputError(
            f"{plan}: format is {_brief(number)}; expected {PLAN_FORMAT}, the one format of "
            "plan.json that this version of labelbits reads; run labelbits plan again, or export "
            "with the version that wrote the plan"
        )
    return found


def _brief(value: object) -> str:
    """A value of JSON as it stands in the file, cut where it is long; of what nests, the type."""
    if isinstance(value, (list, dict)):
        return "a list" if isinstance(value, list) else "an object"
    text = json.dumps(value)
    return text if len(text) <= 40 else f"{text[:40]} (cut)"


def _purchases(plan: Path, found: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    advice = found.get("recommendation")
    purchases = advice.get("purchases") if isinstance(advice, dict) else None
    if not isinstance(purchases, list) or not all(isinstance(p, dict) for p in purchases):
        raise InputError(
            f"{plan}: has no recommendation.purchases; expected the plan.json of labelbits plan"
        )
    if not purchases:
        raise InputError(f"{plan}: the plan buys nothing; there is nothing to export")
    return purchases


def _class_names(found: Mapping[str, Any]) -> list[str]:
    """The names of classes in a plan.json (placeholders for a number), as far as it says."""
    for place in (found, found.get("extras"), found.get("dataset")):
        named = place.get("classes") if isinstance(place, dict) else None
        if isinstance(named, int) and not isinstance(named, bool) and 2 <= named <= 10_000:
            return placeholders(named)
        names = [scalar_name(name) for name in named] if isinstance(named, list) else []
        if len(names) > 1 and None not in names:
            return [str(name) for name in names]
    return []


def _number_of(plan: Path, purchase: Mapping[str, Any], key: str, default: float) -> float:
    value = purchase.get(key)
    if value is None:
        return default
    number = as_number(value) if not isinstance(value, str) else None
    if number is None or not 0 < number <= MOST_TASKS:
        raise InputError(
            f"{plan}: {key} of a purchase is {value!r}; expected a number above 0 and at most "
            f"{MOST_TASKS:,}"
        )
    return number


def _count(plan: Path, purchase: Mapping[str, Any], key: str) -> int:
    if key not in purchase:
        raise InputError(f"{plan}: a purchase lacks {key!r}; expected a whole number")
    return math.ceil(_number_of(plan, purchase, key, 1.0))
