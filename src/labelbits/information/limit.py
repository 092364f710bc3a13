"""The rate-distortion limit: no learner recovers a representation better than its bits allow.

Items Z are N x D independent N(0, 1) coordinates; a learner makes Zhat from answers that carry
I nats about Z. Squared error is totalled over all coordinates.

**No alignment.** Shannon: E|Z - Zhat|^2 >= n e^(-2I/n), n = N D.

**Shift.** The best shift matches the means. What is left are the n = (N-1) D coordinates
orthogonal to the mean, again independent N(0, 1): the same limit holds for them.

**Similarity (rotation, reflection, shift, scale).** Let alignment use any linear map as well:
that is more freedom, so the limit can only be lower. Then the aligned error is |QZ|^2, Q the
projection off the span S of the ones and the D columns of Zhat. Let Y be Z without its mean,
n = (N-1) D coordinates, of which D^2 lie in S and m = (N-1-D) D do not, and E|QY|^2 = e. For
given Zhat a density with second moments a = E|PY|^2 in S and e outside has entropy of at most
D^2/2 ln(2 pi exp(1) a / D^2) + m/2 ln(2 pi exp(1) e / m), and a + e = n on average. As that is
concave in (a, e),

    2 I >= m ln(m / e) - D^2 ln((n - e) / D^2),     0 < e <= m.

Equality holds at I = 0, where the best linear map to noise explains D^2 of the n coordinates.
Dropping only the D(D-1)/2 + 1 parameters of a similarity instead of D^2 would be wrong: with
D = 2 the best rotation and scale of pure noise already explain 3 coordinates, not 2.

The limit is loose where D^2 is no small part of (N-1) D and bits are many: a linear map explains
more than a similarity. For 12 items in 3 dimensions at 120 bits an optimal code reaches 16 times
it.
"""

from __future__ import annotations

import math
from typing import Literal

from scipy import optimize

from labelbits.errors import InputError, check_at_least, check_positive

Alignment = Literal["none", "shift", "similarity"]


def free_coordinates(items: int, dims: int, alignment: Alignment = "similarity") -> int:
    """Coordinates whose error alignment cannot remove: the error at no information."""
    check_at_least("items", items, 1)
    check_at_least("dims", dims, 1)
    counts = {
        "none": items * dims,
        "shift": (items - 1) * dims,
        "similarity": max(0, items - 1 - dims) * dims,
    }
    if alignment not in counts:
        raise InputError(f"alignment is {alignment!r}; expected one of: {', '.join(counts)}")
    return counts[alignment]


def bits_for_error(
    error: float, items: int, dims: int, *, alignment: Alignment = "similarity"
) -> float:
    """Least bits about the items that a learner needs for this expected total squared error."""
    check_positive("error", error)
    return _bits(math.log(error), items, dims, alignment)


def _bits(log_error: float, items: int, dims: int, alignment: Alignment) -> float:
    m = free_coordinates(items, dims, alignment)
    if m == 0 or log_error >= math.log(m):
        return 0.0
    nats = m * (math.log(m) - log_error)
    if alignment == "similarity":
        nats -= dims**2 * math.log((m + dims**2 - math.exp(log_error)) / dims**2)
    return nats / 2 / math.log(2)


def error_limit(
    bits: float, items: int, dims: int, *, alignment: Alignment = "similarity"
) -> float:
    """Least expected total squared error of any learner whose answers carry `bits` bits.

    Divide by items x dims for the mean squared error of a coordinate (1 is knowing nothing).
    Holds for the normal world. Raises `InputError` for negative bits.
    """
    if not bits >= 0:
        raise InputError(f"bits are {bits}; expected a number of at least 0")
    m = free_coordinates(items, dims, alignment)
    if bits == 0 or m == 0:
        return float(m)
    if alignment != "similarity":
        return m * 2 ** (-2 * bits / m)
    # The least bits fall as ln error rises, to 0 at ln m; `low` is below the answer since the
    # second term of the bound is at most D^2 ln(1 + m / D^2).
    high = math.log(m)
    low = high - (2 * bits * math.log(2) + dims**2 * math.log(1 + m / dims**2)) / m - 1
    root = optimize.brentq(lambda x: _bits(x, items, dims, alignment) - bits, low, high, xtol=1e-12)
    return math.exp(float(root))  # type: ignore[arg-type]


def answers_needed(
    error: float,
    bits_per_answer: float,
    items: int,
    dims: int,
    *,
    alignment: Alignment = "similarity",
) -> int:
    """Least number of answers of `bits_per_answer` bits (about="geometry") for this total error.

    Answers carry together at most the sum of what each carries alone, so fewer cannot do.
    """
    check_positive("bits_per_answer", bits_per_answer)
    return math.ceil(bits_for_error(error, items, dims, alignment=alignment) / bits_per_answer)
