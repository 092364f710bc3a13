"""The sparse soft label: the most probable classes, how probable, and which are impossible."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray, Shaped

from labelbits.errors import check_at_least
from labelbits.interface import CitedTime, Option
from labelbits.signals.base import (
    check_enumerable,
    check_top,
    column,
    compositions,
    exp_or_inf,
    log_choose,
)
from labelbits.signals.dirichlet import (
    SMALLEST,
    count_parts,
    encode_probabilities,
    log_dirichlet_multinomial,
    log_reports,
    part_laws,
    sample_dirichlet_multinomial,
    told_apart,
    uniform_part_law,
    whole_parts,
)
from labelbits.signals.reports import (
    PLACE_CONTROLS,
    Report,
    log_plackett_luce,
    path_entropy,
    sample_ordered,
)
from labelbits.signals.shown import parts_shown, reports_shown
from labelbits.signals.stated import completed


def _flat(table: Array) -> Array:
    """(told, *n, K) to (*n, told x K)."""
    moved = jnp.moveaxis(table, 0, -1)
    return moved.reshape(*moved.shape[:-2], -1)


def _free(per_class: Array, chosen: Array) -> Array:
    """Which classes (..., K) are not among those chosen (..., t)."""
    free = jnp.ones(per_class.shape, dtype=bool)
    for place in range(chosen.shape[-1]):
        free &= jnp.arange(per_class.shape[-1]) != chosen[..., place : place + 1]
    return free


class SparseSoft(Report):
    """The `top` most probable classes with probabilities, and (if asked) the impossible classes.

    Which and in what order: Plackett-Luce over pi. How much: the parts of the chosen classes and
    of the rest are Dirichlet-multinomial with parameters concentration * (pi_1, .., pi_t, rest).
    Ticked impossible: each class not chosen with probability s / (s + pi_k), s =
    `impossible_below`. Code: classes chosen (t), parts of each and of the rest (t+1), ticks (K,
    only if `impossible`). A class code of -1 means that no further class was named.
    """

    concentration: Any = 10.0
    impossible_below: Any = 0.02
    top: int = eqx.field(static=True, default=2)
    grid: int = eqx.field(static=True, default=20)
    impossible: bool = eqx.field(static=True, default=False)

    name: ClassVar[str] = "sparse-soft"
    called: ClassVar[str] = "sparse soft labels"
    question: ClassVar[str] = "Which classes are most probable, and how probable are they?"
    form: ClassVar[str] = "numbers"
    options: ClassVar[Mapping[str, Option]] = {
        "top": Option("whole", "classes named"),
        "concentration": Option("number", "how closely reports follow pi", above=0),
        "grid": Option("whole", "parts that one report is rounded to"),
        "impossible": Option("yes-no", "are impossible classes ticked"),
        "impossible_below": Option(
            "number", "probability ticked impossible half the time", above=0, at_most=1
        ),
    }

    def __check_init__(self) -> None:
        check_at_least("top of sparse-soft", self.top, 1)
        check_at_least("grid of sparse-soft", self.grid, 1)

    def log_outcomes(self, classes: int) -> float:
        check_top(self, self.top, classes)
        which = math.lgamma(classes + 1) - math.lgamma(classes - self.top + 1)
        ticks = (classes - self.top) * math.log(2) if self.impossible else 0.0
        return which + log_choose(self.grid + self.top, self.top) + ticks

    def outcomes(self, classes: int) -> float:
        return exp_or_inf(self.log_outcomes(classes))

    def width(self, classes: int) -> int:
        check_top(self, self.top, classes)
        return 2 * self.top + 1 + (classes if self.impossible else 0)

    def _split(self, answer: Array) -> tuple[Array, Array, Array]:
        t = self.top
        chosen = answer[..., :t].astype(jnp.int32)
        return chosen, answer[..., t : 2 * t + 1], answer[..., 2 * t + 1 :]

    def _alpha(self, log_pi: Array, chosen: Array) -> Array:
        """Dirichlet parameters of the chosen classes and of the rest."""
        picked = jnp.take_along_axis(log_pi, jnp.maximum(chosen, 0), axis=-1)
        pi = jnp.where(chosen >= 0, jnp.exp(picked), 0.0)
        # The sum of the others: 1 less those chosen has no digits left where they hold all. The
        # slope of both is the same, and that of the difference is cheaper.
        left = 1 - pi.sum(-1, keepdims=True)
        rest = jnp.sum(jnp.where(_free(log_pi, chosen), jnp.exp(log_pi), 0.0), -1, keepdims=True)
        rest = left + jax.lax.stop_gradient(rest - left)
        mass = jnp.concatenate([pi, rest], axis=-1)
        return jnp.maximum(column(self.concentration, mass) * mass, SMALLEST)

    def _log_ticks(self, log_pi: Array, chosen: Array) -> tuple[Array, Array, Array]:
        """ln P(tick), ln P(no tick) of each class, and which classes can be ticked."""
        log_odds = jnp.log(self.impossible_below) - log_pi
        free = _free(log_pi, chosen)
        return jax.nn.log_sigmoid(log_odds), jax.nn.log_sigmoid(-log_odds), free

    def log_answers(self, answer: Shaped[Array, "*n width"], classes: int) -> Array:
        t, m = self.top, self._split(answer)[1].sum(-1)
        log_outcomes = math.lgamma(classes + 1) - math.lgamma(classes - t + 1)
        log_outcomes += log_reports(m, t + 1)
        return log_outcomes + (classes - t) * math.log(2) * self.impossible

    def log_report(self, answer: Shaped[Array, "*n width"], d2: Float[Array, "..."]) -> Array:
        log_pi = self.log_pi(d2)
        shape = jnp.broadcast_shapes(answer.shape[:-1], log_pi.shape[:-1])
        log_pi = jnp.broadcast_to(log_pi, (*shape, log_pi.shape[-1]))
        chosen, parts, ticks = self._split(jnp.broadcast_to(answer, (*shape, answer.shape[-1])))
        log_p = log_plackett_luce(log_pi, chosen)
        log_p += log_dirichlet_multinomial(parts, self._alpha(log_pi, chosen))
        if self.impossible:
            yes, no, free = self._log_ticks(log_pi, chosen)
            log_p += jnp.sum(jnp.where(free, jnp.where(ticks > 0, yes, no), 0.0), axis=-1)
        return log_p

    def draw_report(
        self, key: PRNGKeyArray, d2: Float[Array, "*n classes"]
    ) -> Shaped[Array, "*n width"]:
        log_pi = self.log_pi(d2)
        which, how_much, tick = jax.random.split(key, 3)
        chosen = sample_ordered(which, log_pi, self.top)
        alpha = self._alpha(log_pi, chosen)
        parts = [chosen, sample_dirichlet_multinomial(how_much, alpha, self.grid)]
        if self.impossible:
            yes, _, free = self._log_ticks(log_pi, chosen)
            ticked = free & (jnp.log(jax.random.uniform(tick, log_pi.shape)) < yes)
            parts.append(ticked.astype(jnp.int32))
        return jnp.concatenate(parts, axis=-1)

    def draw_uniform(
        self, key: PRNGKeyArray, d2: Float[Array, "*n classes"]
    ) -> Shaped[Array, "*n width"]:
        which, how_much, tick = jax.random.split(key, 3)
        chosen = sample_ordered(which, jnp.zeros_like(d2), self.top)
        ones = jnp.ones((*d2.shape[:-1], self.top + 1))
        parts = [chosen, sample_dirichlet_multinomial(how_much, ones, self.grid)]
        if self.impossible:
            free = _free(d2, chosen)
            parts.append((free & jax.random.bernoulli(tick, 0.5, d2.shape)).astype(jnp.int32))
        return jnp.concatenate(parts, axis=-1)

    def explain(
        self, report: Shaped[Array, "*n width"], d2: Float[Array, "*n classes"]
    ) -> tuple[Array, Array]:
        """Entropy of the parts and ticks given the classes chosen; parts of each, less their
        means given the classes chosen."""
        log_pi = self.log_pi(d2)
        chosen, parts, ticks = self._split(report)
        entropy, choices = path_entropy(log_pi, chosen)
        of_parts, masses = part_laws(self._alpha(log_pi, chosen), self.grid)
        found = count_parts(parts, self.grid) - told_apart(masses)
        controls = [choices, _flat(found)]
        entropy += of_parts
        if self.impossible:
            yes, no, free = self._log_ticks(log_pi, chosen)
            entr = jax.scipy.special.entr
            tick = entr(jnp.exp(yes)) + entr(jnp.exp(no))
            entropy += jnp.sum(jnp.where(free, tick, 0.0), axis=-1)
            surplus = jnp.sum(jnp.where(free, ticks - jnp.exp(yes), 0.0), axis=-1)
            controls.append(surplus[..., None])
        return entropy, jnp.concatenate(controls, axis=-1)

    def uniform_controls(self, answer: Shaped[Array, "*n width"], classes: int) -> Array:
        _, parts, ticks = self._split(answer)
        law = told_apart(jnp.asarray(uniform_part_law(self.grid, self.top + 1)))
        found = count_parts(parts, self.grid)
        controls = [
            jnp.zeros((*answer.shape[:-1], PLACE_CONTROLS * self.top)),
            _flat(found - law.reshape(-1, *[1] * parts.ndim)),
        ]
        if self.impossible:
            controls.append(ticks.sum(-1, keepdims=True) - (classes - self.top) / 2)
        return jnp.concatenate(controls, axis=-1)

    def enumerate(self, classes: int, question: int = 0) -> np.ndarray:
        check_enumerable(self, classes)
        amounts = compositions(self.grid, self.top + 1)
        rows = []
        for chosen in itertools.permutations(range(classes), self.top):
            free = [k for k in range(classes) if k not in chosen]
            block = np.concatenate([np.tile(chosen, (len(amounts), 1)), amounts], axis=1)
            for ticked in itertools.product((0, 1), repeat=len(free)) if self.impossible else [()]:
                ticks = np.zeros((len(block), classes if self.impossible else 0), dtype=np.int32)
                if self.impossible:
                    ticks[:, free] = ticked
                rows.append(np.concatenate([block, ticks], axis=1))
        return np.concatenate(rows).astype(np.int32)

    def orbit(self, answer: np.ndarray, classes: int) -> tuple[np.ndarray, np.ndarray]:
        """Which classes were named does not matter: parts and the number of ticks do."""
        t = self.top
        keys = answer[:, t : 2 * t + 1].astype(np.int64)
        log_size = np.full(len(answer), math.lgamma(classes + 1) - math.lgamma(classes - t + 1))
        if self.impossible:
            ticks = answer[:, 2 * t + 1 :].sum(1)
            keys = np.concatenate([keys, ticks[:, None]], axis=1)
            choose = np.array([log_choose(classes - t, n) for n in range(classes - t + 1)])
            log_size = log_size + choose[ticks.astype(int)]
        return keys, log_size

    @classmethod
    def options_shown(cls, answers: Iterable[Any], items: int, classes: int) -> dict[str, Any]:
        """Classes named, and whether impossible ones are ticked, beside the parts."""
        found = reports_shown(answers)
        if not found:
            return {}
        named = min(max(sum(v != 0 for v in one.values()) for one in found), classes)
        ticked = any(v == 0 for one in found for v in one.values())
        return {"grid": parts_shown(found), "top": max(1, named), "impossible": ticked}

    def least_classes(self, answer: Shaped[np.ndarray, "n width"]) -> int:
        named = int(answer[:, : self.top].max(initial=1)) + 1
        return max(named, answer.shape[1] - 2 * self.top - 1)

    def states(self, answer: Shaped[np.ndarray, "n width"], classes: int) -> np.ndarray:
        """The named classes' parts, completed as every report is (`stated`)."""
        n, t = len(answer), self.top
        chosen = answer[:, :t].astype(int)
        parts = answer[:, t : 2 * t + 1].astype(np.float64)
        parts = parts / np.maximum(parts.sum(1, keepdims=True), 1e-12)
        named = chosen >= 0
        rows = np.broadcast_to(np.arange(n)[:, None], chosen.shape)
        stated, mentioned = np.zeros((n, classes)), np.zeros((n, classes), dtype=bool)
        np.add.at(stated, (rows[named], chosen[named]), parts[:, :t][named])
        mentioned[rows[named], chosen[named]] = True
        is_open = ~mentioned
        if self.impossible:
            is_open &= answer[:, 2 * t + 1 :] == 0
        # All the probability on the rest, and all the rest ticked impossible: only the names are
        # left; where nothing is named either, nothing is said.
        lost = (stated.sum(1) <= 0) & ~is_open.any(1)
        stated[lost] = np.where(mentioned[lost].any(1, keepdims=True), mentioned[lost], 1.0)
        empty = stated.sum(1) <= 0
        found = np.where(is_open, 1.0, 0.0) / np.maximum(is_open.sum(1, keepdims=True), 1)
        found[~empty] = completed(stated[~empty], is_open[~empty])
        return found

    def cited_time(self, classes: int) -> CitedTime | None:
        if self.top != 2 or classes > 30:
            return None
        return CitedTime(32.3, 18.1, 68.9, "CIFAR-10S, first showings (Collins et al. 2022, HCOMP)")

    def encode(
        self, answer: Any, names: Mapping[str, int], asked: Sequence[str] = ()
    ) -> Sequence[float]:
        if len(names) < self.top:
            raise ValueError(f"there are {len(names)} classes; expected at least top = {self.top}")
        row = encode_probabilities(answer, names)
        if row.max() > 1.5:  # typed as percentages
            row = row / 100
        order = [int(k) for k in np.argsort(-row, kind="stable") if row[k] > 0][: self.top]
        named = row[order]
        rest = max(0.0, 1 - named.sum())
        amounts = np.zeros(self.top + 1)
        amounts[: len(order)] = named
        amounts[-1] = rest
        code = order + [-1] * (self.top - len(order)) + whole_parts(amounts, self.grid).tolist()
        if self.impossible:
            zero = [names[str(key)] for key, value in answer.items() if value == 0]
            code += [1.0 if k in zero else 0.0 for k in range(len(names))]
        return code

    def decode(self, code: np.ndarray, names: Sequence[str]) -> tuple[Any, list[str]]:
        """A class named with 0 parts gets a probability that rounds to 0 parts: 0 in a file says
        that the class is impossible, and zeros alone are no report."""
        t, m = self.top, float(code[self.top : 2 * self.top + 1].sum())
        answer, little = {}, 0.25
        for k, n in zip(code[:t], code[t:], strict=False):
            if k < 0:
                continue
            answer[names[int(k)]] = float(n or little) / m
            # Falling, so that they keep their order, and less than half a part together.
            little = little if n else little / 2
        for k, ticked in enumerate(code[2 * t + 1 :]):
            if ticked:
                answer[names[k]] = 0.0
        return answer, []
