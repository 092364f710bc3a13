"""What an item is: two columns together, a name above empty cells, cards in people's own piles."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from labelbits import InputError, read_answers

PEOPLE = ("ann", "bob", "cem")
CLASSES = ("cat", "dog", "owl")


def _written(path: Path, rows: list[tuple], columns: list[str]) -> Path:
    pl.DataFrame(rows, schema=columns, orient="row").write_csv(path)
    return path


def _judged(first: int, second: int) -> list[tuple]:
    return [
        (f"v{a}", b, who, CLASSES[(a + b) % 3])
        for a in range(first) for b in range(second) for who in PEOPLE
    ]  # fmt: skip


@pytest.mark.parametrize(("whole", "part"), [
    ("video", "frame"), ("doc_id", "sentence_id"), ("conversation_id", "turn"),
    ("utterance", "system"),
])  # fmt: skip
def test_a_part_of_something_is_named_together_with_it(
    tmp_path: Path, whole: str, part: str
) -> None:
    path = _written(tmp_path / "t.csv", _judged(4, 6), [whole, part, "annotator", "label"])
    answers = read_answers(path)
    assert len(answers.items) == 24
    assert answers.annotators == PEOPLE
    assert answers.items[0] == "v0 + 0"
    assert len(answers) == 72
    assert any(f"{whole!r} and {part!r} together" in note for note in answers.notes)


def test_tasks_that_everybody_did_again_stay_questions(tmp_path: Path) -> None:
    path = _written(tmp_path / "t.csv", _judged(2, 12), ["task", "image", "annotator", "label"])
    with pytest.raises(InputError, match="2 questions"):
        read_answers(path)


def test_two_texts_are_one_item_where_neither_has_an_id(tmp_path: Path) -> None:
    columns = ["premise", "hypothesis", "annotator", "label"]
    assert len(read_answers(_written(tmp_path / "t.csv", _judged(5, 2), columns)).items) == 10
    rows = [(k // 3, *row) for k, row in enumerate(_judged(5, 2))]
    named = read_answers(_written(tmp_path / "u.csv", rows, ["pair_id", *columns]))
    assert named.items[:2] == ("0", "1")


def test_columns_that_are_told_are_joined(tmp_path: Path) -> None:
    path = _written(tmp_path / "t.csv", _judged(3, 5), ["site", "plot", "who", "said"])
    told = {"item": "site+plot", "annotator": "who", "label": "said"}
    answers = read_answers(path, columns=told)
    assert len(answers.items) == 15
    assert not any("not read" in note for note in answers.notes)
    with pytest.raises(InputError, match=r"no column 'site\+field'"):
        read_answers(path, columns={**told, "item": "site+field"})


@pytest.mark.parametrize("name", ["question", "essay_id", "orig_id", "Nr", "unit"])
def test_the_only_name_of_what_was_judged_is_the_item(tmp_path: Path, name: str) -> None:
    rows = [(f"q{k}", who, CLASSES[k % 3]) for k in range(8) for who in PEOPLE]
    answers = read_answers(_written(tmp_path / "t.csv", rows, [name, "worker", "answer"]))
    assert len(answers.items) == 8
    assert answers.annotators == PEOPLE


def test_ids_of_other_things_are_no_items(tmp_path: Path) -> None:
    rows = [(f"s{k}", who, CLASSES[k % 3]) for k in range(8) for who in PEOPLE]
    path = _written(tmp_path / "t.csv", rows, ["session_id", "worker", "answer"])
    with pytest.raises(InputError, match="hold the item"):
        read_answers(path)


@pytest.mark.parametrize("column", ["item", "coder"])
def test_a_name_above_empty_cells_is_theirs(tmp_path: Path, column: str) -> None:
    items = [f"i{k}" for k in range(6)]
    both = [(i, who) for i in items for who in PEOPLE]
    both = both if column == "item" else sorted(both, key=lambda one: one[1])
    rows, before = [], None
    for k, (item, who) in enumerate(both):
        own = item if column == "item" else who
        shown = own if own != before else None
        before = own
        pair = (shown, who) if column == "item" else (item, shown)
        rows.append((*pair, CLASSES[k % 3]))
    answers = read_answers(_written(tmp_path / "t.csv", rows, ["item", "coder", "label"]))
    assert len(answers) == 18
    assert not len(answers.rejected)
    assert len(answers.items) == 6
    assert answers.annotators == PEOPLE


def test_empty_cells_that_name_nothing_stay_empty(tmp_path: Path) -> None:
    rows = [(f"i{k}" if k % 2 else None, "ann", CLASSES[k % 3]) for k in range(12)]
    rows[0] = ("i0", "ann", "cat")
    answers = read_answers(_written(tmp_path / "t.csv", rows, ["item", "coder", "label"]))
    assert len(answers.rejected) == 5  # one person would have answered an item twice


def test_items_that_people_saw_again_are_the_same_items(tmp_path: Path) -> None:
    rows = [(f"i{k}", s, *(CLASSES[(k + j) % 3] for j in (0, 0, s))) for s in (0, 1)
            for k in range(10)]  # fmt: skip
    path = _written(tmp_path / "t.csv", rows, ["item", "session", *PEOPLE])
    answers = read_answers(path, format="cleanlab")
    assert len(answers.items) == 10
    assert len(answers) == 60
    assert answers.annotators == PEOPLE


def _sorted() -> list[tuple]:
    return [(who, f"card {k}", f"{who}'s {('wild', 'tame')[(k + j) % 2 if k < 6 else j % 2]}")
            for j, who in enumerate(PEOPLE) for k in range(8)]  # fmt: skip


def test_piles_of_peoples_own_are_no_classes(tmp_path: Path) -> None:
    path = _written(tmp_path / "t.csv", _sorted(), ["participant", "card", "category"])
    with pytest.raises(InputError, match=r"piles of their own.*--signal same-class"):
        read_answers(path)
    numbered = [(who, card, 1 + ("tame" in pile)) for who, card, pile in _sorted()]
    again = _written(tmp_path / "u.csv", numbered, ["participant", "card", "pile"])
    with pytest.raises(InputError, match="numbers the piles of each person"):
        read_answers(again)
    expected = {
        (who, *sorted((one, two))): "true" if mine == other else "false"
        for who, one, mine in _sorted() for her, two, other in _sorted() if who == her and one < two
    }  # fmt: skip
    for file in (path, again):
        answers = read_answers(file, signal="same-class")
        assert answers.table["signal"].unique().to_list() == ["same-class"]
        found = {(who, *sorted(items)): answer for who, items, answer in
                 answers.table.select("annotator", "items", "answer").iter_rows()}  # fmt: skip
        assert found == expected


def test_piles_of_several_people_are_distances(tmp_path: Path) -> None:
    path = _written(tmp_path / "t.csv", _sorted(), ["participant", "card", "category"])
    found = read_answers(path, signal="similarity").table
    assert len(found) == 28
    pile = {(who, card): own for who, card, own in _sorted()}
    for items, answer in found.select("items", "answer").iter_rows():
        apart = [pile[who, items[0]] != pile[who, items[1]] for who in PEOPLE]
        assert float(answer) == pytest.approx(sum(apart) / 3)


def test_piles_in_a_column_a_person(tmp_path: Path) -> None:
    own = {who: [pile for her, _, pile in _sorted() if her == who] for who in PEOPLE}
    pl.DataFrame({"card": [f"card {k}" for k in range(8)], **own}).write_csv(tmp_path / "t.csv")
    with pytest.raises(InputError, match="--format cleanlab --signal similarity"):
        read_answers(tmp_path / "t.csv")
    with pytest.raises(InputError, match="piles of their own"):
        read_answers(tmp_path / "t.csv", format="cleanlab")
    answers = read_answers(tmp_path / "t.csv", format="cleanlab", signal="same-class")
    assert len(answers) == 3 * 28
    assert answers.annotators == PEOPLE


def test_classes_that_people_share_are_no_piles(tmp_path: Path) -> None:
    rows = [(who, f"card {k}", CLASSES[(k + j) % 3]) for j, who in enumerate(PEOPLE)
            for k in range(8)]  # fmt: skip
    path = _written(tmp_path / "t.csv", rows, ["participant", "card", "category"])
    assert read_answers(path).classes == CLASSES


def _named(rows: list[tuple], path: Path) -> Path:
    columns = ["item", "annotator", "label", "points"]
    pl.DataFrame(rows, schema=columns, orient="row").write_csv(path)
    return path


def test_several_classes_with_something_beside_each_are_one_answer(tmp_path: Path) -> None:
    rows = [
        (f"i{k}", who, name, 10 * k + j)
        for k in range(6)
        for who in PEOPLE
        for j, name in enumerate((CLASSES[k % 3], CLASSES[(k + 1) % 3]))
        if j == 0 or k
    ]
    answers = read_answers(_named(rows, tmp_path / "t.csv"))
    assert set(answers.table["signal"]) == {"candidates"}
    assert len(answers) == 18
    same = [(*row[:2], "cat" if row[1] == "ann" else row[2], row[3]) for row in rows]
    again = read_answers(_named(same, tmp_path / "u.csv"))  # asked again: ann says the same
    assert set(again.table["signal"]) == {"hard"}


def test_a_row_for_every_class_is_asked_what_stands_beside_it(tmp_path: Path) -> None:
    rows = [
        (f"i{k}", who, name, (k + j) % 3)
        for k in range(6)
        for who in PEOPLE
        for j, name in enumerate(CLASSES)
    ]
    with pytest.raises(InputError, match="a row for every class"):
        read_answers(_named(rows, tmp_path / "t.csv"))
