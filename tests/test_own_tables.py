"""`labelbits plan DATA`: people's own tables, joined by id, and the plan file they stand for."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

import labelbits as lb
from labelbits import InputError, own_tables
from labelbits.annotators.pilot import run_pilot
from labelbits.answers.table.people import NOT_KNOWN
from labelbits.cli import app
from labelbits.first_plan import first_plan
from labelbits.items.tables import Columns, read_tables
from labelbits.items.texts import embed_texts
from labelbits.items.undescribed import described_rows, image_at
from labelbits.own_tables import AskedKind, plan_tables
from labelbits.report.pilot import parts

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


def test_without_ids_a_text_in_two_rows_is_one_item(tmp_path: Path) -> None:
    """Rows of an export that stand in it twice are no new items: luck would test on what it saw."""
    labels = ["good", "bad", "good", "bad", "good", "bad", "good"]
    file = _write(tmp_path / "t.csv", text=[*TEXTS, TEXTS[0]], label=labels)
    found = read_tables([file], Columns(text="text", label="label"))
    assert len(found.ids) == 6
    assert any("equal texts are one item" in note for note in found.notes)
    alone = _write(tmp_path / "u.csv", text=TEXTS, label=labels[:6])
    found = read_tables([alone], Columns(text="text", label="label"))
    assert found.ids == [str(k) for k in range(6)]


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


def test_items_that_nothing_describes_are_left_out_and_counted(tmp_path: Path) -> None:
    labels = ["good", "bad", "good", "bad", "", ""]
    said: list[str | None] = [*TEXTS]
    said[1], said[4] = "  ", None
    file = _write(tmp_path / "t.csv", id=list("abcdef"), text=said, label=labels)
    found = read_tables([file], Columns(text="text", label="label"))
    assert found.ids == list("acdf")
    assert len(found.features) == len(found.shown or ()) == 4
    assert found.answers is not None
    assert set(found.answers.items) == {"a", "c", "d"}
    told = "; ".join(found.notes)
    assert "2 items have no text and are left out ('b', 'e')" in told
    assert "1 answers to items that were left out" in told
    # An empty cell among numbers, in the table and in a file of features beside it.
    numbers = ["1", "", "3", "NA", "5", "6"]
    beside = _write(tmp_path / "f.csv", id=list("fedcba"), n=numbers, m=list("123456"))
    both = _write(tmp_path / "n.csv", id=list("abcdef"), n=numbers, label=labels)
    assert read_tables([both], Columns(features=("n",))).ids == list("acef")
    found = read_tables([file], Columns(features=(str(beside),)), answers_too=False)
    assert found.ids == list("abdf")
    np.testing.assert_array_equal(found.features, [[6, 6], [5, 5], [3, 3], [1, 1]])
    # Missing images; where most are missing, the column or the folder is wrong.
    names = [f"{one}.png" for one in "abcdef"]
    for name in names[:4]:
        (tmp_path / name).write_bytes(name.encode())
    first = pl.DataFrame({"image": names})
    notes: list[str] = []
    kept = described_rows(first, list("abcdef"), None, "image", [], str(file), notes)
    assert kept.tolist() == [True] * 4 + [False] * 2
    assert notes == ["2 items have no file where image says and are left out ('e', 'f')"]
    with pytest.raises(lb.InputError, match=r"image 'a\.png' is not there"):
        described_rows(first, list("abcdef"), None, "image", [], "elsewhere/t.csv", [])


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


def test_a_table_of_headings_alone_is_told(tmp_path: Path) -> None:
    empty = _write(tmp_path / "e.csv", id=[], text=[], label=[])
    with pytest.raises(lb.InputError, match="a table without rows"):
        read_tables([empty], Columns(text="text", label="label"))


def test_what_is_asked_is_checked_before_any_table_is_read(tmp_path: Path) -> None:
    """The table cannot be read: the message is about what was asked all the same."""
    broken = tmp_path / "t.xlsx"
    broken.write_bytes(b"PK\x03\x04 nothing")
    for changed, said in (
        ({"budget": -5.0}, "--budget is -5.0: expected a value greater than 0"),
        ({"ask": ["hrad@0.05"]}, "kind is 'hrad'; did you mean 'hard'?"),
        ({"ask": ["hard@-0.05"]}, "a price above 0"),
        ({"metric": "f1"}, "--metric is 'f1'"),
    ):
        asked: dict[str, Any] = {"budget": 5.0, "ask": [], "metric": None} | changed
        with pytest.raises(lb.InputError) as problem:
            plan_tables([broken], {"text": "t"}, tmp_path / "out", seed=0,
                        progress=lambda *_: None, **asked)  # fmt: skip
        assert said in str(problem.value)


def test_a_file_that_is_not_recognised_is_told_without_a_list_of_formats(tmp_path: Path) -> None:
    file = _write(tmp_path / "f.csv", shoe=["a", "b"], heel=["high", "low"])
    with pytest.raises(lb.InputError) as problem:
        lb.read_answers(file)
    assert "no column is known to hold the item or the annotator or the label" in str(problem.value)
    assert len(str(problem.value)) - len(str(file)) < 500


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


def test_comparisons_and_features_are_joined_by_name(tmp_path: Path) -> None:
    names = [f"shoe_{k:02}" for k in range(12)]
    rows = [(names[k % 12], names[(k + 1) % 12], names[(k + 5) % 12]) for k in range(30)]
    rows.append(("SHOE_03", names[1], names[2]))
    schema = ["head", "winner", "loser"]
    triplets = tmp_path / "triplets.csv"
    pl.DataFrame(rows, schema=schema, orient="row").write_csv(triplets)
    table = _write(tmp_path / "shoes.csv", shoe=names, size=list(range(12)), heel=[1.5] * 12)
    np.save(tmp_path / "shoes.npy", np.ones((13, 2)))

    def planned(files: list[Path], **columns: Any) -> str:
        with pytest.raises(lb.InputError) as problem:
            plan_tables(
                files, columns, tmp_path / "out", budget=20.0, ask=[], metric=None, seed=0,
                progress=lambda *_: None,
            )  # fmt: skip
        return str(problem.value)

    for told in (
        planned([triplets], features=(str(table),)),
        planned([triplets, table]),
        planned([triplets, table], features=(str(table),)),
    ):
        assert "shoes.csv: 1 of 13 items of the answers have no row of features" in told
        assert "'SHOE_03' is one; did you mean 'shoe_03'?" in told
    told = planned([triplets], features=(str(tmp_path / "shoes.npy"),))
    assert "holds 13 rows without names" in told
    assert "npz file with the arrays features and ids" in told
    # Joined by name it goes on to the plan, which wants more comparisons than 30.
    pl.DataFrame(rows[:-1], schema=schema, orient="row").write_csv(triplets)
    assert "it holds 30 comparisons by people" in planned([triplets, table])
    battles = tmp_path / "battles.csv"
    fights = pl.DataFrame({"model_a": names[:6], "model_b": names[6:], "winner": ["model_a"] * 6})
    fights.write_csv(battles)
    assert "preferences are compared with an ideal item" in planned(
        [battles], features=(str(table),)
    )


def test_names_that_differ_by_capitals_only_are_told(tmp_path: Path) -> None:
    file = _write(
        tmp_path / "t.csv", head=["shoe", "Shoe", "boot"], winner=["boot"] * 2 + ["shoe"],
        loser=["clog"] * 3, worker=["ann", "Ann", "bob"],
    )  # fmt: skip
    notes = lb.read_answers(file).notes
    assert "items that differ by capitals only are kept apart: Shoe / shoe" in notes
    assert "annotators that differ by capitals only are kept apart: Ann / ann" in notes


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (["good"] * 6, "every label is 'good'; expected 2 classes or more"),
        ([f"a remark, number {i}" for i in range(30)], "30 different labels on 30 items"),
    ],
)
def test_labels_that_are_no_classes_are_refused(
    tmp_path: Path, labels: list[str], said: str
) -> None:
    rows = len(labels)
    file = _write(
        tmp_path / "t.csv", id=[f"i{k}" for k in range(rows)],
        text=[TEXTS[k % 6] for k in range(rows)], label=labels,
    )  # fmt: skip
    with pytest.raises(InputError, match="column 'label'") as problem:
        plan_tables(
            [file], {"text": "text", "label": "label"}, tmp_path / "out", budget=50, ask=(),
            metric=None, seed=0, progress=lambda *_: None,
        )  # fmt: skip
    assert said in str(problem.value)


def _tickets(path: Path, **more: list) -> Path:
    """200 labelled texts with a number each under a name that nobody knows, and nobody named."""
    rng = np.random.default_rng(0)
    said = rng.integers(2, size=200)
    words = [f"{'parcel lost' if k else 'bill wrong'} {rng.integers(9)}" for k in said]
    label = [["ship", "pay"][k] if row % 2 else "" for row, k in enumerate(said)]
    return _write(path, Ticket=[f"T-{k}" for k in range(200)], Body=words, Queue=label, **more)


def test_ids_are_guessed_alike_by_plan_and_by_init(tmp_path: Path) -> None:
    file = _tickets(tmp_path / "t.csv")
    assert 'id = "Ticket"' in first_plan([file], tmp_path).text
    told = Columns(text="Body", label="Queue")
    found = read_tables([file], told, guessed_ids=True)
    assert found.ids[0] == "T-0"
    # A plan file names what it means: without an id its items are not named by a guess.
    assert "T-0" not in read_tables([file], told).ids
    when = _write(tmp_path / "w.csv", at=[f"2026-10-0{k} 09:00" for k in (1, 2, 3)], Body=TEXTS[:3],
                  Queue=list("xyx"))  # fmt: skip
    assert read_tables([when], told, guessed_ids=True).ids == ["0", "1", "2"]  # no time is a name
    again = _write(tmp_path / "u.csv", Ticket=["a", "a", "b"], Body=TEXTS[:3], Queue=list("xyx"))
    assert read_tables([again], told, guessed_ids=True).ids == ["0", "1", "2"]


def test_the_names_of_a_pandas_frame_are_its_ids(tmp_path: Path) -> None:
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"f": [1.0, 2.0, 3.0], "g": [0.0, 1.0, 2.0]}, index=["x", "y", "z"])
    frame.to_parquet(tmp_path / "f.parquet")
    answers = _write(tmp_path / "a.csv", item=list("xyz"), label=list("aba"))
    found = read_tables([answers, tmp_path / "f.parquet"], Columns(features=("f", "g")))
    assert found.ids == list("xyz")
    np.testing.assert_array_equal(found.features[:, 0], [1, 2, 3])


def test_who_answered_is_not_known_is_said_alike_everywhere(tmp_path: Path) -> None:
    file = _tickets(tmp_path / "t.csv")
    pilot = run_pilot([file], columns={"item": "Ticket", "label": "Queue"})
    assert parts(pilot)[0].given == "100 answers about 100 items; who answered is not known"
    assert pilot.to_dict()["signals"]["hard"]["annotators"] is None
    assert NOT_KNOWN in first_plan([file], tmp_path).text
    found = read_tables([file], Columns(text="Body", label="Queue"), guessed_ids=True)
    assert any(NOT_KNOWN in note for note in found.notes)
    named = run_pilot([_tickets(tmp_path / "u.csv", who=["ann", "ann", "bob", "bob"] * 50)],
                      columns={"item": "Ticket", "label": "Queue", "annotator": "who"})  # fmt: skip
    assert parts(named)[0].given == "100 answers of 2 annotators about 100 items"


def test_a_format_and_columns_that_were_told_go_through_init_and_plan(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    texts = [f"{TEXTS[k % 6]} {k}" for k in range(40)]
    votes = rng.multinomial(3, [0.5, 0.5], size=40)
    tallies = _write(
        tmp_path / "c.csv", review=texts, n_good=votes[:, 0].tolist(), n_bad=votes[:, 1].tolist()
    )
    told = Columns(format="counts")
    data = tomllib.loads(first_plan([tallies], tmp_path, told).text)["dataset"]
    assert (data["text"], data["format"]) == ("review", "counts")
    found = read_tables([tallies], replace(told, text="review"), by_name=True)
    assert found.answers is not None
    assert sorted(found.answers.classes) == ["bad", "good"]
    rows = _write(tmp_path / "m.csv", track=list("abcd"), rater=list("pqpq"), mood=list("xyxy"))
    told = Columns(id="track", annotator="rater", label="mood")
    data = tomllib.loads(first_plan([rows], tmp_path, told).text)["dataset"]
    assert data["columns"] == {"item": "track", "annotator": "rater", "label": "mood"}
    with pytest.raises(InputError, match=r"--columns label names the column 'moood'.*mean 'mood'"):
        first_plan([rows], tmp_path, replace(told, label="moood"))


def test_images_in_a_folder_beside_their_table_are_found(tmp_path: Path) -> None:
    (tmp_path / "img").mkdir()
    (tmp_path / "img" / "a.png").write_bytes(b"x")
    where = str(_write(tmp_path / "t.csv", filename=["a.png"], label=["x"]))
    assert image_at("a.png", where) == tmp_path / "img" / "a.png"
    assert image_at("b.png", where) is None


def test_splits_that_are_read_together_are_said(tmp_path: Path) -> None:
    rows = pl.DataFrame({"text": TEXTS, "label": list("xyxyxy")})
    for place, split in enumerate(("train", "test")):
        (tmp_path / "hf" / split).mkdir(parents=True)
        rows[place * 3 : place * 3 + 3].write_ipc_stream(tmp_path / "hf" / split / "data.arrow")
    said = "its splits test and train are read as one table"
    assert any(said in note for note in lb.read_answers(tmp_path / "hf").notes)
    both = read_tables([tmp_path / "hf"], Columns(text="text", label="label"))
    assert len(both.ids) == 6
    assert any(said in note for note in both.notes)
    one = read_tables([tmp_path / "hf" / "train"], Columns(text="text", label="label"))
    assert not any("splits" in note for note in one.notes)


def test_a_table_without_ids_has_a_row_an_item_and_classes_leave_the_others_out(
    tmp_path: Path,
) -> None:
    rng = np.random.default_rng(7)
    x = rng.normal(size=(160, 3)).round(3)
    label = [str(int(v > 0)) if k < 110 else "-1" for k, v in enumerate(x[:, 0])]
    table = pl.DataFrame(x, schema=["acidity", "sugar", "ph"]).with_columns(
        quality=pl.Series(label), seconds=4.0
    )
    path = tmp_path / "wine.csv"
    table.write_csv(path)
    for columns in ({"classes": ("0", "1")}, {}):
        if not columns:  # the same with empty cells
            table.with_columns(pl.col("quality").replace("-1", None)).write_csv(path)
        made = plan_tables(
            [path], {"label": "quality", "seconds": "seconds", **columns}, tmp_path / "out",
            budget=1, ask=(), metric=None, seed=0, progress=lambda *_: None,
        )  # fmt: skip
        assert max(one.items for one in made.options) <= 50
        assert any("50 items have no label" in one for one in made.warnings)


def _described(folder: Path, names: list[str], by: str = "image") -> Path:
    x = np.random.default_rng(8).normal(size=(len(names), 3)).round(3)
    table = pl.DataFrame(x, schema=["f0", "f1", "f2"]).with_columns(pl.Series(by, names))
    table.select(by, "f0", "f1", "f2").write_csv(folder / "features.csv")
    return folder / "features.csv"


def test_paths_and_names_of_files_are_joined(tmp_path: Path) -> None:
    features = _described(tmp_path, [f"/data/a/im_{k}.jpg" for k in range(40)])
    said = pl.DataFrame({"filename": [f"im_{k}.jpg" for k in range(30)], "user": ["x", "y"] * 15,
                         "class": ["cat", "dog", "cat"] * 10})  # fmt: skip
    said.write_csv(tmp_path / "said.csv")
    items = read_tables(
        [features, tmp_path / "said.csv"], Columns(features=("f0", "f1", "f2"), label="class"),
        by_name=True,
    )  # fmt: skip
    assert items.answers is not None
    assert set(items.answers.items) == {f"/data/a/im_{k}.jpg" for k in range(30)}
    assert any("joined by the names of files" in note for note in items.notes)


def test_items_in_two_rows_that_differ_and_arrays_among_tables_are_named(tmp_path: Path) -> None:
    features = _described(tmp_path, [f"i{k % 35}" for k in range(40)], "item")
    said = pl.DataFrame({"item": [f"i{k}" for k in range(30)], "annotator": ["x", "y"] * 15,
                         "label": ["cat", "dog", "cat"] * 10})  # fmt: skip
    said.write_csv(tmp_path / "said.csv")
    more: dict[str, Any] = {"budget": 5, "ask": (), "metric": None, "seed": 0,
                            "progress": lambda *_: None}  # fmt: skip
    with pytest.raises(InputError, match=r"several rows of one item .* 'i0' in column 'item'"):
        plan_tables([features, tmp_path / "said.csv"], {}, tmp_path / "out", **more)
    np.save(tmp_path / "x.npy", np.zeros((30, 3)))
    with pytest.raises(InputError, match=r"an array among the tables.*--features \S*x.npy"):
        plan_tables([tmp_path / "x.npy", tmp_path / "said.csv"], {}, tmp_path / "out", **more)


def test_gold_of_a_plan_is_a_column_or_a_file(tmp_path: Path) -> None:
    labels = ["good", "bad", "", "good", "good", None]
    right = ["good", "bad", "bad", "bad", "", ""]
    file = _write(tmp_path / "t.csv", doc_id=list("abcdef"), text=TEXTS, label=labels, right=right)
    other = _write(tmp_path / "right.csv", doc_id=list("abcd"), truth=right[:4])
    by_column = read_tables([file], Columns(text="text", label="label", gold="right")).gold
    columns, gold = own_tables.with_gold_file(Columns(text="text", label="label", gold=str(other)))
    assert gold is not None
    assert columns.gold is None
    found = own_tables.gold_of(gold, read_tables([file], columns))
    assert found == by_column == ["good", "bad", "bad", "bad", None, None]
    assert own_tables.with_gold_file(Columns(gold="right"))[1] is None


def test_items_that_two_columns_name_are_described_by_their_own_text(tmp_path: Path) -> None:
    rows = [(f"d{k // 3}", k % 3, TEXTS[k], who, "xy"[k % 2]) for k in range(6)
            for who in ("ann", "bob")]  # fmt: skip
    file = tmp_path / "t.csv"
    columns = ["doc_id", "sentence_id", "text", "annotator", "label"]
    pl.DataFrame(rows, schema=columns, orient="row").write_csv(file)
    ways = (
        Columns(text="text"),
        Columns(text="text", label="label", annotator="annotator"),
        Columns(text="text", label="label", annotator="annotator", id="doc_id+sentence_id"),
    )
    for told in ways:
        found = read_tables([file], told)
        assert found.ids == [f"d{k // 3} + {k % 3}" for k in range(6)]
        assert found.shown == TEXTS
        assert found.answers is not None
        assert len(found.answers) == 12
    assert 'id = "doc_id+sentence_id"' in first_plan([file], tmp_path).text


def test_what_people_were_asked_is_said_to_plan_as_to_pilot(tmp_path: Path) -> None:
    """Piles of people's own are no classes; as distances they are 91 pairs, too few for a plan."""
    rows = [(f"c{i}", f"p{p}", f"{'xyz'[p % 3]}{p}-{i % 4}") for p in range(12) for i in range(14)]
    pl.DataFrame(rows, schema=["card", "person", "pile"], orient="row").write_csv(
        tmp_path / "cards.csv"
    )
    words = ["plan", str(tmp_path / "cards.csv"), "--budget", "20", "--ask", "similarity@0.02"]
    runner = CliRunner()
    for more, says in (
        ([], "piles of their own"),
        (["--signal", "similarity"], "holds 91 comparisons"),
        (["--signal", "distances"], "signal 'distances' is unknown"),
    ):
        problem = runner.invoke(app, [*words, *more]).exception
        assert isinstance(problem, InputError)
        assert says in str(problem)
