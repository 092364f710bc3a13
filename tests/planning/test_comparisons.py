"""Plans about comparisons: measured on the pilot, forecast by twins, or refused."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import labelbits as lb
from labelbits.answers import read_answers, write_answers
from labelbits.errors import InputError
from labelbits.planning import Plan, plan
from labelbits.planning.comparisons.doubts import (
    check_comparisons,
    random_questions,
    said_of_kinds_of_people,
)
from labelbits.planning.comparisons.forecast import (
    FACTOR,
    SPREAD,
    Factor,
    Rise,
    backtest_of,
    forecast,
    of_anything,
    totals_of,
)
from labelbits.planning.comparisons.held import held_answers
from labelbits.planning.comparisons.measured import Measured
from labelbits.planning.comparisons.twins import asking_of
from labelbits.planning.evidence.refusal import PilotNeededError
from labelbits.planning.simulated.ranges import SETTINGS, settings
from labelbits.planning.spec.planfile import Budget
from labelbits.recovery import Fitter, agreement
from labelbits.recovery.held_out import predict, questions_of
from labelbits.report.run import plan_files
from tests.recovery.asked import answers as table_of
from tests.recovery.asked import asked

ITEMS, PILOT, AMOUNT = 14, 240, 20.0
Z = np.random.default_rng(3).normal(size=(ITEMS, 1))
WORLD = Z, np.zeros((2, 1))
TOML = f"""
[dataset]
pilot = ["answers.parquet"]
dims = 1
[goal]
metric = "agreement"
[budget]
amount = {AMOUNT}
[[signal]]
kind = "triplet"
price = 0.02
"""


def triplets(n: int, seed: int):
    return table_of(ITEMS, 2, asked(WORLD, "triplet", n, seed, precision=3.0, lapse=0.1))


def coins(answers):
    coin = np.random.default_rng(1).integers(0, 2, len(answers)).astype(str)
    return replace(answers, table=answers.table.with_columns(answer=pl.Series(coin)))


def planned(folder: Path, answers, toml: str = TOML) -> Plan:
    write_answers(answers, folder / "answers.parquet")
    (folder / "plan.toml").write_text(toml)
    return plan(folder / "plan.toml")


def set_of_questions() -> np.ndarray:
    """Questions of the pilot: its one annotator's repeats are counted once."""
    return np.unique(questions_of(triplets(PILOT, 1)))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return planned(tmp_path_factory.mktemp("comparisons"), triplets(PILOT, 1))


def test_the_interval_holds_what_more_answers_give(made: Plan):
    curve = made.curves[0]
    test = triplets(4000, 7)
    for times in (2, 4):
        space = Fitter(1)(triplets(times * PILOT, 8))
        true = float(agreement(predict(space, test)))
        low, high = np.quantile(curve.at(float(times * PILOT)), [0.02, 0.98])
        assert low < true < high
    assert curve.at(4.0 * PILOT).mean() > 0.6


def test_curves_reach_the_money_and_the_ceiling_is_told(made: Plan):
    assert made.metric == "agreement"
    assert {c.family.name for c in made.curves} == {"triplet", "triplet, 3 to a question"}
    for curve in made.curves:
        largest = [o for o in made.options if o.family == curve.family.name][-1]
        assert largest.cost == pytest.approx(AMOUNT, rel=0.01)
        assert np.all(np.diff(curve.draws, axis=1) >= -1e-9)
    assert made.extras["ceiling"]["source"] == "fitted noise"
    assert any("second person" in said for said in made.warnings)
    assert any("one annotator" in said for said in made.warnings)
    (check,) = made.extras["backtest"]
    assert check["low"] < check["predicted"] < check["high"]
    assert made.recommendation["next"]["answers_held"] == len(set_of_questions())
    # What is exported asks about the items by the names that the pilot gives them.
    assert made.items is not None
    assert made.items.ids == triplets(PILOT, 1).items
    assert made.items.answers.sum() == 3 * PILOT


def test_the_report_shows_what_was_measured(made: Plan):
    files = plan_files(made)
    assert "Measured on your own answers" in files["report.html"]
    (curve,) = made.extras["measured_curves"]
    assert curve["answers"] == sorted(curve["answers"])
    assert curve["quality"][-1] > 0.6


def test_coins_are_not_worth_more_of_them(tmp_path: Path):
    told = planned(tmp_path, coins(triplets(PILOT, 1)), TOML + "answers_per_question = 1\n")
    curve = told.curves[0]
    low, high = np.quantile(curve.at(4.0 * PILOT), [0.05, 0.95])
    assert low < 0.55
    assert high < 0.75
    assert told.recommendation["next"]["quality_now"] < 0.6


def held_of(answers):
    return held_answers(answers, {}, None, np.full(len(answers.items), -1))


