"""The page in real browsers: from files to a plan, other money, scenarios, theory."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.app.running import Running
from tests.app.test_files import ANSWERS, ODD
from tests.browser import PATIENCE, REQUIRED, Watched
from tests.report.texts import HOSTILE

PLAN = """[dataset]
items = 30
classes = 3
dims = 1
[budget]
amount = 4
[[signal]]
kind = "hard"
price = 0.05
[[signal]]
kind = "votes"
answers_per_item = 3
price = 0.05
"""
SHOTS = os.environ.get("LABELBITS_SHOTS")


def site(running: Running) -> str:
    return f"http://127.0.0.1:{running.port}"


def shot(page: Any, name: str) -> None:
    """A picture to look at, where somebody asked for pictures."""
    if SHOTS:
        page.screenshot(path=str(Path(SHOTS) / f"{name}.png"), full_page=True)


@pytest.fixture
def seen(browser: Any, bench: Running) -> Iterator[Watched]:
    one = Watched(browser)
    one.page.goto(bench.address)
    one.page.goto(site(bench) + "/files")
    yield one
    assert one.errors == []
    assert all(url.startswith((site(bench), "blob:")) for url in one.requests)
    one.page.close()


def until(page: Any, script: str, arg: Any = None) -> None:
    """Wait until a function's body returns something true (the page allows no eval)."""
    end = time.monotonic() + PATIENCE / 1000
    while not page.evaluate(f"arg => {{ return {script} }}", arg):
        assert time.monotonic() < end, f"never true: {script}"
        page.wait_for_timeout(50)


def settled(page: Any) -> None:
    page.wait_for_selector("#verdict:not(.waiting)")
    page.wait_for_selector("#behind:not(.waiting) section")


def upload(page: Any, name: str, text: str) -> None:
    page.set_input_files(
        "#chosen", files=[{"name": name, "mimeType": "text/csv", "buffer": text.encode()}]
    )
    page.wait_for_selector(f".file:has-text({name[:20]!r})")


def test_from_files_to_a_plan_with_nothing_but_the_mouse(seen: Watched) -> None:
    page = seen.page
    upload(page, "answers.csv", ANSWERS)
    assert "36 answers (36 hard) of 3 annotators about 12 items" in page.inner_text(".file")
    page.click("#plan:not([disabled])", timeout=180_000)
    page.wait_for_selector("#form article")
    assert page.locator("#form article").count() == 2
    assert 'pilot = ["answers.csv"]' in page.input_value("#text")
    page.fill("#text", PLAN)  # a plan that is made in a second or two
    until(page, "document.querySelector('#budget-amount').value === '4'")
    page.click("#run:not([disabled])")
    page.wait_for_url("**/result?run=*", timeout=240_000)
    settled(page)
    assert re.search(r"(?i)\bbuy\b", page.inner_text("#sentence"))
    assert page.locator("#rows tr").count() >= 2
    page.locator("#rows button").first.click()  # without answers nothing was measured
    page.wait_for_selector("#option dl:has-text('simulated')")
    shot(page, "result")


def test_a_column_that_was_guessed_wrong_is_corrected_at_the_file(seen: Watched) -> None:
    page = seen.page
    upload(page, "odd.csv", ODD)
    card = page.locator(".file", has_text="odd.csv")
    assert "Which column is what?" in card.inner_text()
    for column, role in (("clip", "item"), ("who", "annotator"), ("said", "label")):
        card.get_by_label(f"What is the column {column}?").select_option(role)
        card = page.locator(".file", has_text="odd.csv")
        until(
            page,
            "[...document.querySelectorAll('.file select')].some("
            "s => s.getAttribute('aria-label')?.includes(arg[0]) && s.value === arg[1])",
            [column, role],
        )
    page.wait_for_selector(".file.good:has-text('odd.csv')")
    shot(page, "files")
    card.get_by_role("button", name="Remove odd.csv").click()
    until(page, "!document.body.innerText.includes('odd.csv')")


def test_texts_of_files_stay_text(seen: Watched) -> None:
    page = seen.page
    texts = {k: v for k, v in HOSTILE.items() if k not in ("half", "nul", "long")}
    rows = [f'"{v.replace(chr(34), chr(34) * 2)}",{who},"{k}"\n'
            for k, v in texts.items() for who in ("a<b>", "'\"><i>")]  # fmt: skip
    upload(page, "hostile.csv", "item,annotator,label\n" + "".join(rows))
    page.wait_for_selector("#plan:not([disabled])", timeout=180_000)
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    assert page.evaluate("window.pwned") is None
    assert page.locator(".file img, .file svg, #pilot img, .file i, [onmouseover]").count() == 0
    shot(page, "files-hostile")
    page.locator(".file").last.get_by_role("button", name="Remove").click()
    until(page, "document.querySelectorAll('.file').length < 2")


