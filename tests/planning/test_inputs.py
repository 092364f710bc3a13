"""Files that a plan names: every broken one is one clear message."""

from __future__ import annotations

import gzip
import json
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from labelbits.errors import InputError
from labelbits.interface import Answers
from labelbits.items.gold import read_gold
from labelbits.planning import read_plan
from labelbits.planning.evidence.loading import load_evidence
from tests.planning.conftest import BASE, blobs

Write = Callable[..., Path]


def load(path: Path) -> object:
    return load_evidence(read_plan(path), seed=0)


def test_good_files_are_loaded(write_plan: Write) -> None:
    evidence = load_evidence(read_plan(write_plan()), seed=0)
    assert evidence.features.shape == (400, 6)
    assert evidence.counts.sum() == 4000
    assert evidence.gold is not None
    assert len(evidence.labelled) == 400


def test_nan_features_are_located(write_plan: Write) -> None:
    features = blobs()["features"]
    features[7, 2] = np.nan
    with pytest.raises(InputError, match=r"features\.npz: row 7, column 2 of features is nan"):
        load(write_plan(features=features))


def test_lengths_must_agree(write_plan: Write) -> None:
    with pytest.raises(InputError, match=r"counts have 399 rows and features 400"):
        load(write_plan(counts=blobs()["counts"][:-1]))


def test_negative_votes_are_located(write_plan: Write) -> None:
    counts = blobs()["counts"].astype(float)
    counts[3, 1] = -1
    with pytest.raises(InputError, match=r"row 3, column 1 of counts is -1"):
        load(write_plan(counts=counts))
    counts[3, 1] = 3e9
    with pytest.raises(InputError, match=r"counts is 3000000000\.0; expected .* to 1,000,000"):
        load(write_plan(counts=counts))


def test_gold_outside_the_classes_is_located(write_plan: Write) -> None:
    gold = blobs()["gold"]
    gold[5] = 4
    with pytest.raises(InputError, match=r"row 5 of gold is 4; expected a class from 0 to 3"):
        load(write_plan(gold=gold))


def test_a_missing_array_lists_what_is_there(write_plan: Write, tmp_path: Path) -> None:
    path = write_plan()
    np.savez(tmp_path / "counts.npz", votes=blobs()["counts"])
    with pytest.raises(
        InputError, match=r"counts\.npz: holds votes; expected an array named 'counts'"
    ):
        load(path)


