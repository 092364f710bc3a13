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

import jax
import jax.numpy as jnp
import numpy as np
import scipy.sparse
import scipy.sparse.linalg

from labelbits.interface import Batch
from labelbits.recovery.channel import Channel, Parameters
from labelbits.recovery.solver import Points

#: Up to this many points the eigenvectors come from the dense matrix.
_DENSE = 300


def scores(
    channel: Channel, theta: Parameters, batch: Batch, classes: int, distance: float
) -> np.ndarray:
    """d ln P / d(-d2) of each answer where every squared distance is `distance`: (n, reads)."""
    reads = (len(batch), classes) if channel.signal.uses_classes else (
        len(batch), len(channel.signal.pairs),  # type: ignore[attr-defined]
    )  # fmt: skip
    if channel.signal.arity > 1 and channel.signal.uses_classes:
        # Two items of one class: to first order the classes cancel.
        return np.zeros((len(batch), 0), dtype=np.float32)

    def total(d2: jax.Array) -> jax.Array:
        signal = channel.answering(theta, jnp.asarray(batch.annotator))
        return -jnp.sum(jnp.asarray(batch.weight) * signal.log_prob(jnp.asarray(batch.answer), d2))

    return np.nan_to_num(np.asarray(jax.grad(total)(jnp.full(reads, distance))))


def spectral_start(
    channels: Sequence[Channel], thetas: Sequence[Parameters], batches: Sequence[Batch],
    items: int, classes: int, dims: int, columns: int, seed: int,
) -> Points | None:  # fmt: skip
    """Items and prototypes of unit variance on `columns` axes, or None where answers say nothing.

    `dims` sets the distance at which the likelihood is expanded, that of the prior: 2 dims.
    """
    n = items + classes
    rows, columns_, values = [], [], []
    for channel, theta, batch in zip(channels, thetas, batches, strict=True):
        score = scores(channel, theta, batch, classes, 2.0 * dims)
        if not score.size:
            continue
        if channel.signal.uses_classes:
            a = np.repeat(batch.items[:, 0], classes)
            b = np.tile(items + np.arange(classes), len(batch))
        else:
            pairs = np.asarray(channel.signal.pairs)  # type: ignore[attr-defined]
            a, b = batch.items[:, pairs[:, 0]].ravel(), batch.items[:, pairs[:, 1]].ravel()
        rows.append(a)
        columns_.append(b)
        values.append(score.ravel())
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