def test_a_plan_is_edited_on_both_sides_and_a_run_is_cancelled(
    seen: Watched, bench: Running
) -> None:
    page = seen.page
    page.goto(site(bench) + "/edit")
    page.wait_for_selector("#text")
    page.fill("#text", PLAN.replace("items = 30", "items = 3000"))
    until(page, "document.querySelector('#data-items')?.value === '3000'")
    page.fill("#signal-0-price", "0.02")  # a vote and a hard label share one price
    until(page, "document.querySelector('#text').value.split('price = 0.02').length === 3")
    page.check("#signal-0-apart")
    page.fill("#signal-1-price", "0.09")
    until(page, "document.querySelector('#text').value.includes('price = 0.09')")
    assert "price = 0.02" in page.input_value("#text")
    page.fill("#budget-amount", "-3")
    until(page, "document.querySelector('#valid').textContent.includes('amount')")
    assert page.is_disabled("#run")
    shot(page, "edit-error")
    page.fill("#budget-amount", "50")
    page.click("#run:not([disabled])")
    page.wait_for_selector("#cancel:visible")
    shot(page, "edit-running")
    page.click("#cancel")
    page.wait_for_selector("#run-state:has-text('Cancelled')")
    assert urlsplit(page.url).path == "/edit"
    assert parse_qs(urlsplit(page.url).query) == {"apart": ["hard by crowd"]}
    # What is typed last is what is run, also at once.
    page.fill("#text", PLAN.replace("amount = 4", "amount = 3").replace("0.05", "0.03"))
    page.click("#run")
    page.wait_for_selector("#known:has-text('at most 100 answers')")
    page.click("#cancel")
    page.wait_for_selector("#run-state:has-text('Cancelled')")
    assert "at most 100 answers" in page.inner_text("#known")  # what was known stays


def test_who_answers_and_what_learns_are_chosen(seen: Watched, bench: Running) -> None:
    page = seen.page
    page.goto(site(bench) + "/edit")
    page.wait_for_selector("#text")
    page.fill("#text", PLAN)
    until(page, "document.querySelector('#budget-amount')?.value === '4'")
    before = page.input_value("#text")
    page.select_option("#signal-0-who", "model")
    page.fill("#signal-0-model", "small-1")
    until(page, "document.querySelector('#text').value.includes('model = \"small-1\"')")
    page.select_option("#signal-0-who", "expert")
    page.fill("#signal-0-annotators", "nurses")
    until(page, "document.querySelector('#text').value.includes('nurses')")
    assert "small-1" not in page.input_value("#text")
    page.select_option("#learner-kind", "encoder")
    page.fill("#learner-hidden", "32, 16")
    page.fill("#learner-steps", "200")
    until(page, "document.querySelector('#text').value.includes('steps = 200')")
    assert "hidden = [32, 16]" in page.input_value("#text").replace("32,16", "32, 16")
    shot(page, "edit-learner")
    page.select_option("#learner-kind", "linear")
    page.select_option("#signal-0-who", "crowd")
    until(page, "!document.querySelector('#text').value.includes('learner')")
    until(page, "!document.querySelector('#text').value.includes('nurses')")
    assert page.input_value("#text").replace("\n\n", "\n") == before


def test_money_moves_by_the_keyboard_and_has_an_address(browser: Any, known: Running) -> None:
    seen = Watched(browser)
    seen.open(known.address)
    page = seen.page
    settled(page)
    first = page.inner_text("#sentence")
    page.focus("input[data-kind=budget]")
    for _ in range(12):
        page.keyboard.press("ArrowLeft")
    settled(page)
    moved = page.inner_text("#sentence")
    assert moved != first
    until(page, "location.search.includes('amount=')")
    address = page.url
    page.goto(site(known) + "/result")
    settled(page)
    assert page.inner_text("#sentence") == first
    page.goto(address)
    settled(page)
    assert page.inner_text("#sentence") == moved
    page.get_by_role("button", name="votes x 3").click()
    page.wait_for_selector("#option dl")
    assert "votes x 3" in page.inner_text("#option h2")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Export its tasks").click()
    assert saved.value.suggested_filename == "tasks-votes-x-3.zip"
    until(page, "location.search.includes('option=')")
    page.reload()
    page.wait_for_selector("#option dl")
    page.get_by_role("button", name="Close").click()
    assert page.is_hidden("#option")
    # Without money that was moved the address says what is open too; the star speaks and opens.
    page.goto(site(known) + "/result?option=*")
    page.wait_for_selector("#option:has-text('what is recommended') dl")
    page.get_by_role("button", name="Close").click()
    assert page.is_hidden("#option")
    star = page.evaluate(
        """() => {
          const drawn = document.getElementById('tradeoff'), {xaxis, yaxis} = drawn._fullLayout;
          const one = drawn.data.find(each => each.name === 'recommended');
          drawn.scrollIntoView();
          const box = drawn.querySelector('.nsewdrag').getBoundingClientRect();
          return [box.x + xaxis.d2p(one.x[0]), box.y + yaxis.d2p(one.y[0])];
        }"""
    )
    page.mouse.move(*star)
    page.wait_for_selector("#tradeoff .hoverlayer:has-text('answers on')")
    page.mouse.click(*star)
    page.wait_for_selector("#option dl")
    assert seen.errors == []
    page.close()


