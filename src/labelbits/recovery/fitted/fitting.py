"""Which solver fits which answers, and one form for what comes out."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import jax.numpy as jnp
import numpy as np

from labelbits.errors import InputError
from labelbits.interface import Signal
from labelbits.recovery.features.prior import FeaturePrior
from labelbits.recovery.fitted.inputs import Data, oriented
from labelbits.recovery.mixtures.channel import TINY_LAPSE, Channel, Parameters, reports_distances
from labelbits.recovery.mixtures.fit import fit_mixture
from labelbits.recovery.mixtures.objective import Points
from labelbits.recovery.mixtures.problem import COLUMNS, MixtureProblem
from labelbits.recovery.triplets.fit import TripletProblem, fit_triplets
from labelbits.signals.base import NOISE_FREE
from labelbits.threads import one_blas_thread

Report = Callable[[str, float], None]


@dataclass(frozen=True)
class Known:
    """Noise that is known besides precision and lapse: other parameters of signals by name, and the
    precision `ridge` of the prior."""

    parameters: Mapping[str, Parameters]
    ridge: float


@dataclass(frozen=True)
class Options:
    """What a fit is asked for; see `SignalEmbedding`."""

    dims: int
    precision: Any
    lapse: Any
    per_annotator: bool
    n_init: int | None
    max_iter: int
    tol: float
    power: float = 1.0
    prior: FeaturePrior | None = None
    #: What else is known of the noise, where precision and lapse of every signal are given.
    noise: Known | None = None

    def known(self, kind: str, signal: str) -> float | None:
        """The given precision or lapse of a signal, None where it is estimated."""
        given = getattr(self, kind)
        return given.get(signal) if isinstance(given, dict) else given


@dataclass(frozen=True)
class Fitted:
    """Points and noise: items (n, D), prototypes (K, D), prior N(0, I / ridge).

    With features (`prior`) items follow from (w, e), `inner` (rows, D), whose prior that is.
    """

    items: np.ndarray
    prototypes: np.ndarray
    channels: tuple[Channel, ...]
    theta: tuple[Parameters, ...]
    ridge: float
    loss: float
    n_iter: int
    converged: bool
    #: Were precision and lapse estimated, where the channel holds them as numbers?
    estimated: tuple[bool, bool] = (False, False)
    #: Draws of points and noise, each in the form of a fit, where answers are so few that
    #: predictions average over them; empty where those of the mode do.
    draws: tuple[Fitted, ...] = ()
    prior: FeaturePrior | None = None
    #: Places that answer as the draws do on average, where answers are very few.
    middle: np.ndarray | None = None

    @property
    def places(self) -> np.ndarray:
        """Where the items are said to lie: the mode, or the middle of the draws."""
        return self.items if self.middle is None else self.middle

    @property
    def inner(self) -> np.ndarray:
        """What was searched in the items' place: they themselves, or (w, e)."""
        return self.items if self.prior is None else self.prior.inner(self.items)

    @property
    def scale_free(self) -> bool:
        """Do the answers leave the scale of the points open?"""
        if any(reports_distances(channel.signal) for channel in self.channels):
            return False
        return self.estimated[0] or all(channel.precision is None for channel in self.channels)

    def channel(self, name: str) -> tuple[Channel, Parameters]:
        """Channel and noise of a signal, or an `InputError` where it was not fitted."""
        for channel, theta in zip(self.channels, self.theta, strict=True):
            if channel.signal.name == name:
                return channel, theta
        names = ", ".join(channel.signal.name for channel in self.channels)
        raise InputError(f"answers of signal {name} were not fitted; expected one of: {names}")

    @property
    def points(self) -> Points:
        """Items and prototypes as the solver takes them."""
        return Points(
            jnp.asarray(self.items, jnp.float32), jnp.asarray(self.prototypes, jnp.float32)
        )

    @property
    def columns(self) -> int:
        """Columns of padded arrays of points."""
        return COLUMNS * math.ceil(self.items.shape[1] / COLUMNS)

    @property
    def log_likelihood(self) -> float:
        """Weighted log likelihood of the fitted answers, in nats."""
        power = np.sum(np.square(self.inner, dtype=np.float64))
        power += np.sum(np.square(self.prototypes, dtype=np.float64))
        return float(0.5 * self.ridge * power - self.loss)

    def noise(self) -> tuple[Any, Any]:
        """(precision, lapse), floats, or dicts by signal where there are several."""
        one: Any = np.zeros(1, dtype=np.int32)
        precision, lapse = {}, {}
        for channel, theta in zip(self.channels, self.theta, strict=True):
            shared = {name: value for name, value in theta.items() if not name.endswith("_of")}
            name = channel.signal.name
            # What is known needs no JAX: the triplet solver alone then never starts it.
            given = channel.precision, channel.lapse
            precision[name] = float(
                channel.precisions(shared, one)[0] if given[0] is None else given[0]
            )
            lapse[name] = float(channel.lapses(shared, one)[0] if given[1] is None else given[1])
        if len(precision) == 1:
            return next(iter(precision.values())), next(iter(lapse.values()))
        return precision, lapse

    def annotator_noise(self) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        """({signal: precision of each annotator}, {signal: lapse of each annotator})."""
        precision, lapse = {}, {}
        for channel, theta in zip(self.channels, self.theta, strict=True):
            everyone = jnp.arange(channel.annotators)
            precision[channel.signal.name] = np.asarray(channel.precisions(theta, everyone))
            lapse[channel.signal.name] = np.asarray(channel.lapses(theta, everyone))
        return precision, lapse


