"""Frames of pandas and polars are fitted as the answers or triplets that they hold."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest

import labelbits as lb
from labelbits.errors import InputError
from labelbits.recovery import RecoveryWarning
from tests.recovery.asked import answers, asked

Z = np.random.default_rng(0).normal(size=(8, 1))
WORLD = Z, np.array([[-1.0], [1.0]])
TRIPLETS = answers(8, 2, asked(WORLD, "triplet", 120, 1, precision=3.0, lapse=0.1))
LABELS = answers(8, 2, asked(WORLD, "hard", 60, 2, precision=3.0, lapse=0.1))


def fit(given, **more):
    return lb.SignalEmbedding(1, precision=3.0, lapse=0.1, random_state=0).fit(given, **more)


@pytest.mark.parametrize("answers", [TRIPLETS, LABELS])
def test_a_frame_of_answers_is_fitted_as_its_answers(answers):
    columns = answers.table.to_dict(as_series=False)
    fitted = fit(answers)
    for frame in (answers.table, pd.DataFrame(columns)):
        own = fit(frame)
        place = [own.items_.index(name) for name in answers.items]
        away = np.abs(own.embedding_[place] - fitted.embedding_)
        flipped = np.abs(own.embedding_[place] + fitted.embedding_)
        assert min(away.max(), flipped.max()) < 0.02  # items are in order of appearance
        assert own.score(frame) == pytest.approx(fitted.score(answers), abs=1e-3)
    assert own.classes_names_ == ([] if answers is TRIPLETS else list(answers.classes))


def test_a_frame_of_item_numbers_is_triplets():
    rows = np.random.default_rng(1).random((90, 8)).argsort(1)[:, :3]
    near = np.abs(Z[rows[:, 0]] - Z[rows[:, 1]]) < np.abs(Z[rows[:, 0]] - Z[rows[:, 2]])
    rows = np.where(near, rows, rows[:, [0, 2, 1]])
    frame = pl.DataFrame(rows[:, [2, 0, 1]], schema=["loser", "head", "winner"])
    assert np.array_equal(fit(frame).embedding_, fit(rows).embedding_)


def test_other_frames_say_what_is_expected():
    with pytest.raises(InputError, match=r"columns item, label; expected signal, items, answer"):
        fit(pl.DataFrame({"item": ["a"], "label": ["x"]}))
    with pytest.raises(InputError, match="column signal holds 'tripplet'"):
        fit(pl.DataFrame({"signal": ["tripplet"], "items": [["a", "b", "c"]], "answer": ["0"]}))


def test_constant_columns_of_features_are_named():
    features = np.column_stack([Z, np.ones(8), np.zeros(8)])
    names = list(TRIPLETS.items)
    with pytest.warns(RecoveryWarning, match="2 of 3 columns .* say nothing .*: 1, 2"):
        lb.SignalEmbedding(
            1, precision=3.0, lapse=0.1, residual_scale=0.5, metric_power=1.0, random_state=0
        ).fit(TRIPLETS, features=features, ids=names)
