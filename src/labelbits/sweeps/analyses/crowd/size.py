"""How much of the crowd's figures is computed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CrowdSize:
    """`images` labelled, `shots` a class and purchases (`replicates`) of the curves; the same where
    classes are held out, with `draws` of the few shots; steps, looks and runs of the encoders."""

    images: tuple[int, ...]
    shots: tuple[int, ...]
    replicates: int
    held_out_images: tuple[int, ...]
    held_out_replicates: int
    draws: int
    steps: int
    look: int
    encoders: int
    encoder_answers: int


FULL_CROWD = CrowdSize(
    images=(30, 60, 120, 250, 500, 1000, 2000, 4000, 7000), shots=(1, 2, 4, 8, 16, 32),
    replicates=24, held_out_images=(60, 250, 1000, 4000), held_out_replicates=6, draws=20,
    steps=8000, look=20, encoders=5, encoder_answers=20_000,
)  # fmt: skip
QUICK_CROWD = CrowdSize(
    images=(30, 100, 300, 1000, 3000), shots=(1, 4, 16), replicates=8,
    held_out_images=(100, 400, 1600), held_out_replicates=2, draws=10,
    steps=1000, look=10, encoders=2, encoder_answers=5000,
)  # fmt: skip
