"""Squared error of MAP points from triplets of known precision, against two limits.

    python benchmarks/recovery_limit.py [--worlds 10]

Cramer-Rao: tr P H^-1 P, H = I + F at the true points (F the expected Fisher information of the
triplets asked, all coordinates together), P the projection off the directions that alignment by
rotation and shift takes for free. Rate-distortion: N(D) coordinates less the free ones, from
I <= 1/2 log2 det(I + F) bits, their error is at least n 2^(-2 I / n).
Errors are sums over coordinates divided by items, after alignment without scale.
"""

from __future__ import annotations

import argparse

import numpy as np

import labelbits as lb
from labelbits.recovery import metrics


def triplets(points: np.ndarray, n: int, beta: float, seed: int) -> np.ndarray:
    """Random triplets, answered with precision beta."""
    generator = np.random.default_rng(seed)
    t = generator.random((n, len(points))).argsort(1)[:, :3]
    a, b, c = (points[t[:, column]] for column in range(3))
    x = beta * (np.sum((a - c) ** 2, 1) - np.sum((a - b) ** 2, 1))
    turned = generator.random(n) > 1 / (1 + np.exp(-x))
    t[turned] = t[turned][:, [0, 2, 1]]
    return t


def fisher(points: np.ndarray, t: np.ndarray, beta: float) -> np.ndarray:
    """Expected Fisher information of all coordinates, (N D, N D)."""
    items, dims = points.shape
    a, b, c = (points[t[:, column]] for column in range(3))
    x = beta * (np.sum((a - c) ** 2, 1) - np.sum((a - b) ** 2, 1))
    p = 1 / (1 + np.exp(-x))
    g = np.zeros((len(t), items, dims))
    row = np.arange(len(t))
    g[row, t[:, 0]], g[row, t[:, 1]], g[row, t[:, 2]] = (
        2 * beta * (b - c), 2 * beta * (a - b), 2 * beta * (c - a),
    )  # fmt: skip
    g = g.reshape(len(t), -1) * np.sqrt(p * (1 - p))[:, None]
    return g.T @ g


def free_directions(points: np.ndarray) -> np.ndarray:
    """Orthonormal basis of shifts and rotations at `points`, (N D, free)."""
    items, dims = points.shape
    moves = [np.tile(axis, (items, 1)) for axis in np.eye(dims)]
    for i in range(dims):
        for j in range(i):
            turn = np.zeros((dims, dims))
            turn[i, j], turn[j, i] = 1, -1
            moves.append((points - points.mean(0)) @ turn)
    return np.linalg.qr(np.stack([move.ravel() for move in moves], axis=1))[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=10)
    worlds = parser.parse_args().worlds
    print("items dims beta  T/(D N log2 N)   measured (se)    Cramer-Rao  ratio  rate-distortion")
    for items, dims, beta in ((60, 2, 4.0), (60, 2, 1.0), (40, 3, 2.0)):
        for c in (1, 2, 4, 8):
            errors, limits, floors = [], [], []
            for seed in range(worlds):
                points = np.random.default_rng([seed, 31]).normal(size=(items, dims))
                t = triplets(points, round(c * dims * items * np.log2(items)), beta, seed)
                model = lb.SignalEmbedding(
                    dims, precision=beta, lapse=0.0, random_state=1, max_iter=300, tol=1e-5
                ).fit(t)
                errors.append(metrics.mean_squared_error(model.embedding_, points, scale=False))
                h = np.eye(items * dims) + fisher(points, t, beta)
                free = free_directions(points)
                inverse = np.linalg.inv(h)
                limits.append((np.trace(inverse) - np.trace(free.T @ inverse @ free)) / items)
                n = items * dims - free.shape[1]
                bits = 0.5 * np.linalg.slogdet(h)[1] / np.log(2)
                floors.append(n * 2 ** (-2 * bits / n) / items)
            mean, se = np.mean(errors), np.std(errors, ddof=1) / np.sqrt(worlds)
            print(
                f"{items:5d} {dims:4d} {beta:4.1f} {c:10d}       {mean:.5f} ({se:.5f})   "
                f"{np.mean(limits):.5f}   {mean / np.mean(limits):.3f}   {np.mean(floors):.5f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
