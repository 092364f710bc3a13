"""Numbers as spreadsheets of half the world write them: decimal commas, thousands, per cent."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from labelbits.answers.formats import cells
from labelbits.errors import InputError
from labelbits.items.guessing import guess_columns
from labelbits.items.reading import read_table
from labelbits.items.tables import Columns, read_tables
from labelbits.items.vectors import read_vectors

SEMICOLONS = "id;a;b;label\n" + "".join(
    f"s{k};{k},25;-0,{k}0;{'xy'[k % 2]}\n" for k in range(1, 10)
)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (["3,05", "1,234"], [3.05, 1.234]),
        (["0,125", "12,250"], [0.125, 12.25]),
        (["1,234", "5,678"], [1234.0, 5678.0]),
        (["1.234,5", "2.000,25"], [1234.5, 2000.25]),
        (["1,234.5", "12"], [1234.5, 12.0]),
        (["1'234.50", "1 000"], [1234.5, 1000.0]),
        (["1.234", "2.345"], [1.234, 2.345]),
        (["1,5e-3", "2"], [0.0015, 2.0]),
        (["80 %", "7.5%"], [80.0, 7.5]),
    ],
)
def test_commas_are_decimal_where_they_can_be_nothing_else(
    written: list[str], meant: list[float]
) -> None:
    assert cells.numbers(pl.Series(written)).to_list() == meant


def test_features_with_decimal_commas_are_read(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text(SEMICOLONS)
    ids, values = read_vectors(path)
    assert ids is not None
    assert (ids[0], values.shape) == ("s1", (9, 2))
    np.testing.assert_allclose(values[0], [1.25, -0.1], rtol=1e-6)
    found = read_tables([path], Columns(features=("a", "b"), label="label"))
    np.testing.assert_allclose(found.features, values)
    assert guess_columns(read_table(path, []), str(path)).features == ["a", "b"]


def test_one_column_tells_how_the_others_are_written(tmp_path: Path) -> None:
    """1,250 alone could be a thousand; beside 0,5 in the same file it is not."""
    path = tmp_path / "x.csv"
    path.write_text("id;a;b\n" + "".join(f"s{k};1,25{k};0,{k}\n" for k in range(9)))
    _, values = read_vectors(path)
    np.testing.assert_allclose(values[:, 0], 1.25 + np.arange(9) / 1000, rtol=1e-6)


def test_a_table_without_numbers_says_what_it_found(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("id,a\n" + "".join(f"s{k},about {k}\n" for k in range(9)))
    with pytest.raises(InputError, match=r"found columns id, a \(a holds 'about 0'\)"):
        read_vectors(path)


def test_a_column_without_a_name_is_a_feature_too(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("id,,b\n" + "".join(f"s{k},{k}.5,{k}\n" for k in range(9)))
    _, values = read_vectors(path)
    np.testing.assert_allclose(values[1], [1.5, 1.0])
