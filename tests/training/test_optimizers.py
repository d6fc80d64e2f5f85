"""Steps that are made piece by piece are the steps that torch's own optimizer makes at once, bit for bit."""

import copy
import subprocess
import sys

import pytest
import torch
from torch import nn

from vaedash import config
from vaedash.training import hardware, optimizers


@pytest.mark.parametrize("lower", [False, True])
@pytest.mark.parametrize("shape", [(3,), (700, 500), (64, 32, 4, 4), (256, 128, 4, 4), (131_073,)])
def test_adam_by_pieces_is_adam(shape, lower, torch_as_it_was):
    generator = torch.Generator().manual_seed(0)
    weight = nn.Parameter(torch.randn(shape, generator=generator))
    if len(shape) == 4:
        weight = nn.Parameter(weight.detach().contiguous(memory_format=torch.channels_last))
    expected = nn.Parameter(weight.detach().clone())
    copies = [nn.Parameter(weight.detach().bfloat16())] if lower else []
    [low] = copies or [weight]
    ours, theirs = (
        optimizers.PiecewiseAdam([weight], copies, lr=0.01),
        torch.optim.Adam([expected], lr=0.01, fused=True),
    )
    for threads in (1, 2, 3):
        low.grad = torch.randn(shape, generator=generator).to(low.dtype)
        expected.grad = low.grad.float()
        hardware.use(1)
        theirs.step()
        hardware.use(threads)
        ours.step()
        assert torch.equal(weight, expected) and torch.equal(low, expected.to(low.dtype))
    one, other = (copy.deepcopy(each.state_dict()["state"][0]) for each in (ours, theirs))
    assert one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("optimizer", config.OPTIMIZERS)
def test_a_training_loads_no_compiler(optimizer, precision):
    script = f"""
import sys, torch
from vaedash.config import RunConfig
from vaedash.training import loop, step
from vaedash.training.hardware import Hardware

machine = Hardware(device="cpu", precision="{precision}", threads=1, processor="", torch="")
machine.apply()
learner = step.Learner(RunConfig(arch="fc", optimizer="{optimizer}"), machine)
learner.load(learner.state())
learner.step(torch.zeros(2, 3, 32, 32, dtype=torch.uint8), torch.zeros(2, 128), beta=1.0, lr=1e-3)
assert torch.are_deterministic_algorithms_enabled()
print(*(name for name in ("torch._dynamo", "torch._inductor", "sympy") if name in sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


@pytest.mark.parametrize("lower", [False, True])
def test_adam_at_once_is_adam(lower, torch_as_it_was):
    generator = torch.Generator().manual_seed(0)
    shapes = [(64,), (300, 200), (64, 32, 4, 4), (1, 128, 4, 4)]
    weights = [nn.Parameter(torch.randn(shape, generator=generator)) for shape in shapes]
    weights[2] = nn.Parameter(weights[2].detach().contiguous(memory_format=torch.channels_last))
    copies = [nn.Parameter(weight.detach().bfloat16()) for weight in weights] if lower else []
    expected = [nn.Parameter(weight.detach().clone()) for weight in weights]
    rate = torch.tensor(0.01)
    ours = optimizers.AdamAtOnce(weights, copies, lr=rate)
    theirs = torch.optim.Adam(expected, lr=0.01)
    for step in range(1, 8):
        rate.fill_(0.01 / step)
        theirs.param_groups[0]["lr"] = 0.01 / step
        for weight, copied, other in zip(weights, copies or weights, expected, strict=True):
            copied.grad = torch.randn(weight.shape, generator=generator).to(copied.dtype)
            other.grad = copied.grad.float().clone()
        ours.step()
        theirs.step()
        if step == 4:  # whatever of the two was saved, either goes on from it
            ours.load_state_dict(ours.state_dict() | {"state": copy.deepcopy(theirs.state_dict()["state"])})
            theirs.load_state_dict(theirs.state_dict() | {"state": copy.deepcopy(ours.state_dict()["state"])})
            ours.param_groups[0]["lr"] = rate
    for weight, copied, other in zip(weights, copies or weights, expected, strict=True):
        torch.testing.assert_close(weight, other, rtol=1e-5, atol=1e-6)
        assert weight.stride() == other.stride() and torch.equal(copied, weight.to(copied.dtype))
    for one, other in zip(*(each.state_dict()["state"].values() for each in (ours, theirs)), strict=True):
        assert one.keys() == other.keys()
        for name in one:
            torch.testing.assert_close(one[name], other[name], rtol=1e-5, atol=1e-6)


def test_at_a_rate_of_nought_nothing_moves(torch_as_it_was):
    weight = nn.Parameter(torch.ones(3))
    adam = optimizers.AdamAtOnce([weight], [], lr=torch.tensor(0.0))
    weight.grad = torch.tensor([0.0, 1.0, -2.0])
    adam.step()
    assert torch.equal(weight, torch.ones(3))
