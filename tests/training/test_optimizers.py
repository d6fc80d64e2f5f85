"""Steps that are made piece by piece are the steps that torch's own optimizer makes at once, bit for bit."""

import copy

import pytest
import torch
from torch import nn

from vaedash.training import hardware, optimizers


@pytest.mark.parametrize("shape", [(3,), (700, 500), (64, 32, 4, 4), (256, 128, 4, 4), (131_073,)])
def test_adam_by_pieces_is_adam(shape, torch_as_it_was):
    generator = torch.Generator().manual_seed(0)
    weight = nn.Parameter(torch.randn(shape, generator=generator))
    if len(shape) == 4:
        weight = nn.Parameter(weight.detach().contiguous(memory_format=torch.channels_last))
    expected, low = nn.Parameter(weight.detach().clone()), nn.Parameter(weight.detach().bfloat16())
    ours, theirs = optimizers.PiecewiseAdam([weight], [low], lr=0.01), torch.optim.Adam([expected], lr=0.01, fused=True)
    for threads in (1, 2, 3):
        low.grad = torch.randn(shape, generator=generator).bfloat16()
        expected.grad = low.grad.float()
        hardware.use(1)
        theirs.step()
        hardware.use(threads)
        ours.step()
        assert torch.equal(weight, expected) and torch.equal(low, expected.bfloat16())
    one, other = (copy.deepcopy(each.state_dict()["state"][0]) for each in (ours, theirs))
    assert one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)
