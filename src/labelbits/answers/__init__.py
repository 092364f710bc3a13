"""Annotation files in and out; calibration of noise, time and price from a pilot."""

from __future__ import annotations

from labelbits.answers.aggregation import Consensus, aggregate
from labelbits.answers.calibration import Calibration, SignalCalibration, calibrate
from labelbits.answers.export import export_plan
from labelbits.answers.language_models import ModelPrice
from labelbits.answers.reading import read_answers
from labelbits.answers.worth import Worth, worth_of_soft
from labelbits.answers.writing import write_answers

__all__ = [
    "Calibration",
    "Consensus",
    "ModelPrice",
    "SignalCalibration",
    "Worth",
    "aggregate",
    "calibrate",
    "export_plan",
    "read_answers",
    "worth_of_soft",
    "write_answers",
]
