"""What `labelbits pilot` prints and hands to a plan."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from labelbits.annotators.pilot import run_pilot
from labelbits.errors import InputError
from labelbits.planning.spec.planfile import SignalPlan
from labelbits.quantity import Quantity
from labelbits.report.pilot import learning_sentence, show_pilot


@pytest.fixture(scope="module")
def pilot(tmp_path_factory: pytest.TempPathFactory):
    """People and a model about the same items, one row that cannot be read."""
    folder = tmp_path_factory.mktemp("pilot")
    people = ["signal,annotator,items,answer,seconds"]
    model = ["model,task,label,price"]
    for item in range(40):
        truth = ["cat", "dog"][item % 2]
        other = ["dog", "cat"][item % 2]
        people += [f"hard,w{k},{item},{truth if (item + k) % 6 else other},{3 + k}.5"
                   for k in range(5)]  # fmt: skip
        model.append(f"m-1,{item},{other if item % 8 == 0 else truth},0.002")
    people.append("hard,w0,[broken,cat,2")
    (folder / "people.csv").write_text("\n".join(people))
    (folder / "model.csv").write_text("\n".join(model))
    return run_pilot([folder / "people.csv", folder / "model.csv"], wage=12.0)


def _text(pilot) -> str:
    stream = io.StringIO()
    show_pilot(pilot, Console(file=stream, width=200, force_terminal=False))
    return stream.getvalue()


def test_every_line_fits_a_narrow_terminal(pilot) -> None:
    stream = io.StringIO()
    show_pilot(pilot, Console(file=stream, width=80, force_terminal=False))
    lines = stream.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    text = " ".join(" ".join(lines).split())
    assert "hard: 200 answers of 5 annotators about 40 items" in text
    assert "seconds median 5.50, mean 5.50, 10 to 90 % of answers 3.50 to 7.50" in text
    assert "hard: 40 answers of the model m-1" in text
    assert "87.5 % [" in text  # the model against the majority of people
    assert "0.01833 for one answer at this wage" in text
    assert "left out: 1 row" in text
    assert "people.csv, row 201: items are not a JSON list of names; found [broken" in text


def test_a_plan_takes_people_and_the_model_as_they_were_measured(pilot) -> None:
    found = json.loads(json.dumps(pilot.to_dict()))
    people = found["signals"]["hard"]
    model = found["models"]["m-1"]["hard"]
    assert (people["annotator_kind"], model["annotator_kind"]) == ("person", "model")
    assert people["plan"]["seconds"] == pytest.approx(5.5)
    assert model["plan"]["price"] == pytest.approx(0.002)
    assert (model["plan"]["annotators"], model["plan"]["model"]) == ("model", "m-1")
    for one in (people, model):
        assert SignalPlan(**one["plan"]).kind == "hard"
        assert one["confusion"]["classes"] == ["cat", "dog"]
    assert model["confusion"]["counts"] == [[15, 5], [0, 20]]


def test_nothing_is_said_where_nothing_is_known(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("task,worker,label\n1,a,x\n2,a,y\n")
    stream = io.StringIO()
    show_pilot(run_pilot([tmp_path / "a.csv"]), Console(file=stream, width=80))
    assert "these answers cannot tell" in stream.getvalue()
    assert "seconds" not in stream.getvalue()


def shown(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text)
    stream = io.StringIO()
    show_pilot(run_pilot([folder / name]), Console(file=stream, width=80, force_terminal=False))
    lines = stream.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    return " ".join(" ".join(lines).split())


def test_two_answers_prove_nothing_and_say_which_pilot_would(tmp_path: Path) -> None:
    hard = shown(tmp_path, "a.csv", "task,worker,label\nt1,w1,cat\nt1,w2,dog\n")
    assert "between people the same answer in 0.0 % [0.0, 77.1] of pairs" in hard
    assert "5 people about each item would tell them apart" in hard
    triplets = "head,left,right,winner,loser,puid\n1,2,3,2,3,p1\n1,3,2,2,3,p2\n"
    assert "cannot tell: 30 answers about these 3 items (10 for each coordinate" in shown(
        tmp_path, "b.csv", triplets
    )
    words = "rater,word1,word2,rating\n0,boy,lad,10\n1,boy,lad,9\n"
    told = shown(tmp_path, "c.csv", words)
    assert "20 answers about these 2 items" in told
    assert "about each question" not in told  # repeats do not tell the noise of ratings
    asked = 'signal,annotator,items,answer\nsame-class,w,"[""a"",""b""]",true\n'
    assert "add hard labels of the same items" in shown(tmp_path, "d.csv", asked)


def test_counts_are_votes_of_nobody_knows_whom(tmp_path: Path) -> None:
    path = tmp_path / "counts.csv"
    rows = [f"{(i * 7) % 5 + 1},{(i * 3) % 4}" for i in range(30)]
    path.write_text("cat,dog\n" + "\n".join(rows))
    stream = io.StringIO()
    pilot = run_pilot([path], "counts")
    show_pilot(pilot, Console(file=stream, width=80, force_terminal=False))
    votes = sum(int(n) for row in rows for n in row.split(","))
    assert f"votes: {votes} votes about 30 items" in stream.getvalue()
    assert pilot.calibration["votes"].votes == votes


def test_gold_that_matches_nothing_is_refused(pilot, tmp_path: Path) -> None:
    people = Path(pilot.files[0])
    (tmp_path / "gold.csv").write_text("item,class\nimage 1,cat\nimage 2,dog\n")
    with pytest.raises(InputError, match="class of 2 items, and none of them is in the answers"):
        run_pilot([people], gold=tmp_path / "gold.csv")
    # Class 0 of the array is the dog; the answers put the cat first.
    np.savez(tmp_path / "gold.npz", gold=np.arange(1, 41) % 2)
    with pytest.raises(InputError, match="give gold as CSV with the columns item and class"):
        run_pilot([people], gold=tmp_path / "gold.npz")


def test_each_file_says_what_it_was_read_as(pilot) -> None:
    assert pilot.formats == ("labelbits", "language-model")
    assert pilot.to_dict()["formats"] == ["labelbits", "language-model"]
    assert "model.csv: read as language-model" in _text(pilot)


def test_one_name_for_everybody_is_not_called_agreement(tmp_path: Path) -> None:
    rows = [f"t{i % 20},ann,{'cat' if (i * 7) % 11 > 4 else 'dog'}" for i in range(60)]
    timed = [f"{row},{i}" for i, row in enumerate(rows)]
    told = shown(tmp_path, "one.csv", "task,worker,label,at\n" + "\n".join(timed))
    assert "same person asked again: the same answer in" in told
    assert "were they several people? Then give each an own name as annotator" in told
    assert "between people" not in told
    told = shown(
        tmp_path, "crowd.csv", "task,worker,label\n" + "\n".join(rows).replace("ann", "crowd")
    )
    assert "'crowd' answered some items several times and names a group" in told
    assert "same person" not in told
    several = [row.replace("ann", f"w{i // 20}") for i, row in enumerate(rows)]
    told = shown(tmp_path, "many.csv", "task,worker,label\n" + "\n".join(several))
    assert "between people the same answer in" in told
    assert "same person" not in told


def test_rows_of_mturk_are_named_by_their_place_and_not_by_the_assignment(tmp_path: Path) -> None:
    rows = ["HITId,AssignmentId,WorkerId,AssignmentStatus,Input.image,Answer.label"]
    rows += [f"H{i},3A{i},w{i % 3},Approved,{i}.png,cat" for i in range(6)]
    rows.append("H6,3B6,w0,Rejected,6.png,cat")
    rows.append("H0,3A0,w1,Approved,0.png,dog")
    told = shown(tmp_path, "mturk.csv", "\n".join(rows))
    assert "row 7: assignment was rejected by the requester; found AssignmentStatus Rej" in told
    assert "3B6" not in told
    assert "row 8: AssignmentId appears twice; the first is kept; found 3A0, first in row 1" in told


def test_practice_is_told_in_words() -> None:
    assert learning_sentence(Quantity(1.01, 0.97, 1.06, "exact")) == (
        "no change with practice that the answers show (time x 1.01, 0.970 to 1.06 whenever an "
        "annotator's answers double)"
    )
    assert learning_sentence(Quantity(0.9, 0.85, 0.95, "exact")).startswith(
        "faster with practice (time x "
    )
    assert learning_sentence(Quantity(1.2, 1.1, 1.3, "exact")).startswith(
        "slower with practice (time x "
    )


def test_few_pairs_are_counted_and_tell_nothing_of_chance(tmp_path: Path) -> None:
    rows = [f"i{i},{who},{'cat' if (i + k) % 2 else 'dog'}" for i in range(4)
            for k, who in enumerate(("ann", "bob"))]  # fmt: skip
    told = shown(tmp_path, "few.csv", "task,worker,label\n" + "\n".join(rows))
    assert "4 pairs of people's answers to one question are too few to tell" in told
    assert "hardly more often than by chance" not in told
    rows = [f"i{i},{who},{'cat' if (i + k) % 2 else 'dog'}" for i in range(80)
            for k, who in enumerate(("ann", "bob"))]  # fmt: skip
    told = shown(tmp_path, "many.csv", "task,worker,label\n" + "\n".join(rows))
    assert "too few to tell" not in told


def test_a_row_without_any_share_is_missing_and_no_sum(tmp_path: Path) -> None:
    rows = [f"c{i},ann,{20 + i},{30 - i},50" for i in range(20)] + ["c20,ann,,,"]
    told = shown(tmp_path, "soft.csv", "item,annotator,% yes,% no,% both\n" + "\n".join(rows))
    assert "row 21: answer is missing" in told
    assert "nan" not in told
