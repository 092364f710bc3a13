"""What sparse soft labels look like in a file, and back."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from labelbits.signals import SparseSoft

NAMES = ("cat", "dog", "owl")


@pytest.mark.parametrize(("grid", "impossible"), list(itertools.product((3, 20), (False, True))))
def test_every_report_survives_the_file(grid: int, impossible: bool) -> None:
    signal = SparseSoft(top=2, grid=grid, impossible=impossible)
    numbers = {name: k for k, name in enumerate(NAMES)}
    for code in signal.enumerate(len(NAMES)):
        answer, about = signal.decode(code, NAMES)
        assert about == []
        back = np.asarray(signal.encode(answer, numbers))
        # Classes stand in the order of their probabilities in a file: the parts of each count.
        parts, again = (dict(zip(c[:2], c[2:4], strict=True)) for c in (code, back))
        assert parts == again, answer
        assert back[4] == code[4]
        np.testing.assert_array_equal(back[5:], code[5:])


def test_zeros_alone_are_no_report() -> None:
    with pytest.raises(ValueError, match="expected a sum above 0"):
        SparseSoft(top=2).encode(
            {"cat": 0.0, "dog": 0.0}, {name: k for k, name in enumerate(NAMES)}
        )
