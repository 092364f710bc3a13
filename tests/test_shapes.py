"""What goes round annotated functions in the tests sees wrong types and wrong shapes."""

import beartype.roar
import jax.numpy as jnp
import jaxtyping
import numpy as np
import pytest

from labelbits.interface import squared_distances
from labelbits.recovery.mixtures.noise import shaped
from labelbits.recovery.triplets.kernel import rounded


def test_a_wrong_type_is_seen_where_no_shape_is_declared() -> None:
    assert rounded(3, (4, 2)) == 4
    with pytest.raises(beartype.roar.BeartypeCallHintParamViolation):
        rounded("3", (4, 2))  # type: ignore[arg-type]
    with pytest.raises(beartype.roar.BeartypeCallHintParamViolation):
        shaped([1.0], ())  # type: ignore[arg-type]


def test_shapes_of_one_call_are_compared() -> None:
    a, b = np.zeros((3, 2), np.float32), np.zeros((4, 1, 2), np.float32)
    assert squared_distances(a, b).shape == (4, 3)
    with pytest.raises(jaxtyping.TypeCheckError):
        squared_distances(a, np.zeros((4, 1, 3), np.float32))


@pytest.mark.any_types
def test_a_test_may_leave_them_out() -> None:
    with pytest.raises(TypeError, match="'<' not supported"):
        rounded("3", (4, 2))  # type: ignore[arg-type]
    with pytest.raises((TypeError, ValueError)):
        squared_distances(jnp.zeros((3, 2)), jnp.zeros((4, 1, 3)))
