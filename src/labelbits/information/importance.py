"""Bits of many answers about one item with given prototypes, by importance sampling.

Given the prototypes items are independent, so the answers of all items carry the sum of what
each item's answers carry about it. For one item with answers A,

    I(A; z | c) = E[ln p(A | z) - ln p(A)],   p(A) = mean of p(A | z_s) p(z_s) / q(z_s), z_s ~ q,

q a normal round the mode of the posterior, mixed with the prior so that no weight is unbounded.
"""

from __future__ import annotations

import math

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import logsumexp
from jaxtyping import Array, Float, PRNGKeyArray

from labelbits.information.exchangeable import Result
from labelbits.information.sampling import draws_needed, keys
from labelbits.interface import Signal, World, squared_distances
from labelbits.signals.base import traced

#: Draws of q for one item; share of them from the prior; widening of the normal part.
DRAWS, SHARE, WIDER = 256, 0.25, 1.3
#: Largest curvature that the normal part follows.
SHARPEST = 1e5
#: Items (each with its own prototypes) in one call.
BATCH = 256


def _log_likelihood(
    asked: tuple[tuple[Signal, Array], ...], z: Float[Array, "dims"], c: Array
) -> Array:
    d2 = squared_distances(z[None, :], c)
    return sum((jnp.sum(s.log_prob(a, d2[None])) for s, a in asked), start=jnp.zeros(()))


def _finite(slopes: Array) -> Array:
    """Slopes of a noise-free channel, which has none, as 0: the prior's are left."""
    return jnp.where(jnp.isfinite(slopes), slopes, 0.0)


def _mode(asked: tuple[tuple[Signal, Array], ...], start: Array, c: Array) -> tuple[Array, Array]:
    """(mode, Cholesky factor of the precision there) of the posterior, by damped Newton."""

    def loss(z: Array) -> Array:
        return 0.5 * jnp.sum(z**2) - _log_likelihood(asked, z, c)

    def precision(z: Array) -> Array:
        value, vector = jnp.linalg.eigh(_finite(jax.hessian(loss)(z)))
        # Within what float32 can factor; a wider normal is as right, and less sharp.
        return (vector * jnp.clip(value, 1.0, SHARPEST)) @ vector.T

    def step(z: Array, _: None) -> tuple[Array, None]:
        move = jnp.linalg.solve(precision(z), _finite(jax.grad(loss)(z)))
        lengths = jnp.array([1.0, 0.5, 0.1, 0.0])
        tried = z - lengths[:, None] * move
        height = jax.vmap(loss)(tried)
        return tried[jnp.argmin(jnp.where(jnp.isnan(height), jnp.inf, height))], None

    z = jax.lax.scan(step, start, None, length=12)[0]
    return z, jnp.linalg.cholesky(precision(z))


