"""Words by which people say that neither of two things is the better one, in seven languages.

English, German, French, Spanish, Italian, Dutch and Portuguese. A cell is a tie where one of its
words says so and all others only fill a sentence: `Both equal`, `about the same`, `no preference`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

import polars as pl


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: Words that say it alone.
_TIES = _words(
    "tie ties tied draw drawn equal equals equally equivalent even evenly same identical "
    "indistinguishable neither both none undecided tossup alike equality bothbad bothgood "
    "samesame gleich gleiche gleichwertig gleichauf gleichstand gleichgut gleichschlecht "
    "unentschieden egal beide beides keine keiner keines keins ebenburtig identisch remis "
    "patt weder egaux egale egales egalite identique identiques pareil pareils nul aucun "
    "aucune ni igual iguales igualmente igualdad empate empatado empatados ambos ambas "
    "ninguno ninguna uguale uguali ugualmente pari parita pareggio entrambi entrambe nessuno "
    "nessuna identici gelijk gelijke gelijkwaardig gelijkspel gelijken evengoed hetzelfde "
    "beiden geen identiek iguais nenhum nenhuma igualdade tanto-faz indiferente indifferent"
)
#: Words that say it together with one that denies.
_NOTHING = _words(
    "preference preferences difference differences winner better best prefer preferred clear "
    "distinguishable favourite favorite unterschied unterschiede praferenz vorliebe sieger "
    "gewinner besser favorit vorzug gagnant meilleur meilleure diferencia diferencias "
    "preferencia preferencias ganador mejor differenza differenze preferenza preferenze "
    "vincitore migliore verschil verschillen voorkeur winnaar beter beste diferenca "
    "diferencas vencedor melhor"
)
_DENIES = _words(
    "no not without nothing neither none nobody cannot cant kein keine keinen keiner nicht "
    "ohne pas sans aucun aucune sin ningun ninguna ninguno senza nessun nessuna geen zonder "
    "sem nenhum nenhuma non nao"
)
#: Words that fill a sentence.
_FILLS = _words(
    "the a an is are it its they them these those two options option answers answer responses "
    "response sides side models model items item images image pictures texts text outputs "
    "output completions systems candidates choices of in as about roughly nearly almost "
    "approximately approx more or less very pretty much quite just exactly all good bad well "
    "poor poorly fine great wrong correct quality and one other another each between on any "
    "real strong clearly significant noticeable i have there was were seem seems look looks "
    "also too amount gut gute schlecht schlechte die der das den dem ein eine einen sind ist "
    "es etwa ungefahr fast beinahe annahernd von vom antworten antwort bilder seiten oder wie "
    "viel und so recht noch les deux le la l de des d est sont ca c meme memes bien bons "
    "bonnes mauvais mauvaises mal peu pres presque environ il y n reponses reponse ou ne tout "
    "autant aussi un une l'un l'autre ex aequo autre los las el lo dos son buenos buenas "
    "malos malas casi mas menos o da respuestas hay mismo misma gli due sono e buoni buone "
    "cattivi quasi circa di che risposte stesso stessa het een zijn allebei goed slecht "
    "ongeveer bijna van antwoorden even os dois duas sao boas ruins mesmo mesma quase "
    "respostas b 1 2 left right links rechts"
)
#: Words for one side: a tie names none of them, or both.
_SIDES = (("1", "2"), ("left", "right"), ("links", "rechts"))
#: Phrases whose words say nothing alone.
_PHRASES = frozenset({
    "ex aequo", "exaequo", "les deux", "los dos", "las dos", "tutti e due", "tutte e due",
    "os dois", "as duas", "alle beide", "allebei", "le meme", "la meme", "les memes",
    "pareil au meme",
    "lo mismo", "el mismo", "la misma", "lo stesso", "la stessa", "o mesmo", "a mesma", "tanto faz",
    "da igual", "toss up", "50 50", "fifty fifty", "half half", "cannot decide", "cant decide",
    "can not decide", "cannot tell apart", "cant tell apart", "hard to decide", "on par", "a par",
    "match nul", "meme chose", "la meme chose", "no one", "ni l un ni l autre", "autant",
    "het zelfde", "op gelijke hoogte", "stalemate",
})  # fmt: skip
_SIGNS = re.compile(r"^\s*(?:[ab12]\s*)?(=+|≈|~|≃|<=>|a=b|1=2)\s*(?:[ab12])?\s*$", re.IGNORECASE)
#: How an apostrophe is written.
_MARKS = "'\N{RIGHT SINGLE QUOTATION MARK}"
#: What is a tie, for messages.
WORDS = "tie, draw, equal, same, both, neither or no preference, also in six other languages"


def is_tie(said: str | None) -> bool:
    """Does a cell say that neither is the better one?"""
    if not said:
        return False
    if _SIGNS.match(said):
        return True
    plain = unicodedata.normalize("NFKD", said.casefold().replace("æ", "ae"))
    plain = "".join(one for one in plain if not unicodedata.combining(one))
    apart = "" if re.search(f"n[{_MARKS}]t", plain) else " "
    words = re.findall(r"[^\W_]+", re.sub(f"[{_MARKS}]", apart, plain))
    if not words or len(words) > 10:
        return False
    whole = " ".join(words)
    if whole in _PHRASES or "".join(words) in _TIES:
        return True
    denied = any(one in _DENIES for one in words)
    known = [one in _TIES or (denied and one in _NOTHING) for one in words]
    if denied and "not" in words and any(one in _TIES for one in words):
        return False  # not the same
    if words[-1] == "a" or any(len(set(words) & set(sides)) == 1 for sides in _SIDES):
        return False  # both say the first: whatever that is
    rest = [one for one, there in zip(words, known, strict=True) if not there]
    return any(known) and all(one in _FILLS or one in _DENIES for one in rest)


def ties_in(said: Iterable[str | None]) -> list[str]:
    """Those of the cells, as they are written, that say it."""
    return [one for one in set(said) if one and is_tie(one)]


def are_ties(cells: pl.Series) -> pl.Series:
    """Of each cell: does it say so? False where it is empty."""
    return cells.is_in(ties_in(cells.drop_nulls().unique())).fill_null(False)
