"""The fit that held-out measures repeat: one place where dimensions, noise and features are set."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from labelbits.interface import Answers
from labelbits.recovery.embedding import SignalEmbedding


@dataclass(frozen=True)
class Fitter:
    """Fits `SignalEmbedding` to answers, in the same way each time it is called.

    `features` (items, columns), rows in the order of the answers' items, or None. `options` are
    further arguments of `SignalEmbedding`. Items that a part of the answers leaves out raise no
    warning here: parts always leave some out.
    """

    dims: int | Literal["auto"]
    features: np.ndarray | None = None
    seed: int = 0
    options: dict[str, Any] = field(default_factory=dict)

    def __call__(self, answers: Answers, init: np.ndarray | None = None) -> SignalEmbedding:
        """The space of these answers; `init` (items, dims) is where to start."""
        embedding = SignalEmbedding(self.dims, random_state=self.seed, **self.options)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if self.features is None:
                return embedding.fit(answers, init=init)
            return embedding.fit(answers, init=init, features=self.features, ids=answers.items)
