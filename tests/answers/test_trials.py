"""Trials of experiments: practice, keys, candidates, the best and the worst of a set."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from labelbits import InputError
from labelbits.answers import read_answers
from labelbits.first_plan import first_plan
from labelbits.interface import Answers
from labelbits.items.tables import Columns

ITEMS = ("apple", "ball", "car", "dog", "egg", "fish", "goat", "hat")
#: (item, left, right, side that was chosen), 10 of each of 4 people.
TRIALS = [(ITEMS[k % 8], ITEMS[(k + 1 + k // 8) % 8], ITEMS[(k + 3 + 2 * (k // 8 % 2)) % 8],
           (k * k + k // 3) % 2) for k in range(40)]  # fmt: skip
TRIALS = [(a, b, c if c not in (a, b) else ITEMS[(ITEMS.index(b) + 5) % 8], side)
          for a, b, c, side in TRIALS]  # fmt: skip
TRIALS = [
    (a, b, c if c != a else ITEMS[(ITEMS.index(a) + 2) % 8], side) for a, b, c, side in TRIALS
]
PRACTICE = [k % 10 < 3 for k in range(40)]


def who(k: int) -> str:
    return f"P{k // 10 + 1}"


def put(
    folder: Path, head: Sequence[str], rows: Sequence[Sequence[object]], mark: str = ","
) -> Path:
    made = io.StringIO()
    csv.writer(made, delimiter=mark).writerows([head, *rows])
    path = folder / "t.csv"
    path.write_text(made.getvalue())
    return path


def test_trials_are_triplets_of_different_items() -> None:
    assert all(len({a, b, c}) == 3 for a, b, c, _ in TRIALS)


@pytest.mark.parametrize(
    ("column", "practice", "other"),
    [
        ("phase", "training", "main"), ("trial_type", "practice_trial", "test"),
        ("Block", "Practice block 1", "Block 2"), ("is_practice", "TRUE", "FALSE"),
        ("catch_trial", "1", "0"), ("trialType", "attention-check", "real"),
        ("Durchgang", "Übung", "Haupt"), ("bloc", "entraînement", "principal"),
        ("Running[Block]", "PracticeList", "TrialList"), ("practice.thisN", "2", ""),
        ("task", "warm-up", "triplet"),
    ],
)  # fmt: skip
def test_practice_is_left_out_and_told(
    column: str, practice: str, other: str, tmp_path: Path
) -> None:
    rows = [[who(k), a, b, c, (b, c)[side], practice if PRACTICE[k] else other]
            for k, (a, b, c, side) in enumerate(TRIALS)]  # fmt: skip
    path = put(tmp_path, ["subject", "reference", "left", "right", "choice", column], rows)
    found = read_answers(path)
    assert found.rejected is not None
    assert (len(found), len(found.rejected)) == (28, 12)
    assert any("12 rows" in note and "left out" in note for note in found.notes)


HEADS: dict[str, tuple[str, Callable[[int], list[object]]]] = {
    "labels": ("item,worker,label", lambda k: [f"i{k % 8}", who(k), "xy"[k % 2]]),
    "ratings": ("participant,item 1,item 2,similarity",
                lambda k: [who(k), *TRIALS[k][:2], k % 7 + 1]),
    "preferences": ("judge,option_a,option_b,winner",
                    lambda k: [who(k), *TRIALS[k][:2], "ab"[k % 2]]),
    "odd": ("subject,image1,image2,image3,choice",
            lambda k: [who(k), *TRIALS[k][:3], TRIALS[k][k % 3]]),
    "winners": ("worker,head,winner,loser", lambda k: [who(k), *TRIALS[k][:3]]),
    "nearer": ("worker,anchor,positive,negative", lambda k: [who(k), *TRIALS[k][:3]]),
    "candidates": ("rater,reference,candidates,chosen",
                   lambda k: [who(k), TRIALS[k][0], "|".join(TRIALS[k][1:3]), TRIALS[k][1]]),
    "jspsych": ("subject,trial_type,trial_index,rt,stimulus,response",
                lambda k: [who(k), "button", k, 900, f"{ITEMS[k % 8]}.png", "xy"[k % 2]]),
}  # fmt: skip


@pytest.mark.parametrize("name", HEADS)
def test_practice_of_every_reader_of_trials(name: str, tmp_path: Path) -> None:
    head, row = HEADS[name]
    rows = [[*row(k), "practice" if PRACTICE[k] else "main"] for k in range(40)]
    assert len(read_answers(put(tmp_path, [*head.split(","), "phase"], rows))) == 28
    rows = [[*row(k), "easy" if PRACTICE[k] else "main"] for k in range(40)]
    assert len(read_answers(put(tmp_path, [*head.split(","), "phase"], rows))) == 40


def test_words_that_mean_something_else_are_kept(tmp_path: Path) -> None:
    head = ["subject", "reference", "left", "right", "choice"]
    own = [[who(k), a, b, c, (b, c)[side]] for k, (a, b, c, side) in enumerate(TRIALS)]
    people = [[*row, "training" if row[0] == "P1" else "main"] for row in own]
    assert len(read_answers(put(tmp_path, [*head, "phase"], people))) == 40
    most = [[*row, "main" if PRACTICE[k] else "training"] for k, row in enumerate(own)]
    found = read_answers(put(tmp_path, [*head, "phase"], most))
    assert len(found) == 40
    assert any("count as answers too" in note for note in found.notes)
    passed = [[*row, PRACTICE[k]] for k, row in enumerate(own)]
    assert len(read_answers(put(tmp_path, [*head, "attention_check_passed"], passed))) == 40
    tickets = [
        [f"t{k % 8}", who(k), "xy"[k % 2], "training" if PRACTICE[k] else "it"] for k in range(40)
    ]
    assert len(read_answers(put(tmp_path, ["item", "worker", "label", "type"], tickets))) == 40


#: Heading of the key, keys for left and right, columns beside them and their cells.
Beside = Callable[[int], list[object]]
KEYS: dict[str, tuple[str, Sequence[str], str, Beside]] = {
    "arrows": ("key_resp.keys", ("left", "right"), "", lambda k: []),
    "arrows of browsers": ("response", ("ArrowLeft", "ArrowRight"), "", lambda k: []),
    "codes": ("key_press", ("37", "39"), "", lambda k: []),
    "lists": ("key_resp.keys", ("['left']", "['right']"), "", lambda k: []),
    "modifiers": ("key_resp.keys", ("lctrl", "rctrl"), "", lambda k: []),
    "numbers": ("response", ("1", "2"), "", lambda k: []),
    "German": ("Taste", ("links", "rechts"), "", lambda k: []),
    "columns": ("key_resp.keys", "jf", "leftKey,rightKey", lambda k: ["j", "f"]),
    "a map": ("key_resp.keys", "fj", "key_mapping", lambda k: ["f=left, j=right"]),
    "a map in JSON": ("response", "zm", "keys", lambda k: ['{"z": "left", "m": "right"}']),
    "right answers": ("key_resp.keys", "jf", "corrAns,correctItem", lambda k: [
        "jf"[k % 2], f"{TRIALS[k][1 + k % 2]}.png"]),
    "right or wrong": ("key_resp.keys", "al", "key_resp.corr,correct_side", lambda k: [
        int(TRIALS[k][3] == k % 2), ("left", "right")[k % 2]]),
}  # fmt: skip


def keyed(folder: Path, pressed: str, keys: Sequence[str], more: str, beside: Beside) -> Path:
    head = ["participant", "stim", "leftImg", "rightImg", pressed, "key_resp.rt"]
    rows = [[who(k), f"{a}.png", f"{b}.png", f"{c}.png", keys[side], 1.5, *beside(k)]
            for k, (a, b, c, side) in enumerate(TRIALS)]  # fmt: skip
    return put(folder, [*head, *(more.split(",") if more else [])], rows)


def check(found: Answers) -> None:
    assert set(found.table["signal"]) == {"triplet"}
    shown = found.table.select("items", "answer").rows()
    assert shown == [([f"{a}.png", f"{b}.png", f"{c}.png"], str(side)) for a, b, c, side in TRIALS]
    assert found.table["seconds"].to_list() == [1.5] * 40


@pytest.mark.parametrize("name", KEYS)
def test_keys_say_the_side(name: str, tmp_path: Path) -> None:
    path = keyed(tmp_path, *KEYS[name])
    check(read_answers(path))


@pytest.mark.parametrize("keys", ["fj", "al", "qp", "jf", ("0", "9")])
def test_keys_that_nothing_explains_are_asked_for(keys: Sequence[str], tmp_path: Path) -> None:
    path = keyed(tmp_path, "key_resp.keys", keys, "", lambda k: [])
    told = {"left_key": keys[0], "right_key": keys[1]}
    with pytest.raises(InputError, match=r"expected --columns left_key=\w,right_key=\w"):
        read_answers(path)
    check(read_answers(path, columns=told))
    if keys != "fj":
        return
    with pytest.raises(InputError, match="left_key"):
        first_plan([path], tmp_path)
    made = first_plan([path], tmp_path, Columns(more=told)).text
    assert f'left_key = "{keys[0]}"' in made
    assert "40 answers" in made


def test_counterbalanced_keys(tmp_path: Path) -> None:
    rows = [[who(k), a, b, c, ("fj", "jf")[k // 10 % 2][side], *("fj", "jf")[k // 10 % 2], 1.5]
            for k, (a, b, c, side) in enumerate(TRIALS)]  # fmt: skip
    head = ["subject", "target", "left", "right", "response", "left_key", "right_key", "rt"]
    found = read_answers(put(tmp_path, head, rows))
    assert found.table["answer"].to_list() == [str(one[3]) for one in TRIALS]


def sets(k: int, size: int = 4) -> list[str]:
    return [ITEMS[(k + 1 + (k // 8 + 1) * j) % 8] for j in range(size)] if k // 8 % 2 == 0 else [
        ITEMS[(k + 1 + j) % 8] for j in range(size)]  # fmt: skip


CANDIDATES = [(ITEMS[k % 8], [ITEMS[(k + j) % 8] for j in (1, 2 + k % 2, 5, 7)], k * 7 // 3 % 4)
              for k in range(40)]  # fmt: skip
FORMS: dict[str, tuple[str, Callable[[str, list[str], int], list[object]]]] = {
    "bars": ("reference,candidates,chosen", lambda a, c, n: [a, "|".join(c), c[n]]),
    "JSON": ("reference,candidates,chosen", lambda a, c, n: [a, json.dumps(c), c[n]]),
    "Python": ("query_img,shown,clicked", lambda a, c, n: [a, str(c), c[n]]),
    "semicolons": ("target,options,selected", lambda a, c, n: [a, "; ".join(c), c[n]]),
    "commas": ("anchor,choices,answer", lambda a, c, n: [a, ", ".join(c), c[n]]),
    "German": ("Referenz,Kandidaten,gewählt", lambda a, c, n: [a, "|".join(c), c[n]]),
    "columns": ("reference,option_1,option_2,option_3,option_4,choice",
                lambda a, c, n: [a, *c, c[n]]),
    "numbers": ("reference,cand1,cand2,cand3,cand4,chosen", lambda a, c, n: [a, *c, n + 1]),
    "letters": ("Reference,A,B,C,D,Choice", lambda a, c, n: [a, *c, "ABCD"[n]]),
    "index": ("reference,candidates,chosen_index", lambda a, c, n: [a, "|".join(c), n]),
}  # fmt: skip


@pytest.mark.parametrize("name", FORMS)
def test_candidates_and_the_chosen_one(name: str, tmp_path: Path) -> None:
    head, row = FORMS[name]
    rows = [[who(k), *row(*one)] for k, one in enumerate(CANDIDATES)]
    path = put(tmp_path, ["rater", *head.split(",")], rows)
    found = read_answers(path)
    assert set(found.table["signal"]) == {"contrastive"}
    shown = found.table.select("items", "answer").rows()
    assert shown == [([a, *c], str(n)) for a, c, n in CANDIDATES]
    if name == "bars":
        made = first_plan([path], tmp_path).text
        assert "items = 8" in made
        assert 'kind = "contrastive"' in made


def test_candidates_of_several_numbers_and_other_questions(tmp_path: Path) -> None:
    size = [2 if k % 10 == 0 else 3 if k % 10 == 1 else 4 for k in range(40)]
    rows = [[who(k), a, "|".join(c[: size[k]]), c[0]] for k, (a, c, _) in enumerate(CANDIDATES)]
    found = read_answers(put(tmp_path, ["rater", "reference", "candidates", "chosen"], rows))
    assert dict(found.table["signal"].value_counts().rows()) == {"contrastive": 32, "triplet": 4}
    assert found.rejected is not None
    assert len(found.rejected) == 4
    exam = [[f"What is thing {k}?", f"a {k}|b {k}|c {k}", f"b {k}"] for k in range(40)]
    with pytest.raises(InputError):  # nothing is compared: options of a question are its own
        read_answers(put(tmp_path, ["question", "options", "answer"], exam))


SETS = [(sets(k), k % 4, (k + 1 + k // 4 % 3) % 4) for k in range(40)]
WIDE: dict[str, tuple[str, Callable[[list[str], int, int], list[object]]]] = {
    "names": ("Item1,Item2,Item3,Item4,Best,Worst", lambda c, b, w: [*c, c[b], c[w]]),
    "places": ("Item1,Item2,Item3,Item4,Best,Worst", lambda c, b, w: [*c, b + 1, w + 1]),
    "list": ("Items,Best,Worst", lambda c, b, w: ["|".join(c), c[b], c[w]]),
    "headings": ("A,B,C,D,Most important,Least important",
                 lambda c, b, w: [*c, "ABCD"[b], "ABCD"[w]]),
    "German": ("Merkmal 1,Merkmal 2,Merkmal 3,Merkmal 4,am wichtigsten,am unwichtigsten",
               lambda c, b, w: [*c, c[b], c[w]]),
}  # fmt: skip
LONG: dict[str, tuple[str, Callable[[bool, bool], list[object]]]] = {
    "one column": ("choice", lambda b, w: [1 if b else -1 if w else 0]),
    "two columns": ("Best,Worst", lambda b, w: [int(b), int(w)]),
    "words": ("response", lambda b, w: ["best" if b else "worst" if w else ""]),
}  # fmt: skip


def check_sets(path: Path) -> None:
    found = read_answers(path)
    shown = found.table.select("items", "answer", "seconds").rows()
    assert set(found.table["signal"]) == {"contrastive"}
    assert shown == [(["(ideal)", *c], str(b), 9.5) for c, b, _ in SETS]
    assert any("the worst is not used" in note for note in found.notes)
    pairs = read_answers(path, signal="preference")
    assert len(pairs) == 40 * 5
    assert pairs.table["seconds"].sum() == pytest.approx(40 * 9.5)
    over = {(a, b) if answer == "0" else (b, a)
            for (a, b), answer in pairs.table.select("items", "answer").rows()[:5]}  # fmt: skip
    names, best, worst = SETS[0]
    right = {(names[best], one) for one in names if one != names[best]}
    assert over == right | {(one, names[worst]) for one in names if one != names[worst]}


@pytest.mark.parametrize("name", WIDE)
def test_best_and_worst_of_sets_in_rows(name: str, tmp_path: Path) -> None:
    head, row = WIDE[name]
    rows = [[who(k), k % 10, *row(*one), 9.5] for k, one in enumerate(SETS)]
    path = put(tmp_path, ["Respondent", "Set", *head.split(","), "Seconds"], rows)
    check_sets(path)
    if name == "names":
        assert 'kind = "contrastive"' in first_plan([path], tmp_path).text


@pytest.mark.parametrize("name", LONG)
def test_best_and_worst_of_sets_item_by_item(name: str, tmp_path: Path) -> None:
    person = {"one column": "survey", "two columns": "resp_id"}.get(name, "RespondentID")
    head, row = LONG[name]
    rows = [[who(k), k % 10 + 1, one, *row(j == b, j == w), 9.5]
            for k, (c, b, w) in enumerate(SETS) for j, one in enumerate(c)]  # fmt: skip
    check_sets(put(tmp_path, [person, "set", "item", *head.split(","), "Seconds"], rows))


def test_a_reading_that_reads_no_row_is_no_way(tmp_path: Path) -> None:
    rows = [[who(k), "button", k, "trial", a, b, c, side, (b, c)[side], 900]
            for k, (a, b, c, side) in enumerate(TRIALS)]  # fmt: skip
    rows = [x for row in rows for x in ([row[0], "key", row[2], "fixation", *[""] * 6], row)]
    head = "subject_id,trial_type,trial_index,task,reference,left,right,response,chosen,rt"
    found = read_answers(put(tmp_path, head.split(","), rows))
    assert found.table["answer"].to_list() == [str(one[3]) for one in TRIALS]


def test_keys_for_the_better_one_of_two(tmp_path: Path) -> None:
    head = ["PROLIFIC_PID", "leftImg", "rightImg", "key_resp.keys", "key_resp.rt"]
    rows = [[who(k), b, c, "fj"[side], 1.5, "f", "j"] for k, (_, b, c, side) in enumerate(TRIALS)]
    path = put(tmp_path, head, [row[:5] for row in rows])
    with pytest.raises(InputError, match="left_key=f,right_key=j"):
        read_answers(path)
    told = read_answers(path, columns={"left_key": "f", "right_key": "j"})
    found = read_answers(put(tmp_path, [*head, "left_key", "right_key"], rows))
    for one in (told, found):
        assert one.table["answer"].to_list() == [str(trial[3]) for trial in TRIALS]
        assert set(one.items) == set(ITEMS)
        assert one.annotators == ("P1", "P2", "P3", "P4")
        assert one.table["seconds"].to_list() == [1.5] * 40


def test_letters_of_verdicts_are_no_keys(tmp_path: Path) -> None:
    rows = [[who(k), b, c, "ABC"[k % 3]] for k, (_, b, c, _) in enumerate(TRIALS)]
    found = read_answers(put(tmp_path, ["judge", "answer_a", "answer_b", "verdict"], rows))
    assert found.table["answer"].to_list()[:2] == ["0", "1"]


def test_signed_labels_are_no_sets(tmp_path: Path) -> None:
    rows = [[f"i{k // 3 % 5}", f"P{k // 15}", f"q{k % 3}", (1, -1, 0, 1, 1, -1, 0)[k % 7]]
            for k in range(60)]  # fmt: skip
    path = put(tmp_path, ["item", "participant", "question", "label"], rows)
    found = read_answers(path, question="q1")
    assert set(found.table["signal"]) == {"hard"}
    assert found.classes == ("-1", "0", "1")
