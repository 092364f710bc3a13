"""Two predictions of recovery from theory alone, for comparison with the simulated surface.

Both draw a world and its questions and work with the Fisher information F about all coordinates,
items and prototypes, with prior precision I, so that H = I + F:

- `first_order`: the MAP estimate at truth theta is Normal(theta - H^-1 theta, H^-1 F H^-1);
- `gauss_newton`: answers are drawn too, and a few steps of Fisher scoring go from the truth towards
  the MAP estimate, with F and the score anew at each step: an estimate that is not linear.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from labelbits.information.fisher import _each_chunk
from labelbits.information.joint import random_questions
from labelbits.interface import Signal
from labelbits.recovery.metrics import spearman
from labelbits.worlds import World

STEPS = 5


def information(
    signal: Signal, world: World, questions: np.ndarray, items: np.ndarray, prototypes, key
) -> np.ndarray:
    """F, (coordinates, coordinates): items first, then the prototypes of class signals."""
    dims, size = world.dims, world.items + (world.classes if signal.uses_classes else 0)
    matrix = np.zeros((size * dims, size * dims))
    given = None if prototypes is None else jnp.asarray(prototypes, jnp.float32)
    asks = ((signal, questions),)
    for rows, a, c in _each_chunk(asks, world, jnp.asarray(items, jnp.float32), given, key):
        n = len(rows)
        columns = (rows[:, :, None] * dims + np.arange(dims)).reshape(n, -1)
        root = a
        if c.shape[2]:
            own = np.broadcast_to(
                world.items * dims + np.arange(world.classes * dims), (n, c.shape[2])
            )
            columns, root = np.concatenate([columns, own], 1), np.concatenate([a, c], 2)
        blocks = np.einsum("nri,nrj->nij", root, root)
        np.add.at(matrix, (columns[:, :, None], columns[:, None, :]), blocks)
    return matrix


def _draw(signal: Signal, world: World, answers: int, seed: int):
    keys = jax.random.split(jax.random.key(seed), 4)
    items = np.asarray(world.sample_items(keys[0], (world.items,)), dtype=np.float64)
    prototypes = None
    if signal.uses_classes:
        prototypes = np.asarray(world.sample_prototypes(keys[1], ()), dtype=np.float64)
    return items, prototypes, random_questions(signal, world, answers, seed), keys[2], keys[3]


def first_order(signal: Signal, world: World, answers: int, seed: int) -> float:
    """Spearman correlation of one draw of the first-order distribution."""
    items, prototypes, questions, key, _ = _draw(signal, world, answers, seed)
    theta = np.concatenate([items, *([] if prototypes is None else [prototypes])]).ravel()
    f = information(signal, world, questions, items, prototypes, key)
    values, axes = np.linalg.eigh(f)
    values = np.maximum(values, 0)
    noise = np.random.default_rng(seed).standard_normal(len(theta))
    shrunk = values / (1 + values) * (axes.T @ theta)
    estimate = axes @ (shrunk + np.sqrt(values) / (1 + values) * noise)
    return float(spearman(estimate.reshape(-1, world.dims)[: world.items], items))


def gauss_newton(signal: Signal, world: World, answers: int, seed: int) -> float:
    """Spearman correlation after `STEPS` steps of Fisher scoring on answers drawn at the truth."""
    items, prototypes, questions, key, answer_key = _draw(signal, world, answers, seed)
    points, rows = world.items, jnp.asarray(questions)

    def read(theta: jax.Array) -> jax.Array:
        z = theta.reshape(-1, world.dims)
        c = z[points:] if signal.uses_classes else None
        return signal.distances(z[rows], None if c is None else c[None])

    theta = np.concatenate([items, *([] if prototypes is None else [prototypes])]).ravel()
    drawn = signal.sample(answer_key, read(jnp.asarray(theta, jnp.float32)))
    score = jax.jit(jax.grad(lambda theta: jnp.sum(signal.log_prob(drawn, read(theta)))))
    for _ in range(STEPS):
        z = theta.reshape(-1, world.dims)
        f = information(
            signal, world, questions, z[:points], z[points:] if signal.uses_classes else None, key
        )
        g = np.asarray(score(jnp.asarray(theta, jnp.float32)), dtype=np.float64) - theta
        step = np.linalg.solve(np.eye(len(theta)) + f, g)
        # A step longer than the prior's own size leaves the region where F describes anything.
        theta = theta + step * min(1.0, np.sqrt(len(theta)) / max(np.linalg.norm(step), 1e-12))
    return float(spearman(theta.reshape(-1, world.dims)[:points], items))
