"""Every metric that plans and curves know, one entry each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from scipy.special import entr

from labelbits.errors import InputError
from labelbits.metrics.assisted import assisted_accuracy
from labelbits.metrics.disagreement import disagreement_values, known_by_votes
from labelbits.metrics.entropy import mean_entropy
from labelbits.metrics.leads import (
    error_of_lead,
    f1_loss_of_lead,
    recall_loss_of_lead,
    surprise_of_lead,
)
from labelbits.metrics.metric import Constant, Floor, Metric, Shape
from labelbits.metrics.quality import (
    alignment_values,
    calibration_values,
    f1_values,
    recall_values,
    right_values,
    surprise_values,
)


def _entropy(share: np.ndarray) -> float:
    known = share[share > 0]
    return float(-(known * np.log(known)).sum())


def _mean_entropy(shares: np.ndarray) -> float:
    return float(entr(shares).sum(1).mean())


def _always(level: Callable[[np.ndarray], float]) -> Callable[[np.ndarray], Constant]:
    """Always the class that is most often the most probable one; `level` its quality by the
    shares of the classes."""

    def constant(reference: np.ndarray) -> Constant:
        counts = np.bincount(reference.argmax(1), minlength=reference.shape[1])
        best = int(counts.argmax())
        answer = (np.arange(len(counts)) == best).astype(float)
        return Constant(answer, best, level(counts / len(reference)))

    return constant


def _frequencies(reference: np.ndarray) -> Constant:
    share = reference.mean(0)
    return Constant(share, None, _entropy(share))


def _equal(share: np.ndarray) -> tuple[float, float]:
    """Guesses are right in 1 / K of the items of every class, constants in all of one class."""
    level = 1 / max(np.count_nonzero(share), 1)
    return level, level


def _constant_f1(share: np.ndarray) -> tuple[float, float]:
    classes, most = max(np.count_nonzero(share), 1), float(share.max())
    return 1 / classes, 2 * most / (1 + most) / classes


#: Classes that all count alike have the chance level of so many equal ones. Weights and growth as
#: for accuracy, whose curve they share where classes are equal.
_BALANCED = Shape(
    error_of_lead,
    lambda f: float(len(f)),
    theory=0.7,
    growth=0.9,
    grid=2,
    loss_by_class=recall_loss_of_lead,
)
_F1 = replace(_BALANCED, loss_by_class=f1_loss_of_lead)

METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric(
            name="accuracy",
            title="accuracy",
            words="accuracy",
            meaning="Accuracy is the share of new items that a classifier gets right.",
            percent=True,
            higher=True,
            values=lambda log_p, reference, _: right_values(log_p, reference),
            pooled=lambda log_p, reference, item, items, widening: assisted_accuracy(
                log_p.T, reference.argmax(1), item, items, widening
            ),
            counted=True,
            constant=_always(lambda share: float(share.max())),
            chance=lambda share: (float(share @ share), float(share.max())),
            # Few test items say little about the shape of an accuracy curve, where forms alone are
            # too gloomy.
            shape=Shape(error_of_lead, lambda f: float(1 / np.sum(f * f)), theory=0.7, growth=0.9),
        ),
        Metric(
            name="balanced-accuracy",
            title="balanced accuracy",
            words="balanced accuracy",
            meaning="Balanced accuracy is the share of new items that a classifier gets right, "
            "averaged over classes, so that a rare class counts as much as a frequent one.",
            percent=True,
            higher=True,
            values=lambda log_p, reference, _: recall_values(log_p, reference),
            # A fold can lack a class.
            pooled=lambda log_p, reference, item, items, widening: recall_values(log_p, reference),
            constant=_always(lambda share: _equal(share)[1]),
            chance=_equal,
            shape=_BALANCED,
        ),
        Metric(
            name="macro-f1",
            title="macro-F1",
            words="macro-F1",
            meaning="Macro-F1 is the harmonic mean of precision and recall of each class, averaged "
            "over classes.",
            percent=True,
            higher=True,
            values=lambda log_p, reference, _: f1_values(log_p, reference),
            pooled=lambda log_p, reference, item, items, widening: f1_values(log_p, reference),
            constant=_always(lambda share: _constant_f1(share)[1]),
            chance=_constant_f1,
            shape=_F1,
        ),
        Metric(
            name="cross-entropy",
            title="cross-entropy (nats)",
            words="cross-entropy",
            meaning="Cross-entropy is how surprised a classifier is, in nats, by what is right: "
            "the gold class, or what people answered (see the reference among the assumptions).",
            percent=False,
            higher=False,
            values=lambda log_p, reference, _: surprise_values(log_p, reference),
            of_people=True,
            floor=Floor(_mean_entropy, mean_entropy, "ceiling: entropy of people's answers"),
            constant=_frequencies,
            chance=lambda share: (_entropy(share), _entropy(share)),
            # It is measured better than accuracy, and the theory does not know how overconfident a
            # fit to few items is.
            shape=Shape(
                surprise_of_lead,
                lambda f: float(np.exp(_entropy(f))),
                theory=0.5,
                growth=0.95,
                grid=5,
            ),
            # The log loss near its minimum follows errors of the weights to second order, accuracy
            # (where they are pulled to 0) to first.
            luck_fall=2.0,
            largest_loss=float("inf"),
        ),
        Metric(
            name="disagreement",
            title="disagreement foretold (correlation)",
            words="the disagreement foretold",
            meaning="Disagreement foretold is the correlation of a classifier's uncertainty with "
            "people's: whether it knows on which items people disagree (entropy of its prediction, "
            "entropy of their answers).",
            percent=False,
            higher=True,
            values=lambda log_p, reference, _: disagreement_values(log_p, reference),
            # The items of one fold are too few for a correlation.
            pooled=lambda log_p, reference, item, items, widening: disagreement_values(
                log_p, reference
            ),
            of_people=True,
            only_people=True,
            # One answer on an item tells nothing of its entropy, and ten tell part of it.
            answers_tried=(3, 10, 30),
            floor=Floor(
                lambda shares: 0.0, known_by_votes, "ceiling: what these votes tell of the entropy"
            ),
            shape=Shape(None, lambda f: float(len(f)), theory=0.0, growth=1.0),
            largest_loss=2.0,
        ),
        Metric(
            name="calibration-error",
            title="calibration error",
            words="calibration error",
            meaning="Calibration error is how far a classifier's confidence is from how often it "
            "is right.",
            percent=True,
            higher=False,
            values=lambda log_p, reference, item: calibration_values(
                np.exp(log_p).T, reference, item
            ),
            pooled=lambda log_p, reference, item, items, widening: calibration_values(
                np.exp(log_p).T, reference, item
            ),
            # A fold has no calibration error of its own; a pass over all items has.
            whole_pass=True,
            caution="More labels need not make a classifier better calibrated: where people "
            "disagree it stays less sure than gold is. Beyond what was measured the error is taken "
            "to stay as it is, with an interval for a fall or a rise",
        ),
        Metric(
            name="alignment",
            title="alignment (Spearman)",
            words="alignment",
            meaning="Alignment is the correlation (Spearman) of the distances between items as "
            "they are recovered with the true ones: 1 is perfect, 0 is nothing.",
            percent=False,
            higher=True,
            values=lambda log_p, reference, _: alignment_values(np.exp(log_p).T, reference),
            of_space=True,
        ),
        Metric(
            name="agreement",
            title="agreement",
            words="agreement",
            meaning="Agreement is the share of single answers to held-out comparisons that the "
            "learned space foretells; people's own disagreement sets its ceiling.",
            percent=True,
            higher=True,
            values=None,
            of_space=True,
        ),
        Metric(
            name="shots",
            title="few-shot accuracy",
            words="few-shot accuracy",
            meaning="Few-shot accuracy is the share of items whose class is that of the nearest "
            "prototype in the learned space, each class known from a few labelled items.",
            percent=True,
            higher=True,
            values=None,
            of_space=True,
        ),
    )
}


def metric_of(name: str) -> Metric:
    """The metric of that name, or an `InputError` that lists the known ones."""
    if name not in METRICS:
        raise InputError(f"unknown metric {name!r}; expected one of: {', '.join(METRICS)}")
    return METRICS[name]


def shape_of(name: str) -> Shape:
    """How the metric of that name falls with training items; an `InputError` where it need not."""
    shape = metric_of(name).shape
    if shape is None:
        raise InputError(f"{name} has no curve that only falls; expected another metric")
    return shape
