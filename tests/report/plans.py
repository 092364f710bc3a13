"""Plans made of known curves, with texts of the tester's choice in every place that takes one."""

from __future__ import annotations

from dataclasses import replace

from labelbits.planning import Plan
from labelbits.planning.advice.advise import advise
from labelbits.planning.result import Assumption
from labelbits.planning.spec.planfile import Budget
from tests.planning.curves import curve


def plan_of(names: list[str], text: str = "plan", **extras: object) -> Plan:
    """A plan whose options have these names and whose every other text is `text`."""
    curves = [curve(name, 1 + i, 0.1 + 0.02 * i, seed=i) for i, name in enumerate(names)]
    budget = Budget.model_validate({"amount": 100.0})
    budget = budget.model_copy(update={"currency": text[:8]})
    known = {"seed": 0, "target": None, "bits_about": text, **extras}
    assumed = [Assumption(text, text, text, text)]
    return replace(advise("accuracy", curves, budget, assumed, [text], known), title=text)
