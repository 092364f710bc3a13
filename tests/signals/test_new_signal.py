"""A new signal is one class and its line in the registry: every part works with it at once.

The signal here is a triplet with a third answer, "cannot tell", which is likely where both are
about as near. It exists in this test alone; nothing outside `signals` may need to know its name.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np
import polars as pl
import pytest
from jaxtyping import Array, Float
from scipy.spatial.distance import pdist
from scipy.stats import spearmanr
from typer.testing import CliRunner

import labelbits as lb
from labelbits.annotators.pilot import run_pilot
from labelbits.answers.export.export import export_plan
from labelbits.cli import app
from labelbits.errors import InputError
from labelbits.interface import Option
from labelbits.learning.fits.targets import class_count
from labelbits.planning import read_plan
from labelbits.planning.comparisons import following
from labelbits.planning.evidence.loading import load_evidence
from labelbits.signals import REGISTRY, Hard, SameClass, Triplet, make
from labelbits.signals.base import NOISE_FREE, Categorical, ComparisonSignal, column
from labelbits.sweeps import read_sweep
from labelbits.sweeps.runner import run_task
from labelbits.sweeps.spec import tasks_of
from tests.drawn import answered


class Undecided(ComparisonSignal, Categorical):
    """Codes 0: b, 1: c, 2: cannot tell; log odds precision (d2_ac - d2_ab), 0 for the third."""

    name: ClassVar[str] = "undecided"
    question: ClassVar[str] = "Which of the two is more like the first, if you can tell?"
    form: ClassVar[str] = "pick"
    fixed_pairs: ClassVar[tuple[tuple[int, int], ...]] = ((0, 1), (0, 2))

    @property
    def arity(self) -> int:
        return 3

    @property
    def symmetry(self) -> int:
        return 2

    def outcomes(self, classes: int) -> float:
        return 3

    def log_table(self, d2: Float[Array, "*n reads"]) -> Float[Array, "*n outcomes"]:
        beta = column(jnp.minimum(self.precision, NOISE_FREE), d2)
        utility = -beta * (d2 - jnp.mean(d2, axis=-1, keepdims=True))
        middle = jnp.zeros_like(utility[..., :1])
        return jax.nn.log_softmax(jnp.concatenate([utility, middle], axis=-1), axis=-1)


class Cautious(Triplet):
    """A triplet with an option of its own: only what is `margin` times as clear decides."""

    margin: Any = 0.5

    name: ClassVar[str] = "cautious"
    options: ClassVar[Mapping[str, Option]] = {
        "margin": Option("number", "how much clearer a difference has to be")
    }

    def log_table(self, d2: Float[Array, "*n reads"]) -> Float[Array, "*n outcomes"]:
        return super().log_table(d2 / (1 + self.margin))


class Loud(Hard):
    """A second question that is answered by one class, or by "none" where no class fits."""

    name: ClassVar[str] = "loud"

    @classmethod
    def named(cls, answer: Any) -> list[str]:
        return [] if answer == "none" else super().named(answer)

    def encode(
        self, answer: Any, names: Mapping[str, int], asked: Sequence[str] = ()
    ) -> Sequence[float]:
        return super().encode(next(iter(names)) if answer == "none" else answer, names, asked)


class SameKind(SameClass):
    """A second question that shows two items and is about classes."""

    name: ClassVar[str] = "same-kind"


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    for signal in (Undecided, Cautious, SameKind, Loud):
        monkeypatch.setitem(REGISTRY, signal.name, signal)


def test_bits_bounds_and_joint_bits() -> None:
    world = lb.World(items=4, dims=2)
    one = lb.information.per_answer(Undecided(precision=2.0), world, seed=0)
    assert 4 * one.standard_error < one.bits < one.upper_bound
    assert one.upper_bound == pytest.approx(math.log2(3))
    lapsed = lb.information.per_answer(Undecided(precision=2.0, lapse=0.3), world, seed=0)
    assert lapsed.bits < one.bits - 4 * one.standard_error
    two = lb.information.joint(Undecided(precision=2.0), world, [[0, 1, 2], [1, 2, 3]], seed=0)
    assert one.bits < two.bits < 2 * one.bits + 4 * two.standard_error
    found = {bound.signal: bound for bound in lb.information.bounds(lb.World(items=30, dims=2))}
    assert found["undecided"].answers == 30 * math.comb(29, 2)
    assert 0 < found["undecided"].bits <= found["undecided"].answers * math.log2(3)


def test_answers_are_read_recovered_and_scored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    items, count = 40, 4000
    rng = np.random.default_rng(3)
    points = rng.standard_normal((items, 2))
    asked = np.stack([rng.choice(items, 3, replace=False) for _ in range(count)])
    signal = Undecided(precision=4.0)
    table = np.exp(np.asarray(signal.log_outcome(signal.distances(jnp.asarray(points[asked])))))
    code = (rng.random((count, 1)) > table.cumsum(1)[:, :-1]).sum(1)
    assert set(code) == {0, 1, 2}
    path = tmp_path / "answers.parquet"
    pl.DataFrame(
        {
            "signal": [Undecided.name] * count,
            "annotator": ["a"] * count,
            "items": [[str(i) for i in row] for row in asked],
            "answer": [json.dumps(int(c)) for c in code],
        }
    ).write_parquet(path)
    with monkeypatch.context() as before:
        before.delitem(REGISTRY, Undecided.name)
        with pytest.raises(InputError, match="unknown signal"):
            lb.read_answers(path)
    answers = lb.read_answers(path)
    assert len(answers) == count
    fitted = lb.SignalEmbedding(n_components=2, random_state=0).fit(answers)
    found = fitted.embedding_[[fitted.items_.index(str(i)) for i in range(items)]]
    correlation = spearmanr(pdist(found), pdist(points)).statistic
    shuffled = spearmanr(pdist(found), pdist(rng.permutation(points))).statistic
    assert correlation > 0.97 > 0.3 > abs(shuffled)


def test_sweep_and_plan_and_export(tmp_path: Path) -> None:
    (tmp_path / "sweep.toml").write_text(
        """
