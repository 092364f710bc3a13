"""Columns of features that tell nothing are said, and so are copies."""

from __future__ import annotations

import numpy as np

from labelbits.items.columns import said_of_columns

X = np.random.default_rng(0).normal(size=(40, 6)).astype(np.float32)


def test_features_that_all_tell_something_say_nothing():
    assert said_of_columns(X) == []
    # Alike is not the same.
    near = np.column_stack([X, X[:, 0] + 0.05 * X[:, 1]])
    assert said_of_columns(near) == []
    # Two binary columns may agree in size and differ in where they are 1.
    assert said_of_columns(np.eye(40, 5)) == []


def test_constant_columns_and_copies_in_other_units_are_named():
    wide = np.column_stack([X, np.full(40, 0.3), 3.28 * X[:, 2] + 7, -X[:, 4]]).astype(np.float32)
    constant, copies = said_of_columns(wide)
    assert "column 6 (counted from 0) of 9 is constant" in constant
    assert "column 7 repeats column 2, column 8 repeats column 4" in copies
    many = np.column_stack([X, np.zeros((40, 8))])
    (said,) = said_of_columns(many)
    assert "columns 6, 7, 8, 9, 10 and 3 more" in said
    assert "are left out" in said
