"""Coverage-guided fuzzing of every reader with atheris.

    pip install atheris
    python benchmarks/answers_fuzz.py READER -runs=100000

READER is a name of `labelbits.answers.detect.READERS`, or auto. An `InputError` is a fine answer;
any other exception, a hang (-timeout) or more than 2 GB (-rss_limit_mb) stops the run.
"""

from __future__ import annotations

import contextlib
import sys
import tempfile
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).parents[1]))

with atheris.instrument_imports(include=["labelbits.answers"]):
    from labelbits.answers import read_answers
    from labelbits.errors import InputError

from tests.answers.samples import OTHERS, SAMPLES


def main() -> None:
    """Fuzz the reader that the first argument names."""
    name = sys.argv.pop(1)
    folder = tempfile.TemporaryDirectory()
    path = Path(folder.name) / "file"
    corpus = Path(folder.name) / "corpus"
    corpus.mkdir()
    for place, (key, sample) in enumerate(SAMPLES.items()):
        if name in (key, "auto"):
            (corpus / str(place)).write_bytes(sample[1])
    for key, content in OTHERS.items():
        if name in (key, "auto"):
            (corpus / f"other-{key}").write_bytes(content)

    def one(content: bytes) -> None:
        path.write_bytes(content)
        with contextlib.suppress(InputError):
            read_answers(path, name)

    atheris.Setup([*sys.argv, "-rss_limit_mb=2048", "-timeout=20", str(corpus)], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
