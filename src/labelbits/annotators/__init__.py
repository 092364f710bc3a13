"""Who answered and how well: noise, time, price, agreement and worth, measured from answers."""

from __future__ import annotations

from labelbits.annotators.aggregation import Consensus, aggregate
from labelbits.annotators.alternative import alternative_annotator_test
from labelbits.annotators.beside_models import BesideModel, people_beside_models
from labelbits.annotators.calibrated import Calibration, SignalCalibration
from labelbits.annotators.calibration import calibrate
from labelbits.annotators.worth import Worth, worth_of_soft

__all__ = [
    "BesideModel",
    "Calibration",
    "Consensus",
    "SignalCalibration",
    "Worth",
    "aggregate",
    "alternative_annotator_test",
    "calibrate",
    "people_beside_models",
    "worth_of_soft",
]
