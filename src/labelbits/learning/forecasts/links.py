"""From how well classes are told apart to the loss of a metric, and back.

The right class leads by u standard deviations (`labelbits.metrics.leads`).

Items differ: some are easy and others lie between classes. Each item's lead is then u exp(h z),
z standard normal, and the curves are averaged over z; `spread` h = 0 is the model above.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from labelbits.metrics import shape_of
from labelbits.metrics.leads import NODES, WEIGHTS

#: ln u on which both curves are tabulated.
_LOG_U = np.linspace(-5.0, 3.5, 426)


@functools.lru_cache(maxsize=32)
def _table(metric: str, classes: float, spread: float) -> tuple[np.ndarray, np.ndarray]:
    """(ln u, loss falling strictly in it)."""
    if spread:
        log_u, even = _table(metric, classes, 0.0)
        loss = np.interp(log_u[:, None] + spread * NODES, log_u, even) @ WEIGHTS
    else:
        shape = shape_of(metric)
        log_u = _LOG_U[:: shape.grid]
        loss = shape.loss_of_lead(np.exp(log_u), classes)
    return log_u, np.minimum.accumulate(loss) - 1e-12 * np.arange(len(loss))


@dataclass(frozen=True)
class Link:
    """A loss as a falling function of ln u, on a table.

    `floor` is added to the loss (for cross-entropy the mean entropy of the reference, nats).
    """

    log_u: np.ndarray
    loss: np.ndarray
    floor: float

    @classmethod
    def of(
        cls, metric: str, frequencies: np.ndarray, floor: float = 0.0, spread: float = 0.0
    ) -> Link:
        """The link of `metric` for classes of these `frequencies` (K,), summing to 1.

        As many equal classes as give the same chance level (`Shape.equal_classes`).
        """
        f = np.asarray(frequencies, dtype=np.float64)
        f = f[f > 0]
        even = shape_of(metric).equal_classes(f)
        return cls(*_table(metric, max(round(even, 3), 1.05), spread), floor)

    def to_loss(self, log_u: np.ndarray) -> np.ndarray:
        """Loss at ln u, any shape."""
        return self.floor + np.maximum(np.interp(log_u, self.log_u, self.loss), 0.0)

    def to_log_u(self, loss: np.ndarray) -> np.ndarray:
        """ln u at which the loss is reached; the table's ends where it is not."""
        return np.interp(-(np.asarray(loss) - self.floor), -self.loss, self.log_u)
