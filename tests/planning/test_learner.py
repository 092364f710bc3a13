"""[learner] in a plan file: encoders are measured beside the linear learner, and it is said."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
import pytest
from pydantic import Field
from sklearn.tree import DecisionTreeClassifier

from labelbits.errors import InputError
from labelbits.learning import LabelLearner, measure
from labelbits.learning.encoders import EncoderLearner
from labelbits.planning import plan, read_plan
from labelbits.planning.measured.other_learner import mixes
from labelbits.planning.mixtures import measured as mixtures
from labelbits.planning.mixtures import paired
from labelbits.planning.spec.learners import LEARNERS, LearnerKind, LearnerOption
from labelbits.planning.spec.planfile import LearnerPlan

PLAN = """
[dataset]
features = "features.npy"
counts = "counts.npy"
[goal]
metric = "accuracy"
[budget]
amount = 2
[[signal]]
kind = "hard"
seconds = 2
[[signal]]
kind = "votes"
seconds = 2
answers_per_item = 3
"""


@pytest.fixture(scope="module")
def rings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two rings, one in the other, which a linear map cannot tell apart, and a column that tells
    a little."""
    folder = tmp_path_factory.mktemp("rings")
    rng = np.random.default_rng(0)
    gold = rng.integers(2, size=90)
    angle = rng.uniform(0, 2 * np.pi, 90)
    radius = 1.0 + 1.5 * gold + 0.15 * rng.normal(size=90)
    ring = radius[:, None] * np.c_[np.cos(angle), np.sin(angle)]
    np.save(folder / "features.npy", np.c_[ring, gold + 0.6 * rng.normal(size=90)])
    counts = np.zeros((90, 2), int)
    other = rng.binomial(5, 0.1, size=90)
    counts[np.arange(90), gold], counts[np.arange(90), 1 - gold] = 5 - other, other
    np.save(folder / "counts.npy", counts)
    return folder


def write(folder: Path, learner: str) -> Path:
    path = folder / "plan.toml"
    path.write_text(PLAN + learner)
    return path


def test_a_network_learns_what_a_linear_map_cannot(rings: Path) -> None:
    from labelbits import signals
    from labelbits.interface import Batch

    x, counts = np.load(rings / "features.npy"), np.load(rings / "counts.npy")
    y = counts.argmax(1)

    def draw(rng: np.random.Generator, rows: np.ndarray) -> list[Batch]:
        n = len(rows)
        return [Batch(signals.Hard(), rows[:, None], y[rows, None], np.zeros(n, int), np.ones(n))]

    found = {
        name: measure(
            x, draw, [60], 2, np.arange(60, 90), np.eye(2)[y[60:]], metrics=("accuracy",),
            pool=np.arange(60), seed=0, learner=learner,
        )["accuracy"].mean[0]
        for name, learner in (("encoder", EncoderLearner((32,), 300)), ("linear", None))
    }  # fmt: skip
    assert found["encoder"] > 0.85
    assert found["linear"] < found["encoder"] - 0.05


def test_one_class_alone_is_learned_as_that(rings: Path) -> None:
    from labelbits import signals
    from labelbits.interface import Batch

    x = np.load(rings / "features.npy")
    rows = np.arange(5)
    batch = Batch(signals.Hard(), rows[:, None], np.ones((5, 1), int), np.zeros(5, int), np.ones(5))
    proba = EncoderLearner((8,), 50, classes=3).fit(x, [batch]).predict_proba(x)
    np.testing.assert_allclose(proba.sum(1), 1)
    assert (proba.argmax(1) == 1).all()


