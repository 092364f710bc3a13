"""What `labelbits plan DATA` is asked for is checked before its tables are read for long."""

from __future__ import annotations

from pathlib import Path

import pytest

from labelbits import InputError
from labelbits.own_tables import plan_tables


@pytest.mark.parametrize(
    ("budget", "ask", "metric", "message"),
    [
        (-5.0, [], None, r"--budget is -5.0: expected a value greater than 0"),
        (5.0, ["hrad"], None, r"--ask .*kind is 'hrad'; did you mean 'hard'"),
        (5.0, ["hard@0"], None, r"--ask .*price is 0.0: expected a value greater than 0"),
        (5.0, ["votes:0"], None, r"--ask .*answers_per_item is 0"),
        (5.0, [], "acuracy", r"--metric is 'acuracy'"),
        # All is well: the table itself, which holds nothing, is then at fault.
        (5.0, ["votes:3@0.02"], "macro-f1", r"labels.csv"),
    ],
)
def test_money_questions_and_metric_come_first(
    budget: float, ask: list[str], metric: str | None, message: str, tmp_path: Path
) -> None:
    table = tmp_path / "labels.csv"
    table.write_text("")
    with pytest.raises(InputError, match=message):
        plan_tables(
            [table], {}, tmp_path / "out", budget=budget, ask=ask, metric=metric, seed=0,
            progress=lambda *_: None,
        )  # fmt: skip
    assert not (tmp_path / "out").exists()
