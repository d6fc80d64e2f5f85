"""Which sums depend on the number of threads, found out once, and what is made of that: the same numbers with any of them."""

import dataclasses
import json

import own_arch
import pytest
import torch

from vaedash.config import RunConfig
from vaedash.models import archs
from vaedash.training import hardware, kernels
from vaedash.training.hardware import Hardware
from vaedash.training.step import Learner

SETTINGS = RunConfig(arch="conv", latent_dim=4, device="cpu")


@pytest.fixture
def torch_that_divides(monkeypatch):
    """With 2 threads the second convolution's sums are others, with 4 something else too; `asked` are the threads."""
    asked = []

    def gradients(model, batch, noise, threads):
        asked.append(threads)
        layers = kernels.convolutions(model)
        found = {id(weight): torch.zeros(1) for weight in model.parameters()}
        if threads >= 2:
            found[id(layers[1].bias)] = torch.ones(1)
        if threads == 4:
            found[id(next(layer for layer in model.encoder if isinstance(layer, torch.nn.Linear)).weight)] = torch.ones(
                1
            )
        return found

    monkeypatch.setattr(kernels, "_gradients", gradients)
    return asked


def test_what_differs_is_found_once_and_a_number_with_which_more_differs_is_none_to_choose(
    tmp_path, torch_that_divides
):
    for _ in range(2):
        assert kernels.divided(SETTINGS, torch.float32, [2, 4], tmp_path) == {2: [1]}
    assert len([threads for threads in torch_that_divides if threads == 2]) == kernels._PROBES
    assert list(json.loads(kernels.threads_file(tmp_path).read_text()).values()) == [[1], None]
    kernels.divided(SETTINGS, torch.bfloat16, [2], tmp_path)
    assert len([threads for threads in torch_that_divides if threads == 2]) == 2 * kernels._PROBES


def test_what_is_found_of_one_size_of_images_says_nothing_of_the_other(tmp_path, torch_that_divides):
    large = dataclasses.replace(SETTINGS, image_size=64)
    for settings in (large, SETTINGS, large):
        kernels.divided(settings, torch.float32, [2], tmp_path)
    assert len(json.loads(kernels.threads_file(tmp_path).read_text())) == 2


def test_what_is_not_to_be_found_out_is_taken_apart_as_a_whole(tmp_path, torch_that_divides):
    assert kernels.divided(SETTINGS, torch.float32, [2], tmp_path, find=False) == {2: None}
    assert not torch_that_divides and not kernels.threads_file(tmp_path).exists()
    kernels.divided(SETTINGS, torch.float32, [2, 4], tmp_path)
    assert kernels.divided(SETTINGS, torch.float32, [2, 4], tmp_path, find=False) == {2: [1]}


def test_of_somebody_elses_architecture_no_convolution_is_taken_apart(
    tmp_path, torch_that_divides, monkeypatch, torch_as_it_was
):
    """It may call one twice, or use its weights for something else: with 2 threads, where one differs, it does not compute."""
    monkeypatch.setenv("VAEDASH_DATA", str(tmp_path / "data"))
    twice = own_arch.SOURCE.replace(
        "nn.Sequential(nn.Flatten(),",
        "nn.Sequential(*[nn.Conv2d(3, 3, 3, padding='same')] * 2, nn.Conv2d(3, 3, 1), nn.Flatten(),",
    )
    settings = dataclasses.replace(SETTINGS, arch=own_arch.kept(tmp_path, source=twice), batch_size=4)
    assert kernels.divided(settings, torch.float32, [2], tmp_path, find=False) == {}
    assert kernels.divided(settings, torch.float32, [2], tmp_path) == {}
    torch.set_num_threads(2)
    learner = Learner(
        settings, Hardware(device="cpu", precision="fp32", threads=2, processor="", torch=""), apart={2: None}
    )
    before = [weight.clone() for weight in learner.model.parameters()]
    learner.step(torch.zeros(4, 3, 32, 32, dtype=torch.uint8), torch.zeros(4, 4), beta=1.0, lr=0.1)
    changed = [not torch.equal(*both) for both in zip(before, learner.model.parameters(), strict=True)]
    assert changed.count(False) <= 1  # the first kernel saw nothing but zeros


def test_a_file_that_says_nonsense_is_made_anew(tmp_path, torch_that_divides):
    kernels.threads_file(tmp_path).write_text("[")
    assert kernels.divided(SETTINGS, torch.float32, [2], tmp_path) == {2: [1]}


def test_finding_out_leaves_torch_as_it_was(tmp_path, torch_as_it_was):
    torch.set_num_threads(3)
    drawn = torch.random.get_rng_state()
    kernels.divided(RunConfig(arch="fc", latent_dim=4, batch_size=8, device="cpu"), torch.float32, [2], tmp_path)
    assert torch.get_num_threads() == 3 and torch.equal(torch.random.get_rng_state(), drawn)


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("arch", ["fc", "conv", "local"])
def test_with_what_was_found_a_step_on_any_number_of_threads_has_the_numbers_of_one(
    tmp_path, torch_as_it_was, arch, precision
):
    settings = RunConfig(arch=arch, latent_dim=4, batch_size=32, device="cpu")
    machine = Hardware(device="cpu", precision=precision, threads=1, processor="", torch="")
    apart = kernels.divided(settings, machine.dtype, [2, 4], tmp_path)
    assert apart  # whatever divides them, these two can be had here
    generator = torch.Generator().manual_seed(5)
    steps = [
        (
            torch.randint(256, (32, 3, 32, 32), dtype=torch.uint8, generator=generator).contiguous(
                memory_format=archs.memory_format(arch)
            ),
            torch.randn(32, 4, generator=generator),
        )
        for _ in range(3)
    ]

    def learned(threads, **given):
        learner = Learner(settings, machine, **given)
        for step in steps:
            hardware.use(threads)
            learner.step(*step, beta=1.0, lr=1e-3)
        return learner.model.state_dict().values()

    alone = learned(1)
    for threads in apart:
        assert all(map(torch.equal, learned(threads, apart=apart), alone)), threads
