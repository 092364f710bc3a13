"""The plan file of a plan under other money: what was moved on the page, written as it is read."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any

from labelbits.app.drafts import NAME, Draft, plain
from labelbits.app.workspace import Finished
from labelbits.errors import InputError
from labelbits.planning.result import Family
from labelbits.planning.spec.planreader import plan_of_text
from labelbits.planning.spec.planwriter import plan_text

#: Keys of a [[signal]] that say what an answer costs.
PAID = ("price", "seconds", "input_tokens", "output_tokens", "input_price", "output_price")


def moneyed(made: Finished, amount: float, prices: Mapping[str, float]) -> Draft:
    """The draft of `made` with this budget and these prices, by name of option.

    Options of one [[signal]] that are priced apart become a [[signal]] each. Raises `InputError`
    where the plan has no plan file, or a price is not above the plan's fee.
    """
    if made.draft is None:
        raise InputError("this plan was not made from a plan file")
    draft = made.draft
    wanted = plan_of_text(draft.text, draft.folder / NAME)
    tables: dict[str, Any] = plain(tomllib.loads(draft.text))
    tables["budget"]["amount"] = round(amount + wanted.budget.spent, 9)
    signals = tables["signal"]
    families = [curve.family for curve in made.plan.curves]
    changed: list[dict[str, Any]] = []
    for asked, table in zip(wanted.signal, signals, strict=True):
        own = [family for family in families if family.asked == asked]
        moved = {family.name: prices[family.name] for family in own if family.name in prices}
        if not moved:
            changed.append(table)
        elif len(moved) == len(own) and len(set(moved.values())) == 1:
            changed.append(_priced(table, next(iter(moved.values())), wanted.budget.fee))
        else:
            changed += [_apart(table, family, moved, wanted.budget.fee) for family in own]
    tables["signal"] = changed
    return Draft(plan_text(tables), draft.folder, draft.title)


def _priced(table: Mapping[str, Any], price: float, fee: float) -> dict[str, Any]:
    alone = price - fee
    if not alone > 0:
        raise InputError(
            f"a price of {price:g} holds the plan's fee of {fee:g}; expected a price above it"
        )
    kept = {key: value for key, value in table.items() if key not in PAID}
    return {**kept, "price": float(f"{alone:.12g}")}


def _apart(
    table: Mapping[str, Any], family: Family, moved: Mapping[str, float], fee: float
) -> dict[str, Any]:
    each = {} if family.answers_per_item is None else {"answers_per_item": family.answers_per_item}
    own = {**table, **each}
    return _priced(own, moved[family.name], fee) if family.name in moved else own
