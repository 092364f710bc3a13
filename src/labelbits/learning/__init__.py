"""From answers to a classifier on the user's features; learning curves and their forecasts."""

from __future__ import annotations

from labelbits.learning.classifier import SignalClassifier
from labelbits.learning.curves import CurvePoints, cross_measure, measure, pilot_sizes
from labelbits.learning.forecast import Forecast, forecast
from labelbits.learning.regularisation import Regularisation, select_regularisation
from labelbits.learning.standardise import Standardiser

__all__ = [
    "CurvePoints",
    "Forecast",
    "Regularisation",
    "SignalClassifier",
    "Standardiser",
    "cross_measure",
    "forecast",
    "measure",
    "pilot_sizes",
    "select_regularisation",
]
