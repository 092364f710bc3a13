"""The page, running in a process of its own, for the tests of a module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.app.running import Running


@pytest.fixture(scope="module")
def bench() -> Iterator[Running]:
    """The page as it starts with nothing."""
    page = Running("empty")
    yield page
    page.stop()


@pytest.fixture(scope="module")
def known() -> Iterator[Running]:
    """The page of a finished plan."""
    page = Running()
    yield page
    page.stop()
