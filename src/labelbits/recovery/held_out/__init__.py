"""How good a learned space is, on answers that it was never fitted to: nothing else need be known.

Agreement and explained bits of held-out questions, alignment with the truth from two disjoint
halves, accuracy of few-shot classifiers, and all of them by number of answers.
"""

from labelbits.recovery.held_out.agreement import (
    Ceiling,
    agreement,
    agreement_ceiling,
    explained_bits,
)
from labelbits.recovery.held_out.curve import CurvePoint, learning_curve, nested_subsets
from labelbits.recovery.held_out.fitting import Fitter
from labelbits.recovery.held_out.folds import questions_of, splits
from labelbits.recovery.held_out.halves import Halves, alignment_by_halves
from labelbits.recovery.held_out.predictions import (
    Predictions,
    predict,
    predict_held_out,
)
from labelbits.recovery.held_out.report import (
    HeldOutReport,
    NewItems,
    measure_held_out,
    measure_new_items,
)
from labelbits.recovery.held_out.shots import shots

__all__ = [
    "Ceiling",
    "CurvePoint",
    "Fitter",
    "Halves",
    "HeldOutReport",
    "NewItems",
    "Predictions",
    "agreement",
    "agreement_ceiling",
    "alignment_by_halves",
    "explained_bits",
    "learning_curve",
    "measure_held_out",
    "measure_new_items",
    "nested_subsets",
    "predict",
    "predict_held_out",
    "questions_of",
    "shots",
    "splits",
]
