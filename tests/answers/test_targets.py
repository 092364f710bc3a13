"""What goes out to Argilla, datasets and Croissant, opened by the programs themselves where they
are installed: `pip install argilla datasets mlcroissant`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from labelbits.answers import export_plan, read_answers
from labelbits.answers.export.targets import TARGETS
from labelbits.cli import app
from labelbits.errors import InputError
from labelbits.items.reading import read_table
from labelbits.signals import REGISTRY

CLASSES = ["cat & dog", 'a "quote"', "<bird>", "fish"]


def plan_file(folder: Path, *purchases: dict, **more: Any) -> Path:
    path = folder / "plan.json"
    path.write_text(json.dumps({"recommendation": {"purchases": list(purchases)}, **more}))
    return path


def exported(folder: Path, signal: str, to: str, **more: Any) -> Path:
    plan = plan_file(folder, {"signal": signal, "items": 9, "answers_per_item": 2, "cost": 1})
    (made,), _ = export_plan(plan, folder / "out", classes=CLASSES, to=to, **more)
    return made


def responses(settings: dict, rng: np.random.Generator) -> dict[str, list[dict]]:
    """What an annotator may answer to every question of the settings."""
    found: dict[str, list[dict]] = {}
    for question in settings["questions"]:
        kind = question["settings"]["type"]
        options = [one["value"] for one in question["settings"].get("options", ())]
        value: Any = options[rng.integers(len(options))] if options else "2.5"
        if kind == "multi_label_selection":
            value = options[:2]
        elif kind == "ranking":
            order = [str(one) for one in rng.permutation(options)]
            value = [{"value": name, "rank": k} for k, name in enumerate(order, 1)]
        found[question["name"]] = [{"value": value, "user_id": "ann", "status": "submitted"}]
    return found


@pytest.mark.parametrize("name", REGISTRY)
def test_argilla_records_come_back_exactly(name: str, tmp_path: Path) -> None:
    folder = exported(tmp_path, name, "argilla")
    settings = json.loads((folder / ".argilla" / "settings.json").read_text())
    records = json.loads((folder / "records.json").read_text())
    assert set(records[0]["fields"]) == {one["name"] for one in settings["fields"]}
    rng = np.random.default_rng(0)
    done = [{**record, "responses": responses(settings, rng)} for record in records]
    (tmp_path / "done.json").write_text(json.dumps(done))
    answers = read_answers(tmp_path / "done.json", classes=CLASSES)
    assert answers.rejected is not None
    assert answers.rejected["reason"].to_list() == []
    assert set(answers.table["signal"]) == {name}
    asked = [json.loads(record["metadata"]["labelbits"])["items"] for record in records]
    assert answers.table["items"].to_list() == asked


@pytest.mark.parametrize("name", REGISTRY)
def test_argilla_itself_takes_the_settings_and_records(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rg: Any = pytest.importorskip("argilla", reason="needs the package argilla")
    from argilla._api._client import APIClient  # pyright: ignore[reportMissingImports]
    from argilla.records._io import JsonIO  # pyright: ignore[reportMissingImports]

    # No server is asked: what is checked is that the package itself reads what was written.
    monkeypatch.setattr(APIClient, "_validate_connection", lambda self: None)
    rg.Argilla(api_url="http://127.0.0.1:1", api_key="none")
    folder = exported(tmp_path, name, "argilla")
    settings = rg.Settings.from_json(folder / ".argilla" / "settings.json")
    settings.validate()
    kinds = [one.api_model().model_dump() for one in settings.questions]
    assert len(kinds) >= 1
    assert settings.distribution.min_submitted == (2 if name in ("hard", "soft") else
                                                   settings.distribution.min_submitted)  # fmt: skip
    records = JsonIO._records_from_json(folder / "records.json")
    assert {field.name for field in settings.fields} == set(records[0].fields.to_dict())
    assert "labelbits" in records[0].metadata.to_dict()


def test_a_folder_for_datasets(tmp_path: Path) -> None:
    folder = exported(tmp_path, "hard", "datasets", items=[f"text {k}" for k in range(9)])
    table = read_table(folder, [])  # by our own reader: class numbers without a name are missing
    assert sorted(table["item_1"].to_list()) == [f"text {k}" for k in range(9)]
    assert table["label"].null_count() == 9
    datasets: Any = pytest.importorskip("datasets", reason="needs the package datasets")
    loaded = datasets.load_from_disk(str(folder))
    assert loaded.features["label"].names == CLASSES
    assert set(loaded["label"]) == {-1}


@pytest.fixture
def answers(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    rows = [
        (f"i{k}", f"w{(k + w) % 5}", ("no", "yes")[int(rng.random() < 0.7)], round(rng.gamma(4), 2))
        for k in range(20)
        for w in range(3)
    ]
    path = tmp_path / "answers.csv"
    columns = ["item", "annotator", "label", "seconds"]
    pl.DataFrame(rows, schema=columns, orient="row").write_csv(path)
    return path


def run(*words: Any) -> Any:
    return CliRunner().invoke(app, [str(word) for word in words])


def test_answers_as_datasets(answers: Path, tmp_path: Path) -> None:
    done = run("export", answers, "--to", "datasets", "--out", tmp_path / "ds")
    assert done.exit_code == 0, done.output
    again = read_answers(tmp_path / "ds")
    first = read_answers(answers)
    same = ["annotator", "items", "answer", "seconds"]
    assert again.table.select(same).equals(first.table.select(same))
    datasets: Any = pytest.importorskip("datasets", reason="needs the package datasets")
    loaded = datasets.load_from_disk(str(tmp_path / "ds"))
    assert loaded.features["label"].names == list(first.classes)
    assert len(loaded) == 60


def test_answers_as_croissant(answers: Path, tmp_path: Path) -> None:
    done = run("export", answers, "--to", "croissant", "--out", tmp_path / "cr")
    assert done.exit_code == 0, done.output
    found = json.loads((tmp_path / "cr" / "croissant.json").read_text())
    assert found["rai:annotationsPerItem"].startswith("3.00 annotators an item on average (3 to 3)")
    assert any("Krippendorff" in line for line in found["rai:dataAnnotationAnalysis"])
    median = pl.read_csv(answers)["seconds"].median()
    assert f"an answer took {median:.3g} seconds (median" in found["rai:dataAnnotationProtocol"][0]
    assert "rai:dataAnnotationPlatform" not in found  # a plain table names none
    mlc: Any = pytest.importorskip("mlcroissant", reason="needs the package mlcroissant")
    dataset = mlc.Dataset(jsonld=str(tmp_path / "cr" / "croissant.json"))
    assert not dataset.metadata.ctx.issues.errors
    assert not dataset.metadata.ctx.issues.warnings - _unpublished(dataset)
    assert dataset.metadata.annotations_per_item == found["rai:annotationsPerItem"]
    records = list(dataset.records("answers"))
    assert len(records) == 60
    assert records[0]["answers/annotator"] == b"w0"


def _unpublished(dataset: Any) -> set[str]:
    """Warnings about what only a publisher knows: licence, date, creators, version, address."""
    known = ("license", "datePublished", "creator", "citeAs", "version", "url")
    warned = dataset.metadata.ctx.issues.warnings
    return {one for one in warned if any(word in one for word in known)}


def test_what_does_not_go_there_is_said(answers: Path, tmp_path: Path) -> None:
    plan = plan_file(tmp_path, {"signal": "hard", "items": 3})
    wrong = run("export", plan, "--to", "croissant", "--out", tmp_path / "x")
    assert isinstance(wrong.exception, InputError)
    assert "expected the files of answers" in str(wrong.exception)
    wrong = run("export", plan, "--to", "nowhere", "--out", tmp_path / "x")
    assert f"expected one of: {', '.join(TARGETS)}" in str(wrong.exception)


def test_texts_of_a_plan_are_shown_and_names_come_back(tmp_path: Path) -> None:
    plan = plan_file(tmp_path, {"signal": "hard", "items": 2}, items_file="items.csv")
    rows = "item,answers_held,text\nd1,0,a fine film\nd2,0,a dull one\n"
    (tmp_path / "items.csv").write_text(rows)
    (folder,), _ = export_plan(plan, tmp_path / "out", classes=["good", "bad"])
    tasks = json.loads((folder / "tasks.json").read_text())
    shown = {t["data"]["labelbits"]["items"][0]: t["data"]["item_1"] for t in tasks}
    assert shown == {"d1": "a fine film", "d2": "a dull one"}
