"""Tables that can be read in two ways: signs, decimal commas, titles, sides and sums of 100."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from labelbits import InputError
from labelbits.answers import read_answers

LONG = "item,annotator,label\n"


def put(folder: Path, text: str) -> Path:
    path = folder / "t.csv"
    path.write_text(text)
    return path


def rows(cells: list[str]) -> str:
    return LONG + "".join(f"i{n // 2},{'vw'[n % 2]},{cell}\n" for n, cell in enumerate(cells))


@pytest.mark.parametrize("cells", [["-1", "1"], ["-1", "0", "1"], ["-1.0", "1.0"], ["-1", "0"]])
def test_signs_are_classes(cells: list[str], tmp_path: Path) -> None:
    answers = read_answers(put(tmp_path, rows(cells * 4)))
    assert len(answers) == 4 * len(cells)
    assert set(answers.table["signal"]) == {"hard"}
    assert answers.classes == tuple(cell.removesuffix(".0") for cell in cells)
    assert any("-1 counts as a class" in note for note in answers.notes)
    steps = read_answers(put(tmp_path, rows(cells * 4)), signal="score")
    assert len(steps) == 4 * len(cells)


def test_minus_one_beside_other_numbers_is_missing_and_counted(tmp_path: Path) -> None:
    answers = read_answers(put(tmp_path, rows(["-1", "0", "1", "2"])))
    assert answers.classes == ("0", "1", "2")
    told = read_answers(put(tmp_path, rows(["-1", "0", "1"])), classes=["0", "1"])
    assert len(told) == 2
    wide = "item,a,b,c\n" + "".join(f"i{n},{n % 3},{n % 3},-1\n" for n in range(9))
    matrix = read_answers(put(tmp_path, wide))
    assert len(matrix) == 18
    assert any("labels -1 count as missing: 9" in note for note in matrix.notes)


def test_signs_of_a_matrix(tmp_path: Path) -> None:
    wide = "item,a,b,c\n" + "".join(
        f"i{n},{s},{s},{-s if n % 5 == 0 else s}\n" for n, s in enumerate([-1, 1] * 10)
    )
    assert len(read_answers(put(tmp_path, wide))) == 60
    assert len(read_answers(put(tmp_path, wide), classes=["0", "1"])) == 30
    array = np.array([[0, 0, -1], [1, 1, 1], [0, -1, 0]] * 5)
    np.save(tmp_path / "n.npy", array)
    assert len(read_answers(tmp_path / "n.npy")) == int((array >= 0).sum())


@pytest.mark.parametrize(
    ("mark", "more", "first"),
    [
        (";", "7,250", 3.556),
        ("\t", "12,250", 3.556),
        (";", "1,234,567", 3556.0),
        (";", "1,234.5", 3556.0),
        (";", "2.5", 3556.0),
    ],
)
def test_three_digits_after_a_comma(mark: str, more: str, first: float, tmp_path: Path) -> None:
    table = [("item", "annotator", "label", "seconds", "reward")]
    table += [(f"i{n}", "w", "xy"[n % 2], "3,556", more) for n in range(6)]
    answers = read_answers(put(tmp_path, "".join(mark.join(row) + "\n" for row in table)))
    assert answers.table["seconds"][0] == first
    assert any("decimal comma" in note for note in answers.notes) == (first < 10)


@pytest.mark.parametrize(
    "above", ["Votes of March,,\n", "Votes,,\n,,\n", ",,\n", '"Votes, of March",,\n']
)
def test_titles_filled_up_with_empty_cells(above: str, tmp_path: Path) -> None:
    answers = read_answers(put(tmp_path, above + rows(["x", "y"] * 5)))
    assert (len(answers), answers.classes) == (10, ("x", "y"))
    assert any("above the header" in note for note in answers.notes)


def test_a_header_with_nameless_columns_is_no_title(tmp_path: Path) -> None:
    text = "item,annotator,label,,,\n" + "".join(f"i{n},w,{'xy'[n % 2]},,,\n" for n in range(6))
    assert len(read_answers(put(tmp_path, text))) == 6


def test_winners_one_and_two_beside_a_word_for_ties(tmp_path: Path) -> None:
    text = "question_id,model_a,model_b,winner\nq0,m,n,1\nq1,n,m,2\nq2,m,n,tie\n"
    assert read_answers(put(tmp_path, text)).table["answer"].to_list() == ["0", "1", '"tie"']
    with pytest.raises(InputError, match="winners are 0 and 1"):
        read_answers(put(tmp_path, text.replace(",2\n", ",0\n")))


def test_whole_numbers_that_sum_to_100_are_asked_about(tmp_path: Path) -> None:
    text = "item,cat,dog,owl\n" + "".join(f"i{n},{n},{2 * n},{100 - 3 * n}\n" for n in range(9))
    path = put(tmp_path, text)
    with pytest.raises(InputError, match="--format counts or --format probabilities"):
        read_answers(path)
    assert set(read_answers(path, format="counts").table["signal"]) == {"votes"}
    assert set(read_answers(path, format="probabilities").table["signal"]) == {"soft"}
    fifty = "item,cat,dog,owl\n" + "".join(f"i{n},{n},{2 * n},{50 - 3 * n}\n" for n in range(9))
    votes = read_answers(put(tmp_path, fifty))
    assert set(votes.table["signal"]) == {"votes"}
