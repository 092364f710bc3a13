"""The plan file: what is wrong is named, with what was found and expected."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from labelbits.errors import InputError
from labelbits.planning import read_plan

SPECIFICATION = """
[dataset]
items = 100
classes = 10
dims = 4
[budget]
amount = 100
[[signal]]
kind = "hard"
"""


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "plan.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_documented_plan_is_read(tmp_path: Path) -> None:
    plan = read_plan(write(tmp_path, SPECIFICATION))
    assert plan.dataset.items == 100
    assert plan.budget.wage_per_hour == 12
    assert plan.signal[0].kind == "hard"


@pytest.mark.parametrize(
    ("found", "replaced", "says"),
    [
        ("amount = 100", "amuont = 100", ["[budget] amuont", "did you mean 'amount'"]),
        ("amount = 100", "amount = -1", ["[budget] amount is -1", "greater than 0"]),
        ("[budget]", "[goal]\ntarget = 90\n[budget]", ["target is 90", "write 0.9 for 90 %"]),
        ("[budget]", "[goal]\ntarget = -1\n[budget]", ["target is -1", "above 0"]),
        (
            'kind = "hard"',
            'kind = "hard"\n[[signal]]\nkind = "hard"\nprice = 3',
            ["number 2", "same question of the same people as number 1"],
        ),
        ("amount = 100", "amount = 1e300", ["[budget] amount is 1e+300", "less than or equal"]),
        ("amount = 100", "amount = nan", ["[budget] amount", "finite"]),
        ('kind = "hard"', 'kind = "hrad"', ["number 1", "'hrad'", "did you mean 'hard'"]),
        ('kind = "hard"', 'kind = "hard"\nprice = -2', ["number 1 price is -2", "greater than 0"]),
        ("amount = 100", "amount = 100\nspent = 100", ["spent is 100", "below amount"]),
        ('kind = "hard"', 'kind = "hard"\ninput_tokens = 5', ["without input_price"]),
        ('kind = "hard"', 'kind = "hard"\nlapse = 1.5', ["lapse is 1.5", "less than 1"]),
        ('kind = "hard"', 'kind = "hard"\nprice = 1\nseconds = 2', ["both seconds and price"]),
        ('kind = "hard"', 'kind = "ranking"\ntop = 11', ["top is 11", "10 classes"]),
        ('kind = "hard"', 'kind = "hard"\ntop = 2', ["no option 'top'"]),
        ("items = 100\n", "", ["give either items or features"]),
        ("items = 100", "items = 100\nfeatures = 'x.npz'", ["give either items or features"]),
        ("classes = 10\n", "", ["classes (a number)"]),
        ("dims = 4", "dims = 0", ["dims is 0"]),
        ("[[signal]]", "[signal]", ["[[signal]]"]),
        ("dims = 4", "dims = 4\npilot = 'a.csv'", ['pilot is "a.csv"', 'write ["a.csv"]']),
        ("classes = 10", "classes = ['cat', 'dog']", ["classes: found a list", "class_names"]),
        ("[dataset]", "[dataset", ["not valid TOML"]),
        ('[[signal]]\nkind = "hard"', "", ["[signal]", "missing"]),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, found: str, replaced: str, says: list[str]) -> None:
    assert found in SPECIFICATION
    with pytest.raises(InputError) as problem:
        read_plan(write(tmp_path, SPECIFICATION.replace(found, replaced)))
    message = str(problem.value)
    assert "plan.toml" in message
    for part in says:
        assert part in message
    if "double brackets" not in message and "missing" not in message:
        assert "at least 1 item" not in message


def test_a_missing_file_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_plan(tmp_path / "none.toml")
    os.mkfifo(tmp_path / "pipe.toml")  # would be waited for
    for path in (tmp_path / "pipe.toml", Path("/dev/zero")):
        with pytest.raises(InputError, match="pipe or device; expected a plan file in TOML"):
            read_plan(path)


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_a_byte_order_mark_is_no_part_of_the_plan(tmp_path: Path, ends: str) -> None:
    path = tmp_path / "plan.toml"
    path.write_bytes(SPECIFICATION.replace("\n", ends).encode("utf-8-sig"))
    found = read_plan(path)
    assert found == read_plan(write(tmp_path, SPECIFICATION))


def test_utf_16_is_named(tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    path.write_bytes(SPECIFICATION.encode("utf-16"))
    with pytest.raises(InputError, match="save it as UTF-8"):
        read_plan(path)


def test_bytes_that_are_no_text_are_an_input_error(tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match=r"plan\.toml"):
        read_plan(path)


def test_paths_expand_variables_and_start_at_the_plan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = read_plan(write(tmp_path, SPECIFICATION))
    monkeypatch.setenv("ANSWERS_FOLDER", "/somewhere")
    assert plan.path("votes.npz") == tmp_path / "votes.npz"
    assert plan.path("$ANSWERS_FOLDER/votes.npz") == Path("/somewhere/votes.npz")
