"""NumPy arrays without pickle, refused before they are inflated past a limit."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from labelbits.answers.files.opening import check_file, open_bytes, shorten
from labelbits.errors import InputError

#: Bytes of an array after inflation; 50 million items x 10 classes of int8 fit twice.
LARGEST_ARRAY = 1 << 30
#: A larger array is read from a file that is at most so many times smaller: features, no bomb.
MOST_TIMES = 10


def load_npz(
    path: Path, names: tuple[str, ...] = (), what: str = "a NumPy file"
) -> dict[str, np.ndarray]:
    """The arrays of an .npz or .npy file (the one of a .npy is called "array"), without pickle.

    `names` are the arrays wanted, all where it is empty. Raises `InputError` for arrays above
    `LARGEST_ARRAY` bytes in a file that is `MOST_TIMES` smaller, for pickles, pipes and devices.
    """
    check_file(path, what)
    most = max(LARGEST_ARRAY, MOST_TIMES * path.stat().st_size)
    try:
        with open_bytes(path) as stream:
            if stream.read(6).startswith(b"\x93NUMPY"):
                size = stream.seek(0, 2)
                stream.seek(0)
                return {"array": _load_array(stream, size, most)}
            stream.seek(0)
            with zipfile.ZipFile(stream) as archive:
                arrays = {}
                for member in archive.infolist()[:64]:
                    name = member.filename.removesuffix(".npy")
                    if name == member.filename or (names and name not in names):
                        continue
                    with archive.open(member) as inside:
                        arrays[name] = _load_array(inside, member.file_size, most)
                return arrays
    except InputError as problem:
        if str(problem).startswith(str(path)):
            raise
        raise InputError(f"{path}: cannot be read: {problem}") from None
    except Exception as problem:  # zipfile and numpy raise nearly everything on broken bytes
        raise InputError(
            f"{path}: cannot be read as a NumPy file ({shorten(str(problem))}); "
            "expected .npz or .npy written without pickle"
        ) from None


def _load_array(stream: Any, size: int, most: int) -> np.ndarray:
    """One array from a .npy stream, its header checked before anything is allocated."""
    version = np.lib.format.read_magic(stream)
    read_header = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }.get(version)
    if read_header is None:
        raise InputError(f"NumPy format version {version}; expected 1.0 or 2.0")
    shape, fortran, dtype = read_header(stream)
    if dtype.hasobject:
        raise InputError("the array holds Python objects (pickle), which are never loaded")
    count = 1
    for length in shape:
        count *= int(length)
    needed = count * dtype.itemsize
    if needed > most:
        raise InputError(
            f"an array of shape {shape} needs {needed:,} bytes; at most {most:,} are read"
        )
    if needed > size:
        raise InputError(f"an array of shape {shape} is cut off: {size:,} of {needed:,} bytes")
    data = stream.read(needed)
    if len(data) < needed:
        raise InputError(f"an array of shape {shape} is cut off: {len(data):,} of {needed:,} bytes")
    array = np.frombuffer(data, dtype=dtype, count=count)
    return array.reshape(shape, order="F" if fortran else "C")
