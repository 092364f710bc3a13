"""Bits of one answer against classes, dimensions, precision and lapse: integral and sample."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from labelbits import information, signals
from labelbits.interface import Signal
from labelbits.signals.base import traced
from labelbits.sweeps.analyses.piece import Raw, Size
from labelbits.worlds import World

#: Numbers that one step of the marginal may hold.
CHUNK = 2**22


@eqx.filter_jit
def _logs(
    signal: Signal, world: World, key: Any, draws: int, others: int, step: int
) -> tuple[Any, Any]:
    """ln P(answer | own points), (draws,), and ln of its sum over `others` worlds, (draws,)."""
    keys = jax.random.split(key, 4)

    def distances(key: Any, n: int) -> Any:
        a, b = jax.random.split(key)
        points = world.sample_items(a, (n, signal.arity))
        if not signal.uses_classes:
            return signal.distances(points)
        return signal.distances(points, world.sample_prototypes(b, (n,)))

    here, there = distances(keys[0], draws), distances(keys[1], others)
    question = jax.random.randint(keys[2], (draws,), 0, signal.questions(world.classes))
    answer = signal.sample(keys[3], here, question)

    def total(some: Any) -> Any:
        return jax.vmap(lambda a: jax.nn.logsumexp(signal.log_prob(a[None], there)))(some)

    chunks = answer.reshape(draws // step, step, -1)
    return signal.log_prob(answer, here), jax.lax.map(total, chunks).reshape(draws)


def simulated_bits(signal: Signal, world: World, draws: int, seed: int) -> tuple[float, float]:
    """I(answer; points) from samples of worlds and answers: (bits, standard error).

    Shares nothing with the integrals of `information` but the likelihood. The mean over draws of
    log2 P(a | own points) - log2 mean P(a | other points) errs upwards, since a mean over few
    worlds misses answers that rare worlds explain; with the own points among them it errs
    downwards. The value is midway, and its standard error holds half the gap.
    """
    draws = max(64, draws // 64 * 64)
    others = 16 * draws
    width = world.classes if signal.uses_classes else 3
    step = max(s for s in (1, 2, 4, 8, 16, 32, 64) if s == 1 or s * others * width <= CHUNK)
    # A lapse of 0 is a number like any other here, so that one program serves all noise.
    channel = eqx.tree_at(lambda s: s.lapse, traced(signal), jnp.float32(signal.lapse))
    own, total = _logs(channel, world, jax.random.key(seed), draws, others, step)
    high = (own - (total - math.log(others))) / math.log(2)
    low = (own - (jnp.logaddexp(total, own) - math.log(others + 1))) / math.log(2)
    middle = np.asarray((high + low) / 2, dtype=np.float64)
    gap = float(jnp.mean(high - low))
    error = middle.std(ddof=1) / math.sqrt(draws)
    return float(middle.mean()), float(math.hypot(error, gap / 2))


def axes(size: Size) -> dict[str, list[tuple[float, tuple[int, int, float, float]]]]:
    """Axis -> (x, (classes, dims, precision, lapse)) of each of its points."""
    k, d = size.classes, size.dims
    return {
        "classes": [(x, (x, d, 1.0, 0.0)) for x in size.axis_classes],
        "dimensions": [(x, (k, x, 1.0, 0.0)) for x in size.axis_dims],
        "precision": [(x, (k, d, x, 0.0)) for x in size.axis_precision],
        "lapse": [(x, (k, d, 1.0, x)) for x in size.axis_lapse],
    }


def bits(name: str, size: Size) -> Iterator[Raw]:
    """Theory (an integral) and simulation (samples) at every point of every axis."""
    found: dict[tuple[Any, ...], tuple[Any, Any]] = {}
    for axis, points in axes(size).items():
        for x, (k, d, precision, lapse) in points:
            where = (k if signals.signal_class(name).uses_classes else 0, d, precision, lapse)
            if where not in found:
                signal = signals.make(name, d, k, precision=precision, lapse=lapse)
                world = World(size.items, k, d)
                exact = information.per_answer(signal, world, seed=0, standard_error=0.01)
                sampled = simulated_bits(signal, world, size.draws, seed=1)
                found[where] = (exact.bits, exact.standard_error), sampled
            theory, simulation = found[where]
            yield axis, name, float(x), None, *theory, "theory"
            yield axis, name, float(x), None, *simulation, "simulation"
