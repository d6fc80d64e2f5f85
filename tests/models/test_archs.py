"""The architectures: shapes, parameters counted by hand, and numbers that stay finite."""

import ast
import inspect
import math
from pathlib import Path

import pytest
import torch

from vaedash import config, images
from vaedash.config import RunConfig
from vaedash.errors import UsageError
from vaedash.models import archs, conv, fc, local, losses
from vaedash.models.vae import LOGVAR_RANGE, VAE

LATENT_DIMS = (2, 128, 512)
SHAPE = config.USUAL_FRAME.shape


@pytest.fixture
def generator() -> torch.Generator:
    return torch.Generator().manual_seed(2)


@pytest.mark.parametrize("latent_dim", LATENT_DIMS)
@pytest.mark.parametrize("arch", config.ARCHS)
def test_every_architecture_builds_at_every_latent_size(arch, latent_dim, generator):
    model = archs.build(RunConfig(arch=arch, latent_dim=latent_dim))
    images = torch.rand(3, 3, 32, 32, generator=generator)
    mu, logvar = model.encode(images)
    decoded = model.decode(mu)
    assert mu.shape == logvar.shape == (3, latent_dim)
    assert decoded.shape == (3, 3, 32, 32)
    assert decoded.min() >= 0 and decoded.max() <= 1
    assert mu.dtype == decoded.dtype == torch.float32


# Each layer's weights and biases, as written in the study's description.
PARAMETERS = {
    ("fc", 128): (3072 * 512 + 512) + (512 * 256 + 256) + (256 * 256 + 256)
    + (128 * 256 + 256) + (256 * 512 + 512) + (512 * 3072 + 3072),
    ("conv", 128): (3 * 32 * 16 + 32) + (32 * 64 * 16 + 64) + (64 * 128 * 16 + 128) + (2048 * 256 + 256)
    + (128 * 2048 + 2048) + (128 * 64 * 16 + 64) + (64 * 32 * 16 + 32) + (32 * 3 * 16 + 3),
    # conv's kernels, one for each place of the smaller of the two maps, and a bias for each number that comes out.
    ("local", 128): 256 * (3 * 32 * 16 + 32) + 64 * (32 * 64 * 16 + 64) + 16 * (64 * 128 * 16 + 128) + (2048 * 256 + 256)
    + (128 * 2048 + 2048) + (16 * 128 * 64 * 16 + 64 * 64) + (64 * 64 * 32 * 16 + 256 * 32) + (256 * 32 * 3 * 16 + 1024 * 3),
}  # fmt: skip


@pytest.mark.parametrize(("arch", "total"), [("fc", 3_511_040), ("conv", 1_119_811), ("local", 9_993_472)])
def test_parameters_are_those_counted_by_hand(arch, total):
    assert PARAMETERS[arch, 128] == total
    assert archs.parameter_count(archs.build(RunConfig(arch=arch, latent_dim=128))) == total


@pytest.mark.parametrize(("arch", "last", "first"), [("fc", 256, 256), ("conv", 2048, 2048), ("local", 2048, 2048)])
def test_a_latent_costs_two_outputs_of_the_encoder_and_one_input_of_the_decoder(arch, last, first):
    less, more = (archs.build(RunConfig(arch=arch, latent_dim=latent_dim)) for latent_dim in (511, 512))
    grown = archs.parameter_count(more) - archs.parameter_count(less)
    assert grown == 2 * (last + 1) + first


@pytest.mark.parametrize(
    ("layers", "kinds"),
    [
        (fc.encoder, ["Flatten", "Linear", "ReLU", "Linear", "ReLU", "Linear"]),
        (fc.decoder, ["Linear", "ReLU", "Linear", "ReLU", "Linear", "Sigmoid", "Unflatten"]),
        (conv.encoder, [*["Conv2d", "ReLU"] * 3, "Flatten", "Linear"]),
        (conv.decoder, ["Linear", "ReLU", "Unflatten", *["ConvTranspose2d", "ReLU"] * 2, "ConvTranspose2d", "Sigmoid"]),
    ],
)
def test_layers_follow_one_another_as_the_study_says(layers, kinds):
    usual = config.usual_widths("fc" if layers.__module__.endswith("fc") else "conv", 32)
    assert [type(layer).__name__ for layer in layers(4, torch.nn.ReLU, SHAPE, usual)] == kinds


def test_local_has_the_blocks_of_conv_with_layers_of_its_own():
    def kinds(module, part):
        made = getattr(module, part)(4, torch.nn.ReLU, SHAPE, (8, 16, 32))
        return [type(layer).__name__.replace("Local", "Conv") for layer in made]

    for part in ("encoder", "decoder"):
        assert kinds(local, part) == kinds(conv, part)


