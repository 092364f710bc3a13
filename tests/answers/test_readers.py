"""Every format is recognised from its content and read as its documentation says."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from labelbits import InputError
from labelbits.answers import read_answers
from labelbits.answers.formats.detect import READERS, reader_for
from labelbits.signals.encoding import KEPT, encode
from tests.answers.samples import LABEL_STUDIO, OTHERS, SAMPLES


def put(folder: Path, name: str, content: bytes | str) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_every_format_has_a_sample() -> None:
    # Sessions are read with another file, an aggregated report is refused, and surveys with a row a
    # person are never taken by themselves.
    assert set(SAMPLES) == set(READERS) - {"prolific", "appen-aggregated", "people-rows"}


@pytest.mark.parametrize("name", SAMPLES)
def test_recognised_whatever_the_file_is_called(name: str, tmp_path: Path) -> None:
    path = put(tmp_path, "file", SAMPLES[name][1])
    assert reader_for(path)[0].name == name


@pytest.mark.parametrize("name", SAMPLES)
def test_every_answer_is_read_and_fits_its_signal(name: str, tmp_path: Path) -> None:
    file, content, expected = SAMPLES[name]
    answers = read_answers(put(tmp_path, file, content))
    assert len(answers) == expected
    kept = answers.table.filter(pl.col("signal").is_in(list(KEPT)))
    assert sum(len(batch) for batch in encode(answers)) == expected - len(kept)
    assert read_answers(tmp_path / file, name).table.equals(answers.table)


@pytest.mark.parametrize("name", OTHERS)
def test_other_containers_are_read(name: str, tmp_path: Path) -> None:
    path = put(tmp_path, "file", OTHERS[name])
    assert reader_for(path)[0].name == name
    assert len(read_answers(path)) > 0


def rows(answers) -> list[tuple]:
    table = answers.table
    return list(table.select("signal", "annotator", "items", "answer").iter_rows())


def test_label_studio_values(tmp_path: Path) -> None:
    answers = read_answers(put(tmp_path, "a.json", json.dumps(LABEL_STUDIO)))
    found = rows(answers)
    assert found[0] == ("hard", "7", ["a.png"], '"cat"')
    assert found[1] == ("hard", "b@example.org", ["a.png"], '"dog"')
    assert found[2] == ("triplet", "7", ["x", "y", "z"], "1")
    assert found[3] == ("ranking", "7", ["c.png"], '["dog", "cat"]')
    assert found[4] == ("candidates", "7", ["c.png"], '["cat", "dog"]')
    assert found[5][0] == "rating"
    assert {row[0]: row[3] for row in found[6:]} == {
        "ranking": '["cat", "dog"]',
        "soft": '{"cat": 70.0, "dog": 30.0}',
    }
    assert answers.table["gold"].to_list()[:2] == [None, True]
    assert answers.table["seconds"].to_list()[:4] == [4.5, 6.0, 2.0, 3.0]  # 9 s for 3 questions
    assert answers.rejected is not None
    assert answers.rejected["reason"].to_list() == ["annotation was skipped (was_cancelled)"]


def test_label_studio_keeps_the_first_of_two_equal_ids(tmp_path: Path) -> None:
    answers = read_answers(put(tmp_path, "a.json", json.dumps(LABEL_STUDIO * 2)))
    assert len(answers) == 8
    assert answers.rejected is not None
    assert (
        answers.rejected["reason"] == "annotation id appears twice; the first is kept"
    ).sum() == 6


def test_crowd_kit_pairs_name_the_winner(tmp_path: Path) -> None:
    path = put(tmp_path, "p.csv", SAMPLES["crowd-kit-pairwise"][1] + b"w3,a,b,c\n")
    answers = read_answers(path)
    assert [row[3] for row in rows(answers)] == ["0", "1"]
    assert answers.rejected is not None
    assert answers.rejected["row"].to_list() == [3]


@pytest.mark.parametrize(
    "head", ["item,annotator,label", "Item_ID;Rater;Class", "image\tuser\tannotation"]
)
def test_a_plain_table_goes_by_its_usual_names(tmp_path: Path, head: str) -> None:
    table = (f"{head}\n" + SAMPLES["crowd-kit"][1].decode().split("\n", 1)[1]).replace(",", ";")
    table = table.replace(";", "\t" if "\t" in head else ";" if ";" in head else ",")
    named = read_answers(put(tmp_path, "crowd.csv", SAMPLES["crowd-kit"][1]))
    assert rows(read_answers(put(tmp_path, "own.csv", table))) == rows(named)


def test_a_plain_table_without_annotators_says_so(tmp_path: Path) -> None:
    answers = read_answers(put(tmp_path, "own.csv", "item,label\na,cat\nb,dog\n"))
    assert [row[1] for row in rows(answers)] == ["unknown", "unknown"]
    assert any("who answered is not known (no column" in note for note in answers.notes)
    other = read_answers(put(tmp_path, "class.csv", "item,class\na,cat\nb,dog\n"))
    assert rows(other) == rows(answers)  # whatever the column of labels is called
    with pytest.raises(InputError, match=r"'label' is missing.*found item, who"):
        read_answers(put(tmp_path, "odd.csv", "item,who\na,cat\n"), "crowd-kit")


def test_cleanlab_matrix_skips_what_is_missing(tmp_path: Path) -> None:
    answers = read_answers(put(tmp_path, "m.csv", SAMPLES["cleanlab"][1]), classes=["a", "b", "c"])
    assert ("hard", "ann_0", ["2"], '"c"') in rows(answers)
    assert answers.items == ("0", "1", "2")
    fewer = read_answers(tmp_path / "m.csv", classes=["a", "b"])
    assert len(fewer) == 5
    assert fewer.rejected is not None
    assert "unknown class number" in fewer.rejected["reason"][0]


def test_argilla_values(tmp_path: Path) -> None:
    answers = read_answers(put(tmp_path, "a.json", SAMPLES["argilla"][1]))
    found = rows(answers)
    assert ("hard", "u2", ["r1"], '"negative"') in found
    assert ("ranking", "u1", ["r2"], '["positive", "negative"]') in found
    assert ("candidates", "u1", ["r2"], '["positive", "negative"]') in found


def test_argilla_drops_what_is_not_submitted(tmp_path: Path) -> None:
    answers = read_answers(put(tmp_path, "a.parquet", OTHERS["argilla"]))
    assert rows(answers) == [("hard", "u1", ["r1"], '"yes"')]
    assert answers.rejected is not None
    assert answers.rejected["found"].to_list() == ["discarded"]


def test_mturk_price_time_and_rejected_work(tmp_path: Path) -> None:
    answers = read_answers(put(tmp_path, "b.csv", SAMPLES["mturk"][1]))
    assert answers.table["price"].to_list() == [0.05, 0.05]
    assert answers.table["seconds"].to_list() == [12.0, 8.0]
    assert answers.table["items"].to_list() == [["x.png"], ["x.png"]]
    assert answers.rejected is not None
    assert answers.rejected["row"].to_list() == [3]


def test_mturk_several_questions_share_time_and_reward(tmp_path: Path) -> None:
    text = (
        "HITId,AssignmentId,WorkerId,WorkTimeInSeconds,Reward,Input.image1,Input.image2,"
        "Answer.taskAnswers\n"
        'h,a,w,10,0.20,x.png,y.png,"[{""label1"":{""label"":""cat""},""label2"":{""dog"":true}}]"\n'
    )
    answers = read_answers(put(tmp_path, "b.csv", text))
    assert rows(answers) == [
        ("hard", "w", ["x.png"], '"cat"'),
        ("hard", "w", ["y.png"], '"dog"'),
    ]
    assert answers.table["price"].to_list() == [0.1, 0.1]
    assert answers.table["seconds"].to_list() == [5.0, 5.0]


def test_mturk_radio_buttons(tmp_path: Path) -> None:
    text = "HITId,WorkerId,Input.url,Answer.q.cat,Answer.q.dog\nh,w,x.png,true,false\n"
    assert rows(read_answers(put(tmp_path, "b.csv", text))) == [("hard", "w", ["x.png"], '"cat"')]


@pytest.mark.parametrize(
    "header",
    ["Submission id,Participant id,Status,Time taken", "id,participant_id,status,time_taken"],
)
def test_prolific_gives_times_to_another_file(header: str, tmp_path: Path) -> None:
    sessions = put(tmp_path, "p.csv", f"{header}\ns1,w1,APPROVED,60\ns2,w2,RETURNED,5\n")
    labels = put(tmp_path, "l.csv", SAMPLES["crowd-kit"][1])
    answers = read_answers([sessions, labels])
    assert answers.table["annotator"].to_list() == ["w1", "w1"]
    assert answers.table["seconds"].to_list() == [30.0, 30.0]
    assert answers.rejected is not None
    assert len(answers.rejected) == 1
    with pytest.raises(InputError, match="sessions, no answers"):
        read_answers(sessions)


def test_jspsych_buttons_html_and_milliseconds(tmp_path: Path) -> None:
    text = (
        "trial_type,trial_index,rt,stimulus,choices,response\n"
        'html-button-response,0,1500,"<p><img src=""a.png""></p>","[""cat"",""dog""]",1\n'
    )
    answers = read_answers(put(tmp_path, "ann.csv", text))
    assert rows(answers) == [("hard", "ann", ["a.png"], '"dog"')]
    assert answers.table["seconds"].to_list() == [1.5]


def test_columns_of_ones_own_names_are_read_as_triplets(tmp_path: Path) -> None:
    rows = "Reference;Chosen;Not chosen;Who\na;b;c;p1\nb;a;c;p2\n"
    told = {"head": "Reference", "winner": "Chosen", "loser": "Not chosen", "annotator": "Who"}
    answers = read_answers(put(tmp_path, "own.csv", rows), columns=told)
    for items, answer, (head, winner) in zip(
        answers.table["items"], answers.table["answer"], ["ab", "ba"], strict=True
    ):
        assert (items[0], items[1 + int(answer)]) == (head, winner)
    assert answers.annotators == ("p1", "p2")
    with pytest.raises(InputError, match="column 'Nobody' is missing"):
        read_answers(tmp_path / "own.csv", columns={**told, "loser": "Nobody"})


def test_salmon_sides_decide_the_answer(tmp_path: Path) -> None:
    answers = read_answers(put(tmp_path, "s.csv", SAMPLES["salmon"][1]))
    assert rows(answers) == [
        ("triplet", "p1", ["1", "2", "3"], "0"),
        ("triplet", "p2", ["1", "3", "2"], "1"),
    ]


def test_triplets_keep_who_answered_and_how_the_question_was_chosen(tmp_path: Path) -> None:
    text = "annotator,head,winner,loser,sampling\nann,1,2,3,random\nbob,1,3,2,uncertainty\n"
    table = read_answers(put(tmp_path, "w.csv", text)).table
    assert table["annotator"].to_list() == ["ann", "bob"]
    assert table["sampling"].to_list() == ["random", "uncertainty"]
    own = "puid,alg_ident,head,winner,loser\np1,RandomSampling,1,2,3\n"
    assert read_answers(put(tmp_path, "s.csv", own)).table["sampling"][0] == "RandomSampling"


def test_sides_that_are_lost_are_drawn_by_the_seed(tmp_path: Path) -> None:
    lines = "\n".join(f"{i},{i + 1},{i + 2}" for i in range(400))
    path = put(tmp_path, "w.csv", f"head,winner,loser\n{lines}\n")
    answers, again = read_answers(path, seed=1), read_answers(path, seed=1)
    assert answers.table.equals(again.table)
    assert not answers.table.equals(read_answers(path, seed=2).table)
    for _, _, items, answer in rows(answers):  # the winner is head + 1 wherever it stands
        assert int(items[1 + int(answer)]) == int(items[0]) + 1
    share = answers.table["answer"].cast(pl.Int64).mean()
    assert abs(share - 0.5) < 4 * 0.5 / 20


def test_odd_one_out_is_shuffled_and_still_right(tmp_path: Path) -> None:
    triples = np.random.default_rng(0).permuted(np.tile(np.arange(9), (300, 1)), axis=1)[:, :3]
    path = tmp_path / "t.npy"
    np.save(path, triples)
    answers = read_answers(path, seed=3)
    odd = [int(items[int(answer)]) for _, _, items, answer in rows(answers)]
    assert odd == triples[:, 2].tolist()
    assert {answer for *_, answer in rows(answers)} == {"0", "1", "2"}


def test_counts_leave_out_items_without_votes(tmp_path: Path) -> None:
    answers = read_answers(put(tmp_path, "c.npz", SAMPLES["counts"][1]))
    assert rows(answers) == [
        ("votes", "counts", ["0"], '{"cat": 3, "dog": 1}'),
        ("votes", "counts", ["2"], '{"dog": 5}'),
    ]
    assert answers.items == ("0", "1", "2")
    assert answers.classes == ("cat", "dog")


def test_language_models_cost_their_tokens(tmp_path: Path) -> None:
    answers = read_answers(put(tmp_path, "m.csv", SAMPLES["language-model"][1]))
    assert answers.table["price"].to_list() == pytest.approx([0.00315, 0.00615])
    assert set(answers.table["annotator_kind"]) == {"model"}


def test_cifar10s_typed_values(tmp_path: Path) -> None:
    answers = read_answers(put(tmp_path, "s.parquet", SAMPLES["cifar-10s"][1]))
    first, second, third = (json.loads(row[3]) for row in rows(answers))
    assert first == {"cat": 0.8, "dog": 0.2, "airplane": 0.0, "automobile": 0.0}
    assert second == {"cat": 1.0}
    assert third == {"dog": 0.6, "cat": 0.4, "truck": 0.0}
    assert answers.table["repeat"].to_list() == [False, True, False]
    assert len(answers.classes) == 10


def test_several_files_become_one_table(tmp_path: Path) -> None:
    one = put(tmp_path, "one.csv", SAMPLES["crowd-kit"][1])
    two = put(tmp_path, "two.csv", SAMPLES["salmon"][1])
    answers = read_answers([one, two])
    assert answers.table["signal"].to_list() == ["hard"] * 3 + ["triplet"] * 2
    assert answers.classes == ("cat", "dog")


def test_a_table_of_no_known_format_names_its_columns_and_the_remedy(tmp_path: Path) -> None:
    path = put(tmp_path, "x.csv", "a,b\nc,d\n")
    with pytest.raises(InputError, match=r"not recognised.*found a, b.*--columns item="):
        read_answers(path)
    with pytest.raises(InputError, match=r"unknown format 'nonsense'.*crowd-kit"):
        read_answers(path, "nonsense")


@pytest.mark.parametrize(("ratings", "steps"), [((1, 7, 4), [1, 7, 4]), ((0, 7, 4), [1, 8, 5])])
def test_a_scale_that_begins_at_one_is_not_shifted(
    ratings: tuple[int, ...], steps: list[int], tmp_path: Path
) -> None:
    rows = [f"r{i},boy,lad,{rating}" for i, rating in enumerate(ratings)]
    (tmp_path / "pairs.csv").write_text("\n".join(["rater,word1,word2,rating", *rows]))
    answers = read_answers(tmp_path / "pairs.csv")
    assert [int(answer) for answer in answers.table["answer"]] == steps
