"""The theory explorer, and the paper's figures."""

from __future__ import annotations

import functools
import json
from dataclasses import asdict, fields
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from labelbits.app.bodies import Turns, answer, careful, json_of, page
from labelbits.app.rendering import rendered
from labelbits.app.workspace import Workspace
from labelbits.errors import InputError
from labelbits.report.paper import own_run, packaged_run, paper_drawing, paper_figures
from labelbits.report.theory import (
    OUTSIDE,
    Row,
    Setting,
    bits_figure,
    ends,
    recovery_figure,
    rows_at,
)
from labelbits.signals import REGISTRY


def setting_of(query: Any) -> Setting:
    """Where the sliders stand, from an address. Raises `InputError`."""
    given = {}
    for one in fields(Setting):
        if one.name not in query:
            continue
        text = query[one.name]
        if one.name == "signal":
            given[one.name] = text
            continue
        try:
            value = float(text)
            whole = one.name in ("classes", "dims", "items")
            given[one.name] = round(value) if whole else value
        except (ValueError, OverflowError):
            raise InputError(f"{one.name} is {text[:40]!r}; expected a number") from None
    return Setting(**given)


@functools.lru_cache(maxsize=256)
def explored(setting: Setting) -> dict[str, Any]:
    """What the page shows at one setting."""
    rows = rows_at(setting)
    return {
        "setting": asdict(setting),
        "rows": [_shown(row) for row in rows],
        "bits": json.loads(bits_figure(rows).to_json() or "{}"),
        "recovery": json.loads(recovery_figure(rows).to_json() or "{}"),
        "refused": [[row.name, row.refused] for row in rows if row.refused],
    }


def _shown(row: Row) -> list[str]:
    def number(value: float | None, form: str = "{:.3g}") -> str:
        return OUTSIDE if value is None else form.format(value)

    price = "-" if row.price is None else f"{row.price:.3g}"
    per_price = OUTSIDE if row.bits is None else "-"
    found = row.recovery
    return [
        row.name,
        number(row.bits),
        number(row.worth),
        price,
        per_price if row.per_price is None else f"{row.per_price:.3g}",
        OUTSIDE if found is None else f"{found.spearman:.2f} ({found.low:.2f} to {found.high:.2f})",
    ]


def routes(work: Workspace, turns: Turns) -> list[Route]:
    """GET /theory the page, GET /api/theory?classes=... numbers at one setting, GET /api/paper the
    figures with their verdicts, GET /api/paper/NAME one drawing, POST /api/paper {path} shows the
    user's own run instead of the packaged one."""

    async def shown(request: Request) -> Response:
        told = {"kinds": list(REGISTRY), "ends": ends(), "first": asdict(Setting())}
        return await page(lambda: rendered("theory.html", here="theory", title="Theory", **told))

    async def numbers(request: Request) -> Response:
        setting = setting_of(request.query_params)
        return answer(await run_in_threadpool(explored, setting))

    def table() -> Any:
        return packaged_run() if work.paper is None else work.paper

    def listed() -> dict[str, Any]:
        return {
            "own": work.paper is not None,
            "figures": [
                {
                    "name": one.name,
                    "title": one.title,
                    "caption": one.caption,
                    "verdicts": [[v.claim, v.word, v.found] for v in one.verdicts],
                }
                for one in paper_figures(table())
            ],
        }

    async def paper(request: Request) -> Response:
        return answer(await run_in_threadpool(listed))

    async def drawing(request: Request) -> Response:
        name = request.path_params["name"]

        def made() -> Any:
            return json.loads(paper_drawing(table(), name).to_json() or "{}")

        return answer(await run_in_threadpool(made))

    async def own(request: Request) -> Response:
        given = (await json_of(request)).get("path")
        if not isinstance(given, str) or len(given) > 4096 or "\0" in given:
            raise InputError("expected the folder of a finished labelbits reproduce")
        if not given.strip():
            work.paper = None
        else:
            from pathlib import Path

            path = work.start / Path(given.strip()).expanduser()
            work.paper = await run_in_threadpool(own_run, path)
        return answer(await run_in_threadpool(listed))

    return [
        Route("/theory", careful(turns, shown)),
        Route("/api/theory", careful(turns, numbers)),
        Route("/api/paper", careful(turns, paper)),
        Route("/api/paper", careful(turns, own), methods=["POST"]),
        Route("/api/paper/{name}", careful(turns, drawing)),
    ]
