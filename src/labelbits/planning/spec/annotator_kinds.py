"""Who can answer in a plan, one entry each: what tells how they answer, and what they are paid."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class KnownBy(Enum):
    """What tells a plan how annotators of a kind answer."""

    #: The answers of people in counts and pilot.
    PEOPLE = "people's answers"
    #: The answers of one language model, by its name. Asked the same again, it says the same.
    MODEL = "a model's answers"
    #: No answer: they are right but for the plan's lapse.
    LAPSE = "a lapse"


@dataclass(frozen=True)
class Named:
    """The key of [[signal]] that says which of their kind they are, as the page asks for it."""

    key: str
    label: str
    help: str = ""


@dataclass(frozen=True)
class AnnotatorKind:
    """One kind of annotators that plans know.

    `name` is `annotators` of [[signal]]; `title` is the choice on the page and `words` stand within
    a sentence ("hard by a language model"; empty: their own name does). `no_price` is what to do
    where neither plan nor pilot tells the price of an answer; empty where published times, which
    are a crowd's, hold for them. `named`: how one of their kind is told from another.
    """

    name: str
    title: str
    known_by: KnownBy
    words: str = ""
    no_price: str = ""
    named: Named | None = None


#: Who answers where nothing else is said.
CROWD = "crowd"
#: The kind of every name that is no kind's own.
OTHERS = "expert"

ANNOTATOR_KINDS: dict[str, AnnotatorKind] = {
    kind.name: kind
    for kind in (
        AnnotatorKind(CROWD, "people (the crowd)", KnownBy.PEOPLE),
        AnnotatorKind(
            "model",
            "a language model",
            KnownBy.MODEL,
            "a language model",
            "no price; add price = that of one answer, or input_tokens, output_tokens and their "
            "prices for a million (input_price, output_price)",
            Named("model", "Model", "its name in the answers; left empty: any"),
        ),
        AnnotatorKind(
            OTHERS,
            "others, such as experts",
            KnownBy.LAPSE,
            "",
            "neither price nor seconds is given; published times are a crowd's: add price = ... or "
            "seconds = ...",
            Named("annotators", "Their name"),
        ),
    )
}


def annotator_kind(annotators: str, model: str | None = None) -> AnnotatorKind:
    """The kind that `annotators` names; who has a name of their own is of the kind of others, and
    where a `model` is named, that model answers whatever `annotators` says."""
    if model is not None:
        return next(k for k in ANNOTATOR_KINDS.values() if k.known_by is KnownBy.MODEL)
    return ANNOTATOR_KINDS.get(annotators, ANNOTATOR_KINDS[OTHERS])


def by(what: str, who: str) -> str:
    """`what` of `who`, whose name goes without saying where it is the crowd."""
    return what if who == CROWD else f"{what} by {who}"
