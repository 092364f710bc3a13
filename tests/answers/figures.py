"""The figures of facts.json, computed by our own readers and calibration.

`FIGURES` maps the path of a figure in facts.json to its computation; `LEFT_OUT` holds the reason
for each that the folder's files cannot give. `test_facts.py` compares, and checks that no figure
is forgotten.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
from scipy import stats
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from labelbits.annotators import calibrate, worth_of_soft
from labelbits.annotators.calibrated import SignalCalibration
from labelbits.annotators.reports import reports
from labelbits.annotators.times import fit_times
from labelbits.annotators.worth import Worth
from labelbits.answers import read_answers
from labelbits.answers.formats.studies import CIFAR10
from labelbits.interface import Answers
from labelbits.signals import Soft


def entropy(p: np.ndarray) -> np.ndarray:
    """Bits of each row."""
    return -(p * np.log2(np.where(p > 0, p, 1.0))).sum(-1)


class Sources:
    """The folder's files, each read once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @functools.cached_property
    def truth(self) -> dict[str, str]:
        """True class of each CIFAR-10 test image."""
        with np.load(self.folder / "cifar10h_counts.npz") as arrays:
            names = arrays["class_names"][arrays["true_label"]]
        return {str(i): str(name) for i, name in enumerate(names)}

    @functools.cached_property
    def hard(self) -> Answers:
        return read_answers(self.folder / "cifar10h_counts.npz")

    @functools.cached_property
    def hard_found(self) -> SignalCalibration:
        return calibrate(self.hard, self.truth)["votes"]

    @functools.cached_property
    def hard_same(self) -> SignalCalibration:
        """Hard labels of the images that have soft labels."""
        names = set(self.first["items"].list.first())
        kept = self.hard.table.filter(pl.col("items").list.first().is_in(list(names)))
        own = Answers(kept, self.hard.items, self.hard.classes, self.hard.annotators)
        return calibrate(own, self.truth)["votes"]

    @functools.cached_property
    def counts(self) -> np.ndarray:
        """(10000, 10) votes, from the canonical table."""
        found = np.zeros((len(self.hard.items), len(self.hard.classes)))
        place = {name: k for k, name in enumerate(self.hard.classes)}
        for item, text in self.hard.table.select(
            pl.col("items").list.first().cast(pl.Int64), "answer"
        ).iter_rows():
            for name, count in json.loads(text).items():
                found[item, place[name]] = count
        return found

    @functools.cached_property
    def shares(self) -> np.ndarray:
        return self.counts / self.counts.sum(1, keepdims=True)

    @functools.cached_property
    def labels(self) -> np.ndarray:
        place = {name: k for k, name in enumerate(self.hard.classes)}
        return np.array([place[self.truth[str(i)]] for i in range(len(self.truth))])

    @functools.cached_property
    def typed(self) -> Answers:
        return read_answers(self.folder / "cifar10s_annotations.parquet")

    @functools.cached_property
    def typed_found(self) -> SignalCalibration:
        return calibrate(self.typed, self.truth)["sparse-soft"]

    @functools.cached_property
    def first(self) -> pl.DataFrame:
        """First showings."""
        return self.typed.table.filter(~pl.col("repeat"))

    @functools.cached_property
    def soft(self) -> Answers:
        """The completed labels that the file carries."""
        return read_answers(self.folder / "cifar10s_annotations.parquet", signal="soft")

    @functools.cached_property
    def soft_first(self) -> tuple[np.ndarray, np.ndarray]:
        """(image, probabilities) of the completed labels of first showings."""
        first = self.soft.table.filter(~pl.col("repeat"))
        report, _ = reports(first["answer"], self.soft.classes, Soft)
        return first["items"].list.first().cast(pl.Int64).to_numpy(), report

    @functools.cached_property
    def ticked(self) -> pl.DataFrame:
        """The file's own columns for first showings: `test_facts.py` checks our answers by them."""
        table = pl.read_parquet(self.folder / "cifar10s_annotations.parquet")
        return table.filter(~pl.col("is_repeat"))

    @functools.cached_property
    def soft_found(self) -> SignalCalibration:
        return calibrate(self.soft)["soft"]

    @functools.cached_property
    def features(self) -> dict[str, np.ndarray]:
        with np.load(self.folder / "cifar10_test_features.npz") as arrays:
            return dict(arrays)

    def logistic(self, order: np.ndarray) -> float:
        """Accuracy on the second half of `order` of a logistic regression on the first."""
        x, y = self.features["features"][order].astype(float), self.features["true_label"][order]
        half = len(x) // 2
        model = make_pipeline(StandardScaler(), LogisticRegression(C=0.003, max_iter=2000))
        return model.fit(x[:half], y[:half]).score(x[half:], y[half:])

    @functools.cached_property
    def images(self) -> np.ndarray:
        return np.unique(self.soft_first[0])

    @functools.cached_property
    def mean_soft(self) -> np.ndarray:
        """Mean completed label of each of `images`."""
        image, report = self.soft_first
        return np.stack([report[image == i].mean(0) for i in self.images])

    @functools.cached_property
    def worth(self) -> dict[int, Worth]:
        image, report = self.soft_first
        found = worth_of_soft(
            image, report, self.counts.astype(np.int64), (1, 2, 3, 4, 5, 6), seed=0
        )
        return {one.soft: one for one in found}

    @functools.cached_property
    def eggs(self) -> Answers:
        return read_answers(self.folder / "alieneggs_triplets.parquet", seed=5)

    @functools.cached_property
    def eggs_found(self) -> SignalCalibration:
        return calibrate(self.eggs)["triplet"]

    @functools.cached_property
    def eggs_right(self) -> tuple[np.ndarray, np.ndarray]:
        """(right or wrong, farther distance / both) of each answer without a tie."""
        place = self.eggs.table["items"].list.eval(pl.element().cast(pl.Int64)).to_list()
        distance = np.array([(abs(a - b), abs(a - c)) for a, b, c in place], dtype=float)
        chosen = self.eggs.table["answer"].cast(pl.Int64).to_numpy()
        apart = distance[:, 0] != distance[:, 1]
        near = distance.argmin(1) == chosen
        return near[apart], (distance.max(1) / distance.sum(1))[apart]

    @functools.cached_property
    def words(self) -> Answers:
        return read_answers(self.folder / "wordsim30_ratings.parquet")

    @functools.cached_property
    def words_found(self) -> SignalCalibration:
        return calibrate(self.words)["rating"]

    @functools.cached_property
    def word_means(self) -> pl.DataFrame:
        """Mean rating of each pair, with the experts' rating and the cosine of embeddings."""
        own = self.words.table.group_by("items", maintain_order=True).agg(
            mean=pl.col("answer").cast(pl.Float64).mean()
        )
        table = pl.read_parquet(self.folder / "wordsim30_ratings.parquet")
        known = table.unique(["word1", "word2"]).select(
            "gold", "idx1", "idx2", items=pl.concat_list("word1", "word2")
        )
        joined = own.join(known, on="items", how="left", maintain_order="left")
        with np.load(self.folder / "wordsim30_embeddings.npz") as arrays:
            points = arrays["embeddings"].astype(float)
        a, b = points[joined["idx1"].to_numpy()], points[joined["idx2"].to_numpy()]
        cosine = (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
        return joined.with_columns(cosine=pl.Series(cosine))


def _mean_entropy_miller_madow(s: Sources) -> float:
    # Miller (1955): + (classes seen - 1) / (2 n ln 2) bits.
    seen, n = (s.counts > 0).sum(1), s.counts.sum(1)
    return float((entropy(s.shares) + (seen - 1) / (2 * n * np.log(2))).mean())


def _information_of_image(s: Sources) -> float:
    weight = s.counts.sum(1) / s.counts.sum()
    return float(entropy(weight @ s.shares) - weight @ entropy(s.shares))


def _information_of_class(s: Sources) -> float:
    joint = s.hard_found.confusion.counts / s.hard_found.confusion.counts.sum()
    return float(entropy(joint.sum(1)) + entropy(joint.sum(0)) - entropy(joint.ravel()))


def _kl(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    return (p * np.log2(np.where(p > 0, p, 1.0) / q)).sum(1)


def _mixed(p: np.ndarray, share: float) -> np.ndarray:
    return (1 - share) * p + share / p.shape[1]


def _jensen_shannon(s: Sources) -> float:
    h, q = s.shares[s.images], s.mean_soft
    middle = (h + q) / 2
    return float((entropy(middle) - (entropy(h) + entropy(q)) / 2).mean())


def _tv(s: Sources) -> np.ndarray:
    return 0.5 * np.abs(s.shares[s.images] - s.mean_soft).sum(1)


def _tv_of_hard_labels(s: Sources) -> float:
    """Share of pairs of one image's hard labels that differ: their mean total variation."""
    counts = s.counts[s.images]
    n = counts.sum(1)
    return float((1 - (counts * (counts - 1)).sum(1) / (n * (n - 1))).mean())


def _times(s: Sources, repeat: bool, name: str) -> float:
    rows = s.typed.table.filter(pl.col("repeat") == repeat)
    found = fit_times(rows["seconds"].to_numpy(), np.zeros(len(rows), dtype=int))
    return getattr(found, name)


def _ratio(low: float, high: float) -> Callable[[Sources], float]:
    def share(s: Sources) -> float:
        right, ratio = s.eggs_right
        return float(right[(ratio > low) & (ratio <= high)].mean())

    return share


Figure = Callable[[Sources], float]
FIGURES: dict[str, Figure] = {
    "cifar10h.images": lambda s: s.hard_found.answers,
    "cifar10h.hard_labels": lambda s: s.hard_found.confusion.counts.sum(),
    "cifar10h.labels_per_image.min": lambda s: s.counts.sum(1).min(),
    "cifar10h.labels_per_image.median": lambda s: np.median(s.counts.sum(1)),
    "cifar10h.labels_per_image.mean": lambda s: s.counts.sum(1).mean(),
    "cifar10h.labels_per_image.max": lambda s: s.counts.sum(1).max(),
    "cifar10h.single_label_accuracy": lambda s: s.hard_found.confusion.accuracy.value,
    "cifar10h.argmax_accuracy": lambda s: np.mean(s.counts.argmax(1) == s.labels),
    "cifar10h.mean_entropy_bits_plugin": lambda s: entropy(s.shares).mean(),
    "cifar10h.mean_entropy_bits_miller_madow": _mean_entropy_miller_madow,
    "cifar10h.median_entropy_bits": lambda s: np.median(entropy(s.shares)),
    "cifar10h.fraction_images_unanimous": lambda s: np.mean(s.shares.max(1) == 1),
    "cifar10h.mutual_information_image_label_bits_plugin": _information_of_image,
    "cifar10h.mutual_information_trueclass_label_bits": _information_of_class,
    "cifar10s.images": lambda s: s.typed_found.items,
    "cifar10s.annotators": lambda s: s.typed_found.annotators,
    "cifar10s.annotations": lambda s: s.typed_found.answers,
    "cifar10s.first_showings": lambda s: len(s.first),
    "cifar10s.repeats": lambda s: s.typed_found.agreement.pairs_repeat,
    "cifar10s.annotations_per_annotator": lambda s: (
        s.first["annotator"].value_counts()["count"].median()
    ),
    "cifar10s.top1_accuracy_first": lambda s: s.typed_found.confusion.accuracy.value,
    "cifar10s.soft_argmax_accuracy_first": lambda s: np.mean(
        s.soft_first[1].argmax(1) == s.labels[s.soft_first[0]]
    ),
    "cifar10s.cifar10h_single_label_accuracy_same_images": lambda s: (
        s.hard_same.confusion.accuracy.value
    ),
    "cifar10s.second_class_given": lambda s: (s.ticked["top2"] >= 0).mean(),
    "cifar10s.mean_impossible_classes": lambda s: s.ticked["n_impossible"].mean(),
    "cifar10s.true_class_called_impossible": lambda s: np.mean(
        [mask >> true & 1 for mask, true in s.ticked["impossible_mask", "true_label"].iter_rows()]
    ),
    "cifar10s.mean_entropy_bits.single_soft_label": lambda s: entropy(s.soft_first[1]).mean(),
    "cifar10s.mean_entropy_bits.mean_soft_label": lambda s: entropy(s.mean_soft).mean(),
    "cifar10s.mean_entropy_bits.cifar10h_same_images": lambda s: entropy(s.shares[s.images]).mean(),
    "cifar10s.mean_entropy_bits.cifar10h_other_images": lambda s: entropy(
        np.delete(s.shares, s.images, axis=0)
    ).mean(),
    "cifar10s.mean_soft_vs_cifar10h.tv_mean": lambda s: _tv(s).mean(),
    "cifar10s.mean_soft_vs_cifar10h.tv_median": lambda s: np.median(_tv(s)),
    **{
        f"cifar10s.mean_soft_vs_cifar10h.kl_h_to_s_bits.eps{share}": lambda s, share=share: _kl(
            s.shares[s.images], _mixed(s.mean_soft, share)
        ).mean()
        for share in (0.001, 0.01, 0.05)
    },
    "cifar10s.mean_soft_vs_cifar10h.kl_s_to_h_bits_eps0.01": lambda s: _kl(
        s.mean_soft, _mixed(s.shares[s.images], 0.01)
    ).mean(),
    "cifar10s.mean_soft_vs_cifar10h.js_bits": _jensen_shannon,
    "cifar10s.mean_soft_vs_cifar10h.argmax_agreement": lambda s: np.mean(
        s.mean_soft.argmax(1) == s.counts[s.images].argmax(1)
    ),
    "cifar10s.mean_soft_vs_cifar10h.mean_soft_argmax_accuracy": lambda s: np.mean(
        s.mean_soft.argmax(1) == s.labels[s.images]
    ),
    "cifar10s.mean_soft_vs_cifar10h.cifar10h_argmax_accuracy_same_images": lambda s: np.mean(
        s.counts[s.images].argmax(1) == s.labels[s.images]
    ),
    "cifar10s.mean_soft_vs_cifar10h.spearman_entropy": lambda s: (
        stats.spearmanr(entropy(s.mean_soft), entropy(s.shares[s.images])).statistic
    ),
    "cifar10s.top1_repeat_agreement": lambda s: s.typed_found.agreement.repeat_same_top.value,
    "cifar10s.tv_between.two_annotators_soft": lambda s: s.soft_found.agreement.between.value,
    "cifar10s.tv_between.same_annotator_repeat": lambda s: s.soft_found.agreement.repeat.value,
    "cifar10s.tv_between.two_hard_labels_cifar10h": _tv_of_hard_labels,
    "cifar10_test_features.explained_variance_256": lambda s: s.features[
        "explained_variance_ratio"
    ].sum(),
    "cifar10_test_features.logreg_5000_5000.first5000_to_last5000.pca256": lambda s: s.logistic(
        np.arange(10_000)
    ),
    "cifar10_test_features.logreg_5000_5000.random_split_seed0.pca256": lambda s: s.logistic(
        np.random.default_rng(0).permutation(10_000)
    ),
    "alieneggs.items": lambda s: s.eggs_found.items,
    "alieneggs.participants": lambda s: s.eggs_found.annotators,
    "alieneggs.triplets": lambda s: s.eggs_found.answers,
    "alieneggs.accuracy_vs_1d_ground_truth": lambda s: s.eggs_right[0].mean(),
    **{
        f"alieneggs.accuracy_by_ratio.{low:.2f}-{high:.2f}": _ratio(low, high)
        for low, high in zip(
            (0.5, 0.55, 0.6, 0.7, 0.8, 0.9), (0.55, 0.6, 0.7, 0.8, 0.9, 1.0), strict=True
        )
    },
    "wordsim30.pairs": lambda s: len(s.word_means),
    "wordsim30.raters": lambda s: s.words_found.annotators,
    "wordsim30.ratings": lambda s: s.words_found.answers,
    "wordsim30.leave_one_out_correlation": lambda s: s.words_found.agreement.between.value,
    "wordsim30.mean_vs_gold_pearson": lambda s: np.corrcoef(
        s.word_means["mean"], s.word_means["gold"]
    )[0, 1],
    "wordsim30.minilm_cosine_vs_mean_pearson": lambda s: np.corrcoef(
        s.word_means["mean"], s.word_means["cosine"]
    )[0, 1],
}
for _name in CIFAR10:
    FIGURES[f"cifar10h.accuracy_by_class.{_name}"] = lambda s, name=_name: (
        lambda c, k: c[k, k] / c[k].sum()
    )(s.hard_found.confusion.counts, s.hard.classes.index(name))
for _name in ("min", "median", "mean", "max"):
    FIGURES[f"cifar10s.annotations_per_image_first.{_name}"] = lambda s, name=_name: getattr(
        s.first["items"].list.first().value_counts()["count"], name
    )()
for _name in ("n", "dropped", "median", "mean", "p10", "p90"):
    _part = "answers" if _name == "n" else _name
    FIGURES[f"cifar10s.seconds_per_annotation_le_300s.{_name}"] = lambda s, part=_part: getattr(
        s.typed_found.seconds, part
    )
for _name in ("dropped", "median", "mean", "p10", "p90"):
    FIGURES[f"alieneggs.seconds_le_300s.{_name}"] = lambda s, part=_name: getattr(
        s.eggs_found.seconds, part
    )
for _name in ("median", "mean"):
    for _which, _repeat in (("first", False), ("repeat", True)):
        FIGURES[f"cifar10s.seconds_per_annotation_le_300s.{_which}_{_name}"] = (
            lambda s, repeat=_repeat, name=_name: _times(s, repeat, name)
        )

#: Value, low and high of each: a fresh split of the hard labels moves them, see `test_facts.py`.
WORTH = {
    f"cifar10s.equivalent_hard_labels_of_m_soft_labels.{m}.{short}": (m, kind)
    for m in range(1, 7)
    for short, kind in (("tv", "total variation"), ("brier", "squared error"), ("kl", "KL"))
}
_RAW = "of the annotator-level file upstream, which the folder does not hold"
_WIDE = "of the 1280 features before PCA, which the folder does not hold"
LEFT_OUT = {
    "cifar10h.annotators_in_upstream_raw_file": _RAW,
    "cifar10h.labels_per_annotator": _RAW,
    "cifar10h.seconds_per_label.status": "a remark, no figure",
    "cifar10h.seconds_per_label.correct_mean": _RAW,
    "cifar10h.seconds_per_label.incorrect_mean": _RAW,
    "cifar10h.seconds_per_label.derived_overall_mean": _RAW,
    "cifar10_test_features.logreg_5000_5000.first5000_to_last5000.1280d": _WIDE,
    "cifar10_test_features.logreg_5000_5000.random_split_seed0.1280d": _WIDE,
    **{
        f"alieneggs.by_sampling.{name}": "how a question was chosen is no column of the answers"
        for name in ("uncertainty", "random", "test")
    },
}