def test_no_verdict_is_shown_that_money_has_moved_on_from(browser: Any, known: Running) -> None:
    """Answers come late and in their turn: what is shown without grey is of the last money."""
    seen = Watched(browser)
    seen.open(known.address)
    page = seen.page
    settled(page)
    page.evaluate(
        """() => {
          window.shown = []; let n = 0;
          const real = window.fetch;
          window.fetch = async (path, given) => {
            const found = await real(path, given);
            if (path === '/replan') await new Promise(go => setTimeout(go, 120 - 40 * (n++ % 3)));
            return found;
          };
          new MutationObserver(() => {
            const verdict = document.getElementById('verdict');
            if (!verdict.classList.contains('waiting'))
              window.shown.push(document.getElementById('sentence').textContent);
          }).observe(document.getElementById('verdict'), {attributes: true});
        }"""
    )
    for place in ("-0.9", "-0.6", "-0.3", "0.2", "0.4"):
        page.locator("input[data-kind=budget]").fill(place)
        assert "waiting" in (page.get_attribute("#verdict", "class") or "")
    settled(page)
    assert page.evaluate("new Set(window.shown).size") == 1
    assert page.inner_text("#sentence") == page.evaluate("window.shown.at(-1)")
    page.close()


def test_scenarios_are_compared_and_shared_as_a_file(
    browser: Any, known: Running, tmp_path: Path
) -> None:
    seen = Watched(browser)
    seen.open(known.address)
    page = seen.page
    for place in ("0", "-0.8"):
        page.goto(site(known) + "/result")
        page.locator("input[data-kind=budget]").fill(place)
        settled(page)
        page.click("#keep")
        page.wait_for_url("**/scenarios?name=*")
    page.wait_for_selector("#chosen-1")
    for box in page.locator(".scenario input[type=checkbox]").all():
        box.check()
    page.wait_for_selector("#compared:not(.waiting) table")
    assert page.locator("#compared thead th").count() == 3
    page.fill("#name-1", "poor 'quoted' <b>")
    page.keyboard.press("Tab")
    until(page, "document.querySelector('#compared').innerText.includes('<b>')")
    shot(page, "scenarios")
    # On a phone each number stands below its plan's name, whichever way that name runs.
    page.set_viewport_size({"width": 390, "height": 850})
    name = "getComputedStyle(document.querySelector('.compare td:last-child'), '::before')"
    assert page.evaluate(f"{name}.display + {name}.content").startswith('block"')
    page.set_viewport_size({"width": 1200, "height": 850})
    with page.expect_download() as saved:
        page.click("#share")
    file = tmp_path / "scenarios.html"
    saved.value.save_as(file)
    alone = Watched(browser)
    alone.open(file.as_uri())
    assert "poor 'quoted' <b>" in alone.page.inner_text("body")
    assert alone.page.locator(".js-plotly-plot").count() >= 3
    assert alone.errors == []
    assert alone.requests == [file.as_uri()]
    alone.page.close()
    assert seen.errors == []
    page.close()


def test_theory_follows_its_sliders(seen: Watched, bench: Running) -> None:
    page = seen.page
    page.goto(site(bench) + "/theory?dims=2")
    page.wait_for_selector("#table td")
    before = page.inner_text("#table tr:has-text('hard') td:nth-child(2) >> nth=0")
    page.locator("#classes").fill("0.3")
    page.wait_for_selector("#numbers:not(.waiting)")
    after = page.inner_text("#table tr:has-text('hard') td:nth-child(2) >> nth=0")
    assert float(after) < float(before)
    until(page, "location.search.includes('classes=6')")
    assert parse_qs(urlsplit(page.url).query)["dims"] == ["2"]
    page.locator("#figures button").first.click()
    page.wait_for_selector("#paper-figure .main-svg")
    assert page.locator(".verdicts li").count() > 0
    page.reload()
    page.wait_for_selector("#paper-figure .main-svg")
    shot(page, "theory")


PAGES = ("/files", "/edit", "/result", "/scenarios", "/theory?figure=bits")


@pytest.mark.parametrize(("scheme", "width"), [("light", 1200), ("dark", 390)])
def test_every_page_is_accessible_and_fits(
    browser: Any, bench: Running, scheme: str, width: int
) -> None:
    if os.environ.get(REQUIRED):
        from axe_playwright_python.sync_playwright import Axe
    else:
        module = pytest.importorskip(
            "axe_playwright_python.sync_playwright", reason="axe is not installed"
        )
        Axe = module.Axe
    seen = Watched(browser, scheme, width)
    page = seen.page
    page.goto(bench.address)
    for place in PAGES:
        page.goto(site(bench) + place)
        page.wait_for_load_state("networkidle")
        page.wait_for_timeout(300)
        shot(page, f"{scheme}-{width}-{place.strip('/').split('?')[0]}")
        found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
        serious = [
            (one["id"], [node["html"][:160] for node in one["nodes"][:3]])
            for one in found if one["impact"] in ("serious", "critical")
        ]  # fmt: skip
        assert serious == [], place
        assert page.evaluate("document.documentElement.scrollWidth") <= width, place
    assert seen.errors == []
    page.close()