@pytest.mark.parametrize(
    ("side", "maps"),
    [
        (32, [(3, 32, 32), (32, 16, 16), (64, 8, 8), (128, 4, 4)]),
        (64, [(3, 64, 64), (32, 32, 32), (64, 16, 16), (128, 8, 8), (256, 4, 4)]),
    ],
)
def test_the_convolutions_halve_an_image_down_to_4_by_4_and_double_it_again(side, maps):
    shape, blocks, widths = (3, side, side), len(maps) - 1, config.usual_widths("conv", side)
    image, down = torch.rand(1, *shape), []
    for layer in conv.encoder(8, torch.nn.ReLU, shape, widths)[: 2 * blocks : 2]:
        down.append(tuple(image.shape[1:]))
        image = layer(image)
    assert [*down, tuple(image.shape[1:])] == maps
    up = []
    for layer in conv.decoder(8, torch.nn.ReLU, shape, widths)[3::2]:
        up.append(tuple(image.shape[1:]))
        image = layer(image)
    assert [*up, tuple(image.shape[1:])] == maps[::-1]


# As above, by the same rule.
PARAMETERS_64 = {
    "fc": (12288 * 512 + 512) + (512 * 256 + 256) + (256 * 256 + 256)
    + (128 * 256 + 256) + (256 * 512 + 512) + (512 * 12288 + 12288),
    "conv": (3 * 32 * 16 + 32) + (32 * 64 * 16 + 64) + (64 * 128 * 16 + 128) + (128 * 256 * 16 + 256) + (4096 * 256 + 256)
    + (128 * 4096 + 4096) + (256 * 128 * 16 + 128) + (128 * 64 * 16 + 64) + (64 * 32 * 16 + 32) + (32 * 3 * 16 + 3),
    "local": 1024 * (3 * 32 * 16 + 32) + 256 * (32 * 64 * 16 + 64) + 64 * (64 * 128 * 16 + 128) + 16 * (128 * 256 * 16 + 256)
    + (4096 * 256 + 256) + (128 * 4096 + 4096) + (16 * 256 * 128 * 16 + 64 * 128) + (64 * 128 * 64 * 16 + 256 * 64)
    + (256 * 64 * 32 * 16 + 1024 * 32) + (1024 * 32 * 3 * 16 + 4096 * 3),
}  # fmt: skip


@pytest.mark.parametrize("pixel_order", config.PIXEL_ORDERS)
@pytest.mark.parametrize("arch", config.ARCHS)
def test_every_architecture_builds_with_64_pixels(arch, pixel_order, generator):
    model = archs.build(RunConfig(arch=arch, image_size=64, pixel_order=pixel_order))
    mu, _ = model.encode(torch.rand(2, 3, 64, 64, generator=generator))
    assert mu.shape == (2, 128) and model.decode(mu).shape == (2, 3, 64, 64)
    assert archs.parameter_count(model) == PARAMETERS_64[arch]


def test_the_files_of_the_architectures_differ_in_nothing_but_the_layers():
    def outline(module) -> list:
        functions = [node for node in ast.parse(inspect.getsource(module)).body if isinstance(node, ast.FunctionDef)]
        public = [node for node in functions if not node.name.startswith("_")]
        return [(node.name, ast.unparse(node.args), ast.unparse(node.returns)) for node in public]

    assert outline(fc) == outline(conv) == outline(local)
    assert [name for name, *_ in outline(fc)] == ["encoder", "decoder"]


def test_each_architecture_in_the_table_has_a_file_and_each_such_file_is_in_the_table():
    folder = Path(archs.__file__).parent
    with_layers = {file.stem for file in folder.glob("*.py") if "\ndef encoder(" in file.read_text()}
    assert with_layers == set(config.BUILT_IN_ARCHS)


@pytest.mark.parametrize("arch", ["mlp", "", "vae", "../fc"])
def test_an_unknown_architecture_is_told_the_known_ones(arch):
    with pytest.raises(UsageError) as caught:
        archs.build(RunConfig(arch=arch, latent_dim=8))
    assert (
        str(caught.value)
        == f"arch must be one of fc, conv, local, or the path of a .py file with one of your own; got {arch!r}."
    )


@pytest.mark.parametrize("arch", config.ARCHS)
def test_weights_come_from_the_seed_alone(arch):
    def first(seed: int) -> torch.Tensor:
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            return torch.cat(
                [
                    parameter.detach().flatten()
                    for parameter in archs.build(RunConfig(arch=arch, latent_dim=4)).parameters()
                ]
            )

    assert torch.equal(first(7), first(7))
    assert not torch.equal(first(7), first(8))


