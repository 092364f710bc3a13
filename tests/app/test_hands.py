"""What hands do on the page in a real browser: files that are dropped, numbers that cannot be."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from tests.app.running import Running
from tests.app.test_files import ANSWERS
from tests.app.test_workbench import PLAN, settled, site, until
from tests.browser import Watched


class Dragging:
    """Files and texts that are dragged over a page from outside, as the system does it."""

    def __init__(self, page: Any) -> None:
        self._send = page.context.new_cdp_session(page).send

    def drop(self, x: float, y: float, *paths: Path, text: str = "", kind: str = "drop") -> None:
        """Drag over (x, y) and let go there, or do what `kind` says in place of letting go."""
        items = [{"mimeType": "text/plain", "data": text}] if text else []
        data = {"items": items, "files": [str(path) for path in paths], "dragOperationsMask": 1}
        for step in ("dragEnter", "dragOver", kind):
            self._send("Input.dispatchDragEvent", {"type": step, "x": x, "y": y, "data": data})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with two files of answers, one of them in a folder of its own, and a hidden one."""
    (tmp_path / "all" / "more").mkdir(parents=True)
    (tmp_path / "all" / "a.csv").write_text(ANSWERS, encoding="utf-8")
    (tmp_path / "all" / "more" / "b.csv").write_text(ANSWERS.replace("ann,", "eve,"))
    (tmp_path / "all" / ".hidden").write_text("x")
    (tmp_path / "plan.toml").write_text(PLAN, encoding="utf-8")
    return tmp_path


def test_files_and_folders_are_dropped_anywhere(browser: Any, bench: Running, folder: Path) -> None:
    seen = Watched(browser)
    page = seen.page
    page.goto(bench.address)
    page.wait_for_selector("#drop")
    page.wait_for_load_state("networkidle")
    hand = Dragging(page)
    # Text that is dragged goes where it is dropped.
    box = page.locator("#path").bounding_box()
    hand.drop(box["x"] + 20, box["y"] + 8, text="~/answers.csv")
    until(page, "document.querySelector('#path').value === '~/answers.csv'")
    hand.drop(600, 700, folder / "all" / "a.csv", kind="dragOver")
    assert page.locator("html.over").count() == 1
    hand.drop(600, 700, folder / "all")  # outside of the zone
    page.wait_for_selector(".file.good:has-text('b.csv')")
    assert page.locator("html.over").count() == 0
    assert page.locator(".file").count() == 2
    # In another room a plan opens, and files are shown where files are.
    page.goto(site(bench) + "/theory")
    page.wait_for_load_state("networkidle")
    hand.drop(600, 400, folder / "plan.toml")
    page.wait_for_url("**/edit")
    until(page, "document.querySelector('#budget-amount')?.value === '4'")
    hand.drop(600, 400, folder / "all" / "a.csv")
    page.wait_for_url("**/files")
    page.wait_for_selector(".file:nth-child(3)")
    assert seen.errors == []
    page.close()


def test_no_plan_is_made_of_what_older_files_said(
    browser: Any, bench: Running, folder: Path
) -> None:
    """Between a file that comes and its measurement the button waits, and the old figures go."""
    seen = Watched(browser)
    page = seen.page
    page.goto(bench.address)
    page.goto(site(bench) + "/files")
    page.set_input_files("#chosen", folder / "all" / "a.csv")
    page.wait_for_selector("#plan:not([disabled])", timeout=180_000)
    page.wait_for_selector("#pilot:not(.waiting) .main-svg")
    page.locator("#pilot details summary").first.click()
    # A card with what is open in it stays as it is while others come.
    page.locator(".file summary").first.click()
    held: list[Any] = []
    page.route("**/api/pilot", lambda route: held.append(route) if route.request.method == "POST"
               else route.continue_())  # fmt: skip
    page.set_input_files("#chosen", folder / "all" / "more" / "b.csv")
    page.wait_for_selector("#pilot.waiting")
    end = time.monotonic() + 30
    while not held and time.monotonic() < end:
        page.wait_for_timeout(50)
    assert page.is_disabled("#plan")
    assert page.locator(".file details[open]").count() >= 1
    held[0].continue_()
    page.unroute("**/api/pilot")
    page.wait_for_selector("#plan:not([disabled])", timeout=180_000)
    # A page that changes its colours redraws the figures that are there, and asks for no other.
    page.emulate_media(color_scheme="dark")
    page.wait_for_timeout(200)
    assert seen.errors == []
    page.close()


