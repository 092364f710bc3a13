"""From answers to a classifier on the user's features; learning curves and their forecasts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from labelbits.learning.classifier import SignalClassifier
from labelbits.learning.curves import cross_measure, cross_replicates, measure, pilot_sizes
from labelbits.learning.diagnose import Concern, Diagnosis, diagnose
from labelbits.learning.forecast import Forecast, forecast
from labelbits.learning.joint import forecast_options
from labelbits.learning.learners import LabelLearner
from labelbits.learning.points import CurvePoints
from labelbits.learning.regularisation import Regularisation, select_regularisation
from labelbits.learning.splits import balanced_order, few_shot_sizes, group_split
from labelbits.learning.standardise import Standardiser

if TYPE_CHECKING:
    from labelbits.learning.similarity import SignalMetric


def __getattr__(name: str) -> Any:
    # Only the metric always needs JAX's compiler; curves must not wait for it.
    if name == "SignalMetric":
        from labelbits.learning.similarity import SignalMetric

        return SignalMetric
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "Concern",
    "CurvePoints",
    "Diagnosis",
    "Forecast",
    "LabelLearner",
    "Regularisation",
    "SignalClassifier",
    "SignalMetric",
    "Standardiser",
    "balanced_order",
    "cross_measure",
    "cross_replicates",
    "diagnose",
    "few_shot_sizes",
    "forecast",
    "forecast_options",
    "group_split",
    "measure",
    "pilot_sizes",
    "select_regularisation",
]
