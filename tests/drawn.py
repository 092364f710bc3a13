"""Answers and distances as tests draw them: one compiled program a signal and shape, where the same
steps one after the other are a dozen, each compiled for half as long."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from labelbits.compilation import compiled_briefly
from labelbits.interface import Signal
from labelbits.signals.base import traced


@compiled_briefly
def _answers(signal: Signal, key: Any, d2: Any, question: Any) -> jax.Array:
    return signal.sample(key, d2, question)


@compiled_briefly
def _distances(signal: Signal, points: Any, prototypes: Any) -> jax.Array:
    return signal.distances(points, prototypes)


def drawn(signal: Signal, key: Any, d2: Any, question: Any = 0) -> np.ndarray:
    """`signal.sample` (n, width)."""
    return np.asarray(_answers(traced(signal), key, d2, np.asarray(question)))


def answered(
    signal: Signal, key: Any, points: Any, prototypes: Any = None, question: Any = 0
) -> np.ndarray:
    """Answers (n, width) to questions about `points` (n, arity, dims)."""
    points = np.asarray(points, np.float32)
    known = None if prototypes is None else np.asarray(prototypes, np.float32)
    return drawn(signal, key, _distances(traced(signal), points, known), question)