def starts(answers: int) -> int:
    """Random starts where the user leaves them open: more where they cost little."""
    return 5 if answers < 20_000 else 1


def fit(
    data: Data, options: Options, seed: int, start: np.ndarray | None, report: Report
) -> Fitted:
    """Fit the answers with the solver that suits them."""
    alone = data.only_triplets and not options.per_annotator and options.power == 1
    with one_blas_thread():
        return (_fit_triplets if alone else _fit_mixture)(data, options, seed, start, report)


def _fit_triplets(
    data: Data, options: Options, seed: int, start: np.ndarray | None, report: Report
) -> Fitted:
    batch = data.batches[0]
    order = np.random.default_rng([seed, 7]).permutation(len(batch))
    weighted = not np.all(batch.weight == 1)
    precision = options.known("precision", "triplet")
    problem = TripletProblem(
        np.ascontiguousarray(oriented(batch)[order]),
        batch.weight[order] if weighted else np.zeros(0, np.float32),
        len(data.items), options.dims,
        options.known("lapse", "triplet"),
        None if precision is None else min(precision, NOISE_FREE),
        options.prior,
    )  # fmt: skip
    found = fit_triplets(
        problem, seed=seed,
        # Unit coordinates; the solver's precision of 1 follows from their spread after a step.
        start=None if start is None else start * math.sqrt(precision or 1.0),
        n_init=options.n_init or starts(len(batch)),
        max_iter=options.max_iter, tol=options.tol, report=report,
    )  # fmt: skip
    channel = Channel(
        batch.signal, len(data.annotators), 1 / found.ridge, max(found.lapse, TINY_LAPSE), False
    )
    items = found.points * np.float32(math.sqrt(found.ridge))
    if not np.isfinite(items).all():
        raise ArithmeticError("the fit of triplets ended in positions that are not finite")
    fitted = Fitted(
        items, np.zeros((0, options.dims), np.float32), (channel,), ({},), 1.0,
        found.loss, found.n_iter, found.converged,
        (precision is None, options.known("lapse", "triplet") is None), prior=options.prior,
    )  # fmt: skip
    if found.draws is None:
        return fitted
    each = zip(found.draws.points, found.draws.ridges, found.draws.lapses, strict=True)
    draws = tuple(
        replace(
            fitted, items=points * np.float32(math.sqrt(ridge)),
            channels=(replace(channel, precision=1 / ridge, lapse=max(lapse, TINY_LAPSE)),),
        )
        for points, ridge, lapse in each
    )  # fmt: skip
    middle = found.middle
    if middle is not None:
        middle = middle * np.float32(math.sqrt(found.ridge))
    return replace(fitted, draws=draws, middle=middle)


def _fit_mixture(
    data: Data, options: Options, seed: int, start: np.ndarray | None, report: Report
) -> Fitted:
    asks_classes = any(batch.signal.uses_classes for batch in data.batches)
    if asks_classes and len(data.classes) < 2:
        kinds = " and ".join(sorted({batch.signal.name for batch in data.batches}))
        raise InputError(
            f"the answers ({kinds}) name {len(data.classes)} classes; expected two at least, so "
            "that an answer can tell them apart: hard labels of the same items name them, or "
            "classes= of read_answers"
        )
    classes = len(data.classes) if asks_classes else 0
    channels = tuple(_channel(data, batch.signal, options) for batch in data.batches)
    problem = MixtureProblem(
        data.batches, channels, len(data.items), classes, options.dims, options.prior
    )
    points = None
    if start is not None:
        generator = np.random.default_rng([seed, 8])
        points = Points(start, 0.3 * generator.normal(size=(classes, options.dims)))
    theta = ridge = None
    given = all(c.precision is not None and c.lapse is not None for c in channels)
    if options.noise is not None and given:
        ridge, told = options.noise.ridge, options.noise.parameters
        theta = [{**c.start(), **told.get(c.signal.name, {})} for c in channels]
    found = fit_mixture(
        problem, seed=seed, start=points, theta=theta, ridge=ridge,
        n_init=options.n_init or min(starts(len(data)), 4), max_iter=3 * options.max_iter,
        tol=options.tol / 3, report=report,
    )  # fmt: skip
    fitted = Fitted(
        np.asarray(found.points.items, dtype=np.float32),
        np.asarray(found.points.prototypes, dtype=np.float32),
        channels, found.theta, found.ridge, found.loss, found.n_iter, found.converged,
        prior=options.prior,
    )  # fmt: skip
    if found.draws is None:
        return fitted
    n = len(data.items)
    each = zip(found.draws.points, found.draws.noises, strict=True)
    draws = tuple(
        replace(fitted, items=points[:n], prototypes=points[n:], theta=theta)
        for points, theta in each
    )
    return replace(fitted, draws=draws)


def _channel(data: Data, signal: Signal, options: Options) -> Channel:
    # Known noise as arrays: another value then needs no compilation.
    precision, lapse = (options.known(kind, signal.name) for kind in ("precision", "lapse"))
    return Channel(
        signal, len(data.annotators),
        None if precision is None else jnp.asarray(min(precision, NOISE_FREE), jnp.float32),
        None if lapse is None else jnp.asarray(max(lapse, TINY_LAPSE), jnp.float32),
        options.per_annotator,
        None if options.power == 1 else jnp.asarray(options.power, jnp.float32),
    )  # fmt: skip
