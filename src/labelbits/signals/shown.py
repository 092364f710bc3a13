"""What reports of probabilities show of how they were asked: into how many parts they are cut."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

#: Parts that reports are rounded to where all of them are multiples of 5 %, and elsewhere; and
#: distinct reports that are looked at to see it.
COARSE, FINE, MOST_LOOKED_AT = 20, 100, 20_000


def reports_shown(answers: Iterable[Any]) -> list[Mapping[str, Any]]:
    """The first of the parsed answers that are objects, class -> probability."""
    looked_at = itertools.islice(answers, MOST_LOOKED_AT)
    return [one for one in looked_at if isinstance(one, Mapping)]


def parts_shown(reports: Sequence[Mapping[str, Any]]) -> int:
    """Parts fine enough for what was typed."""
    values = np.array([v for a in reports for v in a.values() if isinstance(v, (int, float))])
    if values.max(initial=0.0) > 1.5:
        values = values / 100
    coarse = np.allclose(values * COARSE, np.round(values * COARSE), atol=1e-6)
    return COARSE if coarse else FINE
