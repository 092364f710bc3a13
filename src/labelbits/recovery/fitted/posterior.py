"""How uncertain each item's place is: by draws where they cost little, by Laplace beyond.

Up to `MOST_ANSWERS` answers the covariance is the second moment of converged draws (`draws`) about
the fit. Beyond, and with a warning where the draws do not converge, it is the Laplace posterior
with everything else uncertain too.

The posterior precision of items, prototypes and noise together is H = prior + F, F the expected
Fisher information of the questions that were asked. F = J^T J, with a row of J for each answer
drawn from its own channel (triplets: exactly one row). An item's covariance is its block of
P H^-1 P: H^-1 lets all others move as well, and P takes away what no comparison determines, the
shift and rotation of all items together, and their scale where precision is estimated. It
therefore describes errors that are left after alignment. Up to `DENSE` coordinates H is inverted;
beyond, draws of N(0, H^-1) by perturbation and conjugate gradients (Papandreou and Yuille 2010)
tell how much wider than alone each item's block is.

Where the fit has draws (`chain`), all Laplace blocks grow by one factor until they hold the draws
about the mode: the mode need not lie in the middle of what answers about classes leave open.
"""

from __future__ import annotations

import math
import warnings
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import scipy.linalg
import scipy.sparse
from jaxtyping import Array

from labelbits.interface import Batch
from labelbits.recovery import metrics
from labelbits.recovery.fitted.draws import NotConvergedError, Posterior, sample
from labelbits.recovery.fitted.fitting import Fitted
from labelbits.recovery.fitted.inputs import Data, RecoveryWarning, oriented
from labelbits.recovery.fitted.laplace import point_scores
from labelbits.recovery.mixtures import objective as solver
from labelbits.recovery.mixtures.channel import Channel, Parameters
from labelbits.recovery.mixtures.objective import Coded, Points
from labelbits.signals import Triplet

#: Answers and coordinates up to which the covariance is that of draws.
MOST_ANSWERS, MOST_COORDINATES = 400, 40
#: Coordinates up to which the joint precision is inverted.
DENSE = 3000
#: Rows of J for each coordinate at least, and the most draws of one question's answer.
ROWS_EACH, MOST_DRAWS = 30, 32
#: Prior precision of the logarithm of a precision, and of other noise in its unbounded form.
NOISE_PRIOR = 0.25
#: Draws of all items, so that each has about this many coordinates; steps and residual of the
#: conjugate gradients.
DRAWN_COORDINATES, STEPS, RESIDUAL = 128, 200, 1e-3


def by_draws(fitted: Fitted, data: Data) -> bool:
    """Are answers and coordinates so few that the covariance is that of draws?"""
    coordinates = fitted.items.size + fitted.prototypes.size
    return len(data) <= MOST_ANSWERS and coordinates <= MOST_COORDINATES


def posterior_covariance(
    fitted: Fitted, data: Data, seed: int = 0, drawn: Posterior | None = None
) -> np.ndarray:
    """Covariance of each item's place about the fit, after alignment, (items, dims, dims).

    `drawn` are draws of this seed, where they were made before. Warns (`RecoveryWarning`) where it
    falls back on Laplace because draws did not converge.
    """
    if by_draws(fitted, data):
        try:
            off = (drawn or sample(fitted, data, seed)).items - fitted.items
            return _positive(np.einsum("sna,snb->nab", off, off) / len(off))
        except NotConvergedError as error:
            warnings.warn(
                "how sure each item's place is comes from the curvature of the fit (Laplace's "
                f"approximation) in place of draws, and may be too small: {error}",
                RecoveryWarning, stacklevel=3,
            )  # fmt: skip
    return laplace_covariance(fitted, data, seed)


def laplace_covariance(fitted: Fitted, data: Data, seed: int = 0) -> np.ndarray:
    """Laplace's covariance, grown where the fit has draws; (items, dims, dims)."""
    covariance = _laplace(fitted, data, seed)
    return covariance * max(_reach(fitted, covariance), 1.0)