def test_the_plan_measures_the_encoder_and_compares_what_both_would_buy(
    rings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mixtures, "CROSS_CONFIRM", 10)  # one pass of the same steps
    monkeypatch.setattr(paired, "LUCK_SETS", 3)
    learner = '\n[learner]\nkind = "encoder"\nhidden = [32]\nsteps = 60\n'
    found = plan(write(rings, learner), seed=0)
    assert "the encoder would buy" in found.extras["learners"]
    assert "the linear learner would buy" in found.extras["learners"]
    learners = [a for a in found.assumptions if a.name == "learner"]
    assert learners[0].value == "encoder"
    # A mixture was trained with the encoder as well.
    assert "mixture" in found.extras
    assert not any("mixtures of labels" in said for said in found.warnings)
    # The labels that exist are worth what they are to the encoder, which a linear map cannot learn.
    there = found.extras["holdings"]
    assert there["quality"] > 0.75
    assert there["answers"] == 90 * 5
    best = max(float(curve.measured[-1, 1]) for curve in found.curves)
    assert best > 0.75


def test_mixtures_of_long_trainings_are_left_out_and_said() -> None:
    assert mixes(LearnerPlan()) == mixes(LearnerPlan(kind="encoder", steps=5000)) == ""
    assert "220 trainings of 50,000 steps" in mixes(LearnerPlan(kind="encoder", steps=50_000))


@pytest.mark.parametrize(
    ("learner", "says"),
    [
        ('kind = "forest"', r"\[learner\] kind is 'forest'"),
        ("hidden = [8]", 'hidden belong to kind = "encoder"'),
        ('kind = "encoder"\nhidden = [0]', r"hidden"),
        ('kind = "encoder"\nlayers = 3', "unknown key; expected one of: kind, hidden, steps"),
    ],
)
def test_a_wrong_learner_is_named(rings: Path, learner: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        read_plan(write(rings, f"\n[learner]\n{learner}\n"))


def test_an_encoder_for_comparisons_or_without_features_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(
        "[dataset]\nitems = 50\nclasses = 4\ndims = 2\n[budget]\namount = 5\n"
        '[[signal]]\nkind = "hard"\nseconds = 2\n[learner]\nkind = "encoder"\n'
    )
    with pytest.raises(InputError, match=r"expected \[dataset\] features and a signal that names"):
        plan(path, seed=0)


def test_a_learner_of_the_users_is_one_entry(rings: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tree with an option of its own: plan file, curves and sentences are about it."""
    tree = LearnerKind(
        "tree",
        "the tree",
        "trees",
        lambda options: ("tree", f"{options['depth']} questions deep", "by impurity"),
        lambda options, classes: LabelLearner(
            DecisionTreeClassifier(max_depth=options["depth"], random_state=0), classes
        ),
        {"depth": LearnerOption(Annotated[int, Field(ge=1)], 4)},
    )
    monkeypatch.setitem(LEARNERS, "tree", tree)
    found = plan(write(rings, '\n[learner]\nkind = "tree"\ndepth = 5\n'), seed=0)
    assert found.extras["learners"].startswith("the tree would buy")
    (told,) = [a for a in found.assumptions if a.name == "learner"]
    assert (told.value, told.unit) == ("tree", "5 questions deep")
    assert "linear learner was measured beside it" in told.source
    assert not any("encoder" in str(said) for said in (*found.assumptions, *found.warnings))
    for text, says in (
        ('kind = "tree"\nhidden = [3]', 'hidden belong to kind = "encoder"; the tree has depth'),
        ('kind = "tree"\ndepth = 0', r"depth is 0: .* greater than or equal to 1"),
        ('kind = "tree"\nd = 0', "expected one of: kind, hidden, steps, learning_rate, depth"),
    ):
        with pytest.raises(InputError, match=says):
            read_plan(write(rings, f"\n[learner]\n{text}\n"))
    simulated = rings / "simulated.toml"
    simulated.write_text(
        "[dataset]\nitems = 50\nclasses = 4\ndims = 2\n[budget]\namount = 5\n"
        '[[signal]]\nkind = "hard"\nseconds = 2\n[learner]\nkind = "tree"\n'
    )
    with pytest.raises(InputError, match='kind is "tree": trees are planned for labels'):
        plan(simulated, seed=0)
