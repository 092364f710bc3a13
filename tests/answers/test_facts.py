"""Every figure of facts.json, from our own readers and our own arithmetic."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from labelbits.annotators.reports import reports
from labelbits.signals import SparseSoft
from tests.answers.figures import FIGURES, LEFT_OUT, WORTH, Sources, entropy


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """(path, value) of everything in nested objects."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, f"{path}.{key}" if path else key)
    else:
        yield path, value


@pytest.fixture(scope="module")
def facts(data: Path) -> dict[str, Any]:
    return dict(leaves(json.loads((data / "facts.json").read_text())))


@pytest.fixture(scope="module")
def sources(data: Path) -> Sources:
    return Sources(data)


def test_no_figure_is_forgotten(facts: dict[str, Any]) -> None:
    assert set(facts) == {*FIGURES, *WORTH, *LEFT_OUT}
    assert len(facts) == len(FIGURES) + len(WORTH) + len(LEFT_OUT)  # none in two places


@pytest.mark.parametrize("name", FIGURES)
def test_figure(name: str, facts: dict[str, Any], sources: Sources) -> None:
    written = repr(facts[name])
    last_digit = 10.0 ** -len(written.partition(".")[2])
    assert float(FIGURES[name](sources)) == pytest.approx(facts[name], abs=0.5000001 * last_digit)


@pytest.mark.parametrize("name", WORTH)
def test_worth_of_soft_labels(name: str, facts: dict[str, Any], sources: Sources) -> None:
    m, kind = WORTH[name]
    value, low, high = facts[name]
    ours = sources.worth[m].hard[kind]
    # A fresh split of the hard labels moves the value by a fraction of its interval.
    within = 0.25 * (high - low)
    assert ours.value == pytest.approx(value, abs=within)
    assert ours.low == pytest.approx(low, abs=within)
    assert ours.high == pytest.approx(high, abs=within)


def test_the_answers_hold_what_was_ticked_and_typed(sources: Sources) -> None:
    """A class is 0 exactly where it was ticked impossible and not named as well."""
    assert sources.typed.rejected is not None
    assert len(sources.typed.rejected) == 0
    classes = sources.typed.classes
    rows = sources.ticked.select("top1", "top2", "top2_prob", "impossible_mask").iter_rows()
    for text, (top1, top2, second, mask) in zip(sources.first["answer"], rows, strict=True):
        answer = json.loads(text)
        named = {classes.index(name) for name, p in answer.items() if p > 0}
        assert {top1} <= named <= {top1, top2}
        assert top2 in named or not (second or 0) > 0
        ticked = {k for k in range(10) if mask >> k & 1}
        assert {classes.index(name) for name, p in answer.items() if p == 0} == ticked - named


def test_people_get_faster_within_the_session(sources: Sources) -> None:
    assert sources.typed_found.seconds.learning.high < 1
    assert sources.typed_found.confusion.against == "gold"


def test_typed_labels_are_completed_as_published(sources: Sources, facts: dict[str, Any]) -> None:
    report, _ = reports(sources.first["answer"], sources.typed.classes, SparseSoft)
    known = facts["cifar10s.mean_entropy_bits.single_soft_label"]
    assert entropy(report).mean() == pytest.approx(known, abs=0.001)
    between = facts["cifar10s.tv_between.two_annotators_soft"]
    assert sources.typed_found.agreement.between.value == pytest.approx(between, abs=0.003)


def test_repeats_differ_by_what_was_typed_and_not_by_the_misplaced_columns(
    sources: Sources,
) -> None:
    """The published .241 pairs rows of the columns p0..p9, which stand in other rows' places.

    As distributions of an image they are right (each is found among the typed labels of its
    image), but only three in ten stand in the row that was typed. Taken from what was typed, one
    person's two labels of an image differ by half of that.
    """
    assert "favour another class" in sources.soft.notes[0]
    typed = sources.typed_found.agreement.repeat
    assert typed.value == pytest.approx(0.124, abs=0.001)
    assert typed.high < sources.soft_found.agreement.repeat.low


def test_the_completed_columns_belong_to_other_rows_of_their_image(sources: Sources) -> None:
    table = pl.read_parquet(sources.folder / "cifar10s_annotations.parquet")
    there = table.select(f"p{k}" for k in range(10)).to_numpy()
    ours, _ = reports(sources.typed.table["answer"], sources.typed.classes, SparseSoft)
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


def test_class_noise_and_what_ratings_are_compared_by(sources: Sources) -> None:
    assert sources.hard_found.noise.lapse.value < 0.05
    assert sources.words_found.agreement.measure == "correlation"
