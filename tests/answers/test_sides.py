"""Two sides: headings that ask for the other one, yes or no to one side, a number for each."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from labelbits import InputError, read_answers
from labelbits.answers.formats.opposites import asks_for_the_farther, asks_for_the_worse

NAMES = [f"thing {k}" for k in range(9)]


def _shown(width: int, rows: int = 60) -> list[list[str]]:
    rng = np.random.default_rng(4)
    return [[NAMES[k] for k in rng.choice(len(NAMES), width, replace=False)] for _ in range(rows)]


def _read(path: Path, rows: list[list], header: list[str], **options: object) -> pl.DataFrame:
    pl.DataFrame(rows, schema=header, orient="row").write_csv(path / "t.csv")
    return read_answers(path / "t.csv", **options).table


def _nearer(table: pl.DataFrame) -> list[str]:
    """The item that each answer names the nearer or the better one."""
    both = table["items"].list.tail(2).to_list()
    return [pair[int(answer)] for pair, answer in zip(both, table["answer"], strict=True)]


@pytest.mark.parametrize(
    "heading", ["farther", "less_similar", "most_different", "Which is LEAST like the first?"]
)
@pytest.mark.parametrize("by", ["name", "side"])
def test_who_names_the_farther_one_says_that_the_other_is_nearer(
    tmp_path: Path, heading: str, by: str
) -> None:
    rows = [[*three, three[1 + k % 2] if by == "name" else "AB"[k % 2]]
            for k, three in enumerate(_shown(3))]  # fmt: skip
    if by == "side" and not heading.islower():
        pytest.skip("a side under a heading in words is asked about")
    columns = ["anchor", "A", "B", heading]
    try:
        table = _read(tmp_path, rows, columns)
    except InputError:
        told = {"head": "anchor", "left": "A", "right": "B", "winner": heading}
        table = _read(tmp_path, rows, columns, columns=told)
    assert table["signal"].unique().to_list() == ["triplet"]
    assert _nearer(table) == [row[2 - k % 2] for k, row in enumerate(rows)]


def test_headings_that_ask_for_the_nearer_one_stay(tmp_path: Path) -> None:
    rows = [[*three, three[1 + k % 2]] for k, three in enumerate(_shown(3))]
    for heading in ("closer", "more_similar", "least different"):
        told = {"head": "anchor", "left": "A", "right": "B", "winner": heading}
        table = _read(tmp_path, rows, ["anchor", "A", "B", heading], columns=told)
        assert _nearer(table) == [row[3] for row in rows]


def test_words_of_headings() -> None:
    assert asks_for_the_farther("Which one is not similar?")
    assert not asks_for_the_farther("less red")  # says nothing of likeness
    assert not asks_for_the_farther("response")
    assert asks_for_the_worse("less_preferred")
    assert asks_for_the_worse("Worse answer")
    assert not asks_for_the_worse("less_toxic")


def test_the_worse_of_two_loses(tmp_path: Path) -> None:
    rows = [["ann", *two, two[k % 2]] for k, two in enumerate(_shown(2))]
    worse = _read(tmp_path, rows, ["rater", "item_a", "item_b", "worse"])
    better = _read(tmp_path, rows, ["rater", "item_a", "item_b", "better"])
    assert _nearer(better) == [row[3] for row in rows]
    assert _nearer(worse) == [row[2 - k % 2] for k, row in enumerate(rows)]


def test_the_least_similar_of_three_is_the_odd_one(tmp_path: Path) -> None:
    rows = [[*three, three[k % 3]] for k, three in enumerate(_shown(3))]
    table = _read(tmp_path, rows, ["img1", "img2", "img3", "least_similar"])
    assert table["signal"].unique().to_list() == ["odd-one-out"]
    odd = [items[int(a)] for items, a in zip(table["items"], table["answer"], strict=True)]
    assert odd == [row[3] for row in rows]


def test_the_farthest_of_several_has_no_signal(tmp_path: Path) -> None:
    rows = [[*five, five[1 + k % 4]] for k, five in enumerate(_shown(5))]
    columns = ["reference", "o_1", "o_2", "o_3", "o_4", "least_similar"]
    told = {"head": "reference", "winner": "least_similar"}
    with pytest.raises(InputError, match="least like the item"):
        _read(tmp_path, rows, columns, columns=told, format="contrastive")


@pytest.mark.parametrize(("heading", "yes", "side"), [
    ("a_preferred", "True", 0), ("b_wins", "1", 1), ("is_b_better", "yes", 1),
    ("a_is_worse", "yes", 1),
])  # fmt: skip
def test_yes_or_no_to_one_side(tmp_path: Path, heading: str, yes: str, side: int) -> None:
    no = {"True": "False", "1": "0", "yes": "no"}[yes]
    rows = [["ann", *two, (yes, no)[k % 2]] for k, two in enumerate(_shown(2))]
    table = _read(tmp_path, rows, ["rater", "item_a", "item_b", heading])
    assert table["signal"].unique().to_list() == ["preference"]
    assert _nearer(table) == [row[1 + (side + k) % 2] for k, row in enumerate(rows)]


def test_yes_or_no_to_one_of_two_beside_a_third(tmp_path: Path) -> None:
    rows = [["s1", *three, k % 2] for k, three in enumerate(_shown(3))]
    table = _read(tmp_path, rows, ["pid", "ref", "a", "b", "chose_a"])
    assert table["signal"].unique().to_list() == ["triplet"]
    assert _nearer(table) == [row[3 - k % 2] for k, row in enumerate(rows)]


def test_the_higher_score_of_two_wins_and_equal_ones_tie(tmp_path: Path) -> None:
    rows = [[f"q{k}", *two, 2, k % 3 + 1, "u1"] for k, two in enumerate(_shown(2))]
    columns = ["prompt_id", "system_a", "system_b", "score_a", "score_b", "annotator"]
    table = _read(tmp_path, rows, columns)
    assert table["signal"].unique().to_list() == ["preference"]
    assert table["answer"].to_list() == [["0", '"tie"', "1"][k % 3] for k in range(len(rows))]
    renamed = [*columns[:3], "rank_a", "rank_b", "annotator"]
    assert _read(tmp_path, rows, renamed)["answer"].to_list()[:3] == ["1", '"tie"', "0"]


def test_counts_of_two_sides_are_so_many_comparisons(tmp_path: Path) -> None:
    rows = [[*two, 3, k % 3] for k, two in enumerate(_shown(2, 12))]
    table = _read(tmp_path, rows, ["item_a", "item_b", "wins_a", "wins_b"])
    assert dict(table.group_by("answer").len().iter_rows()) == {"0": 36, "1": 12}
    rows = [[*three, 1, 2] for three in _shown(3, 12)]
    table = _read(tmp_path, rows, ["anchor", "option_a", "option_b", "n_a", "n_b"])
    assert table["signal"].unique().to_list() == ["triplet"]
    assert dict(table.group_by("answer").len().iter_rows()) == {"0": 12, "1": 24}


def test_places_of_listed_things_rank_the_things(tmp_path: Path) -> None:
    rows = [(f"q{k}", [f"r{k}{j}" for j in "abc"], [[2, 3, 1], [1, 2, 3]][k % 2])
            for k in range(12)]  # fmt: skip
    frame = pl.DataFrame(rows, schema=["prompt", "responses", "ranks"], orient="row")
    frame.write_ndjson(tmp_path / "t.jsonl")
    table = read_answers(tmp_path / "t.jsonl").table
    assert len(table) == 3 * 12
    assert table["group"].n_unique() == 12
    wins: dict[str, int] = {}
    for name in _nearer(table):
        wins[name] = wins.get(name, 0) + 1
    assert (wins["r0c"], wins["r0a"], wins["r1a"], wins["r1b"]) == (2, 1, 2, 1)


def test_a_scale_from_one_side_to_the_other_is_asked_about(tmp_path: Path) -> None:
    rows = [[f"q{k}", *two, "u1", 1 + k % 7] for k, two in enumerate(_shown(2))]
    columns = ["prompt_id", "response_a", "response_b", "annotator", "preference"]
    with pytest.raises(InputError, match="whose side is below 4"):
        _read(tmp_path, rows, columns)
    told = {"left": "response_a", "right": "response_b"}
    table = _read(tmp_path, rows, columns, columns=told)
    assert table["answer"].to_list()[:7] == ["0", "0", "0", '"tie"', "1", "1", "1"]


def test_a_file_without_headings_is_said_to_have_none(tmp_path: Path) -> None:
    rows = [[f"i{k % 4}", ("ann", "bob")[k % 2], "xyz"[k % 3]] for k in range(1, 24)]
    with pytest.raises(InputError, match="a file without headings"):
        _read(tmp_path, rows, ["i0", "ann", "x"])


def test_same_and_different_say_whether_a_pair_is_of_one_class(tmp_path: Path) -> None:
    rows = [[*two, "u1", ("same", "different")[k % 3 > 0]] for k, two in enumerate(_shown(2))]
    table = _read(tmp_path, rows, ["stim1", "stim2", "subj", "response"])
    assert table["signal"].unique().to_list() == ["same-class"]
    assert table["answer"].to_list()[:4] == ["true", "false", "false", "true"]
