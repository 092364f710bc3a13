"""People beside language models: the same items, the same reference, one person left out.

Each person and the model are scored against the same other people on the items that both answered
(`labelbits.annotators.alternative`, `labelbits.annotators.scores`). Where no two people answered
one item, gold is the reference for both: right or wrong.

Epsilon is how much worse a model may be and still label. It follows from the two prices: if the
better of two labels is worth v, a model that is worse in epsilon of the items loses epsilon v an
item and saves price(person) - price(model). They are equal at

    epsilon = (price of a person's answer - price of the model's) / v,    v = 5 x the dearer price.

So a free model has epsilon 0.2, what the paper takes for experts, and one as dear as people 0; a
dearer one has to be better. Where a price is unknown epsilon is 0.1, the paper's for crowds.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import polars as pl

from labelbits.annotators.alternative import Verdict, alternative_annotator_test
from labelbits.annotators.intervals import share_by
from labelbits.annotators.scores import Scores
from labelbits.annotators.truth import gold_numbers
from labelbits.answers.formats.language_models import MODEL
from labelbits.errors import InputError
from labelbits.interface import Answers
from labelbits.quantity import Quantity
from labelbits.signals import one_question
from labelbits.signals.encoding import encode, is_kept
from labelbits.signals.questions import first_of, first_showings, kept_keys, keys

#: What a better label is worth, in answers of the dearer kind; epsilon where a price is unknown.
WORTH, UNPRICED = 5.0, 0.1
#: Items of one person below which a t test says little: people with fewer are joined.
FEWEST = 30
#: Differences of scores below this are ties.
TIE = 1e-9


@dataclass(frozen=True)
class PersonBeside:
    """One person (or several with few items, joined) beside a model, on `items` items.

    `person`, `model`: mean score against the same others; `person_ahead`, `model_ahead`: share of
    items on which each is as good as the other or better; `p` of the one-sided test.
    """

    annotator: str
    items: int
    person: float
    model: float
    person_ahead: float
    model_ahead: float
    p: float
    beaten: bool


@dataclass(frozen=True)
class BesideModel:
    """May this model answer instead of people? See `labelbits.annotators.alternative`.

    `winning_rate` is the share of people whom it matches or beats within `epsilon`; `advantage`
    the probability that it is as good as a person on an item, or better (90 %); `more_items`: how
    many more, answered by the model and by these people, would settle an open verdict (0 where it
    is settled, None where a thousand times as many would not); `unanswered`: items of people that
    the model did not answer; `left_out`: people with too few items.
    """

    model: str
    signal: str
    verdict: Verdict
    winning_rate: float
    advantage: Quantity
    epsilon: float
    epsilon_source: str
    passes_from: float
    items: int
    more_items: int | None
    score: str
    against: str
    person: float
    model_score: float
    unanswered: int
    left_out: int
    people: tuple[PersonBeside, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers for JSON."""
        out = asdict(self)
        return out | {"people": [asdict(person) for person in self.people]}


def epsilon_of(person: float | None, model: float | None) -> tuple[float, str]:
    """(epsilon, where it is from) of the prices of one answer of a person and of a model."""
    if person is None or model is None or max(person, model) <= 0:
        return UNPRICED, "crowd workers, Calderon et al. 2025: a price is unknown"
    dearer = max(person, model)
    source = f"prices of {person:.4g} for a person's answer and {model:.4g} for the model's"
    return (person - model) / (WORTH * dearer), source


def people_beside_models(
    answers: Answers,
    *,
    epsilon: float | None = None,
    prices: Mapping[str, float] | None = None,
    gold: Any = None,
    seed: int = 0,
) -> list[BesideModel]:
    """Compare every language model in `answers` with people, for each signal that both answered.

    `epsilon` replaces the one of the prices; `prices` holds a person's price for one answer, by
    signal, where the table has none; `gold` as in `calibrate`. People with fewer than 30 items are
    joined by `seed`. Models that share fewer than two items with any people are left out. Raises
    `InputError` for an epsilon outside -1 to 1.
    """
    if epsilon is not None and not -1 < epsilon < 1:
        raise InputError(f"epsilon is {epsilon}; expected a number between -1 and 1")
    table = answers.table
    if "annotator_kind" not in table.columns or len(answers) == 0:
        return []
    truth = gold_numbers(answers, gold)
    if "gold" in table.columns:
        table = table.filter(~pl.col("gold").fill_null(False))
    found = []
    for name in table["signal"].unique(maintain_order=True):
        rows = table.filter(pl.col("signal") == name)
        is_model = rows["annotator_kind"].eq_missing(MODEL).to_numpy()
        if one_question(name) != name or not is_model.any() or is_model.all():
            continue
        names = rows["annotator"].to_numpy()
        if is_kept(name):
            question, answer = kept_keys(name, rows)
            first = first_of(question, np.unique(names, return_inverse=True)[1], rows)
            scores = Scores.of_kept(name, rows, question, answer)
        else:
            own = Answers(rows, answers.items, answers.classes, answers.annotators)
            (batch,) = encode(own)
            question, answer = keys(batch, rows)
            first = first_showings(batch, rows)
            scores = Scores(batch, rows, answers.classes, question, answer, truth)
        for model in dict.fromkeys(names[is_model]):
            mine = np.flatnonzero(first & is_model & (names == model))
            people = np.flatnonzero(first & ~is_model)
            price = (prices or {}).get(name, _mean_price(rows, people))
            chosen = epsilon_of(price, _mean_price(rows, mine))
            if epsilon is not None:
                chosen = epsilon, "given"
            one = _compare(scores, str(model), name, people, mine, names, chosen, seed)
            if one is not None:
                found.append(one)
    return found


