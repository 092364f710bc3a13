"""Orders of several items: agreement over all pairs, one order one answer for time and price."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

import labelbits as lb
from labelbits.answers.table.preferences import as_comparisons

ITEMS, PEOPLE, NOISE = 8, 30, 0.8


def world(seed: int, random: float = 0.0) -> tuple[pl.DataFrame, float]:
    """(an order by each of `PEOPLE`, the share of pairs that two of them put alike in truth).

    Plackett-Luce: values plus Gumbel noise; a share `random` of the orders is drawn blindly.
    """
    rng = np.random.default_rng(seed)
    value = rng.normal(size=ITEMS)
    rows = []
    for person in range(PEOPLE):
        felt = value + NOISE * rng.gumbel(size=ITEMS)
        felt = rng.random(ITEMS) if rng.random() < random else felt
        order = " > ".join(f"i{k}" for k in np.argsort(-felt))
        rows.append((f"p{person}", order, 40.0 + person, 0.5))
    first, second = np.triu_indices(ITEMS, 1)
    wins = 1 / (1 + np.exp((value[second] - value[first]) / NOISE))
    wins = (1 - random) * wins + random / 2
    table = pl.DataFrame(rows, ["annotator", "ranking", "seconds", "price"], orient="row")
    return table, float(np.mean(wins**2 + (1 - wins) ** 2))


def measured(table: pl.DataFrame):
    return lb.calibrate(lb.read_answers(table), only=("seconds", "agreement"))["preference"]


def test_agreement_of_orders_covers_the_truth() -> None:
    """20 worlds, 90 % intervals: fewer than 15 hits have a probability below 1 in 80."""
    hits, above = 0, []
    for seed in range(20):
        table, truth = world(seed, random=0.3 * (seed % 2))
        found = measured(table)
        hits += found.agreement.between.low <= truth <= found.agreement.between.high
        above.append(found.random_at_most >= 0.3 * (seed % 2))
    assert hits >= 15
    assert sum(above) >= 18


def test_neighbours_alone_would_not() -> None:
    """The control: in somebody's order neighbours are the pairs that are near to call."""
    short = []
    for seed in range(5):
        table, truth = world(seed)
        answers = lb.read_answers(table)
        place = {
            who: {name: k for k, name in enumerate(order.split(" > "))}
            for who, order in table.select("annotator", "ranking").iter_rows()
        }
        next_to = [
            abs(place[who][items[0]] - place[who][items[1]]) == 1
            for who, items in answers.table.select("annotator", "items").iter_rows()
        ]
        own = replace(answers, table=answers.table.filter(pl.Series(next_to)))
        found = lb.calibrate(own, only=("agreement",))["preference"]
        short.append(found.agreement.between.value - truth)
    assert np.mean(short) < -0.03


def test_an_order_is_one_answer_for_time_and_price() -> None:
    table, _ = world(0)
    found = measured(table)
    assert (found.answers, found.comparisons) == (PEOPLE, PEOPLE * ITEMS * (ITEMS - 1) // 2)
    assert found.seconds.answers == PEOPLE
    assert found.seconds.mean == pytest.approx(table["seconds"].mean())
    assert found.price == pytest.approx(0.5)


def test_pairs_that_count_share_no_item_of_an_order() -> None:
    made, said = as_comparisons(lb.read_answers(world(0)[0]))
    assert len(made) == PEOPLE * ITEMS // 2
    by_order = made.table.group_by("order").agg(pl.col("items").explode())
    for names in by_order["items"]:
        assert len(set(names)) == ITEMS + 1  # each once, and the ideal item
    assert "times and prices are those of whole orders" in said
    assert "seconds" not in made.table.columns
