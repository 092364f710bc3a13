"""Leaning to one side: who takes the first of two things whatever they are.

Language models that judge do it (Zheng et al. 2023, arXiv 2306.05685), and so do people who hurry.
In a comparison of a with b, shown in this order,

    P(a is chosen) = 1/2 + side + e_a - e_b,

fitted by least squares; what a thing is worth, e, does not pass for a side, and where one of them
always stands first the two cannot be told apart and nothing is said.
"""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import scipy.sparse
from scipy.sparse.linalg import lsqr

from labelbits.annotators.people import people_and_models
from labelbits.annotators.unlike import People
from labelbits.interface import LEVEL, Answers, Z
from labelbits.quantity import Quantity, reach
from labelbits.signals.encoding import PREFERENCE
from labelbits.signals.questions import without_repeats

#: Signals that show two things to choose from, which are the last two of the items.
OF_TWO = (PREFERENCE, "triplet")
#: Comparisons below which nothing is said; the least side worth a word; errors that it must exceed.
FEWEST, LEAST, SURE = 50, 0.03, 3.3
#: Share of the side's information that has to be left beside the things', and comparisons of each
#: thing from which its worth is fitted.
APART, EACH = 0.05, 4


def side_of(first: np.ndarray, second: np.ndarray, chosen: np.ndarray, who: np.ndarray) -> Quantity:
    """How much more often than half of the time the first of two is chosen, things being equal.

    `first`, `second` (n,) are numbers of the things shown, `chosen` (n,) 1 where the first won,
    `who` (n,) who chose. NaN where the things that stand first are always the same.
    """
    n = len(first)
    _, thing = np.unique(np.concatenate([first, second]), return_inverse=True)
    a, b = thing[:n], thing[n:]
    things, left, won = int(thing.max()) + 1, np.ones(n), chosen - 0.5
    if n >= EACH * things:
        sign = np.repeat([1.0, -1.0], n)
        place = np.tile(np.arange(n), 2), np.concatenate([a, b])
        design = scipy.sparse.csr_matrix((sign, place), shape=(n, things))
        left = left - design @ lsqr(design, left, atol=1e-9, btol=1e-9)[0]
        won = won - design @ lsqr(design, won, atol=1e-9, btol=1e-9)[0]
    told = float(left @ left)
    if told < APART * n:
        return Quantity(math.nan, math.nan, math.nan)
    side = float(left @ won) / told
    moved = left * (won - side * left) / told
    pair = np.minimum(a, b).astype(np.int64) * things + np.maximum(a, b)
    pair = np.unique(pair, return_inverse=True)[1]
    own = np.bincount(pair, moved)
    people = People.of(moved, pair, who)
    variance, freedom = people.beside(float(own @ own), max(len(own) - 1, 1))
    half = reach(math.sqrt(variance), freedom)
    return Quantity(side, side - half, side + half, "least squares", "share")


def said_of_sides(answers: Answers) -> list[str]:
    """A warning for people, and for each language model, who lean to one side; else nothing."""
    people, models = people_and_models(answers)
    said = []
    for name, own in (("people", people), *models.items()):
        table = without_repeats(own).table.filter(pl.col("signal").is_in(OF_TWO))
        table = table.filter(pl.col("answer").is_in(["0", "1"]))
        if "order" in table.columns:  # pairs of an order were not shown as pairs
            table = table.filter(pl.col("order").is_null())
        if len(table) < FEWEST:
            continue
        shown = table["items"].list
        number = {item: k for k, item in enumerate(own.items)}
        first, second = (
            shown.get(place).replace_strict(number, return_dtype=pl.Int64).to_numpy()
            for place in (-2, -1)
        )
        chosen = (table["answer"] == "0").to_numpy().astype(float)
        found = side_of(first, second, chosen, table["annotator"].to_numpy())
        error = (found.high - found.low) / 2 / Z
        if not abs(found.value) > max(LEAST, SURE * error):
            continue
        place = "first" if found.value > 0 else "second"
        ends = sorted(abs(100 * end) for end in (found.low, found.high))
        leans = "lean" if own is people else "leans"
        said.append(
            f"{name} {leans} to one side: things being equal, the {place} of two is chosen in "
            f"{50 + abs(100 * found.value):.0f} % ({100 * LEVEL:.0f} % interval "
            f"{50 + ends[0]:.0f} to {50 + ends[1]:.0f} %) of {len(table):,} comparisons; show each "
            "pair both ways and keep what is chosen in both"
        )
    return said
