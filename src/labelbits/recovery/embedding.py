"""`SignalEmbedding`: the latent representation of items from any mixture of answers."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Iterator
from typing import Any, Literal, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from labelbits.errors import InputError, check_at_least, check_probability
from labelbits.interface import Answers, Signal
from labelbits.recovery import fitting, inference
from labelbits.recovery.inputs import Data, RecoveryWarning, check_connected, read_input

#: Nats a coordinate below which a fit is reported as no better than one of random answers.
_CHANCE = 0.75


class SignalEmbedding(TransformerMixin, BaseEstimator):
    """Maximum a posteriori positions of items (and class prototypes) from answers.

    Items and prototypes have the prior N(0, I); an answer has the probability that its signal
    gives it (`labelbits.signals`). Precision and lapse are estimated beside the positions
    by expectation-maximisation unless given. Triplets alone take a fused solver
    (`triplet_fit`); any other mixture takes JAX (`mixture_fit`).

    Parameters
    ----------
    n_components : int or "auto"
        Dimensions. "auto" takes the fewest whose held-out log likelihood is within one standard
        error of the best, up to `max_components`.
    precision, lapse : float, dict of signal name to float, or None
        Known noise; None estimates it.
    per_annotator : bool
        Estimate precision and lapse of each annotator (only from `Answers`).
    signals : dict of signal name to `Signal`, or None
        Channels to assume in place of the defaults.
    n_init : int or None
        Random starts; None takes more where they cost little.
    max_iter, tol : int, float
        L-BFGS stops after `max_iter` steps or at a gain below `tol` nats a coordinate.
    validation_fraction, max_components : float, int
        For "auto": share of answers held out, and the most dimensions tried.
    warm_start : bool
        Begin the next fit at the positions of the last.
    verbose : bool
        A progress bar on standard error.
    random_state : int, RandomState or None
        Same seed, same result.

    Attributes
    ----------
    embedding_ : (items, n_components) float32, in units of the prior's standard deviation (with
        `similarity` answers: in the units of the answers)
    prototypes_ : (classes, n_components) or None where no answer is about classes
    items_, classes_names_, annotators_ : names in the order of the rows
    precision_, lapse_ : float, or a dict of signal name to float where signals are mixed
    annotator_precision_, annotator_lapse_ : dict of signal name to array, with `per_annotator`
    n_iter_, converged_, loss_ : steps, did they settle, and minus the log posterior in nats
    train_error_ : share of answers that were not the most probable ones
    """

    def __init__(
        self,
        n_components: int | Literal["auto"] = 2,
        *,
        precision: float | dict[str, float] | None = None,
        lapse: float | dict[str, float] | None = None,
        per_annotator: bool = False,
        signals: dict[str, Signal] | None = None,
        n_init: int | None = None,
        max_iter: int = 100,
        tol: float = 3e-3,
        validation_fraction: float = 0.1,
        max_components: int = 8,
        warm_start: bool = False,
        verbose: bool = False,
        random_state: Any = None,
    ) -> None:
        self.n_components = n_components
        self.precision = precision
        self.lapse = lapse
        self.per_annotator = per_annotator
        self.signals = signals
        self.n_init = n_init
        self.max_iter = max_iter
        self.tol = tol
        self.validation_fraction = validation_fraction
        self.max_components = max_components
        self.warm_start = warm_start
        self.verbose = verbose
        self.random_state = random_state

    # -- fitting -------------------------------------------------------------------------------
    def fit(
        self, X: Any, y: Any = None, sample_weight: Any = None, *,
        init: Any = None, n_objects: int | None = None,
    ) -> Self:  # fmt: skip
        """Fit triplets (n, 3), where row i, j, k says "i is closer to j than to k", or `Answers`.

        `y` (n,) turns a triplet round where it is negative. `sample_weight` multiplies the log
        likelihood of each answer. `init` (items, n_components) is where to start. `n_objects` is
        the number of items where the last ones have no answer. Raises `InputError` for answers
        that cannot be read and warns (`RecoveryWarning`) of what they leave undetermined.
        """
        dims = self._check_parameters()
        data = read_input(X, y, sample_weight, n_objects, self.signals, dims or 2)
        self._check_dims(dims or 1, data)
        check_connected(data)
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        start = self._start(init, data, dims)
        with _progress(self.verbose) as report:
            if dims is None:
                dims, self.held_out_bits_ = self._choose(data, seed, report)
            fitted = fitting.fit(data, self._options(dims), seed, start, report)
        self._fitted, self._data = fitted, data
        self.embedding_ = fitted.items.astype(np.float32)
        self.prototypes_ = fitted.prototypes if len(data.classes) else None
        self.items_, self.classes_names_ = list(data.items), list(data.classes)
        self.annotators_ = list(data.annotators)
        self.precision_, self.lapse_ = fitted.noise()
        if self.per_annotator:
            self.annotator_precision_, self.annotator_lapse_ = fitted.annotator_noise()
        self.n_iter_, self.converged_, self.loss_ = (
            fitted.n_iter, fitted.converged, fitted.loss,
        )  # fmt: skip
        self.n_features_in_ = 3
        self.train_error_ = inference.error(fitted, data)
        self._warn_of_chance()
        return self

    def fit_transform(self, X: Any, y: Any = None, **fit_params: Any) -> np.ndarray:
        """Fit, and return `embedding_`."""
        return self.fit(X, y, **fit_params).embedding_

    def _options(self, dims: int) -> fitting.Options:
        return fitting.Options(
            dims, self.precision, self.lapse, self.per_annotator, self.n_init, self.max_iter,
            self.tol,
        )  # fmt: skip

    def _check_parameters(self) -> int | None:
        """The number of dims, None for "auto"; raise for parameters that make no sense."""
        for name in ("precision", "lapse"):
            given = getattr(self, name)
            for value in given.values() if isinstance(given, dict) else [given]:
                if value is None:
                    continue
                if name == "lapse":
                    check_probability(name, value)
                elif not value > 0:
                    raise InputError(f"precision is {value}; expected a number above 0, or None")
        check_at_least("max_iter", self.max_iter, 1)
        if self.n_components == "auto":
            if not 0 < self.validation_fraction < 1:
                raise InputError(
                    f"validation_fraction is {self.validation_fraction}; expected 0 to 1"
                )
            return None
        if isinstance(self.n_components, (bool, str)):
            raise InputError(
                f'n_components is {self.n_components!r}; expected a whole number or "auto"'
            )
        return check_at_least("n_components", self.n_components, 1)

    @staticmethod
    def _check_dims(dims: int, data: Data) -> None:
        points = len(data.items) + len(data.classes)
        if dims >= points:
            raise InputError(
                f"n_components is {dims} for {points} items and classes; expected fewer "
                "dimensions than points: any answers fit there, so none are explained"
            )

    def _start(self, init: Any, data: Data, dims: int | None) -> np.ndarray | None:
        if init is None and self.warm_start and hasattr(self, "embedding_"):
            row = {name: i for i, name in enumerate(self.items_)}
            old = np.asarray(self.embedding_)
            if dims in (None, old.shape[1]):
                small = 0.01 * np.random.default_rng(0).normal(size=(len(data.items), old.shape[1]))
                rows = [row.get(name, -1) for name in data.items]
                return np.where(np.array(rows)[:, None] >= 0, old[rows], small)
        if init is None:
            return None
        init = np.asarray(init, dtype=float)
        if init.shape != (len(data.items), dims) or not np.isfinite(init).all():
            raise InputError(
                f"init has shape {init.shape}; expected finite numbers, ({len(data.items)}, {dims})"
            )
        return init

    def _choose(
        self, data: Data, seed: int, report: Callable[[str, float], None]
    ) -> tuple[int, dict[int, float]]:
        """The fewest dims within one standard error of the best held-out bits, and those bits."""
        train, held = data.split(self.validation_fraction, np.random.default_rng([seed, 9]))
        if not len(held) or not len(train):
            raise InputError(
                f"{len(data)} answers are too few to choose the dimensions; give n_components"
            )
        bits: dict[int, np.ndarray] = {}
        most = min(self.max_components, len(data.items) - 1)
        for dims in range(1, most + 1):
            report(f"{dims} dimensions", dims / most)
            fitted = fitting.fit(train, self._options(dims), seed, None, lambda *_: None)
            bits[dims] = inference.bits(fitted, held)
            best = max(bits, key=lambda d: bits[d].mean())
            if dims - best >= 2:
                break
        best = max(bits, key=lambda d: bits[d].mean())
        for dims in sorted(bits):
            lost = bits[best] - bits[dims]
            if lost.mean() <= lost.std() / np.sqrt(len(lost)):
                return dims, {d: float(b.mean()) for d, b in bits.items()}
        raise AssertionError("the best dimension is within one standard error of itself")

    def _warn_of_chance(self) -> None:
        """Warn where the answers are explained no better than random answers would be.

        By Wilks, n coordinates gain n / 2 nats on answers that mean nothing.
        """
        outcomes = max(len(self._data.classes), 2)
        chance = sum(
            float(batch.weight.sum()) * batch.signal.log_outcomes(outcomes)
            for batch in self._data.batches
            if np.isfinite(batch.signal.outcomes(outcomes))
        )
        coordinates = self.embedding_.size + (
            0 if self.prototypes_ is None else self.prototypes_.size
        )
        gain = self._fitted.log_likelihood + chance
        if chance and gain < _CHANCE * coordinates:
            warnings.warn(
                f"{len(self._data)} answers are explained no better than random answers would be "
                f"by {coordinates} coordinates (gain {gain:.0f} nats): they contradict each other "
                "or are too few, and the embedding tells little. Ask more, ask for fewer "
                "dimensions, and check how answers were coded",
                RecoveryWarning,
                stacklevel=3,
            )

    # -- use -----------------------------------------------------------------------------------
    def _read(self, X: Any, y: Any = None, sample_weight: Any = None) -> Data:
        check_is_fitted(self, "embedding_")
        if isinstance(X, Answers):
            signals = {c.signal.name: c.signal for c in self._fitted.channels}
            data = read_input(X, None, sample_weight, None, signals, self.embedding_.shape[1])
            return inference.renumbered(data, self._data)
        return read_input(X, y, sample_weight, len(self.items_))

    def predict_proba(self, X: Any) -> Any:
        """Triplets (n, 3): (n, 2), P(closer to the second) and P(closer to the third item).

        `Answers`: a dict of signal name to (n, outcomes), in the order of `Signal.enumerate`, for
        every signal whose answers can be listed; only the questions are read.
        """
        data = self._read(X)
        tables = inference.probabilities(self._fitted, data)
        return tables if isinstance(X, Answers) else tables["triplet"]

    def predict(self, X: Any) -> np.ndarray:
        """For triplets (n, 3): 1 where the second item is the closer one, -1 elsewhere."""
        return np.where(self.predict_proba(X)[:, 0] >= 0.5, 1, -1)

    def score(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:
        """Mean log likelihood of the answers, in bits an answer (0 is perfect; chance between two
        is -1)."""
        data = self._read(X, y, sample_weight)
        weight = np.concatenate([batch.weight for batch in data.batches])
        return float(np.average(inference.bits(self._fitted, data), weights=weight))

    def transform(self, X: Any = None) -> np.ndarray:
        """Positions of the fitted items, then of the new items that `X` asks about.

        `X` holds triplets with item numbers from `len(items_)` on, or `Answers` with new item
        names, beside known ones; the fitted items and the noise stay as they are. Without new
        items this is `embedding_`. `new_items_` lists the new names in the order of the rows.
        """
        check_is_fitted(self, "embedding_")
        if X is None:
            return self.embedding_
        if isinstance(X, Answers):
            signals = {c.signal.name: c.signal for c in self._fitted.channels}
            data = read_input(X, None, None, None, signals, self.embedding_.shape[1])
            data = inference.renumbered(data, self._data, new=True)
        else:
            data = read_input(X)
        rows, names = inference.place(self._fitted, data, len(self.items_))
        self.new_items_ = names
        return np.concatenate([self.embedding_, rows]) if len(rows) else self.embedding_

    def posterior_covariance(self) -> np.ndarray:
        """Laplace covariance of each item, (items, dims, dims): inverse of prior precision plus
        Fisher information, the other items and the noise taken as known."""
        check_is_fitted(self, "embedding_")
        return inference.covariance(self._fitted, self._data)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.positive_only = True
        tags.input_tags.categorical = True
        tags.transformer_tags.preserves_dtype = []
        return tags


@contextlib.contextmanager
def _progress(shown: bool) -> Iterator[Callable[[str, float], None]]:
    """A progress bar on standard error, or nothing."""
    if not shown:
        yield lambda what, share: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting", total=1.0)
        yield lambda what, share: bar.update(task, description=what, completed=share)
