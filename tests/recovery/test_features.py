"""`SignalEmbedding.fit(answers, features=X)`: the model, the gain, new items, bad input."""

from __future__ import annotations

import warnings

import numpy as np
import polars as pl
import pytest
import scipy.optimize

import labelbits as lb
from labelbits.errors import InputError
from labelbits.recovery import RecoveryWarning
from labelbits.recovery.fitted.inputs import read_input
from tests.recovery.asked import answers, asked
from tests.recovery.test_embedding import triplets_of

ITEMS, DIMS, COLUMNS = 60, 2, 6


@pytest.fixture(scope="module")
def world() -> tuple[np.ndarray, np.ndarray]:
    """(positions (60, 2), features (60, 6)): features foretell most of the positions."""
    generator = np.random.default_rng(5)
    x = generator.normal(size=(ITEMS, COLUMNS)) * np.array([2, 2, 1, 1, 1, 1])
    seen = x @ generator.normal(size=(COLUMNS, DIMS))
    z = 0.9 * seen / seen.std() + 0.44 * generator.normal(size=(ITEMS, DIMS))
    return z, x


def brute_loss(z: np.ndarray, t: np.ndarray, kernel: np.ndarray, beta: float, eps: float) -> float:
    """-ln P of triplets at positions z of the prior N(0, kernel) in every dimension."""
    near, far = (np.sum((z[t[:, 0]] - z[t[:, side]]) ** 2, axis=1) for side in (1, 2))
    p = (1 - eps) / (1 + np.exp(-beta * (far - near))) + eps / 2
    return -np.log(p).sum() + 0.5 * np.trace(z.T @ np.linalg.pinv(kernel, hermitian=True) @ z)


def kernel_of(x: np.ndarray, tau: float) -> np.ndarray:
    """Covariance of the items' positions on one axis, of features with their own metric."""
    gram = (x - x.mean(0)) @ (x - x.mean(0)).T
    return (1 - tau**2) * gram / np.mean(np.diag(gram)) + tau**2 * np.eye(len(x))


@pytest.mark.parametrize("tau", [0.0, 0.5])
def test_the_objective_is_that_of_a_gaussian_prior_with_the_features_covariance(world, tau) -> None:
    z, x = world
    t = triplets_of(z, 400, 0.05, 1)
    model = lb.SignalEmbedding(
        DIMS, precision=2.0, lapse=0.1, residual_scale=tau, metric_power=1.0, random_state=0,
        tol=1e-6, max_iter=500,
    ).fit(t, features=x)  # fmt: skip
    kernel = kernel_of(x, tau)
    found = model.embedding_.astype(float)
    loss = brute_loss(found, t, kernel, 2.0, 0.1)
    assert model.loss_ == pytest.approx(loss, rel=1e-4)
    # Nothing better is near by, in coordinates of its own: z = kernel^(1/2) u.
    value, vector = np.linalg.eigh(kernel)
    root = vector * np.sqrt(np.maximum(value, 0))

    def of(u: np.ndarray) -> float:
        near, far = (
            np.sum(((root @ u.reshape(ITEMS, DIMS))[t[:, 0]] - (root @ u.reshape(ITEMS, DIMS))[
                t[:, side]]) ** 2, axis=1) for side in (1, 2)
        )  # fmt: skip
        p = 0.9 / (1 + np.exp(-2 * (far - near))) + 0.05
        return float(-np.log(p).sum() + 0.5 * u @ u)

    start = np.linalg.pinv(root) @ found
    better = scipy.optimize.minimize(of, start.ravel(), method="L-BFGS-B", options={"maxiter": 5})
    assert better.fun > loss - 0.05
    # The control: another covariance has another value at this place.
    assert abs(brute_loss(found, t, kernel_of(x, 0.9), 2.0, 0.1) - loss) > 1


def test_own_parts_alone_are_the_fit_without_features_to_the_digit(world) -> None:
    z, x = world
    t = triplets_of(z, 500, 0.05, 2)
    plain = lb.SignalEmbedding(DIMS, random_state=3).fit(t)
    same = lb.SignalEmbedding(DIMS, random_state=3, residual_scale=1.0).fit(t, features=x)
    np.testing.assert_array_equal(plain.embedding_, same.embedding_)
    assert not same.metric_.any()
    assert not hasattr(same.fit(t), "metric_")
    same.fit(t, features=x)
    with pytest.warns(RecoveryWarning, match="foretell nothing"):
        assert not same.transform(x).any()


