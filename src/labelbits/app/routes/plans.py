"""The plan that is edited, and its run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from labelbits import planning
from labelbits.app.bodies import LARGEST_PLAN, Turns, answer, body_of, careful, json_of, page
from labelbits.app.drafts import Draft, changed, vocabulary
from labelbits.app.in_page import on_page
from labelbits.app.rendering import rendered
from labelbits.app.workspace import Workspace
from labelbits.errors import InputError

#: The example, beside the modules of planning.
EXAMPLE = "digits.toml"


def routes(work: Workspace, turns: Turns) -> list[Route]:
    """GET /edit the editor, GET /api/draft the plan and what can be offered, POST /api/draft {text
    or tables} changes it, POST /api/draft/kept {text} is the text to keep in any folder, POST
    /api/example opens the example, POST /api/run makes the plan, GET /api/run tells how far it is,
    POST /api/cancel ends it."""

    async def shown(request: Request) -> Response:
        return await page(lambda: rendered("edit.html", here="edit", title="Plan"))

    def told(draft: Draft | None) -> dict[str, Any]:
        if draft is None:
            return {"text": "", "tables": None, "problem": "", "title": "", "notes": []}
        return work.told(draft)

    async def current(request: Request) -> Response:
        words = await run_in_threadpool(vocabulary)
        files = [
            {"name": one.path.name, "use": use, "good": one in work.used(use)}
            for one in work.files.values()
            for use in [one.read.get("use", "")]
        ]
        told_now = await run_in_threadpool(told, work.draft)
        job = None if work.job is None else work.job.told()
        return answer({**told_now, "words": words, "files": files, "job": job})

    async def change(request: Request) -> Response:
        given = await json_of(request, LARGEST_PLAN)
        draft = changed(work.draft or Draft("", work.folder), given)
        work.draft = draft
        return answer(await run_in_threadpool(told, draft))

    async def kept(request: Request) -> Response:
        given = await json_of(request, LARGEST_PLAN)
        draft = changed(work.draft or Draft("", work.folder), given)
        return answer({"text": await run_in_threadpool(draft.anywhere), "title": draft.title})

    async def example(request: Request) -> Response:
        await body_of(request)
        path = Path(planning.__file__).parent / EXAMPLE
        work.draft = Draft(path.read_text(encoding="utf-8"), path.parent, "digits")
        return answer(await run_in_threadpool(told, work.draft))

    async def run(request: Request) -> Response:
        await body_of(request)
        if work.draft is None:
            raise InputError("there is no plan to run; open one, or make one from files")
        return answer((await run_in_threadpool(work.run, work.draft)).told())

    async def state(request: Request) -> Response:
        job = work.job
        if job is None:
            return answer({"state": "none"})
        told = job.told()
        told["problem"] = on_page(told["problem"], work.folder)
        made = job.result if job.state == "done" else None
        return answer({**told, "run": made, "current": work.ran == work.draft})

    async def cancel(request: Request) -> Response:
        await body_of(request)
        await run_in_threadpool(work.cancel)
        return answer({} if work.job is None else work.job.told())

    return [
        Route("/edit", careful(turns, shown)),
        Route("/api/draft", careful(turns, current)),
        Route("/api/draft", careful(turns, change), methods=["POST"]),
        Route("/api/draft/kept", careful(turns, kept), methods=["POST"]),
        Route("/api/example", careful(turns, example), methods=["POST"]),
        Route("/api/run", careful(turns, run), methods=["POST"]),
        Route("/api/run", careful(turns, state)),
        Route("/api/cancel", careful(turns, cancel), methods=["POST"]),
    ]
