"""The checker of shapes and types that every test puts round annotated functions."""

import functools
import inspect
from collections.abc import Callable
from typing import Any

import jaxtyping
import numpy as np
from beartype import BeartypeConf, FrozenDict, beartype

#: An int is a float here, as for every other tool that reads types, and what NumPy makes of an
#: array without axes, a number of its own, is an array.
checked = beartype(
    conf=BeartypeConf(
        is_pep484_tower=True,
        hint_overrides=FrozenDict({np.ndarray: np.ndarray | np.generic}),
    )
)
with_shapes = jaxtyping.jaxtyped


def typed(function: Any, *, typechecker: Any) -> Any:
    """What jaxtyping's hook puts round a class or a function.

    Shapes compare the arguments of one call with each other, which takes jaxtyping 50 microseconds
    a call, a sixth of the time of long tests. Where a function declares no shape, its types are
    looked at without that: the same types, in one microsecond.
    """
    if not inspect.isfunction(function) or any(
        '"' in hint or "'" in hint for hint in map(str, function.__annotations__.values())
    ):
        return with_shapes(function, typechecker=typechecker)
    names = {}
    for name, hint in function.__annotations__.items():
        try:
            names[name] = eval(hint, function.__globals__) if isinstance(hint, str) else hint
        except NameError:  # only type checkers import it
            continue
    function.__annotations__ = names
    sure: Callable[..., Any] = checked(function)

    @functools.wraps(function)
    def either(*arguments: Any, **named: Any) -> Any:
        right = function if jaxtyping.config.jaxtyping_disable else sure
        return right(*arguments, **named)

    return either


jaxtyping.jaxtyped = lambda function=None, *, typechecker=None: (
    functools.partial(typed, typechecker=typechecker)
    if function is None
    else typed(function, typechecker=typechecker)
)
