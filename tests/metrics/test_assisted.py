import numpy as np

from labelbits.metrics.assisted import assisted_accuracy


def _scores(rng, n, classes, lead):
    """(scores, classes): the right one leads by `lead` standard deviations."""
    right = rng.integers(classes, size=n)
    scores = rng.normal(size=(n, classes))
    scores[np.arange(n), right] += lead
    return scores, right


def _log_softmax(z):
    z = z - z.max(1, keepdims=True)
    return z - np.log(np.exp(z).sum(1, keepdims=True))


def _estimates(classes, lead, sharpness, n=150, repeats=150):
    rng = np.random.default_rng(3)
    found = []
    for _ in range(repeats):
        scores, right = _scores(rng, n, classes, lead)
        log_p = _log_softmax(scores * sharpness)
        value = assisted_accuracy(log_p, right, np.arange(n), n, 1.0)
        counted = np.mean(log_p.argmax(1) == right)
        found.append((counted, value.mean(), value.std() / np.sqrt(n)))
    scores, right = _scores(rng, 100_000, classes, lead)
    return np.array(found), np.mean(scores.argmax(1) == right)


def test_less_variance_than_counting_without_bias_and_with_an_honest_error():
    # Twice too sure of itself: the recalibration has to find that.
    found, true = _estimates(classes=5, lead=1.5, sharpness=3.0)
    counted, assisted, claimed = found.T
    assert assisted.std() < 0.92 * counted.std()
    assert abs(assisted.mean() - true) < 0.01
    assert abs(claimed.mean() / assisted.std() - 1) < 4 / np.sqrt(2 * len(found))


def test_probabilities_that_lie_lead_back_to_counting():
    rng = np.random.default_rng(5)
    n = 600
    scores, right = _scores(rng, n, 4, 2.0)
    log_p = _log_softmax(scores)
    # Right for a half of the items; the other half is as sure and always wrong.
    half = np.arange(n) < n // 2
    log_p[half] = np.roll(log_p[half], 1, axis=1)
    log_p = _log_softmax(np.sign(log_p - np.median(log_p, 1, keepdims=True)) + 5 * log_p)
    value = assisted_accuracy(log_p, right, np.arange(n), n, 1.0).mean()
    counted = np.mean(log_p.argmax(1) == right)
    error = np.sqrt(counted * (1 - counted) / n)
    assert abs(value - counted) < error


def test_perfect_and_useless_predictions():
    n = 60
    right = np.arange(n) % 3
    sure = np.full((n, 3), -30.0)
    sure[np.arange(n), right] = 0.0
    assert assisted_accuracy(sure, right, np.arange(n), n, 1.0).mean() > 0.99
    even = np.full((n, 3), -np.log(3.0))
    assert abs(assisted_accuracy(even, right, np.arange(n), n, 1.0).mean() - 1 / 3) < 0.02
