"""A trajectory of one chain in a compiled program: leapfrog steps (Neal 2011, section 5.2.3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax


def leapfrog(
    slope: Callable[[Any], tuple[Any, Any]], x: Any, speed: Any, width: Any, step: Any, leaps: Any
) -> tuple[Any, Any, Any, Any]:
    """(place, speed, energy before, energy after) of `leaps` steps from `x` with `speed`.

    `slope(x)` is (energy, its slope at x); the energy may be in parts. `x`, `speed` and `width`
    are trees of arrays of one shape.
    """

    def pushed(speed: Any, slopes: Any) -> Any:
        return jax.tree.map(lambda p, w, s: p - 0.5 * step * w * s, speed, width, slopes)

    def leap(_: Any, state: Any) -> Any:
        x, speed, slopes, _ = state
        speed = pushed(speed, slopes)
        x = jax.tree.map(lambda z, w, p: z + step * w * p, x, width, speed)
        energy, slopes = slope(x)
        return x, pushed(speed, slopes), slopes, energy

    before, slopes = slope(x)
    x, speed, _, after = jax.lax.fori_loop(0, leaps, leap, (x, speed, slopes, before))
    return x, speed, before, after
