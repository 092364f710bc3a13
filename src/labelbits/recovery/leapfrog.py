"""A trajectory of one chain in a compiled program: leapfrog steps (Neal 2011, section 5.2.3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp


class Trajectory(NamedTuple):
    """Where it ends and how fast, the energy at its start and end, and the slope at the end."""

    x: Any
    speed: Any
    before: Any
    after: Any
    slope: Any


def leapfrog(
    slope: Callable[[Any], tuple[Any, Any]], x: Any, speed: Any, width: Any, step: Any, leaps: Any
) -> Trajectory:
    """`leaps` steps from `x` with `speed`; none of them is the energy and its slope at `x`.

    `slope(x)` is (energy, its slope at x); the energy may be in parts. `x`, `speed` and `width`
    are trees of arrays of one shape. The program holds `slope` once, so that it takes no longer
    to compile than the slope alone.
    """

    def body(i: Any, state: Trajectory) -> Trajectory:
        moving = jnp.where(i > 0, step, 0.0)  # the first round looks where it is

        def pushed(speed: Any, slopes: Any) -> Any:
            return jax.tree.map(lambda p, w, s: p - 0.5 * moving * w * s, speed, width, slopes)

        speed = pushed(state.speed, state.slope)
        x = jax.tree.map(lambda z, w, p: z + moving * w * p, state.x, width, speed)
        energy, slopes = slope(x)
        before = jax.tree.map(lambda old, new: jnp.where(i > 0, old, new), state.before, energy)
        return Trajectory(x, pushed(speed, slopes), before, energy, slopes)

    energy, slopes = jax.tree.map(
        lambda like: jnp.zeros(like.shape, like.dtype), jax.eval_shape(slope, x)
    )
    return jax.lax.fori_loop(0, leaps + 1, body, Trajectory(x, speed, energy, energy, slopes))