@pytest.mark.parametrize("arch", config.ARCHS)
def test_training_and_evaluation_compute_alike(arch, generator):
    model, images = archs.build(RunConfig(arch=arch, latent_dim=4)), torch.rand(5, 3, 32, 32, generator=generator)
    outputs = [model.train(mode).decode(model.encode(images)[0]) for mode in (True, False)]
    assert torch.equal(*outputs)


@pytest.mark.parametrize("arch", config.ARCHS)
def test_an_image_is_encoded_alike_whatever_is_beside_it(arch, generator):
    model, images = archs.build(RunConfig(arch=arch, latent_dim=4)), torch.rand(5, 3, 32, 32, generator=generator)
    together = model.encode(images)[0]
    alone = torch.cat([model.encode(image[None])[0] for image in images])
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-5)


class Through(torch.nn.Module):
    """An encoder that returns the first eight numbers that it is given, in a precision."""

    def __init__(self, precision):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(1, dtype=precision))

    def forward(self, images):
        return images.flatten(1)[:, :8]


@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("size", [1e4, -1e4, 1e9, 1e30])
def test_logvar_and_the_kl_stay_finite_on_huge_inputs(size, precision, generator):
    noise = torch.randn(2, 3, 32, 32, generator=generator)
    mu, logvar = VAE(Through(precision), torch.nn.Identity(), latent_dim=4).encode((size * noise).to(precision))
    assert mu.shape == logvar.shape == (2, 4)
    assert torch.isfinite(logvar).all() and logvar.min() >= -30 and logvar.max() <= 20
    assert torch.isfinite(logvar.exp()).all() and (logvar.exp() > 0).all()
    assert torch.isfinite(losses.kl_per_latent(torch.zeros_like(mu), logvar)).all()


@pytest.mark.parametrize("arch", config.ARCHS)
def test_logvar_is_finite_on_huge_images(arch):
    logvar = archs.build(RunConfig(arch=arch, latent_dim=8)).encode(torch.full((1, 3, 32, 32), 1e12))[1]
    assert torch.isfinite(logvar).all() and logvar.abs().max() <= 30


def test_a_usual_logvar_is_left_as_it_is():
    usual = torch.linspace(-30, 20, 4)[None]
    found = VAE(Through(torch.float32), torch.nn.Identity(), latent_dim=4).encode(
        torch.cat([torch.arange(4.0)[None], usual], 1)
    )
    assert torch.equal(found[0], torch.arange(4.0)[None]) and torch.equal(found[1], usual)
    assert LOGVAR_RANGE == (-30.0, 20.0)


@pytest.mark.parametrize("arch", config.ARCHS)
def test_a_number_that_is_none_comes_through_to_be_noticed(arch):
    model = archs.build(RunConfig(arch=arch, latent_dim=4))
    mu, logvar = model.encode(torch.full((1, 3, 32, 32), math.nan))
    assert mu.isnan().all() and logvar.isnan().all()


@pytest.mark.parametrize(
    ("arch", "widths", "total"),
    [
        ("fc", "160-128", 2 * 3072 * 160 + 2 * 160 * 128 + 3 * 128 * 128 + 3072 + 160 * 2 + 128 * 2 + 256),
        ("fc", "64", (3072 * 64 + 64) + (64 * 8 + 8) + (4 * 64 + 64) + (64 * 3072 + 3072)),
        ("conv", "8-16-3", (48 * 8 + 8) + (128 * 16 + 16) + (256 * 3 + 3) + (48 * 8 + 8)
         + (4 * 48 + 48) + (3 * 16 * 16 + 16) + (16 * 8 * 16 + 8) + (8 * 3 * 16 + 3)),
    ],
)  # fmt: skip
def test_other_widths_are_built_as_they_are_asked_for(arch, widths, total):
    latent_dim = 128 if widths == "160-128" else 4
    model = archs.build(RunConfig(arch=arch, widths=widths, latent_dim=latent_dim))
    assert archs.parameter_count(model) == total
    drawn = model.decode(model.encode(torch.rand(2, 3, 32, 32))[0])
    assert drawn.shape == (2, 3, 32, 32) and drawn.min() >= 0 and drawn.max() <= 1


