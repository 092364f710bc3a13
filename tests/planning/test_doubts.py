"""Pilots that cannot support the question are refused first, with the pilot to run instead."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from labelbits.errors import InputError
from labelbits.planning import plan
from labelbits.planning.evidence.doubts import check_pilot
from labelbits.planning.evidence.loading import load_evidence
from labelbits.planning.families import build_families
from labelbits.planning.spec.planreader import read_plan
from tests.planning.conftest import BASE, blobs

Write = Callable[..., Path]
HARD_ONLY = BASE.split("[[signal]]")[0] + '[[signal]]\nkind = "hard"\nseconds = 4\n'


def doubts(path: Path) -> list[str]:
    """What the plan would say of the pilot before it trains anything."""
    wanted = read_plan(path)
    evidence = load_evidence(wanted, 0)
    classes = evidence.counts.shape[1]
    families, _ = build_families(wanted, 2, classes, evidence.pilot)
    return check_pilot(evidence, families, 0)


def refusal(path: Path) -> str:
    with pytest.raises(InputError) as found:
        plan(path)
    return str(found.value)


def test_a_good_pilot_raises_no_doubt(write_plan: Write) -> None:
    assert doubts(write_plan()) == []


@pytest.mark.parametrize(
    ("changed", "why", "items"),
    [
        ("few", "20 labelled items are too few", "100 random items"),
        ("one class", "all 400 labelled items are of class '0'", "1,200 random items"),
        ("noise", "the features do not predict the labels", "random items"),
        ("unlabelled", "every row of counts is zero", "100 random items"),
    ],
)
def test_a_pilot_is_offered_with_its_cost(
    write_plan: Write, changed: str, why: str, items: str
) -> None:
    data = blobs()
    if changed == "few":
        data = {name: array[:20] for name, array in data.items()}
    elif changed == "one class":
        data |= {"counts": np.eye(4, dtype=int)[np.zeros(400, int)] * 3, "gold": 0 * data["gold"]}
    elif changed == "noise":
        data["features"] = np.random.default_rng(3).standard_normal((400, 6))
    else:
        data["counts"] = 0 * data["counts"]
    text = refusal(write_plan(**data))
    assert why in text
    assert f"{items}, one label on every one, about" in text
    assert "USD" in text
    assert "It would settle" in text
    # All items of these data have a label: nobody is sent to label more of them in silence.
    assert ("All items of the data have a label" in text) == (changed != "unlabelled")


def test_unanimous_votes_cannot_say_what_more_votes_are_worth(write_plan: Write) -> None:
    counts = 5 * np.eye(4, dtype=int)[blobs()["gold"]]
    text = refusal(write_plan(counts=counts))
    assert "all annotators agree on all 400 items" in text
    # 3 labels of 4 s at 12 USD an hour on each of 100 items.
    assert "100 of the most ambiguous items, 3 labels by different people" in text
    assert "about 4.00 USD" in text


def test_unanimous_votes_do_not_stop_a_plan_of_hard_labels(write_plan: Write) -> None:
    counts = 5 * np.eye(4, dtype=int)[blobs()["gold"]]
    (text,) = doubts(write_plan(HARD_ONLY, counts=counts))
    assert text.startswith("All annotators agree")


def test_classes_in_another_order_than_gold_are_noticed(write_plan: Write) -> None:
    text = refusal(write_plan(counts=np.roll(blobs()["counts"], 1, axis=1)))
    assert "match gold on 0 % of the 400 items" in text
    assert "With the classes in another order" in text


def test_answers_that_say_nothing_about_gold_are_refused(write_plan: Write) -> None:
    shuffled = np.random.default_rng(1).permutation(blobs()["counts"])
    text = refusal(write_plan(counts=shuffled))
    assert "match gold on" in text
    assert "in another order" not in text


def test_annotators_who_are_often_wrong_are_named(write_plan: Write) -> None:
    counts, wrong = blobs()["counts"], np.arange(400) % 5 < 2
    counts[wrong] = np.roll(counts[wrong], 1, axis=1)
    assert any("matches gold on only 6" in text for text in doubts(write_plan(counts=counts)))


def test_copies_of_items_are_named(write_plan: Write) -> None:
    data = {name: np.repeat(array[:80], 5, axis=0) for name, array in blobs().items()}
    assert any(
        text.startswith("320 of the 400 labelled items") for text in doubts(write_plan(**data))
    )


def test_a_class_that_is_nearly_all_there_is_is_named(write_plan: Write) -> None:
    data = blobs()
    keep = np.flatnonzero((data["gold"] == 0) | (np.arange(400) % 16 == 0))
    data = {name: array[keep] for name, array in data.items()}
    made = plan(write_plan(**data))
    told = [made.recommendation["sentence"], *made.warnings]
    assert any("Always answering '0' is right on" in text for text in told)


def test_test_groups_of_a_class_that_is_not_trained_on_are_refused(
    write_plan: Write,
) -> None:
    text = BASE.replace('gold = "gold.npz"', 'gold = "gold.npz"\ngroups = "groups.npz"')
    text = text.replace("[budget]", '[goal]\ntest_groups = ["b"]\n[budget]')
    groups = np.where(blobs()["gold"] == 3, "b", "a")
    message = refusal(write_plan(text, groups=groups))
    assert "100 % of the tested items are of classes that no item to train on has" in message


def test_one_annotator_cannot_tell_how_others_differ(write_plan: Write, tmp_path: Path) -> None:
    text = BASE.replace('counts = "counts.npz"', 'pilot = ["a.csv"]\nclasses = 4')
    lines = ["signal,annotator,items,classes,answer"]
    names = '"[""0"",""1"",""2"",""3""]"'
    lines += [
        f'hard,ann,"[""{i}""]",{names},"""{k}"""' for i, k in enumerate(blobs()["gold"][:200])
    ]
    (tmp_path / "a.csv").write_text("\n".join(lines), encoding="utf-8")
    assert any("those of one annotator (ann)" in text for text in doubts(write_plan(text)))


def test_classes_that_differ_by_capitals_alone_are_named(write_plan: Write) -> None:
    plain = '[dataset]\nclass_names = ["cat", "dog", "owl", "{last}"]\n'
    said = [
        doubts(write_plan(BASE.replace("[dataset]\n", plain.format(last=last))))
        for last in ("Cat ", "cats")
    ]
    assert said[0] == [
        "Classes 'cat' and 'Cat ' differ by capitals or spaces alone, and count as different "
        "classes: spell them alike if they are one"
    ]
    assert said[1] == []
