"""`pilot`, `init` and `plan` read the same items and the same answers from people's files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from labelbits import InputError, own_tables, read_answers
from labelbits.first_plan import first_plan
from labelbits.planning.evidence.answers_held import read_pilot
from labelbits.planning.evidence.loading import load_evidence
from labelbits.planning.spec.planreader import read_plan

ITEMS = [f"i{k:02}" for k in range(24)]


class _StopError(Exception):
    """The plan file is written: nothing is planned here."""


def read(path: Path) -> tuple[int, int]:
    """(items, answers) of a plan file."""
    plan = read_plan(path)
    if plan.dataset.has_items:
        found = load_evidence(plan, 0)
        return len(found.features), sum(len(one.items) for one in found.batches.values())
    answers = read_pilot(plan, plan.dataset.class_names or None, 0)
    assert answers is not None
    return int(plan.dataset.items or 0), len(answers)


def of_init(files: list[Path], folder: Path) -> tuple[int, int]:
    (folder / "init.toml").write_text(first_plan(files, folder).text)
    return read(folder / "init.toml")


def of_plan(files: list[Path], folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[int, int]:
    found: list[tuple[int, int]] = []

    def stop(path: Path, **more: object) -> None:
        found.append(read(path))
        raise _StopError

    monkeypatch.setattr(own_tables.planning, "plan", stop)
    with pytest.raises(_StopError):
        own_tables.plan_tables(
            files, {}, folder / "out", budget=50, ask=(), metric=None, seed=0,
            progress=lambda what, share: None,
        )  # fmt: skip
    return found[0]


def frames() -> dict[str, tuple[pl.DataFrame, tuple[int, int]]]:
    """Name -> (a table, the items and answers that are right)."""
    rng = np.random.default_rng(0)
    votes = rng.multinomial(5, [0.8, 0.1, 0.1], 24)
    texts = [f"a {'fine' if k % 2 else 'dull'} film number {k} about music" for k in range(24)]
    said = [["dull", "fine"][k % 2] for k in range(24)]
    two = [one for one in ITEMS for _ in "ab"]
    x = {one: k / 7 for k, one in enumerate(ITEMS)}
    half = [said[k // 2] if k < 30 else None for k in range(48)]
    return {
        "matrix": (pl.DataFrame({"item": ITEMS, "ann": said, "bob": said}), (24, 48)),
        "counts": (pl.DataFrame({"item": [*ITEMS, "Total"], **{
            name: [*votes[:, k].tolist(), int(votes[:, k].sum())]
            for k, name in enumerate(("cat", "dog", "owl"))}}), (24, 24)),
        "counts of texts": (
            pl.DataFrame({"text": texts, "yes": votes[:, 0], "no": 5 - votes[:, 0]}), (24, 24)),
        "features and people": (pl.DataFrame({
            "id": two, "x1": [x[one] for one in two], "x2": [x[one] ** 2 for one in two],
            "worker": ["a", "b"] * 24, "confidence": rng.random(48), "class": half}), (24, 30)),
        "texts without ids": (pl.DataFrame({"text": texts, "label": [*said[:15], *[None] * 9]}),
                              (24, 15)),
        "ratings": (pl.DataFrame({"item": two, "rater": ["a", "b"] * 24,
                                  "rating": rng.integers(1, 6, 48)}), (24, 48)),
        "soft": (pl.DataFrame({"item": two, "rater": ["a", "b"] * 24, "cat": [0.3] * 48,
                               "dog": [0.7] * 48}), (24, 48)),
    }  # fmt: skip


@pytest.mark.parametrize("name", frames())
def test_one_reading(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table, right = frames()[name]
    file = tmp_path / "t.csv"
    table.write_csv(file)
    assert len(read_answers(file)) == right[1]
    assert of_init([file], tmp_path) == right
    assert of_plan([file], tmp_path, monkeypatch) == right


def test_battles_are_counted_alike_and_the_ideal_item_is_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(1)
    rows = []
    for k in range(60):
        a, b = rng.choice(5, 2, replace=False)
        won = ("model_a", "model_b", "tie")[k % 3]
        rows.append((f"q{k}", f"m{a}", f"m{b}", won))
    rows.append(("q60", "m9", "m0", "tie"))  # tied alone, and an item all the same
    file = tmp_path / "t.csv"
    schema = ["question_id", "model_a", "model_b", "winner"]
    pl.DataFrame(rows, schema=schema, orient="row").write_csv(file)
    assert len(read_answers(file).items) == 6
    made = first_plan([file], tmp_path).text
    assert "items = 7   # ? as many as the answers name (6), and the ideal one" in made
    assert "21 ties (34 %) name neither and were left out" in made
    assert of_init([file], tmp_path) == of_plan([file], tmp_path, monkeypatch) == (7, 40)


def test_a_table_in_which_nobody_is_named_describes_beside_answers_of_people(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [f"a {'fine' if k % 2 else 'dull'} film number {k} about music" for k in range(24)]
    items, answers = tmp_path / "items.csv", tmp_path / "answers.csv"
    topics = [["art", "law"][k % 2] for k in range(24)]
    pl.DataFrame({"id": ITEMS, "body": texts, "topic": topics}).write_csv(items)
    said = {"item": ITEMS[:9] * 2, "rater": ["a"] * 9 + ["b"] * 9, "label": ["x", "y"] * 9}
    pl.DataFrame(said).write_csv(answers)
    both = [items, answers]
    assert of_init(both, tmp_path) == of_plan(both, tmp_path, monkeypatch) == (24, 18)


def test_numbers_of_answers_are_no_features_and_guesses_need_answers(tmp_path: Path) -> None:
    file = tmp_path / "t.jsonl"
    rows = [{"id": one, "soft_label": [0.5, 0.3, 0.2]} for one in ITEMS]
    file.write_text("\n".join(map(json.dumps, rows)))
    assert "features" not in first_plan([file], tmp_path).text.partition("[goal]")[0].split("#")[0]
    odd = tmp_path / "odd.csv"
    pl.DataFrame(
        {"who": ["ann", "bob"] * 12, "took": [1.5] * 24, "zone": ["p", "q"] * 12}
    ).write_csv(odd)
    with pytest.raises(InputError, match="not recognised"):
        own_tables.plan_tables(
            [odd], {}, tmp_path / "out", budget=50, ask=(), metric=None, seed=0,
            progress=lambda what, share: None,
        )  # fmt: skip
