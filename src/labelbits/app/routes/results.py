"""Finished plans: the page, other money, what stands behind, one option, tasks, files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from labelbits.app.bodies import RefusedError, Turns, answer, careful, json_of
from labelbits.app.rendering import fragment, rendered
from labelbits.app.state import MEANINGS, bought, headings, sliders, state
from labelbits.app.tasks import tasks_of
from labelbits.app.workspace import MOST_PLANS, Finished, Workspace
from labelbits.planning import Plan, replan
from labelbits.report.page import render
from labelbits.report.run import document
from labelbits.report.sections import sections_behind
from labelbits.report.templating import policy


def result_page(made: Finished) -> str:
    """The page of a finished plan: sliders for the budget and for prices."""
    plan = made.plan
    return rendered(
        "page.html", here="result", title=plan.title, sliders=sliders(plan),
        headings=headings(plan), meanings=MEANINGS, state=state(plan), run=made.run,
        file=made.draft is not None,
    )  # fmt: skip


def money_of(wanted: Mapping[str, Any], plan: Plan | None = None) -> dict[str, Any]:
    """The budget and prices of a request. Raises `RefusedError` for anything else."""
    try:
        amount = wanted.get("amount") if plan is None else wanted.get("amount", plan.budget)
        prices = dict(wanted.get("prices") or {})
        if any(isinstance(one, bool) for one in (amount, *prices.values())):
            raise TypeError("yes and no are no money")
        return {
            "amount": float(amount),  # type: ignore[arg-type]  # what is no number is refused
            "prices": {str(name): float(price) for name, price in prices.items()},
        }
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
        raise RefusedError(400, 'expected {"amount": number, "prices": {name: number}}') from None


def plan_of(work: Workspace, wanted: Mapping[str, Any]) -> Plan:
    """The plan that a request is about, at its money."""
    run = wanted.get("run", "")
    if not isinstance(run, str):
        raise RefusedError(400, "expected run as text")
    plan = work.finished(run).plan
    money = money_of(wanted, plan)
    if money["amount"] == plan.budget and not money["prices"]:
        return plan
    return replan(plan, **money)


def routes(work: Workspace, turns: Turns) -> list[Route]:
    """GET / and /result the page (/ whichever has something to show), POST /replan {amount,
    prices, run} the state under other money, POST /api/behind what stands behind it, POST
    /api/option one purchase, POST /api/tasks its tasks, GET /report and /plan.json the plan's own
    files."""

    async def home(request: Request) -> Response:
        run = request.query_params.get("run", "")
        if request.url.path == "/" and not work.plans:
            first = "/files" if work.draft is None else "/edit"
            return RedirectResponse(first, status_code=303)
        if not work.plans or (run and run not in work.plans):
            told = {"gone": bool(run), "any": bool(work.plans), "most": MOST_PLANS}
            text = rendered("no-result.html", here="result", title="Result", **told)
            return HTMLResponse(text, status_code=404 if run else 200)
        made = work.finished(run)
        return HTMLResponse(await run_in_threadpool(result_page, made))

    async def change(request: Request) -> Response:
        wanted = await json_of(request)
        money_of(wanted)

        def made() -> dict[str, Any]:
            money = money_of(wanted)
            found = work.finished(str(wanted.get("run", ""))).plan
            return state(replan(found, **money, crossed=False))  # the state holds no crossovers

        return answer(await run_in_threadpool(made))

    async def behind(request: Request) -> Response:
        wanted = await json_of(request)

        def made() -> str:
            return fragment(sections_behind(plan_of(work, wanted)))

        return answer({"html": await run_in_threadpool(made)})

    def size(wanted: Mapping[str, Any]) -> tuple[str, float | None]:
        family, answers = wanted.get("family", ""), wanted.get("answers")
        number = isinstance(answers, (int, float)) and not isinstance(answers, bool)
        if not isinstance(family, str) or not (answers is None or number):
            raise RefusedError(400, "expected {family: text, answers: number}")
        return family, answers

    async def option(request: Request) -> Response:
        wanted = await json_of(request)

        def made() -> dict[str, Any]:
            return bought(plan_of(work, wanted), *size(wanted))

        return answer(await run_in_threadpool(made))

    async def tasks(request: Request) -> Response:
        wanted = await json_of(request)

        def made() -> tuple[bytes, str]:
            return tasks_of(plan_of(work, wanted), *size(wanted))

        packed, name = await run_in_threadpool(made)
        told = {"content-disposition": f'attachment; filename="{name}"'}
        return Response(packed, media_type="application/zip", headers=told)

    async def report(request: Request) -> Response:
        made = work.finished(request.query_params.get("run", ""))
        allowed = f"{policy()}; frame-ancestors 'none'"
        text = await run_in_threadpool(render, made.plan)
        return HTMLResponse(text, headers={"content-security-policy": allowed})

    async def plan_json(request: Request) -> Response:
        made = work.finished(request.query_params.get("run", ""))
        return JSONResponse(await run_in_threadpool(document, made.plan))

    return [
        Route("/", careful(turns, home)),
        Route("/result", careful(turns, home)),
        Route("/replan", careful(turns, change), methods=["POST"]),
        Route("/api/behind", careful(turns, behind), methods=["POST"]),
        Route("/api/option", careful(turns, option), methods=["POST"]),
        Route("/api/tasks", careful(turns, tasks), methods=["POST"]),
        Route("/report", careful(turns, report)),
        Route("/plan.json", careful(turns, plan_json)),
    ]