def test_a_truncated_file_is_refused(write_plan: Write, tmp_path: Path) -> None:
    path = write_plan()
    whole = (tmp_path / "features.npz").read_bytes()
    (tmp_path / "features.npz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=r"features\.npz: cannot be read"):
        load(path)


class _Trap:
    """Unpickling this would leave a trace."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return Path.touch, (Path("pickle-was-loaded"),)


@pytest.mark.parametrize("container", ["npz", "bare"])
def test_pickles_are_never_loaded(
    write_plan: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, container: str
) -> None:
    monkeypatch.chdir(tmp_path)
    path = write_plan()
    trap = np.array([_Trap()], dtype=object)
    if container == "npz":
        np.savez(tmp_path / "counts.npz", counts=trap)
    else:
        (tmp_path / "counts.npz").write_bytes(pickle.dumps(_Trap()))
    with pytest.raises(InputError, match=r"counts\.npz: cannot be read"):
        load(path)
    assert not (tmp_path / "pickle-was-loaded").exists()


def test_a_missing_file_is_named(write_plan: Write, tmp_path: Path) -> None:
    path = write_plan()
    (tmp_path / "counts.npz").unlink()
    with pytest.raises(InputError, match=r"counts\.npz: no such file"):
        load(path)


def test_features_without_any_answer_are_refused(write_plan: Write) -> None:
    text = BASE.replace('counts = "counts.npz"\n', "").replace("[budget]", "classes = 4\n[budget]")
    text = text.replace("classes = 4\n[budget]", "[budget]").replace(
        'gold = "gold.npz"', 'gold = "gold.npz"\nclasses = 4'
    )
    with pytest.raises(InputError, match="neither counts nor pilot"):
        load(write_plan(text))


NAMES = ("zebra", "ant", "cow", "bee")


def named_pilot(folder: Path, said: np.ndarray) -> None:
    """One hard label an item under the names of the classes, as crowd-kit writes it."""
    rows = [f"w{i % 5},{i},{NAMES[k]}" for i, k in enumerate(said)]
    (folder / "named.csv").write_text("\n".join(["worker,task,label", *rows]) + "\n")


def test_names_that_sort_differently_from_numbers_are_refused(
    write_plan: Write, tmp_path: Path
) -> None:
    gold = blobs()["gold"]
    named_pilot(tmp_path, gold)
    text = BASE.replace("[budget]", 'pilot = ["named.csv"]\n[budget]')
    with pytest.raises(InputError, match=r"class_names = \[...\]") as problem:
        load(write_plan(text))
    assert 'in the order "zebra", "ant", "cow", "bee" it would be' in str(problem.value)
    good = text.replace("[dataset]", "[dataset]\nclass_names = " + str(list(NAMES)), 1)
    evidence = load_evidence(read_plan(write_plan(good)), seed=0)
    assert evidence.class_names == NAMES
    # The same answers in the right order agree with gold wherever they are added.
    added = evidence.counts - blobs()["counts"]
    assert np.array_equal(added.argmax(1), gold)


def test_the_same_votes_in_two_files_are_counted_once(write_plan: Write, tmp_path: Path) -> None:
    gold = blobs()["gold"]
    named_pilot(tmp_path, gold)
    text = BASE.replace("[budget]", 'pilot = ["named.csv"]\n[budget]')
    text = text.replace("[dataset]", "[dataset]\nclass_names = " + str(list(NAMES)), 1)
    evidence = load_evidence(read_plan(write_plan(text, counts=np.eye(4, dtype=int)[gold])), seed=0)
    assert evidence.counts.sum() == 400
    assert "hold the same 400 votes on 400 items" in evidence.notes[-1]


@pytest.mark.parametrize(
    "kind", ["csv", "named.csv", "parquet", "npy", "npz", "jsonl", "object.json", "csv.gz", "tsv"]
)
def test_gold_is_read_from_any_file_and_joined_by_id(
    kind: str, write_plan: Write, tmp_path: Path
) -> None:
    gold, path = blobs()["gold"], write_plan()
    whole = load_evidence(read_plan(path), seed=0).gold
    order = np.random.default_rng(0).permutation(len(gold))  # rows need not be in order
    table = pl.DataFrame({"item": order, "class": gold[order]})
    file = tmp_path / f"truth.{kind}"
    if kind == "csv":
        table.write_csv(file)
    elif kind == "named.csv":
        table.with_columns(pl.format("class-{}", "class").alias("class")).write_csv(file)
    elif kind == "parquet":
        table.write_parquet(file)
    elif kind == "jsonl":
        table.rename({"item": "doc_id", "class": "expert_label"}).write_ndjson(file)
    elif kind == "object.json":
        file.write_text(json.dumps({str(item): int(gold[item]) for item in order}))
    elif kind == "csv.gz":
        file.write_bytes(gzip.compress(table.write_csv().encode()))
    elif kind == "tsv":
        table.rename({"item": "Item ID", "class": "Gold label"}).write_csv(file, separator="\t")
    else:
        (np.save if kind == "npy" else np.savez)(file, gold)
    text = path.read_text().replace("gold.npz", file.name)
    names = ", ".join(f'"class-{k}"' for k in range(4))
    path.write_text(text.replace("[dataset]", f"[dataset]\nclass_names = [{names}]"))
    found = load_evidence(read_plan(path), seed=0).gold
    np.testing.assert_array_equal(found, whole)
    # What `pilot` reads from the same file is the same.
    shown = [str(i) for i in range(0, 400, 7)]
    answers = Answers(pl.DataFrame(), tuple(shown), tuple(f"class-{k}" for k in range(4)))
    np.testing.assert_array_equal(read_gold(file).of(answers.items, answers.classes), gold[::7])


def test_gold_that_fits_nothing_is_refused(write_plan: Write, tmp_path: Path) -> None:
    path = write_plan()
    path.write_text(path.read_text().replace("gold.npz", "truth.csv"))
    for text, says in (
        ("item,class\n3,9\n", r"item 3 of gold is 9; expected a class from 0 to 3"),
        ("item,class\n3,cow\n4,1\n", r"item '3' is of class 'cow'; expected one of: 0, 1"),
        ("item,class\n", r"found 0 rows and no class in column 'class'"),
        ("item,class\n3,\n4,-1\n", r"found 2 rows and no class in column 'class'"),
        ("item,class\nx,1\n", r"none of them is in the features; found x; expected .* 0, 1, 2"),
        ("item,class\n1,1\n1,2\n", r"row 2: item '1' is of class '2' here and of '1' above"),
        (
            "item,mood,age\n1,1,1\n2,0,1\n",
            r"found columns item, mood, age; expected item and class",
        ),
    ):
        (tmp_path / "truth.csv").write_text(text)
        with pytest.raises(InputError, match=says):
            load(path)
