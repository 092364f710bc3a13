"""Where items and class prototypes live: priors, sampling, and a world made of real features."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np
import scipy.special
from jax.core import Tracer
from jaxtyping import Array, Float, PRNGKeyArray

from labelbits import interface
from labelbits.compilation import compiler_options, keep_programs
from labelbits.errors import InputError, check_at_least
from labelbits.laws import chi_square_quantile, chi_square_upper

#: Degrees of freedom up to which a chi-square is summed from logarithms and squares.
_FEW_DIMS = 7

#: Fewest and most normal draws that are padded to a power of four, to share compiled programs.
_PADDED = (1024, 4**9)

Prior = Literal["normal", "hypercube", "sphere", "clusters", "empirical"]


def normal_draws(key: PRNGKeyArray, shape: tuple[int, ...]) -> Array:
    """`jax.random.normal`, to the bit, from few compiled programs.

    Draw i depends on the key and on i alone, so a longer row of draws begins with the shorter one.
    Each new shape would else compile for half a second, more than most simulations of it take.
    """
    size, (least, most) = math.prod(shape), _PADDED
    padded = max(least, 4 ** math.ceil(math.log(max(size, 1), 4) - 1e-9))
    # jax defines its options at run time, where a type checker does not see them.
    apart: bool = jax.config.jax_threefry_partitionable  # pyright: ignore[reportAttributeAccessIssue]
    if padded > most or not apart or isinstance(key, Tracer):
        return jax.random.normal(key, shape)
    return jnp.asarray(np.asarray(jax.random.normal(key, (padded,)))[:size].reshape(shape))


def _normal(key: PRNGKeyArray, shape: tuple[int, ...]) -> Array:
    """N(0, I)."""
    return normal_draws(key, shape)


def _hypercube(key: PRNGKeyArray, shape: tuple[int, ...]) -> Array:
    """Uniform on a cube, variance 1 in each coordinate."""
    return jax.random.uniform(key, shape, minval=-math.sqrt(3), maxval=math.sqrt(3))


def _sphere(key: PRNGKeyArray, shape: tuple[int, ...]) -> Array:
    """Uniform on the sphere of radius sqrt(dims): variance 1 in each coordinate."""
    x = jax.random.normal(key, shape)
    return x * math.sqrt(shape[-1]) / jnp.linalg.norm(x, axis=-1, keepdims=True)


_PRIORS: dict[str, Callable[[PRNGKeyArray, tuple[int, ...]], Array]] = {
    "normal": _normal,
    "hypercube": _hypercube,
    "sphere": _sphere,
}


def _chi_square(key: PRNGKeyArray, freedom: int, shape: tuple[int, ...]) -> Array:
    """Chi-square draws of whole `freedom` >= 0."""
    if freedom > _FEW_DIMS:
        # Past a few degrees numpy's gamma sampler is faster than any sum of simpler draws.
        generator = np.random.default_rng(np.asarray(jax.random.key_data(key)))
        draws = generator.standard_gamma(freedom / 2, shape, dtype=np.float32)
        return jnp.asarray(2 * draws)
    pair_key, odd_key = jax.random.split(key)
    total = jnp.zeros(shape)
    if freedom > 1:  # -2 ln u has two degrees of freedom
        tiny = jnp.finfo(jnp.float32).tiny
        u = jax.random.uniform(pair_key, (freedom // 2, *shape), minval=tiny)
        total = total - 2 * jnp.sum(jnp.log(u), axis=0)
    if freedom % 2:
        total = total + jax.random.normal(odd_key, shape) ** 2
    return total


def _turned(key: PRNGKeyArray, dims: int, classes: int, shape: tuple[int, ...]) -> Array:
    """`World.sample_class_distances` of the normal world."""
    radius_key, axis_key, rest_key = jax.random.split(key, 3)
    radius = jnp.sqrt(_chi_square(radius_key, dims, (*shape, 1)))
    along = (radius - normal_draws(axis_key, (*shape, classes))) ** 2
    return along + _chi_square(rest_key, dims - 1, (*shape, classes))


@functools.cache
def _turned_program() -> Callable[..., Array]:
    """`_turned` as one program: its dozen steps one by one take longer to compile."""
    keep_programs()
    return jax.jit(_turned, static_argnums=(1, 2, 3), compiler_options=compiler_options())


def _check_points(name: str, points: np.ndarray, shape: tuple[int | None, int]) -> None:
    found = np.shape(points)
    right = len(found) == 2 and found[1] == shape[1] and shape[0] in (None, found[0])
    if not right or not np.isfinite(points).all():
        rows = "any number of rows" if shape[0] is None else f"{shape[0]} rows"
        raise InputError(
            f"{name} have shape {found}; expected finite numbers, {rows} x {shape[1]} columns"
        )


@dataclass(frozen=True)
class World(interface.World):
    """A world of `items` items and `classes` prototypes in R^dims.

    `prior` is "normal" (N(0, I), the default), "hypercube", "sphere" (all of variance 1 a
    coordinate), "clusters" (`spread`^2 of an item's variance lies within its cluster; items
    gather round `clusters` centres, which `seed` fixes) or "empirical" (items are rows of
    `points`, whitened). `prototypes` (classes, dims) are class prototypes that are known: then
    every draw returns them. Raises `InputError` for sizes that make no world.

    Example
    -------
    >>> from labelbits import World
    >>> World(items=1000, classes=10, dims=5).prior
    'normal'
    """

    items: int = 100
    classes: int = 10
    dims: int = 2
    prior: Prior = "normal"
    clusters: int = 10
    spread: float = 0.5
    points: np.ndarray | None = field(default=None, repr=False, compare=False)
    prototypes: np.ndarray | None = field(default=None, repr=False, compare=False)
    seed: int = 0

    def __post_init__(self) -> None:
        check_at_least("items", self.items, 1)
        check_at_least("classes", self.classes, 2)
        check_at_least("dims", self.dims, 1)
        if self.prior not in (*_PRIORS, "clusters", "empirical"):
            known = ", ".join([*_PRIORS, "clusters", "empirical"])
            raise InputError(f"prior is {self.prior!r}; expected one of: {known}")
        if not 0 < self.spread <= 1:
            raise InputError(f"spread is {self.spread}; expected a number in (0, 1]")
        if self.prior == "empirical" and self.points is None:
            raise InputError("prior is 'empirical' but no points are given; expected an array")
        if self.points is not None:
            _check_points("points", self.points, (None, self.dims))
        if self.prototypes is not None:
            _check_points("prototypes", self.prototypes, (self.classes, self.dims))

    @classmethod
    def from_features(cls, features: np.ndarray, dims: int, classes: int) -> World:
        """The world of the user's own items: their features' first `dims` whitened components.

        `features` is (items, columns), finite. Whitening gives each kept coordinate variance 1,
        so that precision means the same as in the other worlds.
        """
        features = np.asarray(features, dtype=np.float64)
        if features.ndim != 2 or not np.isfinite(features).all():
            raise InputError(
                f"features have shape {features.shape}; expected finite items x columns"
            )
        if dims > min(features.shape):
            raise InputError(f"dims is {dims}; features of shape {features.shape} have fewer")
        centred = features - features.mean(0)
        u, s, _ = np.linalg.svd(centred, full_matrices=False)
        if s[dims - 1] <= 1e-9 * s[0]:
            raise InputError(f"dims is {dims}; the features vary in fewer dimensions")
        points = (u[:, :dims] * math.sqrt(len(features))).astype(np.float32)
        return cls(len(points), classes, dims, "empirical", points=points)

    def sample_items(self, key: PRNGKeyArray, shape: tuple[int, ...]) -> Float[Array, "*n dims"]:
        if self.prior == "empirical":
            assert self.points is not None
            rows = jax.random.randint(key, shape, 0, len(self.points))
            return jnp.asarray(self.points)[rows]
        if self.prior == "clusters":
            which_key, within_key = jax.random.split(key)
            # The centres belong to the world: items and prototypes gather round the same ones.
            centres = jax.random.normal(jax.random.key(self.seed), (self.clusters, self.dims))
            which = jax.random.randint(which_key, shape, 0, self.clusters)
            within = jax.random.normal(within_key, (*shape, self.dims))
            return math.sqrt(1 - self.spread**2) * centres[which] + self.spread * within
        return _PRIORS[self.prior](key, (*shape, self.dims))

    def sample_prototypes(
        self, key: PRNGKeyArray, shape: tuple[int, ...]
    ) -> Float[Array, "*n classes dims"]:
        if self.prototypes is not None:
            known = jnp.asarray(self.prototypes, dtype=jnp.float32)
            return jnp.broadcast_to(known, (*shape, self.classes, self.dims))
        if self.prior in ("clusters", "empirical"):
            # Prototypes are places where items are.
            return self.sample_items(key, (*shape, self.classes))
        return _PRIORS[self.prior](key, (*shape, self.classes, self.dims))

    def sample_class_distances(
        self, key: PRNGKeyArray, shape: tuple[int, ...]
    ) -> Float[Array, "*n classes"]:
        """Squared distances from an item to every prototype, a new item and new prototypes each.

        In the normal world the item may be turned onto one axis, at r = |item|, so that
        d2_k = (r - g_k)^2 + chi^2 with dims - 1 degrees of freedom: no points are needed.
        """
        if self.prior != "normal" or self.prototypes is not None:
            return super().sample_class_distances(key, shape)
        # Within another program, or where numpy draws a part, the steps stay as they are.
        apart = isinstance(key, Tracer) or self.dims > _FEW_DIMS
        draw = _turned if apart else _turned_program()
        return draw(key, self.dims, self.classes, shape)


class QuasiDistances:
    """Distances from one item to `others` points of the normal world at scrambled Sobol points.

    d2_k = (r - g_k)^2 + chi^2, as in `World.sample_class_distances`: 1 + 2 `others` uniforms.
    """

    def __init__(self, dims: int, others: int, seeds: list[int]) -> None:
        from scipy.stats import qmc  # here: it takes as long to import as all the rest

        width = 1 + (2 if dims > 1 else 1) * others
        self._engines = [qmc.Sobol(width, rng=seed) for seed in seeds]
        self._others = others
        self._radius = _quantiles(dims)
        self._rest = _quantiles(dims - 1) if dims > 1 else None

    def more(self, n: int) -> Float[np.ndarray, "seeds n others"]:
        """The next `n` points of every scramble, n a power of two."""
        k = self._others
        u = np.stack([engine.random(n) for engine in self._engines])
        u = np.clip(u, 2.0**-33, 1 - 2.0**-33)
        radius = np.sqrt(np.interp(scipy.special.logit(u[..., :1]), *self._radius))
        d2 = (radius - scipy.special.ndtri(u[..., 1 : 1 + k])) ** 2
        if self._rest is not None:
            d2 += np.interp(scipy.special.logit(u[..., 1 + k :]), *self._rest)
        return d2.astype(np.float32)


def _quantiles(freedom: int) -> tuple[np.ndarray, np.ndarray]:
    """Quantiles of chi-square over the log odds of the probability, fine enough to interpolate."""
    odds = np.linspace(-24, 24, 8193)
    low, high = scipy.special.expit(odds), scipy.special.expit(-odds)
    return odds, np.where(
        odds < 0, chi_square_quantile(low, freedom), chi_square_upper(high, freedom)
    )


def quasi_distances(world: interface.World, others: int, seeds: list[int]) -> QuasiDistances | None:
    """Evenly spread distances from one item to `others` new points, where the world is normal."""
    normal = getattr(world, "prior", None) == "normal" and world.known_prototypes is None
    return QuasiDistances(world.dims, others, seeds) if normal else None
