"""`SignalEmbedding`: the latent representation of items from any mixture of answers."""

from __future__ import annotations

from typing import Any, Literal, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from labelbits.errors import InputError
from labelbits.interface import Answers, Signal
from labelbits.progress import progress_bar
from labelbits.recovery.fitted import fitting, inference
from labelbits.recovery.fitted.checks import check_dims, check_parameters, warn_of_chance
from labelbits.recovery.fitted.choice import choose
from labelbits.recovery.fitted.draws import Posterior, sample
from labelbits.recovery.fitted.inputs import Data, check_connected, places_of, read_input
from labelbits.recovery.fitted.posterior import posterior_covariance


class SignalEmbedding(TransformerMixin, BaseEstimator):
    """Maximum a posteriori positions of items (and class prototypes) from answers.

    Items and prototypes have the prior N(0, I); an answer has the probability that its signal
    gives it (`labelbits.signals`). Precision and lapse, unless given, are the posterior mean over
    draws of positions and noise together (of triplets alone with 40 answers a coordinate or more,
    or more than 150,000: expectation-maximisation). Below 40 answers a coordinate predictions
    average over the draws too, and positions of a mixture are the mode under noise as uncertain
    points see it (docs/recovery.md). Triplets alone take a fused solver (`triplet_fit`); any other
    mixture takes JAX (`mixture_fit`).

    Parameters
    ----------
    n_components : int or "auto"
        Dimensions. "auto" takes the fewest whose held-out log likelihood is within one standard
        error of the best, up to `max_components`.
    precision, lapse : float, dict of signal name to float, or None
        Known noise; None estimates it.
    per_annotator : bool
        Estimate precision and lapse of each annotator, for each signal of a mixture (only from
        `Answers`): the signal's own, times exp(N(0, 1/4)) and with log odds shifted by N(0, 1).
    distance_power : float from 0 to 1, or "auto"
        How annotators perceive distance: an answer compares d^(2 power) in place of squared
        distances d^2, ln d at 0 (then a triplet depends on the ratio of its distances). "auto"
        takes 1 unless 1/2 or 0 has better held-out bits by more than a standard error.
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
    distance_power_ : float, the one used
    held_out_bits_ : with "auto", held-out bits an answer by number of dimensions;
        `held_out_powers_` by distance power
    n_iter_, converged_, loss_ : steps, did they settle, and minus the log posterior in nats
    train_error_ : share of answers that were not the most probable ones

    Example
    -------
    >>> from labelbits import SignalEmbedding
    >>> triplets = [[0, 1, 3], [1, 0, 3], [2, 3, 0], [3, 2, 0], [0, 2, 3], [1, 2, 3]] * 4
    >>> space = SignalEmbedding(1, random_state=0).fit(triplets)  # i is closer to j than to k
    >>> space.embedding_.shape
    (4, 1)
    >>> same = SignalEmbedding(1, random_state=0).fit(triplets, [1] * 24)  # y as cblearn has it
    >>> bool((same.embedding_ == space.embedding_).all())
    True
    """

    def __init__(
        self,
        n_components: int | Literal["auto"] = 2,
        *,
        precision: float | dict[str, float] | None = None,
        lapse: float | dict[str, float] | None = None,
        per_annotator: bool = False,
        distance_power: float | Literal["auto"] = 1.0,
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
        self.distance_power = distance_power
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

        `y` (n,) says which is nearer as cblearn has it: true or 1 the second item, false, 0 or -1
        the third. `sample_weight` multiplies the log
        likelihood of each answer. `init` (items, n_components) is where to start. `n_objects` is
        the number of items where the last ones have no answer. Raises `InputError` for answers
        that cannot be read and warns (`RecoveryWarning`) of what they leave undetermined.
        """
        check_parameters(self)
        dims = None if self.n_components == "auto" else int(self.n_components)
        power = None if self.distance_power == "auto" else float(self.distance_power)
        data = read_input(X, y, sample_weight, n_objects, self.signals, dims or 2)
        check_dims(dims or 1, data)
        check_connected(data)
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        start = self._start(init, data, dims)
        with progress_bar(self.verbose) as report:
            if dims is None or power is None:
                chosen = choose(
                    data, self._options, dims, power, self.validation_fraction,
                    self.max_components, seed, report,
                )  # fmt: skip
                dims, power, self.held_out_bits_, self.held_out_powers_ = chosen
            fitted = fitting.fit(data, self._options(dims, power), seed, start, report)
        self.distance_power_ = power
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
        warn_of_chance(fitted, data, stacklevel=3)
        return self

    def fit_transform(self, X: Any, y: Any = None, **fit_params: Any) -> np.ndarray:
        """Fit, and return `embedding_`."""
        return self.fit(X, y, **fit_params).embedding_

    def _options(self, dims: int, power: float) -> fitting.Options:
        return fitting.Options(
            dims, self.precision, self.lapse, self.per_annotator, self.n_init, self.max_iter,
            self.tol, power,
        )  # fmt: skip

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

    # -- use -----------------------------------------------------------------------------------
    def _read(self, X: Any, y: Any = None, sample_weight: Any = None) -> Data:
        check_is_fitted(self, "embedding_")
        if isinstance(X, Answers):
            signals = {c.signal.name: c.signal for c in self._fitted.channels}
            data = read_input(X, None, sample_weight, None, signals, self.embedding_.shape[1])
            return inference.renumbered(data, self._data)
        X, _ = places_of(X, self.items_)
        return read_input(X, y, sample_weight, len(self.items_))

    def predict_proba(self, X: Any) -> Any:
        """Triplets (n, 3): (n, 2), P(closer to the second) and P(closer to the third item).

        `Answers`: a dict of signal name to (n, outcomes), in the order of `Signal.enumerate`, for
        every signal whose answers can be listed; only the questions are read. Averaged over the
        draws of the fit where answers are few, as `score` is.
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
            rows, names = inference.place(self._fitted, data, len(self.items_))
        else:
            X, ids = places_of(X, self.items_, new=True)
            rows, names = inference.place(self._fitted, read_input(X), len(self.items_))
            names = ids or names
        self.new_items_ = names
        return np.concatenate([self.embedding_, rows]) if len(rows) else self.embedding_

    def posterior(self, seed: int = 0, *, noise_alone: bool = False) -> Posterior:
        """Draws of positions, precision and lapse until their chains agree, with intervals.

        `noise_alone` asks only that precision, lapse and the items' spread agree, not every item.

        Draws of positions are aligned with `embedding_`, item by item in the order of `items_`.
        Costs a second to a minute; raises `NotConvergedError`, with what to do, where the chains do
        not agree. What was checked, and how: docs/validity.md.
        """
        check_is_fitted(self, "embedding_")
        with progress_bar(self.verbose) as report:
            return sample(self._fitted, self._data, seed, report, noise_alone)

    def posterior_covariance(self) -> np.ndarray:
        """Covariance of each item about `embedding_` after alignment, (items, dims, dims).

        Prototypes, the other items and the noise are uncertain too; shift, rotation and (unless
        precision is known) scale of all items together are taken away, since no comparison
        determines them. From draws (`posterior`) up to 400 answers and 40 coordinates, Laplace's
        beyond, or with a `RecoveryWarning` where draws do not converge (docs/recovery.md).
        """
        check_is_fitted(self, "embedding_")
        return posterior_covariance(self._fitted, self._data)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.positive_only = True
        tags.input_tags.categorical = True
        tags.transformer_tags.preserves_dtype = []
        return tags
