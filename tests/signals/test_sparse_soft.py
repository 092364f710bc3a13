"""What sparse soft labels look like in a file, and back."""

from __future__ import annotations

import itertools
import json

import numpy as np
import polars as pl
import pytest

from labelbits.annotators.reports import reports
from labelbits.interface import Answers
from labelbits.learning.fits.targets import fast_targets
from labelbits.signals import SparseSoft
from labelbits.signals.encoding import encode

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


@pytest.mark.parametrize(
    ("said", "stated"),
    [
        ({"cat": 0.7, "dog": 0.3}, [0.63, 0.27, 0.05, 0.05]),  # the others are not impossible
        ({"cat": 70, "dog": 30}, [0.63, 0.27, 0.05, 0.05]),
        ({"cat": 0.7, "dog": 0.2}, [0.7, 0.2, 0.05, 0.05]),
        ({"cat": 0.7, "dog": 0.3, "emu": 0}, [0.63, 0.27, 0.0, 0.1]),  # ticked impossible
        ({"cat": 0.5, "dog": 0.5, "emu": 0, "fox": 0}, [0.5, 0.5, 0.0, 0.0]),
        ({"cat": 0.64, "dog": 0.21, "emu": 0.08}, [0.64, 0.21, 0.08, 0.07]),  # three, to 1 %
        ({"cat": 1}, [0.9, 0.1 / 3, 0.1 / 3, 0.1 / 3]),
    ],
)
def test_a_report_is_read_alike_by_pilot_and_learner(said: dict, stated: list[float]) -> None:
    """The distribution over four classes that is measured is the one that is learnt from."""
    classes = ("cat", "dog", "emu", "fox")
    answers = Answers(
        pl.DataFrame(
            {"signal": "sparse-soft", "annotator": "a", "items": [["x"]],
             "answer": [json.dumps(said)]}
        ), ("x",), classes,
    )  # fmt: skip
    measured, _ = reports(answers.table["answer"], classes, SparseSoft)
    np.testing.assert_allclose(measured[0], stated, atol=1e-9)
    (batch,) = encode(answers)
    np.testing.assert_allclose(batch.signal.states(batch.answer, 4)[0], stated, atol=1e-6)
    learnt = fast_targets([batch], 4)
    assert learnt is not None
    np.testing.assert_allclose(learnt.target[0], stated, atol=1e-6)
