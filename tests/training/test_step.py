"""The step that teaches: in any precision, from a saved state, and recorded on a GPU."""

import copy

import pytest
import torch
from gpu import ON_GPU

from vaedash import config
from vaedash.measuring import heldout
from vaedash.models import archs, losses
from vaedash.training import hardware
from vaedash.training.hardware import Hardware
from vaedash.training.step import Learner


def machine(precision="fp32", device="cpu"):
    return Hardware(device=device, precision=precision, threads=1, processor="", torch="")


def batches(count, device="cpu", size=16):
    generator = torch.Generator().manual_seed(1)
    for _ in range(count):
        pixels = torch.randint(256, (size, *config.USUAL_FRAME.shape), dtype=torch.uint8, generator=generator)
        yield pixels.to(device), torch.randn(size, 4, generator=generator).to(device)


def taught(learner, count=6, device="cpu"):
    return [learner.step(*batch, beta=0.5, lr=1e-3).tolist() for batch in batches(count, device)]


@pytest.mark.parametrize("arch", config.BUILT_IN_ARCHS)
def test_the_model_that_a_run_began_with_is_found_again_from_its_seed_and_nobody_elses_numbers_change(tiny, arch):
    settings = tiny(arch=arch, seed=5)
    began = Learner(settings, machine("bf16")).model.state_dict()
    torch.manual_seed(9)
    state = torch.get_rng_state()
    found = archs.untrained(settings).state_dict()
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(found[name], began[name]) for name in began)


@pytest.mark.parametrize("arch", config.ARCHS)
def test_in_half_precision_the_fp32_weights_learn_from_the_copys_gradients(tiny, arch):
    learner = Learner(tiny(arch=arch), machine("bf16"))
    before = copy.deepcopy(learner.model)
    pixels, noise = next(batches(1))
    learner.step(pixels, noise, beta=0.5, lr=1e-3)

    # The same step spelled out: gradients of a copy in bf16, Adam over the fp32 weights.
    worker = copy.deepcopy(before).bfloat16()
    images = pixels.float() / 255
    mu, logvar = worker.encode(images)
    decoded = worker.decode(losses.reparameterize(mu, logvar, noise))
    loss = losses.recon_per_image(decoded, images).sum() + 0.5 * losses.kl_per_image(mu, logvar).sum()
    (loss / 16).backward()
    adam = torch.optim.Adam(before.parameters(), lr=1e-3)
    for weight, worked in zip(before.parameters(), worker.parameters(), strict=True):
        weight.grad = worked.grad.float()
    adam.step()
    for learned, expected, worked in zip(
        learner.model.parameters(), before.parameters(), learner.working.parameters(), strict=True
    ):
        assert learned.dtype == torch.float32 and worked.dtype == torch.bfloat16
        torch.testing.assert_close(learned, expected, rtol=1e-5, atol=1e-7)
        assert torch.equal(worked, learned.bfloat16())


@pytest.mark.parametrize("arch", config.ARCHS)
def test_both_precisions_learn_alike(tiny, arch):
    exact = taught(Learner(tiny(arch=arch), machine("fp32")))
    coarse = taught(Learner(tiny(arch=arch), machine("bf16")))
    for one, other in zip(exact, coarse, strict=True):
        assert sum(other) == pytest.approx(sum(one), rel=0.01)


@pytest.mark.parametrize("optimizer", config.OPTIMIZERS)
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_learner_goes_on_from_a_saved_state_bit_for_bit(tiny, precision, optimizer):
    one, other = (Learner(tiny(optimizer=optimizer, seed=seed), machine(precision)) for seed in (0, 7))
    taught(one)
    other.load(copy.deepcopy(one.state()))
    assert taught(one) == taught(other)
    assert all(map(torch.equal, one.model.state_dict().values(), other.model.state_dict().values()))


