"""[[signal]]: a kind of question in a plan file, who answers it and what is paid."""

from __future__ import annotations

import math
from typing import Any

from pydantic import Field, model_validator

from labelbits.interface import Signal
from labelbits.planning.spec.annotator_kinds import (
    CROWD,
    AnnotatorKind,
    KnownBy,
    annotator_kind,
    by,
)
from labelbits.planning.spec.values import Money, PlanTable
from labelbits.signals import REGISTRY


def check_option(kind: type[Signal], name: str, value: Any) -> None:
    """Raise `ValueError` unless a plan's value of an option is of the type of its default."""
    usual = getattr(kind.__dataclass_fields__.get(name), "default", None)
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if isinstance(usual, bool):
        right, expected = isinstance(value, bool), "true or false"
    elif isinstance(usual, int):
        right, expected = number and isinstance(value, int), "a whole number"
    elif isinstance(usual, float):
        right, expected = number and math.isfinite(value), "a number"
        if right and usual > 0 and not value > 0:
            right, expected = False, "a number above 0"
    else:
        return
    if not right:
        raise ValueError(f"{name} is {value!r}; expected {expected} ({_help_of(kind, name)})")


def _help_of(kind: type[Signal], name: str) -> str:
    """What an option means, in the words of its signal."""
    told: Any = kind.options[name]
    return getattr(told, "help", told)


class SignalPlan(PlanTable):
    """[[signal]]: a kind of question, its price or time, who answers and with what noise.

    `annotators`: a kind of `ANNOTATOR_KINDS`, such as "crowd" (the people of counts and pilot) or
    "model" (a language model), or any name of others, such as "expert". `model` picks one language
    model of the pilot by its name. A model is paid per
    answer (`price`) or per token: `input_tokens` and `output_tokens` of one answer at
    `input_price` and `output_price` for a million tokens. `answers_per_question`: of comparisons,
    how many people answer each question (left out: 1 and 3 are compared, where the pilot measures
    them). `own` holds the options that
    the signal itself declares (`Signal.options`), which stand in the table as keys of their own.
    """

    kind: str
    annotators: str = Field(default=CROWD, min_length=1, max_length=40)
    model: str | None = None
    input_tokens: float | None = Field(None, ge=0)
    output_tokens: float | None = Field(None, ge=0)
    input_price: float | None = Field(None, ge=0)
    output_price: float | None = Field(None, ge=0)
    seconds: float | None = Field(None, gt=0)
    price: Money | None = None
    lapse: float | None = Field(None, ge=0, lt=1)
    precision: float | None = Field(None, gt=0)
    answers_per_item: int | None = Field(None, ge=1, le=10_000)
    answers_per_question: int | None = Field(None, ge=1, le=1_000)
    own: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _options_of_the_signal(cls, found: Any) -> Any:
        """Keys that signals declare as options of theirs go into `own`."""
        if not isinstance(found, dict) or "own" in found:
            return found
        declared = {name for signal in REGISTRY.values() for name in signal.options}
        declared -= set(cls.model_fields)
        own = {key: value for key, value in found.items() if key in declared}
        return {**{key: value for key, value in found.items() if key not in own}, "own": own}

    @model_validator(mode="after")
    def _options_have_the_right_type(self) -> SignalPlan:
        kind = REGISTRY.get(self.kind)
        for name, value in self.own.items():
            if kind is not None and name in kind.options:
                check_option(kind, name, value)
        return self

    @property
    def annotator_kind(self) -> AnnotatorKind:
        """What plans know of those who answer."""
        return annotator_kind(self.annotators, self.model)

    @property
    def known_by(self) -> KnownBy:
        """What the plan holds of those who answer."""
        return self.annotator_kind.known_by

    @property
    def who(self) -> str:
        """Who answers: a model's own name, where it has one."""
        return self.model or self.annotators

    @property
    def asked(self) -> str:
        """What is asked, and of whom where that is not the crowd."""
        return by(self.kind, self.who)

    @property
    def tokens_price(self) -> float | None:
        """Money for the tokens of one answer; None where the plan gives no tokens."""
        if self.input_tokens is None and self.output_tokens is None:
            return None
        read = (self.input_tokens or 0) * (self.input_price or 0)
        return (read + (self.output_tokens or 0) * (self.output_price or 0)) / 1e6

    def options(self) -> dict[str, Any]:
        """The options of the signal itself that the plan gives."""
        return dict(self.own)
