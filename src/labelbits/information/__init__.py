"""How many bits: for one answer, for many, the bounds on them, and the limit they set."""

from labelbits.information.answer import per_answer
from labelbits.information.bounds import Bound, answer_bound, bounds, joint_bounds
from labelbits.information.counting import log2_orderings
from labelbits.information.fisher import question_information
from labelbits.information.joint import joint, marginal, random_questions
from labelbits.information.limit import answers_needed, bits_for_error, error_limit

__all__ = [
    "Bound",
    "answer_bound",
    "answers_needed",
    "bits_for_error",
    "bounds",
    "error_limit",
    "joint",
    "joint_bounds",
    "log2_orderings",
    "marginal",
    "per_answer",
    "question_information",
    "random_questions",
]
