"""`SignalEmbedding`: the latent representation of items from any mixture of answers."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, Literal, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from labelbits.errors import InputError
from labelbits.interface import Answers, Signal
from labelbits.progress import progress_bar
from labelbits.recovery.features.prior import FeaturePrior
from labelbits.recovery.features.reading import joined, read_features
from labelbits.recovery.fitted import fitting, inference
from labelbits.recovery.fitted.checks import (
    check_dims,
    check_parameters,
    warn_of_chance,
    warn_of_constant,
)
from labelbits.recovery.fitted.choice import choose
from labelbits.recovery.fitted.draws import Posterior, sample
from labelbits.recovery.fitted.frames import holds_answers, of_frame
from labelbits.recovery.fitted.inputs import (
    Data,
    RecoveryWarning,
    check_connected,
    covering,
    places_of,
    read_input,
)
from labelbits.recovery.fitted.posterior import by_draws, posterior_covariance
from labelbits.recovery.fitted.strengths import choose_strengths

#: Attributes of a fit with features alone.
OF_FEATURES = (
    "metric_", "features_mean_", "residual_scale_", "metric_power_", "held_out_strengths_",
)  # fmt: skip
#: Dimensions in which what features foretell is chosen where the number is chosen too.
TRIED = 4


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
    residual_scale : float from 0 to 1, or None
        With features: tau, the standard deviation of an item's own part; None chooses it by
        held-out bits, as `metric_power`.
    metric_power : float, or None
        With features: the power of their axes' standard deviations; 1 is their own metric.
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
    items_, classes_names_, annotators_ : names in the order of the rows; signals_ : what was fitted
    precision_, lapse_ : float, or a dict of signal name to float where signals are mixed. They suit
        the fit; `calibrate` says what the annotators' noise is
    annotator_precision_, annotator_lapse_ : dict of signal name to array, with `per_annotator`
    distance_power_ : float, the one used
    held_out_bits_ : with "auto", held-out bits an answer by number of dimensions;
        `held_out_powers_` by distance power
    metric_ : with features, W (columns, n_components): z = (x - features_mean_) W + own part
    residual_scale_, metric_power_ : tau and power used (1 where features say nothing: metric_ is 0)
    held_out_strengths_ : held-out bits an answer by (share 1 - tau^2, power) where they were chosen
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

    #: What else is known of the noise (`PossibleWorld.learner`).
    _noise: fitting.Known | None = None

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
        residual_scale: float | None = None,
        metric_power: float | None = None,
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
        self.residual_scale = residual_scale
        self.metric_power = metric_power
        self.warm_start = warm_start
        self.verbose = verbose
        self.random_state = random_state

    # -- fitting -------------------------------------------------------------------------------
    def fit(
        self, X: Any, y: Any = None, sample_weight: Any = None, *,
        init: Any = None, n_objects: int | None = None,
        features: Any = None, ids: Sequence[Any] | None = None,
    ) -> Self:  # fmt: skip
        """Fit triplets (n, 3), where row i, j, k says "i is closer to j than to k", or `Answers`.

        A frame (pandas, polars, pyarrow) holds either: columns signal, items and answer as
        `Answers.table` has them, or item numbers in columns head, winner and loser.

        `y` (n,) says which is nearer as cblearn has it: true or 1 the second item, false, 0 or -1
        the third. `sample_weight` multiplies the log
        likelihood of each answer. `init` (items, n_components) is where to start. `n_objects` is
        the number of items where the last ones have no answer.

        `features` (items, columns) say where items lie before any answer, z_i = W x_i + e_i with
        e_i ~ N(0, tau^2 I) (docs/recovery.md): an array whose rows are in the order of the item
        numbers, or of `ids`, the name of each row; a mapping of name to vector; or a frame with a
        column `item` or `id`. Raises `InputError` for answers
        that cannot be read and warns (`RecoveryWarning`) of what they leave undetermined.
        """
        check_parameters(self)
        dims = None if self.n_components == "auto" else int(self.n_components)
        power = None if self.distance_power == "auto" else float(self.distance_power)
        data = read_input(of_frame(X), y, sample_weight, n_objects, self.signals, dims or 2)
        known = None
        for name in OF_FEATURES:
            vars(self).pop(name, None)
        if features is not None:
            known, names = read_features(features, ids)
            data = covering(data, len(known) if names is None else 0)
            known = joined(known, names, data.items)
            warn_of_constant(known, stacklevel=3)
        elif ids is not None:
            raise InputError("ids name the rows of features, which were not given; give features")
        check_dims(dims or 1, data)
        if known is None:
            check_connected(data)
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        start = self._start(init, data, dims)
        with progress_bar(self.verbose) as report:
            prior = None
            if known is not None:
                prior = self._strengths(data, known, dims, power, seed, report)
            if dims is None or power is None:
                chosen = choose(
                    data, lambda d, p: self._options(d, p, prior), dims, power,
                    self.validation_fraction, self.max_components, seed, report,
                )  # fmt: skip
                dims, power, self.held_out_bits_, self.held_out_powers_ = chosen
            if known is not None and prior is None:
                check_connected(data)
            fitted = fitting.fit(data, self._options(dims, power, prior), seed, start, report)
        if known is not None:
            self._keep_metric(fitted, known)
        self.distance_power_ = power
        # Draws that `posterior` made and `posterior_covariance` needs again, where they are few.
        self._fitted, self._data, self._drawn = fitted, data, None
        self.embedding_ = fitted.places.astype(np.float32)
        self.prototypes_ = fitted.prototypes if len(data.classes) else None
        self.items_, self.classes_names_ = list(data.items), list(data.classes)
        self.annotators_ = list(data.annotators)
        self.signals_ = [channel.signal.name for channel in fitted.channels]
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

    def _options(
        self, dims: int, power: float, prior: FeaturePrior | None = None, n_init: int | None = None
    ) -> fitting.Options:
        return fitting.Options(
            dims, self.precision, self.lapse, self.per_annotator, n_init or self.n_init,
            self.max_iter, self.tol, power, prior, self._noise,
        )  # fmt: skip

    def _strengths(
        self, data: Data, features: np.ndarray, dims: int | None, power: float | None, seed: int,
        report: Any,
    ) -> FeaturePrior | None:  # fmt: skip
        """The prior that features make at the strengths given or chosen."""
        share = None if self.residual_scale is None else 1 - float(self.residual_scale) ** 2
        tried = dims or min(TRIED, self.max_components, len(data.items) - 1)
        found = choose_strengths(
            data, features, lambda prior: self._options(tried, power or 1.0, prior, 1),
            share, self.metric_power, seed, report,
        )  # fmt: skip
        self.residual_scale_ = float(np.sqrt(1 - found.share))
        self.metric_power_, self.held_out_strengths_ = found.power, found.bits
        self._metric = found.metric(features)
        return found.prior(features)

    def _keep_metric(self, fitted: fitting.Fitted, features: np.ndarray) -> None:
        """W in the features' own columns, and what `transform` needs."""
        self.features_mean_ = self._metric.centre
        self.metric_ = np.zeros((features.shape[1], fitted.items.shape[1]))
        if fitted.prior is not None:
            w = fitted.prior.metric(fitted.inner)
            self.metric_ = np.sqrt(1 - self.residual_scale_**2) * (self._metric.turn @ w)

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
        X = of_frame(X)
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
        X = of_frame(X)
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
        """Positions of new items from their features alone, or of all items by answers.

        Fitted with features, `X` may hold those of other items, in any form that `fit` takes them:
        (x - features_mean_) metric_, a row each. Else positions of the fitted items, then of the
        new items that `X` asks about.

        `X` holds triplets with item numbers from `len(items_)` on, or `Answers` with new item
        names, beside known ones; the fitted items and the noise stay as they are. Without new
        items this is `embedding_`. `new_items_` lists the new names in the order of the rows.
        """
        check_is_fitted(self, "embedding_")
        if X is None:
            return self.embedding_
        X = of_frame(X) if holds_answers(X) else X
        if self._are_features(X):
            return self._by_features(X)
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

    def _are_features(self, X: Any) -> bool:
        """Is `X` features of new items, and not answers about them?"""
        if not hasattr(self, "metric_") or isinstance(X, Answers):
            return False
        array: np.ndarray = X if isinstance(X, np.ndarray) else np.zeros((0, 0))
        triplets = array.dtype.kind in "iu" and array.ndim == 2 and array.shape[1] == 3
        return not triplets or len(self.metric_) == 3

    def _by_features(self, X: Any) -> np.ndarray:
        features, names = read_features(X)
        if features.shape[1] != len(self.metric_):
            raise InputError(
                f"features have {features.shape[1]} columns; expected {len(self.metric_)}, those "
                "of the fit"
            )
        if not self.metric_.any():
            warnings.warn(
                "the features foretell nothing of the fitted answers: new items are put in the "
                "middle. Ask about them, or find other features",
                RecoveryWarning, stacklevel=3,
            )  # fmt: skip
        self.new_items_ = names or list(range(len(features)))
        return ((features - self.features_mean_) @ self.metric_).astype(np.float32)

    def posterior(self, seed: int = 0, *, noise_alone: bool = False) -> Posterior:
        """Draws of positions, precision and lapse until their chains agree, with intervals.

        `noise_alone` asks only that precision, lapse and the items' spread agree, not every item.

        Draws of positions are aligned with `embedding_`, item by item in the order of `items_`.
        Costs a second to a minute; raises `NotConvergedError`, with what to do, where the chains do
        not agree. What was checked, and how: docs/validity.md.
        """
        check_is_fitted(self, "embedding_")
        with progress_bar(self.verbose) as report:
            found = sample(self._fitted, self._data, seed, report, noise_alone)
        if seed == 0 and not noise_alone and by_draws(self._fitted, self._data):
            self._drawn = found
        return found

    def posterior_covariance(self) -> np.ndarray:
        """Covariance of each item about `embedding_` after alignment, (items, dims, dims).

        Prototypes, the other items and the noise are uncertain too; shift, rotation and (unless
        precision is known) scale of all items together are taken away, since no comparison
        determines them. From draws (`posterior`) up to 400 answers and 40 coordinates, Laplace's
        beyond, or with a `RecoveryWarning` where draws do not converge (docs/recovery.md).
        """
        check_is_fitted(self, "embedding_")
        return posterior_covariance(self._fitted, self._data, drawn=getattr(self, "_drawn", None))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.positive_only = True
        tags.input_tags.categorical = True
        tags.transformer_tags.preserves_dtype = []
        return tags
