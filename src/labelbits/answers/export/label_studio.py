"""A Label Studio project: `config.xml` (paste it as the labeling interface), `tasks.json` (import
it) and `README.md` (how many annotators for each task)."""

from __future__ import annotations

import json

from labelbits.answers.export.label_studio_config import labeling_config
from labelbits.answers.export.projects import Project
from labelbits.answers.table.people import many


def files(project: Project) -> dict[str, str | bytes]:
    """The files of one purchase."""
    config = labeling_config(project)
    if project.kind == "image":
        config = config.replace("<Text name", "<Image name")
    return {
        "config.xml": config,
        "tasks.json": json.dumps(project.tasks, ensure_ascii=False, indent=1),
        "README.md": _explain(project),
    }


def heading(project: Project) -> str:
    """How many tasks of which kind, and how many annotators for each."""
    shared = ""
    if project.each != round(project.each) and project.repeats > 1:
        shared = f" (the plan buys {project.each:.2f} on average: stop when the money is spent)"
    return (
        f"# {project.signal.name}: {many(len(project.tasks), 'task')}, "
        f"{many(project.repeats, 'annotator')} for each{shared}\n\n"
    )


def what_next(answers: str) -> str:
    """The last step: answers are there to plan again with."""
    return (
        f'Add it to the plan file, `pilot = [..., "{answers}"]`,\n'
        "   and run `labelbits plan PLAN.toml`: it plans again with these answers.\n"
        f"   (`labelbits pilot {answers}` says what they are like.)\n"
    )


def _explain(project: Project) -> str:
    shown = (
        "   Images are paths of files: put addresses that Label Studio serves in their place.\n"
        if project.kind == "image"
        else "   Items are shown by their names: to show images, replace `Text` by `Image` in\n"
        "   `config.xml` and put addresses of images into the tasks.\n"
        if project.kind == "name"
        else ""
    )
    return (
        f"{heading(project)}"
        "1. Make a Label Studio project and paste `config.xml` as its labeling interface.\n"
        f"2. Set annotations per task to {project.repeats}.\n"
        f"3. Import `tasks.json`.\n{shown}"
        f"4. When it is done, export as JSON. {what_next('EXPORT.json')}"
    )
