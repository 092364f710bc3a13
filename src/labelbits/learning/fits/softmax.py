"""Ridge-penalised softmax regression, many problems at once: batched L-BFGS in float32 numpy.

Each problem minimises

    (1 / sum_i w_i) sum_i w_i [ -sum_k t_ik ln P_ik ] + (ridge / 2) ||W||^2,
    P_i = (1 - lapse) softmax(W x_i + b) + lapse / K,

over W (K, d) and b (K,), b free of the penalty. Problems of one group share their items, so one
matrix product serves all of them (folds and penalties of a cross-validation, for instance);
problems of one group differ in weights, targets and penalties.

Nocedal & Wright, Numerical Optimization (2006), algorithm 7.4. numpy and not JAX: the sizes of
a learning curve are all different and each would be compiled anew.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

#: Pairs of steps and gradient changes that L-BFGS remembers.
MEMORY = 8
#: Tries of one line search, each 0.4 of the last; the very last stays put.
LINE_SEARCH = 12
#: Floats of one group's largest array times the groups of one batch: more would fall out of a
#: core's cache.
CHUNK = 1_000_000
SMALLEST = np.float32(1e-30)


@dataclass(frozen=True)
class SoftmaxFit:
    """`weights` (G, P, K, d), `bias` (G, P, K), `loss` (G, P) with the penalty."""

    weights: np.ndarray
    bias: np.ndarray
    loss: np.ndarray

    def group(self, g: int) -> SoftmaxFit:
        """The problems of one group alone."""
        return SoftmaxFit(self.weights[g : g + 1], self.bias[g : g + 1], self.loss[g : g + 1])

    def log_proba(self, features: np.ndarray) -> np.ndarray:
        """ln softmax for features (n, d) shared or (G, n, d): (G, P, K, n)."""
        g, p, k, d = self.weights.shape
        stack = features if features.ndim == 3 else features[None]
        z = self.weights.reshape(g, p * k, d) @ stack.transpose(0, 2, 1)
        z = z.reshape(g, p, k, -1) + self.bias[..., None]
        z -= z.max(axis=2, keepdims=True)
        return z - np.log(np.exp(z).sum(axis=2, keepdims=True))


def in_batches(groups: int, floats: int) -> list[range]:
    """Groups of `floats` each in batches to be fitted at once: two at least, for two cores."""
    at_once = max(1, min(CHUNK // floats, -(-groups // 2)))
    return [range(s, min(s + at_once, groups)) for s in range(0, groups, at_once)]


class _Objective:
    """Loss and gradient of every problem, W and b of one problem in a row of M = K (d + 1) numbers;
    x ends with the column of ones that carries b."""

    def __init__(
        self,
        x: np.ndarray,
        targets: np.ndarray,
        weights: np.ndarray,
        ridge: np.ndarray,
        lapse: float,
    ) -> None:
        self.x = x  # (G, n, d+1)
        #: What each item says for each class, and in all: (G, P, K or 1, n).
        self.said = targets * weights[:, :, None]
        self.mass = targets.sum(axis=2, keepdims=True) * weights[:, :, None]
        k, d = targets.shape[2], x.shape[2]
        penalty = np.zeros((*ridge.shape, k, d), np.float32)
        penalty[..., :-1] = ridge[..., None, None]
        self.penalty = penalty.reshape(*ridge.shape, k * d)
        self.lapse = np.float32(lapse)

    def logits(self, w: np.ndarray) -> np.ndarray:
        """(G, P, K, n) of w (G, P, M)."""
        g, p, _ = w.shape
        return (w.reshape(g, -1, self.x.shape[2]) @ self.x.transpose(0, 2, 1)).reshape(
            g, p, -1, self.x.shape[1]
        )

    def evaluate(self, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Data loss (G, P) and its derivative with respect to the logits (G, P, K, n)."""
        z = z - z.max(axis=2, keepdims=True)
        p = np.exp(z)
        total = p.sum(axis=2, keepdims=True)
        p /= total
        if self.lapse == 0:
            log_p = z
            log_p -= np.log(total)
            loss = -_dot(self.said, log_p)
            p *= self.mass
            p -= self.said
        else:
            right = (1 - self.lapse) * p
            mixed = right + self.lapse / np.float32(p.shape[2])
            loss = -_dot(self.said, np.log(mixed))
            share = self.said * right / mixed
            p *= share.sum(axis=2, keepdims=True)
            p -= share
        return loss, p

    def gradient(self, dz: np.ndarray, w: np.ndarray) -> np.ndarray:
        """(G, P, M), the penalty's part with it."""
        g, p, k, n = dz.shape
        return (dz.reshape(g, p * k, n) @ self.x).reshape(w.shape) + self.penalty * w

    def penalised(self, loss: np.ndarray, w: np.ndarray) -> np.ndarray:
        return loss + 0.5 * _dot(self.penalty * w, w)