seeds = 2
[grid]
items = [30]
classes = [3]
dims = [2]
precision = [3.0]
lapse = [0.0]
signals = ["undecided", "hard+undecided"]
answers_per_item = [20]
metrics = ["spearman"]
"""
    )
    swept = pl.concat([run_task(t) for t in tasks_of(read_sweep(tmp_path / "sweep.toml"))])
    assert swept.filter(signal="undecided")["value"].min() > 0.8
    (tmp_path / "plan.toml").write_text(
        """
[dataset]
items = 30
classes = 3
dims = 2
[budget]
amount = 30
wage_per_hour = 12
[[signal]]
kind = "undecided"
seconds = 3
"""
    )
    made = lb.plan(tmp_path / "plan.toml")
    assert {option.signal for option in made.options} == {"undecided"}
    (tmp_path / "plan.json").write_text(made.json())
    folders, _ = export_plan(tmp_path / "plan.json", tmp_path / "export")
    tasks = json.loads((folders[0] / "tasks.json").read_text())
    assert len(tasks) > 10
    assert Undecided.question in (folders[0] / "config.xml").read_text()


def asked_and_answered(signal: lb.Signal, folder: Path, count: int, people: int) -> Path:
    """A file of `people` answers to each of `count` questions about 20 items in 2 dimensions."""
    rng = np.random.default_rng(5)
    points = jnp.asarray(rng.standard_normal((20, 2)), jnp.float32)
    prototypes = jnp.asarray(rng.standard_normal((3, 2)), jnp.float32)
    asked = np.stack([rng.choice(20, signal.arity, replace=False) for _ in range(count)])
    asked = np.repeat(asked, people, axis=0)
    codes = answered(signal, jax.random.key(0), points[asked], prototypes)
    path = folder / "answers.parquet"
    pl.DataFrame(
        {
            "signal": [signal.name] * len(asked),
            "annotator": [f"w{i % people}" for i in range(len(asked))],
            "items": [[str(i) for i in row] for row in asked],
            "answer": [json.dumps(signal.decode(code, "abc")[0]) for code in codes],
            "seconds": [3.0] * len(asked),
        }
    ).write_parquet(path)
    return path


PLAN = """
[dataset]
items = 20
classes = 3
dims = 2
pilot = ["answers.parquet"]
[budget]
amount = 0.8
wage_per_hour = 12
[[signal]]
kind = "{kind}"
"""


@pytest.mark.filterwarnings("ignore::labelbits.recovery.fitted.inputs.RecoveryWarning")
@pytest.mark.parametrize(
    ("signal", "option"), [(Cautious(margin=2.0), "margin = 2.0"), (SameKind(), "")]
)
def test_every_command_takes_it(
    signal: lb.Signal, option: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One with an option of its own, and a second one of two items and their classes."""
    # How many worlds are followed decides how sure a plan is, not which signals it takes.
    monkeypatch.setattr(following, "TWINS", 2)
    monkeypatch.setattr(following, "HALF_TWINS", 2)
    path = asked_and_answered(signal, tmp_path, 60, 3)
    found = run_pilot([path], dims=2).calibration[signal.name]
    assert (found.answers, found.seconds.mean) == (180, 3.0)
    assert lb.information.per_answer(signal, lb.World(items=20, classes=3, dims=2)).bits > 0.01
    fitted = lb.SignalEmbedding(n_components=2, random_state=0).fit(
        lb.read_answers(path, classes=("a", "b", "c"))
    )
    assert fitted.embedding_.shape == (20, 2)
    plan = tmp_path / "plan.toml"
    plan.write_text(PLAN.format(kind=signal.name) + option)
    made = lb.plan(plan)
    (bought,) = made.recommendation["purchases"]
    assert bought["signal"] == signal.name
    assert bought["cost_of_answers"] == pytest.approx(bought["answers"] * 0.01)
    assert (bought.get("margin") == 2.0) == bool(option)
    (tmp_path / "plan.json").write_text(made.json())
    folders, _ = export_plan(tmp_path / "plan.json", tmp_path / "export")
    assert signal.question in (folders[0] / "config.xml").read_text()