@pytest.fixture(scope="module")
def taught(world) -> dict[str, lb.SignalEmbedding]:
    z, x = world
    t = triplets_of(z, 300, 0.05, 4)
    shuffled = x[np.random.default_rng(0).permutation(ITEMS)]
    return {
        "none": lb.SignalEmbedding(DIMS, random_state=0).fit(t, n_objects=ITEMS),
        "twice": lb.SignalEmbedding(DIMS, random_state=0).fit(triplets_of(z, 600, 0.05, 5)),
        "features": lb.SignalEmbedding(DIMS, metric_power=1.0, random_state=0).fit(t, features=x),
        "shuffled": lb.SignalEmbedding(DIMS, metric_power=1.0, random_state=0).fit(
            t, features=shuffled
        ),
    }


def agreement_of(where: np.ndarray, t: np.ndarray) -> float:
    near, far = (np.sum((where[t[:, 0]] - where[t[:, side]]) ** 2, axis=1) for side in (1, 2))
    return float(np.mean(near < far))


def test_features_are_worth_more_than_as_many_answers_again(world, taught) -> None:
    test = triplets_of(world[0], 20_000, 0.0, 6)
    of = {name: float(np.mean(model.predict(test) == 1)) for name, model in taught.items()}
    assert of["features"] > of["twice"] > of["none"]
    assert taught["features"].residual_scale_ < 1
    assert (
        taught["features"].held_out_strengths_[0.5, 1.0]
        > (taught["features"].held_out_strengths_[0.0, 1.0])
    )
    # The control: features of other items must not help, and cost no more than the error.
    assert of["shuffled"] < of["features"] - 0.05
    assert of["shuffled"] > of["none"] - 0.03


def test_new_items_are_placed_by_features_alone(world, taught) -> None:
    z, x = world
    generator = np.random.default_rng(9)
    # Around the fitted items: each new one lies where its features say.
    pairs = generator.permuted(np.tile(np.arange(ITEMS), (500, 1)), axis=1)[:, :2]
    new_x, new_z = x[pairs].mean(1), z[pairs].mean(1)
    placed, test = taught["features"].transform(new_x), triplets_of(new_z, 20_000, 0.0, 10)
    assert placed.shape == (500, DIMS)
    assert agreement_of(placed, test) > 0.75
    # The control: features of other items place new ones nowhere, or say that they cannot.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RecoveryWarning)
        nowhere = taught["shuffled"].transform(new_x)
    assert agreement_of(nowhere + 1e-9 * new_z[::-1], test) < 0.65
    w, mean = taught["features"].metric_, taught["features"].features_mean_
    np.testing.assert_allclose(placed, (new_x - mean) @ w, atol=1e-4)
    named = taught["features"].transform({"a": new_x[0], "b": new_x[1]})
    np.testing.assert_allclose(named, placed[:2], atol=1e-5)
    assert taught["features"].new_items_ == ["a", "b"]


def test_classes_and_comparisons_share_the_space(world) -> None:
    z, x = world
    prototypes = np.random.default_rng(3).normal(size=(3, DIMS))
    noise = {"precision": 2.0, "lapse": 0.05}
    given = answers(
        ITEMS, 3, asked((z, prototypes), "hard", 100, 1, **noise),
        asked((z, prototypes), "triplet", 300, 2, **noise),
    )  # fmt: skip
    names = [f"item {i}" for i in range(ITEMS)]
    settings = {"n_init": 1, "random_state": 0, "tol": 1e-5, **noise}
    plain = lb.SignalEmbedding(DIMS, **settings).fit(given)
    model = lb.SignalEmbedding(DIMS, residual_scale=0.5, metric_power=1.0, **settings).fit(
        given, features=x, ids=names
    )
    found, c = model.embedding_.astype(float), model.prototypes_.astype(float)
    t = np.array([[int(name[5:]) for name in row] for row in given.table["items"][100:]])
    t[given.table["answer"][100:].to_numpy() == "1"] = t[
        given.table["answer"][100:].to_numpy() == "1"
    ][:, [0, 2, 1]]
    loss = brute_loss(found, t, kernel_of(x, 0.5), 2.0, 0.05) + 0.5 * np.sum(c**2)
    who = np.array([int(row[0][5:]) for row in given.table["items"][:100]])
    said = np.array([int(answer.strip('"')[6:]) for answer in given.table["answer"][:100]])
    logits = -2 * ((found[who][:, None] - c) ** 2).sum(2)
    pi = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    loss -= np.log(0.95 * pi[np.arange(100), said] + 0.05 / 3).sum()
    assert model.loss_ == pytest.approx(loss, rel=1e-3)
    test = triplets_of(z, 10_000, 0.0, 7)
    assert agreement_of(found, test) > agreement_of(plain.embedding_, test)
    spread = [np.trace(each.posterior_covariance().mean(0)) for each in (model, plain)]
    assert spread[0] < spread[1]


