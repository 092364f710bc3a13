"""Mixtures of signals through JAX: recovery, noise by annotator, the linearised start, files."""

from __future__ import annotations

import functools
import json
from pathlib import Path

import jax
import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

import labelbits as lb
from labelbits.cli import app
from labelbits.interface import Batch
from labelbits.recovery import RecoveryWarning, metrics, write_embedding
from labelbits.recovery.fitted import posterior
from labelbits.recovery.mixtures.channel import Channel
from labelbits.recovery.mixtures.objective import coded
from labelbits.recovery.mixtures.spectral import spectral_start
from labelbits.signals import make
from tests.recovery.asked import answers as answers_of
from tests.recovery.asked import asked

ITEMS, CLASSES, DIMS = 60, 5, 2


@pytest.fixture(scope="module")
def world() -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(21)
    points = generator.normal(size=(ITEMS + CLASSES, DIMS)).astype(np.float32)
    return points[:ITEMS], points[ITEMS:]


answers = functools.partial(answers_of, ITEMS, CLASSES)


@pytest.fixture(scope="module")
def mixed(world: tuple[np.ndarray, np.ndarray]) -> tuple[lb.SignalEmbedding, lb.Answers]:
    table = answers(
        asked(world, "hard", 600, 1, precision=2.0, lapse=0.05),
        asked(world, "triplet", 600, 2, precision=2.0, lapse=0.05),
    )
    return lb.SignalEmbedding(DIMS, random_state=0, n_init=1).fit(table), table


def test_a_mixture_is_recovered(
    mixed: tuple[lb.SignalEmbedding, lb.Answers], world: tuple[np.ndarray, np.ndarray]
) -> None:
    found, table = mixed
    assert found.prototypes_ is not None
    assert found.prototypes_.shape == (CLASSES, DIMS)
    assert metrics.spearman(found.embedding_, world[0]) > 0.8
    shuffled = np.random.default_rng(0).permutation(world[0])
    assert metrics.spearman(found.embedding_, shuffled) < 0.3
    assert set(found.precision_) == {"hard", "triplet"}
    assert all(0.3 < value < 10 for value in found.precision_.values())
    assert all(0 <= value < 0.4 for value in found.lapse_.values())
    probabilities = found.predict_proba(table)
    assert probabilities["hard"].shape == (600, CLASSES)
    np.testing.assert_allclose(probabilities["hard"].sum(1), 1, atol=1e-4)
    assert found.score(table) > (-np.log2(CLASSES) - 1) / 2 + 0.2
    assert 0 < found.train_error_ < 0.5


def test_a_file_of_the_embedding(
    mixed: tuple[lb.SignalEmbedding, lb.Answers], tmp_path: Path
) -> None:
    path = write_embedding(mixed[0], tmp_path / "z.parquet")
    table = pl.read_parquet(path)
    assert table.columns == ["item", "z0", "z1"]
    assert table["item"][3] == "item 3"
    assert [file.name for file in tmp_path.iterdir()] == ["z.parquet"]
    with pytest.raises(lb.InputError, match=r"expected \.parquet or \.csv"):
        write_embedding(mixed[0], tmp_path / "z.pkl")


def test_unknown_items_and_signals_are_named(
    mixed: tuple[lb.SignalEmbedding, lb.Answers], world: tuple[np.ndarray, np.ndarray]
) -> None:
    other = asked(world, "quadruplet", 5, 3)
    with pytest.raises(lb.InputError, match="quadruplet were not fitted"):
        mixed[0].score(answers(other))
    named = answers(asked(world, "triplet", 5, 3))
    renamed = lb.Answers(
        named.table.with_columns(pl.col("items").list.eval(pl.element().replace("item 1", "new"))),
        (*named.items, "new"),
        named.classes,
    )
    with pytest.raises(lb.InputError, match="'new', which was not fitted"):
        mixed[0].score(renamed)


def test_annotators_who_guess_are_found_out(world: tuple[np.ndarray, np.ndarray]) -> None:
    good = asked(world, "triplet", 900, 4, precision=3.0, lapse=0.02)
    bad = asked(world, "triplet", 900, 5, precision=3.0, lapse=0.9)
    table = pl.concat([good, bad.with_columns(annotator=pl.lit("b"))])
    both = lb.Answers(table, tuple(f"item {i}" for i in range(ITEMS)), (), ("a", "b"))
    found = lb.SignalEmbedding(DIMS, per_annotator=True, random_state=0, n_init=1).fit(both)
    lapse, precision = (
        found.annotator_lapse_["triplet"], found.annotator_precision_["triplet"],
    )  # fmt: skip
    # Few answers cannot tell a lapse from a low precision; either marks the guesser.
    assert lapse[1] > 2 * lapse[0] or precision[1] < precision[0] / 2
    assert metrics.spearman(found.embedding_, world[0]) > 0.8


