"""Which pilot would tell the noise of a signal that this one cannot tell."""

from __future__ import annotations

import numpy as np

from labelbits.annotators.noise.maximum import NO_LAPSE
from labelbits.annotators.noise.positions import ENOUGH
from labelbits.annotators.noise.result import Noise
from labelbits.interface import Batch

#: Answers to one item from which lapses are told (`benchmarks/answers_annotators.py`).
TELLING = 5


def what_tells_noise(batch: Batch, dims: int | None) -> str:
    """One sentence: what to collect so that `calibrate` can report precision and lapse.

    `dims` are the dimensions that the user gave, if any.
    """
    signal = batch.signal
    if signal.uses_classes and signal.arity == 1:
        return "several people about each of many items, or true classes (--gold), would tell it"
    if signal.uses_classes:
        return "no pilot of this signal alone tells it: add hard labels of the same items"
    items = len(np.unique(batch.items))
    wanted = ENOUGH * items * (dims or 1)
    where = f"{dims} dimensions" if dims and dims > 1 else "one dimension"
    advice = (
        f"{wanted:,} answers about these {items:,} items ({ENOUGH} for each coordinate, in "
        f"{where}) would tell it"
    )
    if len(getattr(signal, "pairs", ())) > 1:
        advice += ", or several people about each question"
    return advice


def what_tells_apart(noise: Noise) -> str:
    """What tells lapses from low precision, where these answers cannot; else nothing.

    An answer at random goes wrong on easy items as often as on hard ones: several answers to one
    item show which it is.
    """
    if noise.assumes != NO_LAPSE:
        return ""
    asked = "item" if noise.classes else "question"
    if noise.answers < TELLING * noise.items:
        return f"{TELLING} people about each {asked} would tell them apart"
    return f"{TELLING} people about each of more {asked}s than these {noise.items:,} would"
