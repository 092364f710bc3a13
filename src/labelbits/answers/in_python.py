"""What messages of the command line say to those who call from Python: options are arguments."""

from __future__ import annotations

import re

#: A name of a column ends where the sentence goes on.
_ENDS = r"(?=,| (?:reads?|says?|names?|does|is|makes|sets|in|to|and)\b|[;()]|$)"
_PAIRS = re.compile(rf"--columns ((?:\w+=[^,;()]*?{_ENDS},?)+)")
_PAIR = re.compile(r"(\w+)=([^,]+)")
_OPTION = re.compile(r"--(format|signal|question) ('[^']*'|\S+?)(?=[\s;,:)]|$)")
_OTHERS = (
    (r"labelbits pilot FILE (--question '[^']*') --out \S+ reads one and writes it for other "
     r"commands \(in Python [^)]*\)", r"\1 reads one"),
    (r"labelbits pilot FILE ", ""),
)  # fmt: skip
#: What is added where an argument is named: where it goes.
HOW = (
    "columns= is an argument of plan and of read_answers, the others are of read_answers, whose "
    "answers plan takes; or rename the columns"
)


def in_python(text: str) -> str:
    """The message or note with arguments of `read_answers` in place of options."""
    for said, instead in _OTHERS:
        text = re.sub(said, instead, text)
    text = _PAIRS.sub(_columns, text)
    text = _OPTION.sub(_argument, text)
    return text.replace("--columns", "columns=")


def refusal_in_python(text: str) -> str:
    """The same of a message that stops, with where the arguments go."""
    made = in_python(text)
    return made if made == text else f"{made}; {HOW}"


def _columns(found: re.Match[str]) -> str:
    pairs = ", ".join(f'"{key}": "{name}"' for key, name in _PAIR.findall(found[1]))
    return f"columns={{{pairs}}}"


def _argument(found: re.Match[str]) -> str:
    name = found[2] if found[2].startswith("'") else f'"{found[2]}"'
    return f"{found[1]}={name}"
