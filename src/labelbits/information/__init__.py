"""How many bits: for one answer, for many, the bounds on them, and the limit they set."""

from labelbits.information.answer import per_answer

__all__ = ["per_answer"]
