"""Muon: directions without lengths, the same step as torch's own, and the weights that are its."""

import pytest
import torch
from torch import nn

from vaedash import config
from vaedash.models import archs
from vaedash.training import muon


@pytest.mark.parametrize("shape", [(64, 512), (128, 1024), (2048, 128), (256, 512), (1, 7), (7, 1)])
def test_all_singular_values_come_near_one_and_the_directions_stay(shape):
    matrix = torch.randn(shape, generator=torch.Generator().manual_seed(0)) * 1e-3
    [found] = muon.orthogonal([matrix])
    assert found.shape == shape
    values = torch.linalg.svdvals(found)
    assert values.min() > 0.4 and values.max() < 1.3
    left, _, right = torch.linalg.svd(matrix, full_matrices=False)
    inner = left.T @ found @ right.T  # diagonal, where the directions are the same
    assert (inner - inner.diag().diag()).abs().max() < 1e-3


def alone(matrix):
    return muon.orthogonal([matrix])[0]


def test_matrices_of_one_shorter_side_are_told_apart_though_they_take_their_rounds_together():
    generator = torch.Generator().manual_seed(0)
    matrices = [torch.randn(shape, generator=generator) for shape in ((8, 30), (30, 8), (4, 9), (8, 90))]
    for matrix, found in zip(matrices, muon.orthogonal(matrices), strict=True):
        assert torch.allclose(found, alone(matrix), atol=1e-5)


def test_of_no_gradient_no_step_is_made():
    assert torch.equal(muon.orthogonal([torch.zeros(4, 9)])[0], torch.zeros(4, 9))


@pytest.mark.parametrize("shape", [(128, 1024), (512, 256)])
def test_a_step_is_that_of_torchs_own_but_for_its_bf16(shape):
    generator = torch.Generator().manual_seed(0)
    ours, theirs = (nn.Parameter(torch.zeros(shape)) for _ in range(2))
    one = muon.Muon([muon.Taught(ours)], lr=0.02)
    other = torch.optim.Muon([theirs], lr=0.02, momentum=0.9, weight_decay=0.0)
    for _ in range(3):
        gradient = torch.randn(shape, generator=generator)
        ours.grad, theirs.grad = gradient.clone(), gradient.clone()
        one.step()
        other.step()
    assert (ours - theirs).norm() < 0.03 * theirs.norm()


def test_a_convolution_is_a_matrix_with_a_row_for_each_of_its_first_channels_however_it_lies_in_memory():
    weights = torch.randn(8, 4, 4, 4, generator=torch.Generator().manual_seed(0))
    gradient = torch.randn(8, 4, 4, 4, generator=torch.Generator().manual_seed(1))
    learned = []
    for layout in (torch.contiguous_format, torch.channels_last):
        weight = nn.Parameter(weights.clone(memory_format=layout))
        weight.grad = gradient.clone(memory_format=layout)
        muon.Muon([muon.Taught(weight)], lr=0.02).step()
        learned.append(weight.detach())
    assert torch.equal(*learned)
    step = (weights - learned[0]) / 0.02
    values = torch.linalg.svdvals(step.flatten(1))
    assert values.min() > 0.6 and values.max() < 1.3


@pytest.mark.parametrize("arch", config.ARCHS)
def test_what_sees_or_draws_pixels_is_not_its_and_mu_and_logvar_are_two_matrices(tiny, arch):
    model = archs.build(tiny(arch=arch))
    names = {id(weight): name for name, weight in model.named_parameters()}
    taught = {names[id(weight)]: matrices for weight, matrices in muon.taught(model)}
    matrices = [name for name, weight in model.named_parameters() if weight.ndim > 1]
    encoder = [name for name in matrices if name.startswith("encoder")]
    assert set(matrices) - set(taught) == {encoder[0], matrices[-1]}
    assert [name for name, count in taught.items() if count == 2] == [encoder[-1]]


def test_each_of_the_matrices_of_a_weight_has_its_own_directions():
    gradient = (
        torch.randn(8, 40, generator=torch.Generator().manual_seed(0))
        * torch.tensor([1.0, 1e-3]).repeat_interleave(4)[:, None]
    )
    both = torch.cat([*map(alone, gradient.chunk(2))])
    [together], [as_one] = muon.directions([gradient], [2]), muon.directions([gradient], [1])
    assert torch.allclose(together, both, atol=1e-5) and not torch.allclose(as_one, both, atol=0.1)


def test_a_weight_of_three_dimensions_is_a_matrix_for_each_place():
    gradient = (
        torch.randn(6, 8, 20, generator=torch.Generator().manual_seed(0)) * torch.tensor([1.0, 1e-3] * 3)[:, None, None]
    )
    [together] = muon.directions([gradient], [1])
    assert torch.allclose(together, torch.stack([*map(alone, gradient)]), atol=1e-5)
    assert torch.linalg.svdvals(together).min() > 0.6
    [high] = muon.directions([gradient.mT.contiguous()], [1])  # and goes no further where it lies upright
    assert torch.allclose(high, together.mT, atol=1e-5)
