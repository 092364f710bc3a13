"""Which labels to buy: cost, curves of quality, recommendation.

The names load when first used: other commands need a few of them and not the learners behind.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from labelbits.planning.advice.advise import replan as replan
    from labelbits.planning.planner import plan as plan
    from labelbits.planning.result import Curve as Curve
    from labelbits.planning.result import Family as Family
    from labelbits.planning.result import Option as Option
    from labelbits.planning.result import Plan as Plan
    from labelbits.planning.schema import plan_schema as plan_schema
    from labelbits.planning.spec.planfile import PlanFile as PlanFile
    from labelbits.planning.spec.planreader import read_plan as read_plan

_HOMES = {
    "plan": "planner",
    "replan": "advice.advise",
    "PlanFile": "spec.planfile",
    "read_plan": "spec.planreader",
    "Curve": "result",
    "Family": "result",
    "Option": "result",
    "Plan": "result",
    "plan_schema": "schema",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(f"labelbits.planning.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'labelbits.planning' has no attribute {name!r}")
