"""Every class signal teaches the classifier, and nothing is learned where nothing is to learn."""

from __future__ import annotations

import importlib.util

import numpy as np
import polars as pl
import pytest
from sklearn.base import clone

from labelbits import read_answers, signals
from labelbits.errors import InputError
from labelbits.interface import Batch
from labelbits.learning import SignalClassifier

from .helpers import answers, hard, world

ITEMS = 300
FEATURES, PROBA = world(ITEMS, margin=5.0)
TRUTH = PROBA.argmax(1)
ROWS = np.arange(200)[:, None]


def test_is_a_scikit_learn_estimator() -> None:
    model = SignalClassifier(regularisation=0.1, random_state=3)
    assert clone(model).get_params() == model.get_params()
    model.fit(FEATURES, hard(ROWS[:, 0], TRUTH[:200]))
    proba = model.predict_proba(FEATURES)
    np.testing.assert_allclose(proba.sum(1), 1, atol=1e-9)
    assert (model.predict(FEATURES) == proba.argmax(1)).all()
    assert model.score(FEATURES[200:], TRUTH[200:]) > 0.8


def test_votes_are_repeated_hard_labels() -> None:
    rng = np.random.default_rng(0)
    counts = rng.multinomial(4, PROBA[:60])
    votes = Batch(
        signals.Votes(answers_per_item=4), ROWS[:60], counts, np.zeros(60, int), np.ones(60)
    )
    items, labels = np.nonzero(counts)
    repeat = counts[items, labels]
    a = SignalClassifier(0.05).fit(FEATURES, votes)
    b = SignalClassifier(0.05).fit(FEATURES, hard(items.repeat(repeat), labels.repeat(repeat)))
    np.testing.assert_allclose(a.predict_proba(FEATURES), b.predict_proba(FEATURES), atol=1e-4)


def test_fast_path_and_general_likelihood_agree() -> None:
    batch = hard(ROWS[:, 0], TRUTH[:200])
    fast = SignalClassifier(0.05).fit(FEATURES, batch)
    # A confusion matrix that confuses nothing sends the same answers through the likelihood.
    same = Batch(
        signals.Hard(confusion=np.eye(3)), batch.items, batch.answer, batch.annotator, batch.weight
    )
    general = SignalClassifier(0.05).fit(FEATURES, same)
    np.testing.assert_allclose(
        fast.predict_proba(FEATURES), general.predict_proba(FEATURES), atol=0.01
    )


@pytest.mark.parametrize(
    ("signal", "question"),
    [
        (signals.SparseSoft(top=2), None),
        (signals.Ranking(top=2), None),
        (signals.Candidates(threshold=1.5), None),
        (signals.Complementary(), None),
        (signals.Verify(), 3),
        (signals.Hard(lapse=0.3), None),
    ],
    ids=lambda v: getattr(v, "name", ""),
)
def test_learns_from_every_class_signal(signal: signals.Hard, question: int | None) -> None:
    batch = answers(signal, ROWS, PROBA, seed=1, question=question)
    model = SignalClassifier(0.05, classes=3).fit(FEATURES, batch)
    score = model.score(FEATURES[200:], TRUTH[200:])
    # Chance is near 1/3 to .45; .62 lies 4 standard errors above the latter at 100 test items.
    assert score > 0.65
    # Negative control: the same answers about other items teach nothing.
    wrong = np.random.default_rng(0).permutation(FEATURES)
    other = SignalClassifier(0.05, classes=3).fit(wrong, batch)
    assert other.score(wrong[200:], TRUTH[200:]) < 0.65


def test_same_class_answers_sharpen_a_few_labels() -> None:
    rng = np.random.default_rng(0)
    pairs = rng.choice(200, size=(500, 2))
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    few = hard(np.arange(9), TRUTH[:9])
    together = answers(signals.SameClass(), pairs, PROBA, seed=2)
    alone = SignalClassifier(0.05, classes=3).fit(FEATURES, few)
    both = SignalClassifier(0.01, classes=3).fit(FEATURES, [few, together])
    gain = both.score(FEATURES[200:], TRUTH[200:]) - alone.score(FEATURES[200:], TRUTH[200:])
    assert gain > 0.05


def test_small_network_learns_what_a_line_cannot() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(400, 2)).astype(np.float32)
    label = (x[:, 0] * x[:, 1] > 0).astype(int)
    batch = hard(np.arange(300), label[:300])
    line = SignalClassifier(1e-3).fit(x, batch)
    net = SignalClassifier(1e-3, hidden=16, random_state=1).fit(x, batch)
    assert net.score(x[300:], label[300:]) > 0.85
    assert line.score(x[300:], label[300:]) < 0.65


