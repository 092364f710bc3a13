"""Numbers that people gave and programs wrote: scales with explained ends, sliders, parts of a day,
seconds since 1970, columns of people that look like votes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from labelbits import InputError, read_answers

PEOPLE = ("ann", "bob", "cem", "dia")


def _pairs(path: Path, steps: list[str]) -> pl.DataFrame:
    rows = [(f"i{k % 5}", f"i{5 + k % 4}", "ann", steps[k % len(steps)]) for k in range(20)]
    columns = ["item_a", "item_b", "rater", "similarity"]
    pl.DataFrame(rows, schema=columns, orient="row").write_csv(path / "t.csv")
    return read_answers(path / "t.csv").table


def test_the_ends_of_a_scale_may_be_explained(tmp_path: Path) -> None:
    table = _pairs(tmp_path, ["1 - not at all", "2", "3", "4", "5 (very similar)"])
    assert len(table) == 20
    assert set(table["answer"]) == {"1", "2", "3", "4", "5"}
    rows = [(f"i{k}", who, ["1 = bad", "2", "3 = good"][k % 3]) for k in range(9) for who in PEOPLE]
    pl.DataFrame(rows, schema=["item", "annotator", "label"], orient="row").write_csv(
        tmp_path / "u.csv"
    )
    found = read_answers(tmp_path / "u.csv").table
    assert set(found["signal"]) == {"score"}
    assert set(found["answer"]) == {"1", "2", "3"}


def test_classes_with_a_number_before_each_stay_classes(tmp_path: Path) -> None:
    rows = [(f"i{k}", who, ["0 - cat", "1 - dog"][k % 2]) for k in range(9) for who in PEOPLE]
    pl.DataFrame(rows, schema=["item", "annotator", "label"], orient="row").write_csv(
        tmp_path / "t.csv"
    )
    assert read_answers(tmp_path / "t.csv").classes == ("0 - cat", "1 - dog")


def test_a_slider_of_jspsych_gives_a_scale(tmp_path: Path) -> None:
    trials = [
        {"trial_type": f"html-{kind}-response", "stimulus": f"<p>{kind} {k}</p>", "rt": 900 + k,
         "response": 10 * k, "subject": "s1", "trial_index": k}
        for kind in ("slider",) for k in range(9)
    ]  # fmt: skip
    (tmp_path / "t.json").write_text(json.dumps(trials))
    assert set(read_answers(tmp_path / "t.json").table["signal"]) == {"score"}


@pytest.mark.parametrize(("unit", "note"), [(1.0, None), (86_400.0, "parts of a day")])
def test_spreadsheets_write_times_as_parts_of_a_day(
    tmp_path: Path, unit: float, note: str | None
) -> None:
    rows = [(f"i{k}", who, "ab"[k % 2], (4 + k) / unit) for k in range(9) for who in PEOPLE]
    pl.DataFrame(rows, schema=["item", "annotator", "label", "duration"], orient="row").write_csv(
        tmp_path / "t.csv"
    )
    answers = read_answers(tmp_path / "t.csv")
    assert answers.table["seconds"].median() == pytest.approx(8.0)
    assert any("parts of a day" in one for one in answers.notes) == (note is not None)


@pytest.mark.parametrize("unit", [1, 1000])
def test_points_in_time_may_be_numbers(tmp_path: Path, unit: int) -> None:
    rows = [(f"i{k}", who, "ab"[k % 2], (1_700_000_000 + 60 * k) * unit,
             (1_700_000_000 + 60 * k + 7) * unit) for k in range(9) for who in PEOPLE]  # fmt: skip
    columns = ["item", "annotator", "label", "start_ts", "end_ts"]
    pl.DataFrame(rows, schema=columns, orient="row").write_csv(tmp_path / "t.csv")
    assert set(read_answers(tmp_path / "t.csv").table["seconds"]) == {7.0}


def _numbers(path: Path, values: np.ndarray, columns: tuple[str, ...]) -> Path:
    own = {name: values[:, k] for k, name in enumerate(columns)}
    pl.DataFrame({"item": [f"i{k}" for k in range(len(values))], **own}).write_csv(path)
    return path


def test_numbers_of_people_who_hardly_agree_are_asked_about(tmp_path: Path) -> None:
    """Unrelated numbers may be ratings, or features: votes compete."""
    rng = np.random.default_rng(0)
    ratings = _numbers(tmp_path / "r.csv", rng.integers(1, 6, (40, 4)), PEOPLE)
    columns = ("signs", "words", "lines")
    sizes = _numbers(tmp_path / "s.csv", rng.poisson([6, 9, 7], (40, 3)), columns)
    for path in (ratings, sizes):
        with pytest.raises(InputError, match="--format counts or --format cleanlab"):
            read_answers(path)
    votes = np.stack([rng.multinomial(rng.integers(3, 9), p)
                      for p in rng.dirichlet([0.5] * 4, 40)])  # fmt: skip
    found = read_answers(_numbers(tmp_path / "v.csv", votes, ("cat", "dog", "owl", "fox")))
    assert set(found.table["signal"]) == {"votes"}


def test_appen_writes_what_was_ticked_in_lines(tmp_path: Path) -> None:
    rows = [(k, who, ["cat", "cat\ndog"][k % 2], "false") for k in range(6) for who in (1, 2)]
    rows[1] = (0, 2, "owl", "false")
    columns = ["_unit_id", "_worker_id", "animals", "_golden"]
    pl.DataFrame(rows, schema=columns, orient="row").with_columns(
        pl.lit("1").alias("animals:confidence")
    ).write_csv(tmp_path / "t.csv")
    answers = read_answers(tmp_path / "t.csv")
    assert set(answers.table["signal"]) == {"candidates"}
    assert set(answers.classes) == {"cat", "dog", "owl"}


@pytest.mark.parametrize(("text", "named"), [
    ("T1\tAnimal 4 7\tcat\n", "brat"),
    ("#FORMAT=WebAnno TSV 3.3\n\n#Text=The cat\n1-1\t0-3\tThe\t_\n", "WebAnno or INCEpTION"),
    ("The O\ncat B-ANI\nsat O\n\nA O\ndog B-ANI\n", "CoNLL"),
    ("<?xml version='1.0'?>\n<annotations><version>1.1</version></annotations>", "CVAT"),
    ('{"images": [{"id": 1, "file_name": "a.jpg"}], "annotations": []}', "COCO"),
])  # fmt: skip
def test_annotations_of_spans_are_refused_by_name(tmp_path: Path, text: str, named: str) -> None:
    (tmp_path / "t.txt").write_text(text)
    with pytest.raises(InputError, match=named) as told:
        read_answers(tmp_path / "t.txt")
    assert "expected a" in str(told.value)


@pytest.mark.parametrize(("form", "unit"), [
    (("Diagnosis Dr {}", "Time (s) Dr {}"), 1), (("{} Label", "{} Time (s)"), 1),
    (("{}", "{}_rt"), 1000), (("{}", "{} ms"), 1000),
])  # fmt: skip
def test_a_time_for_each_column_tells_who_answered(
    tmp_path: Path, form: tuple[str, str], unit: int
) -> None:
    columns: dict[str, list] = {"case": [f"c{k}" for k in range(12)], "age": list(range(40, 52))}
    for j, who in enumerate(("Weber", "Klein")):
        columns[form[0].format(who)] = [("pos", "neg")[(k + j) % 2] for k in range(12)]
        columns[form[1].format(who)] = [(5 + k) * unit for k in range(12)]
    pl.DataFrame(columns).write_csv(tmp_path / "t.csv")
    answers = read_answers(tmp_path / "t.csv")
    assert answers.annotators == tuple(form[0].format(who) for who in ("Weber", "Klein"))
    assert answers.table["seconds"].median() == pytest.approx(10.5)


@pytest.mark.parametrize(("heading", "first", "signal"), [
    ("answer", 1, "score"), ("quality_of_answer", 0, "score"), ("label", 1, "hard"),
    ("category", 0, "hard"),
])  # fmt: skip
def test_one_to_ten_are_steps_unless_the_heading_calls_them_classes(
    tmp_path: Path, heading: str, first: int, signal: str
) -> None:
    rows = [(f"i{k}", "ann", first + k % (11 - first)) for k in range(30)]
    pl.DataFrame(rows, schema=["item", "annotator", heading], orient="row").write_csv(
        tmp_path / "t.csv"
    )
    assert set(read_answers(tmp_path / "t.csv").table["signal"]) == {signal}


def test_answers_by_name_beside_a_text_are_read_at_once(tmp_path: Path) -> None:
    rows = [{"id": f"i{k}", "text": f"text {k}", "annotations": dict.fromkeys(PEOPLE, "xy"[k % 2])}
            for k in range(8)]  # fmt: skip
    (tmp_path / "t.jsonl").write_text("\n".join(map(json.dumps, rows)))
    answers = read_answers(tmp_path / "t.jsonl")
    assert answers.annotators == PEOPLE
    assert len(answers) == 32