def test_annotators_of_a_mixture_have_noise_in_each_signal(
    world: tuple[np.ndarray, np.ndarray],
) -> None:
    tables = []
    for i, (person, lapse) in enumerate((("a", 0.02), ("b", 0.9))):
        for j, name in enumerate(("hard", "triplet")):
            table = asked(world, name, 500, 20 + 2 * i + j, precision=3.0, lapse=lapse)
            tables.append(table.with_columns(annotator=pl.lit(person)))
    both = lb.Answers(
        pl.concat(tables),
        tuple(f"item {i}" for i in range(ITEMS)),
        tuple(f"class {k}" for k in range(CLASSES)),
        ("a", "b"),
    )
    found = lb.SignalEmbedding(DIMS, per_annotator=True, random_state=0, n_init=1).fit(both)
    for name in ("hard", "triplet"):
        lapse, precision = found.annotator_lapse_[name], found.annotator_precision_[name]
        assert lapse[1] > 2 * lapse[0] or precision[1] < precision[0] / 2, name
    assert metrics.spearman(found.embedding_, world[0]) > 0.8
    # The same answers without names: what the guesser says misleads.
    nameless = lb.SignalEmbedding(DIMS, random_state=0, n_init=1).fit(both)
    mine = lb.Answers(pl.concat(tables[:2]), both.items, both.classes, ("a", "b"))
    assert found.score(mine) > nameless.score(mine) + 0.05
    # Each annotator's noise is uncertain in the posterior: it shares the signal's slope.
    points = (ITEMS + CLASSES) * DIMS
    rows, prior = posterior._rows(found._fitted, found._data, points, 0)
    noise = rows[:, points:].toarray()
    assert noise.shape[1] == len(prior) == 2 * (2 + 2 * 2)
    for first in (0, 6):  # lapse, lapse of a and of b, precision, precision of a and of b
        for shared in (first, first + 3):
            own = noise[:, shared + 1 : shared + 3]
            np.testing.assert_allclose(own.sum(1), noise[:, shared], atol=1e-5)
            assert np.all(own.min(1) * own.max(1) == 0)
            assert np.all(np.abs(own).max(0) > 0)


def test_few_answers_leave_the_noise_standing(
    world: tuple[np.ndarray, np.ndarray],
) -> None:
    table = answers(
        asked(world, "hard", 90, 32, precision=2.0, lapse=0.05),
        asked(world, "triplet", 90, 33, precision=2.0, lapse=0.05),
    )
    found = lb.SignalEmbedding(DIMS, random_state=0, n_init=1).fit(table)
    # A Gaussian about each point on its own ended at precisions of 0.41 and 0.29 here.
    assert all(0.5 < value < 60 for value in found.precision_.values())
    # Answers that mean nothing: the precision of triplets falls, and nothing is predicted well.
    which = np.random.default_rng(33).random((900, ITEMS)).argsort(1)[:, :3]
    noise = lb.SignalEmbedding(DIMS, random_state=0, n_init=1)
    with pytest.warns(RecoveryWarning, match="no better than random"):
        noise.fit(which)
    held = np.random.default_rng(34).random((900, ITEMS)).argsort(1)[:, :3]
    assert -1.3 < noise.score(held) < -0.95


@pytest.mark.parametrize("name", ["triplet", "rating"])
def test_the_linearised_start_sees_the_shape(
    world: tuple[np.ndarray, np.ndarray], name: str
) -> None:
    items, prototypes = world
    signal = make(name, DIMS, CLASSES, precision=2.0)
    which = np.random.default_rng(6).random((3000, ITEMS)).argsort(1)[:, : signal.arity]
    d2 = signal.distances(items[which], prototypes)
    code = np.asarray(signal.sample(jax.random.key(7), d2))
    ones = np.ones(3000, np.float32)

    def start(answer: np.ndarray) -> float:
        batch = Batch(signal, which, answer, np.zeros(3000, np.int32), ones)
        channel = Channel(signal, 1, None, None, False)
        data = [coded(batch)]
        found = spectral_start([channel], [channel.start()], data, ITEMS, 0, DIMS, DIMS, 0)
        assert found is not None
        return float(metrics.spearman(found.items, items))

    assert start(code) > 0.4
    assert start(np.random.default_rng(8).permutation(code)) < 0.2


def test_recover_on_the_command_line(world: tuple[np.ndarray, np.ndarray], tmp_path: Path) -> None:
    file, out = tmp_path / "answers.parquet", tmp_path / "z.csv"
    asked(world, "triplet", 1500, 9, precision=5.0).write_parquet(file)
    run = CliRunner().invoke(
        app, ["recover", str(file), "--dims", "2", "--out", str(out), "--json"]
    )
    assert run.exit_code == 0, run.output
    said = json.loads(run.stdout)
    assert list(said) == [
        "items",
        "dims",
        "answers",
        "train_error",
        "lapse",
        "precision",
        "seconds",
        "answers_used",
        "noise",
        "held_out",
    ]
    assert (said["items"], said["dims"], said["answers"]) == (ITEMS, 2, 1500)
    table = pl.read_csv(out)
    assert table.columns == ["item", "z0", "z1"]
    rows = [int(name.split()[1]) for name in table["item"]]
    assert metrics.spearman(table.select("z0", "z1").to_numpy(), world[0][rows]) > 0.9