def test_pilots_that_tell_nothing_are_refused_with_the_pilot_to_run(tmp_path: Path):
    with pytest.raises(InputError, match=r"holds 5\d comparisons.*Run this pilot.*triplet answers"):
        planned(tmp_path, triplets(60, 1))
    few = triplets(3000, 2)
    inside = {f"item {i}" for i in range(5)}
    rows = [i for i, row in enumerate(few.table["items"].to_list()) if set(row) <= inside]
    with pytest.raises(InputError, match="different questions"):
        check_comparisons(held_of(replace(few, table=few.table[rows * 9])))
    same = replace(few, table=pl.concat([few.table[[0, 1, 2]]] * 60))
    with pytest.raises(InputError, match="3 different questions"):
        check_comparisons(held_of(same))


@pytest.mark.parametrize(("things", "pairs", "asked"), [(8, 28, 15), (12, 66, 12)])
def test_few_things_that_are_preferred_are_told_how_many_more_there_must_be(
    things: int, pairs: int, asked: int
) -> None:
    """All pairs of eight things are 28 questions: no number of answers makes them more."""
    rng = np.random.default_rng(0)
    both = [rng.choice(min(things, 8), 2, replace=False) for _ in range(200)]
    frame = pl.DataFrame({
        "annotator": [f"p{k % 5}" for k in range(200)],
        "left": [f"model {a}" for a, _ in both],
        "right": [f"model {b}" for _, b in both],
        "winner": [f"model {min(one)}" for one in both],
    })  # fmt: skip
    answers = read_answers(frame)
    seen = tuple(dict.fromkeys([*answers.items, *(f"model {k}" for k in range(things))]))
    with pytest.raises(PilotNeededError) as caught:
        check_comparisons(held_of(replace(answers, items=seen)))
    assert f"There are {things} items only" in caught.value.first
    assert (f"which allow {pairs} different pairs" in caught.value.first) == (pairs < 50)
    offer = caught.value.pilot.in_words([], Budget(amount=10.0))
    assert f"preferences between random pairs of {asked} items" in offer


def test_questions_that_are_all_about_five_items_are_refused():
    every = triplets(4000, 2)
    five = {f"item {i}" for i in range(5)}
    inside = [i for i, row in enumerate(every.table["items"].to_list()) if set(row) <= five]
    others = [i for i, row in enumerate(every.table["items"].to_list()) if not set(row) & five]
    rows = (inside * 20)[:1500] + others[:30]
    with pytest.raises(InputError, match="are taken by 5 items"):
        check_comparisons(held_of(replace(every, table=every.table[rows])))


def test_features_of_other_items_are_refused(tmp_path: Path):
    toml = TOML.replace("[goal]", 'features = "x.csv"\n[goal]')
    rows = [f"other {i},{i}" for i in range(ITEMS)]
    (tmp_path / "x.csv").write_text("id,x\n" + "\n".join(rows) + "\n")
    with pytest.raises(InputError, match="14 of 14 items of the answers have no row of features"):
        planned(tmp_path, triplets(PILOT, 1), toml)


def test_features_are_joined_by_name_whatever_the_order_of_items():
    """A plan names items by row numbers, in the order in which answers mention them."""
    answers = triplets(PILOT, 1)
    order = np.random.default_rng(0).permutation(ITEMS)
    renamed = {f"item {i}": str(order[i]) for i in range(ITEMS)}
    table = answers.table.with_columns(
        items=pl.col("items").list.eval(pl.element().replace_strict(renamed))
    )
    numbered = replace(answers, table=table, items=tuple(renamed[n] for n in answers.items))
    options = {"residual_scale": 0.2, "metric_power": 1.0}
    by_order = Fitter(1, Z, 0, options)(numbered).embedding_
    assert np.allclose(by_order, Fitter(1, Z, 0, options)(answers).embedding_, atol=1e-3)
    # Rows by number, as if items stood in that order, are those of other items.
    assert not np.allclose(by_order, Fitter(1, Z[order], 0, options)(answers).embedding_, atol=0.1)


def test_files_whose_questions_a_sampler_chose_are_refused(tmp_path: Path):
    lines = [f"ann,{a},{b},{c},adaptive" for a, b, c in itertools.permutations(range(8), 3)]
    (tmp_path / "t.csv").write_text("annotator,head,winner,loser,sampling\n" + "\n".join(lines))
    (tmp_path / "plan.toml").write_text(TOML.replace("answers.parquet", "t.csv"))
    with pytest.raises(InputError, match=r"chosen by a sampler.*adaptive"):
        plan(tmp_path / "plan.toml")


def test_groups_and_unasked_items_are_named():
    both = triplets(4000, 4)
    left = {f"item {i}" for i in range(6)}
    right = {f"item {i}" for i in range(6, 13)}
    kept = [
        i
        for i, row in enumerate(both.table["items"].to_list())
        if set(row) <= left or set(row) <= right
    ]
    said = check_comparisons(held_of(replace(both, table=both.table[kept])))
    assert any("2 groups of items" in text for text in said)
    assert any("1 of 14 items" in text for text in said)


def test_questions_of_a_sampler_are_left_out():
    answers = triplets(300, 5)
    how = pl.Series("sampling", ["random"] * 200 + ["uncertainty"] * 100)
    mixed = replace(answers, table=answers.table.with_columns(how))
    kept, said = random_questions(mixed)
    assert len(kept) == 200
    assert "100 of 300 answers" in said[0]
    chosen = replace(answers, table=answers.table.with_columns(sampling=pl.lit("uncertainty")))
    with pytest.raises(InputError, match="chosen by a sampler"):
        random_questions(chosen)


