"""The one exception for mistakes in what the user gave us.

It stands alone so that the command line can catch it without importing JAX.
"""

import difflib
from collections.abc import Iterable


class InputError(ValueError):
    """The input is wrong: the message says where, what was found, what was expected, what to do.

    The command line prints the message on standard error and exits with status 2.
    """


class NotFiniteError(ArithmeticError):
    """A computed value is NaN or infinite; the message says which and why that can happen."""


class ImpossibleError(ArithmeticError):
    """A computed value lies where none can, beyond its error: a defect of the program, never cut
    to what is possible. The message says which value, of what, and at what point."""


def near_name(name: str, known: Iterable[str]) -> str:
    """`; did you mean 'x'?` for the name in `known` that differs by capitals, or by little; else
    nothing."""
    names = list(known)
    same = next((one for one in names if one.casefold() == name.casefold()), None)
    found = [same] if same is not None else difflib.get_close_matches(name, names, 1, 0.8)
    return f"; did you mean {found[0]!r}?" if found else ""


def check_positive(name: str, value: float) -> float:
    """Return `value`, or raise `InputError` unless it is above 0 (infinity is allowed)."""
    if not value > 0:
        raise InputError(f"{name} is {value}; expected a number above 0")
    return value


def check_probability(name: str, value: float) -> float:
    """Return `value`, or raise `InputError` unless it lies in [0, 1)."""
    if not 0 <= value < 1:
        raise InputError(f"{name} is {value}; expected a number in [0, 1)")
    return value


def check_at_least(name: str, value: int, least: int) -> int:
    """Return `value`, or raise `InputError` unless it is a whole number of at least `least`."""
    if value != int(value) or value < least:
        raise InputError(f"{name} is {value}; expected a whole number of at least {least}")
    return int(value)
