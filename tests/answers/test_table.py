"""The canonical table: all fifteen signals survive the round trip; bad rows are told apart."""

from __future__ import annotations

import json
from pathlib import Path

import jax
import numpy as np
import polars as pl
import pytest

from labelbits import Answers, InputError, World
from labelbits.answers import read_answers, write_answers
from labelbits.answers.files.parquet import BATCH
from labelbits.signals import REGISTRY, make
from labelbits.signals.encoding import encode
from tests.drawn import answered

CLASSES = ("ant", "bee", "cat", "dog")
ITEMS = tuple(f"item {i}" for i in range(12))


def simulated(name: str, rows: int = 40, seed: int = 0) -> Answers:
    """Random answers of one signal, as canonical rows."""
    signal = make(name, 2, len(CLASSES))
    world = World(items=len(ITEMS), classes=len(CLASSES), dims=2)
    rng = np.random.default_rng(seed)
    key, other, last = jax.random.split(jax.random.key(seed), 3)
    points = np.asarray(world.sample_items(key, (len(ITEMS),)))
    prototypes = world.sample_prototypes(other, ())
    shown = np.stack([rng.permutation(len(ITEMS))[: signal.arity] for _ in range(rows)])
    questions = rng.integers(0, signal.questions(len(CLASSES)), rows)
    codes = answered(signal, last, points[shown], prototypes, questions)
    decoded = [signal.decode(code, CLASSES) for code in codes]
    table = pl.DataFrame(
        {
            "signal": [name] * rows,
            "annotator": [f"ann {i % 3}" for i in range(rows)],
            "items": [[ITEMS[i] for i in row] for row in shown],
            "classes": [asked or None for _, asked in decoded],
            "answer": [json.dumps(answer) for answer, _ in decoded],
            "seconds": rng.lognormal(1, 0.5, rows),
        },
        schema_overrides={"classes": pl.List(pl.String)},
    )
    return Answers(table, ITEMS, CLASSES, tuple(f"ann {i}" for i in range(3)))


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
@pytest.mark.parametrize("name", REGISTRY)
def test_round_trip_of_every_signal(name: str, suffix: str, tmp_path: Path) -> None:
    answers = simulated(name)
    path = write_answers(answers, tmp_path / f"a{suffix}")
    back = read_answers(path, classes=CLASSES)
    assert back.rejected is not None
    assert len(back.rejected) == 0
    assert back.table.equals(answers.table)
    (ours,), (theirs,) = encode(answers), encode(back)
    np.testing.assert_array_equal(ours.answer, theirs.answer)
    assert [answers.items[i] for i in ours.items.ravel()] == [
        back.items[i] for i in theirs.items.ravel()
    ]


def test_parquet_keeps_names_that_no_answer_uses(tmp_path: Path) -> None:
    answers = simulated("hard", rows=2)
    back = read_answers(write_answers(answers, tmp_path / "a.parquet"))
    assert back.items == ITEMS
    assert back.classes == CLASSES
    assert list(tmp_path.iterdir()) == [tmp_path / "a.parquet"]  # nothing temporary is left


def test_writing_elsewhere_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"expected \.parquet or \.csv"):
        write_answers(simulated("hard"), tmp_path / "a.xlsx")
    with pytest.raises(InputError, match="does not exist"):
        write_answers(simulated("hard"), tmp_path / "no" / "a.csv")


BAD = [
    ({"signal": None}, "signal is missing"),
    ({"signal": "nonsense"}, "unknown signal; expected one of: hard"),
    ({"annotator": ""}, "annotator is missing"),
    ({"items": []}, "items are missing"),
    ({"items": ["a", "b"]}, "wrong number of items"),
    ({"items": [None]}, "an item has no name"),
    ({"signal": "triplet", "items": ["a", "a", "b"], "answer": "0"}, "named twice"),
    ({"answer": None}, "answer is missing"),
    ({"answer": '"cow"'}, "unknown class 'cow'; expected one of: ant, bee"),
    ({"answer": '{"ant": 1'}, "not JSON"),
    ({"answer": "[" * 5000 + "]" * 5000}, "not JSON"),
    ({"signal": "soft", "answer": '{"ant": -1}'}, "expected a number of 0 or more"),
    ({"signal": "soft", "answer": '{"ant": NaN}'}, "expected a number of 0 or more"),
    ({"signal": "soft", "answer": "3"}, "expected an object class -> probability"),
    ({"signal": "votes", "answer": '{"ant": 1.5}'}, "expected a whole number"),
    ({"signal": "ranking", "answer": '["ant", "ant"]'}, "names a class twice"),
    ({"signal": "verify", "answer": "true"}, "expected the one class that was asked about"),
    ({"signal": "triplet", "items": ["a", "b", "c"], "answer": "2"}, "expected a whole number"),
    ({"signal": "rating", "items": ["a", "b"], "answer": "1e9"}, "expected a whole rating"),
    ({"signal": "similarity", "items": ["a", "b"], "answer": '"far"'}, "expected a number"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "reason"), BAD)