def _dot(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Sums of products of every problem: (G, P) from (G, P, ...)."""
    g, p = a.shape[:2]
    return np.vecdot(a.reshape(g, p, -1), b.reshape(g, p, -1))


class _Memory:
    """The last steps and changes of the gradient of every problem, each (G, P, M)."""

    def __init__(self, scale: np.ndarray) -> None:
        self.scale = scale
        self.pairs: deque[tuple[np.ndarray, np.ndarray, np.ndarray]] = deque(maxlen=MEMORY)
        self.gamma: np.ndarray | None = None

    def add(self, step: np.ndarray, change: np.ndarray) -> None:
        # Pairs that broke the curvature condition are zeroed by the caller: they do nothing.
        product, bent = _dot(step, change), _dot(change, self.scale * change)
        self.pairs.append((step, change, 1 / np.maximum(product, SMALLEST)))
        self.gamma = np.where(bent > 0, product / np.maximum(bent, SMALLEST), 1)

    def direction(self, gradient: np.ndarray) -> np.ndarray:
        """Two-loop recursion with the inverse of a diagonal curvature, `scale`, as the start."""
        q = gradient.copy()
        alphas = []
        for s, y, rho in reversed(self.pairs):
            alpha = rho * _dot(s, q)
            q -= alpha[..., None] * y
            alphas.append(alpha)
        if self.gamma is not None:
            q *= self.gamma[..., None]
        q *= self.scale
        for (s, y, rho), alpha in zip(self.pairs, reversed(alphas), strict=True):
            q += (alpha - rho * _dot(y, q))[..., None] * s
        return -q


def fit_softmax(
    features: np.ndarray,
    targets: np.ndarray,
    weights: np.ndarray,
    ridge: np.ndarray,
    *,
    lapse: float = 0.0,
    start: SoftmaxFit | None = None,
    tolerance: float = 1e-5,
    max_iterations: int = 200,
) -> SoftmaxFit:
    """Fit G groups of P problems.

    `features` (G, n, d), best with uncorrelated columns; `targets` (G, P or 1, n, K), rows that
    sum to anything (counts of votes do); `weights` (G, P, n) >= 0; `ridge` (G, P) > 0. A problem
    has converged when one step lowers its loss by less than `tolerance` of itself (or of a
    twentieth of what it started from), twice running.
    """
    g, n, d = features.shape
    k = targets.shape[-1]
    x = np.concatenate([features, np.ones((g, n, 1), np.float32)], axis=2, dtype=np.float32)
    t = np.ascontiguousarray(targets.transpose(0, 1, 3, 2), dtype=np.float32)
    weights = weights.astype(np.float32)
    mass = np.einsum("gpn,gpn->gp", weights, np.broadcast_to(t.sum(2), weights.shape))
    weights = weights / np.maximum(mass, SMALLEST)[..., None]
    ridge = ridge.astype(np.float32)
    p = weights.shape[1]
    objective = _Objective(x, t, weights, ridge, lapse)
    # Features are alike in all folds: one variance a column serves every problem of a group.
    variance = np.mean(x * x, axis=1)[:, None, None]
    # At W = 0 the curvature along column j is variance_j / K + ridge.
    curvature = np.broadcast_to(np.maximum(variance, 1e-6) / k, (g, p, k, d + 1))
    scale = 1 / (curvature.reshape(g, p, -1) + objective.penalty)
    if start is None:
        w = np.zeros((g, p, k * (d + 1)), np.float32)
    else:
        w = np.concatenate([start.weights, start.bias[..., None]], axis=3, dtype=np.float32)
        w = w.reshape(g, p, -1)
    z = objective.logits(w)
    loss, dz = objective.evaluate(z)
    loss = objective.penalised(loss, w)
    gradient = objective.gradient(dz, w)
    # A penalty near 0 lets the loss itself go to 0: progress there no longer matters.
    least = 0.05 * np.abs(loss)
    memory = _Memory(scale)
    quiet = np.zeros((g, p), int)
    iteration = 0
    while iteration < max_iterations and not (quiet >= 2).all():
        iteration += 1
        step = memory.direction(gradient)
        slope = _dot(step, gradient)
        uphill = slope >= 0
        if uphill.any():
            step = np.where(uphill[..., None], -scale * gradient, step)
            slope = _dot(step, gradient)
        step_z = objective.logits(step)
        length = np.ones((g, p), np.float32)
        attempt = 0
        while True:
            new_w = w + length[..., None] * step
            new_loss, dz = objective.evaluate(z + length[..., None, None] * step_z)
            new_loss = objective.penalised(new_loss, new_w)
            # Float32 sums are good to about 1e-6 of the loss.
            bad = ~(new_loss <= loss + 1e-4 * length * slope + 1e-6 * np.abs(loss))
            attempt += 1
            if not bad.any() or attempt == LINE_SEARCH:
                break
            # No progress is possible at this precision: leave those problems where they are.
            shrink = np.float32(0 if attempt >= LINE_SEARCH - 1 else 0.4)
            length = np.where(bad, length * shrink, length)
        z += length[..., None, None] * step_z
        new_gradient = objective.gradient(dz, new_w)
        s, y = new_w - w, new_gradient - gradient
        curved = _dot(s, y) > 1e-10 * _dot(s, s)
        if not curved.all():
            s = np.where(curved[..., None], s, 0)
            y = np.where(curved[..., None], y, 0)
        memory.add(s, y)
        quiet = np.where(loss - new_loss < tolerance * np.maximum(loss, least), quiet + 1, 0)
        w, loss, gradient = new_w, new_loss, new_gradient
    w = w.reshape(g, p, k, d + 1)
    return SoftmaxFit(w[..., :-1], w[..., -1], loss.astype(np.float64))
