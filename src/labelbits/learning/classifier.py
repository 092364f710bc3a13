"""A classifier on the user's features from answers of any class signals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from scipy.sparse import issparse
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import NotFittedError
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from labelbits.errors import InputError
from labelbits.interface import Batch
from labelbits.learning.fits.regularisation import Regularisation, best_ridge, select_regularisation
from labelbits.learning.fits.softmax import fit_softmax
from labelbits.learning.fits.targets import class_count, fast_targets
from labelbits.learning.labels import labelled
from labelbits.standardise import Standardiser, check_features, index_of

#: Penalties tried where every fit goes through a general likelihood (slower than softmax).
FEW_RIDGES = (1e-3, 1e-2, 1e-1, 1.0)
#: Cells of a sparse matrix that are filled in, at most: the columns are standardised, which leaves
#: no zeros, and more would take gigabytes.
MOST_CELLS = 200_000_000


class SignalClassifier(ClassifierMixin, BaseEstimator):
    """P(class | x) = softmax(W x + b), by maximum penalised likelihood of any class answers.

    A scikit-learn classifier: `fit(X, y)` with one class a row, alone or in a pipeline; `X` may be
    sparse (a TfidfVectorizer before it), and is filled in. `y` may
    also be votes (rows, classes), `Answers` or a frame of answers, or batches of answers.

    Logits play the part of minus precision times squared distance, so hard labels, votes, soft
    and sparse-soft reports, rankings, candidate sets, complementary labels, verifications and
    same-class answers all enter through `Signal.log_prob`, alone or mixed. Hard labels, votes and
    reports of probabilities take a fast path that needs no compilation.

    Parameters
    ----------
    regularisation : "cv" or a ridge penalty > 0 per unit of mean log likelihood. "cv" chooses the
        penalty, and whether columns keep their own spread, by cross-validation over items.
    hidden : None for a linear map, or the width(s) of the ReLU layers of a small network.
    random_state : seed of the folds and of random starts.
    classes : number of classes; None takes the largest class that the answers name.

    Attributes after `fit`: `classes_` (K,) names or numbers, `regularisation_` (ridge, power and
    the losses), `standardiser_`, `parameters_` (weights (in, out) and biases layer by layer),
    `n_features_in_`, `loss_` (penalised, nats).

    Example
    -------
    >>> import numpy as np
    >>> from labelbits import SignalClassifier
    >>> X = np.array([[0.0, 1.0], [0.2, 0.8], [1.0, 0.1], [0.9, 0.0], [0.1, 0.9], [0.8, 0.2]])
    >>> model = SignalClassifier(0.1).fit(X, ["cat", "cat", "dog", "dog", "cat", "dog"])
    >>> model.predict([[0.0, 1.0], [1.0, 0.0]]).tolist()
    ['cat', 'dog']
    >>> votes = [[3, 0], [2, 1], [0, 3], [0, 3], [3, 0], [1, 2]]  # of three people on each row
    >>> SignalClassifier(0.1).fit(X, votes).predict([[0.0, 1.0]]).tolist()
    [0]
    """

    def __init__(
        self,
        regularisation: Literal["cv"] | float = "cv",
        hidden: int | Sequence[int] | None = None,
        random_state: int = 0,
        classes: int | None = None,
    ) -> None:
        self.regularisation = regularisation
        self.hidden = hidden
        self.random_state = random_state
        self.classes = classes

    def fit(self, X: Any, y: Any = None, ids: Sequence[Any] | None = None) -> SignalClassifier:
        """Learn from `y` on the rows of `X` (items, columns).

        `y`: (items,) classes, one in every row; (items, K) votes, rows of zeros are left out;
        `Answers`, or a frame that `read_answers` reads, whose items are named by row number or by
        `ids`, the name of each row (left out: the index of a pandas frame `X`, where it holds
        texts); or batches whose `items` index rows. Columns are standardised with
        every row of `X`: no label is used for that. Raises `InputError` for answers that index no
        row, name no class, or are none at all.
        """
        features = self._features(X, first=True)
        batches, names = labelled(y, len(features), ids, index_of(X))
        self._check(features, batches)
        k = len(names) if names is not None else class_count(batches, self.classes)
        self.classes_ = np.arange(k) if names is None else names
        targets = fast_targets(batches, k) if self.hidden is None else None
        if targets is not None:
            self._fit_fast(features, targets.items, targets.target, targets.lapse)
        else:
            self._fit_likelihood(features, batches, k)
        return self

    def _features(self, X: Any, first: bool = False) -> np.ndarray:
        """X checked as scikit-learn and as `check_features` do; what is wrong: an `InputError`."""
        if len(getattr(X, "shape", (0, 0))) == 1:
            raise InputError(
                "Expected 2D array, got 1D array instead: features are items x columns. Reshape "
                "your data"
            )
        try:
            checked = validate_data(
                self, X, reset=first, dtype="numeric", ensure_all_finite=False, accept_sparse="csr"
            )
        except NotFittedError:
            raise
        except ValueError as problem:
            raise InputError(str(problem)) from None
        if issparse(checked):
            checked = _filled(checked)
        return check_features(np.asarray(checked))

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def _check(self, features: np.ndarray, batches: Sequence[Batch]) -> None:
        if not batches:
            raise InputError("no answers; expected at least one batch with answers")
        for batch in batches:
            items = np.asarray(batch.items)
            if items.min() < 0 or items.max() >= len(features):
                raise InputError(
                    f"{batch.signal.name} answers name item {items.max()}; the features have "
                    f"rows 0 to {len(features) - 1}"
                )
        ridge = self.regularisation
        if ridge != "cv" and (isinstance(ridge, str) or not ridge > 0):
            raise InputError(f"regularisation is {ridge!r}; expected 'cv' or a number above 0")

    def _fit_fast(
        self, features: np.ndarray, rows: np.ndarray, target: np.ndarray, lapse: float
    ) -> None:
        if self.regularisation == "cv":
            choice = select_regularisation(
                features[rows], target, lapse=lapse, seed=self.random_state
            )
        else:
            choice = _fixed(float(self.regularisation))
        self.regularisation_ = choice
        self.standardiser_ = Standardiser.fit(features, choice.power)
        x = self.standardiser_.transform(features[rows])
        fit = fit_softmax(
            x[None],
            target[None, None],
            np.ones((1, 1, len(x))),
            np.array([[choice.ridge]]),
            lapse=lapse,
            tolerance=1e-6,
        )
        self.parameters_: list[tuple[Any, Any]] = [(fit.weights[0, 0].T, fit.bias[0, 0])]
        self.loss_ = float(fit.loss[0, 0])

    def _fit_likelihood(self, features: np.ndarray, batches: Sequence[Batch], k: int) -> None:
        # Imported here: the fast path must not pay for JAX's compiler.
        from labelbits.learning.fits import likelihood as general

        hidden = [] if self.hidden is None else [int(h) for h in np.atleast_1d(self.hidden)]
        if any(h < 1 for h in hidden):
            raise InputError(f"hidden is {self.hidden}; expected widths of at least 1")
        rows, local = general.relabelled(batches)
        rng = np.random.default_rng(self.random_state)
        choice = None if self.regularisation == "cv" else _fixed(float(self.regularisation))
        if choice is None:
            folds = min(3, len(rows))
            if folds < 2:
                raise InputError(f"{len(rows)} labelled item; expected at least 2")
            state = rng.bit_generator.state
            for power in (0.0, 1.0):
                x = Standardiser.fit(features, power).transform(features[rows])
                rng.bit_generator.state = state
                starts = general.start_parameters(x.shape[1], k, hidden, rng)
                losses = general.likelihood_losses(x, local, starts, FEW_RIDGES, folds, rng)
                if choice is None or losses.min() < choice.loss:
                    array = np.array(FEW_RIDGES)
                    ridge = best_ridge(array, losses)
                    choice = Regularisation(ridge, power, float(losses.min()), array, losses)
        assert choice is not None
        self.regularisation_ = choice
        self.standardiser_ = Standardiser.fit(features, choice.power)
        x = self.standardiser_.transform(features[rows])
        starts = general.start_parameters(x.shape[1], k, hidden, rng)
        terms = [general.prepare(b, np.asarray(b.weight, dtype=np.float64)) for b in local]
        self.parameters_, self.loss_ = general.fit_likelihood(x, terms, starts, choice.ridge)

    def _logits(self, X: Any) -> np.ndarray:
        check_is_fitted(self, "parameters_")
        x = self.standardiser_.transform(self._features(X))
        for w, b in self.parameters_[:-1]:
            x = np.maximum(x @ w + b, 0)
        w, b = self.parameters_[-1]
        return x @ w + b

    def decision_function(self, X: Any) -> np.ndarray:
        """Logits (n, K); of two classes those of the second less those of the first, (n,)."""
        z = self._logits(X)
        return z[:, 1] - z[:, 0] if z.shape[1] == 2 else z

    def predict_log_proba(self, X: Any) -> np.ndarray:
        """ln P(class | x), (n, K)."""
        z = self._logits(X).astype(np.float64)
        z -= z.max(1, keepdims=True)
        return z - np.log(np.exp(z).sum(1, keepdims=True))

    def predict_proba(self, X: Any) -> np.ndarray:
        """P(class | x), (n, K), rows summing to 1."""
        return np.exp(self.predict_log_proba(X))

    def predict(self, X: Any) -> np.ndarray:
        """The most probable class of each row, (n,)."""
        best = self._logits(X).argmax(1)  # first: without a fit there are no classes
        return self.classes_[best]

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "parameters_")


def _fixed(ridge: float) -> Regularisation:
    return Regularisation(ridge, 0.0, float("nan"), np.array([ridge]), np.array([np.nan]))


def _filled(sparse: Any) -> np.ndarray:
    """A sparse matrix with its zeros. Raises `InputError` for one that would take gigabytes."""
    rows, columns = sparse.shape
    if rows * columns > MOST_CELLS:
        raise InputError(
            f"features are a sparse matrix of {rows:,} x {columns:,}; expected at most "
            f"{MOST_CELLS:,} cells. Put sklearn.decomposition.TruncatedSVD(100) before the "
            "classifier, or fewer words (max_features)"
        )
    return sparse.toarray()
