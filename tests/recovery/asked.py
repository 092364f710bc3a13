"""Simulated answers to random questions about a small world, as the canonical table."""

from __future__ import annotations

import json

import jax
import numpy as np
import polars as pl

import labelbits as lb
from labelbits.signals import make
from tests.drawn import answered


def asked(
    world: tuple[np.ndarray, np.ndarray], name: str, n: int, seed: int, **noise: float
) -> pl.DataFrame:
    """`n` rows; `world` holds items (N, D) and prototypes (K, D)."""
    items, prototypes = world
    signal = make(name, items.shape[1], len(prototypes), **noise)
    generator = np.random.default_rng(seed)
    which = generator.random((n, len(items))).argsort(1)[:, : signal.arity]
    question = generator.integers(0, signal.questions(len(prototypes)), n)
    codes = answered(signal, jax.random.key(seed), items[which], prototypes, question)
    names = [f"class {k}" for k in range(len(prototypes))]
    decoded = [signal.decode(code, names) for code in codes]
    return pl.DataFrame(
        {
            "signal": [name] * n,
            "annotator": ["a"] * n,
            "items": [[f"item {i}" for i in row] for row in which],
            "classes": [about for _, about in decoded],
            "answer": [json.dumps(answer) for answer, _ in decoded],
        },
        schema_overrides={"classes": pl.List(pl.String)},
    )


def answers(items: int, classes: int, *tables: pl.DataFrame) -> lb.Answers:
    """Tables as one `Answers` with items and classes in the order of their numbers."""
    return lb.Answers(
        pl.concat(tables),
        tuple(f"item {i}" for i in range(items)),
        tuple(f"class {k}" for k in range(classes)),
    )
