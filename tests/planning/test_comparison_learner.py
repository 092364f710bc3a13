"""[learner] kind = "encoder" in plans about comparisons, and encoders under held-out measures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from labelbits.answers import write_answers
from labelbits.errors import InputError
from labelbits.learning.encoders import EncoderFitter
from labelbits.planning import Plan, plan
from labelbits.planning.comparisons import dimensions, following, measured
from labelbits.planning.comparisons.held import Held, held_answers
from labelbits.recovery import Fitter, agreement, explained_bits
from labelbits.recovery.held_out import agreement_ceiling, predict
from tests.recovery.asked import answers as table_of
from tests.recovery.asked import asked

ITEMS, MANY = 16, 500
#: The plan's: few items, so that its many fits are quick.
FEW, PILOT = 10, 160
RNG = np.random.default_rng(5)
#: Where people see items is a quadratic of the first column; the other columns tell nothing.
X = RNG.normal(size=(ITEMS, 3))
Z = X[:, :1] ** 2 - 1
TOML = """
[dataset]
pilot = ["answers.parquet"]
features = "x.parquet"
dims = 1
[goal]
metric = "agreement"
[budget]
amount = 5
[[signal]]
kind = "triplet"
price = 0.02
answers_per_question = 1
[learner]
kind = "encoder"
steps = 100
hidden = [32]
"""
LEARN = EncoderFitter(X, (32,), 300)


def triplets(n: int, seed: int, items: int = ITEMS):
    world = Z[:items], np.zeros((2, 1))
    return table_of(items, 2, asked(world, "triplet", n, seed, precision=4.0, lapse=0.05))


def written(folder: Path, toml: str = TOML) -> Path:
    write_answers(triplets(PILOT, 1, FEW), folder / "answers.parquet")
    columns = {f"f{j}": X[:FEW, j] for j in range(X.shape[1])}
    pl.DataFrame({"id": [f"item {i}" for i in range(FEW)], **columns}).write_parquet(
        folder / "x.parquet"
    )
    (folder / "plan.toml").write_text(toml)
    return folder / "plan.toml"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    patch = pytest.MonkeyPatch()
    patch.setattr(following, "TWINS", 2)  # a plan of the same steps in a quarter of the time
    patch.setattr(following, "HALF_TWINS", 2)
    patch.setattr(measured, "FOLDS", 2)
    patch.setattr(measured, "HALVINGS", 1)
    try:
        return plan(written(tmp_path_factory.mktemp("encoder")), seed=0)
    finally:
        patch.undo()


def test_the_plan_is_the_encoders_and_says_what_each_learner_would_buy(made: Plan) -> None:
    said = made.extras["learners"]
    assert said.startswith("the encoder would buy triplet, ")
    assert "the linear learner would buy triplet" in said
    assert said.endswith("both would buy the same answers")
    own, linear = made.extras["measured_curves"]
    assert (own["source"], linear["source"]) == ("triplet", "triplet, the linear learner")
    (curve,) = made.curves
    np.testing.assert_allclose(curve.measured[:, 1], own["quality"])
    assert own["quality"] != linear["quality"]
    assert curve.at(float(curve.answers[-1])).mean() > own["quality"][0]
    (told,) = [a for a in made.assumptions if a.name == "learner"]
    assert (told.value, told.unit) == ("encoder", "32 hidden units, 100 steps at most")
    (check,) = made.extras["backtest"]
    assert check["actual"] == pytest.approx(own["quality"][-1])


def test_held_out_measures_take_an_encoder_and_tell_a_map_from_none() -> None:
    """More is explained than by a linear map of the features; of shuffled features nothing."""
    test = triplets(1500, 7)
    own = predict(LEARN(triplets(MANY, 2)), test)
    metric = predict(
        Fitter(1, X, options={"residual_scale": 0.0, "metric_power": 1.0})(triplets(MANY, 2)), test
    )
    assert float(agreement(own)) > float(agreement(metric)) + 0.02
    assert float(explained_bits(own)) > 0.1
    shuffled = replace(LEARN, features=np.random.default_rng(0).permutation(X))
    told = agreement_ceiling(triplets(MANY, 2), LEARN(triplets(MANY, 2)))
    assert told.source == "fitted noise"
    assert 0.7 < told.value <= 1
    # Items that no fitted answer shows lie where their features say: by chance where those are
    # others'.
    rows = triplets(MANY, 2).table
    inside = [i for i, row in enumerate(rows["items"].to_list()) if _first_half(row)]
    part = replace(triplets(MANY, 2), table=rows[inside])
    new = [i for i, row in enumerate(test.table["items"].to_list()) if _second_half(row)]
    about_new = replace(test, table=test.table[new])
    true, other = (float(agreement(predict(one(part), about_new))) for one in (LEARN, shuffled))
    assert true > 0.65
    assert other < 0.6


def _first_half(row: list[str]) -> bool:
    return all(int(name.split()[1]) < 11 for name in row)


def _second_half(row: list[str]) -> bool:
    return all(int(name.split()[1]) >= 11 for name in row)


def held_of(x: np.ndarray) -> Held:
    return held_answers(triplets(MANY, 2), {}, x, np.full(ITEMS, -1))


def test_alignment_of_encoders_is_not_that_of_what_two_of_them_share(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two encoders of features that tell nothing of the truth may agree with each other, and not
    with the truth: the linear learner, whose items have parts of their own, tells it."""
    monkeypatch.setattr(measured, "HALVINGS", 0)
    monkeypatch.setattr(dimensions, "RICHER", 0)
    x = X[:, 1:]
    fitter = Fitter(1, x, options={"residual_scale": 1.0, "metric_power": 1.0})
    learn = replace(LEARN, features=x)
    common = held_of(x), ("triplet", ""), "alignment"
    linear = measured.measured(*common, fitter, 1, 0, lambda done: None)
    own = measured.measured(*common, learn, 1, 0, lambda done: None, linear)
    truth = np.mean([_spearman(np.asarray(part.spaces[-1].embedding_), Z) for part in own.parts])
    assert own.value == pytest.approx(float(truth), abs=0.15)


def _spearman(a: np.ndarray, b: np.ndarray) -> float:
    from labelbits.learning.encoders.probes import distance_alignment

    return distance_alignment(a, b)


def test_an_encoder_without_features_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, TOML.replace('features = "x.parquet"\n', ""))
    with pytest.raises(InputError, match="or features and a pilot that compares items"):
        plan(path, seed=0)
