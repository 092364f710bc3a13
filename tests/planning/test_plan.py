"""The main job end to end, on small real files."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from labelbits.cli import app
from labelbits.errors import InputError
from labelbits.planning import Plan, plan, replan
from labelbits.planning.result import Family
from labelbits.planning.simulated import curves as simulated
from labelbits.planning.spec.cost import Price
from labelbits.report import write_plan as write_plan_files
from labelbits.signals import Hard, Triplet
from labelbits.worlds import World
from tests.planning.conftest import BASE, SPECIFICATION, blobs

Write = Callable[..., Path]


def test_votes_on_blobs_make_a_plan_that_holds_up(made: Plan) -> None:
    """The forecast for hard labels agrees with a fit of scikit-learn's on as many labels."""
    from sklearn.linear_model import LogisticRegression

    assert {option.signal for option in made.options} == {"hard", "votes"}
    assert made.recommendation["cost"] <= 20
    measured = [o for o in made.options if o.family == "hard" and o.measured][-1]
    data = blobs()
    rng = np.random.default_rng(5)
    accuracies = []
    for _ in range(20):
        order = rng.permutation(400)
        train, test = order[: measured.items], order[320:]
        train = np.setdiff1d(train, test)
        votes = np.array([rng.choice(4, p=c / c.sum()) for c in data["counts"][train]])
        model = LogisticRegression(C=0.1).fit(data["features"][train], votes)
        accuracies.append(model.score(data["features"][test], data["gold"][test]))
    assert measured.low - 0.03 < np.mean(accuracies) < measured.high + 0.03


def test_the_same_seed_gives_the_same_bytes(write_plan: Write) -> None:
    path = write_plan()
    first, second = plan(path, seed=3), plan(path, seed=3)
    assert first.json() == second.json()
    assert first.csv() == second.csv()


def test_the_files_of_a_plan(made: Plan, tmp_path: Path) -> None:
    write_plan_to = tmp_path / "out"
    write_plan_files(made, write_plan_to)
    written = json.loads((write_plan_to / "plan.json").read_text(encoding="utf-8"))
    assert set(written) >= {"recommendation", "options", "crossovers", "assumptions", "warnings"}
    keys = {"signal", "items", "answers_per_item", "cost", "quality", "low", "high", "bits"}
    assert all(keys <= set(option) for option in written["options"])
    assert {"purchases", "cost", "quality", "interval", "sentence"} <= set(
        written["recommendation"]
    )
    assert all({"name", "value", "unit", "source"} == set(one) for one in written["assumptions"])
    page = (write_plan_to / "report.html").read_text(encoding="utf-8")
    assert written["recommendation"]["parts"]["purchase"].replace("'", "&#x27;") in page
    assert "http://" not in page.split("</script>", 2)[-1]
    lines = (write_plan_to / "options.csv").read_text(encoding="utf-8").splitlines()
    assert len(lines) == len(written["options"]) + 1
    items = pl.read_csv(write_plan_to / written["items_file"])
    assert items["item"].to_list() == list(range(len(blobs()["features"])))
    assert items["answers_held"].to_list() == blobs()["counts"].sum(1).tolist()


def test_a_measure_of_a_whole_set_is_uncertain_too(write_plan: Write) -> None:
    made = plan(write_plan(BASE + '\n[goal]\nmetric = "calibration-error"\n'), seed=0)
    assert made.lower_is_better
    held = made.recommendation["next"]
    # Gaps of about .35 an item over 400 items: .018, and somewhat more in a cross-validation.
    assert 0.01 < held["quality_now_standard_error"] < 0.04
    assert all(high - low > 0.02 for low, high in (one["interval"] for one in held["purchases"]))
    assert all(option.high - option.low > 0.02 for option in made.options)
    # No fold of 40 items has an error of its own that chance made.
    assert all((curve.measured[:, 1:] > 0).all() for curve in made.curves)


def test_a_specification_is_planned_by_simulation(simulated: Plan) -> None:
    made = simulated
    assert made.metric == "alignment"
    assert all(option.cost <= 60 * 1.001 for option in made.options)
    # 200 answers at .05 and 200 at .02.
    assert any("is assumed, not measured" in w and "14.00 USD" in w for w in made.warnings)
    for name in ("hard", "triplet"):
        quality = [o.quality for o in made.options if o.family == name]
        assert np.all(np.diff(quality) > -0.02)
        assert quality[-1] > quality[0] + 0.1


def test_a_world_too_large_to_simulate_is_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(SPECIFICATION.replace("classes = 4\ndims = 2", "classes = 9000\ndims = 40"))
    with pytest.raises(InputError, match=r"9,000 classes in 40 dimensions are 360,000 .* for hard"):
        plan(path)


def test_more_dimensions_than_items_show_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    text = "[dataset]\nitems = {}\nclasses = 2\ndims = {}\n[budget]\namount = 100\n"
    for items, dims, most in ((10, 50, 9), (1000, 200, 119)):
        path.write_text(text.format(items, dims) + '[[signal]]\nkind = "hard"\nprice = 0.02\n')
        with pytest.raises(InputError, match=f"dims is {dims} .*expected at most {most}"):
            plan(path)


