"""The noise of one kind of question in words: `pilot` and `recover` print the same lines."""

from __future__ import annotations

from collections.abc import Iterator

from labelbits.annotators.agreement import Agreement
from labelbits.annotators.calibrated import SignalCalibration
from labelbits.annotators.noise.maximum import NO_LAPSE, NO_TOP
from labelbits.annotators.noise.result import Noise
from labelbits.answers.table.people import many
from labelbits.report.digits import percent, short, three
from labelbits.signals.encoding import PREFERENCE

#: Largest share of random answers from which nothing is ruled out.
ALL = 0.995
#: Pairs of answers to one question below which nothing is told of chance.
FEW_PAIRS = 50


def noise_lines(found: SignalCalibration) -> Iterator[tuple[str, str]]:
    """(label, text) of what is known of lapse and precision."""
    noise = found.noise
    if noise is None:
        yield "noise", f"these answers cannot tell: {found.advice}"
        if (most := found.random_at_most) is not None:
            ties = " (ties left out)" if found.signal == PREFERENCE else ""
            yield "lapse", _unnoticed(most, found.agreement).removeprefix("; ") + ties
        return
    yield "lapse", _lapse(noise, found.agreement)
    precision = short(noise.precision)
    if noise.assumes == NO_TOP:
        precision = f"at least {three(noise.precision.low)}"
    where = f"{noise.dims} dimension{'s' * (noise.dims != 1)}, from {noise.source}"
    yield "precision", f"{precision} (higher: less noise) in {where}"
    if noise.assumes:
        yield "", f"assumes {noise.assumes}" + (f"; {found.advice}" if found.advice else "")


def _lapse(noise: Noise, same: Agreement | None) -> str:
    """How many answers are random, and how many could be."""
    most = noise.random_at_most
    if noise.assumes == NO_LAPSE:
        told = "no answering at random was found, so 0 % is used"
        return told + _unnoticed(noise.lapse.high, same)
    told = f"{percent(noise.lapse)} of the answers are random"
    if most is None:
        return told
    if noise.lapse.high >= most:
        return f"{told}, if mistakes follow distances; the upper end holds for any mistakes"
    return f"{told}, if mistakes follow distances; at most {100 * most:.1f} % for any mistakes"


def _unnoticed(most: float, same: Agreement | None) -> str:
    """How many answers could be random: nothing where next to none could."""
    pairs = 0 if same is None else same.pairs_between
    if most >= ALL and pairs < FEW_PAIRS:
        held = f"{many(pairs, 'pair')} of people's answers to one question"
        few = "is" if pairs == 1 else "are"
        return f"; {held} {few} too few to tell how many answers could be random"
    if most >= ALL:
        return "; all of the answers could be random: people agree hardly more often than by chance"
    if most < 5e-4:
        return ""
    return f"; up to {100 * most:.1f} % of the answers could be random unnoticed"
