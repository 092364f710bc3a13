"""What `SignalEmbedding.fit` is given: triplet arrays or answers, checked, as arrays."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse
import scipy.sparse.csgraph

from labelbits.errors import InputError
from labelbits.interface import Answers, Batch, Signal
from labelbits.signals import Triplet
from labelbits.signals.encoding import encode

#: Answers whose links between items are followed together.
_LINKS = 100_000


class RecoveryWarning(UserWarning):
    """The answers leave something undetermined; the message says what, and what to ask."""


@dataclass(frozen=True)
class Data:
    """Answers as batches, with the names of items, classes and annotators."""

    batches: tuple[Batch, ...]
    items: tuple[Any, ...]
    classes: tuple[str, ...] = ()
    annotators: tuple[str, ...] = ("",)

    def __len__(self) -> int:
        return sum(len(batch) for batch in self.batches)

    @property
    def only_triplets(self) -> bool:
        """Is every answer a triplet?"""
        return len(self.batches) == 1 and isinstance(self.batches[0].signal, Triplet)

    def split(self, fraction: float, generator: np.random.Generator) -> tuple[Data, Data]:
        """(rest, held out): about `fraction` of each signal's answers are held out."""
        kept, held = [], []
        for batch in self.batches:
            out = generator.random(len(batch)) < fraction
            kept.append(batch.take(np.flatnonzero(~out)))
            held.append(batch.take(np.flatnonzero(out)))
        names = (self.items, self.classes, self.annotators)
        return (
            Data(tuple(b for b in kept if len(b)), *names),
            Data(tuple(b for b in held if len(b)), *names),
        )


def read_input(
    X: Any, y: Any = None, sample_weight: Any = None, n_objects: int | None = None,
    signals: dict[str, Signal] | None = None, dims: int = 2,
) -> Data:  # fmt: skip
    """Triplets (n, 3) or `Answers`, checked. Raises `InputError` that names the row."""
    if isinstance(X, Answers):
        if y is not None:
            raise InputError("y was given beside Answers, which hold the answers; leave y out")
        return from_answers(X, sample_weight, signals, dims)
    return from_triplets(X, y, sample_weight, n_objects)


def from_triplets(
    X: Any, y: Any = None, sample_weight: Any = None, n_objects: int | None = None
) -> Data:
    """Row i, j, k says that i is closer to j than to k; where y is negative, closer to k."""
    if scipy.sparse.issparse(X):
        raise InputError("triplets are a sparse matrix; expected an array of whole numbers, n x 3")
    triplets = np.asarray(X)
    if np.iscomplexobj(triplets):
        raise InputError("Complex data not supported: triplets are whole numbers, n x 3")
    if triplets.ndim != 2 or triplets.shape[1] != 3:
        raise InputError(
            f"triplets have shape {triplets.shape}; expected n x 3: row i, j, k says that item i "
            "is closer to j than to k"
        )
    if len(triplets) == 0:
        raise InputError("no answers were given; expected one triplet at least")
    if triplets.dtype == object:
        with contextlib.suppress(TypeError, ValueError):
            triplets = triplets.astype(float)
    if not np.issubdtype(triplets.dtype, np.integer):
        number = np.issubdtype(triplets.dtype, np.floating) and np.isfinite(triplets).all()
        if not number or np.any(np.mod(triplets, 1) != 0):
            raise InputError(
                f"triplets are of type {triplets.dtype}, not whole numbers; expected item numbers"
            )
    least, most = int(triplets.min()), int(triplets.max())
    items = most + 1 if n_objects is None else int(n_objects)
    if least < 0 or most >= items:
        row = int(np.argmax(((triplets < 0) | (triplets >= items)).any(1)))
        raise InputError(
            f"triplets, row {row}: {triplets[row].tolist()} names an item out of range; "
            f"expected 0 to {items - 1}"
        )
    i, j, k = triplets.T
    twice = (i == j) | (i == k) | (j == k)
    if twice.any():
        row = int(np.argmax(twice))
        raise InputError(
            f"triplets, row {row}: {triplets[row].tolist()} names an item twice; "
            "expected three different items; drop such rows"
        )
    answer = np.zeros((len(triplets), 1), dtype=np.int32)
    if y is not None:
        y = np.asarray(y)
        if y.shape != (len(triplets),):
            raise InputError(f"y has shape {y.shape}; expected ({len(triplets)},), one a triplet")
        answer[:, 0] = y < 0
    batch = Batch(
        Triplet(), triplets.astype(np.int32), answer, np.zeros(len(triplets), np.int32),
        _weights(sample_weight, len(triplets)),
    )  # fmt: skip
    return Data((batch,), tuple(range(items)))