def test_large_worlds_are_fewer_and_comparisons_need_no_prototypes() -> None:
    hard, triplet = (
        Family(s.name, s.name, s, None, Price(1.0, None, 0.0, "")) for s in (Hard(), Triplet())
    )
    large = World(items=120, classes=1000, dims=50)
    assert 4 <= simulated.worlds_of([hard], large) < simulated.WORLDS
    assert simulated.worlds_of([hard], World(120, 10, 5)) == simulated.WORLDS
    assert simulated.worlds_of([triplet], World(120, 9000, 40)) == simulated.WORLDS


def test_more_money_never_buys_less(made: Plan) -> None:
    plans = [replan(made, amount=amount) for amount in (2, 5, 10, 15, 20)]
    for poor, rich in itertools.pairwise(plans):
        assert poor.recommendation["quality"] <= rich.recommendation["quality"] + 1e-9
        assert poor.recommendation["cost"] <= poor.budget
        alone = [one.recommendation["from_nothing"]["quality"] for one in (poor, rich)]
        assert alone[0] <= alone[1] + 1e-9


def test_one_label_teaches_no_more_than_a_constant_answer(made: Plan) -> None:
    poor = replan(made, amount=0.014).recommendation
    (purchase,) = poor["purchases"]
    assert purchase["answers"] == 1
    share = np.bincount(blobs()["gold"]).max() / 400
    assert poor["from_nothing"]["interval"][1] <= share + 1e-9
    assert poor["quality"] >= poor["next"]["quality_now"] - 1e-9


def test_a_target_that_is_reached_already_is_said_so(made: Plan) -> None:
    target = made.recommendation["next"]["quality_now"] - 0.01
    easy = replan(replace(made, extras={**made.extras, "target": target}))
    assert "reach accuracy" in easy.recommendation["target_sentence"]
    assert "already" in easy.recommendation["target_sentence"]


def test_a_kind_too_dear_to_mix_is_not_mixed(write_plan: Write) -> None:
    """Six soft labels, for all the money, leave nothing to train on."""
    dear = BASE[: BASE.rindex("[[signal]]")] + '[[signal]]\nkind = "soft"\nprice = 3\n'
    made = plan(write_plan(dear))
    assert made.recommendation["family"] == "hard"
    assert "mixture" not in made.extras


def test_accuracy_of_a_specification_is_refused_first(tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    text = SPECIFICATION.replace("[budget]", '[goal]\nmetric = "accuracy"\n[budget]')
    path.write_text(text.replace('kind = "triplet"\nprice = 0.02', 'kind = "votes"\nprice = 0.05'))
    made = plan(path)
    assert made.recommendation["sentence"].startswith("This is no plan of accuracy")


def test_a_cheaper_rival_wins_in_the_end(made: Plan) -> None:
    cheap = replan(made, prices={"votes x 3": 1e-4}, amount=1)
    assert cheap.recommendation["purchases"][0]["signal"] == "votes"
    with pytest.raises(InputError, match="expected one of"):
        replan(made, prices={"no such": 1.0})


def test_the_labels_at_hand_count(made: Plan) -> None:
    """400 items with ten votes each beat what 20 USD buy alone, and more never makes it worse."""
    there = made.recommendation["next"]
    assert there["items_held"] == 400
    assert there["answers_held"] == 4000
    for one in there["purchases"]:
        assert one["quality"] >= there["quality_now"] - 1e-9
        assert one["interval"][0] <= one["quality"] <= one["interval"][1]


def test_a_mixture_is_measured_and_says_when_there_is_no_gain(made: Plan) -> None:
    """Votes and hard labels of one crowd carry the same information for the same money."""
    mixture = made.extras["mixture"]
    low, high = mixture["interval"]
    assert low < mixture["gain"] < high
    assert low < 0
    assert not mixture["recommended"]
    assert "no gain" in mixture["sentence"]
    assert sum(p["cost"] for p in mixture["purchases"]) <= 20 * 1.01


def test_options_start_at_a_measured_size(made: Plan) -> None:
    assert all(o.items >= 30 for o in made.options)
    for curve in made.curves:
        first = next(o for o in made.options if o.family == curve.family.name)
        assert first.answers >= curve.measured[0, 0] * 0.99


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, list(arguments))
    if isinstance(result.exception, InputError):
        return 2, result.stdout, str(result.exception)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, result.stderr


def test_the_command_prints_one_object(write_plan: Write, tmp_path: Path) -> None:
    path = write_plan()
    status, out, _ = run(
        "plan", str(path), "--out", str(tmp_path / "o"), "--json", "--budget", "10"
    )
    assert status == 0
    assert json.loads(out)["budget"] == 10


def test_wrong_input_writes_nothing(write_plan: Write, tmp_path: Path) -> None:
    features = blobs()["features"]
    features[0, 0] = np.inf
    out = tmp_path / "o"
    status, printed, problem = run("plan", str(write_plan(features=features)), "--out", str(out))
    assert (status, printed) == (2, "")
    assert "row 0, column 0 of features is inf" in problem
    assert not out.exists()


def test_a_budget_for_less_than_one_answer(write_plan: Write) -> None:
    path = write_plan(BASE.replace("amount = 20", "amount = 0.001"))
    with pytest.raises(InputError, match="the cheapest purchase costs"):
        plan(path)
