"""No more items than there are: answers on each item are decided, not assumed."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from labelbits.planning import plan
from tests.planning.conftest import blobs, write_files

PLAN = """
[dataset]
features = "features.npz"
counts = "counts.npz"
gold = "gold.npz"
[budget]
amount = AMOUNT
[[signal]]
kind = "votes"
price = 0.01
"""
POOL = 90


def noisy(items: int = 300) -> dict[str, np.ndarray]:
    """Half of all votes are random, and all but `POOL` items have three."""
    data = blobs(items)
    pi = 0.5 * np.eye(4)[data["gold"]] + 0.5 / 4
    counts = np.random.default_rng(2).multinomial(3, pi)
    counts[-POOL:] = 0
    return {**data, "counts": counts}


def test_money_beyond_the_items_buys_more_votes_on_each(tmp_path: Path) -> None:
    data = noisy()
    rich = plan(write_files(tmp_path, PLAN.replace("AMOUNT", "9"), **data), seed=0)
    families = {option.family for option in rich.options}
    # 900 votes for 90 items: all of them ten times.
    assert "votes x 10" in families
    assert all(option.items <= POOL for option in rich.options)
    bought = rich.recommendation["purchases"][0]
    assert bought["answers_per_item"] > 1
    assert bought["items"] == POOL
    # Negative control: money for one vote on each buys no second votes while items are left.
    poor = plan(write_files(tmp_path, PLAN.replace("AMOUNT", "0.9"), **data), seed=0)
    assert poor.recommendation["purchases"][0]["answers_per_item"] == 1
