"""The soft label: the annotator states the probability of every class."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray, Shaped

from labelbits.errors import check_at_least
from labelbits.interface import Option
from labelbits.signals.base import (
    check_enumerable,
    column,
    compositions,
    exp_or_inf,
    is_number,
    log_choose,
)
from labelbits.signals.dirichlet import (
    SMALLEST,
    count_parts,
    dirichlet_multinomial_entropy,
    encode_probabilities,
    log_dirichlet_multinomial,
    log_reports,
    part_laws,
    sample_dirichlet_multinomial,
    told_apart,
    uniform_part_law,
    whole_parts,
)
from labelbits.signals.labels import permutation_orbit
from labelbits.signals.reports import Report
from labelbits.signals.shown import parts_shown, reports_shown


class Soft(Report):
    """The probability of every class: parts ~ Dirichlet-multinomial(m = grid, concentration pi).

    Lapse is a uniform draw from all C(m+K-1, K-1) points of the grid. The code holds the parts.
    """

    concentration: Any = 10.0
    grid: int = eqx.field(static=True, default=20)

    name: ClassVar[str] = "soft"
    called: ClassVar[str] = "soft labels"
    question: ClassVar[str] = "How probable is each class?"
    form: ClassVar[str] = "numbers"
    options: ClassVar[Mapping[str, Option]] = {
        "concentration": Option("number", "how closely reports follow pi", above=0),
        "grid": Option("whole", "parts that one report is rounded to"),
    }

    def __check_init__(self) -> None:
        check_at_least("grid of soft", self.grid, 1)

    def alpha(self, d2: Float[Array, "*n classes"]) -> Float[Array, "*n classes"]:
        """Dirichlet parameters concentration * pi."""
        log_pi = self.log_pi(d2)
        return jnp.maximum(column(self.concentration, log_pi) * jnp.exp(log_pi), SMALLEST)

    def log_outcomes(self, classes: int) -> float:
        return log_choose(self.grid + classes - 1, classes - 1)

    def outcomes(self, classes: int) -> float:
        return exp_or_inf(self.log_outcomes(classes))

    def width(self, classes: int) -> int:
        return classes

    def log_answers(self, answer: Shaped[Array, "*n width"], classes: int) -> Array:
        return log_reports(answer.sum(-1), classes)

    def log_report(self, answer: Shaped[Array, "*n width"], d2: Float[Array, "..."]) -> Array:
        return log_dirichlet_multinomial(answer, self.alpha(d2))

    def draw_report(
        self, key: PRNGKeyArray, d2: Float[Array, "*n classes"]
    ) -> Shaped[Array, "*n width"]:
        return sample_dirichlet_multinomial(key, self.alpha(d2), self.grid)

    def draw_uniform(
        self, key: PRNGKeyArray, d2: Float[Array, "*n classes"]
    ) -> Shaped[Array, "*n width"]:
        # Dirichlet-multinomial with parameters 1 is the uniform law on the grid.
        return sample_dirichlet_multinomial(key, jnp.ones_like(d2), self.grid)

    def explain(
        self, report: Shaped[Array, "*n width"], d2: Float[Array, "*n classes"]
    ) -> tuple[Array, Array]:
        """The exact entropy; how many classes got n parts, less its mean, for every n."""
        entropy, masses = part_laws(self.alpha(d2), self.grid, pooled=True)
        found = count_parts(report, self.grid).sum(-1)
        return entropy, jnp.moveaxis(found - told_apart(masses), 0, -1)

    def uniform_controls(self, answer: Shaped[Array, "*n width"], classes: int) -> Array:
        law = told_apart(jnp.asarray(uniform_part_law(self.grid, classes)))
        return jnp.moveaxis(count_parts(answer, self.grid).sum(-1), 0, -1) - classes * law

    def enumerate(self, classes: int, question: int = 0) -> np.ndarray:
        check_enumerable(self, classes)
        return compositions(self.grid, classes)

    def entropy(self, d2: Float[Array, "*n classes"]) -> Array | None:
        if not (is_number(self.lapse) and self.lapse == 0):
            return None
        return dirichlet_multinomial_entropy(self.alpha(d2), self.grid)

    def orbit(self, answer: np.ndarray, classes: int) -> tuple[np.ndarray, np.ndarray]:
        return permutation_orbit(answer)

    @classmethod
    def options_shown(cls, answers: Iterable[Any], items: int, classes: int) -> dict[str, Any]:
        found = reports_shown(answers)
        return {"grid": parts_shown(found)} if found else {}

    def least_classes(self, answer: Shaped[np.ndarray, "n width"]) -> int:
        return answer.shape[1]

    def states(self, answer: Shaped[np.ndarray, "n width"], classes: int) -> np.ndarray:
        return answer / np.maximum(answer.sum(1, keepdims=True), 1e-300)

    def encode(
        self, answer: Any, names: Mapping[str, int], asked: Sequence[str] = ()
    ) -> Sequence[float]:
        return whole_parts(encode_probabilities(answer, names), self.grid).tolist()

    def decode(self, code: np.ndarray, names: Sequence[str]) -> tuple[Any, list[str]]:
        m = float(code.sum())
        return {names[k]: float(n) / m for k, n in enumerate(code) if n}, []
