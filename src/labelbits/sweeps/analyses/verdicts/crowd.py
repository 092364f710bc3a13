"""Verdicts on what real people's answers teach."""

from __future__ import annotations

import numpy as np

from labelbits.sweeps.analyses.verdicts.rows import Found, Rows, above, difference

#: Panels of differences at equal images, in accuracy and in nats.
ACCURACY, NATS = "gain in accuracy, by images", "nats saved, by images"
#: Where classes are held out: what its panels begin with.
HELD_OUT = ("two classes held out", "a group held out")


def crowd(rows: Rows) -> Found:
    """Labels of CIFAR-10H and CIFAR-10S."""
    yield from _per_image(rows)
    yield from _beyond_the_mode(rows)
    yield from _sparse(rows)
    yield from _per_label(rows)
    yield from _reports(rows)
    yield from _few_shots(rows)
    yield from _held_out(rows)


def _said(one: np.ndarray, unit: str, digits: int = 3) -> str:
    x, value, error = one
    return f"{value:+.{digits}f} +- {error:.{digits}f} {unit}at {x:,.0f} images"


def _ends(rows: Rows, panel: str, line: str) -> list[np.ndarray]:
    ends = rows.ends(panel, line)
    return [] if ends is None else list(ends)


def _per_image(rows: Rows) -> Found:
    few, many = "Soft labels teach more an image than one vote where images are few.", \
        "They still do where images are many."  # fmt: skip
    for panel, unit in ((ACCURACY, ""), (NATS, "nats ")):
        ends = _ends(rows, panel, "soft over hard")
        for claim, one in zip((few, many), ends, strict=False):
            yield f"{claim[:-1]} ({_measure(panel)}).", above(one[1], one[2]), _said(one, unit)


def _measure(panel: str) -> str:
    return "accuracy" if panel == ACCURACY else "cross-entropy"


def _beyond_the_mode(rows: Rows) -> Found:
    for panel, unit in ((ACCURACY, ""), (NATS, "nats ")):
        course = rows.course(panel, "soft over mode")
        corrected = rows.course(panel, "mode over hard")
        if not len(course) or not len(corrected):
            continue
        middle = len(course) // 2
        each = [above(value, error) for _, value, error in course[[0, middle, -1]]]
        yield (
            f"Human soft labels gain beyond correcting the mode ({_measure(panel)}).",
            True if all(one is True for one in each) else False if False in each else None,
            ", ".join(_said(one, unit) for one in course[[0, middle, -1]])
            + f"; correcting the mode itself gains {_said(corrected[middle], unit)}",
        )  # fmt: skip
        flat = rows.course(panel, "soft over smoothed mode")
        if len(flat):
            yield (
                "What they gain is about single images, and not smoothing of all alike "
                f"({_measure(panel)}).", above(*flat[middle, 1:]), _said(flat[middle], unit)
                + " over modes that are smoothed as much",
            )  # fmt: skip


def _sparse(rows: Rows) -> Found:
    """Sparse soft labels against whole ones, by what each gains over one vote."""
    for panel, unit in ((ACCURACY, ""), (NATS, "nats ")):
        whole, sparse, apart = (
            rows.course(panel, line)
            for line in ("soft over hard", "sparse-soft over hard", "sparse-soft over soft")
        )
        if len(whole) and len(whole) == len(sparse) == len(apart):
            i = len(whole) // 2
            share = sparse[i, 1] / whole[i, 1] if whole[i, 1] > 0 else float("nan")
            worse = above(*apart[i, 1:]) is False
            yield (
                f"The two classes most named do nearly as well as whole soft labels "
                f"({_measure(panel)}).", bool(share > MOST_KEPT) or not worse,
                f"{100 * share:.0f} % of the gain over one vote, {_said(apart[i], unit, 4)}",
            )  # fmt: skip


#: Share of the gain of whole soft labels from which sparse ones do nearly as well.
MOST_KEPT = 0.8


def _at(course: np.ndarray, x: float) -> tuple[float, float]:
    """(value, error) of a course at x, between its points evenly in ln x."""
    place = np.log(course[:, 0])
    value, error = (float(np.interp(np.log(x), place, course[:, j])) for j in (1, 2))
    return value, error


def _compared(
    rows: Rows, panel: str, one: str, other: str
) -> tuple[float, float, float, float, float] | None:
    """(x, value of `one`, of `other`, gain of `one`, its error) at the largest x that both
    courses reach; None where there is none."""
    a, b = rows.course(panel, one), rows.course(panel, other)
    if not len(a) or not len(b):
        return None
    at = float(min(a[-1, 0], b[-1, 0]))
    if at < max(a[0, 0], b[0, 0]):
        return None
    (v, e), (w, f) = _at(a, at), _at(b, at)
    gain, error = difference(np.array([at, w, f]), np.array([at, v, e]))
    return at, v, w, gain, error


def _per_label(rows: Rows) -> Found:
    for metric, sign in (("accuracy", 1), ("cross-entropy", -1)):
        panel = f"{metric}, by labels"
        for many in ("votes", "soft"):
            found = _compared(rows, panel, "hard", many)
            if found:
                at, v, w, gain, error = found
                yield (
                    f"At equal labels one vote an image beats {_WORDS[many]} ({metric}).",
                    above(sign * gain, error),
                    f"{v:.3f} and {w:.3f} at {at:,.0f} labels ({gain:+.3f} +- {error:.3f})",
                )  # fmt: skip


_WORDS = {
    "votes": "three votes", "soft": "all votes of fewer images", "report": "a report",
}  # fmt: skip


