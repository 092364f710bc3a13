"""Precision and lapse of every signal for plans from simulation: the pilot's, else assumed."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from labelbits.planning.evidence.answer_source import DEFAULT_LAPSE
from labelbits.planning.evidence.answers_held import Pilot
from labelbits.planning.result import Family
from labelbits.planning.spec.planfile import PlanFile

#: Fewer answers than this say nothing about noise.
ENOUGH = 100
#: Answers of each kind in a pilot that tells the noise.
PILOT = 200


@dataclass(frozen=True)
class SignalNoise:
    """Noise of one signal, and where each number is from."""

    precision: float
    lapse: float
    precision_source: str
    lapse_source: str


ASSUMED = SignalNoise(
    1.0,
    DEFAULT_LAPSE,
    "assumed: no pilot; distances of a standard normal world",
    "CIFAR-10H: a single label is right 95.24 % of the time (Peterson et al. 2019)",
)


def noise_of(
    kinds: Iterable[str], pilot: Pilot, dims: int, classes: int, seed: int
) -> dict[str, SignalNoise]:
    """The noise of each kind of question in a standard normal world of `dims` dimensions.

    Class signals about one item: the integrated likelihood of `answers.noise`; `votes` and `hard`
    share theirs. Comparisons and ratings: estimated beside the items' positions by
    `recovery.SignalEmbedding`. Kinds that the pilot has too few answers of are assumed.
    """
    found: dict[str, SignalNoise] = {}
    for kind in dict.fromkeys(kinds):
        alike = ("hard", "votes") if kind in ("hard", "votes") else (kind,)
        name = next((k for k in alike if k in pilot.batches), None)
        other = next((found[k] for k in alike if k in found), None)
        fitted = other if other is not None else _fit(name, pilot, dims, classes, seed)
        found[kind] = fitted or ASSUMED
    return found


def assumed_noise(
    plan: PlanFile, families: list[Family], noise: dict[str, SignalNoise], dims: int
) -> list[str]:
    """What to say where nobody's answers tell the noise, with the pilot that would."""
    kinds = [
        asked.kind
        for asked in plan.signal
        if noise[asked.kind] is ASSUMED and (asked.precision is None or asked.lapse is None)
    ]
    if not kinds:
        return []
    prices = {family.kind: family.price for family in families}
    cost = sum(prices[kind].amount for kind in dict.fromkeys(kinds)) * PILOT
    items = max(5, PILOT // (2 * dims))  # comparisons need two answers for each coordinate
    return [
        f"The noise of {', '.join(dict.fromkeys(kinds))} is assumed, not measured, and neither "
        "intervals nor probabilities count that it may be different: a pilot of "
        f"{PILOT} answers of each kind about the same {items} items, about {cost:,.2f} "
        f"{plan.budget.currency}, would measure it"
    ]


def _fit(name: str | None, pilot: Pilot, dims: int, classes: int, seed: int) -> SignalNoise | None:
    batch = pilot.batches[name] if name else None
    if batch is None or name is None or len(batch) < ENOUGH:
        return None
    source = f"fitted to {len(batch):,} answers of the pilot, in {dims} dimensions"
    if batch.signal.uses_classes:
        from labelbits.annotators.noise.class_noise import fit_noise

        noise = fit_noise(batch, classes, dims, seed=seed)
        if noise is None:
            return None
        return SignalNoise(noise.precision.value, noise.lapse.value, source, source)
    return _fit_comparisons(name, pilot, dims, seed, source)


def _fit_comparisons(
    name: str, pilot: Pilot, dims: int, seed: int, source: str
) -> SignalNoise | None:
    import polars as pl

    from labelbits.interface import Answers
    from labelbits.recovery import SignalEmbedding

    answers = pilot.answers
    assert answers is not None
    table = answers.table.filter(pl.col("signal") == name)
    used = set(table["items"].explode().unique().to_list())
    items = tuple(item for item in answers.items if item in used)
    if len(table) < 2 * len(items) * dims:
        # Positions would fit the noise too, and it would look smaller than it is.
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = SignalEmbedding(dims, random_state=seed).fit(Answers(table, items, ()))
    precision, lapse = (
        float(next(iter(v.values())) if isinstance(v, dict) else v)
        for v in (model.precision_, model.lapse_)
    )
    if not (np.isfinite(precision) and precision > 0 and 0 <= lapse < 1):
        return None
    return SignalNoise(precision, lapse, source, source)
