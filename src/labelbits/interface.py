"""The contracts that every part of labelbits speaks: Signal, World, Estimate, Answers.

This module imports nothing from the package. Units: information is in bits, `d2` is squared
Euclidean distance, money is in the plan's currency, time is in seconds.
"""

from __future__ import annotations

import abc
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, dataclass, field
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray, Shaped

if TYPE_CHECKING:
    import polars as pl

#: Positions may be those of numpy; what comes back is always of JAX.
AnyArray = Array | np.ndarray

Method = Literal["exact", "quadrature", "monte-carlo", "bound", "asymptotic"]
About = Literal["geometry", "items"]


@dataclass(frozen=True)
class Estimate:
    """A number of bits and how far to trust it.

    `bound` says which way the value errs: "value" (unbiased or exact), "upper" or "lower".
    `upper_bound` is the smallest bound that applies to the quantity, in bits; `outcomes` is the
    number of different answers (inf for a real-valued answer).
    """

    bits: float
    standard_error: float
    method: Method
    about: About = "geometry"
    bound: Literal["value", "upper", "lower"] = "value"
    upper_bound: float = float("inf")
    upper_bound_name: str = ""
    outcomes: float = float("inf")
    samples: int = 0
    warnings: tuple[str, ...] = ()

    def __str__(self) -> str:
        mark = {"value": "", "upper": "<= ", "lower": ">= "}[self.bound]
        return f"{mark}{self.bits:.4g} +- {self.standard_error:.1g} bits ({self.method})"


@dataclass(frozen=True)
class CitedTime:
    """Seconds for one answer as published: median, quartiles (or another spread), and where."""

    median: float
    low: float
    high: float
    source: str


OptionKind = Literal["whole", "number", "yes-no", "numbers", "matrix"]


@dataclass(frozen=True)
class Option:
    """One option of a signal: what kind of value it takes, what it means, its unit.

    The default is that of the signal's field of the same name (`Signal.option_default`), so that
    it is written once; `by_world` says that `for_world` chooses a value that suits the world. A
    number is finite, above `above` and no more than `at_most`.
    """

    kind: OptionKind
    help: str
    unit: str = ""
    by_world: bool = False
    above: float = -math.inf
    at_most: float = math.inf

    def read(self, text: str) -> Any:
        """The value written as `text`: 3, 0.5, yes, "9,4,1" or "0.9,0.1;0.2,0.8" (rows between
        semicolons). Raises `ValueError` that says what was found and expected."""
        word = text.strip().lower()
        try:
            if self.kind == "whole":
                return int(word)
            if self.kind == "number":
                return float(word)
            if self.kind == "yes-no":
                return {
                    "yes": True,
                    "true": True,
                    "1": True,
                    "no": False,
                    "false": False,
                    "0": False,
                }[word]
            rows = [[float(x) for x in row.split(",")] for row in word.split(";")]
            return np.array(rows if self.kind == "matrix" else rows[0])
        except (KeyError, ValueError):
            expected = {
                "whole": "a whole number",
                "number": "a number",
                "yes-no": "yes or no",
                "numbers": "numbers with commas between, as 9,4,1",
                "matrix": "rows of numbers with semicolons between, as 0.9,0.1;0.2,0.8",
            }[self.kind]
            raise ValueError(f"found {text!r}; expected {expected}") from None


