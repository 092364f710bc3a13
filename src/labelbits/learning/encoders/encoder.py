"""`SignalEncoder`: an encoder of features trained on any mixture of supervision signals."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from labelbits.errors import InputError, check_at_least, check_positive
from labelbits.interface import Answers, Batch, Signal
from labelbits.learning.encoders.checks import (
    EncoderWarning,
    check_decay,
    check_spreads,
    check_widths,
)
from labelbits.learning.encoders.network import Encoder, own_network
from labelbits.learning.encoders.terms import (
    Noise,
    Term,
    check_classes,
    held_out,
    labels,
    terms_of,
)
from labelbits.learning.encoders.training import (
    Model,
    Progress,
    arrays_of,
    batch_sizes,
    explained,
    order,
    padded_rows,
    positions,
    run_block,
    shares_of,
    start_precision,
    start_state,
    wide,
)
from labelbits.signals import Hard, Rating
from labelbits.standardise import Standardiser, check_features

#: Learning rates that are tried, as parts of one that diverged, and the steps of a trial.
SLOWER, TRIAL = (1 / 3, 1 / 10, 1 / 30, 1 / 100, 1 / 1000), 200
#: A mean loss this many nats above that before the first step is called divergence.
DIVERGED = 5.0
#: So is a precision e^15 times too large or too small: answers that tell nothing, or everything.
RAN_OFF = 15.0


class SignalEncoder(TransformerMixin, BaseEstimator):
    """z = f(x) by gradient descent on the likelihood of labels and comparisons together.

    f is linear or a multilayer perceptron; class prototypes c_k lie in the same space. Every
    signal is fitted through its own likelihood, which for squared distances d2 and precision beta
    gives the losses of the field: hard labels softmax cross-entropy of -beta d2(z, c_k),
    `contrastive` InfoNCE (van den Oord, Li and Vinyals 2018), `triplet` the logistic triplet loss
    (van der Maaten and Weinberger 2012). Each signal's precision is learned beside it, so a
    mixture weighs signals by how well their answers are foretold; it starts at 1 over the mean
    squared distance of two items, where no answer is nearly certain. Lapse stays as given.

    Parameters
    ----------
    n_components : dimensions of z.
    hidden : widths of the hidden layers; () is a linear map.
    activation : "relu", "gelu", "tanh" or "silu".
    normalise : divide z by its length (the precision is then the inverse temperature).
    network : an f of your own instead: an Equinox module that takes one row, or a Flax module.
    steps, batch_size : gradient steps, and answers in each.
    learning_rate, weight_decay : of Adam with decoupled decay; the rate rises, then falls as a
        cosine.
    validation_fraction : share of the questions held out to choose the step to stop at; 0: none.
    patience : stop after so many looks without gain; None: look, but train to the end. The step
        with the most held-out bits is kept either way.
    evaluate_every : steps between looks.
    warm_start : a second `fit` goes on from the first.
    random_state : seed of the start, the held-out questions and the order of the answers.
    classes : number of classes where the answers do not name all.

    Attributes after `fit`: `encoder_`, `prototypes_` (K, D) or None, `classes_`, `precision_`
    (signal -> precision), `history_` (one dict a look: step, loss in nats, held_out_bits),
    `best_step_`, `n_features_in_`, `standardiser_`.

    Raises `InputError` for features that are not finite, answers about items without features,
    answers of one class, and learning rates that diverge (with one that does not).

    Example
    -------
    >>> import numpy as np
    >>> from labelbits.learning.encoders import SignalEncoder
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(200, 6))
    >>> y = (x[:, 0] > 0).astype(int)
    >>> encoder = SignalEncoder(n_components=2, steps=200).fit(x, y)
    >>> encoder.transform(x).shape
    (200, 2)
    """

    def __init__(
        self,
        n_components: int = 8,
        hidden: Sequence[int] = (),
        activation: str = "relu",
        normalise: bool = False,
        network: Any = None,
        steps: int = 2000,
        batch_size: int = 64,
        learning_rate: float = 0.01,
        weight_decay: float = 1e-4,
        validation_fraction: float = 0.1,
        patience: int | None = 5,
        evaluate_every: int = 100,
        warm_start: bool = False,
        random_state: int = 0,
        classes: int | None = None,
    ) -> None:
        self.n_components = n_components
        self.hidden = hidden
        self.activation = activation
        self.normalise = normalise
        self.network = network
        self.steps = steps
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.evaluate_every = evaluate_every
        self.warm_start = warm_start
        self.random_state = random_state
        self.classes = classes

    def fit(
        self,
        X: Any,
        y: Any = None,
        *,
        features: Any = None,
        ids: Sequence[Any] | None = None,
        sample_weight: np.ndarray | None = None,
        callback: Callable[[Progress], bool | None] | None = None,
    ) -> SignalEncoder:
        """Learn from answers and features, or from features X (n, columns) and classes y (n,).

        `fit(answers, features=X)`: `answers` is an `Answers` or a list of `Batch`; its items are
        rows of X, by number or by `ids` (the name of each row). `sample_weight`: one number an
        answer, in their order. `callback` is told of every look; what it returns that is true ends
        the training.
        """
        answers = X if isinstance(X, (Answers, Batch, list, tuple)) and y is None else None
        if answers is None and y is None:
            raise InputError("fit needs answers and features=, or features and y; y is missing")
        if answers is not None and features is None:
            raise InputError("fit needs the features of the items; expected features=X")
        given: Any = X if answers is None else features
        x = check_features(given)
        self._check()
        check_spreads(x)
        terms, count, names = terms_of(answers, y, len(x), ids, self.classes, sample_weight)
        check_classes(terms)
        self.n_features_in_ = x.shape[1]
        again = self.warm_start and hasattr(self, "_model")
        if not again:
            self.standardiser_ = Standardiser.fit(x, power=1.0)
        elif self._columns != x.shape[1] or [t.signal.name for t in terms] != self._signals:
            raise InputError("warm_start goes on with the same columns and signals; found others")
        self._columns, self._signals = x.shape[1], [t.signal.name for t in terms]
        self._kinds = [t.signal for t in terms]
        self._naming = [t.signal.name for t in terms if t.signal.uses_classes]
        self.classes_ = np.asarray(names if count else ())
        standard = self.standardiser_.transform(x)
        rng = np.random.default_rng(self.random_state)
        training, test = held_out(terms, self.validation_fraction, rng)
        model = self._model if again else self._start(standard, terms, count, rng)
        total = sum(len(term) for term in training)
        if total < self.batch_size:
            warnings.warn(
                f"batch_size is {self.batch_size} and there are {total} training answers; every "
                "step uses all of them",
                EncoderWarning,
                stacklevel=2,
            )
        state = rng.bit_generator.state
        fitted = self._train(model, standard, training, test, count, rng, callback)
        if fitted is None:
            self._diverged(model, standard, training, count, state)
        assert fitted is not None
        self._model, self.history_, self.best_step_ = fitted
        self.encoder_ = self._model.encoder
        kept = self._model.prototypes
        self.prototypes_ = None if kept is None else np.asarray(kept)
        beta = np.exp(np.asarray(self._model.noise.log_precision))
        own = [float(np.mean(np.asarray(t.signal.precision))) for t in terms]
        self.precision_ = dict(zip(self._signals, (beta * own).tolist(), strict=True))
        return self

    def _check(self) -> None:
        check_at_least("steps", self.steps, 1)
        check_at_least("batch_size", self.batch_size, 1)
        check_at_least("evaluate_every", self.evaluate_every, 1)
        check_positive("learning_rate", self.learning_rate)
        check_decay(self.weight_decay, self.learning_rate)
        if self.network is None:
            check_widths(self.hidden, self.n_components)
        if not 0 <= self.validation_fraction < 1:
            raise InputError(
                f"validation_fraction is {self.validation_fraction}; expected a share in [0, 1)"
            )

    def _start(
        self, x: np.ndarray, terms: list[Term], classes: int, rng: np.random.Generator
    ) -> Model:
        if self.network is not None:
            encoder: Any = own_network(self.network, x.shape[1], self.random_state)
        else:
            encoder = Encoder.start(
                x.shape[1], tuple(self.hidden), self.n_components, rng, self.activation,
                self.normalise,
            )  # fmt: skip
        z = positions(encoder, x[: min(len(x), 1000)])
        prototypes = None
        if classes:
            spread = rng.normal(size=(classes, z.shape[1])) * z.std()
            prototypes = jnp.asarray(z.mean(0) + spread, jnp.float32)
        steps = []
        for term in terms:
            levels = term.signal.levels if isinstance(term.signal, Rating) else 1
            # Equal steps over the distances that the start has.
            width = 4 * float(z.var(0).sum()) / max(levels, 1)
            # Softplus backwards; of wide steps it is the step itself.
            before = width if width > 50 else np.log(np.expm1(max(width, 1e-3)))
            steps.append(jnp.full(levels - 1, before, jnp.float32))
        start = start_precision(z, terms)
        return Model(encoder, prototypes, Noise(jnp.asarray(start, jnp.float32), steps))

    def _train(
        self,
        model: Model,
        x: np.ndarray,
        training: list[Term],
        test: list[Term],
        classes: int,
        rng: np.random.Generator,
        callback: Callable[[Progress], bool | None] | None,
        rate: float | None = None,
        steps: int | None = None,
    ) -> tuple[Model, list[dict[str, float]], int] | None:
        """(model, history, its step), or None where the loss was no number or exploded."""
        steps = self.steps if steps is None else steps
        block = min(self.evaluate_every, steps)
        terms, features = [arrays_of(term) for term in training], jnp.asarray(padded_rows(x))
        sizes, shares = batch_sizes(training, self.batch_size), shares_of(training)
        counts = jnp.asarray(sizes, jnp.float32)
        left = [np.zeros(0, np.int32) for _ in training]
        state = start_state(model)
        numbers = [jnp.float32(v) for v in (steps, rate or self.learning_rate, self.weight_decay)]
        best, best_bits, waited, history = (model, 0), -np.inf, 0, []
        first_loss: float | None = None
        for first in range(0, steps, block):
            rows = []
            for i, (term, size) in enumerate(zip(training, sizes, strict=True)):
                drawn, left[i] = order(len(term), size, block, rng, left[i])
                rows.append(jnp.asarray(wide(drawn)))
            model, state, losses = run_block(
                model, state, features, terms, shares, rows, counts, jnp.float32(first), *numbers
            )
            losses = np.asarray(losses)[: steps - first]
            first_loss = float(losses[0]) if first_loss is None else first_loss
            ran_off = np.abs(np.asarray(model.noise.log_precision)).max() > RAN_OFF
            if ran_off or not np.isfinite(losses).all() or losses.mean() > first_loss + DIVERGED:
                return None
            step, bits = first + len(losses), explained(model, x, test, classes)
            history.append({"step": step, "loss": float(losses.mean()), "held_out_bits": bits})
            if np.isnan(bits) or bits > best_bits:
                best, best_bits, waited = (model, step), bits, 0
            else:
                waited += 1
            if callback is not None:
                now = model.encoder
                told = Progress(
                    step, history[-1]["loss"], bits, lambda f, now=now: self._positions(now, f)
                )
                if callback(told):
                    break
            if self.patience is not None and waited >= self.patience:
                break
        return best[0], history, best[1]

    def _diverged(
        self, model: Model, x: np.ndarray, training: list[Term], classes: int, state: Any
    ) -> None:
        """Raise, with the largest of a few slower rates that does not diverge."""
        nothing = [term.take(np.arange(0)) for term in training]
        works = "none of the rates down to a thousandth of it works either: check the answers"
        for part in SLOWER:
            rng = np.random.default_rng(self.random_state)
            rng.bit_generator.state = state
            rate, steps = self.learning_rate * part, min(self.steps, TRIAL)
            if self._train(model, x, training, nothing, classes, rng, None, rate, steps):
                works = f"learning_rate={rate:.2g} does not, over {steps} steps"
                break
        raise InputError(f"learning_rate {self.learning_rate:g} diverges; {works}")

    def _positions(self, encoder: Any, features: np.ndarray) -> np.ndarray:
        features = check_features(features)
        if features.shape[1] != self.n_features_in_:
            raise InputError(
                f"features have {features.shape[1]} columns; the encoder was fitted on "
                f"{self.n_features_in_}"
            )
        return positions(encoder, self.standardiser_.transform(features))

    def transform(self, features: np.ndarray) -> np.ndarray:
        """Positions z (n, D) of items by their features (n, columns)."""
        check_is_fitted(self, "encoder_")
        return self._positions(self.encoder_, features)

    def signal(self, name: str) -> Signal:
        """How answers of this kind are given: the signal with the precision that was learned, and
        the steps of its scale. Raises `InputError` for a kind that was not trained on."""
        check_is_fitted(self, "encoder_")
        if name not in self._signals:
            raise InputError(f"{name!r} was not trained on; expected one of: {self._signals}")
        place = self._signals.index(name)
        return self._model.noise.attach(place, self._kinds[place])

    def predict_proba(self, features: np.ndarray) -> np.ndarray:
        """P(class | x) (n, K): softmax of -beta d2(z, c_k), beta that of hard labels, or else that
        of the first kind of answers about classes."""
        check_is_fitted(self, "encoder_")
        if self.prototypes_ is None:
            raise InputError(
                "the encoder was trained on comparisons alone and knows no class; expected answers "
                "that name classes"
            )
        named = [*(n for n in self._naming if n == "hard"), *self._naming]
        z, signal = self.transform(features), Hard(self.precision_[named[0]])
        log_p = signal.log_pi(signal.distances(jnp.asarray(z)[:, None], self._model.prototypes))
        return np.asarray(jax.nn.softmax(log_p, axis=-1))

    def predict(self, features: np.ndarray) -> np.ndarray:
        """The most probable class (n,) of items by their features."""
        return self.classes_[self.predict_proba(features).argmax(1)]

    def score(
        self,
        X: Any,
        y: Any = None,
        *,
        features: Any = None,
        ids: Sequence[Any] | None = None,
    ) -> float:
        """Explained bits an answer: mean log2 P(answer) + log2(number of answers).

        0 is a guess without looking, below 0 is worse than that. Arguments as in `fit`, about
        items of any features; the signals are those of `fit`.
        """
        check_is_fitted(self, "encoder_")
        given: Any = features if y is None else X
        x, answers = check_features(given), X
        if y is not None:
            y = np.asarray(y).reshape(-1)
            unknown = np.setdiff1d(y, self.classes_)
            if len(unknown):
                raise InputError(f"y holds {unknown[0]!r}, which is no class of fit")
            answers = labels(np.searchsorted(self.classes_, y))
        terms, _, _ = terms_of(answers, None, len(x), ids, len(self.classes_) or None, None)
        if [term.signal.name for term in terms] != self._signals:
            raise InputError(
                f"answers are of {[t.signal.name for t in terms]}; the encoder was trained on "
                f"{self._signals}"
            )
        return explained(self._model, self.standardiser_.transform(x), terms, len(self.classes_))
