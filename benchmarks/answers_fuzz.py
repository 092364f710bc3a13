"""Coverage-guided fuzzing of every reader with atheris.

    python -m venv fuzz-venv && fuzz-venv/bin/pip install atheris labelbits
    fuzz-venv/bin/python benchmarks/answers_fuzz.py all --runs 100000
    fuzz-venv/bin/python benchmarks/answers_fuzz.py mturk --runs 100000 --seed 7
    .venv/bin/python benchmarks/answers_fuzz.py all --plain --runs 1000

The reader is a name of `labelbits.answers.formats.detect.READERS`, auto, or all for one after
another.
Inputs are mutations of valid files with a dictionary of what breaks parsers. An `InputError` is a
fine answer; any other exception, an input that takes more than 5 s of CPU time, or more than 2 GB
of memory is a finding: the input is kept and the reader stops. CPU time is of the whole process,
so that a loaded machine finds nothing that an idle one does not; a wall time of 20 minutes on one
input ends a true hang.

`--plain` needs no atheris: random damage without coverage, a reader after another in one process,
for a quick look at all of them.

A run continues where it stopped: OUT holds, for each reader, the inputs that reached new code and
the counts so far. Each reader runs in processes of 20,000 inputs, because the fuzzer's own records
grow. `--table` prints the counts as they stand.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

MOST_CPU_SECONDS = 5.0
HANG_SECONDS = 1200
MEMORY_MB = 2048
PER_PROCESS = 20_000


@dataclass
class Counts:
    """What one reader has been through so far."""

    inputs: int = 0
    answered: int = 0
    cpu_seconds: float = 0.0
    worst_ms: float = 0.0
    peak_mib: int = 0

    @classmethod
    def stored(cls, path: Path) -> Counts:
        """The counts in a file; zeros without it."""
        return cls(**json.loads(path.read_text())) if path.exists() else cls()

    def store(self, path: Path) -> None:
        """Write beside the file, then rename."""
        beside = path.with_suffix(".tmp")
        beside.write_text(json.dumps(asdict(self)))
        beside.replace(path)


def fuzz(name: str, runs: int, seed: int, out: Path) -> None:
    """Give one reader `runs` inputs in this process, which atheris ends."""
    import atheris

    with atheris.instrument_imports(include=["labelbits.answers", "labelbits.signals"]):
        from labelbits.answers import read_answers
        from labelbits.answers.formats.detect import kind_of
        from labelbits.answers.formats.markets import apply_sessions, read_sessions
        from labelbits.errors import InputError

    from tests.answers.samples import OTHERS, PROLIFIC, SAMPLES
    from tests.answers.test_fuzz import WORDS

    folder = tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None)
    path = Path(folder.name) / "file"
    samples = [*((k, sample[1]) for k, sample in SAMPLES.items()), *OTHERS.items()]
    corpus = out / "corpus" / name
    corpus.mkdir(parents=True, exist_ok=True)
    for key, content in [*samples, ("prolific", PROLIFIC)]:
        if name in (key, "auto"):
            (corpus / f"{key}-{len(content)}").write_bytes(content)
    known = len(list(corpus.iterdir())) + 1  # read again at the start, and the empty input
    dictionary = Path(folder.name) / "words"
    escaped = ["".join(f"\\x{byte:02x}" for byte in word) for word in WORDS if word]
    dictionary.write_text("".join(f'"{word}"\n' for word in escaped))
    answers = Path(folder.name) / "answers.csv"
    answers.write_bytes(SAMPLES["crowd-kit"][1])
    table = read_answers(answers).table
    state = out / f"{name}.json"
    counts = Counts.stored(state)
    seen, earlier = 0, counts.cpu_seconds
    wanted = counts.inputs + runs

    def read() -> bool:
        if name != "prolific":
            return len(read_answers(path, name)) > 0
        sessions = read_sessions(path, kind_of(path))
        apply_sessions(table, sessions)
        return bool(sessions.seconds)

    def one(content: bytes) -> None:
        nonlocal seen
        path.write_bytes(content)
        seen += 1
        begun = time.process_time()
        answered = False
        with contextlib.suppress(InputError):
            answered = read()
            assert answered or name == "prolific"
        taken = time.process_time() - begun
        if seen > known:
            counts.inputs += 1
            counts.answered += answered
        counts.worst_ms = max(counts.worst_ms, 1e3 * taken)
        counts.cpu_seconds = earlier + time.process_time()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        counts.peak_mib = max(counts.peak_mib, peak)
        if taken > MOST_CPU_SECONDS:
            raise TimeoutError(f"{taken:.1f} s of CPU time for one input")
        if counts.inputs % 500 == 0 or counts.inputs == wanted:
            counts.store(state)

    options = [
        f"-runs={runs + known}",
        f"-seed={seed + counts.inputs}",
        f"-timeout={HANG_SECONDS}",
        f"-rss_limit_mb={MEMORY_MB}",
        f"-dict={dictionary}",
        f"-artifact_prefix={out}/{name}-",
        "-max_len=4096",
        "-len_control=0",  # whole files from the first input on, not short pieces of them
    ]
    atheris.Setup([sys.argv[0], *options, str(corpus)], one)
    atheris.Fuzz()


def run(name: str, runs: int, seed: int, out: Path) -> Counts:
    """Bring one reader up to `runs` inputs, in processes of its own."""
    state, log = out / f"{name}.json", out / f"{name}.log"
    (out / f"{name}.finding").unlink(missing_ok=True)
    environment = {"POLARS_MAX_THREADS": "1", "OMP_NUM_THREADS": "1"} | os.environ
    while (done := Counts.stored(state).inputs) < runs:
        command = [sys.executable, __file__, name, "--runs", str(min(PER_PROCESS, runs - done))]
        command += ["--seed", str(seed), "--out", str(out), "--inside"]
        with log.open("w") as stream:
            code = subprocess.run(
                command, stdout=stream, stderr=stream, check=False, env=environment
            ).returncode
        if code:
            (out / f"{name}.finding").write_text(f"exit status {code}, see {log}\n")
            break
    return Counts.stored(state)


def plain(name: str, runs: int, seed: int) -> Counts:
    """Give one reader `runs` inputs with random damage, in this process; a defect is raised."""
    import random

    from tests.answers.samples import OTHERS, SAMPLES
    from tests.answers.test_fuzz import WORDS, damage

    from labelbits.answers import read_answers
    from labelbits.errors import InputError

    chosen = random.Random(f"{name} {seed}")
    every = [sample[1] for sample in SAMPLES.values()]
    own = [SAMPLES[name][1]] if name in SAMPLES else every
    own += [OTHERS[name]] if name in OTHERS else []
    counts = Counts()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        for _ in range(runs):
            content = chosen.choice(own)
            for _ in range(chosen.choice([1, 1, 2, 4])):
                word = chosen.choice([*WORDS, bytes([chosen.randrange(256)])])
                cut = (chosen.randrange(5000), chosen.choice([0, 0, 1, 1, 4, 40]), word)
                content = damage(content, [cut])
            if chosen.random() < 0.1:
                other = chosen.choice(every)
                content = content[: len(content) // 2] + other[len(other) // 2 :]
            path.write_bytes(content)
            begun = time.process_time()
            with contextlib.suppress(InputError):
                assert len(read_answers(path, chosen.choice([name, name, "auto"]))) > 0
                counts.answered += 1
            taken = time.process_time() - begun
            counts.inputs += 1
            counts.cpu_seconds += taken
            counts.worst_ms = max(counts.worst_ms, 1e3 * taken)
    counts.peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return counts


def line(name: str, counts: Counts, found: str) -> str:
    """One row of the table, in Markdown."""
    return (
        f"| {name} | {counts.inputs:,} | {counts.answered:,} | {counts.cpu_seconds:,.0f} | "
        f"{counts.worst_ms:,.0f} | {counts.peak_mib:,} | {found or 'nothing'} |"
    )


def main() -> None:
    """Fuzz the named reader, or every reader in processes of their own."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("reader")
    parser.add_argument("--runs", type=int, default=100_000, help="inputs in all, over all runs")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("fuzz"), help="corpus, counts, findings")
    parser.add_argument("--table", action="store_true", help="only print the counts so far")
    parser.add_argument("--plain", action="store_true", help="random damage, without atheris")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    out = given.out.resolve()
    if given.inside:
        fuzz(given.reader, given.runs, given.seed, out)
        return
    from labelbits.answers.formats.detect import READERS

    out.mkdir(parents=True, exist_ok=True)
    print("| reader | inputs | with answers | CPU s | worst input, CPU ms | peak MiB | found |")
    print("|---|---:|---:|---:|---:|---:|---|")
    failed = False
    names = ["auto", *READERS] if given.reader == "all" else [given.reader]
    if given.plain:
        for name in names:
            print(line(name, plain(name, given.runs, given.seed), ""), flush=True)
        return
    for name in names:
        state, finding = out / f"{name}.json", out / f"{name}.finding"
        counts = Counts.stored(state) if given.table else run(name, given.runs, given.seed, out)
        found = finding.read_text().strip() if finding.exists() else ""
        failed = failed or bool(found)
        print(line(name, counts, found), flush=True)
    sys.exit(int(failed))


if __name__ == "__main__":
    main()
