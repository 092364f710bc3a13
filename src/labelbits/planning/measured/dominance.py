"""What no plan may show otherwise: more answers of one kind on the same items are never worse."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from labelbits.learning.forecasts.order import in_order
from labelbits.planning.result import Curve, Family

#: What rounding may make of equal qualities.
ROUNDING = 1e-9


def chains_of(families: Sequence[Family]) -> list[list[int]]:
    """Numbers of the families that ask the same question of the same annotators, from fewer to more
    answers on each item. A hard label is one vote."""
    found: dict[tuple[str, ...], list[int]] = {}
    for number, family in enumerate(families):
        if family.answers_per_item is None:
            continue
        asked = family.asked
        noise = "" if asked is None else f"{asked.lapse}/{asked.precision}/{asked.model}"
        options = repr(sorted(family.options.items()))
        found.setdefault((*family.question, noise, options), []).append(number)
    return [
        sorted(chain, key=lambda i: families[i].answers_per_item or 1)
        for chain in found.values()
        if len(chain) > 1
    ]


def in_their_order(curves: Sequence[Curve], *, sign: int) -> list[Curve]:
    """The curves, draw by draw in the order of `chains_of`; they share one grid of items."""
    chains = chains_of([curve.family for curve in curves])
    if not chains:
        return list(curves)
    ordered = sign * in_order(sign * np.stack([curve.draws for curve in curves]), chains)
    found = [replace(curve, draws=draws) for curve, draws in zip(curves, ordered, strict=True)]
    worse = out_of_order(found, sign=sign)
    if worse:
        raise RuntimeError(
            f"{', '.join(worse)}: forecast worse than fewer of the same answers on the same items"
        )
    return found


def out_of_order(curves: Sequence[Curve], *, sign: int) -> list[str]:
    """Names of families that are expected to be worse than one with fewer of the same answers on
    the same items; none in a plan that holds."""
    found = []
    for chain in chains_of([curve.family for curve in curves]):
        for fewer, more in itertools.pairwise(chain):
            a, b = curves[fewer], curves[more]
            per_a, per_b = a.family.answers_per_item or 1, b.family.answers_per_item or 1
            items = a.answers / per_a
            items = items[items <= min(a.limit / per_a, b.limit / per_b)]
            worse = [
                sign * float((a.at(n * per_a) - b.at(n * per_b)).mean()) > ROUNDING for n in items
            ]
            if np.any(worse):
                found.append(b.family.name)
    return found
