"""Fixtures for every test: the folder of real human answers, when there is one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import platformdirs
import pytest

# Compiled programs are kept between tests, workers and runs: compiling is most of the time.
os.environ.setdefault(
    "JAX_COMPILATION_CACHE_DIR", platformdirs.user_cache_dir("labelbits-tests", appauthor=False)
)
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0.3")

# The same examples in every run, however slow the machine is.
hypothesis.settings.register_profile(
    "fixed", derandomize=True, deadline=None, database=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)  # fmt: skip
hypothesis.settings.load_profile("fixed")


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder with the real answers; the test is skipped where there is none."""
    places = [os.environ.get("LABELBITS_DATA"), Path(__file__).parents[2] / "shared" / "data"]
    for place in places:
        if place and (Path(place) / "facts.json").is_file():
            return Path(place)
    pytest.skip("no real answers: set LABELBITS_DATA to the folder that holds facts.json")


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """One browser for all tests of a worker."""
    from tests.browser import browsing

    with browsing(tmp_path_factory.mktemp("browser")) as context:
        yield context
