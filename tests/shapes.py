"""The checker of shapes and types that every test puts round annotated functions."""

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
