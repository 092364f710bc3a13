"""One pilot through every command: what two of them print about it is the same."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jax
import numpy as np
import polars as pl
import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

from labelbits.annotators import calibrate
from labelbits.answers import read_answers
from labelbits.app import build_app
from labelbits.cli import app
from labelbits.planning import Plan, plan, read_plan
from labelbits.planning.evidence.answers_held import Pilot
from labelbits.planning.evidence.noise import noise_of
from labelbits.signals import Triplet
from tests.drawn import answered

ITEMS, QUESTIONS, PEOPLE = 12, 100, 3
PLAN = """
[dataset]
features = "features.npz"
classes = 2
dims = 2
pilot = ["answers.parquet"]
[goal]
metric = "alignment"
[budget]
amount = 0.8
wage_per_hour = 12
[[signal]]
kind = "triplet"
answers_per_question = 1
[[signal]]
kind = "triplet"
annotators = "model"
model = "coin"
price = 0.001
[[signal]]
kind = "triplet"
annotators = "model"
model = "unseen"
price = 0.001
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Triplets of three people in 2 dimensions, some asked again, and as many of a coin."""
    made = tmp_path_factory.mktemp("road")
    rng = np.random.default_rng(1)
    points = rng.standard_normal((ITEMS, 2)).astype(np.float32)
    asked = np.stack([rng.choice(ITEMS, 3, replace=False) for _ in range(QUESTIONS)])
    asked = np.repeat(asked, PEOPLE, axis=0)
    signal = Triplet(precision=3.0, lapse=0.05)
    said = answered(signal, jax.random.key(1), points[asked])
    rows = [
        {
            "signal": "triplet",
            "annotator": f"w{i % PEOPLE}",
            "items": [str(k) for k in row],
            "answer": str(int(code)),
            "seconds": float(seconds),
            "annotator_kind": "person",
        }
        for i, (row, code, seconds) in enumerate(
            zip(asked, said[:, 0], rng.lognormal(2.0, 1.5, len(asked)), strict=True)
        )
    ]
    again = rows[:60]
    coin = [
        {**row, "annotator": "coin", "annotator_kind": "model", "seconds": None,
         "answer": str(rng.integers(2))}
        for row in rows[::PEOPLE]
    ]  # fmt: skip
    pl.DataFrame(rows + again + coin).write_parquet(made / "answers.parquet")
    np.savez(made / "features.npz", features=rng.standard_normal((ITEMS, 12)))
    (made / "plan.toml").write_text(PLAN)
    return made


def command(*words: str) -> dict[str, Any]:
    found = CliRunner().invoke(app, [*words, "--json"])
    assert found.exit_code == 0, found.output
    return json.loads(found.stdout)


@pytest.fixture(scope="module")
def made(folder: Path) -> Plan:
    return plan(folder / "plan.toml")


@pytest.fixture(scope="module")
def pilot(folder: Path) -> dict[str, Any]:
    return command("pilot", str(folder / "answers.parquet"), "--wage", "12", "--dims", "2")


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_what_two_commands_print_is_the_same(
    folder: Path, made: Plan, pilot: dict[str, Any]
) -> None:
    people = pilot["signals"]["triplet"]
    recovered_from = command(
        "recover", str(folder / "answers.parquet"), "--dims", "2", "--no-held-out"
    )
    assumed = {one["name"]: one["value"] for one in made.to_dict()["assumptions"]}
    served = TestClient(build_app(made), base_url="http://127.0.0.1").get("/plan.json").json()
    of_page = {one["name"]: one["value"] for one in served["assumptions"]}
    for shown in (assumed, of_page):
        assert shown["precision of triplet"] == pytest.approx(people["precision"]["value"])
        assert shown["lapse of triplet"] == pytest.approx(people["lapse"]["value"])
        assert shown["price of one triplet answer"] == pytest.approx(people["price"])
        assert shown["mean time of one triplet answer"] == pytest.approx(people["seconds"]["mean"])
    assert people["answers"] == recovered_from["answers"] - 100 == 360
    # A coin's answers and repeats tell nothing of where items lie.
    assert recovered_from["answers_used"] == people["answers"] - people["repeats"]
    # One noise: what `recover` fits is what `pilot` reports, to the digit.
    assert recovered_from["precision"] == people["precision"]["value"]
    assert recovered_from["lapse"] == people["lapse"]["value"]
    repeats = people["repeats"]
    assert repeats >= 60
    assert any(f"{repeats} of people's 360 answers repeat" in said for said in made.warnings)
    entry = people["plan"]  # what a plan file would say without the pilot
    assert entry["seconds"] * 12 / 3600 == pytest.approx(people["price"])
    (bought,) = made.recommendation["purchases"]
    who = bought["annotators"]
    price = next(c.family.price for c in made.curves if c.family.annotators == who)
    assert bought["cost_of_answers"] == pytest.approx(bought["answers"] * price.amount)
    assert recovered_from["dims"] == people["noise"]["dims"]


def test_a_coin_is_worth_nothing_and_the_unseen_are_not_sure(
    made: Plan, pilot: dict[str, Any]
) -> None:
    evidence = pilot["models"]["coin"]["triplet"]["random"]
    assert evidence
    assert any("triplet by coin was left out" in s and evidence in s for s in made.warnings)
    families = {curve.family.name for curve in made.curves}
    assert families == {"triplet", "triplet by unseen"}
    # Nothing is known of the unseen: its interval holds that it may know nothing at all.
    assert any("Nothing is known of how unseen answers" in said for said in made.warnings)
    unseen = [o for o in made.options if o.annotators == "unseen"][-1]
    people = [o for o in made.options if o.annotators == "crowd"][-1]
    assert unseen.answers > 10 * people.answers
    assert unseen.low < 0.3
    # People as many of whose answers are bought are known far better.
    curve = next(one for one in made.curves if one.family.annotators == "crowd")
    low, high = np.quantile(curve.at(float(unseen.answers)), [0.05, 0.95])
    assert unseen.high - unseen.low > 2 * (high - low)
    # Of 400 draws, 8 or more leave the unseen better: that is no certainty (.92 to .96 by the luck
    # of ten twins).
    assert made.recommendation["probability_best"] < 0.98


def test_noise_that_the_pilot_cannot_tell_is_not_said_to_have_no_pilot(folder: Path) -> None:
    wanted = read_plan(folder / "plan.toml")
    answers = read_answers(folder / "answers.parquet")
    some = replace(answers, table=answers.table.gather_every(PEOPLE).head(40))
    few = Pilot(calibration=calibrate(some, dims=2, only=("noise",)))
    assert few.calibration.of("triplet").noise is None
    noise, coin, _ = noise_of(wanted, few)
    for source in (noise.precision_source, noise.lapse_source):
        assert source.startswith("assumed")
        assert "the pilot's 38 triplet answers cannot tell it: " in source
        assert "no pilot" not in source
    assert "no answers of coin" in coin.precision_source
    assert "no pilot" in noise_of(wanted, Pilot())[0].precision_source
