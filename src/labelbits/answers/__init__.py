"""Annotation files in and out; calibration of noise, time and price from a pilot."""

from __future__ import annotations

from labelbits.answers.calibration import Calibration, SignalCalibration, calibrate
from labelbits.answers.reading import read_answers
from labelbits.answers.writing import write_answers

__all__ = ["Calibration", "SignalCalibration", "calibrate", "read_answers", "write_answers"]
