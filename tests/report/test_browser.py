"""The report in a real browser: it draws, asks nothing of a network, and runs nobody's text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from labelbits.report.page import render
from tests.browser import Watched
from tests.report.plans import plan_of
from tests.report.texts import HOSTILE


def opened(browser: Any, path: Path, **how: Any) -> Watched:
    watched = Watched(browser, **how)
    watched.open(path.as_uri())
    return watched


def test_the_report_draws_without_a_network(browser: Any, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text(render(plan_of(["hard", "votes x 3"])), encoding="utf-8")
    seen = opened(browser, path)
    drawn = seen.page.locator(".figure:has(.main-svg)").count()
    assert drawn == seen.page.locator(".figure").count() > 4
    buttons = seen.page.locator(".modebar-btn").evaluate_all(
        "all => all.map(one => one.dataset.title)"
    )
    assert len(buttons) >= drawn
    assert not [one for one in buttons if "hare" in one or "loud" in one]  # nothing is uploaded
    seen.page.set_viewport_size({"width": 390, "height": 850})
    seen.page.emulate_media(color_scheme="dark")
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= 390
    assert seen.errors == []
    assert seen.requests == [path.as_uri()]
    seen.page.close()


def test_no_text_of_a_plan_is_obeyed(browser: Any, tmp_path: Path) -> None:
    """Each text as the name of an option; all of them in every other place."""
    names = [f"{text} {key}" for key, text in HOSTILE.items() if key != "half"]
    everything = " ".join(HOSTILE.values())
    for number, plan in enumerate((plan_of(names), plan_of(["hard", "soft"], everything))):
        path = tmp_path / f"{number}.html"
        path.write_text(render(plan), encoding="utf-8")
        seen = opened(browser, path)
        assert seen.errors == [], number
        assert seen.requests == [path.as_uri()]
        assert seen.page.evaluate("window.pwned") is None
        assert seen.page.locator("img, svg[onload], [onmouseover]").count() == 0
        shown = seen.page.inner_text("body")
        assert "How to cite" in shown
        wanted = [HOSTILE["comment"], HOSTILE["image"], HOSTILE["colour"], r"\x1b[31mred"]
        assert all(text in shown for text in wanted)
        assert not set("\x00\x1b\x9b\u202e") & set(shown)
        seen.page.close()


def test_a_script_that_slips_in_does_not_run(browser: Any, tmp_path: Path) -> None:
    """The control of the test above: the page's policy stops what escaping would have missed."""
    evil = "<img src=x onerror=window.pwned=1><script>window.pwned=1</script>"
    page = render(plan_of(["hard", "soft"])).replace("</main>", f"{evil}</main>")
    path = tmp_path / "report.html"
    path.write_text(page, encoding="utf-8")
    seen = opened(browser, path)
    assert seen.page.locator("img").count() == 1
    assert seen.page.evaluate("window.pwned") is None
    assert any("Content Security Policy" in error for error in seen.errors)
    seen.page.close()
