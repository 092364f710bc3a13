"""Models of the extras `text` and `image`: sentence-transformers and timm, by name or folder."""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import io
import logging
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from labelbits.errors import InputError


class TextModel:
    """A sentence-transformers model."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def __call__(self, values: Sequence[str]) -> np.ndarray:
        found = self.model.encode(list(values), show_progress_bar=False, convert_to_numpy=True)
        return np.asarray(found, dtype=np.float32)


class ImageModel:
    """A timm model without its last layer, and the transform that its weights expect."""

    def __init__(self, model: Any, transform: Any) -> None:
        self.model, self.transform = model, transform

    def __call__(self, values: Sequence[str]) -> np.ndarray:
        torch: Any = importlib.import_module("torch")
        with torch.inference_mode():
            pixels = torch.stack([self.transform(_opened(path)) for path in values])
            return self.model(pixels).cpu().numpy().astype(np.float32)


def load_texts(name: str) -> TextModel:
    """A sentence-transformers model by its name or folder.

    Raises `InputError` where the extra is not installed, and where the model cannot be loaded.
    """
    library = _library("sentence_transformers", "text", "or leave it out: TF-IDF needs nothing")
    with _quiet(), _told(name, "a sentence-transformers model", "texts"):
        model = library.SentenceTransformer(name, device=_device())
    return TextModel(model)


def load_images(name: str) -> ImageModel:
    """A timm model by its name, or by a folder of config.json and weights, as `load_texts`."""
    timm = _library("timm", "image", "or give features of your own with --features")
    folder = Path(name).expanduser()
    with _quiet(), _told(name, "a timm model", "images"):
        known = f"local-dir:{folder}" if folder.is_dir() else name
        model = timm.create_model(known, pretrained=True, num_classes=0).eval().to(_device())
        config = timm.data.resolve_model_data_config(model)
        transform = timm.data.create_transform(**config, is_training=False)
    return ImageModel(model, transform)


def _library(module: str, extra: str, otherwise: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError as problem:
        package = module.replace("_", "-")
        raise InputError(
            f"{package} is not installed ({problem}); expected it for models of {extra}s: "
            f"pip install 'labelbits[{extra}]', {otherwise}"
        ) from None


@contextlib.contextmanager
def _told(name: str, what: str, of: str) -> Iterator[None]:
    """Whatever a library raises while it looks for a model, as one message."""
    try:
        yield
    except InputError:
        raise
    except Exception as problem:
        line = str(problem).strip().splitlines()[0][:200] if str(problem).strip() else ""
        raise InputError(
            f"model {name!r} for {of} cannot be loaded ({type(problem).__name__}: {line}); "
            f"expected {what} by its name (downloaded once, which needs a network) or its folder"
        ) from None


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without the bars and lines that libraries print while they load: a message says what is
    wrong, and progress is ours to tell."""
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            yield
    finally:
        logging.disable(before)


def _device() -> str:
    torch: Any = importlib.import_module("torch")
    return "cuda" if torch.cuda.is_available() else "cpu"


def identity(kind: str, name: str) -> str:
    """What vectors depend on: a folder by the content of its files, a name by itself."""
    folder = Path(name).expanduser()
    if not folder.is_dir():
        return f"{kind} {name}"
    made = hashlib.blake2b(digest_size=16)
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        made.update(str(path.relative_to(folder)).encode())
        with path.open("rb") as stream:
            made.update(hashlib.file_digest(stream, "blake2b").digest())
    return f"{kind} {made.hexdigest()}"


def _opened(path: str) -> Any:
    pillow: Any = importlib.import_module("PIL.Image")
    try:
        with pillow.open(path) as image:
            return image.convert("RGB")
    except (OSError, ValueError, SyntaxError, pillow.DecompressionBombError) as problem:
        raise InputError(f"{path}: cannot be read as an image ({problem})") from None
