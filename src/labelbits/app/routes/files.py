"""Files: what came, how each was read, what is corrected; the pilot that they make."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from labelbits.answers.formats.detect import READERS
from labelbits.app import uploads
from labelbits.app.bodies import (
    RefusedError,
    Turns,
    answer,
    body_of,
    careful,
    json_of,
    kind_of,
    page,
)
from labelbits.app.drafts import Draft, changed
from labelbits.app.in_page import ROLES, on_page
from labelbits.app.reading import told_of
from labelbits.app.rendering import rendered
from labelbits.app.uploads import file_here, save
from labelbits.app.workspace import Workspace
from labelbits.errors import InputError
from labelbits.signals import REGISTRY


def routes(work: Workspace, turns: Turns) -> list[Route]:
    """GET /files the page, GET /api/files the list, POST /api/upload?name= one file's bytes, POST
    /api/here a path, POST /api/files/N what the user says of one, POST /api/pilot measures."""

    def listed() -> dict[str, Any]:
        pilot = work.pilot
        found = None if pilot is None or pilot.state != "done" else pilot.result
        return {
            "files": [one.shown() for one in work.files.values()],
            "pilot": None if pilot is None else pilot.told(),
            "found": None if found is None else {k: v for k, v in found.items() if k != "html"},
            "draft": work.draft is not None,
        }

    async def shown(request: Request) -> Response:
        return await page(lambda: rendered("files.html", here="files", title="Files"))

    async def every(request: Request) -> Response:
        return answer({**listed(), "formats": list(READERS), "roles": ROLES,
                       "kinds": list(REGISTRY),
                       "largest": uploads.LARGEST_UPLOAD})  # fmt: skip

    async def upload(request: Request) -> Response:
        if kind_of(request) != "application/octet-stream":
            raise RefusedError(415, "expected the file's bytes as application/octet-stream")
        name = request.query_params.get("name", "file")
        room = work.room()
        path = work.new_path(name)
        size = await save(request.stream(), path, room)
        if not size:
            path.unlink()
            raise InputError(f"{name}: the file is empty; expected answers")
        if path.suffix.lower() == ".toml":
            return answer(await run_in_threadpool(opened, path.read_bytes(), path))
        return answer((await run_in_threadpool(work.add, path, True)).shown())

    def opened(text: bytes, path: Path) -> dict[str, Any]:
        try:
            said = text.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise InputError(f"{path.name}: a plan is UTF-8 text; save it as UTF-8") from None
        work.draft = changed(Draft("", path.parent, path.stem), {"text": said})
        return {"plan": path.stem}

    async def here(request: Request) -> Response:
        given = (await json_of(request)).get("path")
        if not isinstance(given, str):
            raise RefusedError(400, "expected {path: text}")
        path = file_here(given, work.start)
        if path.suffix.lower() == ".toml":
            size = path.stat().st_size
            if size > 1 << 20:
                raise InputError(f"{path}: {size:,} bytes are no plan file")
            return answer(await run_in_threadpool(opened, path.read_bytes(), path))
        return answer((await run_in_threadpool(work.add, path, False)).shown())

    async def say(request: Request) -> Response:
        number = int(request.path_params["number"])
        told = told_of(await json_of(request))
        return answer((await run_in_threadpool(work.correct, number, told)).shown())

    async def remove(request: Request) -> Response:
        await body_of(request)
        await run_in_threadpool(work.remove, int(request.path_params["number"]))
        return answer(listed())

    async def measure(request: Request) -> Response:
        await body_of(request)
        return answer((await run_in_threadpool(work.measure)).told())

    async def pilot(request: Request) -> Response:
        job = work.pilot
        if job is None:
            raise InputError("no files were measured yet")
        html = job.result["html"] if job.state == "done" else ""
        told = job.told()
        told["problem"] = on_page(told["problem"], work.folder)
        return answer({**told, "html": html, "unplanned": work.unplanned()})

    async def draft(request: Request) -> Response:
        await body_of(request)
        return answer(await run_in_threadpool(lambda: work.told(work.draft_from_files())))

    def post(path: str, handler: Any) -> Route:
        return Route(path, careful(turns, handler), methods=["POST"])

    return [
        Route("/files", careful(turns, shown)),
        Route("/api/files", careful(turns, every)),
        post("/api/upload", upload),
        post("/api/here", here),
        post("/api/files/{number:int}", say),
        post("/api/files/{number:int}/remove", remove),
        post("/api/pilot", measure),
        Route("/api/pilot", careful(turns, pilot)),
        post("/api/draft/first", draft),
    ]
