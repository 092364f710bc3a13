"""Precision and lapse of questions that compare items, where a pilot asks enough about few items.

Where the items lie is recovered together with the channel: the values are those of
`labelbits.recovery.SignalEmbedding`, so that `recover` says the same of the same answers, and the
intervals are those of its draws (`SignalEmbedding.posterior`), which know what the answers leave
open about both. A most probable embedding alone is no witness: it explains noise by bending
positions, and takes the lapse for smaller than it is.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from labelbits.annotators.noise.result import PRECISION_UNIT, Noise
from labelbits.interface import Answers
from labelbits.quantity import Quantity, central
from labelbits.recovery import NotConvergedError, SignalEmbedding
from labelbits.recovery.fitted.draws import CHAINS
from labelbits.signals.questions import only_asked

#: Answers a coordinate below which positions say little about the noise.
ENOUGH = 10
#: Answers that draws are made of at most: the interval of more answers is theirs, narrowed by the
#: square root. Dimensions tried at most where they are not given.
MOST_ANSWERS = 5_000
MOST_DIMS = 5
METHOD = "posterior of positions and channel"
#: The same where chains did not come together: an interval that holds what each of them says.
APART = "posterior of positions and channel: lowest to highest of chains that lie apart"


def noise_by_embedding(answers: Answers, dims: int | None, seed: int = 0) -> Noise | None:
    """Noise of the one signal in `answers`, None where they are too few for positions.

    `dims` None takes the fewest dimensions that predict held-out answers as well as any. Precision
    holds in a world of N(0, I) items. Values are posterior means (of ln precision and of lapse),
    intervals hold 90 % of the posterior. Where the draws do not converge the answers leave places
    or noise open: intervals then reach from the lowest to the highest of all chains (`APART`).
    """
    table = answers.table
    answers = only_asked(answers)
    items = answers.items
    most = min(len(table) // (ENOUGH * len(items)), len(items) - 1)
    if most < (dims or 1):
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what answers leave open widens the interval
        fitted = SignalEmbedding(
            dims or "auto", max_components=min(most, MOST_DIMS), random_state=seed
        ).fit(answers)
        found = fitted.embedding_.shape[1]
        drawn = fitted
        if len(table) > MOST_ANSWERS:
            few = only_asked(replace(answers, table=table.sample(MOST_ANSWERS, seed=seed)))
            drawn = SignalEmbedding(found, random_state=seed).fit(few)
        try:
            posterior, chains = drawn.posterior(seed, noise_alone=True), 1
        except NotConvergedError as apart:
            posterior, chains = apart.reached, CHAINS
    used = min(len(table), MOST_ANSWERS)
    precision, lapse = (_only(value) for value in (fitted.precision_, fitted.lapse_))
    narrower = math.sqrt(used / len(table))
    drawn_of = (_only(one) for one in (posterior.precision, posterior.lapse))
    by_chain = [np.array_split(one, chains) for one in drawn_of]
    return Noise(
        precision=_interval(precision, by_chain[0], narrower, np.log, np.exp, PRECISION_UNIT),
        lapse=_interval(lapse, by_chain[1], narrower, _odds, _share, "share"),
        concentration=None,
        dims=found,
        classes=len(answers.classes),
        items=len(items),
        answers=len(table),
        source="recovered embedding",
    )


def _only(value: Any) -> Any:
    return next(iter(value.values())) if isinstance(value, Mapping) else value


def _odds(lapse: Any) -> Any:
    held = np.clip(lapse, 1e-6, 1 - 1e-6)
    return np.log(held / (1 - held))


def _share(odds: Any) -> Any:
    return 1 / (1 + np.exp(-odds))


def _interval(
    value: float, chains: Sequence[np.ndarray], narrower: float, to: Any, back: Any, unit: str
) -> Quantity:
    """The interval about `value` that holds those of all chains, on the scale of `to`, times
    `narrower`.

    The short chain that gave the value ends near the draws' middle, not on it: an interval never
    leaves its value out.
    """
    ends = [central(to(draws)) for draws in chains]
    low, high = min(low for low, _ in ends), max(high for _, high in ends)
    middle = np.quantile(np.concatenate([to(draws) for draws in chains]), 0.5)
    at = float(to(value))
    if narrower < 1:
        low, high = (at + narrower * (edge - middle) for edge in (low, high))
    low, high = min(low, at), max(high, at)
    method = METHOD if len(chains) == 1 else APART
    return Quantity(value, float(back(low)), float(back(high)), method, unit)
