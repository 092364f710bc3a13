"""Words that are steps: how much, how often, how good, how far people agree."""

from __future__ import annotations

from collections.abc import Collection

from labelbits.answers.formats import usual

#: Ladders from the lowest step; words on one step are parted by a slash. Without accents.
_LADDERS = (
    "not at all/none/no, hardly/barely/very slightly, slightly/a little/little/a bit/minimal/mild, "
    "somewhat/fairly/quite/moderate/moderately/medium, very/strongly/much/considerably/severe, "
    "extremely/completely/very much/critical/very severe",
    "never, almost never/very rarely, rarely/seldom, occasionally/sometimes, often/frequently, "
    "very often/usually/almost always/very frequently, always",
    "strongly disagree/completely disagree/disagree strongly, disagree/mostly disagree, "
    "somewhat disagree/slightly disagree/disagree somewhat/disagree slightly/rather disagree, "
    "neither agree nor disagree/neither/neutral/undecided/neither nor, "
    "somewhat agree/slightly agree/agree somewhat/agree slightly/rather agree, "
    "agree/mostly agree, strongly agree/completely agree/agree strongly",
    "terrible/very bad/very poor/awful, bad/poor, below average/mediocre, "
    "ok/okay/fair/average/acceptable, good/above average, very good, excellent/outstanding/perfect",
    "very unlikely/extremely unlikely, unlikely, neutral/neither likely nor unlikely, likely, "
    "very likely/extremely likely",
    "very low/lowest, low, medium/moderate/middle, high, very high/highest, critical",
    "very dissatisfied, dissatisfied, neutral/neither, satisfied, very satisfied",
    "gar nicht/uberhaupt nicht, kaum, wenig/etwas, mittel/mittelmassig/teilweise, "
    "ziemlich/stark, sehr/sehr stark/vollig, extrem",
    "nie, selten, manchmal/gelegentlich, oft/haufig, sehr oft/meistens, immer",
    "stimme uberhaupt nicht zu/trifft uberhaupt nicht zu, "
    "stimme nicht zu/trifft nicht zu/stimme eher nicht zu/trifft eher nicht zu, "
    "weder noch/teils teils/neutral, stimme eher zu/trifft eher zu, stimme zu/trifft zu, "
    "stimme voll zu/trifft voll zu/stimme voll und ganz zu/trifft voll und ganz zu",
    "jamais, rarement, parfois, souvent, toujours",
    "pas du tout, un peu, moyennement, beaucoup, extremement",
    "nunca, raramente/rara vez, a veces/as vezes, a menudo/frecuentemente/frequentemente, "
    "siempre/sempre",
)
_STEPS = tuple(
    {usual.plain(word): step for step, words in enumerate(ladder.split(",")) for word in
     words.split("/")}
    for ladder in _LADDERS
)  # fmt: skip
#: Steps from which words are a ladder: two are any two classes.
LEAST = 3


def ladder_of(names: Collection[str]) -> list[str] | None:
    """The names from the lowest step to the highest; None where they are no such words, or two of
    them stand on one step. Words that all names end with say nothing: `Very toxic`."""
    if len(names) < LEAST:
        return None
    words = {name: name.split() for name in names}
    for cut in (0, 1, 2):
        ends = {tuple(one.casefold() for one in own[len(own) - cut :]) for own in words.values()}
        if len(ends) > 1 or min(map(len, words.values())) <= cut:
            break
        bare = {name: usual.plain("".join(own[: len(own) - cut])) for name, own in words.items()}
        for steps in _STEPS:
            found = {name: steps.get(one) for name, one in bare.items()}
            if None not in found.values() and len(set(found.values())) == len(found):
                return sorted(found, key=lambda name: found[name] or 0)
    return None