def test_a_bad_row_is_kept_apart_with_its_reason(change: dict, reason: str, tmp_path: Path) -> None:
    good = {"signal": "hard", "annotator": "x", "items": ["a"], "answer": '"ant"'}
    schema = {"signal": pl.String, "annotator": pl.String, "items": pl.List(pl.String),
              "answer": pl.String}  # fmt: skip
    pl.DataFrame([good, good | change, good], schema=schema).write_parquet(tmp_path / "a.parquet")
    answers = read_answers(tmp_path / "a.parquet", classes=CLASSES)
    assert len(answers) == 2
    assert answers.rejected is not None
    (lost,) = answers.rejected.iter_rows(named=True)
    assert lost["row"] == 2
    assert lost["file"].endswith("a.parquet")
    assert reason in lost["reason"]


def test_a_file_of_bad_rows_only_is_refused_with_the_first(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("signal,annotator,items,answer\nnonsense,x,a,1\n")
    with pytest.raises(
        InputError, match=r"a\.csv: none of 1 rows .*row 1: unknown signal.*nonsense"
    ):
        read_answers(path)


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("signal,items,answer\nhard,a,cat\n")
    with pytest.raises(InputError, match="column 'annotator' is missing"):
        read_answers(path)


def test_rows_are_numbered_through_the_batches_of_a_large_file(tmp_path: Path) -> None:
    n = BATCH + 3
    pl.DataFrame({"answer": ["1"] * (n - 1) + ["7"]}).select(
        pl.lit("triplet").alias("signal"),
        pl.lit("x").alias("annotator"),
        pl.lit(["a", "b", "c"]).alias("items"),
        "answer",
    ).write_parquet(tmp_path / "a.parquet")
    answers = read_answers(tmp_path / "a.parquet")
    assert len(answers) == n - 1
    assert answers.rejected is not None
    assert answers.rejected["row"].to_list() == [n]


def test_numbers_in_names_keep_their_order(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("task,worker,label\n10,a,2\n9,b,10\n100,a,1\n")
    answers = read_answers(path)
    assert answers.items == ("9", "10", "100")
    assert answers.classes == ("1", "2", "10")


def test_lists_of_names_are_json_with_or_without_a_parser(tmp_path: Path) -> None:
    """Lists without escapes are split directly: the same names as by Python's JSON."""
    names = ["a", "b c", " d ", "[e]", "f,g", "h, i", "ü", "日本", "1", "'", "{", "]["]
    names += ['say "x"', "back\\slash", "tab\there", "\U0001f600"]
    rows = [[one, two] for one in names for two in names if one != two]
    writers = (
        json.dumps,
        lambda row: json.dumps(row, ensure_ascii=False, separators=(",", ":")),
        lambda row: "[ " + " ,\t".join(json.dumps(name) for name in row) + " ]",
    )
    for write in writers:
        pl.DataFrame(
            {
                "signal": "same-class",
                "annotator": "ann",
                "items": [write(row) for row in rows],
                "answer": "true",
            }
        ).write_csv(tmp_path / "a.csv")
        assert read_answers(tmp_path / "a.csv").table["items"].to_list() == rows


def test_rows_are_numbered_and_notes_counted_through_the_blocks_of_a_csv(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from labelbits.answers.files import csv_files

    monkeypatch.setattr(csv_files, "BLOCK_ROWS", 3)
    lines = ["signal,annotator,items,answer,seconds"]
    lines += [f"hard,ann,{i},{'' if i in (4, 9) else 'cat'},soon" for i in range(10)]
    (tmp_path / "a.csv").write_text("\n".join(lines))
    answers = read_answers(tmp_path / "a.csv")
    assert answers.rejected is not None
    assert answers.rejected["row"].to_list() == [5, 10]
    assert answers.items == tuple(str(i) for i in range(10) if i not in (4, 9))
    assert answers.notes == ("10 values of seconds are no numbers and were left out",)