def test_an_option_is_the_signal_s_own_and_has_its_type(tmp_path: Path) -> None:
    plan = tmp_path / "plan.toml"
    text = PLAN.replace('pilot = ["answers.parquet"]\n', "")
    for kind, line, says in (
        ("cautious", 'margin = "wide"', "margin is 'wide'; expected a number .how much clearer"),
        ("triplet", "margin = 2.0", "signal triplet has no option 'margin'"),
        ("cautious", "margn = 2.0", "margn: unknown key; did you mean 'margin'"),
    ):
        plan.write_text(text.format(kind=kind) + line)
        with pytest.raises(InputError, match=says):
            lb.plan(plan)
    assert make("cautious", 2, 3, margin=2.0).margin == 2.0
    # A classifier learns from answers about one item; this one compares two.
    np.savez(tmp_path / "features.npz", features=np.random.default_rng(0).normal(size=(20, 2)))
    asked_and_answered(SameKind(), tmp_path, 50, 1)
    data = text.replace("items = 20", 'features = "features.npz"\npilot = ["answers.parquet"]')
    plan.write_text(
        data.format(kind="same-kind").replace("[budget]", '[goal]\nmetric = "accuracy"\n[budget]')
    )
    with pytest.raises(InputError, match="no signal of the plan names classes"):
        lb.plan(plan)


class Shy(Undecided):
    """The same, and how often "cannot tell" is said is an option of its own."""

    shyness: Any = 0.0

    name: ClassVar[str] = "shy"
    options: ClassVar[Mapping[str, Option]] = {"shyness": Option("number", "log odds of the third")}

    def log_table(self, d2: Float[Array, "*n reads"]) -> Float[Array, "*n outcomes"]:
        shift = jnp.array([0.0, 0.0, 1.0]) * self.shyness
        return jax.nn.log_softmax(super().log_table(d2) + shift, axis=-1)


def test_an_option_of_its_own_works_in_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(REGISTRY, Shy.name, Shy)
    words = ["bits", "--signal", "shy", "--standard-error", "0.01", "--json", "--shyness"]
    bits = [
        json.loads(CliRunner().invoke(app, [*words, value], catch_exceptions=False).stdout)["bits"]
        for value in ("-9", "9")
    ]
    assert bits[0] > bits[1] + 0.3
    table = CliRunner(env={"COLUMNS": "200"}).invoke(app, [*words[:5], "--shyness", "2"]).stdout
    assert "shyness=2" in table


def said_by_three(folder: Path, kind: str, items: int) -> Path:
    """Three answers about every item, one of ten wrong, in a file; features beside it."""
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 3, items)
    np.savez(
        folder / "features.npz",
        features=np.eye(3)[truth] * 2 + rng.standard_normal((items, 3)),
    )
    item = np.repeat(np.arange(items), 3)
    said = np.where(rng.random(len(item)) < 0.1, rng.integers(0, 3, len(item)), truth[item])
    pl.DataFrame(
        {
            "signal": [kind] * len(item),
            "annotator": [f"w{i % 3}" for i in range(len(item))],
            "items": [[str(i)] for i in item],
            "answer": [json.dumps("abc"[k]) for k in said],
        }
    ).write_parquet(folder / "answers.parquet")
    return folder / "answers.parquet"


def test_votes_of_another_name_are_labels_that_are_held(tmp_path: Path) -> None:
    """Three answers about each of 150 items: the pilot's votes, whatever the question is called."""
    found = {}
    for kind in ("hard", "loud"):
        path = said_by_three(tmp_path, kind, 150)
        (tmp_path / "plan.toml").write_text(
            '[dataset]\nfeatures = "features.npz"\npilot = ["answers.parquet"]\n'
            f'[budget]\namount = 2\n[[signal]]\nkind = "{kind}"\nprice = 0.01\n'
        )
        evidence = load_evidence(read_plan(tmp_path / "plan.toml"), 0)
        assert evidence.reports is None
        assert class_count(list(evidence.batches.values())) == 3
        assert run_pilot([path]).calibration[kind].answers == 450
        found[kind] = evidence.counts
    assert found["loud"].sum() == 450
    np.testing.assert_array_equal(found["loud"], found["hard"])
    made = lb.plan(tmp_path / "plan.toml")
    assert made.recommendation["next"]["answers_held"] == 450
    assert not any("no training item has real answers" in text for text in made.warnings)


def test_what_is_said_instead_of_a_class_is_no_class(tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    said = [*"abcab", "none"]
    path.write_text(
        "".join(
            json.dumps({"signal": "loud", "annotator": "w", "items": [str(i)], "answer": one})
            + "\n"
            for i, one in enumerate(said)
        )
    )
    answers = lb.read_answers(path)
    assert answers.classes == ("a", "b", "c")
    assert len(answers) == 6
    # One that names no such exception takes the word for a class.
    path.write_text(path.read_text().replace("loud", "hard"))
    assert lb.read_answers(path).classes == ("a", "b", "c", "none")