def test_money_that_cannot_be_leaves_the_advice_readable_and_says_of_what_it_is(
    browser: Any, known: Running
) -> None:
    seen = Watched(browser)
    seen.open(known.address)
    page = seen.page
    settled(page)
    page.locator(".slider .typed").first.fill("1e308")
    page.wait_for_selector("#verdict.stale:not(.waiting)")
    assert "of the money before" in page.inner_text("#problem")
    assert page.locator(".waiting").count() == 0
    assert page.evaluate("getComputedStyle(document.querySelector('#behind')).opacity") == "1"
    page.locator("#reset").click()
    settled(page)
    until(page, "!document.querySelector('.stale')")
    assert page.inner_text("#problem") == ""
    page.close()


def test_thirty_options_are_read_and_moved(browser: Any) -> None:
    many = Running("many")
    seen = Watched(browser, width=390)
    page = seen.page
    try:
        seen.open(many.address)
        settled(page)
        assert page.locator("#warnings > li").count() == 7  # six, and a click to the others
        page.locator("#warnings summary").click()
        assert page.locator("#warnings li li").count() == 24
        page.locator("input[data-kind=budget]").fill("-0.4")
        settled(page)
        assert page.locator("#warnings details[open]").count() == 1
        assert page.locator("#rows tr").count() == 30
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert seen.errors == []
    finally:
        page.close()
        many.stop()


def test_lines_of_limits_are_seen_on_a_dark_page(browser: Any, known: Running) -> None:
    seen = Watched(browser, "dark")
    page = seen.page
    page.goto(known.address)
    page.goto(site(known) + "/theory?figure=recovery")
    page.wait_for_selector("#paper-figure .main-svg")
    lines = "document.querySelector('#paper-figure').data.map(one => one.line?.color)"
    assert page.evaluate(f"{lines}.includes('#c9d1d9')")
    page.emulate_media(color_scheme="light")
    until(page, f"{lines}.includes('#30363d')")
    assert seen.errors == []
    page.close()


def test_every_control_is_reached_and_left_by_the_keyboard(
    browser: Any, bench: Running, folder: Path
) -> None:
    """Where a control goes away, or is drawn anew, the hand stays near it."""
    seen = Watched(browser)
    page = seen.page
    held = "document.activeElement"
    page.goto(bench.address)
    page.goto(site(bench) + "/files")
    page.wait_for_load_state("networkidle")
    count = page.locator(".file").count() + 1
    page.set_input_files("#chosen", folder / "all" / "a.csv")
    until(page, "document.querySelectorAll('.file').length === arg", count)
    page.locator(".columns summary").last.press("Enter")
    page.get_by_label("What is the column seconds?").last.select_option("")
    page.get_by_label("What is the column seconds?").last.focus()
    page.keyboard.press("ArrowDown")
    until(page, "!document.querySelector('#pilot.waiting, #state:not(:empty)')")
    until(page, f"{held}.getAttribute('aria-label') === 'What is the column seconds?'")
    assert page.locator(".columns[open]").count() == 1  # what was opened stays open
    card = page.locator(".file").last
    name = card.get_attribute("aria-label")
    card.get_by_role("button", name=f"Remove {name}").press("Enter")
    until(page, "document.querySelectorAll('.file').length === arg", count - 1)
    page.set_input_files("#chosen", folder / "all" / "a.csv")  # the same file may come again
    until(page, "document.querySelectorAll('.file').length === arg", count)

    page.goto(site(bench) + "/edit")
    page.wait_for_selector("#text")
    page.fill("#text", PLAN.replace("items = 30", "items = 3000"))
    until(page, "document.querySelector('#data-items')?.value === '3000'")
    page.fill("#data-classes", "2")
    page.locator("#data-classes").locator("xpath=../input[@type='range']").press("ArrowRight")
    assert page.input_value("#data-classes") == "3"  # one key, one class more
    page.get_by_role("button", name="Remove votes").press("Enter")
    until(page, f"{held}.id === 'signal-add'")
    page.locator("#run:not([disabled])").press("Enter")
    until(page, f"{held}.id === 'cancel'")
    page.keyboard.press("Enter")
    until(page, f"{held}.id === 'run'")
    assert seen.errors == []
    page.close()


