"""Plain tables: gold and counts beside the labels, votes of unequal totals, triplets by name."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from labelbits import InputError
from labelbits.answers import read_answers
from labelbits.answers.formats.detect import READERS, probe, reader_for
from labelbits.items.tables import Columns, read_tables


def _written(path: Path, **columns: list) -> Path:
    pl.DataFrame(columns).write_csv(path)
    return path


LONG = {"item": list("aabbcc"), "annotator": ["x", "y"] * 3}
LABELS = ["cat", "cat", "dog", "cat", "dog", "dog"]


@pytest.mark.parametrize("name", ["gold", "Gold label", "true_label"])
def test_a_column_of_gold_in_a_long_table_is_gold(tmp_path: Path, name: str) -> None:
    right = ["cat", "cat", "dog", "dog", "", ""]
    columns = {**LONG, "label": LABELS, name: right}
    found = read_answers(_written(tmp_path / "t.csv", **columns))
    assert found.gold == {"a": "cat", "b": "dog"}
    assert any("right class" in note and repr(name) in note for note in found.notes)


def test_a_column_of_gold_that_names_no_class_is_told(tmp_path: Path) -> None:
    columns = {**LONG, "label": LABELS, "gold": ["yes", "yes", "no", "no", "no", "no"]}
    found = read_answers(_written(tmp_path / "t.csv", **columns))
    assert not found.gold
    assert any("--columns gold=gold" in note for note in found.notes)


def test_a_count_says_how_many_gave_an_answer(tmp_path: Path) -> None:
    columns = {"item": list("aabb"), "label": ["cat", "dog"] * 2, "count": [3, 2, 5, 0]}
    file = _written(tmp_path / "t.csv", **columns)
    found = read_answers(file)
    table = found.table.with_columns(pl.col("items").list.first().cast(pl.String))
    assert table.group_by("items").len().sort("items").rows() == [("a", 5), ("b", 5)]
    assert set(table.filter(pl.col("items") == "b")["answer"].cast(pl.String)) == {'"cat"'}
    wrong = _written(tmp_path / "w.csv", **{**columns, "count": [0.5, 2.0, 5.0, 0.0]})
    with pytest.raises(InputError, match="column 'count' is"):
        read_answers(wrong)
    # A row an item: its numbers count something else.
    words = _written(tmp_path / "u.csv", item=list("abc"), label=["cat", "dog", "cat"], n=[9, 7, 4])
    assert len(read_answers(words)) == 3


def test_votes_of_unequal_totals_are_votes(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    for draw in range(5):
        right, totals = generator.integers(2, size=40), generator.integers(2, 9, size=40)
        yes = generator.binomial(totals, np.where(right, 0.9, 0.1))
        file = _written(tmp_path / f"{draw}.csv", item=[f"i{k}" for k in range(40)],
                        yes=yes.tolist(), no=(totals - yes).tolist())  # fmt: skip
        assert set(read_answers(file).table["signal"]) == {"votes"}


def test_steps_of_people_stay_answers_of_people(tmp_path: Path) -> None:
    """The control of the test above: two people's steps of a scale rise together."""
    generator = np.random.default_rng(0)
    steps = generator.integers(0, 6, size=60)
    other = np.where(generator.random(60) < 0.8, steps, generator.integers(0, 6, size=60))
    file = _written(tmp_path / "t.csv", ann=steps.tolist(), bob=other.tolist())
    assert set(read_answers(file).table["annotator"].cast(pl.String)) == {"ann", "bob"}


def _triplets(count: int = 40) -> list[list[str]]:
    generator = np.random.default_rng(1)
    return [[f"i{k}" for k in generator.permutation(12)[:3]] for _ in range(count)]


@pytest.mark.parametrize(
    "names",
    [
        ("query", "positive", "negative"),
        ("reference", "closer", "farther"),
        ("query", "pos", "neg"),
    ],
)
def test_triplets_of_known_names_are_triplets(tmp_path: Path, names: tuple[str, ...]) -> None:
    rows = _triplets()
    columns = {name: [row[k] for row in rows] for k, name in enumerate(names)}
    found = read_answers(_written(tmp_path / "t.csv", **columns))
    assert set(found.table["signal"]) == {"triplet"}
    head, left, right = found.table["items"][0].to_list()
    assert [head, *((left, right) if found.table["answer"][0] == "0" else (right, left))] == rows[0]


