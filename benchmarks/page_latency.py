"""How fast the page answers while money and prices are moved, in Chromium, with its memory.

    PYTHONPATH=. python benchmarks/page_latency.py [--moves 2000] [--plan PLAN.toml]

A slider is moved, and the time is taken until the page shows the new verdict, its curve and its
table without grey: what a user waits. Every move is to a place of its own, a third of them the
budget and the rest prices. Prints the median and the 95th percentile in milliseconds, the
program's share of them (asking and answering), its processor time for a move, the memory of the
program and of the page's script before and after, and the load of the machine: on a busy one the
times are those of the others too.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from tests.browser import browsing

CHILD = """
import sys
from pathlib import Path
from labelbits import planning
from labelbits.app import address, claim, serve
from labelbits.planning import plan
given = sys.argv[1] or Path(planning.__file__).parent / "digits.toml"
made = plan(given)
with claim(0) as listener:
    print(address(listener, "known"), flush=True)
    serve(made, listener, "known")
"""
#: One move: the slider is set, and the time until no part of the verdict is grey is measured.
MOVE = """([number, place]) => new Promise(done => {
  const range = [...document.querySelectorAll('.slider:not([hidden]) input[type=range]')][number];
  const parts = ['verdict', 'rows', 'tradeoff'].map(name => document.getElementById(name));
  const began = performance.now();
  const look = new MutationObserver(() => {
    if (parts.some(one => one.classList.contains('waiting'))) return;
    look.disconnect();
    done(performance.now() - began);
  });
  parts.forEach(one => look.observe(one, {attributes: true}));
  range.value = place;
  range.dispatchEvent(new Event('input', {bubbles: true}));
})"""


def memory(process: int) -> float:
    """Resident memory of a process in MB."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(one.split()[1]) / 1024 for one in lines if one.startswith("VmRSS"))


def processor(process: int) -> float:
    """Seconds of processor time that a process has used."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--moves", type=int, default=2000)
    parser.add_argument("--plan", default="")
    asked = parser.parse_args()
    server = subprocess.Popen(
        [sys.executable, "-c", CHILD, asked.plan], stdout=subprocess.PIPE, text=True
    )
    assert server.stdout is not None
    address = server.stdout.readline().strip()
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder, browsing(Path(folder)) as browser:
        page = browser.new_page()
        page.goto(address)
        page.wait_for_selector("#behind section", timeout=60_000)
        count = page.locator(".slider:not([hidden])").count()
        used = "performance.memory.usedJSHeapSize / 1e6"
        for place in rng.uniform(-0.9, 0.9, 20):  # warm
            page.evaluate(MOVE, [0, place])
        page.evaluate("performance.setResourceTimingBufferSize(100000)")
        before = memory(server.pid), page.evaluate(used)
        spent = processor(server.pid)
        times = []
        for number in range(asked.moves):
            which = 0 if number % 3 == 0 else 1 + number % max(count - 1, 1)
            times.append(page.evaluate(MOVE, [which % count, float(rng.uniform(-0.9, 0.9))]))
        spent = (processor(server.pid) - spent) / asked.moves
        page.wait_for_timeout(2000)
        own = page.evaluate(
            "performance.getEntriesByType('resource').filter(e => e.name.endsWith('/replan'))"
            ".map(e => e.duration)"
        )
        after = memory(server.pid), page.evaluate(used)
    server.terminate()
    server.wait()
    print(f"{asked.moves} moves of {count} sliders, load {os.getloadavg()[0]:.1f}")
    for name, values in (("until it is shown", times), ("asking and answering", own)):
        middle, late = np.quantile(values, [0.5, 0.95])
        print(f"{name}: median {middle:.0f} ms, 95th percentile {late:.0f} ms")
    print(f"processor time of the program for a move: {1000 * spent:.0f} ms")
    for name, one, other in zip(("program", "script"), before, after, strict=True):
        print(f"memory of the {name}: {one:.0f} MB, {other:.0f} MB after")


if __name__ == "__main__":
    main()
