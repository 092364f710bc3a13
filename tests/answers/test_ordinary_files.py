"""Ordinary files as people have them, each with the reading that is right."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from labelbits import read_answers

CLASSES = ("cat", "dog", "owl", "elk")
ITEMS = [f"i{k:02}" for k in range(12)]
PEOPLE = ("ann", "bob")


def written(folder: Path, head: str, rows: list) -> Path:
    path = folder / "t.csv"
    lines = [row if isinstance(row, str) else ",".join(map(str, row)) for row in rows]
    path.write_text("\n".join([head, *lines]) + "\n")
    return path


def orders(seed: int = 0) -> dict[tuple[str, str], list[str]]:
    """A ranking of the classes by each person of each item."""
    rng = np.random.default_rng(seed)
    return {(i, a): list(map(str, rng.permutation(CLASSES))) for i in ITEMS for a in PEOPLE}


def ranks(order: list[str]) -> list[int]:
    return [order.index(name) + 1 for name in CLASSES]


def quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"'


RANKED: dict[str, tuple[str, Callable[[str, str, list[str]], list]]] = {
    "first": ("item,annotator,first,second,third,fourth", lambda i, a, o: [[i, a, *o]]),
    "rank_1": ("item,annotator,rank_1,rank_2,rank_3,rank_4", lambda i, a, o: [[i, a, *o]]),
    "1": ("item,annotator,1,2,3,4", lambda i, a, o: [[i, a, *o]]),
    "arrows": ("item,annotator,label", lambda i, a, o: [[i, a, " > ".join(o)]]),
    "commas": ("item,annotator,ranking", lambda i, a, o: [[i, a, quoted(",".join(o))]]),
    "json": ("item,annotator,ranking", lambda i, a, o: [[i, a, quoted(json.dumps(o))]]),
    "numbered": (
        "item,annotator,ranking",
        lambda i, a, o: [[i, a, " ".join(f"{n}. {name}" for n, name in enumerate(o, 1))]],
    ),
    "every class": ("item,annotator,label", lambda i, a, o: [[i, a, quoted(json.dumps(o))]]),
    "rows": (
        "item,annotator,class,rank",
        lambda i, a, o: [
            [i, a, name, place] for name, place in zip(CLASSES, ranks(o), strict=True)
        ],
    ),
    "classes": ("item,annotator,cat,dog,owl,elk", lambda i, a, o: [[i, a, *ranks(o)]]),
    "rank_cat": (
        "item,annotator,rank_cat,rank_dog,rank_owl,rank_elk",
        lambda i, a, o: [[i, a, *ranks(o)]],
    ),
}


@pytest.mark.parametrize("form", RANKED)
def test_rankings_of_classes(tmp_path: Path, form: str) -> None:
    head, rows = RANKED[form]
    own = orders()
    file = written(tmp_path, head, [row for (i, a), o in own.items() for row in rows(i, a, o)])
    found = read_answers(file)
    assert set(found.table["signal"]) == {"ranking"}
    read = {
        (items[0], who): json.loads(answer)
        for items, who, answer in found.table.select("items", "annotator", "answer").iter_rows()
    }
    assert read == own


@pytest.mark.parametrize(
    ("head", "row"),
    [
        ("annotator,cat,dog,owl,elk", lambda a, o: [[a, *ranks(o)]]),
        ("participant,1st,2nd,3rd,4th", lambda a, o: [[a, *o]]),
        ("annotator,ranking", lambda a, o: [[a, " > ".join(o)]]),
        ("annotator,item,rank", lambda a, o: [[a, n, o.index(n) + 1] for n in CLASSES]),
        ("rater,cat's rank,dog's rank,owl's rank,elk's rank", lambda a, o: [[a, *ranks(o)]]),
    ],
)  # fmt: skip
def test_rankings_of_items_are_comparisons_of_all_their_pairs(
    tmp_path: Path, head: str, row: Callable
) -> None:
    own = {f"p{k}": order for k, order in enumerate(orders().values())}
    found = read_answers(written(tmp_path, head, [r for a, o in own.items() for r in row(a, o)]))
    assert set(found.table["signal"]) == {"preference"}
    assert sorted(found.items) == sorted(CLASSES)
    for items, who, answer in found.table.select("items", "annotator", "answer").iter_rows():
        better, worse = items if answer == "0" else items[::-1]
        assert own[who].index(worse) > own[who].index(better)
    assert len(found) == 6 * len(own)
    drawn = found.table.filter(pl.col("drawn")).group_by("order").agg(pl.col("items").explode())
    assert all(sorted(names) == sorted(CLASSES) for names in drawn["items"])


def test_a_place_that_is_given_twice_is_no_ranking(tmp_path: Path) -> None:
    """The controls: the order of trials, ratings, ties."""
    rows = [[i, a, CLASSES[k % 3], k] for k, i in enumerate(ITEMS) for a in PEOPLE]
    found = read_answers(written(tmp_path, "item,annotator,label,order", rows))
    assert set(found.table["signal"]) == {"hard"}
    rows = [[i, a, (k * 7) % 5 + 1] for k, i in enumerate(ITEMS) for a in PEOPLE]
    found = read_answers(written(tmp_path, "item,annotator,rank", rows))
    assert set(found.table["signal"]) == {"score"}
    rows = [[i, "ann", "cat > dog = owl" if k < 3 else "cat > dog"] for k, i in enumerate(ITEMS)]
    found = read_answers(written(tmp_path, "item,annotator,ranking", rows))
    assert found.rejected is not None
    assert (len(found), len(found.rejected)) == (9, 3)


SHARES = [0.25, 0.05, 0.7, 0.0]
SOFT = {
    "columns": ("item,annotator,cat,dog,owl,elk", [SHARES]),
    "p_": ("item,annotator,p_cat,p_dog,p_owl,p_elk", [SHARES]),
    "per cent": (
        "item,annotator,cat (%),dog (%),owl (%),elk (%)", [[f"{100 * p:g}%" for p in SHARES]],
    ),
    "blanks": ("item,annotator,cat,dog,owl,elk", [[0.25, 0.05, 0.7, ""]]),
    "rows": ("item,annotator,class,probability", list(zip(CLASSES, SHARES, strict=True))),
    "labels": ("item,annotator,label,prob", list(zip(CLASSES, SHARES, strict=True))),
    "points": (
        "item,rater,emotion,points", [(n, 100 * p) for n, p in zip(CLASSES, SHARES, strict=True)],
    ),
}  # fmt: skip


@pytest.mark.parametrize("form", SOFT)
def test_soft_labels_of_several_people(tmp_path: Path, form: str) -> None:
    head, cells = SOFT[form]
    rows = [[i, a, *cell] for i in ITEMS for a in PEOPLE for cell in cells]
    found = read_answers(written(tmp_path, head, rows))
    assert set(found.table["signal"]) == {"soft"}
    assert (len(found), found.annotators) == (24, PEOPLE)
    assert json.loads(found.table["answer"][0]) == {"cat": 0.25, "dog": 0.05, "owl": 0.7}
    assert found.classes[:3] == CLASSES[:3]


def test_a_confidence_beside_a_label_is_no_soft_label(tmp_path: Path) -> None:
    rows = [[i, a, CLASSES[k % 2], 0.5] for k, i in enumerate(ITEMS) for a in PEOPLE]
    found = read_answers(written(tmp_path, "item,annotator,label,confidence", rows))
    assert set(found.table["signal"]) == {"hard"}


VOTES = [[3, 1, 1], [0, 4, 1], [1, 1, 3], [2, 2, 1], [5, 0, 0], [0, 0, 5], [1, 4, 0]]
RATINGS = [[1, 1, 2], [3, 3, 3], [5, 4, 5], [2, 2, 2], [4, 4, 3], [1, 2, 1], [5, 5, 5]]


@pytest.mark.parametrize("name", ["Total", "SUM", "", "Mean", "Average", "Gesamt", "N = 7"])
@pytest.mark.parametrize("first", [False, True])
def test_rows_that_sum_up_the_others_are_no_items(tmp_path: Path, name: str, first: bool) -> None:
    rows = [[f"i{k}", *row] for k, row in enumerate(VOTES)]
    what = np.array(VOTES)
    made = {"Mean": what.mean(0).round(2), "Average": what.mean(0).round(2), "N = 7": [7, 7, 7]}
    summary = [name, *made.get(name, what.sum(0))]
    rows = [summary, *rows] if first else [*rows, summary]
    found = read_answers(written(tmp_path, "item,cat,dog,owl", rows), "counts")
    assert found.items == tuple(f"i{k}" for k in range(7))
    assert any("of the others and no item" in note for note in found.notes)


def test_summaries_below_ratings_and_names_and_an_item_that_is_called_total(tmp_path: Path) -> None:
    means = [f"{m:.2f}" for m in np.array(RATINGS).mean(0)]
    rows = [*[[f"i{k}", *row] for k, row in enumerate(RATINGS)], ["Mean", *means], ["SD", 1, 1, 1]]
    found = read_answers(written(tmp_path, "item,ann1,ann2,ann3", rows))
    assert (set(found.table["signal"]), len(found)) == ({"hard"}, 21)
    named = [[f"i{k}", *(["cat", "dog"][(k + n) % 5 > 2] for n in (0, 0, 1))] for k in range(9)]
    low = [*named, ["Total", 9, 9, 9], ["Note: ann was ill in the third week", "", "", ""]]
    found = read_answers(written(tmp_path, "item,ann,bob,cyd", low))
    assert (len(found.items), len(found)) == (9, 27)
    kept = [*named[:4], ["total", "cat", "cat", "dog"], *named[4:]]
    assert "total" in read_answers(written(tmp_path, "item,ann,bob,cyd", kept)).items
    long = [*[[f"i{k}", "ab"[k % 2]] for k in range(9)], ["Total", 9]]
    assert read_answers(written(tmp_path, "item,label", long)).classes == ("a", "b")
