"""How programs are compiled: in less time, where they run too briefly to earn it back, and with
products of matrices as exact on a GPU as on the CPU."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

Parameters = ParamSpec("Parameters")
Returned = TypeVar("Returned")

#: LLVM's optimisation level. Measured on one core for hard, sparse-soft and triplet answers: level
#: 1 compiles the sampling of answers in 0.2 to 0.4 of the time of the default, and what comes out
#: runs as fast; level 0 compiles faster still and runs two to four times slower.
BRIEF, ONCE = 1, 0


def exact_product(a: Any, b: Any) -> Any:
    """`a @ b` in full float32 also on a GPU, whose default rounds the factors to 11 bits (TF32):
    measured on an H200, an information matrix off by 0.1 % and a held-out loss by 0.3 %."""
    import jax.numpy as jnp

    return jnp.matmul(a, b, precision="highest")


#: Programs that took so many seconds to compile are kept.
KEPT_FROM = 0.2


def kept_programs() -> str | None:
    """The folder for compiled programs in the user's cache; None where nothing can be written."""
    import platformdirs

    folder = Path(platformdirs.user_cache_dir("labelbits", appauthor=False))
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return str(folder) if os.access(folder, os.W_OK) else None


@functools.cache
def keep_programs() -> None:
    """Keep compiled programs on disk, so that only the first process of all compiles them.

    A folder that JAX was told before (`JAX_COMPILATION_CACHE_DIR`) stays, and
    `JAX_ENABLE_COMPILATION_CACHE=false` keeps nothing.
    """
    import jax

    config: Any = jax.config  # its declared type leaves the settings out
    if config.jax_compilation_cache_dir is None and (folder := kept_programs()):
        jax.config.update("jax_compilation_cache_dir", folder)
        jax.config.update("jax_persistent_cache_min_compile_time_secs", KEPT_FROM)


def run_inline() -> None:
    """Programs run in the thread that calls them, where none has run yet in this process.

    Thousands of small programs whose results are waited for gain nothing from a thread of their
    own: measured for the gradient of 180 answers, 0.42 ms of CPU a call with it and 0.27 without.
    For processes that are labelbits' own: what else a library's user computes stays as it is.
    """
    import jax

    jax.config.update("jax_cpu_enable_async_dispatch", False)


def compiler_options(level: int = BRIEF) -> dict[str, int]:
    """What `jax.jit` is told for less optimisation: nothing where programs run on a GPU."""
    import jax

    return {"xla_backend_optimization_level": level} if jax.default_backend() == "cpu" else {}


def compiled_briefly(
    function: Callable[Parameters, Returned], level: int = BRIEF
) -> Callable[Parameters, Returned]:
    """`equinox.filter_jit(function)` with less optimisation, where programs run on the CPU.

    `level` is `BRIEF` for programs that run many times and `ONCE` for those that run a few times.
    """

    @functools.cache
    def program() -> Callable[..., Any]:
        # Not before the first call: asking for the backend starts it.
        import equinox as eqx

        keep_programs()
        compiled: Any = eqx.filter_jit  # its declared types leave jax.jit's options out
        return compiled(function, compiler_options=compiler_options(level))

    @functools.wraps(function)
    def call(*arguments: Parameters.args, **named: Parameters.kwargs) -> Returned:
        return program()(*arguments, **named)

    return call
