"""What can learn from labels in a plan, one entry each: options, how it is made, how it is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

import numpy as np
from pydantic import Field, TypeAdapter, ValidationError


@dataclass(frozen=True)
class LearnerOption:
    """One key of [learner]: the type of its value, as pydantic checks it, its default, and what it
    means, for who fills it in."""

    type: Any
    default: Any
    help: str = ""

    def read(self, value: Any) -> Any:
        """The checked value. Raises `ValueError` that says what is wrong with it."""
        try:
            return TypeAdapter(self.type).validate_python(value)
        except ValidationError as problem:
            raise ValueError(problem.errors()[0]["msg"]) from None


@dataclass(frozen=True)
class LearnerKind:
    """One learner that plans know.

    `name` in plan files; `words` within a sentence ("the encoder"), `many` of them ("encoders").
    `made(options, classes)` is an object with `fit(features, batches)` and `predict_proba`, as
    `learning.measure` takes it; None for the linear learner, which needs no other.
    `spaces(options, features, seed)` learns spaces from comparisons
    (`planning.comparisons.beside.SpaceLearner`); None where it learns from labels alone.
    `unmixed(options)`: why it is too dear to look for a mixture with, which takes up to 220
    trainings; empty where it is not.
    `told(options)` is what a plan says of it: (its name, its size, how it is fitted).
    """

    name: str
    words: str
    many: str
    told: Callable[[Mapping[str, Any]], tuple[str, str, str]]
    made: Callable[[Mapping[str, Any], int], Any] | None = None
    options: Mapping[str, LearnerOption] = field(default_factory=dict)
    spaces: Callable[[Mapping[str, Any], np.ndarray, int], Any] | None = None
    unmixed: Callable[[Mapping[str, Any]], str] = lambda options: ""


#: Steps of a training up to which mixtures are measured: to choose one and measure its gain takes
#: up to 220 trainings, of .07 s for 500 steps (docs/planning.md).
MOST_STEPS = 5_000


def _encoder(options: Mapping[str, Any], classes: int) -> Any:
    from labelbits.learning.encoders import EncoderLearner  # a compiler, which others need not

    return EncoderLearner(options["hidden"], options["steps"], classes, options["learning_rate"])


def _encoded_spaces(options: Mapping[str, Any], features: np.ndarray, seed: int) -> Any:
    from labelbits.learning.encoders import EncoderFitter

    return EncoderFitter(
        features, options["hidden"], options["steps"], options["learning_rate"], seed=seed
    )


def _dear_encoder(options: Mapping[str, Any]) -> str:
    steps = options["steps"]
    if steps <= MOST_STEPS:
        return ""
    return (
        f"mixtures of labels were left out: to choose one and measure its gain takes up to 220 "
        f"trainings of {steps:,} steps; they are measured up to {MOST_STEPS:,} steps"
    )


def _of_the_encoder(options: Mapping[str, Any]) -> tuple[str, str, str]:
    wide = " and ".join(str(width) for width in options["hidden"]) or "no"
    return (
        "encoder",
        f"{wide} hidden units, {options['steps']:,} steps at most",
        "trained by gradient descent on each kind of answer's likelihood, stopped early by a tenth "
        "of its answers",
    )


def _of_the_linear(options: Mapping[str, Any]) -> tuple[str, str, str]:
    return (
        "ridge multinomial regression",
        "on the plan's features",
        "fitted to each kind of answer by its likelihood; ridge chosen by cross-validation",
    )


#: The learner that others are measured beside.
LINEAR = "linear"

LEARNERS: dict[str, LearnerKind] = {
    learner.name: learner
    for learner in (
        LearnerKind(LINEAR, "the linear learner", "linear learners", _of_the_linear),
        LearnerKind(
            "encoder",
            "the encoder",
            "encoders",
            _of_the_encoder,
            _encoder,
            {
                "hidden": LearnerOption(
                    tuple[Annotated[int, Field(ge=1, le=10_000)], ...],
                    (64,),
                    "widths of its hidden layers, apart by commas",
                ),
                "steps": LearnerOption(
                    Annotated[int, Field(ge=10, le=1_000_000)], 500, "gradient steps at most"
                ),
                "learning_rate": LearnerOption(
                    Annotated[float, Field(gt=0, le=10)],
                    0.003,
                    "lower it where a message says that training diverges",
                ),
            },
            _encoded_spaces,
            _dear_encoder,
        ),
    )
}
