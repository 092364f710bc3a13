"""What a user should know of the features before an encoder is trained on them."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from labelbits.errors import InputError

#: A column that varies this many times as much as the median one leaves the others no say.
UNEQUAL = 100.0


class EncoderWarning(UserWarning):
    """The encoder was trained, with something that the user should know; the message says what."""


def check_decay(weight_decay: float, rate: float) -> None:
    """Raise for a decay that is no number of at least 0, or that empties a weight in a step."""
    if not 0 <= weight_decay < np.inf:
        raise InputError(f"weight_decay is {weight_decay}; expected a number of at least 0")
    if weight_decay * rate >= 1:
        raise InputError(
            f"weight_decay {weight_decay:g} at learning_rate {rate:g} takes all of every weight in "
            f"one step; expected a weight_decay below {1 / rate:g}"
        )


def check_widths(hidden: Any, components: Any) -> None:
    """Raise for widths of layers that are no whole numbers."""
    whole = (int, np.integer)
    listed = isinstance(hidden, (list, tuple, np.ndarray))
    if not listed or not all(isinstance(width, whole) for width in (*hidden, components)):
        raise InputError(
            f"hidden is {hidden!r} and n_components {components!r}; expected a list of whole "
            "numbers, such as (64,), and a whole number"
        )


def check_spreads(x: np.ndarray) -> None:
    """Warn where one column's scale drowns the others: columns keep their spreads."""
    spread = x.std(0, dtype=np.float64)
    varied = spread[spread > 0]
    widest = int(spread.argmax())
    if len(varied) > 1 and spread[widest] > UNEQUAL * np.median(varied):
        warnings.warn(
            f"features are not standardised: column {widest} varies {spread[widest]:.3g} about its "
            f"mean, the median column {np.median(varied):.3g}, and what varies most is learned "
            "first; where columns have units of their own, divide each by its standard deviation",
            EncoderWarning,
            stacklevel=3,
        )
