"""Answers as the arrays that an encoder is trained on, and the likelihood of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from labelbits.errors import InputError
from labelbits.interface import Answers, Batch
from labelbits.learning.fits.targets import class_count
from labelbits.signals import Hard, Rating, Similarity
from labelbits.signals.base import replace_noise
from labelbits.signals.encoding import encode, rows_of_items

#: An answer that the model deems impossible counts as this probability, in nats, and not as NaN.
IMPOSSIBLE = -1e4


@dataclass(frozen=True)
class Term:
    """The answers of one signal: `items` (n, arity) rows of the features, `answer` (n, width),
    `weight` (n,)."""

    signal: Any
    items: np.ndarray
    answer: np.ndarray
    weight: np.ndarray

    def __len__(self) -> int:
        return len(self.items)

    def take(self, rows: np.ndarray) -> Term:
        """The answers of these rows."""
        return Term(self.signal, self.items[rows], self.answer[rows], self.weight[rows])


class Noise(eqx.Module):
    """What is learned of each signal's annotators beside the encoder.

    `log_precision` (signals,) on top of each signal's own precision; `steps`: for each signal the
    distances between the steps of its rating scale, before softplus (empty for other signals).
    """

    log_precision: Array
    steps: list[Array]

    def attach(self, i: int, signal: Any) -> Any:
        """Signal number i with the learned noise."""
        beta = jnp.exp(self.log_precision[i]) * signal.precision
        if isinstance(signal, Rating):
            cuts = jnp.cumsum(jax.nn.softplus(self.steps[i]))[::-1]
            signal = eqx.tree_at(
                lambda s: s.thresholds, signal, cuts, is_leaf=lambda value: value is None
            )
        return replace_noise(signal, beta, signal.lapse)


def log_likelihood(
    signal: Any, z: Array, prototypes: Array | None, items: Array, answer: Array
) -> Array:
    """ln P (n,) of the answers to questions about the rows `items` (n, arity) of z (rows, D)."""
    log_p = signal.log_prob(answer, signal.distances(z[items], prototypes))
    return jnp.maximum(log_p, IMPOSSIBLE)


def labels(code: np.ndarray) -> Batch:
    """Class `code` (n,) of row i for every row i of the features, as hard labels."""
    n = len(code)
    return Batch(
        Hard(),
        np.arange(n)[:, None],
        np.asarray(code, np.int32)[:, None],
        np.zeros(n, np.int32),
        np.ones(n, np.float32),
    )


def terms_of(
    given: Any,
    y: np.ndarray | None,
    rows: int,
    ids: Sequence[Any] | None,
    classes: int | None,
    sample_weight: np.ndarray | None,
) -> tuple[list[Term], int, tuple[Any, ...]]:
    """(terms, number of classes, names of the classes) of what `fit` was given.

    `given` are answers, or None where `y` (rows,) names the class of each row of the features.
    Raises `InputError` for answers about rows that are not there, and for none.
    """
    if y is not None:
        y = np.asarray(y).reshape(-1)
        if len(y) != rows:
            raise InputError(f"y has {len(y)} values; expected one for each of {rows} rows")
        missing = np.array([one is None or one != one for one in y.tolist()])
        if missing.any():
            raise InputError(
                f"y: row {int(missing.argmax())} is {y[missing.argmax()]}; expected a class for "
                "every row. Leave rows without one out."
            )
        names, code = np.unique(y, return_inverse=True)
        batches = [labels(code)]
    elif isinstance(given, Answers):
        names = np.array(given.classes, dtype=object)
        batches = _on_rows(encode(given), given, rows, ids)
    else:
        batches = [given] if isinstance(given, Batch) else list(given)
        others = [type(one).__name__ for one in batches if not isinstance(one, Batch)]
        if others:
            raise InputError(f"answers hold {others[0]}; expected Answers, or a list of Batch")
        names = np.arange(0)
    batches = [batch for batch in batches if len(batch)]
    if not batches:
        raise InputError("no answers; expected at least one answer about the items")
    total = sum(len(batch) for batch in batches)
    weight = np.ones(total) if sample_weight is None else np.asarray(sample_weight, dtype=float)
    wrong_weight = not np.all(np.isfinite(weight)) or (weight < 0).any() or not weight.any()
    if weight.shape != (total,) or wrong_weight:
        raise InputError(
            f"sample_weight has shape {weight.shape}; expected {total} numbers of at least 0, one "
            "an answer, and one above 0"
        )
    terms, start = [], 0
    for batch in batches:
        items = np.asarray(batch.items)
        if items.min() < 0 or items.max() >= rows:
            raise InputError(
                f"{batch.signal.name} answers name item "
                f"{items.min() if items.min() < 0 else items.max()}; the features have rows 0 "
                f"to {rows - 1}"
            )
        wrong = ~np.isfinite(np.asarray(batch.answer, dtype=float)).all(1)
        if wrong.any():
            raise InputError(
                f"{batch.signal.name} answers: number {wrong.argmax()} is "
                f"{np.asarray(batch.answer)[wrong.argmax()].tolist()}, which is nan or infinite; "
                "expected finite numbers. Leave such answers out."
            )
        _check_codes(batch)
        own = np.asarray(batch.weight, float) * weight[start : start + len(batch)]
        start += len(batch)
        terms.append(Term(batch.signal, items, np.asarray(batch.answer), own.astype(np.float32)))
    count = 0
    if any(batch.signal.uses_classes for batch in batches):
        count = max(class_count(batches, classes), len(names))
    return terms, count, tuple(names) if len(names) else tuple(range(count))


def _check_codes(batch: Batch) -> None:
    """Raise for an answer of one number that is none of its question's."""
    codes = np.asarray(batch.answer)
    few = np.inf if batch.signal.uses_classes else batch.signal.outcomes(2)
    if codes.shape[1] != 1 or isinstance(batch.signal, Similarity):
        return
    wrong = (codes[:, 0] < 0) | (codes[:, 0] >= few)
    if wrong.any():
        to = f" to {few - 1:.0f}" if np.isfinite(few) else " on"
        raise InputError(
            f"{batch.signal.name} answers: number {wrong.argmax()} is {codes[wrong.argmax(), 0]}; "
            f"expected a whole number from 0{to}"
        )