def test_results_and_scenarios_are_walked_by_the_keyboard(browser: Any, known: Running) -> None:
    seen = Watched(browser)
    seen.open(known.address)
    page = seen.page
    held = "document.activeElement"
    settled(page)
    page.locator("#rows button").first.press("Enter")
    page.wait_for_selector("#option dl")
    page.keyboard.press("Escape")
    assert page.is_hidden("#option")
    until(page, f"{held}.closest('#rows') !== null")
    for _ in range(2):
        page.goto(site(known) + "/result")
        settled(page)
        page.locator("#keep").press("Enter")
        page.wait_for_url("**/scenarios?name=*")
    page.wait_for_selector("#name-1")
    page.fill("#name-0", "the first")
    page.focus("#name-0")
    page.keyboard.press("Tab")
    until(page, "document.querySelector('#name-0').getAttribute('aria-label').includes('first')")
    assert page.evaluate(f"{held}.id") in ("edit-0", "remove-0")
    page.locator("#remove-1").press("Enter")
    until(page, f"{held}.id === 'name-0'")
    page.goto(site(known) + "/theory?classes=4")
    page.wait_for_selector("#table td")
    page.locator("#classes").press("ArrowRight")
    assert page.inner_text("#classes-shown") == "5"
    assert seen.errors == []
    page.close()


def test_what_another_window_changed_is_seen_and_a_cancelled_run_stays_said(
    browser: Any, bench: Running
) -> None:
    seen = Watched(browser)
    page = seen.page
    page.goto(bench.address)
    page.goto(site(bench) + "/edit")
    page.wait_for_selector("#text")
    text = PLAN.replace("items = 30", "items = 3000")
    page.fill("#text", text)
    until(page, "document.querySelector('#data-items')?.value === '3000'")
    page.click("#run:not([disabled])")
    page.click("#cancel")
    page.wait_for_selector("#run-state:has-text('Cancelled')")
    page.reload()
    page.wait_for_selector("#run-state:has-text('Cancelled')")
    page.evaluate(
        "text => fetch('/api/draft', {method: 'POST', body: JSON.stringify({text}),"
        " headers: {'content-type': 'application/json'}})",
        text.replace("amount = 4", "amount = 9"),
    )
    page.evaluate("dispatchEvent(new Event('focus'))")
    until(page, "document.querySelector('#budget-amount').value === '9'")
    assert "amount = 9" in page.input_value("#text")
    page.reload()  # what was cancelled was another plan
    until(page, "document.querySelector('#budget-amount')?.value === '9'")
    assert page.is_hidden("#run-box")
    assert seen.errors == []
    page.close()


def test_an_address_that_was_written_by_hand_is_no_fault(browser: Any, known: Running) -> None:
    seen = Watched(browser)
    page = seen.page
    page.goto(known.address)
    page.goto(site(known) + "/result?amount=x&price=y&price=1e999%20hard&price=0.2%20votes%20x%203")
    settled(page)
    assert page.inner_text("#problem") == ""
    assert page.locator("input[data-kind=price]:visible").last.get_attribute("aria-valuetext")
    assert seen.errors == []
    page.close()
