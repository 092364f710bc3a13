"""Numbers of a pilot in three digits, with their intervals in brackets."""

from __future__ import annotations

from labelbits.quantity import Quantity


def three(value: float) -> str:
    """Three digits, never with an exponent."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return "0" if abs(value) < 5e-5 else f"{value:#.3g}" if abs(value) >= 1e-3 else f"{value:.4f}"


def short(value: Quantity) -> str:
    """A number with its interval."""
    return f"{three(value.value)} [{three(value.low)}, {three(value.high)}]"


def percent(value: Quantity) -> str:
    """A share with its interval, as percentages."""
    return f"{100 * value.value:.1f} % [{100 * value.low:.1f}, {100 * value.high:.1f}]"
