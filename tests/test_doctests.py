"""The examples in the docstrings of public names run."""

from __future__ import annotations

import doctest
import importlib

import pytest

#: Modules of public names, and how many examples they show at least.
SHOWN = {
    "labelbits.notebook": 1,
    "labelbits.learning.classifier": 2,
    "labelbits.answers.reading": 1,
    "labelbits.recovery.embedding": 1,
    "labelbits.information.answer": 1,
    "labelbits.annotators.calibration": 1,
    "labelbits.worlds": 1,
}


@pytest.mark.parametrize("name", SHOWN)
def test_examples_run(name: str) -> None:
    module = importlib.import_module(name)
    found = doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert found.failed == 0
    assert found.attempted >= SHOWN[name]
