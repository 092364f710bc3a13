"""What one answer costs by what a pilot says: what was paid, else the time it took at a wage."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from labelbits.annotators.times import TimeFit

#: Fewer prices or times than this are no measurement.
ENOUGH = 5


@dataclass(frozen=True)
class Paid:
    """What was paid for one answer: the mean over `answers`, and that mean's relative error."""

    mean: float
    answers: int
    error: float


@dataclass(frozen=True)
class AnswerPrice:
    """Money for one answer, and how uncertain its mean is (`log_sd`, standard deviation of ln).

    `seconds` is the mean time that the money is for, None where it is not paid by time.
    """

    amount: float
    seconds: float | None
    log_sd: float
    source: str


def paid_for(prices: np.ndarray) -> Paid | None:
    """The mean of the prices above 0; None where there is none."""
    paid = prices[np.isfinite(prices) & (prices > 0)]
    if not len(paid):
        return None
    mean = float(paid.mean())
    error = float(paid.std(ddof=1) / mean / np.sqrt(len(paid))) if len(paid) > 1 else np.inf
    return Paid(mean, len(paid), error)


def measured_price(
    paid: Paid | None, seconds: TimeFit | None, wage_per_hour: float | None, fee: float = 0.0
) -> AnswerPrice | None:
    """Price of one answer by `ENOUGH` prices paid, else by as many times at the wage; else None.

    Times are log-normal and what is paid is their mean, not the median.
    """
    if paid is not None and paid.answers >= ENOUGH:
        source = f"pilot: mean of {paid.answers:,} prices"
        return AnswerPrice(paid.mean + fee, None, paid.error, source)
    if wage_per_hour is None or seconds is None or seconds.answers < ENOUGH:
        return None
    source = (
        f"pilot: mean of {seconds.answers:,} times up to {seconds.longest:,.0f} s "
        f"(median {seconds.median:.1f} s; {seconds.dropped:,} dropped)"
    )
    amount = seconds.mean * wage_per_hour / 3600 + fee
    return AnswerPrice(amount, seconds.mean, seconds.mean_error, source)