class World(abc.ABC):
    """Where items and class prototypes live: a prior over points in R^dims.

    Sampling takes a JAX key, so equal seeds give equal worlds.
    """

    items: int
    classes: int
    dims: int

    @abc.abstractmethod
    def sample_items(self, key: PRNGKeyArray, shape: tuple[int, ...]) -> Float[Array, "*n dims"]:
        """Independent item positions, of shape `shape + (dims,)`."""

    @abc.abstractmethod
    def sample_prototypes(
        self, key: PRNGKeyArray, shape: tuple[int, ...]
    ) -> Float[Array, "*n classes dims"]:
        """Independent sets of class prototypes, of shape `shape + (classes, dims)`."""

    @property
    def known_prototypes(self) -> np.ndarray | None:
        """The class prototypes (classes, dims) where they are given, else None."""
        return getattr(self, "prototypes", None)

    def sample_class_distances(
        self, key: PRNGKeyArray, shape: tuple[int, ...]
    ) -> Float[Array, "*n classes"]:
        """Squared distances from an item to every prototype, a new item and new prototypes each.

        A world may draw them faster than by drawing the points.
        """
        item_key, prototype_key = jax.random.split(key)
        items = self.sample_items(item_key, shape)
        prototypes = self.sample_prototypes(prototype_key, shape)
        return squared_distances(items[..., None, :], prototypes)


