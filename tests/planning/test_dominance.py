"""More answers of one kind on the same items are never worse; a plan knows which those are."""

from dataclasses import replace

from labelbits.planning.measured.dominance import chains_of, in_their_order, out_of_order
from tests.planning.curves import curve


def test_hard_labels_are_one_vote_and_other_annotators_are_others():
    hard, three, ten = (curve(n, 1, 0.1).family for n in ("hard", "three", "ten"))
    hard = replace(hard, kind="hard", answers_per_item=1)
    three = replace(three, kind="votes", answers_per_item=3)
    ten = replace(ten, kind="votes", answers_per_item=10)
    expert = replace(three, annotators="expert")
    assert chains_of([ten, hard, expert, three]) == [[1, 3, 0]]
    assert chains_of([hard, expert]) == []


def test_what_is_out_of_order_is_named():
    hard, three = curve("hard", 1, 0.1), curve("three", 1, 0.1)
    hard = replace(hard, family=replace(hard.family, kind="hard", answers_per_item=1))
    family = replace(three.family, kind="votes", answers_per_item=3)
    # On the same items, three votes each.
    three = replace(hard, family=family, answers=3 * hard.answers, limit=3 * hard.limit)
    assert out_of_order([hard, three], sign=1) == []
    worse = replace(three, draws=three.draws - 0.01)
    assert out_of_order([hard, worse], sign=1) == ["three"]
    assert out_of_order([hard, worse], sign=-1) == []
    made = in_their_order([worse, hard], sign=1)
    assert (made[0].draws >= made[1].draws).all()
    assert out_of_order(made, sign=1) == []
