"""The figures of facts.json, from our own readers and our own arithmetic."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from labelbits.answers import calibrate, read_answers, worth_of_soft
from labelbits.answers.reports import reports
from labelbits.answers.worth import Worth
from labelbits.signals import Soft, SparseSoft


@pytest.fixture(scope="module")
def facts(data: Path) -> dict:
    return json.loads((data / "facts.json").read_text())


@pytest.fixture(scope="module")
def truth(data: Path) -> dict[str, str]:
    with np.load(data / "cifar10h_counts.npz") as arrays:
        names = arrays["class_names"][arrays["true_label"]]
    return {str(i): str(name) for i, name in enumerate(names)}


@pytest.fixture(scope="module")
def typed(data: Path, truth: dict[str, str]):
    answers = read_answers(data / "cifar10s_annotations.parquet")
    return answers, calibrate(answers, truth)["sparse-soft"]


def test_cifar10s_sizes_and_times(typed, facts: dict) -> None:
    answers, found = typed
    known = facts["cifar10s"]
    assert (found.answers, found.annotators, found.items) == (6723, 248, 1000)
    assert answers.rejected is not None
    assert len(answers.rejected) == 0
    time, expected = found.seconds, known["seconds_per_annotation_le_300s"]
    assert (time.answers, time.dropped) == (expected["n"], expected["dropped"])
    for name in ("median", "mean", "p10", "p90"):
        assert round(getattr(time, name), 2) == expected[name]
    assert time.learning.high < 1  # people get faster within the session


def test_cifar10s_quality(typed, facts: dict) -> None:
    answers, found = typed
    known = facts["cifar10s"]
    assert found.confusion.against == "gold"
    assert round(found.confusion.accuracy.value, 4) == known["top1_accuracy_first"]
    assert found.agreement.pairs_repeat == known["repeats"]
    assert round(found.agreement.repeat_same_top.value, 2) == known["top1_repeat_agreement"]
    assert found.agreement.between.value == pytest.approx(
        known["tv_between"]["two_annotators_soft"], abs=0.003
    )
    first = answers.table.filter(~pl.col("repeat"))
    report, _ = reports(first["answer"], answers.classes, SparseSoft)
    entropy = -(report * np.log2(np.maximum(report, 1e-12))).sum(1)
    assert entropy.mean() == pytest.approx(
        known["mean_entropy_bits"]["single_soft_label"], abs=0.001
    )


def test_repeats_differ_by_what_was_typed_and_not_by_the_misplaced_columns(
    data: Path, typed, facts: dict
) -> None:
    """The published .241 pairs rows of the columns p0..p9, which stand in other rows' places.

    As distributions of an image they are right (each is found among the typed labels of its
    image), but only three in ten stand in the row that was typed. Taken from what was typed, one
    person's two labels of an image differ by half of that.
    """
    known = facts["cifar10s"]["tv_between"]["same_annotator_repeat"]
    completed = read_answers(data / "cifar10s_annotations.parquet", signal="soft")
    assert "favour another class" in completed.notes[0]
    as_published = calibrate(completed)["soft"].agreement
    assert round(as_published.repeat.value, 3) == known == 0.241
    _, found = typed
    assert found.agreement.repeat.value == pytest.approx(0.124, abs=0.001)
    assert found.agreement.repeat.high < as_published.repeat.low


def test_the_completed_columns_belong_to_other_rows_of_their_image(data: Path, typed) -> None:
    answers, _ = typed
    table = pl.read_parquet(data / "cifar10s_annotations.parquet")
    there = table.select(f"p{k}" for k in range(10)).to_numpy()
    ours, _ = reports(answers.table["answer"], answers.classes, SparseSoft)
    same_row = np.abs(ours - there).max(1) < 2e-3
    image = table["image_idx"].to_numpy()
    same_image = np.concatenate(
        [
            (np.abs(ours[rows][:, None] - there[rows][None]).max(2) < 2e-3).any(1)
            for rows in (np.flatnonzero(image == i) for i in np.unique(image))
        ]
    )
    assert same_image.mean() > 0.99
    assert same_row.mean() < 0.31


def soft_worth(data: Path, seed: int = 0) -> dict[int, Worth]:
    answers = read_answers(data / "cifar10s_annotations.parquet", signal="soft")
    first = answers.table.filter(~pl.col("repeat"))
    report, _ = reports(first["answer"], answers.classes, Soft)
    item = first["items"].list.first().cast(pl.Int64).to_numpy()
    with np.load(data / "cifar10h_counts.npz") as arrays:
        counts = arrays["counts"].astype(np.int64)
    return {one.soft: one for one in worth_of_soft(item, report, counts, (1, 6), seed=seed)}


def test_worth_of_one_and_six_soft_labels(data: Path, facts: dict) -> None:
    found = soft_worth(data)
    known = facts["cifar10s"]["equivalent_hard_labels_of_m_soft_labels"]
    names = {"tv": "total variation", "brier": "squared error", "kl": "KL"}
    for m in (1, 6):
        for short, name in names.items():
            value, low, high = known[str(m)][short]
            ours = found[m].hard[name]
            # A fresh split of the hard labels moves the value by a fraction of its interval.
            assert ours.value == pytest.approx(value, abs=0.25 * (high - low)), (m, short)
            assert ours.low == pytest.approx(low, abs=0.25 * (high - low))
            assert ours.high == pytest.approx(high, abs=0.25 * (high - low))


def test_alien_eggs(data: Path, facts: dict) -> None:
    answers = read_answers(data / "alieneggs_triplets.parquet", seed=5)
    known = facts["alieneggs"]
    found = calibrate(answers)["triplet"]
    assert (found.answers, found.annotators, found.items) == (17611, 231, 300)
    for name in ("median", "mean", "p10", "p90"):
        assert round(getattr(found.seconds, name), 3) == known["seconds_le_300s"][name]
    assert found.seconds.dropped == 0
    place = answers.table["items"].list.eval(pl.element().cast(pl.Int64)).to_list()
    near = [(abs(a - b), abs(a - c)) for a, b, c in place]
    chosen = answers.table["answer"].cast(pl.Int64).to_list()
    right = [d[pick] < d[1 - pick] for d, pick in zip(near, chosen, strict=True) if d[0] != d[1]]
    assert round(float(np.mean(right)), 3) == known["accuracy_vs_1d_ground_truth"]


def test_word_pairs(data: Path, facts: dict) -> None:
    found = calibrate(read_answers(data / "wordsim30_ratings.parquet"))["rating"]
    assert found.agreement.measure == "correlation"
    assert (
        round(found.agreement.between.value, 3) == facts["wordsim30"]["leave_one_out_correlation"]
    )


def test_cifar10h(data: Path, facts: dict, truth: dict[str, str]) -> None:
    answers = read_answers(data / "cifar10h_counts.npz")
    found = calibrate(answers, truth)["votes"]
    known = facts["cifar10h"]
    assert found.answers == known["images"]
    assert found.confusion.counts.sum() == known["hard_labels"]
    assert round(found.confusion.accuracy.value, 5) == known["single_label_accuracy"]
    counts = found.confusion.counts
    by_class = np.diag(counts) / counts.sum(1)
    assert {n: round(float(p), 4) for n, p in zip(answers.classes, by_class, strict=True)} == known[
        "accuracy_by_class"
    ]
    assert found.noise.lapse.value < 0.05