def test_rows_of_different_names_are_not_taken_for_labels(tmp_path: Path) -> None:
    rows = _triplets()
    columns = {name: [row[k] for row in rows] for k, name in enumerate("abc")}
    file = _written(tmp_path / "t.csv", **columns)
    with pytest.raises(InputError, match=r"head=a,winner=b,loser=c.*--format cleanlab"):
        read_answers(file)
    told = read_answers(file, columns={"head": "a", "winner": "b", "loser": "c"})
    assert set(told.table["signal"]) == {"triplet"}
    odd = _written(tmp_path / "o.csv", **columns, odd=[row[k % 3] for k, row in enumerate(rows)])
    assert set(read_answers(odd).table["signal"]) == {"odd-one-out"}  # the column says it


def test_a_plan_takes_columns_by_name_as_a_pilot_does(tmp_path: Path) -> None:
    columns = {"id": LONG["item"], "x": [0.1, 0.1, 0.2, 0.2, 0.3, 0.3], "label": LABELS,
               "annotator": LONG["annotator"], "seconds": [4.0, 5.0, 6.0, 5.0, 4.0, 6.0],
               "price": [0.05] * 6, "gold": ["cat", "cat", "dog", "dog", "dog", "dog"]}  # fmt: skip
    file = _written(tmp_path / "t.csv", **columns)
    asked = Columns(features=("x",), label="label")
    found = read_tables([file], asked, by_name=True)
    assert found.answers is not None
    assert set(found.answers.table["annotator"].cast(pl.String)) == {"x", "y"}
    assert found.answers.table["seconds"].to_list() == columns["seconds"]
    assert found.answers.table["price"].to_list() == columns["price"]
    assert found.gold == ["cat", "dog", "dog"]
    assert any("'annotator' as annotator" in note for note in found.notes)
    known = read_tables([file], Columns(features=("x",)), by_name=True)
    assert known.gold == found.gold
    feature = Columns(features=("x", "seconds"), label="label")
    with_it = read_tables([file], feature, by_name=True)
    assert with_it.answers is not None
    assert "seconds" not in with_it.answers.table.columns


def test_answers_of_nobody_in_a_plan_are_those_of_several(tmp_path: Path) -> None:
    file = _written(tmp_path / "t.csv", id=LONG["item"], x=[1, 1, 2, 2, 3, 3], label=LABELS)
    found = read_tables([file], Columns(features=("x",), label="label"), by_name=True)
    read = read_answers(file)
    assert found.answers is not None
    assert found.answers.table["annotator"].to_list() == read.table["annotator"].to_list()
    assert len(found.answers) == len(read) == len(LABELS)
    assert any("count as those of different people" in note for note in found.notes)


@pytest.mark.parametrize(
    ("name", "content", "form", "key"),
    [
        ("m.csv", "model,task,label\nm1,a,cat\nm1,b,dog\n", "language-model", "seconds"),
        ("m.csv", "model,task,label\nm1,a,cat\nm1,b,dog\n", "language-model", "price"),
        ("l.jsonl", '{"annotators": ["a", "b"], "labels": ["x", "y"]}\n', "lists", "item"),
    ],
)
def test_a_column_that_is_not_there_is_named_in_every_reader(
    tmp_path: Path, name: str, content: str, form: str, key: str
) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(InputError, match=f"--columns {key}=nope: there is no column 'nope'"):
        read_answers(tmp_path / name, format=form, columns={key: "nope"})