def test_cross_validation_prefers_strong_penalties_for_noise() -> None:
    rng = np.random.default_rng(0)
    noise = SignalClassifier().fit(FEATURES, hard(ROWS[:, 0], rng.integers(3, size=200)))
    signal = SignalClassifier().fit(FEATURES, hard(ROWS[:, 0], TRUTH[:200]))
    assert noise.regularisation_.ridge > 10 * signal.regularisation_.ridge


def test_one_seed_one_result() -> None:
    batch = hard(ROWS[:, 0], TRUTH[:200])
    a, b = (SignalClassifier(random_state=5).fit(FEATURES, batch) for _ in range(2))
    np.testing.assert_array_equal(a.predict_proba(FEATURES), b.predict_proba(FEATURES))


@pytest.mark.parametrize(
    ("features", "batches", "message"),
    [
        (FEATURES, [], "no answers"),
        (FEATURES[:50], [hard(ROWS[:, 0], TRUTH[:200])], "name item 199"),
        (np.where(FEATURES[3, 2] == FEATURES, np.nan, FEATURES), [hard([0], [1])], "row 3, column"),
        (np.ones((200, 3)), [hard(ROWS[:, 0], TRUTH[:200])], "constant"),
        (FEATURES[0], [hard([0], [1])], "items x columns"),
    ],
)
def test_bad_input_is_one_clear_message(features, batches, message: str) -> None:
    with pytest.raises(InputError, match=message):
        SignalClassifier().fit(features, batches)


def test_comparisons_are_sent_elsewhere() -> None:
    triplets = Batch(
        signals.Triplet(), np.array([[0, 1, 2]]), np.array([[0]]), np.zeros(1, int), np.ones(1)
    )
    with pytest.raises(InputError, match="SignalMetric"):
        SignalClassifier(0.1).fit(FEATURES, triplets)


def test_a_sparse_report_that_contradicts_itself_still_names_classes() -> None:
    """Everything on the rest, every class of the rest impossible: the named classes are left."""

    signal = signals.SparseSoft(top=2, impossible=True)
    report = np.array([[0, 1, 0.0, 0.0, 100.0, 0, 0, 1, 1]])
    np.testing.assert_allclose(signal.states(report, 4), [[0.5, 0.5, 0, 0]])
    honest = np.array([[0, 1, 60.0, 20.0, 20.0, 0, 0, 1, 0]])
    np.testing.assert_allclose(signal.states(honest, 4), [[0.6, 0.2, 0, 0.2]])


def test_rows_without_a_class_are_told_with_what_to_do() -> None:
    x = np.arange(12.0).reshape(6, 2)
    for lost in (None, float("nan")):
        y = np.array(["a", "b", lost, "a", "b", lost], dtype=object)
        with pytest.raises(
            InputError, match=r"no class \(None or NaN\) in 2 of 6 rows \(row 2, 5\)"
        ):
            SignalClassifier(0.1).fit(x, y)


def test_frames_of_answers_are_joined_by_the_names_of_the_rows() -> None:
    pandas = pytest.importorskip("pandas")
    rng = np.random.default_rng(0)
    x = rng.normal(size=(40, 2))
    y = np.where(x[:, 0] > 0, "a", "b")
    names = [f"n{i}" for i in range(40)]
    rows = [(names[i], who, y[i]) for i in rng.permutation(30) for who in "pq"]
    rows.sort(key=lambda row: row[0] != "n0")
    columns = ["item", "annotator", "label"]
    frame = pl.DataFrame(rows, schema=columns, orient="row")
    known = SignalClassifier(0.1).fit(x[:30], y[:30])
    of_pandas = frame.to_pandas() if importlib.util.find_spec("pyarrow") else frame
    indexed = pandas.DataFrame(x, columns=["u", "v"], index=names)
    for found in (
        SignalClassifier(0.1).fit(x, frame, ids=names),
        SignalClassifier(0.1).fit(x, read_answers(frame), ids=names),
        SignalClassifier(0.1).fit(indexed, of_pandas),
    ):
        assert found.classes_.tolist() == ["a", "b"]
        shown = np.asarray(x) if not hasattr(found, "feature_names_in_") else indexed
        assert (found.predict(shown) == known.predict(x)).mean() > 0.9
    votes = pandas.DataFrame({"no": (y == "a") * 2, "yes": (y == "b") * 1})
    assert SignalClassifier(0.1).fit(x, votes).classes_.tolist() == [0, 1]
    with pytest.raises(InputError, match="leave ids out"):
        SignalClassifier(0.1).fit(x, y, ids=names)
    with pytest.raises(InputError, match="'n0' is one"):
        SignalClassifier(0.1).fit(x, frame)
