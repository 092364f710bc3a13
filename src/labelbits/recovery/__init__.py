"""From answers to a representation: the estimator and the metrics that judge it."""

from labelbits.recovery.embedding import SignalEmbedding
from labelbits.recovery.fitted.draws import NotConvergedError, Posterior
from labelbits.recovery.fitted.inputs import RecoveryWarning
from labelbits.recovery.writing import write_embedding

__all__ = [
    "NotConvergedError",
    "Posterior",
    "RecoveryWarning",
    "SignalEmbedding",
    "write_embedding",
]
