"""Texts as vectors, with no download: TF-IDF and truncated SVD (latent semantic analysis)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from labelbits.errors import InputError

#: Columns of the vectors at most.
COLUMNS = 100


def embed_texts(texts: Sequence[str], columns: int = COLUMNS, seed: int = 0) -> np.ndarray:
    """Vectors (texts, at most `columns`), float32: TF-IDF of words and pairs of words, reduced.

    Terms are weighted by sublinear frequency and inverse document frequency, then projected on the
    first singular vectors (Deerwester et al. 1990). Terms that one text alone holds are left out
    where others remain. Raises `InputError` where no text holds a word.
    """
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer

    for least in (2, 1):
        vectoriser = TfidfVectorizer(
            sublinear_tf=True, ngram_range=(1, 2), min_df=min(least, len(texts)),
            max_features=50_000, token_pattern=r"(?u)\b\w+\b",
        )  # fmt: skip
        try:
            weights = vectoriser.fit_transform(texts)
        except ValueError:
            continue  # no term is left
        most = min(columns, weights.shape[0] - 1, weights.shape[1] - 1)
        if most >= 1:
            with np.errstate(all="ignore"):  # equal texts have no spread to share out
                found = TruncatedSVD(most, random_state=seed).fit_transform(weights)
            return found.astype(np.float32)
    raise InputError(f"the {len(texts):,} texts hold no words in common; expected texts")
