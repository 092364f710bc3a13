"""Label Studio's labeling interface (XML) for each form of question.

The form comes from `Signal.form`, so a new signal needs no line here.
"""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import quoteattr

from labelbits.answers.export.label_studio_results import CONTROL, names_several
from labelbits.answers.export.projects import Project
from labelbits.interface import Signal


def labeling_config(project: Project) -> str:
    """The labeling interface (XML) that asks its question about `$item_1`, `$item_2`, ..."""
    signal = project.signal
    header = f"  <Header value={quoteattr(project.question)}/>"
    if signal.questions(2) > 1:  # each task says the class that it asks about
        header = '  <Header value="$question"/>'
    single = signal.form != "pairwise" or signal.arity == 3  # two pairs are shown as pairs
    places = [i for i in range(1, signal.arity + 1) if _is_shown(project, i)]
    shown = [f'  <Text name="item-{i}" value="$item_{i}"/>' for i in places] if single else []
    control = _CONTROLS[signal.form](signal, project.classes)
    return "\n".join(["<View>", header, *shown, *control, "</View>", ""])


def _is_shown(project: Project, place: int) -> bool:
    """Do its tasks show an item there? The ideal one of preferences is not shown."""
    return not project.tasks or f"item_{place}" in project.tasks[0]["data"]


def _choices(signal: Signal, classes: Sequence[str]) -> list[str]:
    yes_no = signal.outcomes(5) == 2
    several = names_several(signal)
    names = ["Yes", "No"] if yes_no else classes
    many = 'choice="multiple"' if several else 'choice="single"'
    rows = [f"    <Choice value={quoteattr(name)}/>" for name in names]
    head = f'  <Choices name="{CONTROL}" toName="item-1" {many} required="true">'
    return [head, *rows, "  </Choices>"]


def _numbers(signal: Signal, classes: Sequence[str]) -> list[str]:
    """One Number a class, in percent, and ticks for the classes that are impossible."""
    rows = []
    for k, name in enumerate(classes):
        rows.append(f'  <Header size="5" value={quoteattr(name + ", percent")}/>')
        rows.append(f'  <Number name="{CONTROL}-{k}" toName="item-1" min="0" max="100"/>')
    if getattr(signal, "impossible", False):
        rows.append('  <Header size="5" value="Tick what it cannot be"/>')
        rows.append('  <Choices name="impossible" toName="item-1" choice="multiple">')
        rows.extend(f"    <Choice value={quoteattr(name)}/>" for name in classes)
        rows.append("  </Choices>")
    return rows


def _ranker(signal: Signal, classes: Sequence[str]) -> list[str]:
    top = getattr(signal, "top", len(classes))
    return [
        '  <List name="classes" value="$class_list" title="Classes"/>',
        f'  <Ranker name="{CONTROL}" toName="classes">',
        f'    <Bucket name="rank" title="The {top} closest, closest first"/>',
        "  </Ranker>",
    ]


def _pairwise(signal: Signal, classes: Sequence[str]) -> list[str]:
    # Pairwise compares two regions: with an anchor it is shown above them.
    left, right = ("item-2", "item-3") if signal.arity == 3 else ("left", "right")
    rows = []
    if signal.arity == 4:
        rows = [
            '  <Text name="left" value="$pair_1"/>',
            '  <Text name="right" value="$pair_2"/>',
        ]
    return [*rows, f'  <Pairwise name="{CONTROL}" toName="{left},{right}"/>']


def _pick(signal: Signal, classes: Sequence[str]) -> list[str]:
    candidates = len(getattr(signal, "pairs", ())) or signal.arity
    rows = [f'    <Choice value="{place}"/>' for place in range(1, candidates + 1)]
    head = f'  <Choices name="{CONTROL}" toName="item-1" choice="single" required="true">'
    return [head, *rows, "  </Choices>"]


def _rating(signal: Signal, classes: Sequence[str]) -> list[str]:
    levels = int(signal.outcomes(2))
    return [f'  <Rating name="{CONTROL}" toName="item-1" maxRating="{levels}"/>']


def _number(signal: Signal, classes: Sequence[str]) -> list[str]:
    return [f'  <Number name="{CONTROL}" toName="item-1" min="0"/>']


_CONTROLS = {
    "choices": _choices,
    "numbers": _numbers,
    "ranker": _ranker,
    "pairwise": _pairwise,
    "pick": _pick,
    "rating": _rating,
    "number": _number,
}
