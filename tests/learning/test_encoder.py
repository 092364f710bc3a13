"""`SignalEncoder`: its losses are the textbook's, it finds what there is, it says what is wrong."""

from __future__ import annotations

import warnings
from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import spearmanr

import labelbits as lb
from labelbits import signals
from labelbits.errors import InputError
from labelbits.interface import Batch
from labelbits.learning.encoders import EncoderWarning, Progress, SignalEncoder
from labelbits.learning.encoders.terms import log_likelihood

FEW = {"steps": 300, "batch_size": 64, "evaluate_every": 100, "learning_rate": 0.05}


def _triplets(z: np.ndarray, n: int, rng: np.random.Generator) -> Batch:
    """Answers to n random questions by someone of precision 3, drawn here and not by a signal."""
    items = np.array([rng.choice(len(z), 3, replace=False) for _ in range(n)])
    near, far = (((z[items[:, 0]] - z[items[:, j]]) ** 2).sum(1) for j in (1, 2))
    second = rng.random(n) < 1 / (1 + np.exp(-3 * (near - far)))
    return Batch(
        signals.Triplet(), items, second.astype(np.int32)[:, None], np.zeros(n, int),
        np.ones(n, np.float32),
    )  # fmt: skip


@pytest.fixture(scope="module")
def observed() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(x (300, 12), z (300, 2), class (300,)): x is a linear map of z with noise."""
    rng = np.random.default_rng(3)
    z = rng.normal(size=(300, 2))
    x = z @ rng.normal(size=(2, 12)) + 0.2 * rng.normal(size=(300, 12))
    prototypes = rng.normal(size=(4, 2)) * 1.5
    y = ((z[:, None] - prototypes) ** 2).sum(2).argmin(1)
    return x, z, y


@pytest.mark.parametrize("beta", [0.5, 3.0])
def test_the_losses_are_those_of_the_field(beta: float) -> None:
    rng = np.random.default_rng(0)
    z, c = rng.normal(size=(20, 3)), rng.normal(size=(5, 3))
    d2 = ((z[:, None] - z[None]) ** 2).sum(2)

    def ours(signal, items, answer, prototypes=None):
        return np.asarray(
            log_likelihood(
                signal, jnp.asarray(z, jnp.float32), prototypes, jnp.asarray(items),
                jnp.asarray(answer),
            )
        )  # fmt: skip

    y = rng.integers(5, size=20)
    logits = -beta * ((z[:, None] - c) ** 2).sum(2)
    cross_entropy = logits[np.arange(20), y] - logsumexp(logits, axis=1)
    got = ours(signals.Hard(beta), np.arange(20)[:, None], y[:, None], jnp.asarray(c, jnp.float32))
    np.testing.assert_allclose(got, cross_entropy, rtol=2e-5, atol=2e-5)

    items = np.array([rng.choice(20, 6, replace=False) for _ in range(30)])
    chosen = rng.integers(5, size=30)
    scores = -beta * np.take_along_axis(d2[items[:, 0]], items[:, 1:], axis=1)
    info_nce = scores[np.arange(30), chosen] - logsumexp(scores, axis=1)
    got = ours(signals.Contrastive(beta, negatives=4), items, chosen[:, None])
    np.testing.assert_allclose(got, info_nce, rtol=2e-5, atol=2e-5)

    a, b, other = items[:, 0], items[:, 1], items[:, 2]
    triplet = -np.log1p(np.exp(-beta * (d2[a, other] - d2[a, b])))
    got = ours(signals.Triplet(beta), items[:, :3], np.zeros((30, 1), int))
    np.testing.assert_allclose(got, triplet, rtol=2e-5, atol=2e-5)


def test_triplets_teach_the_map_and_features_of_noise_teach_nothing(observed) -> None:
    x, z, _ = observed
    rng = np.random.default_rng(4)
    train, test = _triplets(z[:200], 3000, rng), _triplets(z[200:], 2000, rng)
    encoder = SignalEncoder(2, **FEW).fit([train], features=x[:200])
    found = encoder.transform(x[200:])
    pairs = np.triu_indices(100, 1)
    distance = [((v[:, None] - v[None]) ** 2).sum(2)[pairs] for v in (found, z[200:])]
    assert spearmanr(*distance).statistic > 0.9
    noise = rng.normal(size=x.shape)
    blind = SignalEncoder(2, **FEW).fit([train], features=noise[:200])
    # About items never seen; a standard error of 2,000 answers is about .01 to .02 bits.
    assert encoder.score([test], features=x[200:]) > 0.4
    assert blind.score([test], features=noise[200:]) < 0.05


def test_score_is_bits_beyond_a_guess(observed) -> None:
    x, _, y = observed
    encoder = SignalEncoder(2, **FEW).fit(x, y)
    p = encoder.predict_proba(x)
    bits = np.log2(p[np.arange(300), y]).mean() + 2  # four classes
    assert encoder.score(x, y) == pytest.approx(bits, abs=1e-4)
    assert (encoder.predict(x) == y).mean() > 0.9
    some = np.flatnonzero(y == y[0])[:5]  # one class alone can be scored too
    alone = np.log2(p[some, y[some]]).mean() + 2
    assert encoder.score(x[some], y[some]) == pytest.approx(alone, abs=1e-4)


def test_labels_and_comparisons_share_one_space(observed) -> None:
    x, z, y = observed
    batch = Batch(
        signals.Hard(), np.arange(300)[:, None], y[:, None].astype(np.int32),
        np.zeros(300, int), np.ones(300, np.float32),
    )  # fmt: skip
    both = [batch, _triplets(z, 1000, np.random.default_rng(5))]
    encoder = SignalEncoder(2, hidden=(16,), **FEW).fit(both, features=x)
    assert set(encoder.precision_) == {"hard", "triplet"}
    assert (encoder.predict_proba(x).argmax(1) == y).mean() > 0.85
    assert encoder.score(both, features=x) > 0.4


def test_same_seed_same_weights_and_warm_start_goes_on(observed) -> None:
    x, _, y = observed
    first, again = (SignalEncoder(2, **FEW).fit(x, y) for _ in range(2))
    np.testing.assert_array_equal(first.transform(x), again.transform(x))
    short = SignalEncoder(2, steps=100, batch_size=64, warm_start=True).fit(x, y)
    before = short.history_[-1]["loss"]
    assert short.fit(x, y).history_[-1]["loss"] < before


def test_answers_of_weight_zero_teach_nothing(observed) -> None:
    x, _, y = observed
    spoilt = y.copy()
    spoilt[:150] = (spoilt[:150] + 1) % 4
    weight = np.r_[np.zeros(150), np.ones(150)]
    encoder = SignalEncoder(2, **FEW).fit(x, spoilt, sample_weight=weight)
    assert (encoder.predict(x[:150]) == y[:150]).mean() > 0.85
    fooled = SignalEncoder(2, **FEW).fit(x, spoilt)
    assert (fooled.predict(x[:150]) == y[:150]).mean() < 0.7


def test_a_callback_looks_on_and_can_stop(observed) -> None:
    x, _, y = observed
    seen: list[Progress] = []

    def look(progress: Progress) -> bool:
        seen.append(progress)
        return len(seen) == 2

    encoder = SignalEncoder(2, **FEW).fit(x, y, callback=look)
    assert [one.step for one in seen] == [100, 200]
    assert len(encoder.history_) == 2
    assert seen[1].transform(x).shape == (300, 2)
    assert seen[0].held_out_bits == encoder.history_[0]["held_out_bits"]


def test_early_stopping_keeps_the_best_step(observed) -> None:
    """Labels drawn at random: what is fitted to them is worse and worse for held-out ones."""
    x, _, _ = observed
    y = np.random.default_rng(6).integers(4, size=300)
    encoder = SignalEncoder(
        8, hidden=(64,), steps=2000, evaluate_every=100, patience=3, learning_rate=0.02
    ).fit(x, y)
    bits = [one["held_out_bits"] for one in encoder.history_]
    assert len(bits) < 20
    assert encoder.best_step_ == 100 * (1 + int(np.argmax(bits)))


class _Own(eqx.Module):
    weight: jax.Array

    def __call__(self, row: jax.Array) -> jax.Array:
        return jnp.tanh(row @ self.weight)


def test_a_module_of_the_users_own(observed) -> None:
    x, _, y = observed
    module = _Own(jnp.asarray(np.random.default_rng(7).normal(size=(12, 3)) * 0.3, jnp.float32))
    encoder = SignalEncoder(network=module, **FEW)
    with pytest.raises(InputError, match="13"):
        encoder.fit(np.column_stack([x, x[:, 0] ** 2]), y)
    encoder.fit(x, y)
    assert np.abs(encoder.transform(x)).max() <= 1
    assert (encoder.predict(x) == y).mean() > 0.8


def test_normalised_positions_lie_on_the_sphere(observed) -> None:
    x, _, y = observed
    z = SignalEncoder(3, normalise=True, **FEW).fit(x, y).transform(x)
    np.testing.assert_allclose(np.linalg.norm(z, axis=1), 1, atol=1e-4)


def test_bad_input_has_one_clear_message(observed) -> None:
    x, z, y = observed
    spoilt = x.copy()
    spoilt[2, 1] = np.nan
    with pytest.raises(InputError, match=r"row 2, column 1 is nan"):
        SignalEncoder(2).fit(spoilt, y)
    with pytest.raises(InputError, match="one class"):
        SignalEncoder(2).fit(x, np.zeros(300, int))
    with pytest.raises(InputError, match="rows 0 to 99"):
        SignalEncoder(2).fit([_triplets(z, 50, np.random.default_rng(0))], features=x[:100])
    with pytest.raises(InputError, match="features=X"):
        SignalEncoder(2).fit([_triplets(z, 50, np.random.default_rng(0))])
    with pytest.raises(InputError, match="expected one of: relu"):
        SignalEncoder(2, activation="softplus").fit(x, y)
    with pytest.raises(InputError, match="learning_rate"):
        SignalEncoder(2, learning_rate=0).fit(x, y)
    for options, says in (
        ({"weight_decay": -1.0}, "weight_decay is -1"),
        ({"weight_decay": 1e6}, "weight_decay below 100"),
        ({"hidden": 32}, r"hidden is 32 .* expected a list of whole numbers"),
    ):
        with pytest.raises(InputError, match=says):
            SignalEncoder(2, **options).fit(x, y)
    with pytest.raises(InputError, match="y: row 3 is nan"):
        SignalEncoder(2).fit(x, np.where(np.arange(300) == 3, np.nan, y))
    with pytest.raises(InputError, match="one above 0"):
        SignalEncoder(2).fit(x, y, sample_weight=np.zeros(300))
    wrong = _triplets(z, 50, np.random.default_rng(0))
    wrong.answer[4] = 7
    with pytest.raises(InputError, match=r"triplet answers: number 4 is 7; .* from 0 to 1"):
        SignalEncoder(2).fit([wrong], features=x)
    with pytest.warns(EncoderWarning, match="27 training answers"):
        SignalEncoder(2, steps=10).fit(x[:30], y[:30])


def test_columns_of_unlike_scales_are_said_and_equal_ones_are_not(observed) -> None:
    x, _, y = observed
    scaled = x * np.r_[np.ones(11), 1e4]
    with pytest.warns(EncoderWarning, match="not standardised: column 11 varies"):
        SignalEncoder(2, steps=10).fit(scaled, y)
    with warnings.catch_warnings():
        warnings.simplefilter("error", EncoderWarning)
        SignalEncoder(2, steps=10).fit(x, y)


def test_items_without_features_and_answers_that_are_no_numbers_are_said(
    observed, tmp_path: Path
) -> None:
    x, z, _ = observed
    triplets = _triplets(z, 50, np.random.default_rng(0))
    path = tmp_path / "triplets.csv"
    path.write_text("head,winner,loser\na,b,c\nb,c,a\n")
    with pytest.raises(InputError, match=r"item 'c'|'c'"):
        SignalEncoder(2).fit(lb.read_answers(path), features=x[:2], ids=["a", "b"])
    rated = Batch(
        signals.Similarity(), triplets.items[:, :2], np.full((50, 1), np.nan, np.float32),
        triplets.annotator, triplets.weight,
    )  # fmt: skip
    with pytest.raises(InputError, match=r"similarity answers.*nan"):
        SignalEncoder(2, steps=10).fit([rated], features=x)


def test_a_rate_that_diverges_is_said_with_one_that_does_not(observed) -> None:
    x, _, y = observed
    with pytest.raises(InputError, match=r"learning_rate 1000 diverges; learning_rate=\S+ does"):
        SignalEncoder(2, steps=100, learning_rate=1000.0).fit(x, y)


def test_the_example_of_the_docs_runs(capsys) -> None:
    page = (Path(__file__).parents[2] / "docs" / "encoders.md").read_text(encoding="utf-8")
    example = page.split("```python\n")[1].split("```")[0]
    exec(compile(example, "docs/encoders.md", "exec"), {})
    assert capsys.readouterr().out.startswith("(300, 4) {'hard':")
