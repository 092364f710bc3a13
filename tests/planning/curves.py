"""Curves whose shape is known, for tests of advice."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from labelbits.interface import Estimate
from labelbits.metrics import metric_of
from labelbits.planning.market import Market
from labelbits.planning.result import Curve, Family
from labelbits.planning.spec.cost import Price
from labelbits.planning.spec.planfile import Budget
from labelbits.signals import Hard


def curve(
    name: str,
    worth: float,
    price: float,
    noise: float = 0.01,
    limit: float = 1e6,
    seed: int = 0,
    item_sd: float = float("nan"),
    log_sd: float = 0.0,
) -> Curve:
    """Quality 1 - (worth x answers)^-1/2, the same shape for every family: with equal prices the
    family with more `worth` is better, and the price ratio at which two are equal is the ratio of
    their worths."""
    answers = np.geomspace(10, 1e6, 400)
    rng = np.random.default_rng(seed)
    quality = 1 - (worth * answers) ** -0.5
    draws = quality + noise * rng.standard_normal((500, 1))
    family = Family(name, "hard", Hard(), 1, Price(price, None, log_sd, f"source of {name}"))
    bits = Estimate(1.0, 0.0, "exact")
    measured = np.array([[100.0, 0.5, 0.4, 0.6]])
    return Curve(family, answers, draws, measured, limit, None, bits, item_sd=item_sd)


def market(
    curves: list[Curve], amount: float = 100.0, *, sign: int = 1, percent: bool = True
) -> Market:
    """These curves under a budget, judged by accuracy; `sign` -1: as if less of it were better."""
    metric = replace(metric_of("accuracy"), higher=sign > 0, percent=percent)
    return Market(curves, Budget.model_validate({"amount": amount}), metric, 0)
