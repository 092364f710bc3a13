"""From answers to a classifier on the user's features; learning curves and their forecasts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from labelbits.learning.classifier import SignalClassifier
from labelbits.learning.curves.measure import cross_measure, cross_replicates, measure, pilot_sizes
from labelbits.learning.curves.points import CurvePoints
from labelbits.learning.curves.splits import balanced_order, few_shot_sizes, group_split
from labelbits.learning.diagnose import Concern, Diagnosis, diagnose
from labelbits.learning.fits.regularisation import Regularisation, select_regularisation
from labelbits.learning.forecasts.joint import forecast_options
from labelbits.learning.forecasts.one import Forecast, forecast
from labelbits.learning.learners import LabelLearner
from labelbits.standardise import Standardiser

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
