"""The map x -> z: linear or a multilayer perceptron, or a module of the user's own."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from labelbits.compilation import exact_product
from labelbits.errors import InputError

#: Activations by name.
ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "relu": jax.nn.relu,
    "gelu": jax.nn.gelu,
    "tanh": jnp.tanh,
    "silu": jax.nn.silu,
}


class Encoder(eqx.Module):
    """z = W_L a(... a(W_1 x + b_1) ...) + b_L, divided by its length where `normalise` is set.

    `weights` and `biases`: one array a layer, (in, out) and (out,). No hidden layer: linear.
    """

    weights: list[Array]
    biases: list[Array]
    activation: str = eqx.field(static=True)
    normalise: bool = eqx.field(static=True)

    @classmethod
    def start(
        cls,
        columns: int,
        hidden: Sequence[int],
        components: int,
        rng: np.random.Generator,
        activation: str = "relu",
        normalise: bool = False,
    ) -> Encoder:
        """Random weights of variance 2 / in before an activation (He et al. 2015), 1 / in last.

        Raises `InputError` for an unknown activation or widths below 1.
        """
        if activation not in ACTIVATIONS:
            raise InputError(
                f"activation is {activation!r}; expected one of: {', '.join(ACTIVATIONS)}"
            )
        if any(width < 1 for width in (*hidden, components)):
            raise InputError(
                f"hidden is {tuple(hidden)} and n_components {components}; expected widths of at "
                "least 1"
            )
        widths = [columns, *hidden, components]
        weights, biases = [], []
        for layer, (a, b) in enumerate(itertools.pairwise(widths)):
            gain = 2.0 if layer < len(widths) - 2 else 1.0
            weights.append(jnp.asarray(rng.normal(size=(a, b)) * np.sqrt(gain / a), jnp.float32))
            biases.append(jnp.zeros(b, jnp.float32))
        return cls(weights, biases, activation, normalise)

    def __call__(self, x: Float[Array, "n columns"]) -> Float[Array, "n components"]:
        act = ACTIVATIONS[self.activation]
        for w, b in zip(self.weights[:-1], self.biases[:-1], strict=True):
            x = act(exact_product(x, w) + b)
        z = exact_product(x, self.weights[-1]) + self.biases[-1]
        if self.normalise:
            z = z / jnp.sqrt(jnp.sum(z**2, axis=-1, keepdims=True) + 1e-12)
        return z


class OwnModule(eqx.Module):
    """A user's Equinox module, which takes one row x (columns,), on all rows at once."""

    module: Any

    def __call__(self, x: Float[Array, "n columns"]) -> Float[Array, "n components"]:
        return jax.vmap(self.module)(x)


class OwnFlax(eqx.Module):
    """A user's Flax module with its parameters; `apply` takes all rows."""

    parameters: Any
    apply: Callable[..., Array] = eqx.field(static=True)

    def __call__(self, x: Float[Array, "n columns"]) -> Float[Array, "n components"]:
        return self.apply(self.parameters, x)


def own_network(module: Any, columns: int, seed: int) -> eqx.Module:
    """A user's module as an encoder: an Equinox module, or a Flax one (`init` and `apply`).

    Raises `InputError` for anything else, or where one row does not become a vector.
    """
    if hasattr(module, "init") and hasattr(module, "apply"):
        row = jnp.zeros((1, columns), jnp.float32)
        made: eqx.Module = OwnFlax(module.init(jax.random.key(seed), row), module.apply)
    elif isinstance(module, eqx.Module) and callable(module):
        made = OwnModule(module)
    else:
        raise InputError(
            f"network is a {type(module).__name__}; expected an Equinox module that maps a row of "
            "features to a vector, or a Flax module with init and apply"
        )
    encoder: Any = made
    try:
        shape = jax.eval_shape(encoder, jax.ShapeDtypeStruct((2, columns), jnp.float32)).shape
    except Exception as problem:  # whatever the user's own code raises
        raise InputError(
            f"network does not take rows of {columns} features: {problem}; expected a module for "
            f"rows of {columns} columns"
        ) from None
    if len(shape) != 2 or shape[0] != 2:
        raise InputError(
            f"network turns 2 rows into shape {shape}; expected (2, components): a vector a row"
        )
    return made
