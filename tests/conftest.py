"""Fixtures for every test: the folder of real human answers, when there is one."""

from __future__ import annotations

import ctypes
import gc
import os
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import hypothesis
import jaxtyping
import platformdirs
import pytest
import threadpoolctl

import labelbits.compilation
import tests.shapes  # noqa: F401  (what the hook puts round functions takes it from the package)

# Compiled programs are kept between tests, workers and runs: compiling is most of the time.
os.environ.setdefault(
    "JAX_COMPILATION_CACHE_DIR", platformdirs.user_cache_dir("labelbits-tests", appauthor=False)
)
# Small programs too: they are a thousand, and each worker needs most of them.
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")

# Most programs here run a few times: they are compiled with less optimisation, which takes half the
# time. What jaxlib does not know ends the process, so other versions compile as they do.
BRIEFLY = "--xla_cpu_use_fusion_emitters=false --xla_backend_optimization_level=1"
if version("jaxlib").startswith("0.10."):
    os.environ["XLA_FLAGS"] = f"{BRIEFLY} {os.environ.get('XLA_FLAGS', '')}".strip()

# Where in the sources an operation stands is not asked of a program here; telling it takes time.
os.environ.setdefault("JAX_TRACEBACK_IN_LOCATIONS_LIMIT", "0")
# Tracing makes millions of objects that live: looking through them for garbage, by default at each
# 700 new ones, takes a sixth of all time.
gc.set_threshold(200_000, 20, 100)

# Small products of matrices wake threads that wait for more at full speed: half of all time. What
# comes before this has loaded numpy, whose threads are told so, but not scipy.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
threadpoolctl.threadpool_limits(1, user_api="blas")

# Most programs take less time than to wake a thread for them.
labelbits.compilation.run_inline()

# Every call checks the types and shapes of its arrays, where functions declare them.
SHAPED = (
    "interface", "worlds", "signals", "information", "simulation", "learning.fits",
    "learning.similarity", "recovery.fitted", "recovery.mixtures", "recovery.triplets",
    "annotators.noise",
)  # fmt: skip
jaxtyping.install_import_hook([f"labelbits.{name}" for name in SHAPED], "tests.shapes.checked")

# The same examples in every run, however slow the machine is.
hypothesis.settings.register_profile(
    "fixed", derandomize=True, deadline=None, database=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)  # fmt: skip
hypothesis.settings.load_profile("fixed")


@pytest.fixture(autouse=True)
def _types_are_checked(request: pytest.FixtureRequest) -> Iterator[None]:
    """Tests marked `any_types` give what is no array, to see what users are told."""
    off = request.node.get_closest_marker("any_types") is not None
    jaxtyping.config.update("jaxtyping_disable", off)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


#: Bytes of memory from which a worker lets its compiled programs go: those that are needed again
#: come back from the disk.
FULL = 2.5e9


@pytest.fixture(scope="module", autouse=True)
def _programs_are_let_go() -> Iterator[None]:
    """A worker would end with thousands of programs, 1 MB each, of which most served one module."""
    yield
    memory = Path("/proc/self/statm")
    pages = int(memory.read_text().split()[1]) if memory.exists() else 0
    if pages * os.sysconf("SC_PAGE_SIZE") > FULL:
        import jax  # not above: it takes its settings from what is set below

        jax.clear_caches()
        gc.collect()
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:  # the C library of most Linux systems keeps what was freed
            trim(0)


LONGEST = ("test_docs.py", "test_new_signal.py", "test_one_road.py")
SLOW = Path(__file__).parent / "slow.txt"


def pytest_collection_finish() -> None:
    """Modules and tests live to the end: no collection has to look at them again."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """`slow.txt` marks what `make quick` leaves out."""
    lines = [line for line in SLOW.read_text().splitlines() if not line.startswith("#")]
    for item in items:
        name = item.nodeid.split("[")[0]
        if any(name == line or name.startswith((f"{line}/", f"{line}::")) for line in lines):
            item.add_marker(pytest.mark.slow)
    # The longest tests: begun last, they keep one worker busy when the others are done.
    items.sort(key=lambda item: item.path.name not in LONGEST)


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
