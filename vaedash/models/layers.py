"""The architectures as data, read off the models themselves, for pages that draw them without loading torch.

`python -m vaedash.models.layers` writes layers.json anew after an architecture has changed; a test compares the two.
"""

import json
from pathlib import Path
from typing import TypedDict, cast

FILE = Path(__file__).with_name("layers.json")
LATENT_DIM = 128  # that of the study's first preset


class Step(TypedDict):
    """A step from picture to z or back: its `kind` (`input`, or the class of its layer: `Linear`, `Conv2d` ...), what comes out of it
    (`shape`, without the batch), and how many numbers it learns (`weights`)."""

    kind: str
    shape: list[int]
    weights: int


Steps = dict[str, list[Step]]
"""The steps of an architecture's `encoder` and `decoder`."""


def known() -> dict[str, Steps]:
    """The steps of each architecture."""
    return cast(dict[str, Steps], json.loads(FILE.read_text()))


def read_off(arch: str, latent_dim: int = LATENT_DIM) -> Steps:
    """The same record, from a model that is built and run once. Loads torch."""
    import torch

    from vaedash.config import RunConfig
    from vaedash.models import archs

    settings = RunConfig(arch=arch, latent_dim=latent_dim)
    model = archs.build(settings)
    inputs = {"encoder": torch.zeros(1, *settings.frame.shape), "decoder": torch.zeros(1, latent_dim)}
    steps: Steps = {}
    for part, value in inputs.items():
        steps[part] = [{"kind": "input", "shape": list(value.shape[1:]), "weights": 0}]
        for layer in getattr(model, part):
            value = layer(value)
            if weights := sum(parameter.numel() for parameter in layer.parameters()):
                steps[part].append({"kind": type(layer).__name__, "shape": list(value.shape[1:]), "weights": weights})
            elif not steps[part][-1]["kind"].endswith("2d"):
                # Activations and changes of shape belong to the step before; maps stay maps.
                steps[part][-1]["shape"] = list(value.shape[1:])
    return steps


if __name__ == "__main__":
    from vaedash import config

    FILE.write_text(json.dumps({arch: read_off(arch) for arch in config.BUILT_IN_ARCHS}, indent=1) + "\n")
