"""Encoder and decoder as ONNX graphs, which other programs and languages compute, held against what torch computes."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from vaedash import installed
from vaedash.errors import RunError, UsageError
from vaedash.models import latent
from vaedash.models.vae import VAE

Part = Literal["encoder", "decoder"]

FAR = 1e-3  # beyond which a graph computes something else: a quarter of a level of 255
HELD = (
    1,
    7,
    32,
)  # pictures at a time with which a graph is held against torch: it must not have learned one number by heart
_NEEDED = ("onnx", "onnxscript", "onnxruntime")
_BATCH = "batch"
# What goes in and what comes out, by name.
NAMES: Mapping[Part, tuple[str, tuple[str, ...]]] = {
    "encoder": ("pictures", ("mu", "logvar")),
    "decoder": ("z", ("pictures",)),
}


@dataclass(frozen=True, kw_only=True)
class Graph:
    """A part as the bytes of an .onnx file, and by how much at most it differs from torch: pictures in [0, 1], mu and logvar as
    they are, or of what is beyond 1 in parts of it.
    """

    part: Part
    data: bytes
    apart: float


def require_installed() -> None:
    """UsageError, which says what to install, where something is missing that writes or computes such graphs."""
    if missing := [package for package in _NEEDED if find_spec(package) is None]:
        raise UsageError(f"ONNX needs {', '.join(missing)}. Try {installed.extra('onnx')}, then export again.")


def graph(model: VAE, part: Part, *, said: Mapping[str, str]) -> Graph:
    """A part of a model, which may be given any number of pictures at once; `said` is kept within it.

    The encoder maps pictures `(batch, 3, side, side)`, fp32 in [0, 1], to mu and logvar `(batch, latent_dim)`; the decoder z
    `(batch, latent_dim)` to pictures. RunError where torch cannot write it, and where it computes something else than torch.
    """
    asked = _asked(model, part)
    data = _written(model, part, asked, said)
    apart = _apart(data, model, part, asked)
    if not apart <= FAR:  # NaN too
        raise RunError(
            f"As ONNX, the {part} does not compute what it does in torch: it differs by {apart:.2g}. Choose safetensors instead."
        )
    return Graph(part=part, data=data, apart=apart)


class _Part(nn.Module):
    def __init__(self, model: VAE, part: Part) -> None:
        super().__init__()
        self.model, self.part = model, part

    def forward(self, given: Tensor) -> tuple[Tensor, ...]:
        return self.model.encode(given) if self.part == "encoder" else (self.model.decode(given),)


@torch.inference_mode()
def _asked(model: VAE, part: Part) -> Tensor:
    """What a part is asked: z of the prior, or pictures like those that it knows, which the model makes up itself."""
    z = latent.prior(max(HELD), model.latent_dim)
    return model.decode(z).clone() if part == "encoder" else z


def _written(model: VAE, part: Part, asked: Tensor, said: Mapping[str, str]) -> bytes:
    given, made = NAMES[part]
    several = asked[:2].clone()
    try:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")  # of torch, about its own ways of writing it
            program = torch.onnx.export(
                _Part(model, part).eval(),
                (several,),
                dynamo=True,
                verbose=False,
                input_names=[given],
                output_names=list(made),
                dynamic_shapes=({0: torch.export.Dim(_BATCH)},),
            )
    except Exception as error:  # torch and onnxscript raise whatever theirs raise
        raise RunError(
            f"torch cannot write the {part} of this model as ONNX ({type(error).__name__}). Choose safetensors instead."
        ) from error
    assert program is not None
    written = program.model_proto
    for key, value in said.items():
        written.metadata_props.add(key=key, value=value)
    data: bytes = written.SerializeToString()
    return data


@torch.inference_mode()
def _apart(data: bytes, model: VAE, part: Part, asked: Tensor) -> float:
    import onnxruntime

    computing = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    given, made = NAMES[part]
    apart = 0.0
    for count in HELD:
        answers = computing.run(list(made), {given: asked[:count].numpy()})
        for got, wanted in zip(answers, _Part(model, part)(asked[:count]), strict=True):
            exact = wanted.numpy()
            apart = max(apart, float(np.max(np.abs(got - exact) / np.maximum(1, np.abs(exact)))))
    return apart
