"""Encoder and decoder as ONNX graphs: onnxruntime computes with them what torch does, of any number of pictures."""

import sys

import numpy as np
import own_arch
import pytest
import torch

from vaedash.config import RunConfig
from vaedash.errors import RunError, UsageError
from vaedash.models import archs, graphs

onnxruntime = pytest.importorskip("onnxruntime", reason="ONNX is not installed")
pytest.importorskip("onnxscript", reason="ONNX is not installed")
pytestmark = pytest.mark.usefixtures("torch_as_it_was")

# Each architecture, each size, and shuffled pixels once: narrow, since a graph takes seconds to write, and one of local 20.
CASES = [
    {"arch": "fc", "widths": "8-4", "pixel_order": "shuffled"},
    {"arch": "conv", "widths": "4-4-4-4", "image_size": 64},
    pytest.param({"arch": "local", "widths": "2-2-2", "activation": "silu"}, marks=pytest.mark.slow),
]

# What it computes depends on what it sees, which no graph can say.
ODD = """
class Odd(nn.Module):
    def forward(self, images):
        return images if float(images.sum()) > -1 else images + 1
"""


def computed(data: bytes, part: str, given: torch.Tensor) -> list[np.ndarray]:
    name, made = graphs.NAMES[part]
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    return session.run(list(made), {name: given.numpy()})


@pytest.mark.parametrize("settings", CASES)
def test_a_graph_computes_what_torch_does_of_any_number_of_pictures(settings):
    config = RunConfig(latent_dim=3, **settings)
    model = archs.untrained(config)
    encoder, decoder = (graphs.graph(model, part, said={"run": "abcdef"}) for part in ("encoder", "decoder"))
    assert max(encoder.apart, decoder.apart) < 1e-5
    for count in (1, 3, 40):
        pictures, z = torch.rand(count, *config.frame.shape), torch.randn(count, 3)
        for got, wanted in zip(computed(encoder.data, "encoder", pictures), model.encode(pictures), strict=True):
            assert got.shape == (count, 3) and np.allclose(got, wanted, atol=1e-5)
        [drawn] = computed(decoder.data, "decoder", z)
        assert drawn.shape == (count, *config.frame.shape) and np.allclose(drawn, model.decode(z), atol=1e-5)


def test_a_graph_that_computes_something_else_is_not_kept(monkeypatch):
    model, other = (archs.untrained(RunConfig(arch="fc", widths="4", latent_dim=2, seed=seed)) for seed in (0, 1))
    as_it_is = graphs._written
    monkeypatch.setattr(graphs, "_written", lambda _, *rest: as_it_is(other, *rest))
    with pytest.raises(RunError, match=r"does not compute what it does in torch: it differs by 0\.\d+\."):
        graphs.graph(model, "decoder", said={})


def test_an_architecture_of_ones_own_that_torch_cannot_write_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("VAEDASH_DATA", str(tmp_path / "data"))
    odd = own_arch.SOURCE.replace("nn.Sequential(nn.Flatten()", "nn.Sequential(Odd(), nn.Flatten()") + ODD
    model = archs.untrained(RunConfig(arch=own_arch.kept(tmp_path, source=odd), latent_dim=2))
    with pytest.raises(RunError, match=r"torch cannot write the encoder of this model as ONNX"):
        graphs.graph(model, "encoder", said={})
    assert graphs.graph(model, "decoder", said={}).apart < 1e-5


def test_where_it_is_not_installed_that_is_said(monkeypatch):
    monkeypatch.setattr(graphs, "find_spec", lambda package: None if package == "onnxscript" else sys)
    with pytest.raises(UsageError, match=r"ONNX needs onnxscript\. Try pip install .*\[onnx\]"):
        graphs.require_installed()
