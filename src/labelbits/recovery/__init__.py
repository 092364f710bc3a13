"""From answers to a representation: the estimator and the measures that judge it."""

from labelbits.recovery.embedding import SignalEmbedding
from labelbits.recovery.fitted.draws import NotConvergedError, Posterior
from labelbits.recovery.fitted.inputs import RecoveryWarning
from labelbits.recovery.held_out import (
    Ceiling,
    CurvePoint,
    Fitter,
    Halves,
    HeldOutReport,
    NewItems,
    Predictions,
    agreement,
    agreement_ceiling,
    alignment_by_halves,
    explained_bits,
    learning_curve,
    measure_held_out,
    measure_new_items,
    predict_held_out,
    shots,
)
from labelbits.recovery.writing import write_embedding

__all__ = [
    "Ceiling",
    "CurvePoint",
    "Fitter",
    "Halves",
    "HeldOutReport",
    "NewItems",
    "NotConvergedError",
    "Posterior",
    "Predictions",
    "RecoveryWarning",
    "SignalEmbedding",
    "agreement",
    "agreement_ceiling",
    "alignment_by_halves",
    "explained_bits",
    "learning_curve",
    "measure_held_out",
    "measure_new_items",
    "predict_held_out",
    "shots",
    "write_embedding",
]
