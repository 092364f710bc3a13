"""The numbers and drawings of `reproduce`."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from labelbits import information, signals
from labelbits.errors import InputError
from labelbits.report.reproduce import write
from labelbits.sweeps.figures import SCHEMA, reproduce, simulated_bits
from labelbits.worlds import World


@pytest.mark.parametrize("name", ["hard", "triplet"])
def test_simulated_bits_agree_with_the_integral_and_not_with_another_signal(name: str) -> None:
    world = World(items=20, classes=5, dims=2)
    signal = signals.make(name, 2, 5)
    bits, error = simulated_bits(signal, world, 1500, seed=3)
    exact = information.per_answer(signal, world, seed=0, standard_error=0.01)
    assert abs(bits - exact.bits) < 4 * error + 0.02
    noisy = signals.make(name, 2, 5, lapse=0.5)
    assert abs(simulated_bits(noisy, world, 1500, seed=3)[0] - exact.bits) > 8 * error


def test_an_unknown_figure_is_named() -> None:
    with pytest.raises(InputError, match="unknown figure 'moon'"):
        reproduce(["moon"], quick=True)


def test_the_page_and_the_table_are_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import plotly.graph_objects as go

    def no_browser(*_: object, **__: object) -> None:
        raise RuntimeError("no Chromium here")

    monkeypatch.setattr(go.Figure, "write_image", no_browser)
    rows = [
        ("bits", "dims", "hard", 1.0, 0.6, 0.01, "theory"),
        ("bits", "dims", "hard", 1.0, 0.5, 0.05, "simulation"),
        ("tradeoff", "wins at 0.5", "soft", 2.0, 2.0, None, "simulation"),
    ]
    table = pl.DataFrame(rows, schema=SCHEMA, orient="row")
    missing = write(table, tmp_path)
    assert missing == ["no PNG: no Chromium here (needs labelbits[png] and Chromium)"]
    assert pl.read_csv(tmp_path / "numbers.csv").shape == (3, 7)
    page = (tmp_path / "figures.html").read_text()
    assert "Bits per answer" in page
    assert "<script src=" not in page  # opens without a network
