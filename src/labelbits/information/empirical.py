"""Bits per answer on the user's own items, whose class probabilities are known or estimated."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from labelbits.errors import InputError, NotFiniteError
from labelbits.interface import Estimate, Signal

#: Answers drawn at a time: bounds the table of items x answers.
BLOCK = 500


def distances_from_probabilities(signal: Signal, probabilities: np.ndarray) -> np.ndarray:
    """The d2 (items, classes) at which the channel's pi equals these probabilities.

    softmax(-precision d2) = p for d2 = -ln(p) / precision, up to a shift that pi does not see.
    """
    log_p = np.log(np.maximum(probabilities, 1e-9))
    return (-log_p / min(float(signal.precision), 1e9)).astype(np.float32)


def per_answer_empirical(
    signal: Signal, probabilities: np.ndarray, *, samples: int = 2000, seed: int = 0
) -> Estimate:
    """I(A; item) in bits for an item drawn at random from the user's own.

    `probabilities` (items, classes) is what one annotator's answers to each item look like. The
    marginal of an answer is its average over all items, exactly; H(A | item) is in closed form
    where the signal has one, else one answer is drawn for each of `samples` items:
    I = E[log2 p(a | i) - log2 mean_j p(a | j)]. Raises `InputError` for comparisons, which
    class probabilities do not determine.
    """
    if not signal.uses_classes or signal.arity != 1:
        raise InputError(f"{signal.name} does not depend on class probabilities alone")
    items, classes = probabilities.shape
    d2 = jnp.asarray(distances_from_probabilities(signal, probabilities))
    if signal.outcomes(classes) <= 64 and signal.questions(classes) == 1:
        answers = jnp.asarray(signal.enumerate(classes))
        p = np.exp(np.asarray(signal.log_prob(answers[None], d2[:, None]), dtype=np.float64))
        divergence = np.sum(p * np.log2(np.maximum(p, 1e-300) / p.mean(0)), axis=1)
        bits, error = divergence.mean(), divergence.std() / np.sqrt(items)
        return Estimate(float(bits), float(error), "exact", "items", outcomes=len(answers))
    rng = np.random.default_rng(seed)
    rows = rng.integers(0, items, samples)
    question = jnp.asarray(rng.integers(0, signal.questions(classes), samples))
    answers = signal.sample(jax.random.key(seed), d2[rows], question)
    table = jax.jit(lambda a, d2: signal.log_prob(a[:, None], d2[None]))
    parts = []
    for start in range(0, samples, BLOCK):
        block = slice(start, start + BLOCK)
        log_p = np.asarray(table(answers[block], d2), dtype=np.float64)
        own = log_p[np.arange(len(log_p)), rows[block]]
        parts.append(own - np.logaddexp.reduce(log_p, axis=1) + np.log(items))
    gain = np.concatenate(parts) / np.log(2)
    if not np.isfinite(gain).all():
        raise NotFiniteError(
            f"bits of {signal.name} are not finite: an answer that was drawn has probability 0"
        )
    error = float(gain.std(ddof=1) / np.sqrt(samples))
    return Estimate(
        float(gain.mean()),
        error,
        "monte-carlo",
        "items",
        outcomes=signal.outcomes(classes),
        samples=samples,
    )
