"""What the right answers are, as far as a pilot knows: gold, the majority, soft against hard."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from labelbits.annotators.confusion import majority_of_others
from labelbits.annotators.gold_given import class_numbers
from labelbits.annotators.reports import reports, states_classes
from labelbits.annotators.worth import Worth, worth_of_soft
from labelbits.interface import Answers, Batch
from labelbits.signals import asking, signal_class
from labelbits.signals.encoding import KEPT, encode, is_kept
from labelbits.signals.questions import without_repeats

#: Names of one question that is asked once or several times: either tells the noise of both.
VOTED = asking("hard")


def majority_of_people(answers: Answers, truth: np.ndarray) -> np.ndarray:
    """The true class of items: gold, else what most people say; -1 for none or a tie."""
    places = {name: i for i, name in enumerate(answers.items)}
    total = np.zeros((len(answers.items), len(answers.classes)))
    for item, report in _stated(without_repeats(answers), ("choices", "numbers")):
        np.add.at(total, [places[name] for name in item], report)
    if not total.size:
        return truth
    ordered = np.sort(total, axis=1)
    clear = np.greater(ordered[:, -1] - (ordered[:, -2] if total.shape[1] > 1 else 0), 1e-9)
    return np.where(truth >= 0, truth, np.where(clear, total.argmax(1), -1))


def _stated(answers: Answers, forms: Sequence[str]) -> Iterator[tuple[list[str], np.ndarray]]:
    """(item of each row, class probabilities) for each signal of these forms that states them."""
    for name in answers.table["signal"].unique(maintain_order=True):
        if is_kept(name):
            continue
        kind = signal_class(name)
        if kind.form not in forms or not states_classes(kind):
            continue
        rows = answers.table.filter(pl.col("signal") == name)
        report, _ = reports(rows["answer"], answers.classes, kind)
        good = np.all(np.isfinite(report), axis=1)
        yield rows.filter(good)["items"].list.first().to_list(), report[good]


def worth_by_signal(answers: Answers, seed: int) -> dict[str, tuple[Worth, ...]]:
    """Worth of each kind of soft label in the pilot's own hard labels, where it has both."""
    answers = without_repeats(answers)
    places = {name: i for i, name in enumerate(answers.items)}
    counts = np.zeros((len(answers.items), len(answers.classes)), dtype=np.int64)
    names = answers.table["signal"].unique(maintain_order=True).to_list()
    voted = [name for name in names if not is_kept(name) and signal_class(name).counts_votes()]
    for batch in encode(
        replace(answers, table=answers.table.filter(pl.col("signal").is_in(voted)))
    ):
        told = np.asarray(batch.signal.tally(batch.answer, counts.shape[1]), dtype=np.int64)
        np.add.at(counts, batch.items[:, 0], told)
    found = {}
    for name in names:
        if is_kept(name) or signal_class(name).form != "numbers":
            continue
        own = replace(answers, table=answers.table.filter(pl.col("signal") == name))
        for items, report in _stated(own, ("numbers",)):
            item = np.array([places[i] for i in items], dtype=np.int64)
            size = np.bincount(item, minlength=len(counts))
            usable = size[np.logical_and(counts.sum(1) >= 8, size > 0)]
            most = int(np.quantile(usable, 0.1)) if len(usable) > 20 else 0
            sizes = tuple(m for m in (1, 2, 3, 4, 5, 6) if m <= most)
            if sizes:
                found[name] = tuple(worth_of_soft(item, report, counts, sizes, seed=seed))
    return found


def gold_numbers(answers: Answers, gold: Any) -> np.ndarray:
    """The true class number of each of `answers.items`, -1 unknown: `gold`, in any form that
    `class_numbers` takes, else what the files state."""
    truth = np.full(len(answers.items), -1)
    numbers = {name: k for k, name in enumerate(answers.classes)}
    places = {name: i for i, name in enumerate(answers.items)}
    table = answers.table
    for item, name in answers.gold.items():
        if item in places and name in numbers:
            truth[places[item]] = numbers[name]
    if "gold" in table.columns:
        kept = [name for name in KEPT if is_kept(name)]
        marked = pl.col("gold").fill_null(False) & ~pl.col("signal").is_in(kept)
        for row in table.filter(marked).iter_rows(named=True):
            _, stated = reports([row["answer"]], answers.classes, signal_class(row["signal"]))
            if stated[0] >= 0 and len(row["items"]) == 1:
                truth[places[row["items"][0]]] = stated[0]
    if gold is not None:
        array = class_numbers(gold, answers)
        truth = np.where(array >= 0, array, truth)
    return truth


def reference(
    batch: Batch, first: np.ndarray, report: np.ndarray, truth: np.ndarray
) -> tuple[np.ndarray, str]:
    """(class that each first answer should name, -1 unknown; where that comes from)."""
    item = batch.items[:, 0]
    known = np.where(first, truth[item], -1)
    if np.any(known >= 0):
        return known, "gold"
    if batch.signal.several_of:
        return known, "nothing"
    apart = np.where(first, item, -1 - np.arange(len(item)))  # repeats compare with nobody
    return np.where(first, majority_of_others(apart, report), -1), "the others' majority"
