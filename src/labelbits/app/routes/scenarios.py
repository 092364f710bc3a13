"""Scenarios: plans that are kept under names, compared, and shared as one file."""

from __future__ import annotations

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from labelbits.app.bodies import RefusedError, Turns, answer, careful, json_of, page
from labelbits.app.drafts import Draft
from labelbits.app.moneyed import moneyed
from labelbits.app.rendering import fragment, rendered
from labelbits.app.routes.results import money_of, plan_of
from labelbits.app.workspace import Workspace
from labelbits.errors import InputError
from labelbits.report.purchases import money
from labelbits.report.scenarios import Scenario, compared, shared
from labelbits.speech import printable

#: Scenarios that are kept, and characters of a name.
MOST_SCENARIOS, LONGEST_NAME = 24, 120


def routes(work: Workspace, turns: Turns) -> list[Route]:
    """GET /scenarios the page, GET /api/scenarios the list, POST /api/scenarios {run, amount,
    prices, name} keeps one, .../rename {name, to}, .../remove {name}, .../compare {names} the
    sections, .../share {names} the file, .../open {name} makes it the draft; POST /api/plan-file
    {run, amount, prices} the plan file of a plan under other money."""

    def listed() -> dict[str, Any]:
        return {
            "scenarios": [
                {
                    "name": one.name,
                    "sentence": printable(one.plan.recommendation["sentence"]),
                    "title": one.plan.title,
                    "file": bool(one.text),
                }
                for one in work.scenarios
            ]
        }

    def named(wanted: dict[str, Any], key: str = "name") -> Scenario:
        found = next((one for one in work.scenarios if one.name == wanted.get(key)), None)
        if found is None:
            raise InputError("there is no scenario of this name any more; open the list again")
        return found

    def chosen(wanted: dict[str, Any]) -> list[Scenario]:
        names = wanted.get("names")
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise RefusedError(400, "expected {names: [text, ...]}")
        found = [one for one in work.scenarios if one.name in names]
        if not found:
            raise InputError("no scenario is chosen; choose one or more")
        return found

    def free_name(given: Any, title: str) -> str:
        name = given.strip() if isinstance(given, str) else ""
        name, number = printable(name or title or "plan").strip()[:LONGEST_NAME], 1
        first, taken = name, {one.name for one in work.scenarios}
        while name in taken:
            number += 1
            name = f"{first} {number}"
        return name

    async def shown(request: Request) -> Response:
        return await page(lambda: rendered("scenarios.html", here="scenarios", title="Scenarios"))

    async def every(request: Request) -> Response:
        return answer(listed())

    async def keep(request: Request) -> Response:
        wanted = await json_of(request)

        def made() -> str:
            if len(work.scenarios) >= MOST_SCENARIOS:
                raise InputError(f"there are {MOST_SCENARIOS} scenarios; remove one first")
            plan = plan_of(work, wanted)
            kept = work.finished(wanted.get("run", ""))
            # What tells scenarios of one run apart, if nobody names them, is the money.
            usual = f"{plan.title or 'plan'}, {money(plan.budget, plan.currency)}"
            text, name = "", free_name(wanted.get("name"), usual)
            if kept.draft is not None:
                text = moneyed(kept, **money_of(wanted, kept.plan)).text
                work.folders[name] = kept.draft.folder
            work.scenarios.append(Scenario(name, plan, text))
            return name

        return answer({"name": await run_in_threadpool(made), **listed()})

    async def rename(request: Request) -> Response:
        wanted = await json_of(request)
        found = named(wanted)
        place = work.scenarios.index(found)
        given = wanted.get("to")
        if not isinstance(given, str) or not given.strip():
            raise InputError("a scenario needs a name")
        if given.strip() != found.name:
            name = free_name(given, "")
            work.scenarios[place] = Scenario(name, found.plan, found.text)
            if found.name in work.folders:
                work.folders[name] = work.folders.pop(found.name)
        return answer({"name": work.scenarios[place].name, **listed()})

    async def remove(request: Request) -> Response:
        work.scenarios.remove(named(await json_of(request)))
        return answer(listed())

    async def compare(request: Request) -> Response:
        kept = chosen(await json_of(request))
        return answer({"html": await run_in_threadpool(lambda: fragment(compared(kept)))})

    async def share(request: Request) -> Response:
        kept = chosen(await json_of(request))
        text = await run_in_threadpool(shared, kept)
        told = {"content-disposition": 'attachment; filename="scenarios.html"'}
        return Response(text, media_type="application/octet-stream", headers=told)

    async def back(request: Request) -> Response:
        found = named(await json_of(request))
        folder = work.folders.get(found.name)
        if not found.text or folder is None:
            raise InputError("this scenario has no plan file")
        work.draft = Draft(found.text, folder, found.name)
        return answer({})

    async def file(request: Request) -> Response:
        wanted = await json_of(request)

        def made() -> str:
            kept = work.finished(str(wanted.get("run", "")))
            return moneyed(kept, **money_of(wanted, kept.plan)).anywhere()

        return answer({"text": await run_in_threadpool(made)})

    def post(path: str, handler: Any) -> Route:
        return Route(path, careful(turns, handler), methods=["POST"])

    return [
        Route("/scenarios", careful(turns, shown)),
        Route("/api/scenarios", careful(turns, every)),
        post("/api/scenarios", keep),
        post("/api/scenarios/rename", rename),
        post("/api/scenarios/remove", remove),
        post("/api/scenarios/compare", compare),
        post("/api/scenarios/share", share),
        post("/api/scenarios/open", back),
        post("/api/plan-file", file),
    ]
