"""Random damage to valid files of every format: answers or an `InputError`, nothing else.

A long run, guided by coverage, is `benchmarks/answers_fuzz.py`.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from labelbits import InputError
from labelbits.answers import read_answers
from labelbits.answers.formats.detect import READERS
from tests.answers.samples import OTHERS, SAMPLES

SEEDS = [*((name, sample[1]) for name, sample in SAMPLES.items()), *OTHERS.items()]
WORDS = [
    b"",
    b"\0",
    b"\xff",
    b'"',
    b"null",
    b"NaN",
    b"1e999",
    b"-1",
    b"[]",
    b"{}",
    b"\n",
    b"\r",
    b",",
    b"[[[[",
    b"\xed\xa0\x80",
    b"true",
    b"\xef\xbb\xbf",
    b"9" * 400,
    b"\\u0000",
]


def damage(content: bytes, cuts: list[tuple[int, int, bytes]]) -> bytes:
    """Replace, at each place, some bytes by a word."""
    for place, length, word in cuts:
        at = place % (len(content) + 1)
        content = content[:at] + word + content[at + length :]
    return content


CUTS = st.lists(
    st.tuples(
        st.integers(0, 5000),
        st.sampled_from([0, 0, 1, 1, 4, 40, 400]),
        st.one_of(st.sampled_from(WORDS), st.binary(max_size=6)),
    ),
    min_size=1,
    max_size=5,
)


def attempt(content: bytes, name: str) -> None:
    """Read; an `InputError` is a fine answer, anything else is a defect."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        path.write_bytes(content)
        try:
            answers = read_answers(path, name)
        except InputError:
            return
        assert len(answers) > 0
        assert answers.rejected is not None
        assert answers.rejected["reason"].null_count() == 0


@pytest.mark.parametrize(("name", "content"), SEEDS)
@settings(max_examples=15, deadline=None, derandomize=True, database=None,
          suppress_health_check=list(HealthCheck))  # fmt: skip
@given(cuts=CUTS)
def test_damaged_files(name: str, content: bytes, cuts: list) -> None:
    attempt(damage(content, cuts), name)
    attempt(damage(content, cuts), "auto")


@pytest.mark.parametrize("name", READERS)
def test_every_reader_survives_every_other_format(name: str) -> None:
    for other, (_, content, _) in SAMPLES.items():
        if other == name:
            continue
        try:
            attempt(content, name)
        except Exception as problem:
            problem.add_note(f"the sample of {other} read as {name}")
            raise
