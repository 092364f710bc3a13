"""The paper's analyses: numbers that agree with theory, a run that continues, what is written."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from labelbits import information, signals
from labelbits.errors import InputError
from labelbits.report import reproduce as report
from labelbits.simulation.simulate import Recovered
from labelbits.sweeps import reproduction
from labelbits.sweeps.analyses.annealing import annealed_bits
from labelbits.sweeps.analyses.bits import simulated_bits
from labelbits.sweeps.analyses.figures import FIGURES, LIMIT, SCHEMA, code_spearman, numbers
from labelbits.sweeps.analyses.fits import PLACES, accuracies
from labelbits.sweeps.analyses.piece import RAW
from labelbits.sweeps.analyses.tradeoff import REPORTS, answers_for, tradeoff
from labelbits.worlds import World

SIZE = reproduction.QUICK


@pytest.mark.parametrize("name", ["hard", "triplet"])
def test_simulated_bits_agree_with_the_integral_and_not_with_another_signal(name: str) -> None:
    world = World(items=20, classes=5, dims=2)
    signal = signals.make(name, 2, 5)
    bits, error = simulated_bits(signal, world, 1024, seed=3)
    exact = information.per_answer(signal, world, seed=0, standard_error=0.01)
    assert abs(bits - exact.bits) < 4 * math.hypot(error, exact.standard_error)
    noisy = signals.make(name, 2, 5, lapse=0.5)
    assert abs(simulated_bits(noisy, world, 1024, seed=3)[0] - exact.bits) > 6 * error


def test_annealed_bits_bracket_the_exact_value_and_exclude_a_wrong_one() -> None:
    world, signal = World(3, 2, 2), signals.make("triplet", 2, 2, precision=2.0)
    asked = np.array([[0, 1, 2], [1, 0, 2], [2, 0, 1], [0, 1, 2]])
    exact = information.joint(signal, world, asked, how="patterns", standard_error=0.003)
    found = annealed_bits(signal, world, asked, [4], worlds=200, temperatures=60, seed=0)[0]
    slack = 4 * math.hypot(found.standard_error, exact.standard_error)
    assert found.low - slack < exact.bits < found.high + slack
    assert 0 < found.high - found.low < 0.3
    one = information.per_answer(signal, world, seed=0, standard_error=0.01).bits
    assert found.high + slack < 4 * one  # answers overlap: less than four alone


def fits(seed: int = 0) -> pl.DataFrame:
    """Made-up recoveries: hard reaches .8 at 8 answers an item, soft at 2, triplets never."""
    rng, rows = np.random.default_rng(seed), []
    for name, at in (("hard", 8.0), ("soft", 2.0), ("triplet", 1e9)):
        for a in (1, 2, 4, 8, 16):
            mean = min(0.8 + 0.1 * math.log2(a / at), 0.95) if at < 100 else 0.2
            for w in range(30):
                noise = rng.normal(0, 0.01)
                rows.append(("spearman", name, float(a), w, mean + noise, None, "simulation"))
                rows.append(("procrustes", name, float(a), w, 0.5, None, "simulation"))
            rows.append(("bits", name, float(a), None, 100.0 * a, 1.0, "theory"))
    return pl.DataFrame(rows, schema=RAW, orient="row")


def test_the_tradeoff_finds_prices_at_which_signals_break_even() -> None:
    schema = {k: v for k, v in SCHEMA.items() if k != "figure"}
    found = pl.DataFrame(list(tradeoff(fits())), schema=schema, orient="row")
    even = found.filter(panel="break-even price", signal="soft", x=0.8)
    value, error = even["value"][0], even["standard_error"][0]
    assert abs(value - 4) < 4 * error
    assert 0 < error < 0.2
    winners = {
        ratio: found.filter(panel=f"winner at price ratio {ratio}", x=0.8)["signal"].to_list()
        for ratio in (2, 8)
    }
    assert winners == {2: ["soft"], 8: ["hard"]}
    share = found.filter(panel="share of draws won at price ratio 8", x=0.8)["value"][0]
    assert share == 1.0
    assert "triplet" not in found["signal"].to_list()
    assert found["standard_error"].is_not_null().all()
    assert set(REPORTS) <= set(signals.REGISTRY)


def test_a_quality_that_is_not_reached_has_no_answer() -> None:
    curve = np.array([0.2, 0.5, 0.4])
    need = answers_for(np.array([0.1, 0.35, 0.6]), np.array([1.0, 4.0, 16.0]), curve)
    assert need[:2] == pytest.approx([1.0, 2.0])
    assert np.isnan(need[2])


def test_a_perfect_space_is_classified_better_than_a_shuffled_one() -> None:
    rng = np.random.default_rng(0)
    items, prototypes = rng.normal(size=(20, 80, 2)), rng.normal(size=(20, 4, 2))
    none = np.zeros(20)

    def mean(estimate: np.ndarray) -> dict[tuple[str, int], float]:
        found = Recovered(items, prototypes, estimate, prototypes, none, none, 0)
        rows = list(accuracies(found, 60, (1, 4)))
        return {
            (place, k): float(np.mean([v for p, n, _, v in rows if (p, n) == (place, k)]))
            for place in PLACES for k in (1, 4)
        }  # fmt: skip

    turn = np.array([[0.6, -0.8], [0.8, 0.6]])
    perfect, shuffled = mean(items @ turn), mean(rng.permuted(items, axis=1))
    for place in PLACES:
        assert perfect[place, 4] > perfect[place, 1] > shuffled[place, 1] + 0.1
    assert perfect["in distribution", 4] > 0.75


def test_the_code_at_the_limit_lies_between_nothing_and_all() -> None:
    few, error = code_spearman(1.0, SIZE)
    assert abs(few) < 0.2
    assert error > 0
    assert code_spearman(1e5, SIZE)[0] > 0.999
    rows = numbers(["recovery"], {"fits": fits()}, SIZE)
    assert LIMIT in rows["signal"].to_list()
    assert rows["standard_error"].is_not_null().all()


def small(monkeypatch: pytest.MonkeyPatch) -> None:
    size = replace(SIZE, items=12, classes=3, dims=2, seeds=3, answers=(1, 4), shots=(1,), draws=64)
    plan = reproduction.Plan(size, ("hard",), ("hard",), (5,), ())
    monkeypatch.setitem(reproduction.PLANS, "quick", plan)


def in_this_process(tasks, run, **_: object):  # type: ignore[no-untyped-def]
    for task in tasks:
        yield task, run(task)


def test_an_interrupted_reproduction_continues_to_the_same_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small(monkeypatch)
    monkeypatch.setattr(reproduction, "results", in_this_process)
    computed: list[str] = []
    run = reproduction.run_piece

    def interrupted(piece):  # type: ignore[no-untyped-def]
        computed.append(piece.analysis)
        if computed == ["fits", "ceiling"]:
            raise KeyboardInterrupt
        return run(piece)

    monkeypatch.setattr(reproduction, "run_piece", interrupted)
    with pytest.raises(KeyboardInterrupt):
        reproduction.reproduce(["shots", "recovery"], tmp_path / "a", quick=True)
    resumed = reproduction.reproduce(["shots", "recovery"], tmp_path / "a", quick=True)
    assert computed == ["fits", "ceiling", "ceiling"]
    fresh = reproduction.reproduce(["shots", "recovery"], tmp_path / "b", quick=True)
    assert resumed.equals(fresh)
    assert set(fresh["figure"]) == {"shots", "recovery"}
    assert fresh["standard_error"].is_not_null().all()


def test_an_unknown_figure_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="unknown figure 'moon'"):
        reproduction.reproduce(["moon"], tmp_path, quick=True)


def some_rows() -> pl.DataFrame:
    rows = [
        ("bits", "dimensions", "hard", 1.0, 0.6, 0.01, "theory"),
        ("bits", "dimensions", "hard", 1.0, 0.5, 0.05, "simulation"),
        ("tradeoff", "winner at price ratio 2", "soft", 0.5, 2.0, 0.1, "simulation"),
        ("tradeoff", "share of draws won at price ratio 2", "soft", 0.5, 0.9, 0.02, "simulation"),
    ]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def test_every_figure_has_a_look_and_the_page_opens_without_a_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert set(report.LOOKS) == set(FIGURES)
    monkeypatch.setattr(report, "has_kaleido", lambda: False)
    assert report.write(some_rows(), tmp_path) == [
        "no PNG was written: kaleido is missing; install labelbits[png]"
    ]
    assert pl.read_csv(tmp_path / "numbers.csv").shape == (4, 7)
    text = (tmp_path / "report.html").read_text()
    assert "Bits of one answer" in text
    assert "<script src=" not in text


def test_a_missing_chrome_is_told_and_the_page_is_still_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none_found(*_: object, **__: object) -> None:
        raise RuntimeError("Kaleido requires Google Chrome to be installed.")

    monkeypatch.setattr(report, "has_kaleido", lambda: True)
    monkeypatch.setattr(report.plotly.io, "write_images", none_found)
    (missing,) = report.write(some_rows(), tmp_path)
    assert "install Chrome or Chromium, or run `plotly_get_chrome`" in missing
    assert (tmp_path / "report.html").exists()
    assert not list(tmp_path.glob(".png*"))


def test_a_panel_of_one_place_is_in_the_numbers_and_not_drawn() -> None:
    from labelbits.report.reproduce_figures import panels_of

    panels = ["classes", "classes", "dimensions", "dimensions", "lapse", "lapse"]
    data = pl.DataFrame({"panel": panels, "x": [3.0, 10.0, 3.0, 3.0, 0.0, 0.2]})
    assert panels_of(data) == ["classes", "lapse"]
    assert panels_of(data.filter(panel="dimensions")) == ["dimensions"]


def test_every_axis_has_three_points_even_where_it_is_quick() -> None:
    from dataclasses import fields

    for size in (reproduction.QUICK, reproduction.PLANS["quick"].crowd):
        lists = {f.name: getattr(size, f.name) for f in fields(size)}
        short = [n for n, v in lists.items() if isinstance(v, tuple) and len(v) < 3]
        assert [n for n in short if n != "saturation_dims"] == []
