"""Who takes the first of two things, whatever they are: told, and not taken for what things are."""

from __future__ import annotations

import json
import math

import numpy as np
import polars as pl

from labelbits.annotators.sides import said_of_sides, side_of
from labelbits.answers import read_answers

THINGS, MANY, PEOPLE, BIAS = 12, 600, 8, 0.4


def judged(seed: int, bias: float) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, float]:
    """(first, second, 1 where the first is chosen, who, the side): `bias` of the answers are the
    first, for the people with an even number; the others look at the things alone."""
    rng = np.random.default_rng([seed, 19])
    worth = rng.normal(size=THINGS)
    pairs = np.array([rng.permutation(THINGS)[:2] for _ in range(MANY)])
    who = rng.integers(0, PEOPLE, MANY)
    better = worth[pairs[:, 0]] + rng.normal(size=MANY) > worth[pairs[:, 1]]
    blind = (rng.random(MANY) < bias) & (who % 2 == 0)
    return pairs[:, 0], pairs[:, 1], (better | blind).astype(float), who, bias / 4


def test_the_side_is_estimated_with_an_honest_interval() -> None:
    held, blind, values, true = [], [], [], BIAS / 4
    for seed in range(60):
        first, second, chosen, who, _ = judged(seed, BIAS)
        for covers, names in ((held, who), (blind, np.arange(MANY))):
            found = side_of(first, second, chosen, names)
            covers.append(found.low <= true <= found.high)
        values.append(found.value)
    error = np.std(values, ddof=1) / np.sqrt(60)
    assert abs(np.mean(values) - true) < 4 * error
    assert np.mean(held) > 0.9 - 4 * np.sqrt(0.09 / 60)


def test_a_thing_that_always_stands_first_is_no_side() -> None:
    rng = np.random.default_rng(0)
    first, second = rng.integers(0, 3, MANY), rng.integers(3, 6, MANY)
    chosen = (rng.random(MANY) < 0.8).astype(float)
    assert math.isnan(side_of(first, second, chosen, np.zeros(MANY, int)).value)
    # The control: the same things on both sides tell that the better ones are chosen, no side.
    turned = rng.random(MANY) < 0.5
    one, two = np.where(turned, second, first), np.where(turned, first, second)
    found = side_of(one, two, np.where(turned, 1 - chosen, chosen), np.zeros(MANY, int))
    assert abs(found.value) < found.high - found.low


def table(judge: str, seed: int, bias: float) -> pl.DataFrame:
    first, second, chosen, who, _ = judged(seed, bias)
    return pl.DataFrame(
        {
            "signal": ["preference"] * MANY,
            "annotator": [judge] * MANY if judge else [f"p{k}" for k in who],
            "annotator_kind": ["model" if judge else "person"] * MANY,
            "items": [[f"i{a}", f"i{b}"] for a, b in zip(first, second, strict=True)],
            "classes": pl.Series([[]] * MANY, dtype=pl.List(pl.String)),
            "answer": [json.dumps(int(1 - c)) for c in chosen],
        }
    )


def test_a_judge_who_leans_is_named_and_people_who_do_not_are_not() -> None:
    made = pl.concat([table("", 1, 0.0), table("gpt-4o", 2, BIAS)])
    (said,) = said_of_sides(read_answers(made))
    assert said.startswith("gpt-4o leans to one side")
    assert "the first of two is chosen" in said
    assert said_of_sides(read_answers(table("", 3, 0.0))) == []
