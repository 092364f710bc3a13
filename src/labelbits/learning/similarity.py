"""A metric learned from comparisons: a linear map of the features under any signal's likelihood."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import equinox as eqx
import jax
import jax.flatten_util
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array
from scipy import optimize
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from labelbits.errors import InputError
from labelbits.interface import Batch
from labelbits.learning.fits.likelihood import pad_rows, padded
from labelbits.learning.fits.regularisation import best_ridge
from labelbits.signals import Rating
from labelbits.signals.base import replace_noise
from labelbits.standardise import Standardiser, check_features

#: Penalties tried on the departure from the features' own metric.
RIDGES = (1e-3, 1e-2, 1e-1, 1.0, 10.0)


def _prepare(batch: Batch, weight: np.ndarray) -> tuple[Any, Array, Array, Array]:
    signal = batch.signal
    if signal.uses_classes:
        raise InputError(
            f"{signal.name} names classes; a metric is learned from comparisons of items. Use "
            "SignalClassifier for class answers."
        )
    size = padded(len(batch))
    # Similarity has a unit of its own, so its precision stays; the map absorbs the others.
    precision = signal.precision if signal.name == "similarity" else 1.0
    signal = replace_noise(signal, jnp.float32(precision), jnp.asarray(signal.lapse, jnp.float32))
    return (
        signal,
        jnp.asarray(pad_rows(np.asarray(batch.items), size)),
        jnp.asarray(pad_rows(np.asarray(batch.answer), size)),
        jnp.asarray(np.concatenate([weight, np.zeros(size - len(batch))]), jnp.float32),
    )


def _points(parameters: dict[str, Array], x: Array, start: Array) -> Array:
    return jnp.exp(parameters["scale"]) * (x @ (start + parameters["departure"]))


def _log_likelihoods(
    parameters: dict[str, Array], points: Array, signal: Any, items: Array, answer: Array
) -> Array:
    if isinstance(signal, Rating):
        # The steps of the scale are the annotators' own: learned, and falling by construction.
        steps = jnp.cumsum(jax.nn.softplus(parameters["steps"]))[::-1]
        signal = eqx.tree_at(lambda s: s.thresholds, signal, steps, is_leaf=lambda v: v is None)
    return signal.log_prob(answer, signal.distances(points[items]))


@eqx.filter_jit
def _total(
    parameters: dict[str, Array], x: Array, start: Array, terms: list[Any]
) -> tuple[Array, Array]:
    points = _points(parameters, x, start)
    total, mass = jnp.float32(0), jnp.float32(0)
    for signal, items, answer, weight in terms:
        log_p = _log_likelihoods(parameters, points, signal, items, answer)
        total -= jnp.sum(jnp.where(weight > 0, weight * jnp.maximum(log_p, -1e4), 0.0))
        mass += jnp.sum(weight)
    return total, mass


@eqx.filter_jit
def _objective(
    parameters: dict[str, Array], x: Array, start: Array, terms: list[Any], ridge: Array
) -> tuple[Array, dict[str, Array]]:
    def loss(parameters: dict[str, Array]) -> Array:
        total, mass = _total(parameters, x, start, terms)
        penalty = 0.5 * ridge * jnp.sum(parameters["departure"] ** 2)
        return total / jnp.maximum(mass, 1e-12) + penalty

    return jax.value_and_grad(loss)(parameters)


class SignalMetric(TransformerMixin, BaseEstimator):
    """z = scale (P + E)' x with P the first principal components: distances that explain answers.

    Maximises the likelihood of triplets, quadruplets, odd-one-out, contrastive, rating and
    similarity answers, alone or mixed, minus ridge / 2 ||E||^2. A strong penalty leaves the
    features' own Euclidean metric with a fitted scale, so few answers never make it worse than
    that by much. The steps of a rating scale are learned too.

    Parameters
    ----------
    n_components : dimensions of z; None takes all up to 10.
    regularisation : "cv" (folds of answers) or a ridge > 0.
    random_state : seed of the folds.

    Attributes after `fit`: `components_` (columns of the standardised features, n_components),
    `standardiser_`, `ridge_`, `ridges_` and `losses_` (held-out nats an answer, "cv" only),
    `steps_` (thresholds of the rating scale in falling order, or None).
    """

    def __init__(
        self,
        n_components: int | None = None,
        regularisation: Literal["cv"] | float = "cv",
        random_state: int = 0,
    ) -> None:
        self.n_components = n_components
        self.regularisation = regularisation
        self.random_state = random_state

    def fit(self, features: np.ndarray, batches: Sequence[Batch] | Batch) -> SignalMetric:
        """Learn from `batches`, whose `items` index the rows of `features` (items, columns)."""
        features = check_features(features)
        batches = [b for b in ([batches] if isinstance(batches, Batch) else batches) if len(b)]
        if not batches:
            raise InputError("no answers; expected at least one batch with answers")
        for batch in batches:
            if np.min(batch.items) < 0 or np.max(batch.items) >= len(features):
                raise InputError(
                    f"{batch.signal.name} answers name item {np.max(batch.items)}; the features "
                    f"have rows 0 to {len(features) - 1}"
                )
        levels = {b.signal.levels for b in batches if isinstance(b.signal, Rating)}
        if len(levels) > 1:
            raise InputError(f"ratings on scales of {sorted(levels)} steps; expected one scale")
        self.standardiser_ = Standardiser.fit(features, power=1.0)
        x = self.standardiser_.transform(features)
        r = min(self.n_components or 10, x.shape[1])
        if r < 1:
            raise InputError(f"n_components is {self.n_components}; expected at least 1")
        start = np.eye(x.shape[1], r, dtype=np.float32)
        if self.standardiser_.rotation is None:
            start = np.linalg.svd(x - x.mean(0), full_matrices=False)[2][:r].T.copy()
        first = {
            "scale": np.float32(-0.5 * np.log(max(np.mean((x @ start) ** 2) * r, 1e-9))),
            "departure": np.zeros((x.shape[1], r), np.float32),
            "steps": np.full(max(levels, default=2) - 1, 0.5, np.float32),
        }
        self.n_features_in_ = features.shape[1]
        if self.regularisation == "cv":
            self.ridges_, self.losses_ = np.array(RIDGES), self._cv(x, start, batches, first)
            self.ridge_ = best_ridge(self.ridges_, self.losses_)
        else:
            self.ridge_ = float(self.regularisation)
        terms = [_prepare(b, np.asarray(b.weight, dtype=np.float64)) for b in batches]
        fitted = _minimise(first, x, start, terms, self.ridge_, 300)
        self.components_ = np.exp(fitted["scale"]) * (start + fitted["departure"])
        steps = np.cumsum(np.logaddexp(0, fitted["steps"]))[::-1]
        self.steps_ = steps if levels else None
        self._fitted, self._start = fitted, start
        return self

    def _cv(
        self, x: np.ndarray, start: np.ndarray, batches: Sequence[Batch], first: dict[str, Any]
    ) -> np.ndarray:
        rng = np.random.default_rng(self.random_state)
        folds = 3
        which = [rng.permutation(np.arange(len(b)) % folds) for b in batches]
        losses, mass = np.zeros(len(RIDGES)), 0.0
        for f in range(folds):
            pairs = list(zip(batches, which, strict=True))
            fit = [_prepare(b, np.asarray(b.weight) * (w != f)) for b, w in pairs]
            test = [_prepare(b, np.asarray(b.weight) * (w == f)) for b, w in pairs]
            parameters, count = first, 0.0
            for i in range(len(RIDGES) - 1, -1, -1):
                parameters = _minimise(parameters, x, start, fit, RIDGES[i], 100)
                total, count = map(
                    float, _total(parameters, jnp.asarray(x), jnp.asarray(start), test)
                )
                losses[i] += total
            mass += count
        return losses / max(mass, 1e-12)

    def transform(self, features: np.ndarray) -> np.ndarray:
        """Positions z (n, n_components), in which squared distance is what answers respond to."""
        check_is_fitted(self, "components_")
        return self.standardiser_.transform(check_features(features)) @ self.components_

    def score(self, features: np.ndarray, batches: Sequence[Batch] | Batch) -> float:
        """Mean log likelihood of answers, nats an answer (higher is better)."""
        check_is_fitted(self, "components_")
        batches = [batches] if isinstance(batches, Batch) else batches
        x = self.standardiser_.transform(check_features(features))
        terms = [_prepare(b, np.asarray(b.weight, dtype=np.float64)) for b in batches]
        total, mass = _total(self._fitted, jnp.asarray(x), jnp.asarray(self._start), terms)
        return -float(total) / max(float(mass), 1e-12)


def _minimise(
    parameters: dict[str, Any],
    x: np.ndarray,
    start: np.ndarray,
    terms: list[Any],
    ridge: float,
    max_iterations: int,
) -> dict[str, Any]:
    flat, unravel = jax.flatten_util.ravel_pytree(parameters)
    features, axes = jnp.asarray(x), jnp.asarray(start)

    def objective(vector: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = _objective(
            unravel(jnp.asarray(vector, jnp.float32)), features, axes, terms, jnp.float32(ridge)
        )
        return float(value), np.asarray(jax.flatten_util.ravel_pytree(gradient)[0], np.float64)

    result = optimize.minimize(
        objective,
        np.asarray(flat, np.float64),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": max_iterations, "ftol": 1e-7, "gtol": 1e-5},
    )
    if not np.isfinite(result.fun):
        raise InputError("the answers have no finite likelihood; check lapse and precision")
    return {k: np.asarray(v) for k, v in unravel(jnp.asarray(result.x, jnp.float32)).items()}
