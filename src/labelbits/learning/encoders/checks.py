"""What a user should know of the features before an encoder is trained on them."""

from __future__ import annotations

import warnings

import numpy as np

#: A column that varies this many times as much as the median one leaves the others no say.
UNEQUAL = 100.0


class EncoderWarning(UserWarning):
    """The encoder was trained, with something that the user should know; the message says what."""


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
