"""`labelbits init`: a plan file from what files hold, which `plan` runs; the rest is asked."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

import labelbits as lb
from labelbits.cli import app
from labelbits.first_plan import first_plan
from labelbits.items.reading import read_table
from labelbits.planning import read_plan
from labelbits.planning.evidence.loading import load_evidence

WORDS = {"good": ["fine", "bright", "warm", "moving"], "bad": ["dull", "slow", "flat", "noisy"]}


def texts(count: int, seed: int = 0) -> tuple[list[str], list[str]]:
    """(texts, the class that two words of each tell)."""
    rng = np.random.default_rng(seed)
    common = ["the", "film", "story", "actor", "plot", "scene", "music", "camera", "ending"]
    made, classes = [], []
    for _ in range(count):
        name = ("good", "bad")[rng.integers(2)]
        made.append(" ".join([*rng.choice(common, 8), *rng.choice(WORDS[name], 2)]))
        classes.append(name)
    return made, classes


def written(folder: Path, name: str = "labels.csv") -> Path:
    body, label = texts(40)
    rows = {
        "doc_id": [f"d{i}" for i in range(40)],
        "body": body,
        "verdict": [*label[:30], *[""] * 10],
    }
    pl.DataFrame(rows).write_csv(folder / name)
    return folder / name


def loaded(text: str, folder: Path) -> object:
    (folder / "plan.toml").write_text(text)
    return load_evidence(read_plan(folder / "plan.toml"), seed=0)


def test_a_table_of_texts_becomes_a_plan_that_is_read(tmp_path: Path) -> None:
    made = first_plan([written(tmp_path)], tmp_path)
    data = tomllib.loads(made.text)["dataset"]
    assert (data["table"], data["id"], data["text"]) == ("labels.csv", "doc_id", "body")
    assert data["label"] == "verdict"
    assert any("is 'verdict' the label?" in one for one in made.questions)
    evidence = loaded(made.text, tmp_path)
    assert evidence.ids[0] == "d0"  # type: ignore[attr-defined]
    assert evidence.counts.sum() == 30  # type: ignore[attr-defined]


def test_features_and_answers_in_files_of_their_own(tmp_path: Path) -> None:
    ids = [f"i{k}" for k in range(20)]
    np.savez(tmp_path / "x.npz", ids=np.array(ids), hidden=np.eye(20, dtype=np.float32))
    rows = [(i, who, "ab"[k % 2]) for k, i in enumerate(ids[::-1]) for who in ("ann", "bob")]
    pl.DataFrame(rows, schema=["item", "annotator", "label"], orient="row").write_csv(
        tmp_path / "answers.csv"
    )
    made = first_plan([tmp_path / "x.npz", tmp_path / "answers.csv"], tmp_path)
    evidence = loaded(made.text, tmp_path)
    # Joined by name: the last item of the answers is the first row.
    assert evidence.ids == tuple(ids)  # type: ignore[attr-defined]
    np.testing.assert_array_equal(evidence.counts[19], [2, 0])  # type: ignore[attr-defined]
    np.testing.assert_array_equal(evidence.counts[0], [0, 2])  # type: ignore[attr-defined]


def test_an_export_of_a_platform_stays_one_file(tmp_path: Path) -> None:
    body, label = texts(30)
    tasks = [
        {
            "id": 100 + k,
            "data": {"text": one, "source": "web"},
            "annotations": [
                {"id": k, "completed_by": 1, "lead_time": 2.0,
                 "result": [{"from_name": "tone", "to_name": "t", "type": "choices",
                             "value": {"choices": [label[k]]}}]}
            ] if k < 20 else [],
        }
        for k, one in enumerate(body)
    ]  # fmt: skip
    (tmp_path / "export.json").write_text(json.dumps(tasks))
    made = first_plan([tmp_path / "export.json"], tmp_path)
    evidence = loaded(made.text, tmp_path)
    assert len(evidence.features) == 30  # type: ignore[attr-defined]
    assert evidence.counts.sum() == 20  # type: ignore[attr-defined]


def test_comparisons_without_features_become_a_specification(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    rows = [[f"o{i}" for i in rng.choice(12, 3, replace=False)] for _ in range(60)]
    pl.DataFrame(rows, schema=["head", "winner", "loser"], orient="row").with_columns(
        rt=pl.lit(2.5)
    ).write_csv(tmp_path / "t.csv")
    made = first_plan([tmp_path / "t.csv"], tmp_path)
    found = tomllib.loads(made.text)
    assert found["dataset"]["items"] == 12
    assert found["signal"] == [{"kind": "triplet"}]
    assert any("how many dimensions" in one for one in made.questions)
    (tmp_path / "plan.toml").write_text(made.text)
    read_plan(tmp_path / "plan.toml")


def test_the_command_writes_once_and_asks(tmp_path: Path) -> None:
    file = written(tmp_path)
    out = tmp_path / "plan.toml"
    done = CliRunner().invoke(app, ["init", str(file), "--out", str(out)])
    assert done.exit_code == 0
    assert "question 1:" in done.output
    assert f"labelbits plan {out}" in done.output
    again = CliRunner().invoke(app, ["init", str(file), "--out", str(out)])
    assert "is there already" in str(again.exception)
    with pytest.raises(lb.InputError, match="no such file"):
        first_plan([tmp_path / "nope.csv"], tmp_path)


def test_gold_counts_and_features_of_tables_are_joined_by_id(tmp_path: Path) -> None:
    body, label = texts(12)
    ids = [f"d{i}" for i in range(12)]
    pl.DataFrame({"uid": ids, "body": body, "truth": label}).write_parquet(tmp_path / "t.parquet")
    votes = {"id": ids[::-1], "bad": [k % 2 for k in range(12)], "good": [0] * 6 + [3] * 6}
    pl.DataFrame(votes).write_csv(tmp_path / "votes.csv")
    evidence = loaded(
        '[dataset]\ntable = "t.parquet"\nid = "uid"\ntext = "body"\ncounts = "votes.csv"\n'
        'gold_column = "truth"\n[budget]\namount = 9\n[[signal]]\nkind = "hard"\n',
        tmp_path,
    )
    assert evidence.class_names == ("bad", "good")  # type: ignore[attr-defined]
    np.testing.assert_array_equal(evidence.counts[0], [1, 3])  # type: ignore[attr-defined]
    right = [("bad", "good").index(name) for name in label]
    np.testing.assert_array_equal(evidence.gold, right)  # type: ignore[attr-defined]


def test_tickets_as_a_support_desk_exports_them(tmp_path: Path) -> None:
    body, _ = texts(40)
    rows = [
        f"{k:05d};Help {k};{one};{1 + k % 5 if k < 30 else ''};{['Ann', 'Bob'][k % 2]};{k % 4},5"
        for k, one in enumerate(body)
    ]
    (tmp_path / "t.csv").write_text(
        "Ticket No;Subject;Body;Category;Agent;Handle time (min)\n" + "\n".join(rows)
    )
    made = first_plan([tmp_path / "t.csv"], tmp_path)
    data = tomllib.loads(made.text)["dataset"]
    assert (data["id"], data["text"], data["annotator"]) == ("Ticket No", "Body", "Agent")
    assert (data["label"], data["seconds"]) == ("Category", "Handle time (min)")
    evidence = loaded(made.text, tmp_path)
    assert evidence.ids[1] == "00001"  # type: ignore[attr-defined]
    # Steps 1 to 5 are five classes: nobody names a class 0.
    assert evidence.class_names == tuple("12345")  # type: ignore[attr-defined]
    seconds = evidence.pilot.answers.table["seconds"]  # type: ignore[attr-defined]
    assert seconds.to_list()[:3] == [30.0, 90.0, 150.0]


def test_battles_are_asked_as_comparisons(tmp_path: Path) -> None:
    won = ["model_a", "model_b", "tie"]
    rows = [f"{n},m{n % 5},m{(n + 1) % 5},{won[n % 3]},j{n % 2}" for n in range(30)]
    (tmp_path / "b.csv").write_text("question_id,model_a,model_b,winner,judge\n" + "\n".join(rows))
    tables = tomllib.loads(first_plan([tmp_path / "b.csv"], tmp_path).text)
    assert [one["kind"] for one in tables["signal"]] == ["triplet"]
    assert tables["dataset"]["items"] == 6  # five models and the ideal one


def test_the_header_again_costs_a_row_and_not_the_table(tmp_path: Path) -> None:
    body, label = texts(20)
    rows = [f"{k},{one},{label[k]}" for k, one in enumerate(body)]
    (tmp_path / "t.csv").write_text("\n".join(["id,text,label", *rows, "id,text,label", "20,x,"]))
    notes: list[str] = []
    assert len(read_table(tmp_path / "t.csv", notes)) == 21
    assert any("the header again" in note for note in notes)
    broken = ["1,2,3,4"] * 5
    (tmp_path / "u.csv").write_text("\n".join(["id,text,label", *rows, *broken]))
    with pytest.raises(lb.InputError, match="expected the same columns in every row"):
        read_table(tmp_path / "u.csv", [])