@pytest.mark.parametrize("optimizer", config.OPTIMIZERS)
@pytest.mark.parametrize("size", [64, 8])  # whole batches: of another number of images, the loop has one thread compute
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("arch", config.ARCHS)
def test_how_many_threads_compute_changes_no_bit(tiny, torch_as_it_was, arch, precision, size, optimizer):
    layout = archs.memory_format(arch)
    steps = [(pixels.contiguous(memory_format=layout), noise) for pixels, noise in batches(3, size=size)]

    def learned(*threads: int) -> list[torch.Tensor]:
        learner = Learner(tiny(arch=arch, optimizer=optimizer), machine(precision))
        sums = []
        for step, count in zip(steps, threads, strict=True):
            hardware.use(count)
            sums.append(learner.step(*step, beta=0.5, lr=1e-3))
        return [*sums, *learner.model.state_dict().values()]

    alone = learned(1, 1, 1)
    for threads in ((1, 2, 4), (4, 8, 16)):
        assert all(map(torch.equal, learned(*threads), alone)), threads


@pytest.mark.parametrize("count", [5, 37, 537])
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("arch", config.ARCHS)
def test_how_many_threads_measure_held_out_images_changes_no_bit(tiny, torch_as_it_was, arch, precision, count):
    working = Learner(tiny(arch=arch), machine(precision)).working
    [(pixels, _)] = batches(1, size=count)
    images = heldout.HeldOut.of(pixels.numpy(), 4, "cpu", archs.memory_format(arch))

    def measured(threads: int) -> list[torch.Tensor]:
        hardware.use(threads)
        found = heldout.evaluate(working, images)
        assert torch.get_num_threads() == threads
        return [torch.from_numpy(each) for each in (found.kl_by_latent, found.recon_by_image, found.kl_by_image)]

    alone = measured(1)
    for threads in (2, 4, 8, 16):
        assert all(map(torch.equal, measured(threads), alone)), threads


def test_the_learning_rate_of_a_step_is_the_one_given(tiny):
    still, moved = Learner(tiny(), machine()), Learner(tiny(), machine())
    start = copy.deepcopy(still.model)
    batch = next(batches(1))
    still.step(*batch, beta=1.0, lr=0.0)
    moved.step(*batch, beta=1.0, lr=0.01)
    for weight, as_it_was, other in zip(
        still.model.parameters(), start.parameters(), moved.model.parameters(), strict=True
    ):
        assert torch.equal(weight, as_it_was) and not torch.equal(weight, other)


@pytest.mark.parametrize("optimizer", config.OPTIMIZERS)
@pytest.mark.parametrize("arch", config.ARCHS)
@pytest.mark.parametrize("device", [ON_GPU])
def test_a_gpu_learns_what_a_processor_learns_recorded_steps_included(tiny, torch_as_it_was, arch, device, optimizer):
    machine(device=device).apply()
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    settings = tiny(arch=arch, optimizer=optimizer)
    expected = taught(Learner(settings, machine()))
    learned = taught(Learner(settings, machine(device=device)), device=device)
    # Recon of a batch is thousands of nats, its kl at first a hundredth of one; and each step magnifies the last bits.
    assert learned == [pytest.approx(sums, rel=1e-3, abs=1e-3) for sums in expected]


@pytest.mark.parametrize("optimizer", config.OPTIMIZERS)
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("device", [ON_GPU])
def test_a_gpu_goes_on_from_a_saved_state_at_the_rate_that_is_given_then(
    tiny, torch_as_it_was, precision, device, optimizer
):
    machine(precision, device=device).apply()
    one, other = (Learner(tiny(optimizer=optimizer, seed=seed), machine(precision, device=device)) for seed in (0, 7))
    taught(one, device=device)
    other.load(copy.deepcopy(one.state()))
    start = copy.deepcopy(one.model)
    for learner in (one, other):
        for number, (pixels, noise) in enumerate(batches(6)):
            learner.step(pixels.to(device), noise.to(device), beta=1.0, lr=1e-3 / (number + 1))
    # The one's step was recorded before, the other's is recorded anew: both are told the rate of each step.
    for weight, as_it_was, of_other in zip(
        *(each.parameters() for each in (one.model, start, other.model)), strict=True
    ):
        assert torch.equal(weight, of_other) and not torch.equal(weight, as_it_was)


@pytest.mark.parametrize(("arch", "layout"), [("fc", torch.contiguous_format), ("conv", torch.channels_last)])
def test_each_architecture_names_the_layout_of_its_images(arch, layout):
    assert archs.memory_format(arch) is layout
