"""What every table of a plan file keeps to: no unknown key, no infinity, money within limits."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from labelbits.errors import InputError

#: More money than any plan is about; beyond it numbers of answers are no longer exact.
LARGEST_AMOUNT = 1e12
#: Less money than any price or budget: below it a number of answers is no number.
LEAST_AMOUNT = 1e-12


def checked_money(name: str, value: float, unit: str = "an amount of money") -> float:
    """`value`, or an `InputError` unless it is above 0 and at most `LARGEST_AMOUNT`."""
    if isinstance(value, bool) or not isinstance(value, (int, float, np.number)):
        raise InputError(f"{name} is {value!r}; expected {unit} as a number, such as 1000 or 12.5")
    if not LEAST_AMOUNT <= value <= LARGEST_AMOUNT:
        raise InputError(
            f"{name} is {value:g}; expected {unit} above 0, {LARGEST_AMOUNT:g} at most"
        )
    return float(value)


def _something(value: float) -> float:
    if value < LEAST_AMOUNT:
        raise ValueError(f"expected at least {LEAST_AMOUNT:g}")
    return value


#: A price, with the limits of `checked_money`.
Money = Annotated[float, Field(gt=0, le=LARGEST_AMOUNT), AfterValidator(_something)]


class PlanTable(BaseModel):
    """A table of a plan file."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
