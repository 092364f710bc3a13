"""An encoder as a learner of class labels, to be measured beside the linear one."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin

from labelbits.interface import Batch
from labelbits.learning.encoders.encoder import EncoderWarning, SignalEncoder
from labelbits.learning.fits.targets import class_count
from labelbits.signals import Hard

#: Dimensions of z: more than the classes of most tasks need, and cheap.
COMPONENTS = 16
#: Learning rate and weight decay: on few answers a fast learner without decay knows them by heart
#: before the first look (docs/encoders.md).
RATE, DECAY = 0.003, 1.0


class EncoderLearner(ClassifierMixin, BaseEstimator):
    """P(class | x) by `SignalEncoder`: what `measure` takes in the place of the linear classifier.

    `hidden` are the widths of its hidden layers, () for a linear map; `steps` of gradient descent,
    stopped early by the answers held out; `classes` K, left out the most that answers name;
    `learning_rate` of Adam.
    """

    def __init__(
        self,
        hidden: Sequence[int] = (64,),
        steps: int = 500,
        classes: int | None = None,
        learning_rate: float = RATE,
    ) -> None:
        self.hidden = hidden
        self.steps = steps
        self.classes = classes
        self.learning_rate = learning_rate

    def fit(self, features: np.ndarray, batches: Sequence[Batch]) -> EncoderLearner:
        """Learn from answers whose items are rows of `features`. Raises as `SignalEncoder` does;
        where all labels name one class, that class is what is learned."""
        k = class_count(batches, self.classes)
        self.classes_ = np.arange(k)
        self.encoder_: SignalEncoder | None = None
        if all(isinstance(b.signal, Hard) for b in batches):
            named = np.concatenate([np.asarray(b.answer)[:, 0] for b in batches]).astype(int)
            self.shares_ = (np.bincount(named, minlength=k) + 1.0) / (len(named) + k)
            if len(np.unique(named)) < 2:
                return self
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", EncoderWarning)  # small sets are measured on purpose
            self.encoder_ = SignalEncoder(
                COMPONENTS, hidden=tuple(self.hidden), steps=self.steps, classes=k,
                evaluate_every=min(50, self.steps), learning_rate=self.learning_rate,
                weight_decay=DECAY,
            ).fit(list(batches), features=features)  # fmt: skip
        return self

    def predict_proba(self, features: np.ndarray) -> np.ndarray:
        """P(class | x), (n, K)."""
        if self.encoder_ is None:
            return np.tile(self.shares_, (len(features), 1))
        return self.encoder_.predict_proba(features)

    def predict(self, features: np.ndarray) -> np.ndarray:
        """The most probable class of each row, (n,)."""
        return self.predict_proba(features).argmax(1)
