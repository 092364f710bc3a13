"""Texts and images as vectors: TF-IDF with no download, or any model that is named.

What a model makes of an item is kept in the user's cache by the content of the item and of the
model, so that the same text is embedded once, whatever table it stands in.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from labelbits.errors import InputError
from labelbits.items import models
from labelbits.items.texts import embed_texts
from labelbits.items.undescribed import image_at

Kind = Literal["text", "image"]
Progress = Callable[[str, float], None]
#: The embedding of texts where none is named.
TFIDF = "tfidf"


@dataclass(frozen=True)
class OfTexts:
    """An embedding of texts that needs no model: `made(texts, seed)` is (texts, columns) float32,
    `words` say in a sentence by what, `short` while it is at work."""

    made: Callable[[Sequence[str], int], np.ndarray]
    words: str
    short: str


#: Those that need no download, by the name that `embedding` and `--embedding` take.
OF_TEXTS = {
    TFIDF: OfTexts(
        lambda texts, seed: embed_texts(texts, seed=seed), "TF-IDF and truncated SVD", "TF-IDF"
    )
}
#: The timm model of images where none is named: 13 MB of weights, 1,280 columns.
IMAGES = "tf_efficientnet_lite0"
#: Items that a model takes at a time.
BATCH = 64
#: The environment variable that names another folder for kept vectors.
CACHE = "LABELBITS_CACHE"


def embed(
    values: Sequence[str],
    kind: Kind,
    model: str | None = None,
    *,
    seed: int = 0,
    progress: Progress = lambda what, share: None,
    where: str = "",
) -> tuple[np.ndarray, str]:
    """(vectors (items, columns) float32, what was done) of texts, or of the images at these paths.

    `model` is one of `OF_TEXTS` (texts; "tfidf" is the default), or a sentence-transformers or timm
    model by its name or folder. Paths of images start where the program runs, or else beside the
    files `where`.
    Raises `InputError` for a model that cannot be loaded and an item that it cannot read.
    """
    own = OF_TEXTS.get(model or TFIDF) if kind == "text" else None
    if own is not None:
        progress(f"texts become vectors by {own.short}", 0.0)
        vectors = own.made(values, seed)
        return vectors, (
            f"texts became {vectors.shape[1]} columns by {own.words}, with no download"
        )
    if model in OF_TEXTS:
        raise InputError(
            f"embedding is {model!r}, which is for texts; expected the name of a timm model"
        )
    name = model or IMAGES
    if kind == "image":
        values = [str(_image(value, where)) for value in values]
    found = Kept(models.identity(kind, name))
    keys = [_key(value, kind) for value in values]
    missing = [k for k, key in enumerate(dict.fromkeys(keys)) if key not in found]
    fresh = list(dict(zip(keys, values, strict=True)).items())
    todo = [fresh[k] for k in missing]
    try:
        progress(f"loading {name}", 0.0)
        load = models.load_texts if kind == "text" else models.load_images
        loaded = load(name) if todo else None
        for first in range(0, len(todo), BATCH):
            progress(f"{name} reads {len(todo):,} {kind}s", first / len(todo))
            part = todo[first : first + BATCH]
            assert loaded is not None
            found.add([key for key, _ in part], loaded([value for _, value in part]))
    finally:
        found.write()  # what was done before a stop is done
    vectors = found.of(keys)
    again = (
        f" ({len(fresh) - len(todo):,} of them kept from before)" if len(todo) < len(fresh) else ""
    )
    return vectors, f"{kind}s became {vectors.shape[1]} columns by {name}{again}"


def _image(value: str, where: str) -> Path:
    """The file that a cell names, from here or from beside the table."""
    found = image_at(value, where)
    if found is None:
        raise InputError(
            f"{where}: image {value!r} is not there; expected the path of a file, from the folder "
            "of the table, from a folder in it, or from here"
        )
    return found


def _key(value: str, kind: Kind) -> str:
    """An item by its content."""
    data = value.encode("utf-8", "surrogatepass") if kind == "text" else Path(value).read_bytes()
    return hashlib.blake2b(data, digest_size=16).hexdigest()


class Kept:
    """Vectors by the content of their items, of one model, in a file of the user's cache."""

    def __init__(self, identity: str) -> None:
        name = hashlib.blake2b(identity.encode(), digest_size=16).hexdigest()
        folder = cache_folder()
        self.path = None if folder is None else folder / f"{name}.npz"
        self.place: dict[str, int] = {}
        self.vectors: list[np.ndarray] = []
        self.new = False
        if self.path is not None and self.path.is_file():
            with (
                contextlib.suppress(OSError, ValueError, KeyError, EOFError),
                np.load(self.path, allow_pickle=False) as kept,
            ):
                keys, rows = kept["keys"].astype(str).tolist(), kept["vectors"]
                if len(keys) == len(rows):
                    self.place, self.vectors = {k: n for n, k in enumerate(keys)}, list(rows)

    def __contains__(self, key: str) -> bool:
        return key in self.place

    def add(self, keys: Sequence[str], vectors: np.ndarray) -> None:
        """Keep the vectors of new items."""
        for key, vector in zip(keys, np.asarray(vectors, dtype=np.float32), strict=True):
            self.place[key] = len(self.vectors)
            self.vectors.append(vector)
            self.new = True

    def of(self, keys: Sequence[str]) -> np.ndarray:
        """(items, columns) float32."""
        return np.stack([self.vectors[self.place[key]] for key in keys]).astype(np.float32)

    def write(self) -> None:
        """Write what is new; a cache that cannot be written is no reason to stop."""
        if self.path is None or not self.new:
            return
        beside = self.path.with_name(f"{self.path.name}.{os.getpid()}.tmp")
        with contextlib.suppress(OSError):
            with beside.open("wb") as stream:
                np.savez(stream, keys=np.array(list(self.place)), vectors=np.stack(self.vectors))
            beside.replace(self.path)
        beside.unlink(missing_ok=True)


def cache_folder() -> Path | None:
    """Where vectors are kept; None where nothing can be written."""
    import platformdirs

    told = os.environ.get(CACHE)
    base = Path(told) if told else Path(platformdirs.user_cache_dir("labelbits", appauthor=False))
    folder = base / "embeddings"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return folder if os.access(folder, os.W_OK) else None
