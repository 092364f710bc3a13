"""Coverage-guided fuzzing of every reader with atheris.

    python -m venv fuzz-venv && fuzz-venv/bin/pip install atheris labelbits
    fuzz-venv/bin/python benchmarks/answers_fuzz.py all --runs 100000
    fuzz-venv/bin/python benchmarks/answers_fuzz.py mturk --runs 100000 --seed 7

The reader is a name of `labelbits.answers.detect.READERS`, auto, or all for one after another.
Inputs are mutations of valid files, half of them with a dictionary of what breaks parsers. An
`InputError` is a fine answer; any other exception, an input that takes more than 20 s, or more
than 2 GB of memory stops the run. One line each: inputs, how many of them gave answers, seconds,
peak memory.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

HANG_SECONDS = 20
MEMORY_MB = 2048


def fuzz(name: str, runs: int, seed: int, report: Path) -> None:
    """Fuzz one reader in this process, which atheris ends; counts go to `report`."""
    import atheris

    with atheris.instrument_imports(include=["labelbits.answers", "labelbits.signals"]):
        from labelbits.answers import read_answers
        from labelbits.errors import InputError

    from tests.answers.samples import OTHERS, SAMPLES
    from tests.answers.test_fuzz import WORDS

    folder = tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None)
    path = Path(folder.name) / "file"
    corpus = Path(folder.name) / "corpus"
    corpus.mkdir()
    for key, content in [*((k, sample[1]) for k, sample in SAMPLES.items()), *OTHERS.items()]:
        if name in (key, "auto"):
            (corpus / f"{key}-{len(content)}").write_bytes(content)
    dictionary = Path(folder.name) / "words"
    escaped = ["".join(f"\\x{byte:02x}" for byte in word) for word in WORDS if word]
    dictionary.write_text("".join(f'"{word}"\n' for word in escaped))
    begun, inputs, answered = time.perf_counter(), 0, 0

    def one(content: bytes) -> None:
        nonlocal inputs, answered
        path.write_bytes(content)
        inputs += 1
        with contextlib.suppress(InputError):
            answers = read_answers(path, name)
            assert len(answers) > 0
            answered += 1
        if inputs % 1000 == 0 or inputs >= runs:
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            taken = time.perf_counter() - begun
            report.write_text(json.dumps([inputs, answered, round(taken), round(peak)]))

    options = [
        f"-runs={runs}",
        f"-seed={seed}",
        f"-timeout={HANG_SECONDS}",
        f"-rss_limit_mb={MEMORY_MB}",
        f"-dict={dictionary}",
        f"-artifact_prefix={report.parent}/{name}-",
        "-print_final_stats=1",
        "-max_len=20000",
    ]
    atheris.Setup([sys.argv[0], *options, str(corpus)], one)
    atheris.Fuzz()


def main() -> None:
    """Fuzz the named reader, or every reader in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("reader")
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--report", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, default=Path("fuzz"), help="logs and crashing inputs")
    given = parser.parse_args()
    if given.report:
        fuzz(given.reader, given.runs, given.seed, given.report)
        return
    from labelbits.answers.detect import READERS

    given.out.mkdir(parents=True, exist_ok=True)
    failed = False
    for name in ["auto", *READERS] if given.reader == "all" else [given.reader]:
        report = given.out.resolve() / f"{name}.json"
        log = given.out / f"{name}.log"
        command = [sys.executable, __file__, name, "--runs", str(given.runs)]
        command += ["--seed", str(given.seed), "--report", str(report)]
        with log.open("w") as stream:
            code = subprocess.run(command, stdout=stream, stderr=stream, check=False).returncode
        counts = json.loads(report.read_text()) if report.exists() else [0, 0, 0, 0]
        found = "nothing found" if code == 0 else f"STOPPED, see {log}"
        failed = failed or code != 0
        print(
            f"{name:20} {counts[0]:>9,} inputs {counts[1]:>9,} with answers {counts[2]:>6} s "
            f"{counts[3]:>6} MiB  {found}",
            flush=True,
        )
    sys.exit(int(failed))


if __name__ == "__main__":
    main()
