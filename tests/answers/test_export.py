"""A plan becomes Label Studio projects, and their finished export is read back exactly."""

from __future__ import annotations

import json
from pathlib import Path
from typing import ClassVar
from xml.etree import ElementTree

import numpy as np
import pytest

from labelbits import InputError
from labelbits.answers import export_plan, read_answers
from labelbits.answers.export.asked_items import read_items
from labelbits.answers.export.export import tasks_for
from labelbits.answers.export.label_studio_config import labeling_config
from labelbits.answers.export.projects import Project
from labelbits.answers.table.columns import IDEAL
from labelbits.planning.item_list import FILE, ItemList
from labelbits.signals import REGISTRY, make
from labelbits.signals.yes_no import Verify

CLASSES = ["cat & dog", 'a "quote"', "<bird>", "fish"]


def plan_file(folder: Path, *purchases: dict, **more) -> Path:
    path = folder / "plan.json"
    path.write_text(json.dumps({"recommendation": {"purchases": list(purchases)}, **more}))
    return path


def filled(config: str, task: dict, rng: np.random.Generator) -> list[dict]:
    """Results as Label Studio writes them, from the controls of the config."""
    results = []
    for control in ElementTree.fromstring(config).iter():
        name, target = control.get("name"), control.get("toName")
        if target is None:
            continue
        choices = [choice.get("value") for choice in control.iter("Choice")]
        kind = control.tag.lower()
        if kind == "choices" and name == "impossible":
            value = {"choices": choices[-1:]}
        elif kind == "choices":
            value = {"choices": [choices[rng.integers(len(choices))]]}
        elif kind == "number":
            value = {"number": int(rng.integers(10, 30))}
        elif kind == "rating":
            value = {"rating": int(rng.integers(1, int(control.get("maxRating", 5)) + 1))}
        elif kind == "pairwise":
            value = {"selected": ["left", "right"][rng.integers(2)]}
        else:
            ids = [entry["id"] for entry in task["data"]["class_list"]]
            value = {"ranker": {"rank": [str(i) for i in rng.permutation(ids)[:2]]}}
        results.append({"from_name": name, "to_name": target, "type": kind, "value": value})
    return results


@pytest.mark.parametrize("name", REGISTRY)
def test_every_signal_goes_out_and_comes_back(name: str, tmp_path: Path) -> None:
    plan = plan_file(tmp_path, {"signal": name, "items": 9, "answers_per_item": 2, "cost": 1})
    (folder,), notes = export_plan(plan, tmp_path / "out", classes=CLASSES)
    assert notes == []
    config = (folder / "config.xml").read_text()
    tasks = json.loads((folder / "tasks.json").read_text())
    signal = make(name, 2, len(CLASSES))
    for task in tasks:  # every variable of the config is in every task
        for element in ElementTree.fromstring(config).iter():
            value = element.get("value", "")
            assert not value.startswith("$") or value[1:] in task["data"]
    rng = np.random.default_rng(0)
    done = [
        {
            "id": number,
            **task,
            "annotations": [
                {"id": number, "completed_by": 1, "lead_time": 3.0,
                 "result": filled(config, task, rng)}
            ],
        }
        for number, task in enumerate(tasks)
    ]  # fmt: skip
    (tmp_path / "done.json").write_text(json.dumps(done))
    answers = read_answers(tmp_path / "done.json", classes=CLASSES)
    assert answers.rejected is not None
    assert answers.rejected["reason"].to_list() == []
    assert set(answers.table["signal"]) == {name}
    assert len(answers) == len(tasks)
    assert answers.table["items"].to_list() == [t["data"]["labelbits"]["items"] for t in tasks]
    per_item = signal.arity == 1 and signal.questions(2) == 1
    assert len(tasks) == (9 if per_item else 18)


def test_ranked_numbers_become_the_names_again(tmp_path: Path) -> None:
    (task,) = tasks_for(make("ranking", 2, 4, top=2), 1, ["x"], CLASSES, 0)
    result = {"from_name": "answer", "value": {"ranker": {"rank": ["class-2", "class-0"]}}}
    done = [{**task, "annotations": [{"completed_by": 1, "result": [result]}]}]
    (tmp_path / "done.json").write_text(json.dumps(done))
    answers = read_answers(tmp_path / "done.json")
    assert json.loads(answers.table["answer"][0]) == ["<bird>", "cat & dog"]


def test_options_shape_the_question() -> None:
    def config_of(name: str, **options: object) -> str:
        signal = make(name, 2, 4, **options)
        return labeling_config(Project("1", signal, [], CLASSES, 1, 1.0, signal.question))

    config = config_of("sparse-soft", impossible=True)
    assert config.count("<Number") == 4
    assert 'name="impossible"' in config
    assert 'maxRating="7"' in config_of("rating", levels=7)
    assert config_of("contrastive", negatives=6).count("<Choice ") == 7