def from_answers(
    answers: Answers, sample_weight: Any = None, signals: dict[str, Signal] | None = None,
    dims: int = 2,
) -> Data:  # fmt: skip
    """Answers of any mixture; `sample_weight` has one weight a row of the table."""
    if len(answers) == 0:
        raise InputError("no answers were given; expected one answer at least")
    weight = _weights(sample_weight, len(answers))
    names = answers.table["signal"].to_numpy()
    batches = []
    for batch in encode(answers, signals, dims):
        rows = np.flatnonzero(names == batch.signal.name)
        batches.append(
            Batch(batch.signal, batch.items, batch.answer, batch.annotator, weight[rows])
        )
    annotators = answers.annotators or tuple(answers.table["annotator"].unique(maintain_order=True))
    return Data(tuple(batches), tuple(answers.items), tuple(answers.classes), tuple(annotators))


def _weights(sample_weight: Any, n: int) -> np.ndarray:
    if sample_weight is None:
        return np.ones(n, dtype=np.float32)
    weight = np.asarray(sample_weight, dtype=np.float32)
    if weight.shape != (n,) or not np.isfinite(weight).all() or weight.min() < 0:
        raise InputError(
            f"sample_weight has shape {weight.shape}; expected {n} finite numbers of 0 or more"
        )
    if not weight.any():
        raise InputError("sample_weight is 0 everywhere; expected an answer that counts")
    return weight


def _named(names: Sequence[Any], most: int = 5) -> str:
    shown = ", ".join(str(name) for name in names[:most])
    return shown + (f" and {len(names) - most} more" if len(names) > most else "")


def check_connected(data: Data, stacklevel: int = 3) -> None:
    """Warn, naming items, where answers leave items unasked or in separate groups.

    Items share a group when a chain of questions links them; a question about a class links its
    items through the prototypes.
    """
    n = len(data.items)
    hub = n  # the prototypes, known together
    seen = np.zeros(n + 1, dtype=bool)
    label = np.arange(n + 1)
    for batch in data.batches:
        # A part at a time: memory stays small beside the answers.
        for first in range(0, len(batch), _LINKS):
            rows = slice(first, first + _LINKS)
            shown = batch.items[rows][batch.weight[rows] > 0]
            last = np.full(len(shown), hub) if batch.signal.uses_classes else shown[:, 0]
            seen[shown] = True
            a = label[shown.ravel()]
            b = label[np.repeat(last, batch.signal.arity)]
            graph = scipy.sparse.coo_matrix((np.ones(len(a)), (a, b)), shape=(n + 1, n + 1))
            label = scipy.sparse.csgraph.connected_components(graph, directed=False)[1][label]
    unasked = np.flatnonzero(~seen[:n])
    if len(unasked):
        warnings.warn(
            f"{len(unasked)} of {n} items have no answer: "
            f"{_named([data.items[i] for i in unasked])}; their place is the prior's centre. "
            "Ask about them or leave them out",
            RecoveryWarning, stacklevel=stacklevel,
        )  # fmt: skip
    labels = label[:n][seen[:n]]
    asked = np.flatnonzero(seen[:n])
    groups, sizes = np.unique(labels, return_counts=True)
    if len(groups) > 1:
        smallest = asked[labels == groups[np.argmin(sizes)]]
        warnings.warn(
            f"the answers fall into {len(groups)} groups of items that no question links; how the "
            f"groups lie to each other is not determined. The smallest holds "
            f"{_named([data.items[i] for i in smallest])}; ask questions that show these together "
            "with others",
            RecoveryWarning, stacklevel=stacklevel,
        )  # fmt: skip


def oriented(batch: Batch) -> np.ndarray:
    """Triplet answers as (n, 3) int32 with the item chosen in the second place."""
    flipped = batch.answer[:, 0] == 1
    triplets = np.ascontiguousarray(batch.items, dtype=np.int32)
    if flipped.any():
        triplets = np.where(flipped[:, None], triplets[:, [0, 2, 1]], triplets)
    return triplets
