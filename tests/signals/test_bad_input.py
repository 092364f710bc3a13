"""Noise and sizes out of range: one message that gives the value and the range."""

from __future__ import annotations

import numpy as np
import pytest

from labelbits import World, signals
from labelbits.errors import InputError
from labelbits.information import per_answer
from labelbits.signals import REGISTRY


@pytest.mark.parametrize("name", REGISTRY)
@pytest.mark.parametrize("precision", [0.0, -1.0, float("nan")])
def test_precision(name, precision):
    with pytest.raises(InputError, match=rf"precision of {name} is {precision}.*above 0"):
        signals.make(name, 2, 4, precision=precision)


@pytest.mark.parametrize("name", REGISTRY)
@pytest.mark.parametrize("lapse", [1.0, 1.5, -0.1, float("nan")])
def test_lapse(name, lapse):
    with pytest.raises(InputError, match=rf"lapse of {name} is {lapse}.*\[0, 1\)"):
        signals.make(name, 2, 4, lapse=lapse)


@pytest.mark.any_types
@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"classes": 1}, "classes is 1; expected a whole number of at least 2"),
        ({"dims": 0}, "dims is 0; expected a whole number of at least 1"),
        ({"items": 0}, "items is 0"),
        ({"prior": "cauchy"}, "prior is 'cauchy'; expected one of"),
        ({"prior": "empirical"}, "no points are given"),
        ({"prototypes": np.zeros((3, 2))}, r"prototypes have shape \(3, 2\).*10 rows"),
        ({"prototypes": np.full((10, 2), np.nan)}, "prototypes have shape"),
    ],
)
def test_worlds(sizes, message):
    with pytest.raises(InputError, match=message):
        World(**sizes)


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        ([[0.5, 0.4], [0, 1]], "row 0 of the confusion matrix sums to 0.9; expected 1"),
        ([[1.1, -0.1], [0, 1]], "expected no value below 0"),
        ([[1, 0, 0], [0, 1, 0]], "expected classes x classes"),
    ],
)
def test_confusion(matrix, message):
    with pytest.raises(InputError, match=message):
        signals.make("hard", 2, 2, confusion=np.array(matrix, dtype=float))


def test_confusion_of_another_size():
    signal = signals.make("hard", 2, 3, confusion=np.eye(3))
    with pytest.raises(InputError, match="confusion matrix is 3 x 3; expected 4 x 4"):
        per_answer(signal, World(10, 4, 2))


@pytest.mark.parametrize("name", ["ranking", "sparse-soft"])
def test_more_classes_asked_than_there_are(name):
    with pytest.raises(InputError, match=f"top of {name} is 5; expected at most.*4"):
        per_answer(signals.make(name, 2, 4, top=5), World(10, 4, 2))


def test_unknown_signal_and_option():
    with pytest.raises(InputError, match="unknown signal 'harder'; expected one of: hard"):
        signals.make("harder", 2, 4)
    with pytest.raises(InputError, match="signal hard has no option 'top'"):
        signals.make("hard", 2, 4, top=2)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("votes", {"answers_per_item": 0}, "answers_per_item of votes is 0"),
        ("contrastive", {"negatives": 0}, "negatives of contrastive is 0"),
        ("rating", {"levels": 1}, "levels of rating is 1"),
        ("rating", {"levels": 3, "thresholds": [1.0, 2.0]}, "falling squared distances"),
        ("soft", {"grid": 0}, "grid of soft is 0"),
        ("ranking", {"top": 0}, "top of ranking is 0"),
        ("candidates", {"threshold": float("nan")}, "threshold of candidates is nan"),
    ],
)
def test_options(name, options, message):
    with pytest.raises(InputError, match=message):
        signals.make(name, 2, 4, **options)


@pytest.mark.parametrize(
    ("name", "option", "values", "expected"),
    [
        ("soft", "concentration", (-2.0, 0.0, np.nan, np.inf), "a finite number above 0"),
        ("sparse-soft", "concentration", (-1, 0, np.nan), "a finite number above 0"),
        ("sparse-soft", "impossible_below", (-1.0, 0.0, 2.0), "above 0 and at most 1"),
        ("similarity", "largest", (-1.0, 0.0, np.inf), "a finite number above 0"),
        ("candidates", "threshold", (np.nan, np.inf), "a finite number"),
    ],
)
def test_numbers_of_options(name, option, values, expected):
    """Below 0 they gave bits of no channel, with a lapse without a word."""
    for value in values:
        with pytest.raises(InputError, match=f"{option} of {name} is .*; expected.*{expected}"):
            signals.make(name, 2, 3, **{option: value})
    signals.make("candidates", 2, 3, threshold=-2.0)
    signals.make("sparse-soft", 2, 3, impossible_below=1.0)


@pytest.mark.any_types
def test_text_is_no_number():
    for name, option in (("hard", "precision"), ("triplet", "lapse"), ("soft", "concentration")):
        with pytest.raises(InputError, match=f"{option} of {name} is 'x'; expected a number"):
            signals.make(name, 2, 3, **{option: "x"})
