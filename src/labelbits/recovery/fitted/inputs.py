"""What `SignalEmbedding.fit` is given: triplet arrays or answers, checked, as arrays."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import scipy.sparse
import scipy.sparse.csgraph

from labelbits.errors import InputError
from labelbits.interface import Answers, Batch, Signal
from labelbits.signals import Triplet
from labelbits.signals.encoding import encode, is_kept
from labelbits.signals.questions import question_of

#: Item numbers from here on may be ids, where they are so many times the cells of the triplets.
SPARSE, SPARSE_TIMES = 10_000, 10
#: The largest weight: below the first the prior alone speaks, above the second nothing but noise.
LEAST_WEIGHT, MOST_WEIGHT = 1e-3, 1e4
#: Answers whose links between items are followed together.
_LINKS = 100_000


class RecoveryWarning(UserWarning):
    """The answers leave something undetermined; the message says what, and what to ask."""


@dataclass(frozen=True)
class Data:
    """Answers as batches, with the names of items, classes and annotators."""

    batches: tuple[Batch, ...]
    items: Sequence[Any]
    classes: tuple[str, ...] = ()
    annotators: tuple[str, ...] = ("",)

    def __len__(self) -> int:
        return sum(len(batch) for batch in self.batches)

    @property
    def only_triplets(self) -> bool:
        """Is every answer a triplet? A signal derived from it has a channel of its own."""
        return len(self.batches) == 1 and type(self.batches[0].signal) is Triplet

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

    def folds(self, count: int, generator: np.random.Generator) -> list[tuple[Data, Data]]:
        """`count` pairs (rest, held out): all answers to one question are in one of the folds."""
        parts = []
        for batch in self.batches:
            question = question_of(batch)
            parts.append(generator.permutation(int(question.max()) + 1)[question] % count)
        return [self.held_out([part == fold for part in parts]) for fold in range(count)]

    def held_out(self, out: list[np.ndarray]) -> tuple[Data, Data]:
        """(rest, held out): `out` says of each batch which answers are held out."""
        names = (self.items, self.classes, self.annotators)
        both = []
        for wanted in (False, True):
            each = zip(self.batches, out, strict=True)
            taken = [batch.take(np.flatnonzero(one == wanted)) for batch, one in each]
            both.append(Data(tuple(b for b in taken if len(b)), *names))
        return both[0], both[1]


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
    """Row i, j, k says that i is closer to j than to k; where y is 0, false or -1, closer to k."""
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
    items, triplets = _numbered(triplets, n_objects)
    i, j, k = triplets.T
    twice = (i == j) | (i == k) | (j == k)
    if twice.any():
        row = int(np.argmax(twice))
        raise InputError(
            f"triplets, row {row}: {[items[n] for n in triplets[row]]} names an item twice; "
            "expected three different items; drop such rows"
        )
    answer = np.zeros((len(triplets), 1), dtype=np.int32)
    if y is not None:
        answer[:, 0] = _second_nearer(y, len(triplets))
    batch = Batch(
        Triplet(), triplets.astype(np.int32), answer, np.zeros(len(triplets), np.int32),
        _weights(sample_weight, len(triplets)),
    )  # fmt: skip
    return Data((batch,), items if isinstance(items, range) else tuple(items))


def covering(data: Data, rows: int) -> Data:
    """The data with items up to `rows` where items are numbers from 0 on: rows of features."""
    if isinstance(data.items, range) and len(data.items) < rows:
        return replace(data, items=range(rows))
    return data


def places_of(triplets: Any, items: Sequence[Any], new: bool = False) -> tuple[Any, list[Any]]:
    """(triplets by the place of their items, the names of new ones) where items were ids.

    With `new`, ids that are not among `items` are placed after them; without, they are an error.
    Items that were plain numbers, and what is no array of numbers, stay as they are.
    """
    given = np.asarray(triplets)
    if list(items) == list(range(len(items))) or given.dtype.kind not in "iuf" or not given.size:
        return triplets, []
    ids = np.asarray(items)
    place = np.searchsorted(ids, given)
    unknown = ids[np.minimum(place, len(ids) - 1)] != given
    if not unknown.any():
        return place, []
    names, at = np.unique(given[unknown], return_inverse=True)
    if not new:
        raise InputError(
            f"triplets name item {names[0]:g}, which was not fitted; transform places new items"
        )
    place[unknown] = len(ids) + at.reshape(-1)
    return place, names.tolist()


def _numbered(triplets: np.ndarray, n_objects: int | None) -> tuple[Sequence[Any], np.ndarray]:
    """(items, triplets by their place in `items`).

    Item numbers with large gaps (ids) are renumbered in order, so that memory is that of the
    items there are; small gaps are items without an answer.
    """
    least, most = int(triplets.min()), int(triplets.max())
    if n_objects is None and least >= 0 and most >= max(SPARSE, SPARSE_TIMES * triplets.size):
        ids, place = np.unique(triplets, return_inverse=True)
        warnings.warn(
            f"item numbers go up to {most:,} and {len(ids):,} items are named: these are taken "
            "for ids, and the rows of embedding_ are in the order of items_",
            RecoveryWarning, stacklevel=5,
        )  # fmt: skip
        return ids.tolist(), place.reshape(triplets.shape)
    items = most + 1 if n_objects is None else int(n_objects)
    if least < 0 or most >= items:
        row = int(np.argmax(((triplets < 0) | (triplets >= items)).any(1)))
        raise InputError(
            f"triplets, row {row}: {triplets[row].tolist()} names an item out of range; "
            f"expected 0 to {items - 1}"
        )
    return range(items), triplets


def _second_nearer(y: Any, rows: int) -> np.ndarray:
    """(rows,) true where the third item is the nearer one.

    As cblearn has it: true or 1 says that the second is nearer, false, 0 or -1 the third.
    """
    y = np.asarray(y)
    if y.shape != (rows,):
        raise InputError(f"y has shape {y.shape}; expected ({rows},), one a triplet")
    if y.dtype == object:
        with contextlib.suppress(TypeError, ValueError):
            y = y.astype(float)
    if y.dtype.kind not in "biuf":
        raise InputError(f"y is of type {y.dtype}; expected booleans, 0 and 1, or -1 and 1")
    said = np.unique(y[np.isfinite(y)] if y.dtype.kind == "f" else y)
    if y.dtype.kind == "f" and not np.isfinite(y).all():
        row = int(np.argmax(~np.isfinite(y)))
        raise InputError(f"y, row {row}: {y[row]}; expected booleans, 0 and 1, or -1 and 1")
    if not np.isin(said, (-1, 0, 1)).all() or {-1, 0} <= set(said.tolist()):
        shown = ", ".join(f"{value:g}" for value in said[:6].astype(float))
        raise InputError(
            f"y holds {shown}; expected booleans, 0 and 1, or -1 and 1 (which is nearer, the third "
            "item or the second): drop ties"
        )
    return y <= 0


def from_answers(
    answers: Answers, sample_weight: Any = None, signals: dict[str, Signal] | None = None,
    dims: int = 2,
) -> Data:  # fmt: skip
    """Answers of any mixture; `sample_weight` has one weight a row of the table."""
    if len(answers) == 0:
        raise InputError("no answers were given; expected one answer at least")
    asked = answers.table["signal"].unique().to_list()
    kept = [name for name in asked if is_kept(name)]
    if len(kept) == len(asked):
        raise InputError(
            f"the answers are {' and '.join(sorted(kept))} alone, which no signal models yet; "
            "expected answers of a signal (labelbits pilot FILE --signal rating reads scores so)"
        )
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
    try:
        weight = np.asarray(sample_weight, dtype=np.float32)
    except (TypeError, ValueError):
        raise InputError(f"sample_weight is no array of numbers; expected {n}") from None
    if weight.shape != (n,) or not np.isfinite(weight).all() or weight.min() < 0:
        raise InputError(
            f"sample_weight has shape {weight.shape}; expected {n} finite numbers of 0 or more"
        )
    if not weight.any():
        raise InputError("sample_weight is 0 everywhere; expected an answer that counts")
    if not LEAST_WEIGHT <= weight.max() <= MOST_WEIGHT:
        raise InputError(
            f"the largest sample_weight is {weight.max():g}; expected {LEAST_WEIGHT:g} to "
            f"{MOST_WEIGHT:g}, since a weight is how many such answers there were: divide all by "
            "one number"
        )
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
            f"{_named([data.items[int(i)] for i in unasked])}; their place is the prior's centre. "
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
            f"{_named([data.items[int(i)] for i in smallest])}; ask questions that show these "
            "together with others",
            RecoveryWarning, stacklevel=stacklevel,
        )  # fmt: skip


def oriented(batch: Batch) -> np.ndarray:
    """Triplet answers as (n, 3) int32 with the item chosen in the second place."""
    flipped = batch.answer[:, 0] == 1
    triplets = np.ascontiguousarray(batch.items, dtype=np.int32)
    if flipped.any():
        triplets = np.where(flipped[:, None], triplets[:, [0, 2, 1]], triplets)
    return triplets
