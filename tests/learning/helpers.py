"""Small worlds with known answers for the tests of learning."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from labelbits import signals
from labelbits.interface import Batch, Signal


def world(
    items: int, columns: int = 6, classes: int = 3, margin: float = 3.0, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """(features (items, columns), true probabilities (items, classes)) of a linear teacher."""
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(items, columns))
    logits = features @ rng.normal(size=(columns, classes)) * margin / np.sqrt(columns)
    proba = np.exp(logits - logits.max(1, keepdims=True))
    return features.astype(np.float32), proba / proba.sum(1, keepdims=True)


def answers(
    signal: Signal, items: np.ndarray, proba: np.ndarray, seed: int = 0, question: int | None = None
) -> Batch:
    """Answers about `items` (n, arity) by annotators whose d2 is minus the log probability."""
    d2 = jnp.asarray(-np.log(proba[items]), jnp.float32)
    if signal.arity == 1:
        d2 = d2[:, 0]
    n = len(items)
    asked = 0 if question is None else np.random.default_rng(seed).integers(question, size=n)
    code = signal.sample(jax.random.key(seed), d2, jnp.asarray(asked))
    return Batch(signal, items, np.asarray(code), np.zeros(n, int), np.ones(n))


def hard(rows: np.ndarray, labels: np.ndarray) -> Batch:
    """One hard label on each row."""
    n = len(rows)
    return Batch(
        signals.Hard(), np.asarray(rows)[:, None], np.asarray(labels)[:, None],
        np.zeros(n, int), np.ones(n),
    )  # fmt: skip
