"""What the figures of `labelbits reproduce` say and how their panels are laid out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

WINNER, SHARE = "winner at price ratio ", "share of draws won at price ratio "
MAP = "cheapest signal"
#: Lines that are no signals, in the order that gives each its colour.
OTHER_LINES = (
    "soft over hard", "votes over hard", "soft over mode", "sparse-soft over hard", "mode",
    "report", "reports", "mode over hard", "soft over smoothed mode", "sparse-soft over soft",
    "smoothed mode over mode", "shoes: linear map", "shoes: network", "shapes: their names",
    "shapes: free",
)  # fmt: skip
#: Bits below this are those of encoders that have hardly begun: the axis ends here.
LEAST_BITS = -1.0


@dataclass(frozen=True)
class Look:
    """How one figure is laid out: titles of its axes, logarithmic axes, panels in a row."""

    title: str
    caption: str
    x: str
    y: str
    log_x: bool = True
    log_y: bool = False
    columns: int = 3


LOOKS = {
    "bits": Look(
        "Bits of one answer",
        "Claim: how much a label says depends on the number of classes, of dimensions, and on "
        "noise. Lines are integrals of the likelihood, markers are sampled worlds and answers, "
        "with two standard errors. Each panel moves one number and keeps the others.",
        "", "bits an answer", log_y=True, columns=2,
    ),
    "total": Look(
        "Bits of all answers together, in a small world",
        "Claim: what answers say together depends on how many there are. Lines are theory, the "
        "smaller of 1/2 log2 det(I + F) and the sum of the answers' bits; markers are simulation, "
        "midway between two bounds by annealed importance sampling, with two standard errors that "
        "hold half the gap. The panels of classes, dimensions and noise have four answers an item.",
        "", "bits", log_y=True,
    ),
    "recovery": Look(
        "Quality of the recovered space",
        "Claim: more bits, better representations. Worlds are recovered by MAP. No learner can be "
        "below the rate-distortion limit of Procrustes disparity (black line); for Spearman the "
        "line is what a Gaussian code at that limit reaches. Bits are the theory of all answers.",
        "", "", columns=2,
    ),
    "triplets": Look(
        "Bits of one triplet as triplets are added",
        "Claim: answers about the same items overlap, so that each new triplet says less. No "
        "triplet says more than one alone, nor all together more than N log2 (N - 1)! bits.",
        "triplets an item", "bits a triplet", log_y=True,
    ),
    "saturation": Look(
        "Soft labels as classes pass the number of dimensions",
        "Claim: once classes exceed dimensions a soft label already fixes the item, and further "
        "classes add little. One soft label an item; careful reports are near the exact "
        "probabilities.",
        "classes", "", log_x=False,
    ),
    "shots": Look(
        "A classifier on the recovered space, by shots a class",
        "Claim: few answers call for rich signals; with many, hard labels do. Nearest centroid "
        "of the shots; in distribution, on items from a shifted prior, and with classes that no "
        "question was about. Black: the same classifier on the true positions.",
        "shots a class", "accuracy", log_x=False,
    ),
    "transfer": Look(
        "The same classifier at the most shots, by answers an item",
        "Claim: hard labels in the big-data regime, richer signals for few shots and out of "
        "distribution. Every signal at the same number of answers, whatever they cost. Black: the "
        "true positions.",
        "answers an item", "accuracy",
    ),
    "dynamics": Look(
        "How encoders learn from each kind of answer",
        "Claims: the dynamics of learning depend on the signal and on the number of labels, "
        "classes and dimensions. Encoders (32 columns to 64 to 8) are trained by gradient descent "
        "on the likelihood of each kind of answer; x = g(z) + noise, g random and smooth. "
        "Everything is measured on items that were not trained on. Alignment is the Spearman "
        "correlation of distances with the true ones.",
        "", "", columns=2,
    ),
    "crowd": Look(
        "What real people's labels teach",
        "Claims: richer labels teach more an image, and which is best depends on what people's "
        "time costs. A classifier on image features learns from CIFAR-10H (hard: one vote, votes: "
        "three, soft: all about 51; mode: the class named most; sparse-soft: the two named most) "
        "and CIFAR-10S (report: one person's soft label, reports: all of an image). Tested on "
        "images that no one could buy, by the true class and, for cross-entropy, by all votes. "
        "Money: 1.9 s a vote, the measured time of a report, 12 USD an hour. Differences are of "
        "the same purchases and tested images.",
        "", "", columns=3,
    ),
    "crowd-dynamics": Look(
        "How encoders learn from real people's answers",
        "Claim: training time changes which answers are best. Encoders are trained on answers "
        "about the images with CIFAR-10S reports, on triplets about shoes (judged on shoes that no "
        "training answer was about) and on pairs of shapes (on questions never asked).",
        "steps", "", columns=2,
    ),
    "tradeoff": Look(
        "What a quality costs, and which signal is cheapest",
        "Claim: which signal is best depends on its price. A choice (hard, triplet, ...) costs 1, "
        "a count of votes 3, a report about several classes (soft, sparse-soft, ranking, "
        "candidates) the price ratio. The break-even price of a signal is what one answer may "
        "cost, in hard labels. The map has squares for signals with solid lines and diamonds for "
        "dashed ones; faint ones won in fewer bootstrap draws.",
        "", "", columns=2,
    ),
}  # fmt: skip

#: Panel -> titles of its axes and whether they are logarithmic, where the figure's do not fit.
AXES: dict[str, dict[str, Any]] = {
    "classes": {"x": "classes"},
    "dimensions": {"x": "dimensions"},
    "precision": {"x": "precision"},
    "lapse": {"x": "lapse", "log_x": False},
    "each answer": {"x": "answers an item", "y": "bits an answer"},
    "bits by answers an item": {"x": "answers an item", "y": "bits", "log_y": True},
    "bits of a label": {"y": "bits", "log_y": True},
    "prototypes known": {"y": "Spearman"},
    "prototypes unknown": {"y": "Spearman"},
    "break-even price": {"x": "Spearman", "y": "hard labels", "log_x": False, "log_y": True},
    MAP: {"x": "price of a report / price of a choice", "y": "Spearman"},
}
