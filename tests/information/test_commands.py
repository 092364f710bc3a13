"""The commands `bits` and `bounds`: their JSON, their tables, their exit status."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from labelbits.cli import app, main
from labelbits.signals import REGISTRY


def run(*words: str):
    result = CliRunner(env={"COLUMNS": "200"}).invoke(app, list(words), catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


@pytest.mark.parametrize("name", REGISTRY)
def test_bits_json(name):
    sizes = ("--dims", "2", "--classes", "4", "--standard-error", "0.02")
    out = json.loads(run("bits", "--signal", name, *sizes, "--json"))
    assert list(out) == [
        "signal",
        "bits",
        "standard_error",
        "method",
        "about",
        "upper_bound",
        "outcomes",
    ]
    assert out["signal"] == name
    assert 0 < out["bits"] < out["upper_bound"]
    assert out["standard_error"] <= 0.02
    assert out["method"] in ("exact", "quadrature", "monte-carlo")
    assert out["about"] == "geometry"
    assert (out["outcomes"] is None) == (name == "similarity")


def test_bits_table_shows_the_options_in_use():
    out = run("bits", "--signal", "contrastive", "--standard-error", "0.01")
    assert "negatives=4" in "".join(out.split())
    assert "items and prototypes" in out


def test_bits_of_a_soft_label_say_what_the_default_assumes():
    sizes = ("bits", "--signal", "soft", "--dims", "2", "--classes", "4")
    loose = ("--standard-error", "0.02")
    assert "1.76 between people" in run(*sizes, *loose)
    assert "between people" not in run(*sizes, *loose, "--concentration", "1.76")


def test_bounds():
    out = json.loads(run("bounds", "--items", "60", "--classes", "10", "--dims", "2", "--json"))
    assert [row["signal"] for row in out["signals"]] == list(REGISTRY)
    assert out["log2_orderings"] == pytest.approx(9.8392, abs=5e-5)
    hard = out["signals"][0]
    assert hard["bits"] == pytest.approx(60 * 3.321928, abs=1e-3)
    table = run("bounds", "--items", "60", "--classes", "10", "--dims", "2")
    assert "triplet" in table


@pytest.mark.any_types
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["bits", "--signal", "nope"], "unknown signal 'nope'"),
        (["bits", "--signal", "similarity", "--precision", "inf"], "infinitely many bits"),
        (["bits", "--signal", "hard", "--about", "all"], "about is 'all'"),
        (["bits", "--signal", "all", "--json"], "--json prints one signal"),
        (["bits", "--signal", "hard", "--precision", "0"], "precision of hard is 0.0"),
        (["bits", "--signal", "hard", "--lapse", "1"], "lapse of hard is 1.0; expected"),
        (
            ["bits", "--signal", "hard", "--seed", "-1"],
            "seed is -1; expected a whole number from 0",
        ),
        (["bits", "--signal", "hard", "--top", "2"], "signal hard has no option 'top'"),
        (["bits", "--signal", "hard", "--dims", "0"], "dims is 0; expected"),
        (
            ["bits", "--signal", "soft", "--grid", "ten"],
            "--grid of soft: found 'ten'; expected a whole",
        ),
        (["bits", "--signal", "ranking", "--top", "11"], "top of ranking is 11; expected at most"),
        (["bounds", "--items", "5", "--classes", "1", "--dims", "2"], "classes is 1"),
    ],
)
def test_wrong_input_is_one_message_and_status_2(words, message, capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["labelbits", *words])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 2
    shown = capsys.readouterr()
    assert message in shown.err
    assert "Traceback" not in shown.err
    assert shown.out == ""


def test_wrong_input_from_a_shell():
    command = [sys.executable, "-m", "labelbits.cli", "bits", "--signal", "nope"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "unknown signal 'nope'" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_bits_takes_every_option_that_a_signal_declares():
    sizes = ("--dims", "2", "--classes", "4", "--standard-error", "0.02", "--json")
    few, many = (
        json.loads(run("bits", "--signal", "soft", "--concentration", c, "--grid", "10", *sizes))
        for c in ("1", "100")
    )
    assert many["bits"] > few["bits"] + 0.3
    assert few["outcomes"] == pytest.approx(286)
    matrix = "0.9,0.1;0.1,0.9"
    out = run("bits", "--signal", "hard", "--classes", "2", "--confusion", matrix,
              "--standard-error", "0.02", "--json")  # fmt: skip
    assert json.loads(out)["bits"] < 0.54
    shown = run("bits", "--help")
    for name, signal in REGISTRY.items():
        for option in signal.options:
            assert "--" + option.replace("_", "-") in shown, name


def test_all_signals_are_compared_at_one_annotator():
    out = " ".join(run("bits", "--signal", "all", "--dims", "1", "--classes", "3", "--precision",
                       "2", "--standard-error", "0.1").split())  # fmt: skip
    assert "All rows are the same annotator" in out
    assert "standard deviation 0.641" in out
    assert "rating: precision 2.828" in out
    assert "similarity: precision 2.432" in out
    assert "concentration 1.76: different people on one image" in out
    assert "bits with concentration 10.0, what `bits` takes for one signal" in out