def _mean_price(rows: pl.DataFrame, of: np.ndarray) -> float | None:
    if "price" not in rows.columns:
        return None
    mean = rows["price"].gather(of).mean()
    return float(mean) if isinstance(mean, (int, float)) else None


def _compare(
    scores: Scores,
    model: str,
    signal: str,
    people: np.ndarray,
    mine: np.ndarray,
    names: np.ndarray,
    epsilon: tuple[float, str],
    seed: int,
) -> BesideModel | None:
    if scores.kind == "probabilities":
        people, mine = (r[np.isfinite(scores.report[r]).all(1)] for r in (people, mine))
    question = scores.question
    size = np.bincount(question[people], minlength=question.max() + 1)
    gold = size.max(initial=0) < 2
    usable = scores.truth[people] >= 0 if gold else size[question[people]] > 1
    people = people[usable]
    answered = np.full(question.max() + 1, -1)
    answered[question[mine][::-1]] = mine[::-1]  # the first answer of the model counts
    unanswered = len(np.unique(question[people][answered[question[people]] < 0]))
    row = people[answered[question[people]] >= 0]
    if not len(row):
        return None
    beside = answered[question[row]]
    person, guess = (scores.against_gold if gold else scores.against_others)(row, beside)
    groups, left_out = _groups(names[row], question[row], seed)
    if not groups:
        return None
    ahead = (person >= guess - TIE).astype(float), (guess >= person - TIE).astype(float)
    outcome = alternative_annotator_test([(ahead[0] - ahead[1])[g] for _, g in groups], epsilon[0])
    used = np.concatenate([g for _, g in groups])
    weight = np.concatenate([np.full(len(g), 1 / len(g)) for _, g in groups])
    group = np.repeat(np.arange(len(groups)), [len(g) for _, g in groups])
    items = len(np.unique(question[row[used]]))
    more = None if outcome.times is None else math.ceil((outcome.times - 1) * items - 1e-9)
    each = tuple(
        PersonBeside(
            *(name, len(g), float(person[g].mean()), float(guess[g].mean())),
            *(float(ahead[0][g].mean()), float(ahead[1][g].mean()), float(p), bool(beaten)),
        )
        for (name, g), p, beaten in zip(groups, outcome.p, outcome.beaten, strict=True)
    )
    return BesideModel(
        model=model,
        signal=signal,
        verdict=outcome.verdict,
        winning_rate=outcome.winning_rate,
        advantage=share_by(ahead[1][used], question[row[used]], weight, who=group),
        epsilon=epsilon[0],
        epsilon_source=epsilon[1],
        passes_from=outcome.passes_from,
        items=items,
        more_items=more,
        score="share right" if gold else scores.name,
        against="gold" if gold else "the other people",
        person=float(np.mean([one.person for one in each])),
        model_score=float(np.mean([one.model for one in each])),
        unanswered=unanswered,
        left_out=left_out,
        people=each,
    )


def _groups(
    names: np.ndarray, question: np.ndarray, seed: int
) -> tuple[list[tuple[str, np.ndarray]], int]:
    """(name, rows) of people with `FEWEST` items, and of others joined; how many are left out.

    People with fewer are joined, in an order drawn by `seed`, as the paper's combined annotators.
    Where fewer than two people in all have enough, everyone with two items or more is tested alone.
    """
    alone: list[tuple[str, np.ndarray]] = []
    few: list[tuple[str, np.ndarray]] = []
    order = np.argsort(names, kind="stable")
    for rows in np.split(order, np.flatnonzero(names[order][1:] != names[order][:-1]) + 1):
        (alone if len(rows) >= FEWEST else few).append((str(names[rows[0]]), rows))
    joined: list[tuple[list[str], np.ndarray]] = []
    open_names: list[str] = []
    open_rows = np.empty(0, dtype=int)
    for place in np.random.default_rng(seed).permutation(len(few)):
        name, rows = few[place]
        new = rows[~np.isin(question[rows], question[open_rows])]
        open_names, open_rows = [*open_names, name], np.concatenate([open_rows, new])
        if len(open_rows) >= FEWEST:
            joined.append((open_names, open_rows))
            open_names, open_rows = [], np.empty(0, dtype=int)
    found = alone + [(f"{len(who)} people joined", rows) for who, rows in joined]
    if len(found) >= 2:
        return found, len(open_names)
    return [one for one in alone + few if len(one[1]) >= 2], 0
