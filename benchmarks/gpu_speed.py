"""The same programs on a GPU and on the CPU beside it: do they agree, and which is faster?

    python benchmarks/gpu_speed.py                 # every job on both, a process each
    python benchmarks/gpu_speed.py --on cuda       # on one; JAX finds the GPU with labelbits[cuda]

"first" is the first call in its process, compiling included and no compiled program kept from
before; "warm" the next with the same shapes. The last column is what the job found, so that both
can be compared: bits, held-out error of triplets, Spearman correlation of distances, accuracy.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
ROOT = Path(__file__).parents[1]


def bits(name: str) -> Callable[[], str]:
    """One answer at D=5, K=10 to +-0.001 bit."""
    from labelbits import World, signals
    from labelbits.information import per_answer

    signal = signals.make(name, 5, 10)
    return lambda: f"{per_answer(signal, World(100, 10, 5), seed=1).bits:.4f} bits"


def joint_bits() -> str:
    """2,000 items x 5 dims, 110,000 triplets, two worlds."""
    from labelbits import World, signals
    from labelbits.information import joint, random_questions

    world, triplet = World(2000, 10, 5), signals.make("triplet", 5, 10)
    return str(joint([(triplet, random_questions(triplet, world, 110_000, 0))], world, worlds=2))


def triplets() -> str:
    """An embedding of 10,000 items in 10 dims from 1.3 million triplets."""
    import labelbits as lb
    from recovery_cblearn import error, world

    data = world(10_000, 10, 1, 0.0, 0)
    model = lb.SignalEmbedding(10, random_state=1).fit(data["train"])
    return f"error {error(model.embedding_, data['test']):.4f}"


def mixed() -> str:
    """400 items in 2 dims, 3,000 hard labels and 3,000 triplets, noise estimated."""
    from labelbits.recovery.fitted import fitting
    from labelbits.recovery.fitted.inputs import Data
    from recovery_mixtures import CLASSES, batch

    rng = np.random.default_rng(0)
    z = rng.normal(size=(400, 2)).astype(np.float32)
    c = rng.normal(size=(CLASSES, 2)).astype(np.float32)
    batches = tuple(batch(z, c, name, 3000, 2.0, i) for i, name in enumerate(("hard", "triplet")))
    data = Data(batches, tuple(range(400)), tuple(map(str, range(CLASSES))))
    found = fitting.fit(
        data, fitting.Options(2, None, None, False, 1, 100, 3e-3), 1, None, lambda *_: None
    )
    return f"loss {found.loss:.1f}"


def batch_of_worlds() -> str:
    """512 worlds of 100 items in 5 dims, 1,000 triplets each, recovered together."""
    from labelbits import World, signals
    from labelbits.simulation.simulate import METRICS, recover_batch

    found = recover_batch(
        [signals.make("triplet", 5, 10)], World(100, 10, 5), answers=[1000], seeds=512
    )
    return f"Spearman {METRICS['spearman'](found).mean():.4f}"


def classifiers() -> str:
    """500 fits of 1,000 x 256 x 10, penalty by cross-validation, tested on 2,000 items."""
    from labelbits.learning import measure
    from learning_data import cifar10h

    data = cifar10h()
    pool, held = np.arange(8000), np.arange(8000, 10_000)
    points = measure(
        data.features, data.draw("1"), [1000], 500, held, data.reference(held), pool=pool, seed=0
    )["accuracy"]
    return f"accuracy {points.mean.item():.4f}"


def plan() -> str:
    """The whole plan of the bundled example."""
    import tempfile

    from typer.testing import CliRunner

    from labelbits.cli import app

    with tempfile.TemporaryDirectory() as out:
        found = CliRunner().invoke(app, ["plan", str(ROOT / "examples/digits.toml"), "--out", out])
    return f"exit status {found.exit_code}"


def jobs() -> dict[str, Callable[[], str]]:
    """Name and job."""
    return {
        **{f"bits of {name}": bits(name) for name in ("votes", "soft", "ranking", "odd-one-out")},
        "joint bits, 110,000 triplets": joint_bits,
        "1.3 million triplets": triplets,
        "hard and triplets, 400 items": mixed,
        "512 worlds, triplets": batch_of_worlds,
        "500 classifiers": classifiers,
        "plan of digits": plan,
    }


def run() -> None:
    """Every job twice, here."""
    import jax

    device = jax.devices()[0]
    print(f"{device.platform}: {device.device_kind}; jax {jax.__version__}; {os.cpu_count()} cores")
    for name, job in jobs().items():
        times, found = [], ""
        for _ in range(2):
            began = time.perf_counter()
            try:
                found = job()
            except Exception as error:  # the other jobs are still worth their figures
                found = f"{type(error).__name__}: {str(error)[:300]}"
            times.append(time.perf_counter() - began)
        print(f"{name:32}{times[0]:9.2f} s first{times[1]:9.3f} s warm   {found}", flush=True)


def main() -> None:
    """One process for each platform, since JAX keeps the one that it started with."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--on", choices=("cuda", "cpu"))
    if (asked := parser.parse_args()).on:
        os.environ["JAX_PLATFORMS"] = asked.on
        os.environ["JAX_ENABLE_COMPILATION_CACHE"] = "false"
        run()
        return
    for platform in ("cuda", "cpu"):
        subprocess.run([sys.executable, __file__, "--on", platform], check=False)


if __name__ == "__main__":
    main()