def test_preferences_ask_which_of_two_is_better_and_join_the_pilot(tmp_path: Path) -> None:
    """The ideal item is a way to model them: no annotator sees it; several answers a question are
    several annotators for one task."""
    names = [IDEAL, "gpt", "claude", "llama", "mistral"]
    (tmp_path / FILE).write_text(ItemList(np.ones(5, int), ids=tuple(names)).csv())
    bought = {"signal": "triplet", "items": 5, "answers_per_item": 6, "answers": 30, "cost": 1,
              "answers_per_question": 3}  # fmt: skip
    plan = plan_file(tmp_path, bought, items_file=FILE)
    (folder,), notes = export_plan(plan, tmp_path / "out")
    assert "which of two items is better" in notes[0]
    config = (folder / "config.xml").read_text()
    assert "Which of the two is better?" in config
    assert "$item_1" not in config
    assert "10 tasks, 3 annotators for each" in (folder / "README.md").read_text()
    tasks = json.loads((folder / "tasks.json").read_text())
    for task in tasks:
        asked = task["data"]["labelbits"]["items"]
        assert asked[0] == IDEAL
        assert [task["data"][f"item_{i}"] for i in (2, 3)] == asked[1:]
        assert set(asked[1:]) < set(names[1:])
    result = [{"from_name": "answer", "value": {"selected": "right"}}]
    done = [{**task, "annotations": [{"completed_by": 1, "result": result}]} for task in tasks]
    (tmp_path / "done.json").write_text(json.dumps(done))
    answers = read_answers(tmp_path / "done.json")
    assert set(answers.items) == set(names)


def test_questions_are_drawn_by_the_seed_without_repetition_inside() -> None:
    signal = make("triplet", 2, 4)
    items = [str(i) for i in range(20)]
    assert tasks_for(signal, 50, items, [], 1) == tasks_for(signal, 50, items, [], 1)
    assert tasks_for(signal, 50, items, [], 1) != tasks_for(signal, 50, items, [], 2)
    shown = [task["data"]["labelbits"]["items"] for task in tasks_for(signal, 50, items, [], 1)]
    assert all(len(set(names)) == 3 for names in shown)
    with pytest.raises(InputError, match="shows 3 items in a question; there are 2"):
        tasks_for(signal, 1, ["a", "b"], [], 0)


def test_items_and_classes(tmp_path: Path) -> None:
    (tmp_path / "items.txt").write_text("a.png\n\nb.png\n")
    assert read_items(tmp_path / "items.txt") == ["a.png", "b.png"]
    plan = plan_file(tmp_path, {"signal": "hard", "items": 2, "answers_per_item": 1.5})
    (folder,), notes = export_plan(plan, tmp_path / "out")
    assert "does not name the classes" in notes[0]
    assert "2 annotators for each (the plan buys 1.50" in (folder / "README.md").read_text()
    plan = plan_file(tmp_path, {"signal": "hard", "items": 2}, classes=["x", "y"])
    (folder,), notes = export_plan(plan, tmp_path / "out", items=["a.png", "b.png"])
    assert notes == []
    steps = (folder / "README.md").read_text()
    assert steps.startswith("# hard: 2 tasks, 1 annotator for each")
    assert "`labelbits plan PLAN.toml`: it plans again with these answers" in steps
    assert "mage" not in steps  # what is shown are the user's own
    numbered = plan_file(tmp_path, {"signal": "hard", "items": 2}, classes=4)
    (other,), notes = export_plan(numbered, tmp_path / "numbered")
    assert "4 placeholders" in notes[0]
    assert (other / "config.xml").read_text().count("<Choice ") == 4
    compared = plan_file(tmp_path, {"signal": "triplet", "items": 5}, classes=4)
    assert export_plan(compared, tmp_path / "compared")[1] == []  # no classes are asked about
    assert '<Choice value="y"/>' in (folder / "config.xml").read_text()
    assert set(asked(folder)) == {"a.png", "b.png"}


def asked(folder: Path) -> list[str]:
    """The items that the tasks show, in order."""
    tasks = json.loads((folder / "tasks.json").read_text())
    return [name for task in tasks for name in task["data"]["labelbits"]["items"]]


def listed(folder: Path, held: np.ndarray, strata: np.ndarray | None = None) -> str:
    """Write the items of a plan; returns what plan.json says of them."""
    (folder / FILE).write_text(ItemList(held, strata).csv())
    return FILE


