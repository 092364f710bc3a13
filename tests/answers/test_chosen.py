"""Preferences of which a row names the better one first: texts, or what wrote them."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from labelbits import read_answers

MODELS = ("ash", "elm", "oak")
ROWS = 9


def _pairs() -> list[tuple[str, str]]:
    return [(MODELS[k % 3], MODELS[(k + 1 + k // 3 % 2) % 3]) for k in range(ROWS)]


@pytest.mark.parametrize(
    ("chosen", "rejected"),
    [
        ("chosen_model", "rejected_model"), ("model_chosen", "model_rejected"),
        ("chosen-model", "rejected-model"), ("Chosen Model Name", "Rejected Model Name"),
        ("chosen_system", "rejected_system"), ("chosenModel", "rejectedModel"),
        ("chosen_response_model", "rejected_response_model"),
    ],
)  # fmt: skip
def test_what_wrote_the_texts_is_compared(chosen: str, rejected: str) -> None:
    won, lost = zip(*_pairs(), strict=True)
    table = pl.DataFrame(
        {
            "prompt": [f"p{k}" for k in range(ROWS)],
            "chosen": [f"text {k} good" for k in range(ROWS)],
            "rejected": [f"text {k} bad" for k in range(ROWS)],
            chosen: won,
            rejected: lost,
            "score_chosen": [7.5] * ROWS,
            "annotator": ["a", "b", "c"] * 3,
        }
    )
    answers = read_answers(table)
    assert set(answers.items) == set(MODELS)
    winners = [
        items[int(answer)] for items, answer in answers.table.select("items", "answer").iter_rows()
    ]
    assert winners == list(won)
    assert answers.table["group"].to_list() == [f"p{k}" for k in range(ROWS)]
    assert any("ash, elm, oak" in note for note in answers.notes)
    assert any("'score_chosen'" in note and "not read" in note for note in answers.notes)
    texts = read_answers(table, columns={"winner": "chosen", "loser": "rejected"})
    assert len(texts.items) == 2 * ROWS


def test_models_inside_cells(tmp_path: Path) -> None:
    lines = [
        json.dumps(
            {
                "prompt": f"p{k}",
                "chosen": {"model": won, "content": f"text {k}"},
                "rejected": {"model": lost, "content": f"words {k}"},
            }
        )
        for k, (won, lost) in enumerate(_pairs())
    ]
    path = tmp_path / "pairs.jsonl"
    path.write_text("\n".join(lines))
    assert set(read_answers(path).items) == set(MODELS)


def test_one_model_against_itself_leaves_the_texts() -> None:
    table = pl.DataFrame(
        {
            "chosen": [f"good {k}" for k in range(ROWS)],
            "rejected": [f"bad {k}" for k in range(ROWS)],
            "chosen_model": ["ash"] * ROWS,
            "rejected_model": ["ash"] * ROWS,
        }
    )
    answers = read_answers(table)
    assert len(answers.items) == 2 * ROWS
    assert any("'chosen_model'" in note and "not read" in note for note in answers.notes)


@pytest.mark.parametrize(
    ("better", "worse"), [("winner", "loser"), ("better", "worse"), ("Gewinner", "Verlierer")]
)
def test_winners_and_losers_without_an_item_between(better: str, worse: str) -> None:
    won, lost = zip(*_pairs(), strict=True)
    answers = read_answers(pl.DataFrame({"judge": ["a", "b", "c"] * 3, better: won, worse: lost}))
    assert set(answers.items) == set(MODELS)
    assert set(answers.table["signal"]) == {"preference"}
