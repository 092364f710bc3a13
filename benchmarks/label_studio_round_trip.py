"""Every signal through a real Label Studio server and back.

    python -m venv studio-venv && studio-venv/bin/pip install label-studio
    python benchmarks/label_studio_round_trip.py --server studio-venv/bin/label-studio

Exports a plan that buys all fifteen signals, starts the server on the loopback address with a
database of its own, makes a project of each config.xml, imports tasks.json, posts the answers that
simulated people give as the web page would post them (one of them skipped, one marked as ground
truth), exports the project as JSON and as JSON_MIN, reads both with `read_answers`, and compares
every answer, item, class asked about, time and gold mark with what was posted. Status 1 where
anything differs.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax
import numpy as np

from labelbits import World
from labelbits.answers import export_plan, read_answers
from labelbits.interface import Answers
from labelbits.signals import REGISTRY, make
from labelbits.signals.encoding import encode

CLASSES = ("cat", "dog & wolf", 'a "bird"', "<fish>")
ITEMS, ANSWERS_PER_ITEM = 8, 2
TOKEN = "0123456789abcdef0123456789abcdef01234567"
PATIENCE = 600


class Server:
    """A Label Studio server and its API."""

    def __init__(self, port: int) -> None:
        self.address = f"http://127.0.0.1:{port}"

    def call(self, path: str, content: Any = None) -> Any:
        """The JSON that the API answers; POST where there is content."""
        body = None if content is None else json.dumps(content).encode()
        request = urllib.request.Request(self.address + path, body)
        request.add_header("Authorization", f"Token {TOKEN}")
        request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=120) as response:
                return json.loads(response.read())
        except urllib.error.HTTPError as problem:
            raise SystemExit(f"{path}: {problem.code}: {problem.read()[:2000].decode()}") from None


@contextlib.contextmanager
def running(program: Path, folder: Path) -> Iterator[Server]:
    """The server, started in `folder` and stopped at the end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = {"COLLECT_ANALYTICS": "0", "LATEST_VERSION_CHECK": "0", "SENTRY_DSN": ""}
    arguments = ["start", "--no-browser", "--internal-host", "127.0.0.1", "-p", str(port)]
    arguments += ["--username", "one@example.org", "--password", "correct horse battery"]
    arguments += ["--user-token", TOKEN, "--enable-legacy-api-token", "--data-dir", str(folder)]
    log = folder / "server.log"
    with log.open("w") as stream:
        process = subprocess.Popen(
            [program, *arguments],
            stdout=stream,
            stderr=stream,
            env={**os.environ, **settings, "LABEL_STUDIO_BASE_DATA_DIR": str(folder)},
        )
        try:
            server, begun = Server(port), time.monotonic()
            while True:
                with contextlib.suppress(OSError, ValueError):
                    if server.call("/health")["status"] == "UP":
                        break
                if process.poll() is not None or time.monotonic() - begun > PATIENCE:
                    raise SystemExit(f"the server did not start:\n{log.read_text()[-3000:]}")
                time.sleep(1)
            yield server
        finally:
            process.terminate()
            process.wait(30)


def person(name: str, tasks: list[dict[str, Any]], seed: int) -> list[tuple[Any, list[str]]]:
    """(answer, classes asked about) of a simulated person to each task."""
    first, second, third = jax.random.split(jax.random.key(seed), 3)
    world = World(items=ITEMS, classes=len(CLASSES), dims=2)
    points = np.asarray(world.sample_items(first, (ITEMS,)))
    prototypes = world.sample_prototypes(second, ())
    votes = {"answers_per_item": 1} if name == "votes" else {}  # a person has one vote
    signal = make(name, 2, len(CLASSES), precision=4.0, **votes)
    told = [task["data"]["labelbits"] for task in tasks]
    shown = np.array([[int(item) for item in one["items"]] for one in told])
    asked = np.array([CLASSES.index(one["asked"][0]) if "asked" in one else 0 for one in told])
    codes = np.asarray(signal.sample(third, signal.distances(points[shown], prototypes), asked))
    answers = []
    for code in codes:
        answer, named = signal.decode(code, CLASSES)
        if signal.form == "numbers":  # people type whole percentages
            answer = {key: round(100 * value) / 100 for key, value in answer.items()}
            if not any(answer.values()):
                answer = {CLASSES[0]: 1.0}
        if signal.form == "number":
            answer = round(max(0.0, answer), 2)
        answers.append((answer, named))
    return answers


