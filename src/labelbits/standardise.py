"""Feature columns made comparable: centred, scaled, decorrelated, constant ones dropped."""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from labelbits.errors import InputError

#: Widest features whose covariance is diagonalised (a speed matter only: the fit is the same).
WIDEST_ROTATION = 1024


def check_features(features: np.ndarray) -> np.ndarray:
    """`features` as a float32 array (items, columns), or an `InputError` that names the flaw."""
    try:
        array = np.asarray(features, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise InputError(f"features: {error}; expected numbers, items x columns") from error
    if array.ndim != 2 or 0 in array.shape:
        raise InputError(f"features have shape {array.shape}; expected items x columns")
    bad = ~np.isfinite(array)
    if bad.any():
        row, column = np.argwhere(bad)[0]
        raise InputError(
            f"features: row {row}, column {column} is {array[row, column]}; expected finite "
            "numbers, no NaN and no infinity. Drop or fill such rows."
        )
    return array


@dataclass(frozen=True)
class Standardiser:
    """x -> ((x - centre) * scale) @ rotation, with mean square 1 over all entries.

    `power` says how much of a column's spread is kept: 0 gives every column variance 1 (right
    when columns have different units), 1 keeps the columns' own scale (right for features of one
    unit such as network activations or PCA scores). A ridge penalty acts after this map, so
    `power` is part of the regularisation and is chosen with it. The rotation to uncorrelated
    columns changes no ridge fit; it makes the solver's diagonal curvature right.
    """

    centre: np.ndarray
    scale: np.ndarray
    rotation: np.ndarray | None
    kept: np.ndarray

    @classmethod
    def fit(cls, features: np.ndarray, power: float = 0.0) -> Standardiser:
        """Learn the map from `features` (n, columns). Raises `InputError` if nothing varies."""
        features = check_features(features)
        centre = features.mean(0, dtype=np.float64)
        spread = features.std(0, dtype=np.float64)
        # Rounding leaves a spread of about 1e-7 of the value in a constant float32 column.
        kept = np.flatnonzero(spread > 1e-6 * (np.abs(centre) + 1e-30))
        if not len(kept):
            raise InputError(
                f"features: all {features.shape[1]} columns are constant; expected columns that "
                "differ between items"
            )
        scale = spread[kept] ** (power - 1.0)
        scaled = (features[:, kept] - centre[kept]) * scale
        scale /= np.sqrt(np.mean(scaled**2))
        rotation = None
        if 1 < len(kept) <= WIDEST_ROTATION:
            scaled = (features[:, kept] - centre[kept]) * scale
            variance, rotation = np.linalg.eigh(scaled.T @ scaled / len(scaled))
            rotation = rotation[:, ::-1]
            rotation = rotation[:, variance[::-1] > 1e-9 * variance[-1]]
        return cls(
            centre[kept].astype(np.float32),
            scale.astype(np.float32),
            None if rotation is None else np.ascontiguousarray(rotation, dtype=np.float32),
            kept,
        )

    def transform(self, features: np.ndarray) -> np.ndarray:
        """`features` (n, columns) on the new axes, float32."""
        scaled = (features[:, self.kept].astype(np.float32) - self.centre) * self.scale
        return scaled if self.rotation is None else scaled @ self.rotation


class Recent:
    """Arrays as a key of a cache: equal arrays are the same key, and the key holds them."""

    def __init__(self, *arrays: np.ndarray) -> None:
        self.arrays = arrays
        digest = hashlib.blake2b(digest_size=16)
        for array in arrays:
            digest.update(str((array.shape, array.dtype)).encode())
            digest.update(array.tobytes())
        self.key = digest.digest()

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Recent) and self.key == other.key


@functools.lru_cache(maxsize=2)
def _standardised(recent: Recent, power: float) -> np.ndarray:
    x = Standardiser.fit(recent.arrays[0], power).transform(recent.arrays[0])
    x.flags.writeable = False
    return x


def standardised(features: np.ndarray, power: float) -> np.ndarray:
    """`features` (float32) standardised with themselves, remembered: options share features."""
    return _standardised(Recent(features), power)


def index_of(frame: Any) -> list[str] | None:
    """The names of the rows of a pandas frame whose index holds texts; None of anything else.

    An index of numbers may be row numbers or names: it is never used.
    """
    index: Any = getattr(frame, "index", None)
    if type(index).__module__.split(".")[0] != "pandas":
        return None
    names = list(index)
    return names if names and all(isinstance(name, str) for name in names) else None
