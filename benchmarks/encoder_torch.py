"""The plain PyTorch loop that `encoder_speed.py` is compared with, in an environment of its own.

    python -m venv /tmp/torch && /tmp/torch/bin/pip install torch numpy
    /tmp/torch/bin/python benchmarks/encoder_torch.py [--encoders 10]

The same work as `encoder_speed.py`: 64 columns -> 128 -> 8 and ten prototypes, softmax of minus the
squared distances, 1,000 labels, 2,000 steps of 64 answers, AdamW with a schedule. Standardised
features, no looks at held-out answers. Wall and CPU seconds; the first encoder apart.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import torch  # pyright: ignore[reportMissingImports]

STEPS, BATCH, RATE = 2000, 64, 0.01


def _train(x: torch.Tensor, y: torch.Tensor, seed: int) -> float:
    """One encoder; returns its last loss."""
    torch.manual_seed(seed)
    network = torch.nn.Sequential(
        torch.nn.Linear(64, 128), torch.nn.ReLU(), torch.nn.Linear(128, 8)
    )
    prototypes = torch.nn.Parameter(torch.randn(10, 8))
    log_precision = torch.nn.Parameter(torch.zeros(()))
    learned = [*network.parameters(), prototypes, log_precision]
    adam = torch.optim.AdamW(learned, lr=RATE, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(adam, STEPS)
    order, at = torch.randperm(len(x)), 0
    loss = torch.zeros(())
    for _ in range(STEPS):
        if at + BATCH > len(x):
            order, at = torch.randperm(len(x)), 0
        rows, at = order[at : at + BATCH], at + BATCH
        z = network(x[rows])
        d2 = ((z[:, None] - prototypes) ** 2).sum(2)
        loss = torch.nn.functional.cross_entropy(-log_precision.exp() * d2, y[rows])
        adam.zero_grad()
        loss.backward()
        adam.step()
        schedule.step()
    return loss.item()


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--encoders", type=int, default=10)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(1000, 64))
    y = torch.tensor((x @ rng.normal(size=(64, 10))).argmax(1))
    x = torch.tensor(x, dtype=torch.float32)
    for name, count in (("first", 1), ("then", asked.encoders)):
        wall, cpu = time.perf_counter(), time.process_time()
        last = [_train(x, y, seed) for seed in range(count)]
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        print(
            f"{name} {count}: {wall:.2f} s wall, {cpu:.2f} s CPU, {wall / count:.3f} s each, "
            f"last loss {np.mean(last):.3f}, {asked.threads} threads"
        )


if __name__ == "__main__":
    main()
