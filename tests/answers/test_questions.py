"""One question at a time, its kind decided as a whole, and nothing read as what it is not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from labelbits import InputError
from labelbits.answers import read_answers, write_answers
from labelbits.answers.formats.deciding import SeveralQuestionsError
from labelbits.cli import main
from labelbits.interface import Answers

Write = Callable[[str, "str | bytes"], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def put(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return put


def said(answers: Answers) -> list[object]:
    return [json.loads(answer) for answer in answers.table["answer"]]


def kinds(answers: Answers) -> set[str]:
    return set(answers.table["signal"])


def task(number: int, *annotations: tuple[int, dict[str, list[str]]]) -> dict[str, object]:
    """A Label Studio task with choices of several controls."""
    made = [
        {
            "id": 100 * number + who,
            "completed_by": who,
            "lead_time": 12.0,
            "result": [
                {"from_name": name, "to_name": "t", "type": "choices", "value": {"choices": picked}}
                for name, picked in controls.items()
            ],
        }
        for who, controls in annotations
    ]
    return {"id": number, "data": {"text": f"text {number}"}, "annotations": made}


TWO = [
    task(n, (1, {"mood": ["sad"], "topic": ["sea"]}), (2, {"mood": ["glad"], "topic": ["sky"]}))
    for n in range(3)
]


def test_two_questions_are_read_one_at_a_time(write: Write) -> None:
    path = write("two.json", json.dumps(TWO))
    with pytest.raises(SeveralQuestionsError, match=r"'mood', 'topic'.*--question") as several:
        read_answers(path)
    assert several.value.questions == ("mood", "topic")
    mood = read_answers(path, question="mood")
    assert (len(mood), mood.classes) == (6, ("glad", "sad"))
    assert mood.table["seconds"].to_list() == [6.0] * 6
    assert any("time is shared" in note for note in mood.notes)
    with pytest.raises(InputError, match=r"no question 'colour'.*mood, topic"):
        read_answers(path, question="colour")


def test_pilot_measures_each_question_apart(
    write: Write, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write("two.json", json.dumps(TWO))
    monkeypatch.setattr("sys.argv", ["labelbits", "pilot", str(path), "--json"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code
    found = json.loads(capsys.readouterr().out)["questions"]
    assert {name: one["signals"]["hard"]["answers"] for name, one in found.items()} == {
        "mood": 6,
        "topic": 6,
    }


def test_one_answer_with_two_ticks_makes_the_whole_question_candidates(write: Write) -> None:
    tasks = [task(1, (1, {"mood": ["sad"]})), task(2, (1, {"mood": ["sad", "glad"]}))]
    tasks.append(task(3, (1, {"mood": []}), (2, {})))
    answers = read_answers(write("ls.json", json.dumps(tasks)))
    assert kinds(answers) == {"candidates"}
    assert said(answers) == [["sad"], ["sad", "glad"], ["(none)"], ["(none)"]]


@pytest.mark.parametrize(
    "cells",
    [
        ['"wet,cold"', "wet", "cold"],
        ["wet|cold", "wet", "cold"],
        ["\"['wet', 'cold']\"", "['wet']", "['cold']"],
        ['"{""choices"": [""wet"", ""cold""]}"', "wet", "cold"],
    ],
)
def test_cells_with_several_classes(cells: list[str], write: Write) -> None:
    rows = "".join(f"i{n},w,{cell}\n" for n, cell in enumerate(cells))
    answers = read_answers(write("t.csv", f"item,annotator,label\n{rows}"))
    assert kinds(answers) == {"candidates"}
    assert answers.classes == ("cold", "wet")


@pytest.mark.parametrize("label", ['"(0, 1)"', '"red, or blue"', "[laughs]", "a/b"])
def test_marks_inside_a_name_do_not_part_it(label: str, write: Write) -> None:
    answers = read_answers(write("t.csv", f"item,annotator,label\ni,w,{label}\nj,w,x\n"))
    assert kinds(answers) == {"hard"}
    assert set(said(answers)) == {label.strip('"'), "x"}


def test_ordinal_numbers_are_kept_as_a_scale_or_told(write: Write) -> None:
    below = write(
        "b.csv", "item,annotator,label\n" + "".join(f"i{n},w,{n - 2}\n" for n in range(5))
    )
    answers = read_answers(below)
    assert kinds(answers) == {"score"}
    assert said(answers) == [-2, -1, 0, 1, 2]
    assert any("from -2 to 2 in steps of 1" in note for note in answers.notes)
    steps = read_answers(below, signal="rating")
    assert said(steps) == [1, 2, 3, 4, 5]
    assert steps.table["items"][0].to_list() == ["i0", "(ideal)"]
    classes = read_answers(write("c.csv", "item,annotator,label\ni,w,1.0\nj,w,2.0\nk,w,5.0\n"))
    assert kinds(classes) == {"hard"}
    assert classes.classes == ("1", "2", "5")
    assert any("--signal score" in note for note in classes.notes)
    slider = read_answers(write("s.csv", "item,annotator,label\ni,w,5.97\nj,w,23.52\n"))
    assert kinds(slider) == {"score"}


@pytest.mark.parametrize("mark", ["NA", "nan", "", "<NA>", "None"])
def test_missing_marks_are_no_classes(mark: str, write: Write) -> None:
    answers = read_answers(write("t.csv", f"item,annotator,label\ni,w,0\nj,w,1\nk,w,{mark}\n"))
    assert answers.classes == ("0", "1")
    assert answers.rejected is not None
    assert answers.rejected["reason"].to_list() == ["answer is missing"]


def test_none_and_minus_one_may_be_answers(write: Write) -> None:
    named = write("n.csv", "item,annotator,label\ni,w,None\nj,w,NONE\nk,w,some\n")
    answers = read_answers(named)
    assert len(answers) == 3
    assert any("NONE / None" in note for note in answers.notes)
    table = write("t.csv", "item,annotator,label\ni,w,None\nj,w,some\n")
    assert len(read_answers(table, classes=["None", "some"])) == 2
    scale = write("s.csv", "item,annotator,label\ni,w,-1\nj,w,-2\nk,w,1\n")
    assert said(read_answers(scale)) == [-1, -2, 1]


def test_one_name_in_two_forms_of_unicode(write: Write) -> None:
    answers = read_answers(write("t.csv", "item,annotator,label\ni,w,caf\u00e9\nj,w,cafe\u0301 \n"))
    assert answers.classes == ("caf\u00e9",)


def test_numbers_as_text_are_one_number(write: Write) -> None:
    one = write("1.csv", "item,worker,label\n0.0,w,1.0\n1.0,w,0.0\n")
    two = write("2.jsonl", '{"item": 0, "worker": "v", "label": 1}\n')
    answers = read_answers([one, two])
    assert answers.items == ("0", "1")
    assert answers.classes == ("0", "1")


def test_any_table_by_its_columns(write: Write) -> None:
    path = write("t.csv", "clip,who,said,ms\nc1,p,sad,900\nc2,p,glad,1100\n")
    with pytest.raises(InputError, match=r"hold the item.*--columns item=COL"):
        read_answers(path)
    told = {"item": "clip", "annotator": "who", "label": "said", "milliseconds": "ms"}
    answers = read_answers(path, columns=told)
    assert answers.items == ("c1", "c2")
    assert answers.table["seconds"].to_list() == [0.9, 1.1]
    with pytest.raises(InputError, match=r"no column 'nothing'.*found clip"):
        read_answers(path, columns=told | {"label": "nothing"})
    with pytest.raises(InputError, match=r"names 'colour'.*expected one of: item"):
        read_answers(path, columns={"colour": "clip"})


def test_the_same_export_twice_changes_nothing(write: Write) -> None:
    once = write("one.json", json.dumps(TWO))
    again = write("again.json", json.dumps(TWO))
    later = write("later.json", json.dumps([*TWO, task(9, (1, {"mood": ["sad"]}))], indent=1))
    alone = read_answers(once, question="mood")
    both = read_answers([once, again], question="mood")
    assert both.table.equals(alone.table)
    assert any("the same file" in note for note in both.notes)
    grown = read_answers([once, later], question="mood")
    assert len(grown) == 7
    assert grown.rejected is not None
    assert "stands in another file" in grown.rejected["reason"][0]
    csv = write("t.csv", "item,worker,label\ni,w,1\nj,w,0\n")
    tsv = write("t.tsv", "item\tworker\tlabel\ni\tw\t1.0\nj\tw\t0.0\n")
    assert len(read_answers([csv, tsv])) == 2


def labels(rows: int = 40, people: int = 3) -> np.ndarray:
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 3, rows)
    noise = rng.integers(0, 3, (rows, people))
    return np.where(rng.random((rows, people)) < 0.8, truth[:, None], noise)


def counts(rows: int = 40, classes: int = 3) -> np.ndarray:
    return np.random.default_rng(1).multinomial(5, [0.7, 0.2, 0.1][:classes], size=rows)


def triples(rows: int = 40) -> np.ndarray:
    rng = np.random.default_rng(2)
    return np.array([rng.choice(20, 3, replace=False) for _ in range(rows)])


@pytest.mark.parametrize(
    ("array", "kind", "answers"),
    [
        (labels(), "hard", 120),
        (labels(people=5), "hard", 200),
        (counts(), "votes", 40),
        (counts() / 5, "soft", 40),
        (triples(), "odd-one-out", 40),
    ],
)
def test_arrays_are_told_apart_by_their_numbers(
    array: np.ndarray, kind: str, answers: int, tmp_path: Path
) -> None:
    np.save(tmp_path / "a.npy", array)
    found = read_answers(tmp_path / "a.npy")
    assert kinds(found) == {kind}
    assert len(found) == answers
    assert any("rows are" in note or "odd one last" in note for note in found.notes)


def test_two_readings_that_fit_are_shown(tmp_path: Path, write: Write) -> None:
    np.save(tmp_path / "a.npy", np.eye(3)[labels()[:, 0]])
    with pytest.raises(InputError, match=r"2 ways: counts.*--format counts or --format prob"):
        read_answers(tmp_path / "a.npy")
    assert kinds(read_answers(tmp_path / "a.npy", "counts")) == {"votes"}
    both = "model,task,worker,label,head,winner,loser\nm,t,w,x,a,b,c\n"
    with pytest.raises(InputError, match="--format language-model or --format salmon"):
        read_answers(write("b.csv", both))


def test_a_matrix_of_names_with_ids_and_an_empty_annotator(write: Write) -> None:
    rows = "".join(f"u{n},{['cat', 'dog'][n % 2]},{['cat', 'dog'][n % 2]},\n" for n in range(8))
    answers = read_answers(write("m.csv", f"image_id,ann,bob,cy\n{rows}"))
    assert (len(answers), answers.annotators) == (16, ("ann", "bob"))
    assert answers.items[:2] == ("u0", "u1")
    assert any("without a label: cy" in note for note in answers.notes)


def test_ties_make_a_question_a_preference(write: Write) -> None:
    path = write("p.csv", "worker,left,right,label\nw,a,b,a\nw,b,a,tie\nv,a,b,b\n")
    answers = read_answers(path)
    assert kinds(answers) == {"preference"}
    assert said(answers) == [0, "tie", 1]
    assert answers.items == ("a", "b")


def test_preferences_are_measured_and_refused_where_nothing_weighs_them(write: Write) -> None:
    from labelbits.annotators import calibrate
    from labelbits.recovery import SignalEmbedding

    rows = "".join(f"{w},a,b,{'a' if w != 'z' else 'tie'}\n" for w in "wxyz")
    answers = read_answers(write("p.csv", f"worker,left,right,label\n{rows}"))
    found = calibrate(answers)["preference"]
    assert (found.answers, found.annotators, found.items) == (4, 4, 2)
    assert found.agreement is not None
    assert "recover and plan read them as comparisons" in found.advice
    with pytest.raises(InputError, match="preference alone"):
        SignalEmbedding(1).fit(answers)


def test_gold_that_a_file_states_is_used(write: Write, tmp_path: Path) -> None:
    from labelbits.annotators import calibrate
    from tests.answers.samples_more import APPEN, TOLOKA

    appen = read_answers(write("a.csv", APPEN))
    assert appen.gold == {"10": "oak"}
    assert appen.table["seconds"].to_list() == [20.0, 10.0]
    confusion = calibrate(appen)["hard"].confusion
    assert confusion is not None
    assert confusion.against == "gold"
    assert confusion.accuracy.value == pytest.approx(0.5)
    again = read_answers(write_answers(appen, tmp_path / "appen.parquet"))
    assert again.gold == appen.gold
    toloka = read_answers(write("t.tsv", TOLOKA))
    assert toloka.gold == {"p1": "oak"}
    assert toloka.table["seconds"].to_list() == [12.0, 12.0]
    assert toloka.table["price"].to_list() == [0.03, 0.03]
