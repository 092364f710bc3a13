"""Shapes of learning curves: five parametric forms, each on a grid of its parameters.

A curve of loss (1 - accuracy, or cross-entropy) is written

    loss(n) = floor + excess * h(n),   h(reference) = 1,   0 <= h, falling in n,

so that every form is bounded and monotone by construction and has one linear parameter left, the
excess at the reference size. With `rest` the share of the excess that no amount of data removes,

    POW3         h = rest + (1 - rest) (n / r)^-c                      (pow3)
    POW4         h = rest + (1 - rest) ((n + d) / (r + d))^-c          (pow4)
    MMF4         h = rest + (1 - rest) (1 + (r/m)^c) / (1 + (n/m)^c)   (Morgan, Mercer, Flodin)
    logarithmic  h = max(1 - s ln(n / r), 0)
    arctan       h = rest + (1 - rest) (pi/2 - arctan(n/m)) / (pi/2 - arctan(r/m))

The forms that did best of 16 on 246 data sets (Viering and Loog 2023, IEEE TPAMI 45(6); Mohr et
al. 2022, LCDB), scipy's arctan for the last. Lists of shapes instead of a local optimiser: no
starting values, no divergence, and every shape that fits enters the forecast with its weight.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

FORMS = ("pow3", "pow4", "mmf4", "logarithmic", "arctan")


@dataclass(frozen=True)
class Shapes:
    """A weighted list of shapes: `form` (H,) index into FORMS, parameters, `prior` (H,) sums 1."""

    form: np.ndarray
    rate: np.ndarray
    shift: np.ndarray
    rest: np.ndarray
    prior: np.ndarray
    reference: float

    def curve(self, sizes: np.ndarray) -> np.ndarray:
        """h at `sizes` (S,): (H, S)."""
        n, r = np.asarray(sizes, dtype=np.float64)[None], self.reference
        rate, shift, rest = self.rate[:, None], self.shift[:, None], self.rest[:, None]
        form = self.form[:, None]
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            power = ((n + shift) / (r + shift)) ** -rate
            mmf = (1 + (r / shift) ** rate) / (1 + (n / shift) ** rate)
            arctan = np.arctan2(shift, n) / np.arctan2(shift, r)
            falling = np.where(form <= 1, power, np.where(form == 2, mmf, arctan))
            linear = np.maximum(1 - rate * np.log(n / r), 0)
        return np.where(form == 3, linear, rest + (1 - rest) * falling)


def all_shapes(reference: float, smallest: float) -> Shapes:
    """Every shape, for curves whose largest measured size is `reference`.

    Priors: the forms alike; ln rate normal about ln 0.5 with standard deviation 0.6 (exponents of
    0.15 to 1.6 hold nearly all published curves; Hestness et al. 2017, Viering and Loog 2023); the
    irreducible share of the excess uniform from 0 to 1; shifts uniform in the logarithm, from the
    smallest size measured to the reference.
    """
    rates = np.geomspace(0.08, 3.0, 18)
    rate_prior = np.exp(-0.5 * (np.log(rates / 0.5) / 0.6) ** 2)
    rests = (np.arange(14) + 0.5) / 14
    shifts = np.geomspace(max(smallest, 1) / 2, reference * 2, 4)
    columns: list[tuple[np.ndarray, ...]] = []

    def add(form: str, rate: np.ndarray, shift: np.ndarray, rest: np.ndarray, p: Any) -> None:
        index = np.full(len(rate), FORMS.index(form))
        columns.append((index, rate, shift, rest, p / p.sum() / len(FORMS)))

    rate, rest = (m.ravel() for m in np.meshgrid(rates, rests))
    p = np.broadcast_to(rate_prior, (len(rests), len(rates))).ravel()
    add("pow3", rate, np.zeros_like(rate), rest, p)
    rate, rest, shift = (m.ravel() for m in np.meshgrid(rates, rests, shifts, indexing="ij"))
    p = np.broadcast_to(rate_prior[:, None, None], (len(rates), len(rests), len(shifts))).ravel()
    add("pow4", rate, shift, rest, p)
    add("mmf4", rate, shift, rest, p)
    slope = np.geomspace(0.01, 0.6, 40)
    # Matched to the same rates: -dh / d ln n at the reference is rate (1 - rest).
    p = np.exp(-0.5 * (np.log(slope / 0.2) / 0.8) ** 2)
    add("logarithmic", slope, np.zeros(40), np.zeros(40), p)
    places = np.geomspace(smallest / 4, reference * 4, 16)
    shift, rest = (m.ravel() for m in np.meshgrid(places, rests))
    add("arctan", np.zeros_like(shift), shift, rest, np.ones_like(shift))
    form, rate, shift, rest, prior = (np.concatenate(c) for c in zip(*columns, strict=True))
    return Shapes(form.astype(int), rate, np.maximum(shift, 0), rest, prior, float(reference))
