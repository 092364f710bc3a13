"""Examples that work without any file: scikit-learn's digits with simulated annotators."""

from __future__ import annotations

import numpy as np

from labelbits.errors import InputError
from labelbits.planning.evidence.loading import Evidence
from labelbits.planning.spec.planfile import PlanFile, SimulatedAnnotators

PREFIX = "bundled:"


def is_bundled(name: object) -> bool:
    """Does `features` name a bundled example and not a file?"""
    return isinstance(name, str) and name.startswith(PREFIX)


def bundled_evidence(plan: PlanFile, seed: int) -> Evidence:
    """Features and gold of a bundled example; its annotators are simulated, and the note says so.

    Each image gets votes from pi = softmax(log p / temperature), mixed with the lapse, where p
    are the out-of-fold probabilities of a linear discriminant: images that look like another
    digit are the ones that annotators confuse.
    """
    name = str(plan.dataset.features).removeprefix(PREFIX)
    if name != "digits":
        raise InputError(
            f"[dataset] features is 'bundled:{name}'; expected 'bundled:digits' or a file"
        )
    from sklearn.datasets import load_digits
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
    from sklearn.model_selection import cross_val_predict

    pixels, digit = load_digits(return_X_y=True)
    features, gold = np.asarray(pixels, dtype=np.float32), np.asarray(digit, dtype=np.int64)
    annotators = plan.dataset.simulated_annotators or SimulatedAnnotators.model_validate({})
    varies = features.std(0) > 0
    model = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=0.3)
    p = cross_val_predict(model, features[:, varies], gold, cv=5, method="predict_proba")
    p = np.asarray(p, dtype=np.float64)
    # Annotators see more than the model: half of the weight is on the truth itself.
    p = 0.5 * p + 0.5 * np.eye(10)[gold]
    pi = np.maximum(p, 1e-6) ** (1 / annotators.temperature)
    pi /= pi.sum(1, keepdims=True)
    pi = (1 - annotators.lapse) * pi + annotators.lapse / 10
    counts = np.random.default_rng(seed).multinomial(annotators.votes, pi).astype(np.float64)
    return Evidence(
        features,
        counts,
        gold,
        tuple(str(k) for k in range(10)),
        warnings=(
            "The annotators of this example are simulated: the images and their true digits are "
            f"real (scikit-learn's digits), the {annotators.votes} votes on each are not",
        ),
    )