def _choices(count: int = 40) -> list[tuple[str, str, str, str]]:
    """(the item, one, other, the nearer one); the nearer stands first in every second row."""
    rows = [row for row in _triplets(count) if len({*row[:3]}) == 3]
    return [(r[0], *(r[1:3] if k % 2 else r[2:0:-1]), r[1]) for k, r in enumerate(rows)]


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("reference", "first", "second", "more_similar"), "name"),
        (("stimulus", "opt1", "opt2", "ans"), "name"),
        (("given", "Item A", "Item B", "Which is closer?"), "name"),
        (("target", "option_a", "option_b", "response"), "AB"),
        (("probe", "candidate_1", "candidate_2", "response"), "12"),
        (("standard", "first", "second", "nearest of them"), ("First one", "Second one")),
    ],
)
def test_a_column_that_repeats_one_of_two_others_is_the_answer(
    tmp_path: Path, names: tuple[str, ...], said: str | tuple[str, str]
) -> None:
    own = _choices()
    cells = [r[3] if said == "name" else said[int(r[3] == r[2])] for r in own]
    sides = {name: [r[k] for r in own] for k, name in enumerate(names[:3])}
    who = ["ann", "bob"] * (len(own) // 2) + ["ann"] * (len(own) % 2)
    file = _written(
        tmp_path / "t.csv", subject=who, **sides, **{names[3]: cells},
        seconds=[2.5] * len(own), mood=["x"] * len(own),
    )  # fmt: skip
    found = read_answers(file)
    assert set(found.table["signal"]) == {"triplet"}
    assert sorted(found.annotators) == ["ann", "bob"]
    shown = [(row[0], row[1 + int(a)]) for row, a in found.table.select("items", "answer").rows()]
    assert shown == [(r[0], r[3]) for r in own]
    assert found.table["seconds"].to_list() == [2.5] * len(own)
    assert any("'mood'" in note and "not read" in note for note in found.notes)
    told = {"head": names[0], "left": names[1], "right": names[2], "winner": names[3]}
    assert read_answers(file, columns=told).table.equals(found.table)
    if said == "name":  # an item of another kind is no item that two are compared with
        prompts = {**sides, names[0]: [f"prompt {k}" for k in range(len(own))]}
        other = _written(tmp_path / "p.csv", **prompts, **{names[3]: cells})
        with pytest.raises(InputError, match="head="):
            read_answers(other, columns={"item" if k == "head" else k: v for k, v in told.items()})


@pytest.mark.parametrize("heads", [("left1", "left2", "right1", "right2"), ("arg_a", "arg_b")])
def test_numbers_that_may_say_anything_are_no_comparison(
    tmp_path: Path, heads: tuple[str, ...]
) -> None:
    """The controls: two pairs side by side; a tie and two sides that are 0, 1 and 2."""
    rows = np.random.default_rng(0).permuted(np.tile(np.arange(20), (60, 1)), axis=1)
    sides = {name: rows[:, k].tolist() for k, name in enumerate(heads)}
    said = [k % (2 if len(heads) == 4 else 3) for k in range(60)]
    file = _written(tmp_path / "t.csv", **sides, answer=said, subject=[k % 7 for k in range(60)])
    for name in ("battles", "triplet-choices", "sentence-pairs"):
        assert not READERS[name].matches(probe(file))


def test_labels_of_two_and_what_they_came_to_are_no_comparison(tmp_path: Path) -> None:
    """The control: two people agree now and then, and two things that are compared never do."""
    a, b = ["x", "y", "x", "y", "x", "y"] * 3, ["y", "x", "x", "y", "y", "x"] * 3
    file = _written(tmp_path / "t.csv", item=list(range(18)), label_1=a, label_2=b, settled=a)
    assert reader_for(file)[0].name != "battles"


@pytest.mark.parametrize(
    "heads",
    [
        ("rater", "word 1", "word 2", "How similar? (1-5)", "time"),
        ("rater", "word1", "word2", "rating", "seconds"),
        ("Participant", "Item A", "Item B", "Likeness", "RT (s)"),
        ("subject", "left", "right", "rating", "duration"),
    ],
)
def test_rated_pairs_keep_their_times(tmp_path: Path, heads: tuple[str, ...]) -> None:
    own = _triplets()
    columns = [
        ["ann", "bob"] * 20, [r[0] for r in own], [r[1] for r in own],
        [1 + k % 5 for k in range(40)], [2.0 + k % 3 for k in range(40)],
    ]  # fmt: skip
    found = read_answers(_written(tmp_path / "t.csv", **dict(zip(heads, columns, strict=True))))
    assert set(found.table["signal"]) == {"rating"}
    assert found.table["answer"].to_list() == [str(1 + k % 5) for k in range(40)]
    assert found.table["seconds"].to_list() == columns[4]
    assert sorted(found.annotators) == ["ann", "bob"]


def test_numbers_side_by_side_and_a_rating_of_an_item_are_no_pairs(tmp_path: Path) -> None:
    """The control: two other questions about an item are no pair that was rated."""
    file = _written(
        tmp_path / "t.csv", item=[f"i{k // 2}" for k in range(40)], annotator=["ann", "bob"] * 20,
        q_1=[k % 4 for k in range(40)], q_2=[k % 4 for k in range(40)],
        rating=[1 + k % 5 for k in range(40)],
    )  # fmt: skip
    found = read_answers(file)
    assert set(found.table["signal"]) == {"score"}
    assert len(found.items) == 20


def test_systems_and_a_verdict_are_battles(tmp_path: Path) -> None:
    own = _triplets()
    file = _written(
        tmp_path / "t.csv", prompt=[f"write {k}" for k in range(40)], system_a=[r[0] for r in own],
        system_b=[r[1] for r in own], verdict=["A", "B", "tie", "B"] * 10,
        judge=["ann", "bob"] * 20,
    )  # fmt: skip
    found = read_answers(file)
    assert found.table["answer"].to_list() == ["0", "1", '"tie"', "1"] * 10
    told = {"left": "system_a", "right": "system_b", "winner": "verdict"}
    assert read_answers(file, columns=told).table.equals(found.table)


def test_headings_that_count_are_votes(tmp_path: Path) -> None:
    for heads in (("n_good", "n_bad", "n_mixed"), ("votes good", "votes bad", "votes mixed"),
                  ("good_count", "bad_count", "mixed_count")):  # fmt: skip
        counts = [[(k * (c + 2)) % 3 for k in range(20)] for c in range(3)]
        file = _written(
            tmp_path / "t.csv", review_id=[f"r{k}" for k in range(20)],
            review=[f"a long enough text of a review {k}" for k in range(20)],
            **dict(zip(heads, counts, strict=True)),
        )  # fmt: skip
        found = read_answers(file)
        assert found.classes == ("good", "bad", "mixed")
        assert set(found.table["signal"]) == {"votes"}


def test_columns_called_after_people_are_their_labels(tmp_path: Path) -> None:
    a, b = ["good", "bad", "mixed"] * 8, ["good", "bad", "bad"] * 8
    for heads in (
        ("Coder Mia", "Coder Tom"),
        ("mia_label", "tom_label"),
        ("Rating Mia", "Rating T"),
    ):
        file = _written(
            tmp_path / "t.csv", **{"Review no.": list(range(24))},
            Review=[f"a long enough text of a review {k}" for k in range(24)],
            **dict(zip(heads, (a, b), strict=True)), remarks=["", "late", "?"] * 8,
        )  # fmt: skip
        found = read_answers(file)
        assert (found.annotators, len(found), len(found.items)) == (heads, 48, 24)
        assert any("'remarks'" in note for note in found.notes)


def test_an_expert_is_who_answered_where_names_come_again(tmp_path: Path) -> None:
    shares = {"% good": [80, 20] * 10, "% bad": [20, 80] * 10}
    names = ["Dr. Ay", "Dr. Bo"] * 10
    items = [f"i{k // 2}" for k in range(20)]
    file = _written(tmp_path / "t.csv", item=items, expert=names, **shares)
    found = read_answers(file)
    assert sorted(found.annotators) == ["Dr. Ay", "Dr. Bo"]
    assert read_answers(file, columns={"annotator": "expert"}).table.equals(found.table)
    # The control: an expert's classes are no names of people.
    classes = ["x", "y", "x", "x"] * 5
    file = _written(tmp_path / "l.csv", item=items, label=classes, expert=["x", "y"] * 10)
    assert read_answers(file).annotators == ("unknown",)


def test_lists_of_nearer_and_farther_items_are_a_triplet_each(tmp_path: Path) -> None:
    """As retrieval models are trained on; a list was read as one item of that name."""
    path = tmp_path / "mined.jsonl"
    rows = [
        {"query": f"q{k}", "pos": [f"a{k}"], "neg": [f"b{k}", f"c{k}"] if k % 2 else [f"b{k}"]}
        for k in range(10)
    ]
    path.write_text("\n".join(map(json.dumps, rows)))
    found = read_answers(path)
    right = {(f"q{k}", f"a{k}", far) for k in range(10) for far in rows[k]["neg"]}
    said = {
        (head, near, far) if answer == "0" else (head, far, near)
        for (head, near, far), answer in zip(
            found.table["items"].to_list(), found.table["answer"], strict=True
        )
    }
    assert said == right
    assert len(found) == 15
    assert any("5 rows list several items" in note for note in found.notes)