def test_questions_asked_again_and_again_come_from_a_pool():
    few = triplets(30, 6)
    again = replace(few, table=few.table[np.random.default_rng(0).integers(0, 30, 300).tolist()])
    held = held_of(again)
    (batch,) = held.batches(np.arange(300))
    asking = asking_of(held, ("triplet", ""), batch.signal, 0)
    assert asking.pool is not None
    assert len(asking.pool) == pytest.approx(30, abs=2)
    assert asking_of(held_of(few), ("triplet", ""), batch.signal, 0).pool is None
    drawn = replace(asking, pool=None, each=3).draw(9, np.random.default_rng(0))
    assert np.array_equal(drawn[0], drawn[2])
    assert not np.array_equal(drawn[2], drawn[3])


def measured_as(value: float, rise: float, error: float = 0.01) -> Measured:
    sizes = np.array([200.0, 400.0])
    return Measured(
        ("triplet", ""), sizes, np.array([value - rise, value]), np.array([error, error]), rise,
        error, [],
    )  # fmt: skip


def test_a_forecast_ends_at_the_ceiling_and_misses_widen_it():
    twins = np.linspace(0.6, 0.9, 4)[None, :] + np.zeros((5, 1))
    rise = Rise(np.array([400.0, 800.0, 1600.0, 3200.0]), twins, np.full(5, 0.6))
    half = Rise(np.array([400.0]), np.full((5, 1), 0.70), np.full(5, 0.6))
    told = measured_as(0.7, 0.09)
    _, factor = backtest_of(told, half, "agreement", 0.8)
    seen = forecast(told, rise, "agreement", 0.8, factor, 3200, 0)
    assert seen.draws.max() <= 0.8
    _, missed = backtest_of(measured_as(0.7, -0.09), half, "agreement", 0.8)
    assert missed.error > 2 * factor.error
    assert missed.value < factor.value
    onward = forecast(told, rise, "agreement", 1.0, factor, 10_000, 0)
    assert onward.sizes[-1] >= 10_000
    assert totals_of(400, 1500) == [400, 800, 1600]


def test_spaces_that_are_alike_in_every_resample_still_give_a_forecast():
    """Features that determine the space: no error is seen of the rise, in people or in twins."""
    half = Rise(np.array([400.0]), np.full((5, 1), 1.0), np.full(5, 1.0))
    told = replace(measured_as(1.0, 0.0), errors=np.zeros(2), rise_error=0.0)
    test, factor = backtest_of(told, half, "alignment", 1.0)
    assert test is not None
    assert (factor.value, factor.error) == (FACTOR, SPREAD)


def test_a_pilot_that_tells_nothing_yet_leaves_everything_open():
    told = measured_as(0.52, 0.0)
    flat = Rise(np.array([400.0, 800.0, 1600.0]), np.full((5, 3), 0.52), np.full(5, 0.52))
    seen = forecast(told, flat, "agreement", 0.9, Factor(), 1600, 0)
    opened = of_anything(seen, 400, 0.9, 0)
    assert np.array_equal(opened.draws[:, 0], seen.draws[:, 0])
    low, high = np.quantile(opened.draws[:, -1], [0.05, 0.95])
    assert low < 0.56
    assert 0.75 < high <= 0.9
    assert np.quantile(seen.draws[:, -1], 0.95) < 0.6  # twins alone foretell that nothing comes
    assert np.all(np.diff(opened.draws, axis=1) >= -1e-9)


def test_settings_without_a_pilot_cover_their_ranges():
    found = settings(0, True, (2, 5, 10))
    assert sorted(one.dims for one in found) == [2, 2, 5, 5, 10, 10]
    assert len({one.lapse for one in found}) == len({one.precision for one in found}) == SETTINGS
    assert {one.prior for one in found} == {"normal", "clusters", "hypercube"}
    assert {one.prior for one in settings(0, False, (3,))} == {None}


def test_two_kinds_of_people_are_said():
    """Each person is steady and half of them see another order: two agree less."""
    rng = np.random.default_rng(0)
    shown = np.stack([rng.choice(ITEMS, 3, replace=False) for _ in range(60)])
    rows = []
    for person in range(12):
        seen = np.random.default_rng(100 + person // 6).normal(size=ITEMS)
        for turn in range(2):
            near = np.abs(seen[shown[:, 1:]] - seen[shown[:, :1]]).argmin(1)
            rows += [
                {"signal": "triplet", "annotator": f"p{person}", "items": [str(i) for i in three],
                 "answer": str(int(code)), "seconds": 3.0 + turn}
                for three, code in zip(shown, near, strict=True)
            ]  # fmt: skip
    answers = lb.read_answers(pl.DataFrame(rows))
    (said,) = said_of_kinds_of_people(answers, 0)
    assert "one person asked again on 100 %" in said
    alike = answers.table.filter(pl.col("annotator").is_in([f"p{k}" for k in range(6)]))
    assert said_of_kinds_of_people(lb.read_answers(alike), 0) == []
