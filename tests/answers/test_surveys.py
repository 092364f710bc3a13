"""Tables whose rows are people, headings that name pairs, and squares of items x items."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Sequence
from pathlib import Path

import pytest

from labelbits import InputError
from labelbits.answers import read_answers
from labelbits.first_plan import first_plan

ITEMS = ("cat", "dog", "wolf", "cow")
PAIRS = list(itertools.combinations(ITEMS, 2))
PICTURES = tuple(f"Is there a cat in picture {k}?" for k in range(1, 5))


def put(
    folder: Path, head: Sequence[str], rows: Sequence[Sequence[object]], mark: str = ","
) -> Path:
    made = io.StringIO()
    csv.writer(made, delimiter=mark).writerows([head, *rows])
    path = folder / "t.csv"
    path.write_text(made.getvalue())
    return path


def said(count: int, among: Sequence[object]) -> list[list[object]]:
    """Rows of 9 people, each with `count` answers."""
    return [[among[(3 * p + k * k + p * k) % len(among)] for k in range(count)] for p in range(9)]


WORDS = said(4, ("Yes", "No"))
TIMES = [f"2026/10/{k + 1} 3:00:1{k} PM GMT+1" for k in range(9)]
STAMPED = list(zip(TIMES, WORDS, strict=True))
SURVEYS: dict[str, tuple[list[str], list[list[object]]]] = {
    "time stamp alone": (["Timestamp", *PICTURES], [[t, *r] for t, r in STAMPED]),
    "German": (
        ["Zeitstempel", "E-Mail-Adresse", *(f"Welche Stimmung zeigt Bild {k}?" for k in range(4))],
        [[t, f"p{k}@x.de", *r] for k, (t, r) in enumerate(STAMPED)]),
    "grid": (["Horodateur", *(f"Humeur [{one}]" for one in ITEMS)],
             [[t, *r] for t, r in STAMPED]),
    "Microsoft Forms": (
        ["ID", "Start time", "Completion time", "Email", "Name", *PICTURES],
        [[k + 1, t, t, "anonymous", "", *r] for k, (t, r) in enumerate(STAMPED)]),
    "numbers of questions": (["id", "submitdate", "Q01", "Q02", "Q03", "Q04"],
                             [[k, t, *r] for k, (t, r) in enumerate(STAMPED)]),
    "named items": (["participant", *ITEMS], [[f"p{k}", *r] for k, r in enumerate(WORDS)]),
    "steps": (["Participant number", *(f"Photo {k}" for k in range(4))],
              [[k + 1, *r] for k, r in enumerate(said(4, (1, 2, 3, 4, 5)))]),
}  # fmt: skip


@pytest.mark.parametrize("name", SURVEYS)
def test_people_are_never_taken_for_items(name: str, tmp_path: Path) -> None:
    path = put(tmp_path, *SURVEYS[name])
    with pytest.raises(
        InputError, match=r"each row is a person .* --format people-rows reads them"
    ):
        read_answers(path)
    with pytest.raises(InputError, match="each row is a person"):
        first_plan([path], tmp_path)
    found = read_answers(path, "people-rows")
    assert (len(found), len(found.items), len(found.annotators)) == (36, 4, 9)


@pytest.mark.parametrize(
    "heads",
    [
        "item,Mia,Tom,Ann",
        "timestamp,Coder Mia,Coder Tom,Coder Ann",
        "name,annotator_1,annotator_2,annotator_3",
        "subject_id,Dr Mo,Dr Li,Dr Ito",
        "subject_id,mo,li,ito",
    ],
)
def test_items_stay_items(heads: str, tmp_path: Path) -> None:
    rows = [[f"10/{k}/26", *("xy"[(k + (k % 5 == c)) % 2] for c in range(3))] for k in range(20)]
    found = read_answers(put(tmp_path, heads.split(","), rows))
    assert (len(found), len(found.items), len(found.annotators)) == (60, 20, 3)


def test_other_questions_of_a_survey_are_left_out_and_told(tmp_path: Path) -> None:
    rows = [[f"p{k}", *r, 20 + k, f"I liked the picture number {k} best of all"]
            for k, r in enumerate(WORDS)]  # fmt: skip
    path = put(tmp_path, ["participant", *PICTURES, "How old are you?", "Anything else?"], rows)
    found = read_answers(path, "people-rows")
    assert (len(found), found.classes) == (36, ("No", "Yes"))
    assert any("'How old are you?'" in note and "not read" in note for note in found.notes)


@pytest.mark.parametrize(
    ("who", "heading", "mark"),
    [
        ("Participant", "{} - {}", ","), ("Subject ID", "{} vs. {}", ","), ("VP", "{}/{}", ";"),
        ("participant_id", "sim_{}_{}", ","), ("Teilnehmer", "{}, {}", "\t"),
        ("Email", "How similar are {} and {}?", ","), ("Rater", "Rate these [{} / {}]", ","),
    ],
)  # fmt: skip
def test_headings_name_rated_pairs(who: str, heading: str, mark: str, tmp_path: Path) -> None:
    rows = [[k + 1, *r] for k, r in enumerate(said(6, (1, 2, 3, 4, 5, 6, 7)))]
    path = put(tmp_path, [who, *(heading.format(*pair) for pair in PAIRS)], rows, mark)
    found = read_answers(path)
    assert set(found.table["signal"]) == {"rating"}
    assert (len(found), set(found.items), len(found.annotators)) == (54, set(ITEMS), 9)
    third = [(["cat", "cow"], str(r[3])) for r in rows]
    shown = found.table.select("items", "answer").rows()
    assert [one for one in shown if one[0] == ["cat", "cow"]] == third
    assert "items = 4" in first_plan([path], tmp_path).text


def test_farness_and_choices_of_pairs(tmp_path: Path) -> None:
    rows = [[k, *r] for k, r in enumerate(said(6, (1, 2, 3)))]
    heads = [f"How different are they? [{a} - {b}]" for a, b in PAIRS]
    assert set(read_answers(put(tmp_path, ["VP", *heads], rows)).table["signal"]) == {"similarity"}
    chosen = [[k, *(pair[(k + i) % 2] for i, pair in enumerate(PAIRS))] for k in range(9)]
    found = read_answers(put(tmp_path, ["VP", *(f"{a} vs {b}" for a, b in PAIRS)], chosen))
    assert set(found.table["signal"]) == {"preference"}
    assert found.table["answer"].to_list()[:9] == ["01"[k % 2] for k in range(9)]
    none = put(tmp_path, ["Participant", "x_1", "x_2", "x_3"], [r[:4] for r in rows])
    with pytest.raises(InputError, match="each row is a person"):  # one item in all headings
        read_answers(none)


def square(inside: object, part: str = "both", corner: str = "") -> list[list[object]]:
    numbers = {pair: k + 1 for k, pair in enumerate(PAIRS)}
    made: list[list[object]] = [[corner, *ITEMS]]
    for i, one in enumerate(ITEMS):
        row: list[object] = [one]
        for j, other in enumerate(ITEMS):
            there = part == "both" or (j > i) == (part == "upper")
            pair = (one, other) if i < j else (other, one)
            row.append(inside if i == j else numbers[pair] if there else "")
        made.append(row)
    return made


@pytest.mark.parametrize("part", ["both", "upper", "lower"])
@pytest.mark.parametrize(
    ("inside", "corner", "signal"),
    [("", "", "rating"), (7, "item", "rating"), (0, "", "similarity"),
     ("-", "distance", "similarity")],
)  # fmt: skip
def test_items_by_items_are_pairs(
    inside: object, corner: str, signal: str, part: str, tmp_path: Path
) -> None:
    head, *rows = square(inside, part, corner)
    path = put(tmp_path, [str(one) for one in head], rows)
    found = read_answers(path)
    assert set(found.table["signal"]) == {signal}
    assert (len(found), set(found.items), found.annotators) == (6, set(ITEMS), ("unknown",))
    answers = {frozenset(items): float(answer)
               for items, answer in found.table.select("items", "answer").rows()}  # fmt: skip
    assert answers == {frozenset(pair): k + 1 for k, pair in enumerate(PAIRS)}


def test_a_square_that_differs_both_ways_is_asked_about(tmp_path: Path) -> None:
    rows = [[one, *((5 * i + 3 * j) % 7 + 1 for j in range(4))] for i, one in enumerate(ITEMS)]
    path = put(tmp_path, ["", *ITEMS], rows)
    with pytest.raises(
        InputError, match=r"confusion matrix, .* the table that it was counted from"
    ):
        read_answers(path)
    found = read_answers(path, "similarity-matrix")
    assert (len(found), set(found.items)) == (12, set(ITEMS))


def test_headings_in_words_below_the_names_of_questions(tmp_path: Path) -> None:
    rows = [[f"R_{k}", *r] for k, r in enumerate(said(6, (1, 2, 3, 4)))]
    names = ["ResponseId", *(f"Q{k}" for k in range(1, 7))]
    words = ["Response ID", *(f"How similar are these two? - {a} / {b}" for a, b in PAIRS)]
    keys = ['{"ImportId":"_recordId"}', *(f'{{"ImportId":"QID{k}"}}' for k in range(1, 7))]
    found = read_answers(put(tmp_path, names, [words, keys, *rows]))
    assert set(found.table["signal"]) == {"rating"}
    assert (len(found), set(found.items), len(found.annotators)) == (54, set(ITEMS), 9)
    shown = [["Response ID", *(f"Is it fun? - Film {k}" for k in range(6))], keys]
    path = put(tmp_path, names, [*shown, *rows])
    with pytest.raises(InputError, match="--format people-rows"):
        read_answers(path)
    assert "Is it fun? - Film 3" in read_answers(path, "people-rows").items
