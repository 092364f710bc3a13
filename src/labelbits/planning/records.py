"""The parts of a plan as plan.json holds them: records of plain values, with their types.

They are typed dictionaries, so that what Python reads is what plan.json says and what its schema
(`plan.schema.json`) publishes, under the same names. Money is in the plan's currency, quality in
the metric's own unit (a share of 1 for accuracy), an interval is [low, high] at `LEVEL`.
"""

from __future__ import annotations

from typing import NotRequired, TypedDict


class Purchase(TypedDict):
    """One kind of question to buy, and what its cost is made of.

    The signal's own options (`top`, `negatives`) stand beside these keys, in a mixture `strata`:
    the share of each kind of item that this purchase gets.
    """

    signal: str
    items: int
    answers_per_item: float
    answers: int
    cost: float
    cost_of_answers: float
    cost_of_items: float
    cost_of_sessions: float
    sessions: int
    annotators: str
    strata: NotRequired[dict[str, float]]


class Target(Purchase):
    """The cheapest purchase that is expected to reach a target; `sure_cost` reaches it nearly
    surely, None where that is not seen."""

    family: str
    quality: float
    interval: list[float]
    target: float
    sure_cost: float | None


class PilotWorth(TypedDict):
    """A pilot of `items` more items labelled in the ways `families`, and what it is worth."""

    items: int
    families: list[str]
    cost: float
    quality: float
    money: float
    net: float
    worth_it: bool


class ValueOfKnowing(TypedDict):
    """What perfect information is worth, and the pilot that is worth most."""

    quality: float
    money: float
    currency: str
    pilot: PilotWorth | None
    pilots: list[PilotWorth]


class Measured(TypedDict):
    """A quality that was measured, with its standard error."""

    quality: float
    standard_error: float


class Ceiling(Measured):
    """People's own agreement in terms of the metric; of comparisons with where it is from
    (`source`: repeats, or the fitted noise) in `words`."""

    what: str
    items: NotRequired[int]
    low: NotRequired[float]
    high: NotRequired[float]
    source: NotRequired[str]
    another_person: NotRequired[float]
    words: NotRequired[str]


#: The best constant answer: `class` is None where it is the class frequencies.
ConstantAnswer = TypedDict("ConstantAnswer", {"class": str | None, "quality": float, "items": int})


class Constant(ConstantAnswer):
    """The constant beside the advised purchase; `gain`: does that surely add anything to it?"""

    gain: bool | None
    said_first: bool
    instead: str
    gain_expected: NotRequired[float]
    gain_interval: NotRequired[list[float]]


class KnownGold(Measured):
    """What items with gold that nobody was asked about give as training items."""

    items: int
    measured_on: int


class Holdings(Measured):
    """The labels at hand; `worth` is how many answers of each family would be as good."""

    items: int
    answers: float
    measured_on: int
    worth: dict[str, float]


class Addition(TypedDict):
    """What the budget adds to the labels at hand when spent on one family."""

    family: str
    signal: str
    items: int
    answers_per_item: float
    answers: int
    cost: float
    annotators: str
    quality: float
    interval: list[float]
    gain: float
    gain_interval: list[float]
    at_limit: bool
    chance: float


class Next(TypedDict):
    """The labels at hand, and what money adds to them, best first."""

    items_held: int
    answers_held: float
    quality_now: float
    quality_now_standard_error: float
    worth_in_answers: dict[str, float]
    purchases: list[Addition]
    sentence: str


class Single(TypedDict):
    """The best single purchase from nothing, where a mixture is advised in its place, or what to
    add to labels that are held."""

    purchases: list[Purchase]
    quality: float
    interval: list[float]
    sentence: str


class Recommendation(TypedDict):
    """What to buy. `parts` are the sentences of `sentence` by what they are about; `leads` what
    the reader has to know before; `from_nothing` what the money would buy without the labels that
    are held, where quality and interval are of both together."""

    family: str
    purchases: list[Purchase]
    cost: float
    quality: float
    interval: list[float]
    probability_best: float
    probabilities: dict[str, float]
    next_best: str | None
    value_of_knowing: ValueOfKnowing | None
    parts: dict[str, str]
    sentence: str
    cheapest_for_target: NotRequired[Target | None]
    target_sentence: NotRequired[str]
    ceiling: NotRequired[Ceiling | None]
    constant: NotRequired[Constant | None]
    leads: NotRequired[list[str]]
    next: NotRequired[Next]
    single: NotRequired[Single]
    from_nothing: NotRequired[Single]


class Crossover(TypedDict):
    """The price ratio at which two families are equally good; None where one wins at all."""

    a: str
    b: str
    budget: float
    current_price_ratio: float
    price_ratio: float | None
    interval: list[float] | None
    wins: str
    sentence: str


class Mixture(TypedDict):
    """The best split of the money over several families, and its measured gain over `single`."""

    shares: dict[str, float]
    design: dict[str, float] | dict[str, list[float]]
    single: str
    budget: float
    measured_at: float
    gain: float
    interval: list[float]
    recommended: bool
    metric_name: str
    percent: bool
    sentence: str
    purchases: list[Purchase]


class Backtest(TypedDict):
    """The forecast of one family made again from a quarter of its sizes, and what was measured."""

    family: str
    trained_to: int
    items: int
    predicted: float
    low: float
    high: float
    actual: float


class Uncertainty(TypedDict):
    """Where the uncertainty of a family at what the budget buys is from: [low, high] each."""

    family: str
    items: int
    sampling: list[float]
    model: list[float]


class Doubling(TypedDict):
    """What twice the answers that are held would gain, and the room there is to the ceiling."""

    gain: float
    interval: list[float]
    room: float


class Shots(TypedDict):
    """Few-shot accuracy with `labels` labels a class, by number of answers."""

    labels: int
    answers: list[int]
    accuracy: list[float]
    low: list[float]
    high: list[float]


class MeasuredCurve(TypedDict):
    """Quality of spaces learned from one source of answers, by their number."""

    source: str
    answers: list[int]
    quality: list[float]
    low: list[float]
    high: list[float]
    shots: Shots | None


#: Answers on an item that are enough for its `class`, the `distribution` of what people say and the
#: `entropy` of that (None: more than were tried), from items with so many `votes` on average;
#: `class_if_alike` if no item is harder than another.
AnswersEachItem = TypedDict(
    "AnswersEachItem",
    {
        "class": int | None,
        "distribution": int | None,
        "entropy": int | None,
        "class_if_alike": int | None,
        "votes": float,
        "sentence": str,
    },
)


class Extras(TypedDict, total=False):
    """What else is known of a plan, as far as it is: what the report shows beside the advice.

    `seed` is there in every finished plan."""

    seed: int
    target: float | None
    spent: float
    classes: list[str] | int | None
    lead: str
    bits_about: str
    by_theory: bool
    #: What the learner of the plan and the linear one would buy, in words, where they differ.
    learners: str
    mixture: Mixture | None
    holdings: Holdings | None
    known: KnownGold
    constant: ConstantAnswer | None
    ceiling: Ceiling | None
    answers_each: AnswersEachItem
    backtest: list[Backtest]
    uncertainty: list[Uncertainty]
    doubling: Doubling
    stop: bool
    #: Qualities come from simulated worlds: no answer was there to measure them on.
    simulated: bool
    measured_curves: list[MeasuredCurve]
