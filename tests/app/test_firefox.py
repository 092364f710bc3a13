"""The main path of the page in Firefox: files, what they say, a plan, money, a scenario."""

from __future__ import annotations

from pathlib import Path

from tests.app.firefox import firefox
from tests.app.running import Running
from tests.app.test_files import ANSWERS
from tests.app.test_workbench import PLAN

SETTLED = "!document.querySelector('#verdict.waiting') && document.querySelector('#behind section')"


def test_from_files_to_a_scenario_in_firefox(tmp_path: Path) -> None:
    answers = tmp_path / "answers.csv"
    answers.write_text(ANSWERS, encoding="utf-8")
    running = Running("empty")
    try:
        with firefox(tmp_path / "profile") as page:
            page.send("WebDriver:Navigate", url=running.address)
            page.until("return document.querySelector('#chosen') && document.readyState")
            page.type("#chosen", str(answers))
            page.until("return document.querySelector('.file.good .headline')?.textContent")
            page.until("return !document.querySelector('#plan').disabled", 120)
            assert page.run("return document.querySelectorAll('#pilot .main-svg').length") > 0
            page.run("document.querySelector('#plan').click()")
            page.until("return document.querySelectorAll('#form article').length === 2")
            page.run(
                "const text = document.querySelector('#text'); text.value = "
                f"{PLAN!r}; text.dispatchEvent(new Event('input', {{bubbles: true}}))"
            )
            page.until("return document.querySelector('#budget-amount')?.value === '4'")
            page.run("document.querySelector('#run').click()")
            page.until(f"return location.pathname === '/result' && {SETTLED}", 240)
            first = page.run("return document.getElementById('sentence').textContent")
            page.type("input[data-kind=budget]", "\ue012" * 15)  # the left arrow key
            page.until(
                f"return {SETTLED} && document.getElementById('sentence').textContent !== {first!r}"
            )
            assert page.run("return document.querySelectorAll('#tradeoff .main-svg').length") > 0
            page.run("document.querySelector('#keep').click()")
            page.until("return document.querySelectorAll('.scenario').length === 1")
            page.until("return document.querySelector('#compared section')")
            assert page.run("return document.documentElement.scrollWidth <= innerWidth")
    finally:
        running.stop()
