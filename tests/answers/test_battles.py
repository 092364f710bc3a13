"""Battles: the prompt is part of the question, and models may stand beside people."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from rich.console import Console

from labelbits import InputError
from labelbits.annotators.pilot import run_pilot
from labelbits.annotators.recovering import usable
from labelbits.answers import read_answers
from labelbits.recovery import agreement_ceiling
from labelbits.report.pilot import show_pilot
from labelbits.signals.questions import without_repeats

PROMPTS, JUDGES = 60, ("ann", "ben", "cem")


def battles(**more: list[str]) -> pl.DataFrame:
    """Three people and a language model on 60 prompts to 4 models; people agree 9 times in 10."""
    rng = np.random.default_rng(0)
    rows = []
    for k in range(PROMPTS):
        a, b = rng.choice(4, 2, replace=False)
        right = ("model_a", "model_b", "tie")[0 if k % 10 == 0 else int(rng.integers(2))]
        for who in (*JUDGES, "judge-1"):
            said = right if rng.random() < (0.9 if who in JUDGES else 0.5) else "tie"
            kind = "person" if who in JUDGES else "model"
            rows.append((f"q{k}", f"m{a}", f"m{b}", said, who, kind))
    columns = ["question_id", "model_a", "model_b", "winner", "judge", "judge_type"]
    return pl.DataFrame(rows, schema=columns, orient="row")


@pytest.fixture
def written(tmp_path: Path) -> Path:
    path = tmp_path / "battles.csv"
    battles().write_csv(path)
    return path


def test_each_prompt_is_a_question_of_its_own(written: Path) -> None:
    answers = read_answers(written)
    used, said = usable(answers)
    ties = int((answers.table["answer"] == '"tie"').sum())
    models = answers.table.filter(pl.col("annotator_kind") == "model")
    decided = models.filter(pl.col("answer") != '"tie"')
    assert len(used) == len(answers) - ties - len(decided)
    assert not any("had answered the question before" in one for one in said)
    # People are compared on one prompt: three pairs a prompt at most, never over prompts.
    assert 0 < agreement_ceiling(used).pairs <= 3 * PROMPTS


def test_the_same_judge_on_the_same_prompt_is_a_repeat_even_with_sides_turned(
    tmp_path: Path,
) -> None:
    table = battles().filter(pl.col("judge") == "ann", pl.col("winner") != "tie").head(20)
    turned = table.select(
        "question_id", model_a="model_b", model_b="model_a",
        winner=pl.col("winner").replace({"model_a": "model_b", "model_b": "model_a"}),
        judge="judge", judge_type="judge_type",
    )  # fmt: skip
    path = tmp_path / "twice.csv"
    pl.concat([table, turned]).write_csv(path)
    used, said = usable(read_answers(path))
    assert len(used) == len(table)
    assert any(f"{len(table)} of {2 * len(table)} answers were left out" in one for one in said)


def test_without_a_column_of_prompts_rows_of_models_are_prompts_and_texts_are_not(
    tmp_path: Path,
) -> None:
    table = battles().filter(pl.col("judge") == "ann", pl.col("winner") != "tie")
    table = table.drop("question_id", "judge_type")
    models, texts = tmp_path / "models.csv", tmp_path / "texts.csv"
    table.write_csv(models)
    turned = table.rename({"model_a": "text_a", "model_b": "text_b"})
    turned.with_columns(pl.col("winner").str.replace("model", "text")).write_csv(texts)
    answers = read_answers(models)
    assert len(usable(answers)[0]) == len(table)
    assert any("each row counts as a prompt of its own" in note for note in answers.notes)
    assert len(usable(read_answers(texts))[0]) < len(table)


@pytest.mark.parametrize("column", ["judge_type", "annotator_kind", "who"])
def test_people_and_a_model_are_compared_on_battles(written: Path, column: str) -> None:
    battles().rename({"judge_type": column}).write_csv(written)
    told = {"annotator_kind": "who"} if column == "who" else None
    pilot = run_pilot([written], columns=told)
    assert pilot.formats == ("battles",)
    (found,) = pilot.beside_models
    assert (found.model, found.verdict, found.items) == ("judge-1", "no", PROMPTS)
    said = battles().pivot("judge", index="question_id", values="winner")
    pairs = [(one, other) for one in JUDGES for other in JUDGES if one != other]
    alike = [(said[one] == said[other]).mean() for one, other in pairs]
    beside = [(said["judge-1"] == said[other]).mean() for _, other in pairs]
    assert found.person == pytest.approx(np.mean(alike))
    assert found.model_score == pytest.approx(np.mean(beside))
    stream = io.StringIO()
    show_pilot(pilot, Console(file=stream, width=100))
    assert "preference: 180 answers of 3 annotators" in stream.getvalue()
    assert "may it label? no" in stream.getvalue()


def test_a_file_of_a_model_about_the_same_prompts_says_the_same(
    written: Path, tmp_path: Path
) -> None:
    table = battles()
    whole = run_pilot([written]).beside_models[0]
    people, model = tmp_path / "people.csv", tmp_path / "model.csv"
    table.filter(pl.col("judge_type") == "person").drop("judge_type").write_csv(people)
    own = table.filter(pl.col("judge_type") == "model")
    own.select(model="judge", task="question_id", label="winner").write_csv(model)
    pilot = run_pilot([people, model])
    assert pilot.beside_models[0].to_dict() == whole.to_dict()
    assert pilot.answers.classes == ()
    # Labels that name no winner stay what they are, and pilot says why nothing is compared.
    own.select(model="judge", task="question_id", label=pl.lit("good")).write_csv(model)
    apart = run_pilot([people, model])
    assert not apart.beside_models
    assert any("share no two questions" in note for note in apart.calibration.notes)


def test_kinds_that_say_nothing_are_told(written: Path) -> None:
    table = battles()
    table.with_columns(judge_type=pl.lit("senior")).write_csv(written)
    answers = read_answers(written)
    assert "annotator_kind" not in answers.table.columns
    assert any("says neither person nor model" in note for note in answers.notes)
    with pytest.raises(InputError, match="expected person or model in every row"):
        read_answers(written, columns={"annotator_kind": "judge_type"})
    with pytest.raises(InputError, match="there is no column 'kind'"):
        read_answers(written, columns={"annotator_kind": "kind"})
    named = table.drop("judge_type").with_columns(pl.col("judge").replace("judge-1", "gpt-4o"))
    named.write_csv(written)
    assert any("named like a language model" in note for note in read_answers(written).notes)
    assert not any("named like" in n for n in read_answers(table.drop("judge_type")).notes)


def test_any_flat_table_may_say_who_is_a_model(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    who = ("ann", "bob", "m")
    rows = [(f"t{k}", one, "ab"[k % 2], one == "m") for k in range(8) for one in who]
    schema = ["item", "annotator", "label", "is_model"]
    pl.DataFrame(rows, schema=schema, orient="row").write_csv(path)
    answers = read_answers(path)
    kinds = answers.table.group_by("annotator_kind").len().sort("annotator_kind").rows()
    assert kinds == [("model", 8), ("person", 16)]
    assert len(without_repeats(answers)) == 24


def test_rows_left_out_for_one_reason_are_one_line(written: Path) -> None:
    table = battles().with_columns(
        winner=pl.when(pl.int_range(pl.len()) % 24 == 0).then(pl.lit("")).otherwise("winner")
    )
    table.write_csv(written)
    stream = io.StringIO()
    show_pilot(run_pilot([written]), Console(file=stream, width=400))
    lines = [line for line in stream.getvalue().splitlines() if "neither left nor right" in line]
    assert len(lines) == 1
    assert lines[0].startswith("  10: ")
    assert "rows 1, 25, 49, 73, 97, ..." in lines[0]


@pytest.mark.parametrize(
    "heads",
    [
        ("winner_model_a", "winner_model_b", "winner_tie"),
        ("model_a_wins", "model_b_wins", "tie"),
    ],
)
@pytest.mark.parametrize("marks", [("1", "0"), ("True", "False")])
def test_winners_in_a_column_a_side(tmp_path, heads, marks):
    """As Kaggle's arena has them; they were read as labels that five annotators gave."""
    table = battles()
    right = [("model_a", "model_b", "tie").index(said) for said in table["winner"]]
    columns = [
        pl.Series(name, [marks[0] if place == k else marks[1] for place in right])
        for k, name in enumerate(heads)
    ]
    given, expected = tmp_path / "sides.csv", tmp_path / "one.csv"
    table.drop("winner").with_columns(columns).write_csv(given)
    table.write_csv(expected)
    found, known = read_answers(given), read_answers(expected)
    assert set(found.table["signal"]) == {"preference"}
    assert found.table["answer"].to_list() == known.table["answer"].to_list()
    assert found.items == known.items


def test_columns_of_two_questions_are_no_annotators(tmp_path):
    path = tmp_path / "two.csv"
    rows = [
        f"i{k},{'mn'[k % 2]},{'nm'[k % 3 % 2]},{'xy'[k % 2]},{'xy'[k % 3 % 2]}" for k in range(30)
    ]
    path.write_text("\n".join(["id,left_one,right_one,good,bad", *rows]))
    with pytest.raises(InputError, match="format not recognised"):
        read_answers(path)
