"""Headings that ask for the other one: the farther, the less similar, the worse.

A column that names the farther of two items holds, read as it stands, every answer upside down.
"""

from __future__ import annotations

from labelbits.answers.formats import usual

#: Words that turn likeness round. Two of them in one heading (`least different`) turn it back.
_FAR = usual.word_set(
    "less least not farther farthest further furthest far different differs difference dissimilar "
    "dissimilarity unlike unalike unrelated distant distance odd outlier intruder unähnlicher "
    "unähnlichste unähnlich entfernter weniger verschieden différent moins éloigné distinto "
    "diferente menos lejano diverso meno lontano anders minder"
)
#: Words of likeness: `less` beside none of them (`less red`) says nothing about which is nearer.
_NEAR = usual.word_set(
    "similar similarity near nearer nearest close closer closest alike like likeness related "
    "match matches matching fit fits belong belongs same ähnlich ähnlicher ähnlichste näher "
    "semblable ressemblant proche parecido similares cercano simile vicino gelijk"
)
_WEAK = frozenset({"less", "least", "not", "weniger", "moins", "menos", "meno", "minder"})
#: Words for the one that lost, and those that say so beside `less` or `not`.
_LOST = usual.word_set(
    "worse worst loser lost rejected inferior weaker dispreferred disliked unpreferred schlechter "
    "schlechtere verlierer pire perdant peor perdedor peggiore perdente pior slechter "
    "verliezer"
)
_LIKED = usual.word_set(
    "preferred prefer preferable liked like good better best favourite favorite wins "
    "chosen bevorzugt préféré preferido preferito"
)


def asks_for_the_farther(heading: str) -> bool:
    """Does a heading name the one that is less like a third: `farther`, `less_similar`, `which is
    the most different`?"""
    words = usual.words_in(heading)
    turned = [one for one in words if one in _FAR]
    if turned and set(turned) <= _WEAK and not set(words) & _NEAR:
        return False
    return len(turned) % 2 == 1


def asks_for_the_worse(heading: str) -> bool:
    """Does a heading name the one that is less good: `worse`, `rejected`, `less_preferred`?"""
    words = set(usual.words_in(heading))
    if words & _LOST:
        return not words & {"not", "nicht"}
    return bool(words & _WEAK and words & _LIKED)