@pytest.mark.parametrize("side", [4, 8, 16])
@pytest.mark.parametrize(("seen", "made"), [(3, 5), (8, 3)])
def test_local_layers_are_convolutions_where_all_their_kernels_are_equal(seen, made, side, generator):
    """To rounding, in double precision: what comes out, the gradient of what goes in, and that of a kernel, which is the sum over
    places."""

    def by_place(kernel, *, outer):  # a kernel (a, b, 4, 4) as (a, blocks 2 x 2, within them 2 x 2, b)
        parts = kernel.unflatten(3, (2, 2)).unflatten(2, (2, 2)).permute(0, 2, 4, 3, 5, 1)
        return parts.flatten(1).T if outer else parts.flatten(1)

    for plain, own, apart in (
        (torch.nn.Conv2d, local.Local2d(seen, made, side), True),
        (torch.nn.ConvTranspose2d, local.LocalTranspose2d(seen, made, side), False),
    ):
        same, own = plain(seen, made, 4, stride=2, padding=1).double(), own.double()
        with torch.no_grad():
            own.weight.copy_(by_place(same.weight, outer=apart))
            own.bias.copy_(same.bias.repeat(len(own.bias) // made))
        images = torch.randn(6, seen, side, side, generator=generator, dtype=torch.double, requires_grad=True)
        outs = [layer(images) for layer in (same, own)]
        torch.testing.assert_close(*outs, rtol=1e-12, atol=1e-12)
        above = torch.randn(outs[0].shape, generator=generator, dtype=torch.double)
        of_images = [torch.autograd.grad(out, images, above, retain_graph=True)[0] for out in outs]
        torch.testing.assert_close(*of_images, rtol=1e-12, atol=1e-12)
        [of_kernel] = torch.autograd.grad(outs[0], same.weight, above)
        [of_kernels] = torch.autograd.grad(outs[1], own.weight, above)
        torch.testing.assert_close(of_kernels.sum(0), by_place(of_kernel, outer=apart), rtol=1e-10, atol=1e-10)


def test_local_has_another_kernel_at_each_place(generator):
    layer = local.Local2d(3, 2, 8)
    seen = layer(torch.ones(1, 3, 8, 8))[0, 0, 1:3, 1:3]  # away from the border, where all patches are alike
    assert len(set(seen.flatten().tolist())) == 4


def test_a_convolutional_model_is_laid_out_channels_last():
    weight = archs.build(RunConfig(arch="conv", latent_dim=4)).encoder[2].weight
    assert weight.is_contiguous(memory_format=torch.channels_last) and not weight.is_contiguous()


@pytest.mark.parametrize(("arch", "blind"), [("fc", True), ("conv", False), ("local", False)])
def test_only_the_fully_connected_encoder_reaches_every_pixel_at_once(arch, blind):
    """What the comparison is about: the first layer of fc sees the whole image, that of conv and local a patch of 4x4."""
    image = torch.zeros(1, 3, 32, 32, requires_grad=True)
    first_layer = archs.build(RunConfig(arch=arch, latent_dim=4)).encoder[: 2 if arch == "fc" else 1]
    out = first_layer(image)
    out[0, 0].backward() if arch == "fc" else out.flatten(2)[0, 0, 100].backward()
    assert (image.grad != 0).any(1).sum().item() == (1024 if blind else 16)


@pytest.mark.parametrize("arch", config.ARCHS)
def test_a_model_with_shuffled_pixels_is_the_other_one_on_shuffled_images(arch):
    def built(pixel_order):
        torch.manual_seed(0)
        return archs.build(RunConfig(arch=arch, latent_dim=4, pixel_order=pixel_order))

    def shuffle(tiles):
        return torch.from_numpy(images.shuffled(tiles.detach().numpy()))

    shuffled, natural = built("shuffled"), built("natural")
    photos, z = torch.rand(5, 3, 32, 32), torch.randn(5, 4)
    for one, other in zip(shuffled.encode(photos), natural.encode(shuffle(photos)), strict=True):
        assert torch.equal(one, other)
    # It draws pictures for people: what the other one draws, put back in order.
    assert torch.equal(shuffle(shuffled.decode(z)), natural.decode(z))

    def gradients(model, originals):
        model.zero_grad()
        drawn = model.decode(model.encode(originals)[0])
        losses.recon_per_image(drawn, originals).mean().backward()
        return [parameter.grad for parameter in model.parameters()]

    # And it learns the same, so that a shuffled loss is a loss on the same images, in the same unit.
    for one, other in zip(gradients(shuffled, photos), gradients(natural, shuffle(photos)), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("arch", config.ARCHS)
def test_the_order_of_the_pixels_is_kept_with_the_weights_and_only_where_it_is_not_the_natural_one(arch):
    natural, shuffled = (
        archs.build(RunConfig(arch=arch, latent_dim=4, pixel_order=order)).state_dict() for order in config.PIXEL_ORDERS
    )
    assert set(shuffled) - set(natural) == {"order"}
    assert shuffled["order"].sort().values.tolist() == list(range(1024))
