"""Who answered and how well: noise, time, price, agreement and worth, measured from answers."""

from __future__ import annotations

from labelbits.annotators.aggregation import Consensus, aggregate
from labelbits.annotators.calibration import Calibration, SignalCalibration, calibrate
from labelbits.annotators.worth import Worth, worth_of_soft

__all__ = [
    "Calibration",
    "Consensus",
    "SignalCalibration",
    "Worth",
    "aggregate",
    "calibrate",
    "worth_of_soft",
]
