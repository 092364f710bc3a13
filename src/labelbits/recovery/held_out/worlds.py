"""Worlds that the answers leave possible: draws of positions and noise, which answer in turn.

A fit to few answers keeps draws of its posterior; of a fit to many they are drawn from the normal
approximation about it, item by item.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from labelbits.compilation import compiled_briefly
from labelbits.interface import Batch, Signal
from labelbits.recovery.embedding import SignalEmbedding
from labelbits.recovery.fitted.fitting import Fitted, Known
from labelbits.recovery.mixtures.channel import Channel
from labelbits.signals.base import replace_noise, traced

#: Answers of one question that are listed, at most.
LISTED = 1000
#: Questions that a program takes at least.
FEWEST = 64


@dataclass(frozen=True)
class PossibleWorld:
    """Positions of items (items, dims) and prototypes, with the noise of every fitted signal.

    `strengths`: how much features say of positions, as arguments of `SignalEmbedding`; empty where
    the fit had none.
    """

    fitted: Fitted
    strengths: dict[str, float] = field(default_factory=dict)

    @property
    def items(self) -> np.ndarray:
        """(items, dims), in units of the prior."""
        return np.asarray(self.fitted.items, dtype=np.float64)

    @property
    def dims(self) -> int:
        return self.fitted.items.shape[1]

    @property
    def signals(self) -> list[str]:
        """Names of the signals whose noise is known here."""
        return [channel.signal.name for channel in self.fitted.channels]

    def noise(self) -> tuple[dict[str, float], dict[str, float]]:
        """({signal: precision}, {signal: lapse}); those that every annotator shares."""
        precision, lapse = self.fitted.noise()
        if not isinstance(precision, dict):
            name = self.signals[0]
            return {name: float(precision)}, {name: float(lapse)}
        return precision, lapse

    def learner(
        self, others: Mapping[str, Signal], *, knows: bool = True, **options: Any
    ) -> SignalEmbedding:
        """An unfitted space in this world's dims that `knows` its noise and the spread of its
        items, or has to find both, as one that learns people's answers.

        `others` are signals whose noise is their own and not the world's; `options` are further
        arguments of `SignalEmbedding`.
        """
        if not knows:
            mine = {channel.signal.name: channel.signal for channel in self.fitted.channels}
            return SignalEmbedding(
                self.dims, signals={**mine, **others}, **{**self.strengths, **options}
            )
        precision, lapse = self.noise()
        for name, signal in others.items():
            precision, lapse = (
                {**precision, name: float(signal.precision)}, {**lapse, name: float(signal.lapse)}
            )  # fmt: skip
        signals = {channel.signal.name: channel.signal for channel in self.fitted.channels}
        space = SignalEmbedding(
            self.dims, precision=precision, lapse=lapse, signals={**signals, **others},
            **{**self.strengths, **options},
        )  # fmt: skip
        told = {
            channel.signal.name: {k: v for k, v in theta.items() if k.startswith("signal.")}
            for channel, theta in zip(self.fitted.channels, self.fitted.theta, strict=True)
            if channel.signal.name not in others
        }
        space._noise = Known(told, self.fitted.ridge)
        return space

    def answering(self, name: str) -> Signal:
        """The signal as an average annotator of this world answers it."""
        channel, theta = self.fitted.channel(name)
        one: Any = np.zeros(1, dtype=np.int32)
        shared = {key: value for key, value in theta.items() if not key.endswith("_of")}
        signal = channel.answering(shared, one)
        return replace_noise(
            signal, jnp.reshape(signal.precision, ()), jnp.reshape(signal.lapse, ())
        )

    def _shown(self, items: np.ndarray) -> tuple[Channel, np.ndarray, Any]:
        """(how distances are perceived, points (padded, arity, dims), prototypes) of questions.

        They are padded to a power of two, so that few programs serve questions in any number.
        """
        channel = self.fitted.channels[0]
        if channel.power is not None:  # one program for every power
            power = jnp.asarray(channel.power, jnp.float32)
            channel = eqx.tree_at(lambda c: c.power, channel, power)
        points = self.fitted.points
        shown = np.zeros((_padded(len(items)), items.shape[1], self.dims), np.float32)
        shown[: len(items)] = np.asarray(points.items)[items]
        return channel, shown, points.prototypes

    def answer(self, signal: Signal, items: np.ndarray, seed: int) -> np.ndarray:
        """One answer (n, width) to each question about `items` (n, arity)."""
        asked = np.zeros(len(items), dtype=np.int32)
        if (several := signal.questions(max(len(self.fitted.prototypes), 2))) > 1:
            asked = np.random.default_rng([seed, 26]).integers(0, several, len(items))
        channel, shown, prototypes = self._shown(items)
        question = np.pad(asked, (0, len(shown) - len(items)))
        drawn = _drawn(channel, traced(signal), jax.random.key(seed), shown, prototypes, question)
        return np.asarray(drawn)[: len(items)]

    def chances(self, signal: Signal, items: np.ndarray) -> np.ndarray:
        """P of every answer (n, outcomes) to each question."""
        classes = max(len(self.fitted.prototypes), 2)
        channel, shown, prototypes = self._shown(items)
        found = _listed(channel, traced(signal), shown, prototypes, signal.enumerate(classes))
        return np.exp(np.asarray(found)[: len(items)])


def _padded(questions: int) -> int:
    return max(FEWEST, 1 << math.ceil(math.log2(max(questions, 1))))


@compiled_briefly
def _drawn(
    channel: Channel, signal: Signal, key: Any, points: Any, prototypes: Any, question: Any
) -> jax.Array:
    """One answer (n, width) to each question about `points` (n, arity, dims)."""
    d2 = channel.perceived(signal.distances(points, prototypes))
    return signal.sample(key, d2, question)


@compiled_briefly
def _listed(
    channel: Channel, signal: Signal, points: Any, prototypes: Any, answers: Any
) -> jax.Array:
    """ln P of every one of `answers` to each question (n, outcomes)."""
    d2 = channel.perceived(signal.distances(points, prototypes))
    return signal.log_prob_all(d2, answers)


def plausible_worlds(embedding: SignalEmbedding, count: int, seed: int = 0) -> list[PossibleWorld]:
    """`count` worlds that the fitted answers leave possible, spread over the draws there are."""
    fitted: Fitted = embedding._fitted
    known: dict[str, float] = {}
    if hasattr(embedding, "residual_scale_"):
        scale, power = embedding.residual_scale_, embedding.metric_power_
        known = {"residual_scale": float(scale), "metric_power": float(power)}
    if fitted.draws:
        place = np.linspace(0, len(fitted.draws) - 1, count).round().astype(int)
        return [PossibleWorld(replace(fitted.draws[i], draws=()), known) for i in place]
    generator = np.random.default_rng([seed, 27])
    spread = np.linalg.cholesky(
        embedding.posterior_covariance() + 1e-9 * np.eye(fitted.items.shape[1])
    )
    worlds = []
    for _ in range(count):
        moved = np.einsum("nde,ne->nd", spread, generator.normal(size=fitted.items.shape))
        items = (fitted.items + moved).astype(np.float32)
        worlds.append(PossibleWorld(replace(fitted, items=items, draws=()), known))
    return worlds


def most_by_noise(embedding: SignalEmbedding, batches: Sequence[Batch], worlds: int = 8) -> float:
    """Mean probability of the most probable answer where positions are known: how often people
    would give it by the noise of the fit, averaged over worlds that the answers leave possible.
    NaN where the fit knows none of the signals."""
    found = [
        world.chances(world.answering(batch.signal.name), batch.items).max(1)
        for world in plausible_worlds(embedding, worlds)
        for batch in batches
        if batch.signal.name in world.signals
        and batch.signal.questions(max(len(world.fitted.prototypes), 2)) == 1
        and batch.signal.outcomes(max(len(world.fitted.prototypes), 2)) <= LISTED
    ]
    return float(np.concatenate(found).mean()) if found else math.nan