def names_one_class(batch: Batch) -> bool:
    """Are these hard labels that all name one class?"""
    return isinstance(batch.signal, Hard) and len(np.unique(np.asarray(batch.answer)[:, 0])) < 2


def check_classes(terms: Sequence[Term]) -> None:
    """Raise where hard labels, and no other answers about classes, all name one class."""
    named = [term.answer[:, 0] for term in terms if isinstance(term.signal, Hard)]
    only_hard = len(named) == sum(term.signal.uses_classes for term in terms)
    if named and only_hard and len(np.unique(np.concatenate(named))) < 2:
        raise InputError(
            "all class answers name one class; expected at least 2 classes to tell apart"
        )


def _on_rows(
    batches: list[Batch], answers: Answers, rows: int, ids: Sequence[Any] | None
) -> list[Batch]:
    """Batches whose items are numbers of rows: by `ids`, or where items are named by numbers."""
    row = np.array(rows_of_items(answers.items, rows, ids), dtype=np.int32)
    return [
        Batch(b.signal, row[np.asarray(b.items)], b.answer, b.annotator, b.weight) for b in batches
    ]


def held_out(
    terms: list[Term], fraction: float, rng: np.random.Generator
) -> tuple[list[Term], list[Term]]:
    """(training terms, held-out terms): whole questions are held out, whoever answered them.

    Every signal keeps at least one question to train on; one with fewer than 10 holds out none.
    """
    kept, out = [], []
    for term in terms:
        _, question = np.unique(np.sort(term.items, axis=1), axis=0, return_inverse=True)
        question = question.reshape(-1)
        count = int(question.max()) + 1
        chosen = rng.permutation(count) < round(fraction * count) if count >= 10 else np.zeros(0)
        mask = chosen[question].astype(bool) if len(chosen) else np.zeros(len(term), bool)
        kept.append(term.take(np.flatnonzero(~mask)))
        out.append(term.take(np.flatnonzero(mask)))
    return kept, out


def baseline_bits(term: Term, classes: int) -> np.ndarray:
    """Bits (n,) that an answer costs who knows nothing: log2 of the number of answers.

    A real-valued answer has no such number: then it is its density, in bits, under the normal
    distribution of these answers.
    """
    if isinstance(term.signal, Similarity):
        x = np.asarray(term.answer, float)[:, 0]
        variance = max(float(np.average((x - x.mean()) ** 2)), 1e-12)
        nats = 0.5 * np.log(2 * np.pi * variance) + (x - x.mean()) ** 2 / (2 * variance)
        return nats / np.log(2)
    return np.full(len(term), term.signal.log_outcomes(max(classes, 2)) / np.log(2))
