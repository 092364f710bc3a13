"""What signals with long answers share: a lapse is a whole report drawn uniformly.

P(answer | d2) = (1 - lapse) P_report(answer | d2) + lapse / outcomes.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray, Shaped

from labelbits.interface import AnyArray
from labelbits.signals.base import ClassSignal, entropy_of, is_number, with_lapse


class Report(ClassSignal):
    """A class signal that is answered at length; the subclass says what a report is."""

    def draw_report(
        self, key: PRNGKeyArray, d2: Float[Array, "*n classes"]
    ) -> Shaped[Array, "*n width"]:
        """An answer of an annotator who does not lapse."""
        raise NotImplementedError

    def draw_uniform(
        self, key: PRNGKeyArray, d2: Float[Array, "*n classes"]
    ) -> Shaped[Array, "*n width"]:
        """An answer drawn from all answers alike."""
        raise NotImplementedError

    def log_report(self, answer: Shaped[Array, "*n width"], d2: Float[Array, "..."]) -> Array:
        """ln P(answer | d2) without lapse."""
        raise NotImplementedError

    def explain(
        self, report: Shaped[Array, "*n width"], d2: Float[Array, "*n classes"]
    ) -> tuple[Float[Array, "*n"], Float[Array, "*n controls"]]:
        """For a drawn report: an unbiased estimate of the report's entropy in nats (exact where
        it can be), and functions of the report with mean 0 given d2."""
        raise NotImplementedError

    def uniform_controls(
        self, answer: Shaped[Array, "*n width"], classes: int
    ) -> Float[Array, "*n controls"]:
        """The same functions of an answer drawn uniformly, less their means under that law."""
        raise NotImplementedError

    def log_answers(self, answer: Shaped[Array, "*n width"], classes: int) -> float | Array:
        """ln of the number of answers to the question that `answer` was given to."""
        return self.log_outcomes(classes)

    def log_prob(self, answer: Shaped[Array, "*n width"], d2: Float[Array, "..."]) -> Array:
        log_p = self.log_report(answer, d2)
        return with_lapse(log_p, self.lapse, self.log_answers(answer, d2.shape[-1]))

    def sample(
        self, key: PRNGKeyArray, d2: Float[Array, "..."], question: int | AnyArray = 0
    ) -> Shaped[Array, "*n width"]:
        if is_number(self.lapse) and self.lapse == 0:
            return self.draw_report(jax.random.split(key, 3)[1], d2)
        return self._draw(key, d2)[2]

    def _draw(self, key: PRNGKeyArray, d2: Array) -> tuple[Array, Array, Array, Array]:
        """(lapses, report, answer, answer drawn uniformly)."""
        lapse, report, uniform = jax.random.split(key, 3)
        lapses = jax.random.uniform(lapse, d2.shape[:-1]) < self.lapse
        drawn, other = self.draw_report(report, d2), self.draw_uniform(uniform, d2)
        return lapses, drawn, jnp.where(lapses[..., None], other, drawn), other

    def sample_with_entropy(
        self, key: PRNGKeyArray, d2: Float[Array, "..."]
    ) -> tuple[Shaped[Array, "*n width"], Array]:
        return self.sample_with_controls(key, d2)[:2]

    def sample_with_controls(
        self, key: PRNGKeyArray, d2: Float[Array, "..."]
    ) -> tuple[Shaped[Array, "*n width"], Array, Float[Array, "*n controls"]]:
        """With a lapse, H = E[-ln P(answer)] + E[kept ln P_report(report)] + kept H(report), whose
        first two terms all but cancel for every answer that is no lapse."""
        if is_number(self.lapse) and self.lapse == 0:
            answer = self.draw_report(key, d2)
            return answer, *self.explain(answer, d2)
        lapses, report, answer, other = self._draw(key, d2)
        entropy, controls = self.explain(report, d2)
        kept = 1.0 - lapses
        log_report = self.log_report(report, d2)
        surprise = -self.log_prob(answer, d2)
        total = surprise + kept * log_report + (1 - self.lapse) * entropy
        which = lapses[..., None]
        controls = jnp.where(which, self.uniform_controls(other, d2.shape[-1]), controls)
        lapsed = (lapses - self.lapse)[..., None]
        return answer, total, jnp.concatenate([controls, lapsed], axis=-1)


def log_plackett_luce(log_weight: Float[Array, "*n classes"], chosen: Array) -> Float[Array, "*n"]:
    """ln P of choosing `chosen` (..., t) in this order without replacement; -1 ends the list."""
    total = jnp.zeros(jnp.broadcast_shapes(log_weight.shape[:-1], chosen.shape[:-1]))
    for position in range(chosen.shape[-1]):
        index = chosen[..., position : position + 1]
        # A masked sum, since the gradient of a gather is a scatter, which is slow.
        taken = jnp.arange(log_weight.shape[-1]) == index
        step = jnp.sum(jnp.where(taken, log_weight, 0.0), axis=-1)
        step -= jax.nn.logsumexp(log_weight, axis=-1)
        total = total + jnp.where(index[..., 0] >= 0, step, 0.0)
        # A large finite penalty instead of -inf keeps gradients free of NaN.
        log_weight = jnp.where(taken, -1e30, log_weight)
    return total


#: Controls that `path_entropy` returns for each choice.
PLACE_CONTROLS = 3


def path_entropy(
    log_weight: Float[Array, "*n classes"], chosen: Array
) -> tuple[Float[Array, "*n"], Float[Array, "*n controls"]]:
    """(sum over the places of the entropy of each choice given the choices before it, in nats;
    functions of each choice less their means given the choices before it).

    The mean of the first over Plackett-Luce draws of `chosen` is the entropy of the draw (chain
    rule), with far less spread than -ln P(chosen).
    """
    total = jnp.zeros(chosen.shape[:-1])
    controls = []
    for place in range(chosen.shape[-1]):
        left = jax.nn.log_softmax(log_weight, axis=-1)
        total = total + entropy_of(left)
        index = chosen[..., place : place + 1]
        p = jnp.exp(left)
        for value in (jnp.maximum(left, -20.0), p, p**2):
            own = jnp.take_along_axis(value, index, axis=-1)[..., 0]
            controls.append(own - jnp.sum(p * value, axis=-1))
        taken = jnp.arange(log_weight.shape[-1]) == index
        log_weight = jnp.where(taken, -1e30, left)
    return total, jnp.stack(controls, axis=-1)


def sample_ordered(key: PRNGKeyArray, log_weight: Float[Array, "*n classes"], top: int) -> Array:
    """The first `top` classes of a Plackett-Luce order, by the Gumbel trick."""
    noisy = log_weight + jax.random.gumbel(key, log_weight.shape)
    return jax.lax.top_k(noisy, top)[1].astype(jnp.int32)
