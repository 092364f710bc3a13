"""What an installation weighs: megabytes of each package in a fresh virtual environment.

    python benchmarks/installed_size.py [--extra png ...] [--keep FOLDER]

Makes a virtual environment with the interpreter that runs this, installs the project there (its
own dependencies and no tools for tests), and adds up the files that each package put there, with
the bytecode that pip compiles. 1 MB is 10^6 bytes of files.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).parents[1]
#: Asked of the new environment: bytes of each package's files, and of the folder as a whole.
LISTING = """
import importlib.metadata, json, pathlib, sysconfig
found = {}
for package in importlib.metadata.distributions():
    files = {pathlib.Path(package.locate_file(file)).resolve() for file in package.files or ()}
    found[package.metadata["Name"]] = sum(
        file.stat().st_size for file in files if file.is_file()
    )
whole = pathlib.Path(sysconfig.get_paths()["purelib"]).rglob("*")
bytecode = sum(file.stat().st_size for file in whole if file.suffix == ".pyc")
print(json.dumps([found, bytecode]))
"""


def measure(folder: Path, extras: list[str]) -> tuple[dict[str, int], int]:
    """Bytes by package, and of all bytecode in site-packages (pip's own too)."""
    venv.create(folder, with_pip=True)
    python = folder / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    wanted = f"{ROOT}[{','.join(extras)}]" if extras else str(ROOT)
    subprocess.run([python, "-m", "pip", "install", "--quiet", wanted], check=True)
    found = subprocess.run([python, "-c", LISTING], check=True, capture_output=True, text=True)
    sizes, bytecode = json.loads(found.stdout)
    return sizes, bytecode


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--extra", nargs="*", default=[])
    parser.add_argument("--keep", type=Path, help="folder for the environment, kept afterwards")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        sizes, bytecode = measure(given.keep or Path(temporary) / "env", given.extra)
    for tool in ("pip", "setuptools"):
        sizes.pop(tool, None)
    for name, size in sorted(sizes.items(), key=lambda row: -row[1]):
        print(f"{size / 1e6:8.1f} MB  {name}")
    print(
        f"{sum(sizes.values()) / 1e6:8.1f} MB  together, without pip; bytecode, pip's included, is "
        f"{bytecode / 1e6:.1f} MB"
    )


if __name__ == "__main__":
    main()
