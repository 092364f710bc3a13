"""Words that cells and headings say in seven languages: ties, kinds of annotators, refused rows."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from labelbits import InputError, read_answers

ROWS = 12


def _battles(said: str) -> pl.DataFrame:
    """Comparisons by a judge of whom every fourth says `said`."""
    won = [said if k % 4 == 0 else f"Response {1 + k % 2}" for k in range(ROWS)]
    return pl.DataFrame(
        {
            "prompt_id": [f"q{k}" for k in range(ROWS)],
            "Response 1": [f"one {k}" for k in range(ROWS)],
            "Response 2": [f"two {k}" for k in range(ROWS)],
            "Rater": [f"r{k % 3}" for k in range(ROWS)],
            "Better": won,
        }
    )


COLUMNS = {"left": "Response 1", "right": "Response 2", "winner": "Better", "group": "prompt_id"}


@pytest.mark.parametrize(
    "said",
    [
        "Both equal", "about the same", "No clear winner", "A and B are equal", "=",
        "Beide gleich gut", "kein Unterschied", "égal", "aucune préférence", "ex æquo",
        "sin preferencia", "empate", "nessuna preferenza", "pari", "geen voorkeur", "even goed",
        "sem preferência",
    ],
)  # fmt: skip
def test_words_for_ties_are_ties(said: str) -> None:
    answers = read_answers(_battles(said), columns=COLUMNS)
    assert (answers.table["answer"] == '"tie"').sum() == ROWS // 4
    assert not len(answers.rejected)


@pytest.mark.parametrize(
    "said", ["not the same", "both A", "unsure", "don't know", "slightly better", "the other"]
)
def test_other_words_are_left_out_and_told_with_what_is_a_tie(said: str) -> None:
    answers = read_answers(_battles(said), columns=COLUMNS)
    assert not (answers.table["answer"] == '"tie"').any()
    assert len(answers.rejected) == ROWS // 4
    told = [note for note in answers.notes if said in note]
    assert len(told) == 1
    assert "3 of 12 rows" in told[0]
    assert "no preference" in told[0]


@pytest.mark.parametrize(
    ("model", "person"),
    [
        ("LLM judge", "human"), ("gpt-4 (judge)", "Human expert"), ("AI annotator", "crowd worker"),
        ("KI", "Mensch"), ("IA", "humain"), ("modello", "umano"), ("taalmodel", "mens"),
        ("modelo", "pessoa"), ("non-human", "volunteer"), ("claude-3-opus", "not a model"),
    ],
)  # fmt: skip
def test_who_answered_is_known_by_many_words(model: str, person: str) -> None:
    table = _battles("tie").with_columns(
        Kind=pl.Series([model if k % 3 == 0 else person for k in range(ROWS)])
    )
    answers = read_answers(table, columns=COLUMNS | {"annotator_kind": "Kind"})
    kinds = answers.table["annotator_kind"].to_list()
    assert kinds == ["model" if k % 3 == 0 else "person" for k in range(ROWS)]


def test_a_column_that_asks_for_people_counts_the_other_way() -> None:
    table = _battles("tie").with_columns(is_human=pl.Series(["no"] * 4 + ["yes"] * 8))
    answers = read_answers(table, columns=COLUMNS)
    assert answers.table["annotator_kind"].to_list() == ["model"] * 4 + ["person"] * 8


@pytest.mark.parametrize(("yes", "no"), [("sì", "no"), ("sim", "não"), ("Y", "N"), ("ja", "nee")])
def test_yes_and_no_are_the_same_words_wherever_a_column_asks(yes: str, no: str) -> None:
    asked = [yes if k % 3 == 0 else no for k in range(ROWS)]
    models = read_answers(_battles("tie").with_columns(is_llm=pl.Series(asked)), columns=COLUMNS)
    assert (models.table["annotator_kind"] == "model").sum() == ROWS // 3
    rows = pl.DataFrame(
        {
            "signal": "hard", "annotator": [f"w{k % 4}" for k in range(ROWS)],
            "items": [f'["{k}"]' for k in range(ROWS)], "answer": '"a"', "gold": asked,
        }
    )  # fmt: skip
    assert read_answers(rows).table["gold"].sum() == ROWS // 3
    trials = _crowd(practice=[yes, *[no] * (ROWS - 1)])
    assert len(read_answers(trials)) == ROWS - 1


@pytest.mark.parametrize("said", ["judge", "human (AI-assisted)", "A"])
def test_words_that_say_neither_are_refused_with_those_that_do(said: str) -> None:
    table = _battles("tie").with_columns(Kind=pl.Series(["human", said] * 6))
    with pytest.raises(InputError, match=r"(?s)expected person or model.*LLM judge"):
        read_answers(table, columns=COLUMNS | {"annotator_kind": "Kind"})


def _crowd(**more: list) -> pl.DataFrame:
    """Four items, three workers, all say a, but the third says b."""
    table = {
        "Task ID": [f"t{k // 3}" for k in range(ROWS)],
        "Worker ID": [f"w{k % 3}" for k in range(ROWS)],
        "Answer": ["b" if k % 3 == 2 else "a" for k in range(ROWS)],
    }
    return pl.DataFrame(table | more)


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("Status", "accepted", "rejected"), ("assignment_status", "Approved", "Rejected"),
        ("Approval status", "paid", "not approved"), ("state", "submitted", "timed-out"),
        ("approved", "yes", "no"), ("is_valid", "1", "0"), ("Rejected", "", "x"),
        ("Rejected", "", "✓"), ("approved", "sì", "não"), ("approved", "oui", "non"),
        ("Status", "angenommen", "abgelehnt"), ("statut", "accepté", "refusé"),
        ("Estado", "aprobado", "rechazado"), ("stato", "accettato", "rifiutato"),
        ("status", "goedgekeurd", "afgekeurd"), ("status", "aprovado", "rejeitado"),
    ],
)  # fmt: skip
def test_refused_rows_are_left_out_and_told(name: str, good: str, bad: str) -> None:
    said = [bad if k % 3 == 2 and k < 9 else good or None for k in range(ROWS)]
    answers = read_answers(_crowd(**{name: said}))
    assert len(answers) == ROWS - 3
    assert (answers.table["answer"] == '"b"').sum() == 1
    assert answers.rejected["reason"].str.contains("rejected").sum() == 3
    assert any("3 of 12 rows are left out" in note and repr(name) in note for note in answers.notes)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Status", ["rejected" if k < 6 else "accepted" for k in range(ROWS)]),  # the item's
        ("Status", ["married" if k % 3 else "rejected" for k in range(ROWS)]),  # unknown words
        ("Status", ["accepted"] * ROWS),
        ("moderation", ["rejected" if k % 3 else "accepted" for k in range(ROWS)]),  # a question
    ],
)  # fmt: skip
def test_what_says_nothing_of_the_answers_leaves_none_out(name: str, said: list[str]) -> None:
    answers = read_answers(_crowd(**{name: said}))
    assert len(answers) == ROWS
    assert any(repr(name) in note for note in answers.notes)


@pytest.mark.parametrize(
    "name",
    ["Gold answer", "correct_label", "Expected", "True class", "right answer", "ground truth label",
     "Musterlösung", "bonne réponse", "Respuesta correcta", "risposta corretta", "juiste antwoord",
     "gabarito"],
)  # fmt: skip
def test_gold_goes_by_usual_names(name: str) -> None:
    right = ["a" if k < 6 else None for k in range(ROWS)]
    table = _crowd(**{"Is gold": ["yes" if k < 6 else "no" for k in range(ROWS)], name: right})
    answers = read_answers(table)
    assert answers.gold == {"t0": "a", "t1": "a"}
    assert any(repr(name) in note and "gold" in note for note in answers.notes)


@pytest.mark.parametrize(
    ("item", "worker", "label", "time"),
    [
        ("Vorgangs-Nr.", "Bearbeiter", "Kategorie", "Dauer (s)"),
        ("Bild-ID", "Kodiererin", "Einstufung", "Bearbeitungszeit in Sekunden"),
        ("Probe", "Gutachterin", "Urteil", "Zeit [s]"),
        ("Échantillon", "Dégustateur", "Catégorie", "Durée (s)"),
        ("id_image", "Annotatrice", "étiquette", "temps de réponse (secondes)"),
        ("Imagen", "Anotador", "Etiqueta", "Tiempo (seg)"),
        ("id_muestra", "Evaluadora", "Respuesta", "Duración"),
        ("Immagine", "Annotatore", "Etichetta", "Durata (s)"),
        ("Afbeelding", "Beoordelaar", "Categorie", "Tijd (s)"),
        ("Bestand", "Deelnemer-nr", "Antwoord", "Reactietijd"),
        ("Imagem", "Avaliador", "Rótulo", "Duração (s)"),
    ],
)
def test_headings_of_other_languages(item: str, worker: str, label: str, time: str) -> None:
    table = _crowd(seconds=[5.0 + k for k in range(ROWS)])
    table = table.rename(dict(zip(table.columns, (item, worker, label, time), strict=True)))
    answers = read_answers(table)
    assert answers.annotators == ("w0", "w1", "w2")
    assert answers.items == ("t0", "t1", "t2", "t3")
    assert answers.classes == ("a", "b")
    assert answers.table["seconds"].to_list() == [5.0 + k for k in range(ROWS)]


def test_what_is_not_read_is_named_and_numbers_are_asked_about() -> None:
    answers = read_answers(_crowd(Aufwand=[5.5 + k for k in range(ROWS)], Bemerkung=["x"] * ROWS))
    (told,) = [note for note in answers.notes if "Bemerkung" in note]
    assert "not read" in told
    assert '"seconds": "Aufwand"' in told


def test_orders_under_any_heading_that_is_named(tmp_path: Path) -> None:
    orders = ["A, B, C", "B, A, C", "C, A, B", "A, C, B", "B, C, A", "C, B, A"]
    table = pl.DataFrame({"Jury": [f"J{k // 2}" for k in range(6)], "Unsere Liste": orders})
    told = {"annotator": "Jury", "label": "Unsere Liste"}
    named = read_answers(table, "rankings", columns=told)
    assert read_answers(table, columns=told).table.equals(named.table)
    usual = read_answers(
        table.rename({"Unsere Liste": "Reihenfolge"}), columns={"annotator": "Jury"}
    )
    assert usual.table.equals(named.table)
    assert set(named.items) == {"A", "B", "C"}
    assert named.annotators == ("J0", "J1", "J2")


def test_the_third_letter_of_judges_is_a_tie_where_two_are_compared() -> None:
    table = _battles("[[C]]").with_columns(
        Better=pl.Series([["[[A]]", "[[B]]", "[[C]]"][k % 3] for k in range(ROWS)])
    )
    answers = read_answers(table, columns=COLUMNS)
    assert answers.table["answer"].to_list() == ["0", "1", '"tie"'] * 4
    assert any("4 rows say C" in note for note in answers.notes)


def test_another_column_that_may_be_the_label_is_named() -> None:
    table = _crowd(Sentiment=[["good", "bad"][k % 2] for k in range(ROWS)])
    notes = read_answers(table).notes
    assert any("'Sentiment' may hold answers to other questions" in note for note in notes)


def test_participants_of_a_panel_are_people() -> None:
    table = _crowd().rename({"Worker ID": "PROLIFIC_PID"})
    assert read_answers(table).annotators == ("w0", "w1", "w2")


@pytest.mark.parametrize("told", [None, {"annotator": "model"}])
def test_answers_beside_the_name_of_a_model_are_no_people_s(told: dict[str, str] | None) -> None:
    rows = {"id": ["a", "b"], "model": ["gpt-4o-mini"] * 2, "label": ["x", "y"]}
    rows |= {"soft_label": ['{"x": 0.9, "y": 0.1}', '{"x": 0.2, "y": 0.8}']}
    answers = read_answers(pl.DataFrame(rows).drop("label"), columns=told)
    assert answers.annotators == ("gpt-4o-mini",)
    assert answers.table["annotator_kind"].to_list() == ["model", "model"]
    assert not any("counted as a person" in note for note in answers.notes)


def test_columns_of_a_person_and_a_model_are_no_two_people() -> None:
    """A first name that is a model's too stays a person's, and is told."""
    rows = {"text": [f"text {k}" for k in range(20)], "human_label": ["x", "y"] * 10}
    answers = read_answers(pl.DataFrame({**rows, "gpt_label": ["x", "x"] * 10}))
    kinds = dict(answers.table.select("annotator", "annotator_kind").unique().iter_rows())
    assert kinds == {"human_label": "person", "gpt_label": "model"}
    assert any("gpt_label is named like a language model" in note for note in answers.notes)
    shared = {"item": ["a", "b"] * 2, "annotator": ["Claude"] * 2 + ["ann"] * 2}
    people = read_answers(pl.DataFrame({**shared, "label": ["x", "y", "x", "x"]}))
    assert "annotator_kind" not in people.table.columns
    assert any("Claude" in note and "counted as a person" in note for note in people.notes)


@pytest.mark.parametrize("mark", ["k. A.", "k.A.", "Keine Angabe", "n.a.", "#NV", "#N/D"])
def test_missing_in_other_languages_is_no_class(mark: str) -> None:
    rows = {"item": ["a", "b", "c"], "annotator": ["x", "y", "x"], "label": ["gut", mark, "böse"]}
    answers = read_answers(pl.DataFrame(rows))
    assert answers.classes == ("böse", "gut")
    assert len(answers) == 2
