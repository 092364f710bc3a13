"""A start for any mixture of signals: the likelihood to first order about equal distances.

Where all distances are equal, ln P of an answer changes by sum_ab s_ab (-d2_ab), with s the score
of the channel. Summed over the answers that is -x^T L x, L the Laplacian of the scores on items
and prototypes together, so the most likely small displacement is spanned by the eigenvectors of L
with the smallest (most negative) eigenvalues. For hard labels these are the singular vectors of
the items x classes table of votes; for triplets, those of the wins of each pair.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import scipy.sparse
import scipy.sparse.linalg
from jaxtyping import Array

from labelbits.recovery.mixtures.channel import Channel, Parameters
from labelbits.recovery.mixtures.objective import Coded, Points

#: Up to this many points the eigenvectors come from the dense matrix.
_DENSE = 300


@eqx.filter_jit
def _scores(
    channel: Channel, theta: Parameters, part: Coded, distance: Array, reads: tuple[int, ...]
) -> Array:
    """d ln P / d(-d2) of one chunk's answers where every squared distance is `distance`."""

    def total(d2: Array) -> Array:
        each = channel.log_prob(theta, part.annotator, part.answer, d2)
        return -jnp.sum(jnp.where(part.weight > 0, part.weight * each, 0.0))

    return jnp.nan_to_num(jax.grad(total)(jnp.full(reads, distance)))


def _links(
    channel: Channel, theta: Parameters, batch: Coded, items: int, classes: int, distance: float
) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """(points a, points b, scores of the distances between them), chunk by chunk."""
    signal, found = channel.signal, []
    if signal.uses_classes and signal.arity > 1:
        # Two items of one class: to first order the classes cancel.
        return found
    size = batch.items.shape[1]
    pairs = np.zeros((0, 2), int)
    if not signal.uses_classes:
        pairs = np.asarray(signal.pairs, int)  # type: ignore[attr-defined]
    reads = (size, classes if signal.uses_classes else len(pairs))
    for i in range(int(batch.chunks)):
        part = batch.chunk(i)
        score = np.asarray(_scores(channel, theta, part, jnp.float32(distance), reads))
        shown: np.ndarray = np.asarray(part.items)
        if signal.uses_classes:
            a = np.repeat(shown[:, 0], classes)
            b = np.tile(items + np.arange(classes), size)
        else:
            a, b = shown[:, pairs[:, 0]].ravel(), shown[:, pairs[:, 1]].ravel()
        found.append((a, b, score.ravel()))
    return found


def spectral_start(
    channels: Sequence[Channel], thetas: Sequence[Parameters], data: Sequence[Coded],
    items: int, classes: int, dims: int, columns: int, seed: int,
) -> Points | None:  # fmt: skip
    """Items and prototypes of unit variance on `columns` axes, or None where answers say nothing.

    `dims` sets the distance at which the likelihood is expanded, that of the prior: 2 dims.
    """
    n = items + classes
    found = []
    for channel, theta, batch in zip(channels, thetas, data, strict=True):
        found += _links(channel, theta, batch, items, classes, 2.0 * dims)
    rows, columns_, values = ([link[i] for link in found] for i in range(3))
    if not rows or n < columns + 2:
        return None
    half = scipy.sparse.coo_matrix(
        (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns_))), shape=(n, n)
    ).tocsr()
    weights = half + half.T
    if not np.any(weights.data):
        return None
    laplacian = scipy.sparse.diags(np.asarray(weights.sum(1)).ravel()) - weights
    generator = np.random.default_rng(seed)
    if n <= _DENSE:
        vectors = np.linalg.eigh(laplacian.toarray())[1][:, :columns]
    else:
        tolerance: Any = 1e-2  # a start needs no more
        try:
            vectors = scipy.sparse.linalg.eigsh(
                laplacian,
                columns,
                which="SA",
                v0=generator.normal(size=n),
                tol=tolerance,
                maxiter=500,
            )[1]
        except scipy.sparse.linalg.ArpackNoConvergence as partial:
            if partial.eigenvectors.shape[1] < columns:
                return None
            vectors = partial.eigenvectors
    # A little noise moves items of equal answers apart.
    x = vectors * np.sqrt(n) + 0.05 * generator.normal(size=vectors.shape)
    return Points(x[:items], x[items:])
