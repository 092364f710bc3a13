"""Every command and every Python example of the pages for new users runs, on files as they say."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from labelbits.cli import app
from tests.test_first_plan import texts

DOCS = Path(__file__).parents[1] / "docs"
PAGES = ["start", "for_texts", "for_triplets", "for_preferences", "for_reports"]


def blocks(page: str, kind: str) -> list[str]:
    text = (DOCS / f"{page}.md").read_text(encoding="utf-8")
    return re.findall(rf"^```{kind}\n(.*?)^```", text, flags=re.S | re.M)


def commands(page: str) -> list[list[str]]:
    lines = [line for block in blocks(page, "console") for line in block.splitlines()]
    return [shlex.split(line.removeprefix("$ ")) for line in lines if line.startswith("$ ")]


def own_files(folder: Path) -> None:
    """What the pages say that people have."""
    rng = np.random.default_rng(0)
    body, label = texts(160)
    ids = [f"d{i}" for i in range(160)]
    said = [*label[:100], *[""] * 60]
    pl.DataFrame({"id": ids, "text": body, "label": said}).write_csv(folder / "labels.csv")
    pl.DataFrame({"id": ids, "text": body}).write_csv(folder / "texts.csv")
    votes = [
        (one, who, said if rng.random() < 0.9 else {"good": "bad", "bad": "good"}[said])
        for one, said in zip(ids[:100], label, strict=False)
        for who in rng.choice(["ann", "bob", "cat"], 2, replace=False)
    ]
    pl.DataFrame(votes, schema=["id", "who", "said"], orient="row").write_csv(
        folder / "answers.csv"
    )
    (folder / "export.json").write_text(json.dumps([
        {"id": k, "data": {"text": one}, "annotations": [
            {"id": k, "completed_by": 1, "lead_time": 4.0, "result": [
                {"from_name": name, "to_name": "t", "type": "choices", "value": {"choices": [v]}}
                for name, v in (("tone", label[k]), ("long", str(len(one) > 60)))]}]}
        for k, one in enumerate(body[:120])
    ]))  # fmt: skip
    z = rng.normal(size=(7, 1))
    rows = []
    for k in range(120):
        head, one, other = rng.choice(7, 3, replace=False)
        near = np.linalg.norm(z[head] - z[one]) < np.linalg.norm(z[head] - z[other])
        if near != (rng.random() < 0.9):
            one, other = other, one
        rows.append((f"o{head}", f"o{one}", f"o{other}", f"p{k % 6}", round(rng.gamma(4), 1)))
    columns = ["head", "winner", "loser", "puid", "response_time"]
    pl.DataFrame(rows, schema=columns, orient="row").write_csv(folder / "triplets.csv")
    shapes = {"shape": [f"o{k}" for k in range(12)], "size": [*z[:, 0], 0.1, 0.2, 0.3, 0.4, 0.5]}
    pl.DataFrame(shapes).write_csv(folder / "shapes.csv")
    fights = []
    for k in range(240):
        a, b = rng.choice(12, 2, replace=False)
        won = "tie" if k % 10 == 0 else ("model_a", "model_b")[int(rng.random() > a / (a + b))]
        fights.append((f"q{k}", f"m{a}", f"m{b}", won, f"j{k % 4}", "person"))
        fights += [(f"q{k}", f"m{a}", f"m{b}", won, f"j{4 + k % 2}", "person")] * (k % 4 == 0)
        fights += [(f"q{k}", f"m{a}", f"m{b}", "model_a", "judge-1", "model")] * (k % 2)
    columns = ["question_id", "model_a", "model_b", "winner", "judge", "judge_type"]
    battles = pl.DataFrame(fights, schema=columns, orient="row")
    battles.write_csv(folder / "battles.csv")
    told = battles.filter(pl.col("judge_type") == "person").unique("question_id")
    told.select(model=pl.lit("judge-2"), task="question_id", label=pl.lit("model_b")).write_csv(
        folder / "judged.csv"
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("docs")
    own_files(made)
    return made


def test_every_page_is_linked_and_holds_commands() -> None:
    start = (DOCS / "start.md").read_text(encoding="utf-8")
    for page in DOCS.glob("for_*.md"):
        assert f"({page.name})" in start
    assert all(commands(page) for page in PAGES)


def test_every_command_runs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the order of the pages: what one writes, the next may read. The same command runs once."""
    monkeypatch.chdir(folder)
    ran: list[list[str]] = []
    for page in PAGES:
        for words in commands(page):
            assert words[0] == "labelbits"
            if words in ran:
                continue
            ran.append(words)
            done = CliRunner().invoke(app, words[1:])
            assert done.exit_code == 0, (page, words, done.output, done.exception)
            assert done.output.strip()
            if "judged.csv" in words:
                assert done.output.count("may it label?") == 2
            if "--out" in words:
                assert Path(words[words.index("--out") + 1]).exists()


def test_the_notebook_examples_run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 4)).astype(np.float32)
    labels = np.where(x[:, 0] > 0, "yes", "no")
    names = [f"item {i}" for i in range(200)]
    rows = [
        (names[i], who, labels[i] if rng.random() < 0.9 else "no")
        for i in range(120)
        for who in ("ann", "bob")
    ]
    frame = pl.DataFrame(rows, schema=["item", "annotator", "label"], orient="row")
    triplets = np.array([rng.choice(8, 3, replace=False) for _ in range(60)])
    given: dict[str, Any] = {"x": x, "labels": labels, "names": names, "frame": frame,
                             "triplets": triplets}  # fmt: skip
    for block in blocks("for_notebooks", "python"):
        exec(compile(block, "for_notebooks.md", "exec"), given)
    assert given["plan"].budget == 20
    assert given["space"].embedding_.shape == (8, 2)
    assert set(given["model"].predict(x)) <= {"yes", "no"}
