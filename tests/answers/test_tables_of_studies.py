"""Tables that studies and programs write: trials, readers in columns, shares of votes, surveys."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from labelbits import InputError, calibrate, read_answers
from labelbits.answers.table.columns import IDEAL
from labelbits.answers.table.preferences import as_comparisons, things_in

READS = {
    "Accession": [f"ACC{k}" for k in range(12)],
    "Age": [40 + 3 * k for k in range(12)],
    "Dr Abel": ["benign", "malignant"] * 6,
    "Dr Brandt": ["benign", "malignant", "malignant"] * 4,
    "Biopsy": ["benign"] * 6 + ["malignant"] * 6,
}


def _written(path: Path, table: dict | pl.DataFrame) -> Path:
    pl.DataFrame(table).write_csv(path)
    return path


def test_columns_of_titled_people_are_readers_and_a_biopsy_is_right(tmp_path: Path) -> None:
    answers = read_answers(_written(tmp_path / "reads.csv", READS))
    assert answers.annotators == ("Dr Abel", "Dr Brandt")
    assert len(answers.gold) == 12
    assert any("'Age' is not read" in note for note in answers.notes)


@pytest.mark.parametrize("form", ["reader{k}_rt", "time_reader{k}", "Reader{k} seconds"])
def test_times_beside_each_reader_are_those_of_the_reader(tmp_path: Path, form: str) -> None:
    columns: dict[str, list] = {"case": [f"c{k}" for k in range(10)]}
    for k in (1, 2):
        columns[f"reader{k}"] = ["neg", "pos"] * 5
        columns[form.format(k=k)] = [10.0 * k + i for i in range(10)]
    answers = read_answers(_written(tmp_path / "reads.csv", columns))
    by_person = dict(answers.table.group_by("annotator").agg(pl.col("seconds").min()).iter_rows())
    assert by_person == {"reader1": 10.0, "reader2": 20.0}


def test_numbers_beside_peoples_words_are_nobody(tmp_path: Path) -> None:
    table = {name.removeprefix("Dr "): column for name, column in READS.items() if name != "Biopsy"}
    path = _written(tmp_path / "reads.csv", table)
    with pytest.raises(InputError, match="'Abel', 'Brandt' are annotators, --format cleanlab"):
        read_answers(path)
    answers = read_answers(path, format="cleanlab")
    assert answers.annotators == ("Abel", "Brandt")


def test_a_text_that_people_judged_is_no_label(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    rows = [(f"r{i}", f"Answer number {i} about life", j) for i in range(40) for j in "ab"]
    table = pl.DataFrame(rows, schema=["id", "response", "judge"], orient="row").with_columns(
        score=pl.Series(rng.integers(1, 11, len(rows)))
    )
    answers = read_answers(_written(tmp_path / "judged.csv", table))
    assert set(answers.table["signal"]) == {"score"}
    assert any(
        "'response'" in note and "--columns label=response" in note for note in answers.notes
    )
    # The answers of people stay the label, whatever stands beside them.
    free = table.with_columns(response=pl.Series([f"class {k % 3}" for k in range(len(rows))]))
    assert set(read_answers(_written(tmp_path / "l.csv", free)).table["signal"]) == {"hard"}


def _gorilla() -> pl.DataFrame:
    seen, said = ["happy", "angry", "afraid"], ["happy", "afraid", "angry"]
    rows = []
    for person in range(4):
        for face in range(6):
            shared = {"Participant Private ID": 7000 + person, "Spreadsheet: image": f"f{face}.png",
                      "Spreadsheet: answer": seen[face % 3]}  # fmt: skip
            rows.append(
                shared | {"Zone Type": "fixation", "Reaction Time": 500.0, "Response": None}
            )
            own = {"Zone Type": "button", "Reaction Time": 1500.0 + face}
            rows.append(shared | own | {"Response": said[(face + person) % 3]})
    return pl.DataFrame(rows)


def test_trials_of_gorilla_are_labels_with_gold_and_times(tmp_path: Path) -> None:
    answers = read_answers(_written(tmp_path / "gorilla.csv", _gorilla()))
    assert len(answers) == 24
    assert len(answers.items) == 6
    assert answers.gold["f1.png"] == "angry"
    assert answers.table["seconds"].max() == pytest.approx(1.505)
    assert any("trials of Gorilla" in note for note in answers.notes)
    own = read_answers(_written(tmp_path / "g.csv", _gorilla()), columns={"label": "Zone Type"})
    assert set(own.classes) == {"fixation", "button"}


def test_shares_of_so_many_votes_are_counts(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    counts = rng.multinomial(13, [0.6, 0.3, 0.1], size=30)
    table = pl.DataFrame({"image": [f"i{k}" for k in range(30)], "n_votes": [13] * 30} | {
        f"p_{name}": (counts[:, k] / 13).round(3) for k, name in enumerate("abc")})  # fmt: skip
    path = _written(tmp_path / "votes.csv", table)
    answers = read_answers(path)
    assert set(answers.table["signal"]) == {"votes"}
    assert answers.classes == ("a", "b", "c")
    said = pl.Series(answers.table["answer"]).str.json_decode(
        pl.Struct(dict.fromkeys("abc", pl.Int64))
    )
    found = said.struct.unnest().fill_null(0).to_numpy()
    assert np.array_equal(found, counts)
    # Without the number of votes they are one soft label each; as shares they have no more classes.
    alone = read_answers(_written(tmp_path / "s.csv", table.drop("n_votes")))
    assert set(alone.table["signal"]) == {"soft"}
    assert read_answers(path, format="probabilities").classes == ("a", "b", "c")


def test_percentages_are_no_counts(tmp_path: Path) -> None:
    shares = [["92%", "8%"], ["33%", "66%"], ["100%", "0%"], ["51%", "50%"]]
    table = pl.DataFrame(shares, schema=["deer", "fox"], orient="row")
    path = _written(tmp_path / "pct.csv", table.with_columns(image=pl.Series(list("abcd"))))
    assert set(read_answers(path).table["signal"]) == {"soft"}
    with pytest.raises(InputError, match=r"'deer' holds percentages.*--format probabilities"):
        read_answers(path, format="counts")


def test_words_beside_counts_are_no_class(tmp_path: Path) -> None:
    counts = np.random.default_rng(2).multinomial(9, [0.5, 0.3, 0.2], size=20)
    table = {"image": [f"i{k}" for k in range(20)], "site": ["north", "south"] * 10} | {
        name: counts[:, k] for k, name in enumerate(["deer", "fox", "boar"])} | {
        "total": counts.sum(1)}  # fmt: skip
    answers = read_answers(_written(tmp_path / "site.csv", table))
    assert answers.classes == ("deer", "fox", "boar")
    assert any("'site' is not read" in note for note in answers.notes)


def test_people_who_are_numbered_are_no_item_and_99_is_no_step(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    asked = {f"trust_{name}": rng.integers(1, 6, 40) for name in ("police", "courts", "press")}
    table = pl.DataFrame({"resp_id": range(1000, 1040)} | asked)
    table = table.with_columns(
        trust_press=pl.when(pl.int_range(pl.len()) < 5).then(99).otherwise("trust_press")
    )
    for named in ("resp_id", "number"):
        path = _written(tmp_path / f"{named}.csv", table.rename({"resp_id": named}))
        answers = read_answers(path, format="people-rows")
        assert answers.items == ("trust_police", "trust_courts", "trust_press")
        assert len(answers) == 3 * 40 - 5
        assert "99" not in answers.classes
        assert any("answers 99 count as missing" in note for note in answers.notes)


LIKERT = ("Not at all toxic", "Slightly toxic", "Moderately toxic", "Very toxic", "Extremely toxic")


def test_words_that_are_steps_are_named_as_such_and_read_as_a_scale_where_asked() -> None:
    said = [LIKERT[(3 * k) % 5] for k in range(30)]
    rows = {"item": [k // 3 for k in range(30)], "annotator": [k % 3 for k in range(30)]}
    table = pl.DataFrame(rows | {"label": said})
    answers = read_answers(table)
    note = next(note for note in answers.notes if "without an order" in note)
    assert note.index("Not at all") < note.index("Slightly") < note.index("Extremely")
    scored = read_answers(table, signal="score")
    assert scored.table["answer"].to_list() == [str(LIKERT.index(one) + 1) for one in said]
    # Classes that are no steps are said nothing of.
    plain = read_answers(table.with_columns(label=pl.Series(["cat", "dog", "fox"] * 10)))
    assert not any("order" in note for note in plain.notes)


def test_triples_of_numbers_are_triplets_where_that_is_asked(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    rows = np.stack([rng.permutation(9)[:3] for _ in range(200)])
    np.save(tmp_path / "t.npy", rows)
    answers = read_answers(tmp_path / "t.npy", signal="triplet")
    assert set(answers.table["signal"]) == {"triplet"}
    for asked, nearer, row in zip(
        answers.table["items"], answers.table["answer"], rows, strict=True
    ):
        assert asked[0] == str(row[0])
        assert asked[1 + int(nearer)] == str(row[1])
    assert 60 < sum(map(int, answers.table["answer"])) < 140  # the place says nothing
    note = next(one for one in read_answers(tmp_path / "t.npy").notes if "odd one last" in one)
    assert "--signal triplet" in note


def test_compared_columns_are_named_where_no_reader_knows_them(tmp_path: Path) -> None:
    table = {"question_id": range(8), "model_1": ["x"] * 8, "model_2": ["y"] * 8,
             "g1_winner": ["model_1"] * 8, "g2_winner": ["model_2"] * 8}  # fmt: skip
    with pytest.raises(InputError, match="left=model_1,right=model_2,winner=g1_winner"):
        read_answers(_written(tmp_path / "mt.csv", table))


def test_the_likeliest_classes_with_their_shares_are_sparse_soft_labels(tmp_path: Path) -> None:
    table = {"image": list("aabb"), "worker": ["w0", "w1"] * 2,
             "first_choice": ["fear", "calm"] * 2, "first_conf": [77, 80, 60, None],
             "second_choice": ["calm", None, "joy", "fear"],
             "second_conf": [18, None, 40, 10]}  # fmt: skip
    answers = read_answers(_written(tmp_path / "top.csv", table))
    assert set(answers.table["signal"]) == {"sparse-soft"}
    assert answers.table["answer"].to_list() == [
        '{"fear": 0.77, "calm": 0.18}', '{"calm": 0.8}', '{"fear": 0.6, "joy": 0.4}'
    ]  # fmt: skip
    assert len(answers.rejected) == 1


def test_a_task_that_everybody_did_again_and_again_is_a_question(tmp_path: Path) -> None:
    moods = ("pos", "neg")
    rows = [
        (task, f"u{unit}", f"w{who}", moods[(unit + who) % 2] if task == "mood" else "formal")
        for task in ("mood", "register") for unit in range(9) for who in range(3)
    ]  # fmt: skip
    table = pl.DataFrame(rows, schema=["task", "unit", "worker", "answer"], orient="row")
    answers = read_answers(_written(tmp_path / "tasks.csv", table), question="mood")
    assert len(answers.items) == 9
    assert set(answers.classes) == {"pos", "neg"}
    # A task that is an item stays one: nobody did it twice.
    own = table.filter(pl.col("task") == "mood").rename({"task": "kind", "unit": "task"})
    assert len(read_answers(_written(tmp_path / "own.csv", own)).items) == 9


@pytest.mark.parametrize(
    ("said", "number"), [("7/10", "7"), ("4 out of 5", "4"), ("3 stars", "3"), ("★★☆", "2")]
)
def test_steps_are_read_out_of_words(said: str, number: str) -> None:
    other = said.replace(number, "1") if number in said else "★☆☆"
    table = {"item": list("abcd"), "annotator": list("xyxy"), "label": [said, other] * 2}
    answers = read_answers(pl.DataFrame(table))
    assert set(answers.table["signal"]) == {"score"}
    assert answers.table["answer"][0] == number
    assert any("numbers in them" in note for note in answers.notes)


def test_critics_in_rows_are_no_items_with_votes(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    stars = {f"Film {k}": rng.integers(1, 11, 5) for k in range(12)}
    path = _written(
        tmp_path / "critics.csv", {"critic": ["Ann", "Bob", "Cy", "Di", "Eve"], **stars}
    )
    with pytest.raises(InputError, match=r"each row is a person .*--format people-rows"):
        read_answers(path)


def test_pairs_that_are_the_same_or_not_are_read(tmp_path: Path) -> None:
    pairs = [(f"v{k}", f"v{(k + 1) % 6}") for k in range(6)]
    table = {"voice_a": [a for a, _ in pairs], "voice_b": [b for _, b in pairs],
             "listener": ["l0", "l1"] * 3, "same_speaker": [0, 1, 0, 0, 1, 0]}  # fmt: skip
    answers = read_answers(_written(tmp_path / "same.csv", table))
    assert set(answers.table["signal"]) == {"same-class"}
    assert (answers.table["answer"] == "true").to_list() == [False, True, False, False, True, False]


def test_the_ideal_item_is_not_counted() -> None:
    rows = {"left": list("abc"), "right": list("bca"), "winner": list("abc"), "worker": list("xyz")}
    answers, _ = as_comparisons(read_answers(pl.DataFrame(rows)))
    assert IDEAL in answers.items
    assert calibrate(answers, only=("agreement",))["triplet"].items == 3
    assert things_in(answers.items) == 3


@pytest.mark.parametrize(
    "form", ["{asked}_r{who}", "rater{who}_{asked}", "annotator {who} {asked}"]
)
def test_columns_of_questions_beside_people_are_questions(tmp_path: Path, form: str) -> None:
    rng = np.random.default_rng(6)
    columns: dict[str, list] = {"image": [f"i{k}" for k in range(20)]}
    for asked in ("anger", "joy"):
        true = rng.integers(0, 2, 20)
        for who in (1, 2):
            columns[form.format(asked=asked, who=who)] = list(true ^ (rng.random(20) < 0.1))
    answers = read_answers(_written(tmp_path / "grid.csv", columns), question="joy")
    assert len(answers) == 40
    assert len(answers.annotators) == 2


def test_numbers_on_both_sides_of_0_ask_whose_side_is_below(tmp_path: Path) -> None:
    table = {"rater": ["r0", "r1", "r0", "r1"], "text_a": list("tuvt"), "text_b": list("uvtv"),
             "preference": [-3, 2, 0, 1]}  # fmt: skip
    path = _written(tmp_path / "strength.csv", table)
    with pytest.raises(InputError, match="below 0; --columns left=text_a,right=text_b"):
        read_answers(path)
    sides = {"left": "text_a", "right": "text_b"}
    answers = read_answers(path, columns=sides)
    assert answers.table["answer"].to_list() == ["0", "1", '"tie"', "1"]
    turned = read_answers(path, columns={"left": "text_b", "right": "text_a"})
    assert turned.table["answer"].to_list() == ["0", "1", '"tie"', "1"]
    assert turned.table["items"][0].to_list() == ["u", "t"]


def test_how_much_better_a_side_is_names_the_side() -> None:
    said = ["A much better", "B slightly better", "A a bit better", "I strongly prefer B"]
    table = pl.DataFrame({"rater": list("xyxy"), "text_a": list("tuvt"), "text_b": list("uvtv"),
                          "preference": said})  # fmt: skip
    assert read_answers(table).table["answer"].to_list() == ["0", "1", "0", "1"]
    bad = table.with_columns(preference=pl.Series(["much", "slightly", "bit", "so"]))
    lost = pl.concat([bad, table.head(1).with_columns(preference=pl.lit("tie"))])
    with pytest.raises(InputError, match="4 rows name no side"):
        read_answers(lost)


def test_the_reason_beside_a_score_is_none(tmp_path: Path) -> None:
    path = tmp_path / "judged.jsonl"
    said = '{{"sample_id": {k}, "judge": "{who}", "output": {{"score": "{n}/10", "reason": "r"}}}}'
    lines = [said.format(k=k, who=who, n=k % 7) for k in range(10) for who in "ab"]
    path.write_text("\n".join(lines))
    answers = read_answers(path)
    assert set(answers.table["signal"]) == {"score"}
    assert answers.table["answer"][2:4].to_list() == ["1", "1"]


def test_names_that_differ_by_capitals_only_are_one_class_unless_they_are_told_apart() -> None:
    table = pl.DataFrame({"item": list("aabbcc"), "annotator": list("xyxyxy"),
                          "label": ["Cat", "cat", "DOG", "dog", "cat", "cat"]})  # fmt: skip
    answers = read_answers(table)
    assert set(answers.classes) == {"cat", "DOG"}
    assert any("DOG / dog" in note for note in answers.notes)
    apart = read_answers(table, classes=("cat", "Cat", "DOG", "dog"))
    assert apart.table["answer"].n_unique() == 4
    letters = table.with_columns(label=pl.Series(list("AaBbaa")))
    assert set(read_answers(letters).classes) == {"A", "a", "B", "b"}


def test_the_time_of_a_session_is_nobodys_answer(tmp_path: Path) -> None:
    rows = [(f"i{k}", who, "ja" if k % 2 else "nein", time)
            for k in range(8) for who, time in (("a", 31.5), ("b", 44.0))]  # fmt: skip
    table = pl.DataFrame(rows, schema=["item", "annotator", "label", "time_min"], orient="row")
    path = _written(tmp_path / "s.csv", table)
    answers = read_answers(path)
    assert "seconds" not in answers.table.columns or not answers.table["seconds"].count()
    assert any("session" in note and "--columns seconds=time_min" in note for note in answers.notes)
    told = read_answers(path, columns={"seconds": "time_min"})
    assert told.table["seconds"].max() == pytest.approx(44 * 60)


@pytest.mark.parametrize("mark", ["?", "TBD", "todo", "-", "\u2013", "not labeled yet"])
def test_what_stands_for_no_label_yet_is_no_class(mark: str) -> None:
    table = pl.DataFrame({"item": [str(k) for k in range(9)], "label": ["pos", "neg", mark] * 3})
    answers = read_answers(table)
    assert set(answers.classes) == {"pos", "neg"}
    assert len(answers) == 6
    # Marks that are classes stay: a sign beside a plus, a letter beside letters.
    signs = pl.DataFrame({"item": list("abcd"), "label": ["+", "-", "+", "-"]})
    assert set(read_answers(signs).classes) == {"+", "-"}


def test_reactions_in_whole_numbers_above_a_minute_are_thousandths(tmp_path: Path) -> None:
    table = {"item": list("aabbcc"), "annotator": ["x", "y"] * 3, "label": ["u", "v"] * 3,
             "rt": [420, 380, 500, 444, 391, 610]}  # fmt: skip
    answers = read_answers(_written(tmp_path / "rt.csv", table))
    assert answers.table["seconds"].max() == pytest.approx(0.61)
    assert any("milliseconds" in note for note in answers.notes)
    slow = table | {"rt": [4.5, 12.0, 30.5, 8.0, 9.0, 11.0]}
    assert read_answers(_written(tmp_path / "s.csv", slow)).table["seconds"].max() == 30.5


@pytest.mark.parametrize("marks", [("x", ""), ("1", "0"), ("yes", "no")])
def test_another_label_called_spam_refuses_nothing(tmp_path: Path, marks: tuple[str, str]) -> None:
    yes, no = marks
    rows = [(f"p{k // 2}", "uv"[k % 2], yes if k % 3 else no, yes if k % 4 else no)
            for k in range(16)]  # fmt: skip
    table = pl.DataFrame(rows, schema=["post", "coder", "insult", "spam"], orient="row")
    path = _written(tmp_path / "ticks.csv", table)
    assert len(read_answers(path, columns={"label": "insult"})) == 16
    # Where the label says other words the column speaks of the answers.
    words = table.with_columns(insult=pl.Series(["mild", "harsh"] * 8))
    own = _written(tmp_path / "words.csv", words.with_columns(spam=pl.Series([no or "0", "1"] * 8)))
    assert len(read_answers(own, columns={"label": "insult"})) == 8


def test_many_numbers_that_lie_near_each_other_are_steps_and_numbers_of_classes_are_not() -> None:
    rng = np.random.default_rng(9)
    true = rng.integers(10, 90, 60)
    near = np.clip(true[:, None] + rng.integers(-6, 7, (60, 2)), 0, 100)
    class_of = np.where(rng.random((60, 2)) < 0.8, true[:, None], rng.integers(10, 90, (60, 2)))
    for numbers, kind in ((near, "score"), (class_of, "hard")):
        table = pl.DataFrame({"item": np.repeat(np.arange(60), 2), "worker": ["x", "y"] * 60,
                              "label": numbers.reshape(-1)})  # fmt: skip
        answers = read_answers(table)
        assert set(answers.table["signal"]) == {kind}
        assert any("steps and no classes" in note for note in answers.notes) == (kind == "score")


def test_who_does_not_know_is_told_to_be_a_class() -> None:
    table = pl.DataFrame({"item": list("abcdef"), "label": ["yes", "no", "don't know"] * 2})
    answers = read_answers(table)
    assert any('"don\'t know" counts as a class' in note for note in answers.notes)
    assert len(read_answers(table, classes=("yes", "no"))) == 4
