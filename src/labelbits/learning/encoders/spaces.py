"""Spaces that encoders learn, for whatever measures a space: held-out answers, halves, shots."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import jax.numpy as jnp
import numpy as np

from labelbits.interface import Answers, Batch, Signal
from labelbits.learning.encoders.encoder import EncoderWarning, SignalEncoder
from labelbits.learning.encoders.labels import COMPONENTS, DECAY, RATE
from labelbits.learning.encoders.terms import names_one_class
from labelbits.signals.base import ENUMERABLE, replace_noise
from labelbits.signals.encoding import encode

#: Questions times answers that are written out at most.
LISTED = 100 * ENUMERABLE


@dataclass(frozen=True)
class EncodedSpace:
    """Items where an encoder puts them: a `recovery.held_out` space.

    `embedding_` (items, dims); `signals_` the kinds of answers it was learned from; `encoder` is
    None where they told nothing (labels of one class): then all items are in one place.
    """

    embedding_: np.ndarray
    signals_: list[str]
    encoder: SignalEncoder | None

    def predict_proba(self, X: Answers) -> dict[str, np.ndarray]:
        """{signal: P of every answer (n, outcomes)} of kinds that were learned and can be listed,
        in the order of `Signal.enumerate`."""
        if self.encoder is None:
            return {}
        known = {name: self.encoder.signal(name) for name in self.signals_}
        z, given = jnp.asarray(self.embedding_), self.encoder.prototypes_
        prototypes = None if given is None else jnp.asarray(given)
        classes = 2 if prototypes is None else max(len(prototypes), 2)
        found = {}
        for batch in encode(X, known):
            name, items = batch.signal.name, np.asarray(batch.items)
            if name not in known or batch.signal.outcomes(classes) * len(batch) > LISTED:
                continue
            d2 = known[name].distances(z[items], prototypes)
            # Where the code begins with what was asked (`verify`), each question has its answers.
            several = known[name].questions(classes) > 1
            asked = np.asarray(batch.answer)[:, 0].astype(int) if several else np.zeros(len(batch))
            parts = np.unique(asked)
            table: np.ndarray | None = None
            for one in parts:
                rows = np.flatnonzero(asked == one)
                every = (
                    known[name].enumerate(classes, int(one))
                    if several
                    else known[name].enumerate(classes)
                )
                part = np.exp(np.asarray(known[name].log_prob_all(d2[rows], jnp.asarray(every))))
                table = np.zeros((len(batch), part.shape[1])) if table is None else table
                table[rows] = part
            if table is not None:
                found[name] = table
        return found


@dataclass(frozen=True)
class EncoderFitter:
    """Learns spaces from answers by `SignalEncoder`, the same way each time.

    It stands where `recovery.Fitter` does. `features` (items, columns), rows in the order of the
    answers' items; `hidden`, `steps` and `learning_rate` as in `SignalEncoder`; `dims` of z;
    `lapse` the share of random answers of each signal, which an encoder does not learn.
    """

    features: np.ndarray
    hidden: Sequence[int] = (64,)
    steps: int = 500
    learning_rate: float = RATE
    dims: int = COMPONENTS
    seed: int = 0
    lapse: Mapping[str, float] = field(default_factory=dict)

    def __call__(self, answers: Answers) -> EncodedSpace:
        """The space of these answers."""
        return self.of_batches(encode(answers, dims=self.dims), len(answers.classes))

    def of_batches(self, batches: Sequence[Batch], classes: int) -> EncodedSpace:
        """The same of answers as arrays, about `classes` classes where they name any."""
        told = [batch for batch in batches if len(batch) and not names_one_class(batch)]
        if not told:
            return EncodedSpace(np.zeros((len(self.features), self.dims)), [], None)
        known = [replace(batch, signal=self._noisy(batch.signal)) for batch in told]
        encoder = SignalEncoder(
            self.dims, hidden=tuple(self.hidden), steps=self.steps, random_state=self.seed,
            learning_rate=self.learning_rate, weight_decay=DECAY,
            evaluate_every=min(50, self.steps),
            classes=max(classes, 2),
        )  # fmt: skip
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", EncoderWarning)  # parts are small on purpose
            encoder.fit(known, features=self.features)
        named = [batch.signal.name for batch in told]
        return EncodedSpace(encoder.transform(self.features), named, encoder)

    def knowing(self, lapse: Mapping[str, float]) -> EncoderFitter:
        """The same with these shares of random answers known."""
        return replace(self, lapse={**self.lapse, **lapse})

    def _noisy(self, signal: Signal) -> Signal:
        """The signal with the lapse that is known of it."""
        if signal.name not in self.lapse:
            return signal
        return replace_noise(signal, signal.precision, float(self.lapse[signal.name]))
