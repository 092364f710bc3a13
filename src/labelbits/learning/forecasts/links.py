"""From how well classes are told apart to the loss of a metric, and back.

The right class leads by u standard deviations (`labelbits.metrics.leads`).

Items differ: some are easy and others lie between classes. Each item's lead is then u exp(h z),
z standard normal, and the curves are averaged over z; `spread` h = 0 is the model above.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from labelbits.metrics import metric_of, shape_of
from labelbits.metrics.leads import NODES, WEIGHTS

#: ln u on which both curves are tabulated.
_LOG_U = np.linspace(-5.0, 3.5, 426)
#: -ln(loss - floor), where nothing more is known of the loss.
_PLAIN = np.linspace(-3.0, 9.0, 1201)
#: Least share of what the constant answer leaves that there is to be told.
LEAST_TOLD = 0.02


@functools.lru_cache(maxsize=32)
def _table(
    metric: str, classes: float | tuple[float, ...], spread: float
) -> tuple[np.ndarray, np.ndarray]:
    """(ln u, loss falling strictly in it) for so many equal classes, or for these frequencies."""
    if spread:
        log_u, even = _table(metric, classes, 0.0)
        loss = np.interp(log_u[:, None] + spread * NODES, log_u, even) @ WEIGHTS
    else:
        shape = shape_of(metric)
        log_u = _LOG_U[:: shape.grid]
        if isinstance(classes, tuple):
            assert shape.loss_by_class is not None
            loss = shape.loss_by_class(np.exp(log_u), np.array(classes))
        else:
            assert shape.loss_of_lead is not None  # such metrics have no theory to follow
            loss = shape.loss_of_lead(np.exp(log_u), classes)
    return log_u, np.minimum.accumulate(loss) - 1e-12 * np.arange(len(loss))


@dataclass(frozen=True)
class Link:
    """A loss as a falling function of ln u, on a table; u is what features tell.

    At u = 0 the loss is the constant answer's: always the most frequent class, or the class
    frequencies. `floor` is the least possible loss (for cross-entropy the mean entropy of the
    reference, nats). Cross-entropy: loss = floor + (H - floor) / H x table, H the entropy of the
    frequencies, because people who disagree leave less to be told. Accuracy: what the frequencies
    tell (`known` = u of the constant answer) and what the features do add up as squares.
    """

    log_u: np.ndarray
    loss: np.ndarray
    floor: float
    scale: float = 1.0
    known: float = 0.0

    @classmethod
    def of(
        cls, metric: str, frequencies: np.ndarray, floor: float = 0.0, spread: float = 0.0
    ) -> Link:
        """The link of `metric` for classes of these `frequencies` (K,), summing to 1.

        As many equal classes as give the same chance level (`Shape.equal_classes`), where the
        metric does not tell rare classes from frequent ones (`Shape.loss_by_class`).
        """
        f = np.asarray(frequencies, dtype=np.float64)
        f = f[f > 0]
        shape = shape_of(metric)
        if shape.loss_by_class is not None and len(f) > 1:
            alike = tuple(np.round(np.sort(f)[::-1], 4).tolist())
        else:
            alike = max(round(shape.equal_classes(f), 3), 1.05)
        table = _table(metric, alike, spread)
        judged, chance = metric_of(metric), float(table[1][0])
        if not judged.higher:
            return cls(*table, floor, max((chance - floor) / chance, LEAST_TOLD))
        constant = chance if judged.chance is None else judged.loss(np.array(judged.chance(f)[1]))
        known = 0.0
        if constant < chance - 1e-3:
            known = float(np.exp(np.interp(-float(constant), -table[1], table[0])))
        return cls(*table, floor, 1.0, known)

    @classmethod
    def plain(cls, floor: float = 0.0) -> Link:
        """ln u = -ln(loss - floor): no theory of leads, for features that hardly tell a class."""
        return cls(_PLAIN, np.exp(-_PLAIN), floor)

    def to_loss(self, log_u: np.ndarray) -> np.ndarray:
        """Loss at ln u, any shape."""
        if self.known:
            log_u = 0.5 * np.logaddexp(2 * np.asarray(log_u), 2 * np.log(self.known))
        told = np.maximum(np.interp(log_u, self.log_u, self.loss), 0.0)
        return self.floor + self.scale * told

    def to_log_u(self, loss: np.ndarray) -> np.ndarray:
        """ln u at which the loss is reached; the table's ends where it is not."""
        left = (np.asarray(loss) - self.floor) / self.scale
        log_u = np.interp(-left, -self.loss, self.log_u)
        if not self.known:
            return log_u
        square = np.exp(2 * log_u) - self.known**2
        return np.maximum(0.5 * np.log(np.maximum(square, 1e-12)), self.log_u[0])
