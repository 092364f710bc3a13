"""Held-out measures on simulated worlds, where the truth is known, with controls that must fail."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from labelbits.answers import write_answers
from labelbits.cli import app
from labelbits.errors import InputError
from labelbits.recovery import (
    Fitter,
    agreement,
    agreement_ceiling,
    alignment_by_halves,
    explained_bits,
    learning_curve,
    measure_new_items,
    metrics,
    predict_held_out,
    shots,
)
from labelbits.recovery.held_out import nested_subsets, questions_of, splits
from tests.recovery.asked import answers as table_of
from tests.recovery.asked import asked

ITEMS, DIMS, LAPSE = 20, 2, 0.1
Z = np.random.default_rng(3).normal(size=(ITEMS, DIMS))
WORLD = Z, np.zeros((2, DIMS))
LEARN = Fitter(DIMS)


@pytest.fixture(scope="module")
def triplets():
    return table_of(ITEMS, 2, asked(WORLD, "triplet", 1000, 1, precision=2.0, lapse=LAPSE))


@pytest.fixture(scope="module")
def predicted(triplets):
    return predict_held_out(triplets, LEARN, folds=3)


def best_possible(answers) -> float:
    """Share of the answers that whoever knows the world foretells."""
    number = {name: i for i, name in enumerate(answers.items)}
    rows = np.array([[number[n] for n in row] for row in answers.table["items"].to_list()])
    near, far = (np.sum((Z[rows[:, 0]] - Z[rows[:, k]]) ** 2, 1) for k in (1, 2))
    return float(np.mean((far < near) == (answers.table["answer"] == "1").to_numpy()))


def test_agreement_and_bits_are_those_of_a_good_space(triplets, predicted):
    found, known = agreement(predicted), best_possible(triplets)
    assert len(predicted) == len(triplets)
    assert found.low < found < found.high
    assert known - 0.04 < found <= known + 0.01
    assert 0 < explained_bits(predicted) < 1 - predicted.bits.std() / len(predicted)


def test_shuffled_answers_explain_nothing(triplets):
    coin = np.random.default_rng(0).integers(0, 2, len(triplets)).astype(str)
    shuffled = replace(triplets, table=triplets.table.with_columns(answer=pl.Series(coin)))
    told = predict_held_out(shuffled, LEARN, folds=2)
    found = agreement(told)
    assert found.low < 0.5 < found.high
    assert explained_bits(told) < 0.02


def test_what_is_tested_was_not_fitted(triplets):
    mirrored = triplets.table.with_columns(
        pl.concat_list([pl.col("items").list.get(k) for k in (0, 2, 1)]).alias("items"),
        (1 - pl.col("answer").cast(pl.Int64)).cast(pl.String).alias("answer"),
    )
    both = replace(triplets, table=pl.concat([triplets.table, mirrored]))
    question = questions_of(both)
    assert np.array_equal(question[: len(triplets)], question[len(triplets) :])
    for fit, test in splits(both, 4):
        assert not set(question[fit]) & set(question[test])
    everywhere = np.sort(np.concatenate([test for _, test in splits(both, 4)]))
    assert np.array_equal(everywhere, np.arange(len(both)))


def test_folds_of_items_never_show_a_tested_item(triplets):
    for fit, test in splits(triplets, 4, by="item"):
        seen = set(triplets.table["items"][fit].explode().to_list())
        assert all(set(row) - seen for row in triplets.table["items"][test].to_list())
    with pytest.raises(InputError, match="different items cannot be dealt"):
        splits(triplets, ITEMS + 1, by="item")


def test_subsets_are_nested_and_keep_questions_whole(triplets):
    question = questions_of(triplets)
    rows = np.arange(len(triplets))
    found = nested_subsets(rows, question, (100, 300, 1000), np.random.default_rng(0))
    for small, large in itertools.pairwise(found):
        assert set(small) < set(large)
        assert not set(question[small]) & set(question[np.setdiff1d(rows, small)])
    assert len(found[-1]) == len(triplets)


def test_the_ceiling_comes_from_people_who_answer_the_same_questions():
    few = asked(WORLD, "triplet", 150, 5, precision=2.0, lapse=LAPSE)
    again = []
    number = {f"item {i}": i for i in range(ITEMS)}
    rows = np.array([[number[n] for n in row] for row in few["items"].to_list()])
    near, far = (np.sum((Z[rows[:, 0]] - Z[rows[:, k]]) ** 2, 1) for k in (1, 2))
    chance = (1 - LAPSE) / (1 + np.exp(-2.0 * (far - near))) + LAPSE / 2
    generator = np.random.default_rng(6)
    for person in range(8):
        said = (generator.random(len(few)) > chance).astype(int).astype(str)
        again.append(few.with_columns(answer=pl.Series(said), annotator=pl.lit(f"p{person}")))
    repeated = table_of(ITEMS, 2, *again)
    found = agreement_ceiling(repeated)
    same = float(np.mean(chance**2 + (1 - chance) ** 2))
    assert found.source == "repeats"
    assert found.another.low < same < found.another.high
    best = float(np.mean(np.maximum(chance, 1 - chance)))
    assert best - 0.02 < found.value < best + 0.06
    one = table_of(ITEMS, 2, *(t.with_columns(annotator=pl.lit("p0")) for t in again))
    assert agreement_ceiling(one).source == "none"  # nobody else answered: a repeat is no person


def test_without_repeats_the_ceiling_is_the_noise_of_the_fit(triplets):
    found = agreement_ceiling(triplets, LEARN(triplets))
    assert found.source == "fitted noise"
    assert "two people" in found.words
    assert abs(found.value - best_possible(triplets)) < 0.04


def test_alignment_by_halves_is_near_the_truth(triplets):
    found = alignment_by_halves(triplets, LEARN)
    rows = np.arange(len(triplets) // 2)
    half = replace(triplets, table=triplets.table[rows])
    true = metrics.spearman(np.asarray(LEARN(half).embedding_), Z)
    assert abs(found.alignment - true) < 0.05
    coin = np.random.default_rng(1).integers(0, 2, len(triplets)).astype(str)
    noise = replace(triplets, table=triplets.table.with_columns(answer=pl.Series(coin)))
    assert alignment_by_halves(noise, LEARN).alignment < 0.5


@dataclass
class Known:
    """A fit whose space is known."""

    embedding_: np.ndarray


def test_no_interval_of_an_alignment_passes_one(triplets):
    """Halvings that differ much: one nearly without noise, another with little else."""
    rng = np.random.default_rng(0)
    noise = iter(np.repeat([0.05, 1.0, 0.05, 0.02], 2))
    found = alignment_by_halves(
        triplets, lambda _: Known(Z + next(noise) * rng.normal(size=Z.shape))
    ).alignment
    assert 0 <= found.low < found < found.high <= 1


def test_the_curve_rises_with_answers(triplets):
    few, more = learning_curve(triplets, Fitter(1), sizes=(40, 700))
    assert (few.answers, more.answers) == (40, 700)
    assert more.agreement > few.agreement.high


def test_shots_tell_classes_apart_only_where_the_space_does():
    generator = np.random.default_rng(0)
    classes = np.repeat(np.arange(3), 12)
    points = 3 * np.eye(3)[classes] + generator.normal(size=(36, 3))
    for how in ("prototype", "ridge"):
        assert shots(points, classes, 3, how=how) > 0.85
        shuffled = shots(points, generator.permutation(classes), 3, how=how)
        assert shuffled.low < 1 / 3 < shuffled.high
    with pytest.raises(InputError, match="more than 12 items"):
        shots(points, classes, 12)


def test_shots_test_only_what_may_be_tested():
    classes = np.repeat(np.arange(2), 10)
    points = 5.0 * classes[:, None] + np.random.default_rng(0).normal(size=(20, 1))
    wrong = np.arange(20) % 10 < 3
    points[wrong] = 5.0 - points[wrong]  # three of each class lie where the other does
    assert shots(points, classes, 2, tested=~wrong) > shots(points, classes, 2) + 0.1
    with pytest.raises(InputError, match="may be tested"):
        shots(points, classes, 2, tested=classes == 0)


def test_features_foretell_answers_about_new_items(triplets):
    few = replace(triplets, table=triplets.table[:120])
    options = {"residual_scale": 0.0, "metric_power": 1.0, "precision": 2.0, "lapse": LAPSE}
    found = measure_new_items(few, Fitter(DIMS, Z, 0, options))
    assert found is not None
    assert found.agreement.low > 0.6
    other = np.random.default_rng(0).permutation(Z)  # the features of other items
    control = measure_new_items(few, Fitter(DIMS, other, 0, options))
    assert control is not None
    assert control.agreement < found.agreement.low


def test_recover_takes_features_by_id(triplets, tmp_path):
    write_answers(replace(triplets, table=triplets.table[:120]), tmp_path / "answers.parquet")
    names = list(triplets.items)[::-1]  # other rows than the answers' order
    rows = [Z[int(name.split()[1])] for name in names]
    lines = [f"{name},{x:.3f},{y:.3f},1" for name, (x, y) in zip(names, rows, strict=True)]
    (tmp_path / "x.csv").write_text("id,x,y,same\n" + "\n".join(lines) + "\n")
    words = ["recover", str(tmp_path / "answers.parquet"), "--dims", "2", "--json", "--features"]
    found = CliRunner().invoke(app, [*words, str(tmp_path / "x.csv"), "--no-held-out"])
    told = json.loads(found.stdout)
    assert told["residual_scale"] < 0.8  # two of the columns are the world itself
    assert {"held_out", "held_out_without_features", "held_out_new_items"} <= set(told)
    assert "1 of 3 columns of features are the same" in " ".join(found.stderr.split())
    (tmp_path / "x.csv").write_text("id,x,y,same\n" + "\n".join(lines[3:]) + "\n")
    lost = CliRunner().invoke(app, [*words, str(tmp_path / "x.csv")])
    assert "3 of 20 items of the answers have no row of features" in str(lost.exception)


def test_recover_prints_them(triplets, tmp_path):
    path = tmp_path / "answers.parquet"
    write_answers(replace(triplets, table=triplets.table[:160]), path)
    found = CliRunner().invoke(app, ["recover", str(path), "--dims", "1", "--json"])
    told = json.loads(found.stdout)["held_out"]
    assert told["agreement"]["low"] < told["agreement"]["value"] < told["agreement"]["high"]
    assert told["ceiling"]["source"] == "fitted noise"
    sizes = [one["answers"] for one in told["curve"]]
    assert sizes == sorted(sizes)
    # Four of the 160 are repeats of an annotator; halves are fitted to the rest.
    assert told["alignment"]["answers"] == 78
