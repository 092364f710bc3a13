"""The table of options is one, wherever it is shown."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from labelbits.app.state import state
from labelbits.interface import Estimate
from labelbits.notebook import _shown
from labelbits.report.purchases import COLUMNS, bits_per_money, each, table_of
from labelbits.report.sections import sections
from labelbits.report.terminal import _table
from tests.planning.curves import curve
from tests.report.plans import plan_of


def test_page_report_terminal_and_notebook_show_the_same_words() -> None:
    plan = plan_of(["plain", "rich"], constant={"class": "ok", "quality": 0.4, "items": 200})
    found = table_of(plan)
    assert [one.name for one in found] == ["plain", "rich", "always ok, no labels"]
    assert [one.recommended for one in found].count(True) == 1
    assert found[0].texts["per_money"] == "10"  # 1 bit at .1
    page = state(plan)["rows"]
    (section,) = [s for s in sections(plan) if s.title == "The largest purchase of each option"]
    report = section.blocks[-1].rows
    terminal = list(
        zip(*(list(column.cells) for column in _table(plan, True).columns), strict=True)
    )
    notebook = _shown(plan, None)._repr_html_()
    for one, row, cells, printed in zip(found, page, report, terminal, strict=True):
        assert cells[0] == row["family"] == str(printed[0]) == one.name
        shown = COLUMNS if one.is_option else ("quality", "interval")
        for column in shown:
            assert row[column] == one.texts[column]
            assert one.texts[column] in cells
            # The terminal's heading names the currency, and its empty cells are empty.
            if column != "cost" and one.texts[column] != "-":
                assert one.texts[column] in map(str, printed)
            if one.is_option and column in ("items", "quality", "interval", "cost"):
                assert f"<td>{one.texts[column]}</td>" in notebook


def test_bits_for_money_and_their_error() -> None:
    one = replace(curve("a", 1, 0.5, log_sd=0.2), bits=Estimate(3.0, 0.1, "exact"))
    assert bits_per_money(one) == 6
    assert bits_per_money(one, spread=True) == pytest.approx(math.hypot(0.2, 1.2))
    assert math.isnan(bits_per_money(replace(one, bits=None)))


def test_many_answers_an_item_are_a_number_and_no_power() -> None:
    assert [each(value) for value in (1, 2.84, 99.9, 1282.4, 12_345)] == [
        "1", "2.84", "99.9", "1,282", "12,345",
    ]  # fmt: skip
