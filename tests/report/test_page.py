"""The report and the terminal, from a plan made of known curves."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from labelbits.errors import InputError
from labelbits.planning import Plan
from labelbits.planning.advice.advise import advise
from labelbits.planning.shown import chance
from labelbits.planning.spec.planfile import Budget
from labelbits.report import check_folder
from labelbits.report.figures import drawn, tradeoff
from labelbits.report.page import render
from labelbits.report.terminal import print_plan
from labelbits.report.winners import winner_map
from tests.planning.curves import curve

NAMES = ("hard", "votes x 10 by an-expert", "sparse-soft")


@pytest.fixture(scope="module")
def made() -> Plan:
    curves = [
        curve(name, worth, price, seed=i, item_sd=0.3)
        for i, (name, worth, price) in enumerate(zip(NAMES, (1, 2, 8), (0.1, 0.2, 1), strict=True))
    ]
    for i, kind in ((1, "votes"), (2, "sparse-soft")):
        curves[i] = replace(curves[i], family=replace(curves[i].family, kind=kind))
    budget = Budget.model_validate({"amount": 100_000.0})
    return advise("accuracy", curves, budget, [], ["a < b & c"], {"seed": 0, "target": 0.97})


def printed(plan: Plan, width: int) -> str:
    stream = io.StringIO()
    print_plan(plan, Path("out"), Console(file=stream, width=width))
    return stream.getvalue()


@pytest.mark.parametrize("width", [80, 140])
def test_the_terminal_shows_names_and_numbers_whole(made: Plan, width: int) -> None:
    text = printed(made, width)
    assert "\u2026" not in text
    assert "..." not in text
    assert max(len(line) for line in text.splitlines()) <= width
    rows = [line for line in text.splitlines() if "%" in line and " to " in line]
    for name, items in (
        ("hard", "1,000,000"),
        ("votes x 10", "500,000"),
        ("sparse-soft", "100,000"),
    ):
        assert any(row.strip().startswith(name) and f" {items} " in row for row in rows), name
    assert ("bits/answer" in text) == (width > 100)


def test_everything_of_the_users_is_escaped(made: Plan) -> None:
    evil = "</script><img src=x onerror=alert(1)>"
    curves = [replace(c, family=replace(c.family, name=evil + c.family.name)) for c in made.curves]
    plan = advise(
        "accuracy", curves, made.terms, made.assumptions, [evil], {"seed": 0, "target": None}
    )
    page = render(replace(plan, title=evil))
    assert "<img src=x" not in page.split("</head>")[1].replace("<\\/script><img", "")
    assert "&lt;img src=x" in page


def test_the_page_needs_no_network(made: Plan) -> None:
    page = render(made)
    assert not re.search(r"<(script|link|img)[^>]+(src|href)=", page)
    for heading in ("What the money buys", "Who wins where", "How to cite", "What a pilot would"):
        assert heading in page


def test_the_map_gives_the_cheap_way_the_win_where_it_is_cheap(made: Plan) -> None:
    figure = winner_map(made)
    assert figure is not None
    heat = figure.data[0]
    names = heat.customdata[..., 0]
    assert set(names[0]) == {"sparse-soft"}  # a tenth of its price now
    assert "sparse-soft" not in set(names[-1])  # ten times its price now


def test_a_folder_that_cannot_be_written_is_refused_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(InputError, match="is no folder"):
        check_folder(tmp_path / "file" / "out")
    check_folder(tmp_path / "new" / "out")
    assert not (tmp_path / "new").exists()


def test_no_probability_is_shown_as_certain() -> None:
    assert [chance(p) for p in (0.0, 0.005, 0.5, 0.99, 0.995)] == [
        "< 1 %", "< 1 %", "50 %", "99 %", "> 99 %",
    ]  # fmt: skip


@pytest.mark.parametrize(("quality", "first"), [(0.9999, True), (0.5, False)])
def test_labels_at_hand_lead_the_page_where_they_are_as_good(quality: float, first: bool) -> None:
    curves = [curve("one", 1, 0.1)]
    held = {
        "items": 9,
        "answers": 9.0,
        "quality": quality,
        "standard_error": 0.01,
        "worth": {"one": 9.0},
    }
    budget = Budget.model_validate({"amount": 100.0})
    page = render(advise("accuracy", curves, budget, [], [], {"seed": 0, "holdings": held}))
    verdict = page.split("<section class='verdict'>")[1]
    assert verdict.startswith("<p>The labels you hold already give") is first
    assert "expected with the purchase" in verdict.split("</section>")[0]
    assert verdict.startswith("<p>Add 1,000 hard labels") is not first


def test_every_number_of_a_table_carries_its_heading(made: Plan) -> None:
    """On a phone the headings are gone and a row is a block of labelled numbers."""
    terms = made.terms.model_copy(update={"currency": "'><i>"})
    page = render(advise("accuracy", made.curves, terms, [], [], {"seed": 0, "target": None}))
    assert "'><i>" not in page.split("</head>")[1].split("<script>")[0]
    tables = re.findall(r"<table class='numbers'.*?</table>", page, re.DOTALL)
    assert len(tables) > 2
    for one in tables:
        heads = re.findall(r"<th role='columnheader'>(.*?)</th>", one)
        rows = re.findall(r"<tr role='row'>(<td.*?)</tr>", one)
        assert rows
        for row in rows:
            assert re.findall(r"data-label='(.*?)'>", row) == heads


def test_what_a_constant_answer_gives_leads_the_page(made: Plan) -> None:
    free = {"class": "<ok>", "quality": 0.999, "items": 900}
    extras = {"seed": 0, "target": None, "constant": free}
    curves = [replace(one, constant=np.full(len(one.draws), 0.999)) for one in made.curves]
    plan = advise("accuracy", curves, made.terms, [], [], extras)
    verdict = render(plan).split("<section class='verdict'>")[1].split("</section>")[0]
    lead, purchase = re.findall(r"<p>(.*?)</p>", verdict)
    assert lead.startswith("Always answering &#39;&lt;ok&gt;&#39; is right on 99.9")
    assert purchase.startswith("If you buy all the same, buy ")
    assert "always answering &#39;&lt;ok&gt;&#39;, without labels" in verdict
    assert "Rare classes hardly move accuracy" in verdict
    assert "best of the" not in verdict


def test_a_recommended_mixture_shows_its_gain_and_not_the_chance_of_one_way(made: Plan) -> None:
    mixture = {
        "gain": 0.033, "interval": (0.021, 0.045), "single": "hard", "recommended": True,
        "metric_name": "accuracy", "sentence": "", "percent": True, "budget": made.budget,
        "shares": dict.fromkeys(NAMES[:2], 0.5),
        "purchases": [
            {"signal": name, "answers": 10, "answers_per_item": 1.0, "items": 10, "cost": 5.0}
            for name in NAMES[:2]
        ],
    }  # fmt: skip
    extras = {"seed": 0, "target": None, "mixture": mixture}
    advised = advise("accuracy", made.curves, made.terms, [], [], extras)
    cards = render(advised).split("<div class='cards'>")[1].split("</section>")[0]
    assert "<b>3.3 points</b><span>better than hard alone (90 % interval 2.1 to 4.5)" in cards
    assert "probability that it is the best" not in cards
    assert "probability that it is the best" in render(made)


def test_of_many_ways_the_best_are_drawn_and_the_rest_wait_in_the_legend() -> None:
    curves = [curve(f"way {i}", 1 + i, 0.1, seed=i) for i in range(12)]
    plan = advise("accuracy", curves, Budget.model_validate({"amount": 100.0}), [], [], {"seed": 0})
    lines = {t.name: t.visible for t in tradeoff(plan).data if t.showlegend is not False}
    waiting = {name for name, visible in lines.items() if visible == "legendonly"}
    assert waiting == {f"way {i}" for i in range(4)}
    assert "The 8 options with the best quality are drawn" in render(plan)
    # All parts of an advised mixture are drawn, by the family's name and not the kind of question.
    mixed = {**plan.recommendation, "single": {}}
    plan = replace(plan, recommendation=mixed, extras={"mixture": {"shares": {"way 0": 0.3}}})
    assert drawn(plan) == {"way 0", *(f"way {i}" for i in range(4, 12))}


def test_a_way_that_nothing_can_be_bought_of_is_not_said_to_wait_in_the_legend() -> None:
    curves = [curve("cheap", 1, 0.1), curve("dear", 1, 1e4)]
    plan = advise("accuracy", curves, Budget.model_validate({"amount": 100.0}), [], [], {"seed": 0})
    assert {option.family for option in plan.options} == {"cheap"}
    assert "click a name" not in render(plan)
