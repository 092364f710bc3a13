"""Encoders x -> z, trained by gradient descent on the likelihood of any mixture of signals."""

from __future__ import annotations

from labelbits.learning.encoders.encoder import EncoderWarning, SignalEncoder
from labelbits.learning.encoders.labels import EncoderLearner
from labelbits.learning.encoders.network import Encoder
from labelbits.learning.encoders.spaces import EncodedSpace, EncoderFitter
from labelbits.learning.encoders.training import Progress

__all__ = [
    "EncodedSpace",
    "Encoder",
    "EncoderFitter",
    "EncoderLearner",
    "EncoderWarning",
    "Progress",
    "SignalEncoder",
]