@eqx.filter_jit
def _information(
    signals: tuple[Signal, ...],
    counts: tuple[int, ...],
    normal: bool,
    key: PRNGKeyArray,
    items: Float[Array, "batch dims"],
    prototypes: Float[Array, "batch classes dims"],
    spare: Float[Array, "batch draws dims"],
    less: tuple[int, ...] | None,
) -> tuple[Array, Array]:
    """(nats, relative variance of p(A)) of each item; `less`: what the answers after the first
    `less` of each signal add."""

    def one(
        key: PRNGKeyArray, z: Array, c: Array, spare: Array, turn: Array
    ) -> tuple[Array, Array]:
        d2 = squared_distances(z[None, :], c)
        answer_key, draw_key = jax.random.split(key)
        answer_keys = jax.random.split(answer_key, len(signals))

        def drawn(signal: Signal, n: int, key: PRNGKeyArray) -> Array:
            # Questions of which an item has several are asked in turn, from any of them.
            question = (turn + jnp.arange(n)) % signal.questions(d2.shape[-1])
            return signal.sample(key, jnp.broadcast_to(d2, (n, d2.shape[-1])), question)

        asked = tuple(
            (s, drawn(s, n, k)) for s, n, k in zip(signals, counts, answer_keys, strict=True)
        )
        nats, spread = value(asked, draw_key, z, c, spare)
        if less is None:
            return nats, spread
        fewer = tuple((s, a[:n]) for (s, a), n in zip(asked, less, strict=True) if n)
        before = value(fewer, draw_key, z, c, spare)[0] if fewer else 0.0
        return nats - before, spread

    def value(
        asked: tuple[tuple[Signal, Array], ...],
        draw_key: PRNGKeyArray,
        z: Array,
        c: Array,
        spare: Array,
    ) -> tuple[Array, Array]:
        log_p = jax.vmap(lambda x: _log_likelihood(asked, x, c))
        if not normal:
            weight = log_p(spare)
        else:
            mode, factor = _mode(asked, z, c)
            near = len(spare) - int(SHARE * len(spare))
            noise = jax.random.normal(draw_key, (near, len(z)))
            moved = mode + WIDER * jax.scipy.linalg.solve_triangular(factor.T, noise.T).T
            x = jnp.concatenate([moved, spare[near:]])
            log_prior = -0.5 * jnp.sum(x**2, -1)
            scaled = (x - mode) @ factor / WIDER
            log_det = jnp.sum(jnp.log(jnp.diagonal(factor))) - len(z) * math.log(WIDER)
            log_near = -0.5 * jnp.sum(scaled**2, -1) + log_det
            share = near / len(spare)
            log_q = jnp.logaddexp(math.log(share) + log_near, math.log1p(-share) + log_prior)
            weight = log_p(x) + log_prior - log_q
        total = logsumexp(weight)
        squared = logsumexp(2 * weight)
        n = len(spare)
        # Relative variance of the mean weight.
        spread = (n * jnp.exp(squared - 2 * total) - 1) / (n - 1)
        own = _log_likelihood(asked, z, c)
        # Answers of a noise-free annotator that no draw would have given: half of one is counted.
        seen = jnp.isfinite(total)
        total, spread = jnp.where(seen, total, -math.log(2)), jnp.where(seen, spread, 1.0)
        # ln of a mean falls short by half its relative variance.
        return own - (total - math.log(n)) - jnp.where(seen, spread, 0.0) / 2, spread

    return jax.lax.map(
        lambda x: one(*x),
        (jax.random.split(key, len(items)), items, prototypes, spare, jnp.arange(len(items))),
        batch_size=32,
    )


def item_information(
    signals: tuple[Signal, ...],
    counts: tuple[int, ...],
    world: World,
    standard_error: float,
    seed: int,
    max_samples: int,
    less: tuple[int, ...] | None = None,
) -> Result:
    """I(answers on one item; item | prototypes) in nats, averaged over items and prototypes; of
    the answers after the first `less` of each signal, given those, where `less` is given."""
    channels = tuple(traced(s) for s in signals)
    # Noise-free answers have no slope that leads to a mode: the prior is drawn from.
    certain = all(math.isinf(float(s.precision)) for s in signals)
    normal = getattr(world, "prior", None) == "normal" and not certain
    draws = DRAWS if normal else 8 * DRAWS
    stream = keys(seed)
    values: list[np.ndarray] = []
    spreads: list[np.ndarray] = []
    done, error, needed = 0, math.inf, BATCH
    while done < needed:
        key = next(stream)
        item_key, prototype_key, spare_key, inside = jax.random.split(key, 4)
        value, spread = _information(
            channels,
            counts,
            normal,
            inside,
            world.sample_items(item_key, (BATCH,)),
            world.sample_prototypes(prototype_key, (BATCH,)),
            world.sample_items(spare_key, (BATCH, draws)),
            less,
        )
        values.append(np.asarray(value, dtype=np.float64))
        spreads.append(np.asarray(spread, dtype=np.float64))
        done += BATCH
        every = np.concatenate(values)
        error = float(every.std(ddof=1) / math.sqrt(done))
        if done >= needed and done < max_samples and error > standard_error:
            needed = min(draws_needed(error, done, standard_error), max_samples)
    poor = float(np.mean(np.concatenate(spreads) > 0.5))
    warnings = ()
    if poor > 0.05:
        warnings = (
            f"importance weights are uneven for {poor:.0%} of the items: the value may be high",
        )
    return Result(float(np.concatenate(values).mean()), error, done, warnings)
