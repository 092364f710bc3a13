"""Precision and lapse of questions that compare items, where a pilot asks enough about few items.

Where the items lie is recovered (`labelbits.recovery.SignalEmbedding`) and then sampled together
with the channel by Hamiltonian Monte Carlo (Neal 2011, Handbook of MCMC, chapter 5), so that the
interval knows what the answers leave open about both. A most probable embedding alone is no
witness: it explains noise by bending positions, and takes the lapse for smaller than it is.

The channel sees beta d2 only, so positions are sampled as x = sqrt(beta) z; given x with prior
N(0, beta I), beta is drawn on its own. Thresholds of a rating are sampled in the same units. A
`similarity` has its own precision, 1 / variance in the answers' units.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from labelbits.annotators.intervals import Interval
from labelbits.annotators.noise.result import Noise
from labelbits.interface import LEVEL, Answers, Batch, Signal
from labelbits.recovery import SignalEmbedding
from labelbits.signals import Rating, Similarity
from labelbits.signals.base import replace_noise
from labelbits.signals.encoding import encode

#: Answers a coordinate below which positions say little about the noise.
ENOUGH = 10
#: Answers used at most, and dimensions tried at most where they are not given.
MOST_ANSWERS = 5_000
MOST_DIMS = 5
#: Steps of the chain to tune it, steps kept, and leapfrog steps of each.
WARM_UP, DRAWS, LEAPS = 300, 700, 20
#: Share of steps to accept (Neal 2011), and the prior's spread of ln beta.
ACCEPT, SPREAD = 0.8, 2.0
#: Beta prior of a lapse, as in recovery.
LAPSES, NOT_LAPSES = 1.1, 2.9

State = dict[str, Array]


def noise_by_embedding(answers: Answers, dims: int | None, seed: int = 0) -> Noise | None:
    """Noise of the one signal in `answers`, None where they are too few for positions.

    `dims` None takes the fewest dimensions that predict held-out answers as well as any. Precision
    holds in a world of N(0, I) items. Values are posterior medians, intervals hold 90 % of the
    posterior. At most `MOST_ANSWERS` answers are used, drawn by `seed`.
    """
    table = answers.table
    if len(table) > MOST_ANSWERS:
        table = table.sample(MOST_ANSWERS, seed=seed)
    items = table["items"].explode(empty_as_null=False).unique(maintain_order=True).to_list()
    most = min(len(table) // (ENOUGH * len(items)), len(items) - 1)
    if most < (dims or 1):
        return None
    answers = replace(answers, table=table, items=tuple(items))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what answers leave open widens the interval
        fitted = SignalEmbedding(
            dims or "auto", max_components=min(most, MOST_DIMS), random_state=seed
        ).fit(answers)
    found = fitted.embedding_.shape[1]
    (batch,) = encode(answers, dims=found)
    beta, lapse = (_only(value) for value in (fitted.precision_, fitted.lapse_))
    signal, start = _start(batch, fitted.embedding_, beta, lapse)
    chain = _chain(signal, batch, start, seed)
    method = "posterior of positions and channel"
    return Noise(
        precision=_interval(np.exp(chain["ln precision"]), method),
        lapse=_interval(1 / (1 + np.exp(-chain["lapse"])), method),
        concentration=None,
        dims=found,
        classes=len(answers.classes),
        items=len(items),
        answers=len(table),
        source="recovered embedding",
    )


def _only(value: Any) -> float:
    return float(next(iter(value.values())) if isinstance(value, Mapping) else value)


def _interval(draws: np.ndarray, method: str) -> Interval:
    low, value, high = np.quantile(draws, [(1 - LEVEL) / 2, 0.5, (1 + LEVEL) / 2])
    return Interval(float(value), float(low), float(high), method)


def _start(
    batch: Batch, embedding: np.ndarray, beta: float, lapse: float
) -> tuple[Signal, dict[str, Any]]:
    """The channel and where the chain begins."""
    signal, lapse = batch.signal, min(max(lapse, 1e-3), 0.9)
    odds = math.log(lapse / (1 - lapse))
    if isinstance(signal, Similarity):
        largest = float(max(batch.answer.max(), 1e-6))
        own = Similarity(largest=largest)
        return own, {"x": embedding, "lapse": odds, "own": math.log(beta)}
    x = embedding * math.sqrt(beta)
    if not isinstance(signal, Rating):
        return signal, {"x": x, "lapse": odds}
    d2 = np.sum((x[batch.items[:, 0]] - x[batch.items[:, 1]]) ** 2, axis=1)
    shares = np.bincount(batch.answer[:, 0], minlength=signal.levels)[:-1].cumsum() / len(batch)
    cuts = np.quantile(d2, np.clip(1 - shares, 0.01, 0.99))
    gaps = np.maximum(-np.diff(cuts), 0.05)
    return signal, {"x": x, "lapse": odds, "last": cuts[-1], "gaps": np.log(gaps)}


def _channel(signal: Signal, state: State) -> Signal:
    """The channel that reads squared distances of x."""
    lapse = jax.nn.sigmoid(state["lapse"])
    if isinstance(signal, Similarity):
        return replace_noise(signal, jnp.exp(state["own"]), lapse)
    if isinstance(signal, Rating):
        above = jnp.cumsum(jnp.exp(state["gaps"])[::-1])[::-1]
        cuts = state["last"] + jnp.concatenate([above, jnp.zeros(1)])
        return Rating(jnp.asarray(1.0), lapse, cuts, signal.levels)
    return replace_noise(signal, jnp.asarray(1.0), lapse)


def _chain(signal: Signal, batch: Batch, start: dict[str, Any], seed: int) -> dict[str, np.ndarray]:
    """Draws of ln precision and of the lapse's log odds."""
    items, answer = jnp.asarray(batch.items), jnp.asarray(batch.answer)
    first = {name: jnp.asarray(value, jnp.float32) for name, value in start.items()}
    coordinates = first["x"].size
    grid = jnp.linspace(-8.0, 10.0, 4000)

    def energy(state: State, beta: Array) -> Array:
        channel = _channel(signal, state)
        d2 = channel.distances(state["x"][items])
        total = jnp.sum(channel.log_prob(answer, d2)) - 0.5 * jnp.sum(state["x"] ** 2) / beta
        total += LAPSES * jax.nn.log_sigmoid(state["lapse"])
        total += NOT_LAPSES * jax.nn.log_sigmoid(-state["lapse"])
        for name in ("own", "last", "gaps"):
            if name in state:
                total -= 0.5 * jnp.sum(((state[name] - first[name]) / SPREAD) ** 2)
        return -total

    force = jax.grad(energy)

    def moved(state: State, speed: State, by: Array) -> State:
        return jax.tree.map(lambda a, b: a + by * b, state, speed)

    def step(carry: tuple, key: Array) -> tuple[tuple, tuple]:
        state, ln_beta, ln_step, place = carry
        keys = jax.random.split(key, 4)
        beta = jnp.exp(ln_beta)
        size = jnp.exp(ln_step) * (0.8 + 0.4 * jax.random.uniform(keys[0]))
        leaves, shape = jax.tree.flatten(state)
        drawn = jax.random.split(keys[1], len(leaves))
        speed = shape.unflatten(
            [jax.random.normal(k, leaf.shape) for k, leaf in zip(drawn, leaves, strict=True)]
        )

        def leap(_: Any, pair: tuple) -> tuple:
            where, pace = pair
            where = moved(where, pace, size)
            return where, moved(pace, force(where, beta), -size)

        pace = moved(speed, force(state, beta), -0.5 * size)
        new, pace = jax.lax.fori_loop(0, LEAPS, leap, (state, pace))
        pace = moved(pace, force(new, beta), 0.5 * size)

        def kinetic(of: State) -> Array:
            return 0.5 * jnp.sum(jnp.stack([jnp.sum(leaf**2) for leaf in jax.tree.leaves(of)]))

        gain = energy(state, beta) + kinetic(speed) - energy(new, beta) - kinetic(pace)
        chance = jnp.where(jnp.isfinite(gain), jnp.exp(jnp.minimum(gain, 0.0)), 0.0)
        taken = jax.random.uniform(keys[2]) < chance
        state = jax.tree.map(lambda a, b: jnp.where(taken, a, b), new, state)
        # beta given x: p(x | beta) = N(0, beta I), ln beta ~ N(0, SPREAD^2), on a fine grid.
        power = jnp.sum(state["x"] ** 2)
        density = -0.5 * (coordinates * grid + power * jnp.exp(-grid) + (grid / SPREAD) ** 2)
        ln_beta = grid[jax.random.categorical(keys[3], density)]
        tuned = ln_step + jnp.where(place < WARM_UP, (chance - ACCEPT) / (5 + place) ** 0.6, 0.0)
        own = state.get("own", ln_beta)
        return (state, ln_beta, tuned, place + 1), (own, state["lapse"])

    begin = jnp.log(jnp.mean(first["x"] ** 2) + 1e-6)
    carry = (first, begin, jnp.asarray(math.log(0.02)), jnp.asarray(0))
    keys = jax.random.split(jax.random.key(seed), WARM_UP + DRAWS)
    run = jax.jit(lambda at: jax.lax.scan(step, at, keys))
    _, (ln_precision, lapse) = run(carry)
    return {
        "ln precision": np.asarray(ln_precision, float)[WARM_UP:],
        "lapse": np.asarray(lapse, float)[WARM_UP:],
    }
