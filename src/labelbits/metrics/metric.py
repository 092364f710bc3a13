"""What a metric is: how it is measured, how it is forecast, how it is written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

#: (ln P (K, n), reference (n, K), which test item each is about (n,)) -> value of each (n,).
Values = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
#: The same for all predictions of a cross-validation together, with the number of test items and
#: the factor on standard errors.
PooledValues = Callable[[np.ndarray, np.ndarray, np.ndarray, int, float], np.ndarray]


@dataclass(frozen=True)
class Shape:
    """How a metric falls with training items, for forecasts.

    `loss_of_lead(u, classes)`: loss at every lead u of the right class, for so many equal classes
    (None: no theory of leads tells it, and parametric forms alone are followed);
    `grid` the step on the table of ln u. `equal_classes(f)`: how many equal classes have the chance
    level of classes with frequencies `f` (all above 0). `loss_by_class(u, f)`, where unequal
    classes are not as good as fewer equal ones: loss at every lead u for classes of frequencies
    `f`.
    `theory`: weight of the features' own theory against parametric forms. `growth`: how much there
    is, on average, of the growth of ln u that the theory foretells.
    """

    loss_of_lead: Callable[[np.ndarray, float], np.ndarray] | None
    equal_classes: Callable[[np.ndarray], float]
    theory: float
    growth: float
    grid: int = 1
    loss_by_class: Callable[[np.ndarray, np.ndarray], np.ndarray] | None = None


@dataclass(frozen=True)
class Constant:
    """An answer that does not look at the item: its probabilities `answer` (K,), the class `number`
    that it always names (None: the class frequencies), and its `quality`."""

    answer: np.ndarray
    number: int | None
    quality: float


@dataclass(frozen=True)
class Floor:
    """The least loss that any prediction can have against people's answers, who disagree.

    `of_shares(shares (T, K))`: that loss against these shares, as they stand. `of_votes(votes
    (T, K))`: (the quality that it is, where so few votes are known, its standard error), None where
    the votes do not tell. `words`: what it is, in a table.
    """

    of_shares: Callable[[np.ndarray], float]
    of_votes: Callable[[np.ndarray], tuple[float, float] | None]
    words: str


@dataclass(frozen=True)
class Metric:
    """One way to judge a representation or a classifier: everything that is special about it.

    Written: `name` in plan files, `title` in tables, `words` within a sentence, `meaning` for a
    reader who does not know it; `percent`: shown as a percentage; `higher`: is more better;
    `largest_loss`: of 1 - quality where more is better, else of the quality itself.

    Measured: `values` of predictions, whose mean is the quality and whose spread over items its
    variance (None: not of a classifier, but of the space itself). `pooled`: the same for all folds
    of a cross-validation together, where one fold is too small; `whole_pass`: only a pass over all
    items has a value then, no fold. `counted`: an item is right or wrong. `of_people`: the
    reference is the distribution of people's answers, where it is known, before gold; `floor` is
    then the least loss that any prediction has against it (None: not known, and none is shown).
    `only_people`: gold does not know it. `answers_tried`: how many votes on an item a plan tries
    where it does not say.

    `of_space`: it judges a learned space by itself, not a classifier's answers.

    Guessed: `constant(reference (T, K))` is the best answer that does not look at the item;
    `chance(share (K,))` the quality of a
    guess by the class shares and of the best constant. None where neither says anything.

    Forecast: `shape` (None: more labels need not improve it, and beyond what was measured it is
    taken to stay as it is; `caution` then says so). `luck_fall`: power of 1 / items with which the
    variance falls that a pilot's items bring.
    """

    name: str
    title: str
    words: str
    meaning: str
    percent: bool
    higher: bool
    values: Values | None
    pooled: PooledValues | None = None
    whole_pass: bool = False
    counted: bool = False
    of_people: bool = False
    only_people: bool = False
    answers_tried: tuple[int, ...] = (3, 10)
    floor: Floor | None = None
    constant: Callable[[np.ndarray], Constant] | None = None
    chance: Callable[[np.ndarray], tuple[float, float]] | None = None
    shape: Shape | None = None
    caution: str = ""
    luck_fall: float = 1.0
    largest_loss: float = 1.0
    of_space: bool = False

    @property
    def sign(self) -> int:
        """1 where more is better, -1 where less is."""
        return 1 if self.higher else -1

    def loss(self, quality: np.ndarray) -> np.ndarray:
        """What falls as quality improves: 1 - quality where more is better, else the quality."""
        return 1 - quality if self.higher else quality

    def within(self, quality: Any) -> np.ndarray:
        """`quality` kept to what a forecast may say: from 0, where more is better to 1."""
        return np.clip(quality, 0.0, 1.0 if self.higher else None)

    def target_fault(self, target: float) -> str:
        """Why `target` cannot be a quality, or nothing."""
        if not np.isfinite(self.largest_loss):
            return "" if target > 0 else f"target is {target:g}; expected nats above 0"
        most = 1 if self.higher else self.largest_loss
        if 0 < target <= most:
            return ""
        named = most == 1 and 1 < target <= 100
        hint = f" (write {target / 100:g} for {target:g} %)" if named else ""
        what = "share" if most == 1 else "number"
        return f"target is {target:g}; expected a {what} above 0 and at most {most:g}{hint}"
