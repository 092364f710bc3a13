"""scikit-learn's estimator checks: those that pass, and for each other one why it cannot."""

from __future__ import annotations

import pickle
import re
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.utils.estimator_checks import check_estimator
from sklearn.utils.validation import check_is_fitted

import labelbits as lb

#: What the checks feed, and what `fit` says to it.
REPEATED = ("rows that repeat a whole number", "names an item twice")
WIDTH = ("rows that are not three numbers", "expected n x 3")

#: check -> what it feeds, or asks for, that triplets cannot be; and what the failure must say.
CANNOT_APPLY = {
    "check_fit_score_takes_y": REPEATED,
    "check_estimators_overwrite_params": WIDTH,
    "check_dont_overwrite_parameters": REPEATED,
    "check_estimators_fit_returns_self": WIDTH,
    "check_readonly_memmap_input": WIDTH,
    "check_n_features_in_after_fitting": WIDTH,
    "check_positive_only_tag_during_fit": WIDTH,
    "check_estimators_dtypes": WIDTH,
    "check_sample_weights_pandas_series": WIDTH,
    "check_sample_weights_not_an_array": WIDTH,
    "check_sample_weights_list": REPEATED,
    "check_all_zero_sample_weights_error": WIDTH,
    "check_sample_weights_shape": WIDTH,
    "check_sample_weights_not_overwritten": WIDTH,
    "check_sample_weight_equivalence_on_dense_data": WIDTH,
    "check_dtype_object": WIDTH,
    "check_estimators_empty_data_messages": (
        "a table without columns, with a message about features", "expected n x 3",
    ),
    "check_pipeline_consistency": REPEATED,
    "check_estimators_nan_inf": (
        "a table of the wrong width, whose NaN are never reached", "check for NaN and inf",
    ),
    "check_estimators_pickle": REPEATED,
    "check_f_contiguous_array_estimator": REPEATED,
    "check_transformer_data_not_an_array": REPEATED,
    "check_transformer_general": REPEATED,
    "check_transformer_n_iter": REPEATED,
    "check_methods_sample_order_invariance": REPEATED,
    "check_methods_subset_invariance": REPEATED,
    "check_fit2d_1sample": ("one row of ten, with a message about samples", "expected n x 3"),
    "check_fit2d_1feature": ("one column, with a message about features", "expected n x 3"),
    "check_dict_unchanged": REPEATED,
    "check_fit_idempotent": WIDTH,
    "check_fit_check_is_fitted": WIDTH,
    "check_n_features_in": WIDTH,
    "check_fit2d_predict1d": REPEATED,
}  # fmt: skip


def test_each_check_passes_or_cannot_apply() -> None:
    reasons = {name: reason for name, (reason, _) in CANNOT_APPLY.items()}
    found = check_estimator(
        lb.SignalEmbedding(1), expected_failed_checks=reasons, on_fail=None, on_skip=None
    )
    by_status: dict[str, set[str]] = {}
    for one in found:
        by_status.setdefault(one["status"], set()).add(one["check_name"])
    # A check that fails without a reason, or passes in spite of one, is news.
    assert by_status.get("failed", set()) == set()
    assert by_status["xfail"] == set(CANNOT_APPLY)
    assert len(by_status["passed"]) >= 18
    for one in found:
        if one["status"] == "xfail":
            causes = [one["exception"], one["exception"].__cause__, one["exception"].__context__]
            said = " ".join(str(cause) for cause in causes)
            assert re.search(CANNOT_APPLY[one["check_name"]][1], said), (one["check_name"], said)


def test_the_documentation_lists_them() -> None:
    page = Path(__file__).parents[2] / "docs" / "recovery.md"
    listed = dict(re.findall(r"^\| `(check_\w+)` \| (.+) \|$", page.read_text(), re.MULTILINE))
    assert listed == {name: reason for name, (reason, _) in CANNOT_APPLY.items()}


def test_what_they_look_for_holds_with_triplets(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    points = generator.normal(size=30)
    t = generator.permuted(np.tile(np.arange(30), (400, 1)), axis=1)[:, :3]
    far = np.abs(points[t[:, 0]] - points[t[:, 1]]) > np.abs(points[t[:, 0]] - points[t[:, 2]])
    t[far] = t[far][:, [0, 2, 1]]
    weight = generator.uniform(0.5, 2, 400).astype(np.float32)
    model = lb.SignalEmbedding(1, random_state=0)
    params = dict(model.get_params())
    assert model.fit(t, sample_weight=weight) is model
    expected, given, told = model.embedding_, t.copy(), weight.copy()
    assert model.get_params() == params
    assert model.n_features_in_ == 3
    check_is_fitted(model)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).predict(t), model.predict(t))
    order = generator.permutation(400)
    np.testing.assert_array_equal(model.predict(t[order]), model.predict(t)[order])

    np.save(tmp_path / "t.npy", t)
    tables = {
        "again": (t, weight),
        "memory-mapped, read only": (np.load(tmp_path / "t.npy", mmap_mode="r"), weight),
        "Fortran order": (np.asfortranarray(t), weight),
        "objects": (t.astype(object), weight),
        "lists": (t.tolist(), weight.tolist()),
        "a series": (t, pl.Series(weight)),
    }
    for name, (table, each) in tables.items():
        found = clone(model).fit(table, sample_weight=each).embedding_
        np.testing.assert_array_equal(found, expected, err_msg=name)
    np.testing.assert_array_equal(t, given)
    np.testing.assert_array_equal(weight, told)

    for bad, match in (
        (np.where(t == 3, -1, t), "row .*out of range"),
        (np.where(t == 3, np.nan, t), "not whole numbers"),
        (np.where(t == 3, np.inf, t), "not whole numbers"),
    ):
        with pytest.raises(lb.InputError, match=match):
            model.fit(bad)
    with pytest.raises(lb.InputError, match="0 everywhere"):
        model.fit(t, sample_weight=np.zeros(400))
