"""Grids of simulations: specification, runner, store."""

from labelbits.sweeps.runner import run_sweep
from labelbits.sweeps.spec import Sweep, parse_sweep, read_sweep

__all__ = ["Sweep", "parse_sweep", "read_sweep", "run_sweep"]