class Signal(eqx.Module):
    """A question about a few points, answered through a noisy channel that depends on distances.

    The channel reads an array `d2` of squared distances: for class signals from one item to the
    K prototypes, shape (..., K) (`same-class`: (..., 2, K)); for comparisons between the
    question's own items, shape (..., len(pairs)). An answer is a code: a fixed-width array
    (..., width), integer for every signal but `similarity`.

    `precision` (inverse temperature beta > 0, inf is noise-free) and `lapse` (probability in
    [0, 1) of a uniformly random answer) are leaves that gradients flow through; every other
    parameter is static. One subclass, in one file, plus its line in the registry is a whole new
    signal: bits, recovery, simulation, planning, files and export all go through these members.
    """

    precision: eqx.AbstractVar[Any]
    lapse: eqx.AbstractVar[Any]

    name: ClassVar[str]
    question: ClassVar[str]
    #: What its answers are called where people buy them; "" for "<name> answers".
    called: ClassVar[str] = ""
    #: Does the question involve the class prototypes?
    uses_classes: ClassVar[bool]
    #: The Label Studio control that asks it: choices, numbers, ranker, pairwise, rating, number.
    form: ClassVar[str]
    #: Options a user may set beyond precision, lapse and confusion: what the command line, the
    #: tables and the documentation say about them is made from this.
    options: ClassVar[Mapping[str, Option]] = {}
    #: Those of them that are squared distances: they scale with the points.
    in_distances: ClassVar[tuple[str, ...]] = ()
    #: The question that one answer holds several people's answers to ("hard" of votes); of all
    #: others nothing.
    several_of: ClassVar[str] = ""
    #: May one question show any number of items?
    any_items: ClassVar[bool] = False

    @classmethod
    def labels_items(cls) -> bool:
        """Is each answer about the class of one item, so that a classifier can learn from it?"""
        return cls.uses_classes and cls.for_world(2, 5).arity == 1

    # -- the question --------------------------------------------------------------------------
    @property
    @abc.abstractmethod
    def arity(self) -> int:
        """How many items one question shows."""

    @abc.abstractmethod
    def distances(
        self,
        points: Float[AnyArray, "*n arity dims"],
        prototypes: Float[AnyArray, "*#n classes dims"] | None = None,
    ) -> Float[Array, "*n reads"] | Float[Array, "*n arity classes"]:
        """The squared distances that the channel reads."""

    def questions(self, classes: int) -> int:
        """Number of different questions on the same items (`verify`: one for each class)."""
        return 1

    def question_about(self, name: str) -> str:
        """The question as people read it where each is about one class (`questions`)."""
        return f"{self.question} ({name})"

    @property
    def answers_in_one(self) -> int:
        """How many people's answers one answer holds; each is paid for."""
        return 1

    @property
    def symmetry(self) -> int:
        """In how many orders the same items make the same question (triplet: 2, swap b and c)."""
        return 1

    def all_questions(self, items: int, classes: int) -> float:
        """Number of different questions on different items out of `items`."""
        return math.perm(items, self.arity) / self.symmetry * self.questions(classes)

    # -- the channel ---------------------------------------------------------------------------
    @abc.abstractmethod
    def outcomes(self, classes: int) -> float:
        """Number of different answers to one question; inf when the answer is a real number."""

    def log_outcomes(self, classes: int) -> float:
        """ln of the number of different answers; finite even where the number overflows."""
        return math.log(self.outcomes(classes))

    @abc.abstractmethod
    def width(self, classes: int) -> int:
        """Length of one answer code."""

    @abc.abstractmethod
    def log_prob(self, answer: Shaped[Array, "*n width"], d2: Float[Array, "..."]) -> Array:
        """Natural logarithm of P(answer | d2), lapse included; shapes broadcast."""

    @abc.abstractmethod
    def sample(
        self, key: PRNGKeyArray, d2: Float[Array, "..."], question: int | AnyArray = 0
    ) -> Shaped[Array, "*n width"]:
        """One answer to each question whose distances are `d2`."""

    @abc.abstractmethod
    def enumerate(self, classes: int, question: int = 0) -> Shaped[np.ndarray, "outcomes width"]:
        """Every answer code of one question, one row each. Only where `outcomes` is small."""

    # -- shortcuts for exact information (None: no shortcut, integrate) --------------------------
    def entropy(self, d2: Float[Array, "..."]) -> Array | None:
        """H(answer | d2) in nats in closed form, or None."""
        return None

    def sample_with_entropy(
        self, key: PRNGKeyArray, d2: Float[Array, "..."]
    ) -> tuple[Shaped[Array, "*n width"], Array]:
        """An answer and an unbiased estimate of H(answer | d2) in nats (exact where it can be)."""
        answer = self.sample(key, d2)
        entropy = self.entropy(d2)
        return answer, -self.log_prob(answer, d2) if entropy is None else entropy

    def sample_with_controls(
        self, key: PRNGKeyArray, d2: Float[Array, "..."]
    ) -> tuple[Shaped[Array, "*n width"], Array, Float[Array, "*n controls"]]:
        """`sample_with_entropy`, and functions of the answer whose mean given d2 is 0.

        The more of ln P(answer) they explain, the fewer draws its mean needs (control variates).
        """
        answer, entropy = self.sample_with_entropy(key, d2)
        return answer, entropy, jax.numpy.zeros((*entropy.shape, 0))

    def log_prob_all(
        self, d2: Float[Array, "..."], answers: Shaped[Array, "outcomes width"]
    ) -> Float[Array, "*n outcomes"]:
        """ln P of each of `answers` (what `enumerate` lists) at each d2."""
        return self.log_prob(answers, d2[..., None, :])

    def orbit(self, answer: np.ndarray, classes: int) -> tuple[np.ndarray, np.ndarray] | None:
        """(keys (n, any), ln sizes (n,)) of answers that exchangeable points make equally likely.

        With independent, identically distributed items and prototypes the marginal probability
        of an answer depends on its orbit alone, so its entropy needs a handful of frequencies
        instead of one for every answer. `answer` is (n, width); equal keys mean one orbit.
        """
        return None

    @classmethod
    def option_default(cls, name: str) -> Any:
        """The value of an option that is not given; None where it depends on the world."""
        field, option = cls.__dataclass_fields__.get(name), cls.options.get(name)
        if field is None or field.default is MISSING or (option is not None and option.by_world):
            return None
        return field.default

    @classmethod
    def same_perception(cls, precision: float) -> float:
        """The precision at which this signal's annotator perceives as one who gives hard labels
        of this precision does: each squared distance with a Gumbel error of scale 1 / precision,
        variance pi^2 / (6 precision^2). Signals that choose among distances so perceived keep it.
        """
        return precision

    # -- defaults, costs and files --------------------------------------------------------------
    @classmethod
    def for_world(cls, dims: int, classes: int, **options: Any) -> Signal:
        """The signal with defaults that suit a world of this size; `options` win."""
        return cls(**options)

    def cited_time(self, classes: int) -> CitedTime | None:
        """Published seconds for one answer, or None: then a pilot has to tell."""
        return None

    @abc.abstractmethod
    def encode(
        self, answer: Any, names: Mapping[str, int], asked: Sequence[str] = ()
    ) -> Sequence[float]:
        """Answer (parsed JSON) to code. `names` maps class names to numbers, `asked` are the
        classes the question names. Raises `ValueError` that says what was found and expected."""

    @classmethod
    def named(cls, answer: Any) -> list[str]:
        """The class names that a parsed answer mentions: classes that no file lists are found by
        them. What is said instead of a class ("none of these") is not among them."""
        return []

    @classmethod
    def options_shown(cls, answers: Iterable[Any], items: int, classes: int) -> dict[str, Any]:
        """Options that parsed `answers` (distinct ones, broken ones among them) and the numbers
        of `items` of a question and of `classes` show: lengths of lists, candidates, steps of a
        scale."""
        return {}

    def least_classes(self, answer: Shaped[np.ndarray, "n width"]) -> int:
        """The fewest classes that there can be where these answers were given."""
        return 2

    def tally(self, answer: Shaped[np.ndarray, "n width"], classes: int) -> np.ndarray | None:
        """Votes for each class that each answer counts, (n, classes); None where an answer of this
        signal is no vote."""
        return None

    @classmethod
    def counts_votes(cls) -> bool:
        """Is each answer one vote for a class, or several (`tally`)?"""
        return cls.tally is not Signal.tally

    def states(self, answer: Shaped[np.ndarray, "n width"], classes: int) -> np.ndarray | None:
        """The distribution over classes that each answer states, (n, classes); None where answers
        of this signal state none (an order, a comparison, what an item is not)."""
        return None

    @abc.abstractmethod
    def decode(self, code: np.ndarray, names: Sequence[str]) -> tuple[Any, list[str]]:
        """Code to (answer as JSON value, classes that the question names)."""


