"""What the page works on: files, the draft of a plan, the work under way, finished plans.

One workspace a program, in a folder that is gone when the program ends; nothing of the user's is
changed. All of it is reached through the server's routes alone.
"""

from __future__ import annotations

import shutil
import tempfile
import threading
import weakref
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from labelbits.answers.files.opening import check_file
from labelbits.app import readers
from labelbits.app.drafts import Draft, draft_of, first_draft
from labelbits.app.reading import Told
from labelbits.app.uploads import LARGEST_TOTAL, MOST_FILES, free_path
from labelbits.app.work import make_plan, measure_pilot
from labelbits.app.workers import Job, Workers
from labelbits.assumed import USUAL
from labelbits.errors import InputError
from labelbits.first_tables import first_signals
from labelbits.planning import Plan
from labelbits.report.scenarios import Scenario

#: Finished plans that are kept; the oldest goes first.
MOST_PLANS = 24
#: Names of the two kinds of work.
PLAN, PILOT = "plan", "pilot"
#: What a worker imports before it is needed.
WARM = ("labelbits.annotators.pilot", "labelbits.planning.planner", "labelbits.app.work")


@dataclass
class FileHere:
    """One file of the workspace: where it is, what the user said of it, how it was read."""

    number: int
    path: Path
    own: bool  # uploaded: its copy is ours
    told: Told = field(default_factory=Told)
    job: Job | None = None

    @property
    def read(self) -> dict[str, Any]:
        """What is known of it by now."""
        return readers.found(self.job)

    def shown(self) -> dict[str, Any]:
        """The file as the page takes it."""
        said = {
            "format": self.told.format, "question": self.told.question,
            "signal": self.told.signal, "sheet": self.told.sheet, "columns": self.told.columns,
            "text": self.told.text, "use": self.told.use,
        }  # fmt: skip
        place = self.path.name if self.own else str(self.path)
        return {"number": self.number, "name": self.path.name, "place": place, "told": said,
                "own": self.own, **self.read}  # fmt: skip


@dataclass(frozen=True)
class Finished:
    """A plan that was made, its run, and the draft that it came from (None: given ready)."""

    run: str
    plan: Plan
    draft: Draft | None


