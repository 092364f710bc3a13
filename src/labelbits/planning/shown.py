"""Numbers of plans as text: qualities, intervals, differences, probabilities."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from labelbits.interface import LEVEL


def show(value: float, percent: bool) -> str:
    """A quality as text: a percentage for accuracy, else three decimals."""
    digits = f"{100 * value:.1f} %" if percent else f"{value:.3f}"
    return digits.removeprefix("-") if not digits.strip("-0. %") else digits


def span(low: float, high: float, percent: bool) -> str:
    """An interval of a quality for tables, its unit said once."""
    unit = " %" if percent else ""
    return f"{show(low, percent).removesuffix(unit)} to {show(high, percent)}"


def between(ends: Sequence[float], show: Callable[[float], str]) -> str:
    """An interval at `LEVEL` in a sentence."""
    return f"{100 * LEVEL:.0f} % interval {show(ends[0])} to {show(ends[1])}"


def change(value: float, ends: Sequence[float], percent: bool) -> str:
    """A difference of quality with its interval, in points where quality is a percentage."""
    middle, between = change_parts(value, ends, percent)
    return f"{middle} ({between})"


def change_parts(value: float, ends: Sequence[float], percent: bool) -> tuple[str, str]:
    """The difference and the interval of `change`, apart."""
    unit, digits = (" points", "{:.1f}") if percent else ("", "{:.3f}")
    texts = [digits.format(100 * one if percent else one) for one in (value, *ends)]
    # No minus before nothing.
    middle, low, high = (t if t.strip("-0.") else t.removeprefix("-") for t in texts)
    return f"{middle}{unit}", f"{100 * LEVEL:.0f} % interval {low} to {high}"


def chance(share: float) -> str:
    """A probability as a percentage; what some hundreds of draws never saw is not 0 or certain."""
    if share >= 0.995:
        return "> 99 %"
    return "< 1 %" if share <= 0.005 else f"{100 * share:.0f} %"


def each(per_item: float) -> str:
    """Answers an item: two digits, and whole numbers from ten on."""
    return f"{per_item:,.0f}" if per_item >= 10 else f"{per_item:.2g}"
