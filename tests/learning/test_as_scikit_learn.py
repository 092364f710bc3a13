"""`SignalClassifier` as any scikit-learn classifier: classes in, a pipeline, its own checks."""

from __future__ import annotations

import warnings

import numpy as np
import polars as pl
import pytest
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

import labelbits as lb

rng = np.random.default_rng(0)
X = rng.normal(size=(240, 4))
NAMES = np.array(["ape", "bee", "cow"])
TRUTH = np.argmax(X[:, :3] + 0.3 * rng.normal(size=(240, 3)), axis=1)


def test_scikit_learn_checks_it() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some checks are skipped here, which warns
        found = check_estimator(lb.SignalClassifier(), on_fail=None, on_skip=None)
    failed = [one["check_name"] for one in found if one["status"] == "failed"]
    assert failed == []
    assert sum(one["status"] == "passed" for one in found) > 45


def test_names_of_classes_in_a_pipeline() -> None:
    model = make_pipeline(StandardScaler(), lb.SignalClassifier())
    assert cross_val_score(model, X, NAMES[TRUTH], cv=3).mean() > 0.8
    model.fit(X[:200], NAMES[TRUTH[:200]])
    assert set(model.predict(X[200:])) <= set(NAMES)
    assert model.classes_.tolist() == NAMES.tolist()


def test_sparse_features_are_filled_in_and_too_many_are_refused() -> None:
    full = np.where(X > 0, X, 0.0)
    model = lb.SignalClassifier(0.05).fit(csr_matrix(full), TRUTH)
    same = lb.SignalClassifier(0.05).fit(full, TRUTH)
    np.testing.assert_allclose(
        model.predict_proba(csr_matrix(full[:9])), same.predict_proba(full[:9]), atol=1e-6
    )
    words = ["ape banana", "bee honey", "cow grass", "ape tree", "bee hive", "cow milk"] * 4
    piped = make_pipeline(TfidfVectorizer(), lb.SignalClassifier(0.01))
    assert piped.fit(words, [one.split()[0] for one in words]).score(words, [
        one.split()[0] for one in words
    ]) == 1  # fmt: skip
    with pytest.raises(lb.InputError, match="TruncatedSVD"):
        lb.SignalClassifier(0.05).fit(csr_matrix((20_000, 20_000)), np.arange(20_000) % 2)


def test_votes_answers_and_classes_say_the_same() -> None:
    by_class = lb.SignalClassifier(0.05).fit(X[:200], TRUTH[:200])
    by_votes = lb.SignalClassifier(0.05).fit(X[:200], np.eye(3)[TRUTH[:200]])
    frame = pl.DataFrame(
        {"item": [str(i) for i in range(200)], "annotator": "ann", "label": NAMES[TRUTH[:200]]}
    )
    by_answers = lb.SignalClassifier(0.05).fit(
        X[:200], lb.read_answers(frame, classes=NAMES.tolist())
    )
    p = by_class.predict_proba(X[200:])
    np.testing.assert_allclose(by_votes.predict_proba(X[200:]), p, atol=1e-4)
    np.testing.assert_allclose(by_answers.predict_proba(X[200:]), p, atol=1e-4)
    assert by_answers.classes_.tolist() == NAMES.tolist()


@pytest.mark.parametrize(
    ("y", "said"),
    [
        (TRUTH[:10], "X has 240 rows"),
        (np.zeros(240), "y holds one class"),
        (-np.ones((240, 3)), "negative"),
        (np.zeros((240, 3)), "every row of votes is zero"),
        (X[:, 0], "continuous"),
        (None, "requires y"),
    ],
)
def test_bad_labels_are_one_message(y, said: str) -> None:
    with pytest.raises(lb.InputError, match=said):
        lb.SignalClassifier(0.1).fit(X, y)
