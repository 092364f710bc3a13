"""What it adds to the interval of class noise that all items of a pilot share their prototypes.

The likelihood takes items as independent, each in a world of its own. In a pilot there is one
world: where its classes lie far apart, every answer looks more precise than it is, because the
channel sees precision x contrast only. So ln precision is known no better than the ln contrast of
a world is.
"""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp

from labelbits.worlds import World

#: Simulated worlds, and items in each.
PILOTS, ITEMS = 512, 64


@functools.cache
def spread_of_contrast(classes: int, dims: int) -> float:
    """Standard deviation over worlds of ln(contrast), in the standard normal world.

    The contrast of a world is the root mean square, over its items, of the spread of an item's
    squared distances from the prototypes.
    """
    world = World(items=ITEMS, classes=classes, dims=dims)
    first, second = jax.random.split(jax.random.key(0))
    prototypes = world.sample_prototypes(first, (PILOTS,))
    points = world.sample_items(second, (PILOTS, ITEMS))
    cross = jnp.einsum("pid,pkd->pik", points, prototypes, precision="highest")
    # |item|^2 is the same for all prototypes: it is no contrast.
    d2 = jnp.sum(prototypes**2, axis=-1)[:, None] - 2 * cross
    return float(jnp.std(0.5 * jnp.log(jnp.mean(jnp.var(d2, axis=2), axis=1))))
