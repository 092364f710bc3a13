"""What is said before a purchase."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from labelbits.planning.advice.amend import too_little
from tests.planning.curves import curve, market


@pytest.mark.parametrize(
    ("quality", "said"),
    [
        (0.02, "100.00 USD is too little to learn anything here"),
        (0.20, "only weakly: a correlation of 0.20 with the true distances is 4 % of the variance"),
        (0.31, ""),
    ],
)
def test_weak_recovery_is_said_plainly_with_what_would_help(quality: float, said: str) -> None:
    one = curve("one", 0.01, 0.1, noise=0.0)
    # 1 - (n / 100)^-1/2 is .5 at 400 answers, which cost 40.
    text = too_little({"quality": quality}, market([one]))
    assert said in text
    assert bool(text) == bool(said)
    if said:
        assert re.search(r"A correlation of 0\.5 takes about 40\.\d\d USD\.", text)
        out_of_reach = [replace(one, draws=0.3 * one.draws)]
        text = too_little({"quality": quality}, market(out_of_reach))
        assert "No purchase that was simulated reaches 0.5" in text
        assert "fewer dims" in text
