"""Which labels to buy: cost, curves of quality, recommendation."""

from labelbits.planning.plan import plan
from labelbits.planning.planfile import PlanFile, read_plan
from labelbits.planning.result import Curve, Family, Option, Plan

__all__ = ["Curve", "Family", "Option", "Plan", "PlanFile", "plan", "read_plan"]
