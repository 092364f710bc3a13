"""labelbits: how many bits is a label worth, and which labels should you buy?

The public names, loaded when first used so that the command line starts fast.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from labelbits.version import __version__

if TYPE_CHECKING:
    from labelbits import information as information
    from labelbits import signals as signals
    from labelbits.annotators import calibrate as calibrate
    from labelbits.answers import read_answers as read_answers
    from labelbits.errors import InputError as InputError
    from labelbits.interface import Answers as Answers
    from labelbits.interface import Estimate as Estimate
    from labelbits.learning import SignalClassifier as SignalClassifier
    from labelbits.learning.encoders import SignalEncoder as SignalEncoder
    from labelbits.notebook import plan as plan
    from labelbits.prediction import NotCheckedError as NotCheckedError
    from labelbits.prediction import Prediction as Prediction
    from labelbits.prediction import predict_quality as predict_quality
    from labelbits.recovery import SignalEmbedding as SignalEmbedding
    from labelbits.worlds import World as World

__all__ = ["__version__"]

_MODULES = ("signals", "information")
_NAMES = {
    "World": "labelbits.worlds",
    "Answers": "labelbits.interface",
    "Estimate": "labelbits.interface",
    "InputError": "labelbits.errors",
    "SignalEmbedding": "labelbits.recovery",
    "SignalEncoder": "labelbits.learning.encoders",
    "plan": "labelbits.notebook",
    "calibrate": "labelbits.annotators",
    "SignalClassifier": "labelbits.learning",
    "Prediction": "labelbits.prediction",
    "NotCheckedError": "labelbits.prediction",
    "predict_quality": "labelbits.prediction",
    "read_answers": "labelbits.answers",
}


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"labelbits.{name}")
    if name in _NAMES:
        return getattr(importlib.import_module(_NAMES[name]), name)
    raise AttributeError(f"module 'labelbits' has no attribute {name!r}")


def __dir__() -> list[str]:
    return ["__version__", *_MODULES, *_NAMES]
