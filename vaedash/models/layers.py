"""The architectures as data, read off the models themselves, for pages that draw them without loading torch.

`python -m vaedash.models.layers` writes layers.json anew after an architecture has changed; a test compares the two.
"""

import json
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("layers.json")
LATENT_DIM = 128  # that of the study's first preset


def known() -> dict[str, dict[str, list[dict[str, Any]]]]:
    """For each architecture, its `encoder` and `decoder`: one record a step, with the shape that comes out of it.

    A record holds `kind` (`input`, `Linear`, `Conv2d`, `ConvTranspose2d`), `shape` (without the batch) and
    `weights` (numbers that are trained).
    """
    return json.loads(FILE.read_text())


def read_off(arch: str, latent_dim: int = LATENT_DIM) -> dict[str, list[dict[str, Any]]]:
    """The same record, from a model that is built and run once. Loads torch."""
    import torch

    from vaedash import config
    from vaedash.config import RunConfig
    from vaedash.models import archs

    model = archs.build(RunConfig(arch=arch, latent_dim=latent_dim))
    inputs = {"encoder": torch.zeros(1, *config.IMAGE_SHAPE), "decoder": torch.zeros(1, latent_dim)}
    steps = {}
    for part, value in inputs.items():
        steps[part] = [{"kind": "input", "shape": list(value.shape[1:]), "weights": 0}]
        for layer in getattr(model, part):
            value = layer(value)
            if weights := sum(parameter.numel() for parameter in layer.parameters()):
                steps[part].append({"kind": type(layer).__name__, "shape": list(value.shape[1:]), "weights": weights})
            elif not steps[part][-1]["kind"].startswith("Conv"):
                # Activations and changes of shape belong to the step before; a convolution's maps stay maps.
                steps[part][-1]["shape"] = list(value.shape[1:])
    return steps


if __name__ == "__main__":
    from vaedash import config

    FILE.write_text(json.dumps({arch: read_off(arch) for arch in config.ARCHS}, indent=1) + "\n")