def _reach(fitted: Fitted, covariance: np.ndarray) -> float:
    """Mean squared distance of the draws from the mode, in units of the covariance: above 1 where
    the posterior is not the bell about its mode that Laplace takes it for. 1 without draws."""
    if not fitted.draws:
        return 1.0
    inverse = np.linalg.inv(covariance)
    found = []
    for draw in fitted.draws:
        off = metrics.align(draw.items, fitted.items, scale=fitted.scale_free) - fitted.items
        found.append(np.einsum("na,nab,nb->n", off, inverse, off).mean())
    return float(np.mean(found)) / fitted.items.shape[1]


def _laplace(fitted: Fitted, data: Data, seed: int) -> np.ndarray:
    n, dims = fitted.items.shape
    points = (n + len(fitted.prototypes)) * dims
    rows, noise_prior = _rows(fitted, data, points, seed)
    # What has the prior N(0, I / ridge): with features (w, e) in the items' place.
    outer = _outer(fitted, rows.shape[1])
    searched = outer.shape[1] - len(noise_prior)
    # Items without an answer, or noise that answers say nothing about, keep their prior.
    prior = np.concatenate([np.full(searched, fitted.ridge), noise_prior])
    free = free_directions(fitted.items, scaled=fitted.scale_free)
    if len(prior) <= DENSE:
        inverse = _inverse(rows, outer, prior, fitted.prior is not None)[: n * dims, : n * dims]
        across = inverse @ free
        projected = inverse - free @ across.T - across @ free.T + free @ (free.T @ across) @ free.T
        blocks = projected.reshape(n, dims, n, dims)[np.arange(n), :, np.arange(n), :]
        return _positive(blocks)
    alone = _own_blocks(rows, np.full(points, fitted.ridge), n + len(fitted.prototypes), dims)
    draws = max(8, math.ceil(DRAWN_COORDINATES / dims))
    generator = np.random.default_rng([seed, 5])
    if fitted.prior is None:
        x = _draws(rows, prior, alone, draws, generator)[: n * dims]
    else:
        seen = rows @ outer
        own = _own_blocks(seen, prior[:searched], searched // dims, dims)
        x = (outer @ _draws(seen, prior, own, draws, generator))[: n * dims]
    x = (x - free @ (free.T @ x)).reshape(n, dims, draws)
    width = np.einsum("nas,nab,nbs->n", x, alone[:n], x) / (dims * draws)
    return width[:, None, None] * np.linalg.inv(alone[:n])


def _outer(fitted: Fitted, coordinates: int) -> Any:
    """The matrix, (coordinates of points and noise, of what is searched and noise), that makes
    points of what is searched."""
    if fitted.prior is None:
        return scipy.sparse.identity(coordinates, format="csr")
    n, dims = fitted.items.shape
    axes = scipy.sparse.csr_matrix(fitted.prior.axes.astype(np.float64))
    if fitted.prior.own > 0:
        axes = scipy.sparse.hstack([axes, fitted.prior.own * scipy.sparse.identity(n)])
    items = scipy.sparse.kron(axes, scipy.sparse.identity(dims))
    rest = scipy.sparse.identity(coordinates - n * dims)
    return scipy.sparse.block_diag([items, rest], format="csr")


def _inverse(rows: Any, outer: Any, prior: np.ndarray, featured: bool) -> np.ndarray:
    """Covariance of points and noise, all (coordinates, coordinates)."""
    h = (rows.T @ rows).toarray()
    if not featured:
        return scipy.linalg.inv(h + np.diag(prior), check_finite=False)
    h = outer.T @ (outer.T @ h).T + np.diag(prior)
    return outer @ (outer @ scipy.linalg.inv(h, check_finite=False)).T


def _positive(blocks: np.ndarray) -> np.ndarray:
    """The symmetric blocks without directions of variance 0 or below: rounding, or taken away."""
    value, vector = np.linalg.eigh((blocks + np.swapaxes(blocks, 1, 2)) / 2)
    value = np.maximum(value, 1e-12)
    return np.einsum("nab,nb,ncb->nac", vector, value, vector)


def free_directions(points: np.ndarray, *, scaled: bool = False) -> np.ndarray:
    """Orthonormal basis (items x dims, free) of what comparisons cannot tell at `points`.

    Shifts and rotations, and with `scaled` (an unknown precision) the scale.
    """
    centred = points.astype(np.float64) - points.mean(0)
    n, dims = centred.shape
    moves = [np.tile(axis, (n, 1)) for axis in np.eye(dims)]
    for i in range(dims):
        for j in range(i):
            turn = np.zeros((dims, dims))
            turn[i, j], turn[j, i] = 1, -1
            moves.append(centred @ turn)
    if scaled:
        moves.append(centred)
    basis, size, _ = np.linalg.svd(
        np.stack([m.ravel() for m in moves], axis=1), full_matrices=False
    )
    return basis[:, size > 1e-9 * size[0]]


def _rows(fitted: Fitted, data: Data, points: int, seed: int) -> tuple[Any, np.ndarray]:
    """J, (rows, coordinates), and the prior precision of the noise, whose coordinates follow those
    of the points."""
    parts, priors, noises = [], [], 0
    answers = max(sum(len(batch) for batch in data.batches), 1)
    draws = int(np.clip(math.ceil(ROWS_EACH * points / answers), 2, MOST_DRAWS))
    for index, batch in enumerate(data.batches):
        channel, theta = fitted.channel(batch.signal.name)
        if type(batch.signal) is Triplet and channel.power is None and not theta:
            found, more = _triplet_rows(fitted, batch, channel)
        else:
            key = jax.random.fold_in(jax.random.key(seed), index)
            found, more = _drawn_rows(fitted, batch, channel, theta, draws, key)
        parts.append((found, noises))
        priors.append(more)
        noises += len(more)
    wide = []
    for (value, place), before in parts:
        # The noise of this signal goes after that of the signals before it.
        place = np.where(place < points, place, place + before)
        width = value.shape[1]
        wide.append(
            scipy.sparse.csr_matrix(
                (value.ravel(), place.ravel(), np.arange(len(value) + 1) * width),
                shape=(len(value), points + noises),
            )
        )
    return scipy.sparse.vstack(wide, format="csr"), np.concatenate(priors)


def _triplet_rows(
    fitted: Fitted, batch: Batch, channel: Channel
) -> tuple[tuple[np.ndarray, np.ndarray], np.ndarray]:
    """One row a triplet: the slope of P over sqrt(P (1 - P))."""
    z, beta, lapse = fitted.items, float(channel.precision), float(channel.lapse)
    dims = z.shape[1]
    t = oriented(batch)
    a, b, c = (z[t[:, column]] for column in range(3))
    x = beta * np.sum((a - c) ** 2 - (a - b) ** 2, axis=1, dtype=np.float64)
    sigma = 1 / (1 + np.exp(-np.clip(x, -80, 80)))
    p = (1 - lapse) * sigma + lapse / 2
    slope = (1 - lapse) * sigma * (1 - sigma)
    size = np.sqrt(batch.weight / np.maximum(p * (1 - p), 1e-12))
    g = [2 * beta * (b - c), 2 * beta * (a - b), 2 * beta * (c - a)]
    place = [t[:, [column]] * dims + np.arange(dims) for column in range(3)]
    values = [(size * slope)[:, None] * each for each in g]
    noises = 0
    for estimated, column in zip(
        fitted.estimated, (slope * x, (0.5 - sigma) * lapse * (1 - lapse)), strict=True
    ):
        if estimated:
            values.append((size * column)[:, None])
            first = (len(z) + len(fitted.prototypes)) * dims + noises
            place.append(np.full((len(t), 1), first))
            noises += 1
    rows = np.concatenate(values, 1).astype(np.float32), np.concatenate(place, 1)
    return rows, np.full(noises, NOISE_PRIOR)


@eqx.filter_jit
def _scores(
    channel: Channel, theta: Parameters, points: Points, part: Coded, key: Array
) -> tuple[Array, Array, Parameters]:
    points = Points(*(jnp.asarray(p) for p in points))
    own, shared, noise = point_scores(channel, theta, points, part, key)
    # An answer tells of its own annotator alone.
    return own, shared, {
        name: leaf.sum(1) if name.endswith("_of") else leaf for name, leaf in noise.items()
    }  # fmt: skip


def _drawn_rows(
    fitted: Fitted, batch: Batch, channel: Channel, theta: Parameters, draws: int, key: Array
) -> tuple[tuple[np.ndarray, np.ndarray], np.ndarray]:
    """`draws` rows an answer: scores of answers drawn from the channel, over sqrt(draws)."""
    n, dims = fitted.items.shape
    data, wide = solver.coded(batch), solver.padded(fitted.points, fitted.columns)
    k = len(fitted.prototypes) if channel.signal.uses_classes else 0
    names = sorted(theta)
    sizes = [int(np.size(theta[name])) for name in names]
    first = (n + len(fitted.prototypes)) * dims + np.cumsum([0, *sizes])
    values, places = [], []
    for draw in range(draws):
        for i in range(int(data.chunks)):
            part = data.chunk(i)
            here = jax.random.fold_in(jax.random.fold_in(key, draw), i)
            own, shared, noise = _scores(channel, theta, wide, part, here)
            size = part.weight.shape[0]
            rows = slice(0, min(size, len(batch) - i * size))
            count = rows.stop
            shown, annotator = np.asarray(part.items)[rows], np.asarray(part.annotator)[rows]
            flat = [np.asarray(own)[rows, :, :dims].reshape(count, -1)]
            flat.append(np.asarray(shared)[rows, :k, :dims].reshape(count, -1))
            mine = (shown[:, :, None] * dims + np.arange(dims)).reshape(count, -1)
            place = [mine, np.tile(np.arange(n * dims, (n + k) * dims), (count, 1))]
            for name, start, of in zip(names, first, sizes, strict=False):
                flat.append(np.asarray(noise[name])[rows].reshape(count, -1))
                person = annotator[:, None] if name.endswith("_of") else np.arange(of)[None]
                place.append(np.broadcast_to(start + person, (count, flat[-1].shape[1])))
            scale = np.sqrt(np.asarray(part.weight)[rows, None] / draws)
            values.append((scale * np.concatenate(flat, 1)).astype(np.float32))
            places.append(np.concatenate(place, axis=1))
    prior = [
        np.full(of, channel.prior_precision(name)) for name, of in zip(names, sizes, strict=True)
    ]
    return (np.concatenate(values), np.concatenate(places)), np.concatenate([*prior, np.zeros(0)])


def _own_blocks(rows: Any, prior: np.ndarray, points: int, dims: int) -> np.ndarray:
    """The diagonal blocks of H, (points, dims, dims)."""
    blocks = np.zeros((points, dims, dims))
    columns = rows.tocsc()
    for a in range(dims):
        for b in range(a, dims):
            left, right = columns[:, a : points * dims : dims], columns[:, b : points * dims : dims]
            blocks[:, a, b] = blocks[:, b, a] = np.asarray(left.multiply(right).sum(0)).ravel()
    return blocks + prior[: points * dims].reshape(points, dims)[:, :, None] * np.eye(dims)


def _draws(
    rows: Any, prior: np.ndarray, alone: np.ndarray, draws: int,
    generator: np.random.Generator,
) -> np.ndarray:  # fmt: skip
    """Draws (coordinates, draws) of N(0, H^-1): H x = J^T w + sqrt(prior) v has that law."""
    points, dims, _ = alone.shape
    w = generator.normal(size=(rows.shape[0], draws)).astype(np.float32)
    v = generator.normal(size=(len(prior), draws))
    target = rows.T @ w + np.sqrt(prior)[:, None] * v
    del w
    inverse = np.linalg.inv(alone)
    after = prior[points * dims :] + np.asarray(rows[:, points * dims :].power(2).sum(0)).ravel()

    def precondition(r: np.ndarray) -> np.ndarray:
        out = np.empty_like(r)
        mine = r[: points * dims].reshape(points, dims, draws)
        out[: points * dims] = np.einsum("nab,nbs->nas", inverse, mine).reshape(-1, draws)
        out[points * dims :] = r[points * dims :] / after[:, None]
        return out

    x = np.zeros_like(target)
    residual = target.copy()
    y = precondition(residual)
    direction, size = y.copy(), np.sum(residual * y, 0)
    first = size.copy()
    for _ in range(STEPS):
        image = rows.T @ (rows @ direction) + prior[:, None] * direction
        step = size / np.sum(direction * image, 0)
        x += step * direction
        residual -= step * image
        y = precondition(residual)
        new = np.sum(residual * y, 0)
        if np.all(new <= RESIDUAL**2 * first):
            break
        direction = y + new / size * direction
        size = new
    return x
