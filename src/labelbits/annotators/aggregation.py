"""Consensus of hard labels with crowd-kit: majority, Dawid-Skene, GLAD, MACE.

crowd-kit is imported inside the functions: it brings large packages along that nothing else needs.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import numpy as np
import polars as pl

from labelbits.answers.files.json_files import loads
from labelbits.errors import InputError
from labelbits.interface import Answers
from labelbits.signals.questions import without_repeats

Method = Literal["majority", "dawid-skene", "glad", "mace"]


@dataclass(frozen=True)
class Consensus:
    """What the annotators agree on.

    `label` maps item -> class; `probability` (items, K) in the order of `items`; `skill` maps
    annotator -> probability of a right answer (Dawid-Skene: mean of the confusion's diagonal over
    the classes as they occur; GLAD: at average difficulty; MACE: 1 - share of spamming);
    `confusion` maps annotator -> (K, K), row = true class, for Dawid-Skene.
    """

    method: str
    items: tuple[str, ...]
    label: dict[str, str]
    probability: np.ndarray
    skill: dict[str, float]
    confusion: dict[str, np.ndarray]


def aggregate(answers: Answers, method: Method = "dawid-skene", seed: int = 0) -> Consensus:
    """Consensus over the `hard` answers.

    Dawid and Skene (1979); Whitehill et al. (2009, GLAD); Hovy et al. (2013, MACE). Raises
    `InputError` without hard answers.
    """
    if method not in get_args(Method):
        raise InputError(f"method is {method!r}; expected one of: {', '.join(get_args(Method))}")
    hard = answers.table.filter(pl.col("signal") == "hard")
    hard = without_repeats(replace(answers, table=hard)).table
    if not len(hard):
        raise InputError("there are no hard answers; expected some to find a consensus of")
    import pandas as pd
    from crowdkit import aggregation as kit

    frame = pd.DataFrame(
        {
            "task": hard["items"].list.first().to_list(),
            "worker": hard["annotator"].to_list(),
            "label": [str(loads(text)) for text in hard["answer"]],
        }
    )
    with warnings.catch_warnings():
        # crowd-kit uses calls that newer pandas will drop: nothing a user can do about.
        warnings.simplefilter("ignore")
        table, skill, confusion = _fit(kit, frame, method, list(answers.classes), seed)
    table = table.reindex(columns=list(answers.classes)).fillna(0.0)
    items = tuple(str(name) for name in table.index)
    probability = table.to_numpy(dtype=float)
    label = {item: answers.classes[k] for item, k in zip(items, probability.argmax(1), strict=True)}
    return Consensus(method, items, label, probability, skill, confusion)


def _fit(
    kit: Any, frame: Any, method: Method, classes: list[str], seed: int
) -> tuple[Any, dict[str, float], dict[str, np.ndarray]]:
    """(items x classes, skill, confusion) by crowd-kit."""
    skill: dict[str, float] = {}
    confusion: dict[str, np.ndarray] = {}
    if method == "majority":
        fitted = kit.MajorityVote()
        table = fitted.fit_predict_proba(frame)
    elif method == "dawid-skene":
        fitted = kit.DawidSkene(n_iter=100)
        table = fitted.fit_predict_proba(frame)
        assert fitted.priors_ is not None
        assert fitted.errors_ is not None
        errors = fitted.errors_  # index (worker, observed label), columns true label
        priors = fitted.priors_.reindex(classes).fillna(0.0).to_numpy()
        for worker, block in errors.groupby(level=0):
            square = block.droplevel(0).reindex(index=classes, columns=classes).fillna(0.0)
            confusion[str(worker)] = square.to_numpy().T
            skill[str(worker)] = float((np.diag(square.to_numpy()) * priors).sum())
    elif method == "glad":
        fitted = kit.GLAD(n_iter=50, silent=True)
        table = fitted.fit_predict_proba(frame)
        skill = {str(w): float(1 / (1 + np.exp(-a))) for w, a in fitted.alphas_.items()}
    else:
        fitted = kit.MACE(random_state=seed)
        table = fitted.fit_predict_proba(frame)
        spamming = np.asarray(fitted.spamming_)
        spamming = spamming / spamming.sum(1, keepdims=True)
        order = list(dict.fromkeys(frame["worker"]))  # crowd-kit numbers workers as they appear
        skill = {str(w): float(row[1]) for w, row in zip(order, spamming, strict=True)}
    return table, skill, confusion
