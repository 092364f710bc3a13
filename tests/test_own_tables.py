"""`labelbits plan DATA`: people's own tables, joined by id, and the plan file they stand for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import labelbits as lb
from labelbits.items.tables import Columns, read_tables
from labelbits.items.texts import embed_texts
from labelbits.own_tables import AskedKind, plan_tables

TEXTS = ["a fine film", "a dull film", "a fine story", "a dull plot", "fine actors", "dull actors"]


def _write(path: Path, **columns: list) -> Path:
    pl.DataFrame(columns).write_csv(path)
    return path


def test_a_row_an_item(tmp_path: Path) -> None:
    labels = ["good", "bad", "", "NA", "good", None]
    file = _write(tmp_path / "t.csv", doc_id=list("abcdef"), text=TEXTS, label=labels)
    found = read_tables([file], Columns(text="text", label="label"))
    assert found.ids == list("abcdef")
    assert found.answers is not None
    assert set(found.answers.items) == {"a", "b", "e"}
    assert sorted(found.answers.classes) == ["bad", "good"]
    assert len(found.features) == 6
    assert any("3 items have no label" in note for note in found.notes)


def test_different_texts_under_one_id_are_said(tmp_path: Path) -> None:
    labels = ["good", "bad", "good", "bad", "good", "bad"]
    file = _write(tmp_path / "t.csv", id=list("abbbcc"), text=[*TEXTS[:5], TEXTS[4]], label=labels)
    found = read_tables([file], Columns(id="id", text="text", label="label"))
    (note,) = (one for one in found.notes if "several different values" in one)
    assert note.startswith("1 items have several different values of text (item 'b' has 3)")
    assert "2 are left out" in note


def test_a_row_an_answer_and_texts_in_another_file(tmp_path: Path) -> None:
    texts = _write(tmp_path / "texts.csv", id=list("fedcba"), text=TEXTS[::-1])
    answers = _write(
        tmp_path / "answers.csv",
        id=list("aabbc"),
        who=["x", "y", "x", "y", "x"],
        said=["good", "bad", "bad", "bad", "good"],
    )
    columns = Columns(text="text", label="said", annotator="who")
    found = read_tables([texts, answers], columns)
    assert found.answers is not None
    assert len(found.answers) == 5
    assert set(found.answers.annotators) == {"x", "y"}
    # Joined by name: the row of "a" is the one of its own text, whatever the order of files.
    alone = embed_texts(TEXTS[::-1])
    np.testing.assert_allclose(found.features[found.ids.index("a")], alone[5], atol=1e-5)


def test_vectors_and_columns_of_numbers(tmp_path: Path) -> None:
    file = tmp_path / "v.parquet"
    pl.DataFrame({"id": ["a", "b"], "v": [[1.0, 2.0], [3.0, 4.0]], "n": [5, 6]}).write_parquet(file)
    vectors = read_tables([file], Columns(features=("v",))).features
    np.testing.assert_array_equal(vectors, [[1, 2], [3, 4]])
    np.testing.assert_array_equal(
        read_tables([file], Columns(features=("n",))).features, [[5], [6]]
    )


def test_texts_that_share_words_are_near() -> None:
    z = embed_texts(["cats purr softly", "cats purr loudly", "stocks fell today", "stocks fell"])
    z /= np.linalg.norm(z, axis=1, keepdims=True)
    assert z[0] @ z[1] > z[0] @ z[2] + 0.3
    np.testing.assert_array_equal(embed_texts(TEXTS), embed_texts(TEXTS))
    with pytest.raises(lb.InputError, match="no words"):
        embed_texts(["!!", "??"])


def test_what_is_wrong_is_said_with_the_column_and_the_remedy(tmp_path: Path) -> None:
    file = _write(tmp_path / "t.csv", a=["x", "y"], text=["one", None], n=["1", "two"])
    with pytest.raises(lb.InputError, match="--text names the column 'txt'; expected one of: a"):
        read_tables([file], Columns(text="txt"))
    with pytest.raises(lb.InputError, match="expected --text COLUMN"):
        read_tables([file], Columns(label="a"))
    with pytest.raises(lb.InputError, match="1 items have no text"):
        read_tables([file], Columns(text="text"))
    with pytest.raises(lb.InputError, match="column 'n' holds 'two'"):
        read_tables([file], Columns(features=("n",)))
    with pytest.raises(lb.InputError, match="expected --id COLUMN"):
        read_tables([file, file], Columns(features=("n",)))
    with pytest.raises(lb.InputError, match="holds no label"):
        read_tables([_write(tmp_path / "e.csv", id=["a"], n=["1"], l=[""])],
                    Columns(features=("n",), label="l"))  # fmt: skip
    assert AskedKind.parse("votes:3@0.05").table() == {
        "kind": "votes", "answers_per_item": 3, "price": 0.05,
    }  # fmt: skip
    with pytest.raises(lb.InputError, match="KIND"):
        AskedKind.parse("votes x 3")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"ask": ["vots:3"]}, "--ask number 1: kind is 'vots'; did you mean 'votes'? expected"),
        ({"ask": ["hard", "hard"]}, "--ask number 2: asks the same question of the same"),
        ({"metric": "f1"}, "--metric is 'f1': found 'f1'; expected one of: accuracy"),
        ({"budget": -3.0}, "--budget is -3.0: "),
    ],
)
def test_a_mistake_is_named_as_it_was_written(tmp_path: Path, changed: dict, said: str) -> None:
    """Nobody wrote the plan file that was assumed: no message leads into a folder that is gone."""
    file = _write(tmp_path / "t.csv", id=list("abcdef"), n=list("123456"), l=[*"xyxy", "", ""])
    asked: dict = {"budget": 50.0, "ask": [], "metric": None} | changed
    columns = {"features": ("n",), "label": "l"}
    with pytest.raises(lb.InputError) as problem:
        plan_tables([file], columns, tmp_path / "out", seed=0, progress=lambda *_: None, **asked)
    assert str(problem.value).startswith(said)
    assert not (tmp_path / "out").exists()


def test_the_plan_file_that_was_assumed_gives_the_same_plan(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(240, 2))
    right = np.where(x[:, 0] + 0.5 * rng.normal(size=240) > 0, "yes", "no")
    file = _write(
        tmp_path / "own.csv",
        item=[f"i{i}" for i in range(240)],
        u=x[:, 0].tolist(),
        v=x[:, 1].tolist(),
        label=[*right[:120].tolist(), *[""] * 120],
    )
    out = tmp_path / "out"
    made = plan_tables(
        [file], {"features": ("u", "v"), "label": "label"}, out, budget=20, ask=["hard@0.1"],
        metric=None, seed=0, progress=lambda what, share: None,
    )  # fmt: skip
    again = lb.plan(out / "plan.toml", seed=0)
    assert again.options == made.options
    assert (out / "report.html").exists()
    with pytest.raises(lb.InputError, match="--budget"):
        plan_tables([file], {}, out, budget=None, ask=(), metric=None, seed=0,
                    progress=lambda what, share: None)  # fmt: skip
