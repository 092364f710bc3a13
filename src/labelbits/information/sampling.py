"""Draws of questions: squared distances from a world, in chunks that keep memory bounded."""

from __future__ import annotations

import math
from collections.abc import Iterator

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, PRNGKeyArray

from labelbits.interface import Signal, World, squared_distances

#: Numbers held at once for one chunk of draws: 2^23 of 4 bytes are 32 MiB; a chunk holds many such.
CHUNK = 2**23
#: Draws in one chunk, at most and at least.
MOST, LEAST = 2**17, 2**6


def chunk_size(signal: Signal, world: World, width: int = 1) -> int:
    """Draws in one chunk: a power of two, so that few programs are compiled."""
    numbers = max(world.dims * signal.arity, width)
    if signal.uses_classes:
        numbers = max(numbers, world.classes * (1 if shortcut(signal) else world.dims))
    return 2 ** int(math.log2(min(MOST, max(LEAST, CHUNK // (4 * numbers)))))


def shortcut(signal: Signal) -> bool:
    """Does the channel read the distances from one item to every prototype, and no more?"""
    return signal.uses_classes and signal.arity == 1


@eqx.filter_jit
def _distances(signal: Signal, items: Array, prototypes: Array | None) -> Array:
    return signal.distances(items, prototypes)


def draw_distances(signal: Signal, world: World, key: PRNGKeyArray, n: int) -> Array:
    """Distances of `n` questions, each about new items and (unless known) new prototypes."""
    if shortcut(signal):
        return world.sample_class_distances(key, (n,))
    item_key, prototype_key = jax.random.split(key)
    items = world.sample_items(item_key, (n, signal.arity))
    prototypes = world.sample_prototypes(prototype_key, (n,)) if signal.uses_classes else None
    return _distances(signal, items, prototypes)


def draw_groups(signal: Signal, world: World, key: PRNGKeyArray, groups: int, n: int) -> Array:
    """Distances (groups, n, ...): one set of prototypes a group, new items in every question."""
    item_key, prototype_key = jax.random.split(key)
    items = world.sample_items(item_key, (groups, n, signal.arity))
    if not signal.uses_classes:
        return _distances(signal, items, None)
    prototypes = world.sample_prototypes(prototype_key, (groups,))
    if shortcut(signal):
        return _class_distances(items[..., 0, :], prototypes)
    return _distances(signal, items, prototypes[:, None])


@jax.jit
def _class_distances(items: Array, prototypes: Array) -> Array:
    """(groups, n, dims) and (groups, classes, dims) to (groups, n, classes)."""
    if items.shape[-1] <= 16:
        return squared_distances(items[:, :, None, :], prototypes[:, None])
    # In many dimensions the product form needs no (groups, n, classes, dims) array.
    cross = jnp.einsum("gnd,gkd->gnk", items, prototypes, precision="highest")
    norms = jnp.sum(items**2, -1)[..., None] + jnp.sum(prototypes**2, -1)[:, None, :]
    return jnp.maximum(norms - 2 * cross, 0.0)


def keys(seed: int) -> Iterator[PRNGKeyArray]:
    """An endless stream of keys."""
    key = jax.random.key(seed)
    while True:
        key, one = jax.random.split(key)
        yield one


def unit_spread(error: float, groups: int) -> float:
    """The standard error by which a mean of `groups` values is divided to give standard normal z.

    An error estimated from g values makes t-distributed ones, with a variance of (g-1) / (g-3).
    """
    # Below four groups no factor gives that; 2 covers about as often as it should.
    return error * (math.sqrt((groups - 1) / (groups - 3)) if groups > 3 else 2.0)


def draws_needed(error: float, drawn: int, target: float) -> int:
    """Draws in all for this error, from that of a first look; a tenth more, so that no second
    look is needed: a rule that stops when the error looks small takes the runs where it looks
    smaller than it is."""
    if not math.isfinite(error):
        return 2 * drawn
    return max(drawn, math.ceil(1.1 * drawn * (error / target) ** 2))


#: By how many standard errors halves of the draws may say less of an entropy than all of them.
LACKS = 0.75


def lacks(gap: float, standard_error: float) -> bool:
    """Are draws too few for an entropy of mean probabilities, halves of them saying `gap` less?

    What it lacks is the same for all draws, so that no spread between them shows it. Where it
    falls as 1 / n^2 a third of the gap is left.
    """
    return abs(gap) > LACKS * standard_error


def short(gap: float, error: float) -> tuple[str, ...]:
    """What is said where draws could not be made enough."""
    if not lacks(gap, max(error, 1e-6)):
        return ()
    return (
        f"too low: half as many draws give {gap / math.log(2):.2g} bits less; the answers are too "
        "many for so few draws to tell how probable each is",
    )