def test_features_are_joined_by_name_in_every_form(world) -> None:
    z, x = world
    t = triplets_of(z, 300, 0.05, 3)
    settings = {"residual_scale": 0.5, "metric_power": 1.0, "precision": 2.0, "lapse": 0.05}
    model = lb.SignalEmbedding(DIMS, random_state=0, **settings).fit(t, features=x)
    order = np.random.default_rng(1).permutation(ITEMS)
    frame = pl.DataFrame({"item": order}).with_columns(
        *(pl.Series(f"x{k}", x[order, k]) for k in range(COLUMNS))
    )
    vectors = pl.DataFrame({"called": [str(i) for i in order], "v": x[order].tolist()})
    by_name = {int(i): x[i] for i in order}
    for features in (frame, frame.to_arrow(), vectors, by_name):
        again = lb.SignalEmbedding(DIMS, random_state=0, **settings).fit(t, features=features)
        np.testing.assert_allclose(again.embedding_, model.embedding_, atol=1e-5)
    # The control: the same rows in that order without names are other items' features.
    other = lb.SignalEmbedding(DIMS, random_state=0, **settings).fit(t, features=x[order])
    assert np.abs(other.embedding_ - model.embedding_).max() > 0.1


def test_a_mirrored_question_is_in_the_fold_of_the_question() -> None:
    t = triplets_of(np.random.default_rng(0).normal(size=(8, 2)), 400, 0.3, 1)
    data = read_input(t)
    folds = data.folds(3, np.random.default_rng(0))
    assert sum(len(held) for _, held in folds) == 400
    for rest, held in folds:
        sides = [
            {(a, *sorted(bc)) for a, *bc in part.batches[0].items.tolist()} for part in (rest, held)
        ]
        assert not sides[0] & sides[1]


@pytest.mark.parametrize(
    ("features", "ids", "message"),
    [
        (np.zeros((60, 3)), None, "all 3 columns are constant"),
        (np.full((60, 3), np.nan), None, "row 0, column 0 is nan"),
        (np.ones((40, 3)).cumsum(0), None, "have no row of features"),
        (np.ones((60, 3)).cumsum(0), [f"shoe {i}" for i in range(60)], "have no row of features"),
        (np.ones((60, 3)).cumsum(0), [0] * 60, "names a row twice"),
        (np.ones((60, 3)).cumsum(0), [0, 1], "expected one for each of 60 rows"),
        ([["a", "b"]] * 60, None, "expected numbers"),
        (np.ones(60), None, "expected items x columns"),
        ({0: [1.0, 2.0], 1: [1.0]}, None, "all of one length"),
        ({i: [float(i)] for i in range(60)}, list(range(60)), "leave ids out"),
        (pl.DataFrame({"item": range(60), "x": ["a"] * 60}), None, "holds no numbers"),
        (None, list(range(60)), "give features"),
    ],
)
def test_features_that_cannot_be_used_are_one_clear_error(world, features, ids, message) -> None:
    t = triplets_of(world[0], 200, 0.0, 8)
    with pytest.raises(InputError, match=message):
        lb.SignalEmbedding(DIMS).fit(t, features=features, ids=ids)


def test_a_constant_column_and_items_without_answers_do_no_harm(world) -> None:
    z, x = world
    t = triplets_of(z[:50], 300, 0.0, 8)
    settings = {"residual_scale": 0.5, "metric_power": 1.0, "precision": 2.0, "lapse": 0.05}
    settings |= {"random_state": 0, "tol": 1e-7, "max_iter": 1000}
    model = lb.SignalEmbedding(DIMS, **settings).fit(t, features=x)
    wide = np.column_stack([x, np.ones(60)])
    with pytest.warns(RecoveryWarning, match="1 of 7 columns of features are the same"):
        again = lb.SignalEmbedding(DIMS, **settings).fit(t, features=wide)
    np.testing.assert_allclose(model.embedding_, again.embedding_, atol=1e-3)
    assert len(model.embedding_) == ITEMS
    # Nobody was asked about the last ten: features alone say where they lie.
    np.testing.assert_allclose(model.embedding_[50:], model.transform(x[50:]), atol=1e-2)
    with pytest.raises(InputError, match="expected 6"):
        model.transform(x[:, :4])