def _reports(rows: Rows) -> Found:
    """CIFAR-10S at the real times: reports against votes."""
    for metric, sign in (("accuracy", 1), ("cross-entropy", -1)):
        images = _compared(rows, f"{metric} on CIFAR-10S images, by images", "report", "hard")
        if images:
            at, v, w, gain, error = images
            yield (
                f"One person's report teaches more than one vote about the same image ({metric}).",
                above(sign * gain, error),
                f"{v:.3f} and {w:.3f} at {at:,.0f} images ({gain:+.3f} +- {error:.3f})",
            )  # fmt: skip
        money = _compared(rows, f"{metric} on CIFAR-10S images, by USD", "report", "soft")
        if money:
            at, v, w, gain, error = money
            yield (
                "At the real times reports of the same images are worth their money against votes "
                f"({metric}).", above(sign * gain, error),
                f"a report an image {v:.3f}, about 51 votes an image {w:.3f} at {at:,.0f} USD "
                f"({gain:+.3f} +- {error:.3f})",
            )  # fmt: skip
        spent = rows.course(f"{metric} on CIFAR-10S images, by USD", "report")
        whole = rows.course(f"{metric}, by USD", "hard")
        if len(spent) and len(whole):
            last, vote = spent[-1], whole[-1]
            gain, error = difference(vote, last)
            yield (
                f"One report an image is worth more than votes of more images ({metric}).",
                above(sign * gain, error),
                f"{last[1]:.3f} for {last[0]:,.0f} USD of reports, {vote[1]:.3f} for "
                f"{vote[0]:,.0f} USD of single votes",
            )  # fmt: skip


def _few_shots(rows: Rows) -> Found:
    for metric, sign in (("accuracy", 1), ("cross-entropy", -1)):
        panel = f"few shots: {metric}, by shots a class"
        soft, hard = rows.course(panel, "soft"), rows.course(panel, "hard")
        if len(soft) and len(hard):
            gain, error = difference(hard[0], soft[0])
            yield (
                f"Few shots call for rich labels ({metric}).", above(sign * gain, error),
                f"soft {soft[0, 1]:.3f} +- {soft[0, 2]:.3f}, hard {hard[0, 1]:.3f} +- "
                f"{hard[0, 2]:.3f} at {soft[0, 0]:.0f} shot a class; {soft[-1, 1]:.3f} and "
                f"{hard[-1, 1]:.3f} at {soft[-1, 0]:.0f}",
            )  # fmt: skip


def _held_out(rows: Rows) -> Found:
    for where in HELD_OUT:
        gained = rows.course(f"{where}: gain, by images", "soft over hard")
        soft, hard, bare = (
            rows.course(f"{where}: accuracy, by images", name)
            for name in ("soft", "hard", "features alone")
        )
        if not len(gained) or not len(soft):
            continue
        yield (
            f"Soft labels carry over better to classes that no one labelled ({where}).",
            above(*gained[-1, 1:]),
            f"soft {soft[-1, 1]:.3f}, hard {hard[-1, 1]:.3f}, {_said(gained[-1], '')}",
        )  # fmt: skip
        gain, error = difference(bare[-1], soft[-1])
        yield (
            f"Labels of other classes help at all there ({where}).", above(gain, error),
            f"soft {soft[-1, 1]:.3f} +- {soft[-1, 2]:.3f}, the features alone {bare[-1, 1]:.3f} +- "
            f"{bare[-1, 2]:.3f}",
        )  # fmt: skip


def courses(rows: Rows) -> Found:
    """Encoders trained on people's answers."""
    for what in ("probe", "few shots", "alignment with people"):
        yield from _best_early_and_late(rows, f"{what}, by steps", what, "images")
    for what in ("answers foretold: new shoes", "answers foretold: new questions"):
        yield from _best_early_and_late(rows, f"{what}, by steps", what.split(": ")[0],
                                        what.split("new ")[1])  # fmt: skip
    panels = rows.table["panel"].unique(maintain_order=True).to_list()
    for panel in (p for p in panels if p.startswith("lost at the end: ")):
        lost = [(s, rows.course(panel, s)[0]) for s in rows.signals(panel)]
        most = max(lost, key=lambda one: one[1][1])
        yield (
            f"Training to the end loses nothing of the best look ({panel.split(': ', 1)[1]}).",
            not above(most[1][1] - 0.01, most[1][2]),
            ", ".join(f"{s} {o[1]:.3f} +- {o[2]:.3f}" for s, o in lost),
        )  # fmt: skip


#: Share of the steps after which a course counts as early.
EARLY = 0.05


def _best_early_and_late(rows: Rows, panel: str, what: str, of: str) -> Found:
    lines = [(s, rows.course(panel, s, "simulation")) for s in rows.signals(panel)]
    lines = [(s, course) for s, course in lines if len(course) > 1]
    if len(lines) < 2:
        return
    at = int(np.argmin(np.abs(np.log(lines[0][1][:, 0] / (EARLY * lines[0][1][-1, 0])))))
    early, late = (sorted(((c[i], s) for s, c in lines), key=lambda one: -one[0][1])
                   for i in (at, -1))  # fmt: skip
    leads = []
    for ranked, other in ((early, late), (late, early)):
        rival = next(point for point, s in ranked if s == other[0][1])
        leads.append(above(*difference(rival, ranked[0][0])))
    same = early[0][1] == late[0][1]
    changed = all(one is True for one in leads)
    (first, a), (last, b) = early[0], late[0]
    yield (
        f"What is best early is best late ({of}, {what}).",
        True if same else False if changed else None,
        f"{a} leads at {first[0]:.0f} steps ({first[1]:.3f} +- {first[2]:.3f}), {b} at "
        f"{last[0]:.0f} ({last[1]:.3f} +- {last[2]:.3f})",
    )  # fmt: skip
