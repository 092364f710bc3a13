"""What a constant answer gives for no money, and what a purchase adds to it.

Where one class holds nearly all items, always answering it is right so often that accuracy tells
little about what labels teach. A purchase whose interval holds the quality of the constant shows no
gain, however good it looks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from labelbits.planning.result import LEVEL

#: A class with more than this share of the items makes accuracy a poor measure.
ONE_SIDED = 0.75
#: A purchase that leaves more than this share of the constant's errors is compared with it first.
LEFT = 0.5
#: What a plan file can ask for where one class holds nearly all items.
RARE = (
    'rare classes hardly move accuracy: plan with metric = "cross-entropy", which counts how sure '
    "a classifier is of each item, or give gold for as many items of every class and -1 for all "
    "others, which makes accuracy that of balanced classes"
)


def constant_of(
    reference: np.ndarray, metric: str, names: tuple[str, ...]
) -> dict[str, Any] | None:
    """The best constant answer to items whose right answers are `reference` (T, K).

    Accuracy: the class that is most often the most probable one. Cross-entropy: the class
    frequencies m, with the entropy H(m) in nats. None for other metrics, in which a constant says
    nothing. Keys: `class` (None: frequencies), `quality`, `items` that it was measured on.
    """
    if metric == "accuracy":
        counts = np.bincount(reference.argmax(1), minlength=reference.shape[1])
        most = int(counts.argmax())
        share = float(counts[most] / len(reference))
        return {"class": names[most], "quality": share, "items": len(reference)}
    if metric == "cross-entropy":
        share = reference.mean(0)
        entropy = float(-(share[share > 0] * np.log(share[share > 0])).sum())
        return {"class": None, "quality": entropy, "items": len(reference)}
    return None


@dataclass(frozen=True)
class Beside:
    """A purchase beside the constant: is it better for sure (`gain`); the sentence that goes
    `first` with what to do `instead`, or a `note` where the constant is far behind and yet often
    right."""

    gain: bool
    first: str = ""
    instead: str = ""
    note: str = ""


def beside_constant(
    constant: dict[str, Any],
    advice: dict[str, Any],
    shown: Callable[[float], str],
    money: str,
    metric_name: str,
    sign: int,
) -> Beside:
    """Compare what `money` buys by `advice` with the constant, and say what to do about it."""
    free, quality = constant["quality"], advice["quality"]
    low, high = advice["interval"]
    gain = sign * ((low if sign > 0 else high) - free) > 0
    one_sided = constant["class"] is not None and free > ONE_SIDED
    forecast = f"{shown(quality)} ({100 * LEVEL:.0f} % interval {shown(low)} to {shown(high)})"
    known = f"the {constant['items']:,} items that are tested on"
    if constant["class"] is None:
        head = f"Always answering the class frequencies has {metric_name} {shown(free)} on"
    else:
        head = f"Always answering {constant['class']!r} is right on {shown(free)} of"
    text = f"{head} {known}, without any label; what {money} buys is forecast to reach {forecast}"
    if gain and not (one_sided and 1 - quality > LEFT * (1 - free)):
        if not one_sided:
            return Beside(True)
        return Beside(True, note=f"{head} {known}, and {RARE}")
    text += "." if gain else ", which is no gain that the evidence can see."
    instead = "Look for features that tell more, or label a larger pilot, before you buy."
    if one_sided:
        instead = f"{RARE[0].upper()}{RARE[1:]}."
    return Beside(gain, text, instead)


def reached_for_nothing(
    constant: dict[str, Any], target: float, shown: Callable[[float], str], metric_name: str
) -> str:
    """What is said of a target that the constant reaches."""
    name = "the class frequencies" if constant["class"] is None else repr(constant["class"])
    return f"Always answering {name} reaches {metric_name} {shown(target)} without any label."
