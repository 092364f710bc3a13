"""Bits of one answer about an item on a line, prototypes known: one integral, in float64."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array
from scipy import special

from labelbits.compilation import compiled_briefly
from labelbits.information.exchangeable import Result
from labelbits.interface import Signal, World
from labelbits.laws import normal_density
from labelbits.signals import Candidates
from labelbits.signals.base import NOISE_FREE, traced

#: Most answers times nodes that are held at once.
MOST = 2**24


def line(signal: Signal, world: World) -> Result | None:
    """I(A; z | c) in nats for one class question about z in R^1, or None where it does not apply.

    The channel changes where two prototypes are equally far (for `candidates`, also where one is
    at the threshold), within 1 / (precision x gap): panels are graded towards these places.
    """
    prototypes, prior = world.known_prototypes, getattr(world, "prior", None)
    outcomes = signal.outcomes(world.classes)
    if prototypes is None or world.dims != 1 or signal.arity != 1 or not signal.uses_classes:
        return None
    if prior not in ("normal", "hypercube") or outcomes > 1000:
        return None
    places = np.asarray(prototypes, dtype=np.float64)[:, 0]
    coarse, fine = (_integrate(signal, places, str(prior), order) for order in (10, 16))
    return Result(fine, abs(fine - coarse), 0)


def _edges(signal: Signal, places: np.ndarray, low: float, high: float) -> np.ndarray:
    precision = min(float(signal.precision), NOISE_FREE)
    gaps = np.abs(places[:, None] - places)[np.triu_indices(len(places), 1)]
    steps = ((places[:, None] + places) / 2)[np.triu_indices(len(places), 1)]
    width = 1 / (2 * precision * max(gaps.max(), 1e-9))
    if isinstance(signal, Candidates):
        root = float(signal.threshold) ** 0.5 if float(signal.threshold) > 0 else 0.0
        steps = np.concatenate([steps, places - root, places + root])
    edges = [np.linspace(low, high, 41), steps]
    if width > 1e-8:  # below, an answer is certain on both sides and the step itself has no mass
        grade = np.geomspace(width, high - low, max(2, int(np.log2((high - low) / width)) + 2))
        edges += [steps[:, None] + grade, steps[:, None] - grade]
    every = np.unique(np.concatenate([e.ravel() for e in edges]))
    return every[(every >= low) & (every <= high)]


def _integrate(signal: Signal, places: np.ndarray, prior: str, order: int) -> float:
    low, high = (-9.5, 9.5) if prior == "normal" else (-np.sqrt(3.0), np.sqrt(3.0))
    edges = _edges(signal, places, low, high)
    x, w = np.polynomial.legendre.leggauss(order)
    half = np.diff(edges)[:, None] / 2
    z = (edges[:-1, None] + half * (x + 1)).ravel()
    if prior == "normal":
        # Exact mass of each panel, so that steps between panels cost nothing.
        weight = (half * w).ravel() * normal_density(z)
        upper = special.ndtr(-edges)
        mass = np.where(edges[:-1] > 0, upper[:-1] - upper[1:], np.diff(special.ndtr(edges)))
        inside = weight.reshape(len(mass), order)
        sums = inside.sum(1)
        scale = np.divide(mass, sums, out=np.ones_like(mass), where=sums > 0)
        weight = (inside * scale[:, None]).ravel()
    else:
        weight = (half * w).ravel()
    weight = weight / weight.sum()
    classes = len(places)
    kinds = signal.questions(classes)
    total = 0.0
    with jax.enable_x64(True):
        d2 = (z[:, None] - places) ** 2
        for question in range(kinds):
            answers = jnp.asarray(signal.enumerate(classes, question))
            n = max(1, MOST // (answers.shape[0] * classes))
            parts = [
                np.exp(np.asarray(_log_p(traced(signal), jnp.asarray(d2[i : i + n]), answers)))
                for i in range(0, len(z), n)
            ]
            p = np.concatenate(parts)
            total += special.entr(weight @ p).sum() - weight @ special.entr(p).sum(1)
    return float(total / kinds)


@compiled_briefly
def _log_p(signal: Signal, d2: Array, answers: Array) -> Array:
    return signal.log_prob_all(d2, answers)