#: The annotator of answers of which no file says who gave them.
NOBODY = "unknown"
#: Probability that an interval holds the truth: the one level of every interval that users see.
LEVEL = 0.9
#: Half the width of such an interval in standard errors, where errors are normal.
Z = NormalDist().inv_cdf((1 + LEVEL) / 2)
#: The number of the format of plan.json: `planning/plan.schema.json` says what it promises.
PLAN_FORMAT = 1


@dataclass(frozen=True)
class Batch:
    """All answers of one signal, as arrays: what likelihoods are evaluated on.

    `items` (n, arity) indexes the items, `answer` (n, width) holds codes, `annotator` (n,)
    indexes annotators, `weight` (n,) multiplies log likelihoods.
    """

    signal: Signal
    items: np.ndarray
    answer: np.ndarray
    annotator: np.ndarray
    weight: np.ndarray

    def __len__(self) -> int:
        return len(self.items)

    def take(self, rows: np.ndarray) -> Batch:
        """The batch of these rows."""
        return Batch(
            self.signal,
            self.items[rows],
            self.answer[rows],
            self.annotator[rows],
            self.weight[rows],
        )


@dataclass(frozen=True)
class Answers:
    """Answers of any mixture of signals: the canonical table and the names it uses.

    `table` has one row an answer, columns `signal, annotator, items, classes, answer` and
    optionally `seconds, price, gold`; `items` and `classes` list every name in the order that
    codes use. `rejected` holds the rows that could not be read, with the reason; `notes` say what
    a reader assumed or repaired; `gold` maps items to true classes that the files state.
    """

    table: pl.DataFrame
    items: tuple[str, ...]
    classes: tuple[str, ...]
    annotators: tuple[str, ...] = ()
    rejected: pl.DataFrame | None = field(default=None, compare=False)
    notes: tuple[str, ...] = field(default=(), compare=False)
    gold: Mapping[str, str] = field(default_factory=dict, compare=False)

    def __len__(self) -> int:
        return len(self.table)


def squared_distances(a: Float[AnyArray, "*n dims"], b: Float[AnyArray, "*m dims"]) -> Array:
    """Squared Euclidean distances over the last axis; shapes broadcast."""
    return jax.numpy.sum((a - b) ** 2, axis=-1)
