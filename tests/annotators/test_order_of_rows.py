"""What a pilot says depends on what was answered, not on the order of rows nor on names."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import polars as pl
import pytest

from labelbits.annotators import calibrate
from labelbits.answers import read_answers

NAMES, OTHERS = ("cat", "dog", "owl", "pig"), ("zebra", "mole", "ant", "bat")
PEOPLE, ITEMS, EACH = 9, 60, 8
#: (item, annotator, answer in numbers of classes) of each.
Said = list[tuple[int, int, Any]]


def rows(signal: str) -> Said:
    """Answers of several people about each item."""
    rng = np.random.default_rng(3)
    sure = rng.dirichlet(np.ones(4) * 0.7, ITEMS)
    said = []
    for item in range(ITEMS):
        for who in rng.permutation(PEOPLE)[:EACH]:
            if signal == "hard":
                answer: Any = int(rng.choice(4, p=sure[item]))
            elif signal == "candidates":
                answer = [k for k in range(4) if rng.random() < min(1, 0.2 + 2 * sure[item, k])]
                answer = answer or [int(sure[item].argmax())]
            else:
                answer = [int(k) for k in np.argsort(-np.log(sure[item]) - rng.gumbel(size=4))]
            said.append((item, int(who), answer))
    return said


def figures(signal: str, said: Said, names: tuple[str, ...]) -> dict[str, Any]:
    def of(answer: Any) -> Any:
        return [names[k] for k in answer] if isinstance(answer, list) else names[answer]

    frame = pl.DataFrame(
        {
            "signal": [signal] * len(said),
            "annotator": [f"p{who}" for _, who, _ in said],
            "items": [[f"i{item}"] for item, _, _ in said],
            "classes": [list(names)] * len(said),
            "answer": [json.dumps(of(answer)) for _, _, answer in said],
        }
    )
    answers = read_answers(frame)
    return calibrate(answers, only=("agreement", "confusion", "noise")).to_dict()["signals"][signal]


def turned(said: Said) -> Said:
    return [said[k] for k in np.random.default_rng(0).permutation(len(said))]


def alike(found: Any) -> Any:
    """The same but for rounding: sums in another order."""
    if isinstance(found, dict):
        return {name: alike(part) for name, part in found.items()}
    return pytest.approx(found, rel=1e-6) if isinstance(found, float) else found


@pytest.mark.parametrize("signal", ["hard", "candidates", "ranking"])
def test_the_order_of_rows_changes_nothing(signal: str) -> None:
    said = rows(signal)
    one, other = figures(signal, said, NAMES), figures(signal, turned(said), NAMES)
    for part in ("agreement", "lapse", "precision", "random_at_most"):
        assert one[part] == alike(other[part]), part
    # The control: other answers do change them.
    changed = [(item, who, rows("hard")[0][2] if signal == "hard" else answer)
               for item, who, answer in said[: len(said) // 2]]  # fmt: skip
    assert one["agreement"] != figures(signal, changed, NAMES)["agreement"]


@pytest.mark.parametrize("signal", ["hard", "candidates"])
def test_names_of_classes_do_not_say_who_is_right(signal: str) -> None:
    said = rows(signal)
    one, other = figures(signal, said, NAMES), figures(signal, said, OTHERS)
    assert one["confusion"]["accuracy"]["value"] == pytest.approx(
        other["confusion"]["accuracy"]["value"], abs=1e-12
    )
    assert one["agreement"]["alpha"]["value"] == pytest.approx(other["agreement"]["alpha"]["value"])
    if signal == "hard":
        assert one["random_at_most"] == pytest.approx(other["random_at_most"], abs=1e-9)


def test_classes_ticked_together_share_their_answer() -> None:
    said = [(item, who, [0, 1] if who else [0]) for item in range(20) for who in range(4)]
    found = figures("candidates", said, NAMES)["confusion"]
    # Three of four tick cat and dog of every item, one ticks cat: to those three cat is what the
    # others say, to the fourth there is no telling.
    assert found["accuracy"]["value"] == pytest.approx(1 / 2)
    assert found["counts"][0][:2] == pytest.approx([30, 30])