def results(name: str, answer: Any) -> list[dict[str, Any]]:
    """What Label Studio's page posts for an answer."""
    signal = make(name, 2, len(CLASSES))

    def one(kind: str, value: dict[str, Any], control: str = "answer", to: str = "item-1") -> dict:
        return {"from_name": control, "to_name": to, "type": kind, "value": value}

    if signal.form == "numbers":
        found = [
            one("number", {"number": round(100 * value)}, f"answer-{CLASSES.index(key)}")
            for key, value in answer.items()
            if value or not getattr(signal, "impossible", False)
        ]
        ticked = [key for key, value in answer.items() if not value]
        if ticked and getattr(signal, "impossible", False):
            found.append(one("choices", {"choices": ticked}, "impossible"))
        return found
    if signal.form == "ranker":
        ranked = [f"class-{CLASSES.index(key)}" for key in answer]
        return [one("ranker", {"ranker": {"rank": ranked}}, to="classes")]
    if signal.form == "pairwise":
        sides = "item-2,item-3" if signal.arity == 3 else "left,right"
        return [one("pairwise", {"selected": ["left", "right"][answer]}, to=sides)]
    if signal.form == "pick":
        return [one("choices", {"choices": [str(answer + 1)]})]
    if signal.form in ("rating", "number"):
        return [one(signal.form, {signal.form: answer})]
    if isinstance(answer, bool):
        return [one("choices", {"choices": ["Yes" if answer else "No"]})]
    names = answer if isinstance(answer, list) else list(answer)
    return [one("choices", {"choices": names if not isinstance(answer, str) else [answer]})]


def fill(server: Server, folder: Path, name: str) -> tuple[int, list[tuple]]:
    """Make a project of an exported folder and answer it; (its number, what was posted)."""
    config = (folder / "config.xml").read_text()
    project = server.call("/api/projects", {"title": folder.name, "label_config": config})["id"]
    server.call(f"/api/projects/{project}/import", json.loads((folder / "tasks.json").read_text()))
    listed = server.call(f"/api/tasks?project={project}&page_size=1000&fields=all")["tasks"]
    tasks = sorted(listed, key=lambda task: task["id"])
    posted = []
    for place, (task, (answer, asked)) in enumerate(
        zip(tasks, person(name, tasks, len(name)), strict=True)
    ):
        seconds = 2.5 + place
        content: dict[str, Any] = {"result": results(name, answer), "lead_time": seconds}
        if place == 1:
            content["was_cancelled"] = True
        if place == 2:
            content["ground_truth"] = True
        server.call(f"/api/tasks/{task['id']}/annotations/", content)
        if place != 1:
            items = task["data"]["labelbits"]["items"]
            posted.append((items, asked, answer, seconds, True if place == 2 else None))
    return project, posted


def same(name: str, posted: list[tuple], answers: Answers, gold: bool) -> list[str]:
    """What differs between the answers posted and the answers read."""
    signal = make(name, 2, len(CLASSES))
    numbers = {key: k for k, key in enumerate(CLASSES)}
    wrong = [] if len(posted) == len(answers) else [f"{len(answers)} of {len(posted)} answers"]
    (batch,) = encode(answers)
    rows = answers.table.to_dicts()
    for (items, asked, answer, seconds, truth), row, code in zip(
        posted, rows, batch.answer, strict=False
    ):
        ours = np.asarray(signal.encode(answer, numbers, asked))
        if row["signal"] != name or row["items"] != items or not np.allclose(ours, code, atol=1e-6):
            wrong.append(f"{items} {answer!r} came back as {row['items']} {row['answer']}")
        if row["seconds"] != seconds:
            wrong.append(f"{seconds} s came back as {row['seconds']}")
        if gold and row.get("gold") != truth:
            wrong.append(f"ground truth {truth} came back as {row.get('gold')}")
    return wrong


def main() -> None:
    """Run all signals; print a line each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--server", type=Path, required=True, help="the label-studio program")
    given = parser.parse_args()
    purchases = [
        {"signal": name, "items": ITEMS, "answers_per_item": ANSWERS_PER_ITEM} for name in REGISTRY
    ]
    failed = False
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        plan = {"recommendation": {"purchases": purchases}, "classes": list(CLASSES)}
        (folder / "plan.json").write_text(json.dumps(plan))
        exported, _ = export_plan(folder / "plan.json", folder / "export")
        begun = time.perf_counter()
        with running(given.server, folder) as server:
            version = server.call("/api/version")["release"]
            print(f"Label Studio {version}, up after {time.perf_counter() - begun:.0f} s")
            for name, own in zip(REGISTRY, exported, strict=True):
                project, posted = fill(server, own, name)
                line = f"{name:14} {len(posted):3} answers"
                for kind in ("JSON", "JSON_MIN"):
                    path = folder / f"{name}-{kind}.json"
                    query = f"/api/projects/{project}/export?exportType={kind}"
                    path.write_text(json.dumps(server.call(query)))
                    answers = read_answers(path, classes=CLASSES)
                    wrong = same(name, posted, answers, gold=kind == "JSON")
                    failed = failed or bool(wrong)
                    line += f"   {kind}: {'; '.join(wrong[:3]) if wrong else 'equal'}"
                print(line, flush=True)
    sys.exit(int(failed))


if __name__ == "__main__":
    main()
