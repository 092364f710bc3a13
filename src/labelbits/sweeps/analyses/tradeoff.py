"""What a quality costs by every signal, and which one wins at which ratio of prices."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from labelbits.signals import one_question

#: Signals whose answer is a report about several classes: these have the price that varies.
REPORTS = ("soft", "sparse-soft", "ranking", "candidates")
#: Prices of a report over that of one choice.
RATIOS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
QUALITIES = tuple(round(0.30 + 0.05 * i, 2) for i in range(14))
#: Quality at which cost is drawn against the ratio.
AT = 0.8
#: Draws of the bootstrap over worlds.
DRAWS = 400

Row = tuple[str, str, float, float, float | None, str]


def curves(fits: pl.DataFrame) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Signals, answers an item (a,), and Spearman (signals, a, worlds)."""
    data = fits.filter(panel="spearman").sort("signal", "x", "world")
    names = fits["signal"].unique(maintain_order=True).to_list()
    answers = np.array(sorted(data["x"].unique()))
    worlds = data["world"].n_unique()
    values = [
        data.filter(signal=name)["value"].to_numpy().reshape(len(answers), worlds) for name in names
    ]
    return names, answers, np.stack(values)


def answers_for(quality: np.ndarray, answers: np.ndarray, curve: np.ndarray) -> np.ndarray:
    """Answers an item at which a mean curve (a,) reaches each quality; nan where it never does.

    Log-linear between simulated numbers. A quality that the fewest answers pass counts as those:
    an item needs one answer to be in the space at all.
    """
    rising = np.maximum.accumulate(curve)
    return np.exp(
        np.interp(quality, rising, np.log(answers), left=np.log(answers[0]), right=np.nan)
    )


def price(name: str, ratio: float, votes: int = 3) -> float:
    """Price of one answer, in prices of one choice; `votes` choices make one count of votes."""
    return ratio if name in REPORTS else float(votes) if one_question(name) != name else 1.0


def tradeoff(fits: pl.DataFrame, seed: int = 0) -> Iterator[Row]:
    """(panel, signal, x, value, standard error, source), errors by bootstrap over worlds.

    Panels: "answers an item" against quality; "break-even price" of an answer, in prices of a hard
    label, against quality; "cost at Spearman .8" against the price ratio; and for every ratio
    "winner at price ratio r" against quality with the winner's cost, and "share of draws won at
    price ratio r", the share of bootstrap draws in which that signal is cheapest.
    """
    names, answers, values = curves(fits)
    quality = np.array(QUALITIES)
    rng = np.random.default_rng(seed)
    # The same worlds stand behind every signal, so one draw takes the same worlds of all.
    drawn = rng.integers(0, values.shape[2], (DRAWS, values.shape[2]))
    need = np.stack([answers_for(quality, answers, v) for v in values.mean(2)])
    means = values[:, :, drawn].mean(-1)  # (signals, answers, draws)
    again = np.stack(
        [[answers_for(quality, answers, means[s, :, b]) for b in range(DRAWS)]
         for s in range(len(names))]
    ).transpose(0, 2, 1)  # (signals, qualities, draws)  # fmt: skip

    # A quality counts as reached where nearly all draws reach it.
    need = np.where(np.isfinite(again).mean(2) >= 0.9, need, np.nan)

    def error(x: np.ndarray) -> float:
        return float(np.std(x[np.isfinite(x)], ddof=1))

    for s, name in enumerate(names):
        for i, q in enumerate(QUALITIES):
            if not np.isfinite(need[s, i]):
                continue
            spread = error(again[s, i])
            yield "answers an item", name, q, need[s, i], spread, "simulation"
            hard = names.index("hard") if "hard" in names else s
            if hard != s and np.isfinite(need[hard, i]):
                worth = error(again[hard, i] / again[s, i])
                value = need[hard, i] / need[s, i]
                yield "break-even price", name, q, value, worth, "simulation"
            if q == AT:
                for ratio in RATIOS:
                    unit = price(name, ratio)
                    row = ratio, unit * need[s, i], unit * spread
                    yield f"cost at Spearman {AT}", name, *row, "simulation"
    for ratio in RATIOS:
        unit = np.array([price(name, ratio) for name in names])
        cost = unit[:, None] * need
        costs = np.where(np.isfinite(again), unit[:, None, None] * again, np.inf)
        winners = costs.argmin(0)
        for i, q in enumerate(QUALITIES):
            if not np.isfinite(cost[:, i]).any():
                continue
            best = int(np.nanargmin(cost[:, i]))
            spread = error(unit[best] * again[best, i])
            share = float(np.mean(winners[i] == best))
            row = q, cost[best, i], spread
            yield f"winner at price ratio {ratio:g}", names[best], *row, "simulation"
            chance = float(np.sqrt(share * (1 - share) / DRAWS))
            where = f"share of draws won at price ratio {ratio:g}"
            yield where, names[best], q, share, chance, "simulation"