def test_items_without_answers_are_asked_about_at_random(tmp_path: Path) -> None:
    held = np.r_[np.full(50, 3), np.zeros(50)].astype(int)
    plan = plan_file(
        tmp_path,
        {"signal": "hard", "items": 20},
        {"signal": "hard", "items": 70},
        {"signal": "hard", "items": 120},
        classes=["x", "y"],
        items_file=listed(tmp_path, held),
    )
    (few, most, more), notes = export_plan(plan, tmp_path / "out")
    rows = [int(name) for name in asked(few)]
    assert min(rows) >= 50
    assert len(set(rows)) == 20
    assert rows != sorted(rows)
    assert sum(int(name) >= 50 for name in asked(most)) == 50
    assert sorted(map(int, asked(more))) == list(range(100))
    assert "purchase 2 (hard): 20 of 70 tasks ask about items that have answers" in notes[0]
    assert "purchase 3 (hard): the plan buys 120 items and there are 100" in notes[1]
    named, _ = export_plan(plan, tmp_path / "named", items=[f"{i}.png" for i in range(100)])
    assert asked(named[0]) == [f"{row}.png" for row in rows]
    (tmp_path / FILE).unlink()
    (moved, *_), notes = export_plan(plan, tmp_path / "again")
    assert "items.csv: not found beside the plan" in notes[0]
    assert asked(moved) == [str(row) for row in range(20)]


def test_the_kinds_of_a_mixture_ask_about_different_items(tmp_path: Path) -> None:
    strata = np.array(["clear"] * 100 + ["ambiguous"] * 100)
    shares = {"clear": 1.0, "ambiguous": 0.25}, {"clear": 0.0, "ambiguous": 0.75}
    plan = plan_file(
        tmp_path,
        {"signal": "hard", "items": 100, "strata": shares[0]},
        {"signal": "sparse-soft", "items": 60, "strata": shares[1]},
        classes=["x", "y"],
        items_file=listed(tmp_path, np.zeros(200, int), strata),
    )
    (hard, soft), notes = export_plan(plan, tmp_path / "out")
    assert notes == []
    one, other = ([int(name) for name in asked(folder)] for folder in (hard, soft))
    assert not set(one) & set(other)
    assert [sum(row < 100 for row in rows) for rows in (one, other)] == [80, 0]
    assert [len(one), len(other)] == [100, 60]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not JSON"),
        ("[]", "no recommendation.purchases"),
        ('{"recommendation": {"purchases": []}}', "buys nothing"),
        ('{"recommendation": {"purchases": [{"items": 3}]}}', "names no signal"),
        ('{"recommendation": {"purchases": [{"signal": "x", "items": 3}]}}', "unknown signal"),
        ('{"recommendation": {"purchases": [{"signal": "hard"}]}}', "lacks 'items'"),
        ('{"recommendation": {"purchases": [{"signal": "hard", "items": -1}]}}', "above 0"),
    ],
)
def test_a_wrong_plan_is_one_message(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text(text)
    with pytest.raises(InputError, match=message):
        export_plan(tmp_path / "plan.json", tmp_path / "out")


@pytest.mark.parametrize(
    ("number", "shown"),
    [("2", "2"), ("0", "0"), ('"1"', '"1"'), ("true", "true"), ("null", "null"),
     ("[1]", "a list"), ("{}", "an object"), ('"' + "x" * 5000 + '"', "x (cut)")],
)  # fmt: skip
def test_a_plan_of_another_format_is_refused(number: str, shown: str, tmp_path: Path) -> None:
    path = plan_file(tmp_path, {"signal": "hard", "items": 2}, classes=["x", "y"], format=1)
    assert len(export_plan(path, tmp_path / "out")[0]) == 1
    path.write_text(path.read_text().replace('"format": 1', f'"format": {number}'))
    with pytest.raises(InputError, match="run labelbits plan again") as problem:
        export_plan(path, tmp_path / "refused")
    assert f"{shown}; expected 1, " in str(problem.value)
    assert "\n" not in str(problem.value)
    assert len(str(problem.value)) < 400 + len(str(path))
    assert not (tmp_path / "refused").exists()


def test_a_new_kind_of_question_about_a_class_shows_the_class(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Doubted(Verify):
        name: ClassVar[str] = "doubted"
        question: ClassVar[str] = "Do you doubt this class?"

        def question_about(self, name: str) -> str:
            return f"Do you doubt {name}?"

    monkeypatch.setitem(REGISTRY, "doubted", Doubted)
    plan = tmp_path / "plan.json"
    bought = {"signal": "doubted", "items": 4, "answers_per_item": 1, "cost": 1}
    plan.write_text(json.dumps({"recommendation": {"purchases": [bought]}}))
    (made,), _ = export_plan(plan, tmp_path / "out", classes=["cat", "dog"])
    tasks = [one["data"]["question"] for one in json.loads((made / "tasks.json").read_text())]
    assert set(tasks) <= {"Do you doubt cat?", "Do you doubt dog?"}
    assert '<Header value="$question"/>' in (made / "config.xml").read_text()