class Workspace:
    """See the module. Methods may be called from any thread."""

    def __init__(self, start: Path | None = None, seed: int = 0) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="labelbits-page-"))
        self._remove = weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)
        self.start = start or Path.cwd()
        self.seed = seed
        self.files: dict[int, FileHere] = {}
        self.draft: Draft | None = None
        self.job: Job | None = None
        #: The draft that `job` makes, or made, a plan of.
        self.ran: Draft | None = None
        self.pilot: Job | None = None
        self.plans: dict[str, Finished] = {}
        self.scenarios: list[Scenario] = []
        #: Where the plan file of each scenario starts, by the scenario's name.
        self.folders: dict[str, Path] = {}
        #: The numbers of the user's own run of `labelbits reproduce`; None: the packaged ones.
        self.paper: pl.DataFrame | None = None
        self.workers = Workers(WARM)
        self._lock = threading.RLock()
        self._count = 0

    def close(self) -> None:
        """End all work and remove the folder."""
        self.workers.close()
        for one in self.files.values():
            readers.readers().cancel(self._reading(one))
        self._remove()

    # -- files ---------------------------------------------------------------------------------
    def room(self) -> int:
        """Bytes that may still be uploaded. Raises `InputError` where no more files may come."""
        if len(self.files) >= MOST_FILES:
            raise InputError(f"there are {MOST_FILES} files already; remove some first")
        used = sum(p.stat().st_size for p in self.folder.iterdir() if p.is_file())
        return max(0, LARGEST_TOTAL - used)

    def new_path(self, name: str) -> Path:
        """Where an uploaded file of this name goes."""
        with self._lock:
            return free_path(self.folder, name)

    def add(self, path: Path, own: bool) -> FileHere:
        """A file that came; it is read at once, and all files are measured anew."""
        with self._lock:
            self.room()
            again = next((f for f in self.files.values() if f.path == path), None)
            if again is None:
                self._count += 1
                again = self.files[self._count] = FileHere(self._count, path, own)
        return self._begin(again)

    def correct(self, number: int, told: Told) -> FileHere:
        """Read a file again, as the user said."""
        one = self.file(number)
        one.told = told
        return self._begin(one)

    def _begin(self, one: FileHere) -> FileHere:
        """Read a file; it is read, or goes on being read, when this returns."""
        one.job = readers.begin(self._reading(one), one.path, one.told, self._kept(one))
        return one

    def _reading(self, one: FileHere) -> str:
        return f"{self.folder} {one.number}"

    def _kept(self, one: FileHere) -> Path:
        """Where the answers of a file are that was read as the user said."""
        return self.folder / f"answers-{one.number}.parquet"

    def remove(self, number: int) -> None:
        """Forget a file; only our own copy of it is deleted."""
        with self._lock:
            one = self.file(number)
            del self.files[number]
            readers.readers().cancel(self._reading(one))
            if one.own:
                one.path.unlink(missing_ok=True)

    def file(self, number: int) -> FileHere:
        """The file of this number. Raises `InputError` where there is none."""
        if number not in self.files:
            raise InputError(f"there is no file {number}; open the list of files again")
        return self.files[number]

    def used(self, use: str) -> list[FileHere]:
        """The files that are used for answers, features, gold or counts, as far as they can be."""
        found = [(one, one.read) for one in self.files.values()]
        return [
            one for one, read in found
            if read["use"] == use and not read["problem"] and not read["reading"]
        ]  # fmt: skip

    def answer_files(self) -> list[Path]:
        """The files of answers, each as `labelbits pilot` reads it: of one that was read as the
        user said the canonical table that its reader wrote."""
        return [self._kept(one) if one.told.anything else one.path for one in self.used("answers")]

    # -- work ----------------------------------------------------------------------------------
    def measure(self) -> Job:
        """Begin to measure what the files of answers say."""
        with self._lock:
            paths = self.answer_files()
            if not paths:
                raise InputError("no file of answers could be read; add one, or correct one above")
            gold = next((str(one.path) for one in self.used("gold")), None)
            self.pilot = self.workers.start(
                PILOT, measure_pilot, files=[str(path) for path in paths], gold=gold,
                noted=[note for one in self.used("answers") for note in one.read["notes"]],
            )  # fmt: skip
            return self.pilot

    def draft_from_files(self) -> Draft:
        """A first plan from the files and what was measured in them."""
        if self.pilot is None or self.pilot.state != "done":
            raise InputError("the files are not measured yet; wait until they are")
        text = next((f for f in self.used("answers") if f.told.text), None)
        if text is not None:
            self.draft = self._draft_of_texts(text)
            return self.draft
        named = {
            use: [self._name(f.path) for f in self.used(use)]
            for use in ("features", "gold", "counts")
        }
        named["answers"] = [self._name(path) for path in self.answer_files()]
        stem = self.used("answers")[0].path.stem
        self.draft = first_draft(self.folder, self.pilot.result, named, stem)
        return self.draft

    def _draft_of_texts(self, one: FileHere) -> Draft:
        """A plan whose items are described by a column of texts of the answers' own table."""
        columns = {**one.read["guess"], **one.told.columns}
        named = {"item": "id", "label": "label", "annotator": "annotator", "seconds": "seconds",
                 "gold": "gold_column"}  # fmt: skip
        told = {key: columns[role] for role, key in named.items() if role in columns}
        dataset = {"table": self._name(one.path), "text": one.told.text, **told}
        return draft_of(self.folder, dataset, list(USUAL), one.path.stem)

    def _name(self, path: Path) -> str:
        """A path as the plan file writes it: relative where the plan file stands."""
        return path.name if path.parent == self.folder else str(path.resolve())

    def told(self, draft: Draft) -> dict[str, Any]:
        """`Draft.told` with what was measured of the files here, where they are its pilot."""
        here = draft.folder == self.folder
        return draft.told(self._measured.get("entries", ()) if here else ())

    @property
    def _measured(self) -> dict[str, Any]:
        """What the pilot that was measured last says; {} where there is none."""
        done = self.pilot is not None and self.pilot.state == "done"
        return (self.pilot.result or {}) if done and self.pilot is not None else {}

    def unplanned(self) -> str:
        """Why no plan can be made from what was measured; "" if one can."""
        if self._measured.get("refused"):
            return str(self._measured["refused"])
        try:
            first_signals(self._measured.get("entries", ()), bool(self.used("features")))
        except InputError as problem:
            return str(problem)
        return ""

    def run(self, draft: Draft) -> Job:
        """Begin to make the plan of `draft`; what was being made is cancelled."""
        problem = self.told(draft)["problem"]
        if problem:
            raise InputError(problem)
        with self._lock:
            self.draft = self.ran = draft
            self.job = self.workers.start(
                PLAN, make_plan, then=lambda plan: self.keep(plan, draft).run,
                text=draft.text, folder=str(draft.folder), title=draft.title, seed=self.seed,
            )  # fmt: skip
            return self.job

    def cancel(self) -> None:
        """End the making of a plan."""
        self.workers.cancel(PLAN)

    # -- finished plans ------------------------------------------------------------------------
    def keep(self, plan: Plan, draft: Draft | None = None) -> Finished:
        """Keep a finished plan under its run."""
        from labelbits.report.run import run_of

        made = Finished(run_of(plan), plan, draft)
        with self._lock:
            self.plans.pop(made.run, None)
            self.plans[made.run] = made
            while len(self.plans) > MOST_PLANS:
                del self.plans[next(iter(self.plans))]
        return made

    def finished(self, run: str = "") -> Finished:
        """The plan of a run, the last one where none is named. Raises `InputError` for none."""
        if not run and self.plans:
            return list(self.plans.values())[-1]
        if run not in self.plans:
            raise InputError(
                "there is no such plan in this program any more; run it again from its plan file"
                if run else "no plan was made yet; edit one and run it"
            )  # fmt: skip
        return self.plans[run]


def opened(paths: Sequence[Path], seed: int = 0) -> Workspace:
    """A workspace with the files that a command line names: one plan file, or files of answers.

    Raises `InputError` for a plan file that is wrong and for a file that is none, before any work.
    """
    from labelbits.planning.spec.planreader import read_plan

    plans = [path for path in paths if path.suffix == ".toml"]
    if plans and len(paths) > 1:
        raise InputError(f"{plans[0]} is a plan file; expected it alone, or files of answers alone")
    for path in plans:
        read_plan(path)
    for path in paths:
        check_file(path)
    work = Workspace(seed=seed)
    for path in plans:
        text = path.read_text(encoding="utf-8-sig")
        work.draft = Draft(text, path.absolute().parent, path.stem)
    for path in paths:
        if path not in plans:
            work.add(path.absolute(), own=False)
    return work
