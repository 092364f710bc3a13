"""A classifier under any signal's own likelihood: a linear map or a small network, by L-BFGS.

The logits l play the part of minus precision times squared distance, so every class signal is
fitted through the `log_prob` it already has: with precision 1 and d2 = -l its channel softmax(-d2)
is softmax(l). The learned map absorbs the annotators' precision; the lapse stays as it is.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
from collections.abc import Callable, Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array
from scipy import optimize

from labelbits.compilation import compiled_briefly, compiler_options, exact_product
from labelbits.errors import InputError
from labelbits.interface import Batch
from labelbits.signals.base import replace_noise

Parameters = list[tuple[Any, Any]]


def padded(n: int) -> int:
    """The next size in 32, 48, 64, 96, 128, ...: few sizes, so that little is compiled anew."""
    size = 32
    while size < n:
        size = size * 3 // 2 if size & (size - 1) == 0 else size // 3 * 4
    return size


def pad_rows(array: np.ndarray, size: int) -> np.ndarray:
    """`array` with its last row repeated up to `size` rows."""
    return np.concatenate([array, np.repeat(array[-1:], size - len(array), axis=0)])


def start_parameters(
    columns: int, classes: int, hidden: Sequence[int], rng: np.random.Generator
) -> Parameters:
    """He's start for the hidden layers, a small random last layer (zero is a saddle of
    `same-class`: every class alike)."""
    parameters = []
    widths = [columns, *hidden]
    for a, b in itertools.pairwise(widths):
        w = rng.normal(size=(a, b)) * np.sqrt(2 / a)
        parameters.append((w.astype(np.float32), np.zeros(b, np.float32)))
    last = rng.normal(size=(widths[-1], classes)) * 0.1 / np.sqrt(widths[-1])
    parameters.append((last.astype(np.float32), np.zeros(classes, np.float32)))
    return parameters


def logits_of(parameters: Parameters, x: Any) -> Array:
    """Logits (n, K) of features (n, d): ReLU layers, then a linear one."""
    for w, b in parameters[:-1]:
        x = jax.nn.relu(exact_product(x, w) + b)
    w, b = parameters[-1]
    return exact_product(x, w) + b


def prepare(
    batch: Batch, weight: np.ndarray, least: int = 0
) -> tuple[Any, np.ndarray, np.ndarray, np.ndarray]:
    """(signal, items, answers, weights) of one batch, padded with answers of weight 0 to a size
    that others share, of at least `least` answers."""
    signal = batch.signal
    if not signal.uses_classes:
        raise InputError(
            f"{signal.name} compares items and names no class; a classifier cannot learn from it. "
            "Use SignalMetric for comparisons."
        )
    size = padded(max(len(batch), least))
    lapse = np.asarray(signal.lapse, np.float32)
    if lapse.ndim:
        lapse = pad_rows(lapse, size)
    signal = replace_noise(signal, np.ones((), np.float32), lapse)
    return (
        signal,
        pad_rows(np.asarray(batch.items), size),
        pad_rows(np.asarray(batch.answer), size),
        np.concatenate([weight, np.zeros(size - len(batch))]).astype(np.float32),
    )


def log_likelihoods(logits: Array, signal: Any, items: Array, answer: Array) -> Array:
    """ln P of every answer (n,), given the logits (items, K)."""
    d2 = -logits[items]  # (n, arity, K)
    return signal.log_prob(answer, d2 if signal.arity > 1 else d2[:, 0])


def _total(parameters: Parameters, x: Any, terms: list[Any]) -> tuple[Array, Array]:
    """(negative log likelihood in nats, weight) of all answers."""
    logits = logits_of(parameters, x)
    total, mass = jnp.float32(0), jnp.float32(0)
    for signal, items, answer, weight in terms:
        log_p = log_likelihoods(logits, signal, items, answer)
        # The floor keeps an answer that the model deems impossible from turning into NaN.
        total -= jnp.sum(jnp.where(weight > 0, weight * jnp.maximum(log_p, -1e4), 0.0))
        mass += jnp.sum(weight)
    return total, mass


def _arrays_apart(terms: list[Any]) -> tuple[Any, tuple[Any, Any]]:
    """The arrays of the terms, and what else there is of them, which a program is compiled for."""
    arrays, rest = eqx.partition(terms, lambda leaf: isinstance(leaf, (np.ndarray, jax.Array)))
    leaves, structure = jax.tree.flatten(rest)
    return arrays, (structure, tuple(leaves))


def _layers(vector: Any, shapes: Sequence[tuple[int, int]]) -> Parameters:
    """Weights and biases layer by layer, out of one vector of them all."""
    parameters, start = [], 0
    for a, b in shapes:
        end = start + a * b
        parameters.append((vector[start:end].reshape(a, b), vector[end : end + b]))
        start = end + b
    return parameters


@functools.lru_cache(maxsize=256)
def _program(rest: tuple[Any, Any], shapes: tuple[tuple[int, int], ...]) -> Callable[..., Any]:
    """(loss, gradient) as a compiled function of one vector of parameters, features, the arrays of
    the terms and the ridge: a fit calls it hundreds of times, so nothing else is worked out in a
    call."""
    structure, leaves = rest

    def loss(vector: Array, x: Array, arrays: Any, ridge: Array) -> Array:
        terms = eqx.combine(arrays, jax.tree.unflatten(structure, leaves))
        parameters = _layers(vector, shapes)
        total, mass = _total(parameters, x, terms)
        squares = sum(jnp.sum(w * w) for w, _ in parameters)
        return total / jnp.maximum(mass, 1e-12) + 0.5 * ridge * squares

    return jax.jit(jax.value_and_grad(loss), compiler_options=compiler_options())


_held_out = compiled_briefly(_total)


def fit_likelihood(
    x: np.ndarray,
    terms: list[Any],
    parameters: Parameters,
    ridge: float,
    max_iterations: int = 300,
) -> tuple[Parameters, float]:
    """Minimise the mean negative log likelihood plus ridge / 2 ||weights||^2 from `parameters`.

    `terms` come from `prepare`. Returns the parameters and the final loss in nats per answer.
    """
    arrays, rest = _arrays_apart(terms)
    shapes = tuple(w.shape for w, _ in parameters)
    program = _program(rest, shapes)
    features, data = jax.device_put((np.asarray(x), arrays))
    penalty = np.float32(ridge)

    def objective(vector: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = program(vector.astype(np.float32), features, data, penalty)
        return float(value), np.asarray(gradient, np.float64)

    result = optimize.minimize(
        objective,
        np.concatenate([part.ravel() for pair in parameters for part in pair]).astype(np.float64),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": max_iterations, "ftol": 1e-7, "gtol": 1e-5, "maxcor": 10},
    )
    if not np.isfinite(result.fun):
        raise InputError(
            "the answers have no finite likelihood under any classifier; check the lapse: an "
            "annotator who never errs cannot contradict itself"
        )
    return _layers(result.x.astype(np.float32), shapes), float(result.fun)


def likelihood_losses(
    x: np.ndarray,
    batches: Sequence[Batch],
    starts: Parameters,
    ridges: Sequence[float],
    folds: int,
    rng: np.random.Generator,
    room: tuple[int, int] = (0, 0),
) -> np.ndarray:
    """Held-out negative log likelihood per answer for every penalty (L,), nats.

    Folds hold out items; an answer is fitted when all its items are kept and scored when all are
    held out. Every fold has the same padded shapes, so one compilation serves all; `room` (rows,
    answers) makes them at least so large, to share them with other sets.
    """
    fold = rng.permutation(np.arange(len(x)) % folds)
    losses = np.zeros(len(ridges))
    mass, count = 0.0, 0.0
    x = pad_rows(x, max(len(x), room[0]))
    for f in range(folds):
        fit_terms, test_terms = [], []
        for batch in batches:
            held = fold[np.asarray(batch.items)] == f
            weight = np.asarray(batch.weight, dtype=np.float64)
            fit_terms.append(prepare(batch, weight * ~held.any(1), room[1]))
            test_terms.append(prepare(batch, weight * held.all(1), room[1]))
        parameters = starts
        # From strong to weak penalties, each starting where the last one ended.
        for i in np.argsort(ridges)[::-1]:
            parameters, _ = fit_likelihood(x, fit_terms, parameters, ridges[i], 100)
            total, count = map(float, _held_out(parameters, x, test_terms))
            losses[i] += total
        mass += count
    return losses / max(mass, 1e-12)


def relabelled(batches: Sequence[Batch]) -> tuple[np.ndarray, list[Batch]]:
    """(rows of the features that are asked about, batches that index those rows)."""
    rows = np.unique(np.concatenate([np.asarray(b.items).ravel() for b in batches]))
    return rows, [
        dataclasses.replace(b, items=np.searchsorted(rows, np.asarray(b.items))) for b in batches
    ]
