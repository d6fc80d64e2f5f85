"""What a browser computes of a model, against torch."""

import base64
import itertools
import math

import numpy as np
import pytest
import torch
from torch import nn

from vaedash import config
from vaedash.browser import client, packing
from vaedash.config import RunConfig
from vaedash.models import archs, latent
from vaedash.models.vae import VAE

COUNT = 21  # one whole turn of the worker, and a part of the next


@pytest.fixture(scope="module")
def tab(browser):
    """An empty page with the script."""
    page = browser.new_page()
    page.goto("about:blank")
    page.add_script_tag(
        content=client.script() + "\nObject.assign(globalThis, { studio, between, levels, fromBase64 });"
    )
    yield page
    page.close()


def model(**settings) -> VAE:
    """A model with weights as large as those of trained ones."""
    torch.manual_seed(1)
    made = archs.build(RunConfig.build(dataset="shapes", **settings)).eval()
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.mul_(2)
    return made


def asked(tab, packed: bytes, inputs: torch.Tensor) -> np.ndarray:
    """What the browser makes of inputs `(N, ...)`."""
    answer = tab.evaluate(
        """async ([packed, inputs, count]) => {
            const bytes = fromBase64(packed);
            const name = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 4, new DataView(bytes).getUint32(0, true)))).name;
            studio.load(bytes);
            const found = await studio.run(name, new Float32Array(fromBase64(inputs)), count);
            return Array.from(found);
        }""",
        [
            base64.b64encode(packed).decode(),
            base64.b64encode(inputs.contiguous().numpy().tobytes()).decode(),
            len(inputs),
        ],
    )
    return np.array(answer, np.float32).reshape(len(inputs), -1)


def interleaved(images: torch.Tensor) -> torch.Tensor:
    return images.permute(0, 2, 3, 1).flatten(1)


names = itertools.count()

TRACED = """async ([packed, input]) => {
    const bytes = fromBase64(packed);
    const name = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 4, new DataView(bytes).getUint32(0, true)))).name;
    studio.load(bytes);
    const steps = await studio.trace(name, new Float32Array(fromBase64(input)));
    return steps.map((step) => ({ ...step, numbers: Array.from(step.numbers) }));
}"""

USUAL = [{"arch": arch, "image_size": side} for side in config.IMAGE_SIZES for arch in config.BUILT_IN_ARCHS]
USUAL[-1]["widths"] = "9-18-36-71"  # local's own are 55 MB
UNUSUAL = [
    {"arch": "conv", "pixel_order": "shuffled"},
    {"arch": "fc", "pixel_order": "shuffled", "image_size": 64},
    {"arch": "local", "widths": "18-36-71", "activation": "silu"},
    {"arch": "conv", "widths": "5-6-7", "latent_dim": 2},
    {"arch": "fc", "widths": "167-121", "latent_dim": 3},
]


@pytest.mark.parametrize("bits", [16, 8])
@pytest.mark.parametrize("settings", USUAL + UNUSUAL, ids=lambda settings: "-".join(map(str, settings.values())))
def test_a_browser_computes_what_torch_does_from_the_same_weights(tab, settings, bits):
    made = model(**settings)
    side = settings.get("image_size", 32)
    packed = {
        part: packing.pack(made, part, name=f"{part}-{next(names)}", side=side, bits=bits)
        for part in ("decoder", "encoder")
    }
    made = packing.rounded(made, bits)
    generator = torch.Generator().manual_seed(3)
    z = torch.randn(COUNT, made.latent_dim, generator=generator)
    with torch.inference_mode():
        drawn = interleaved(made.decode(z)).numpy()
    np.testing.assert_allclose(asked(tab, packed["decoder"], z), drawn, atol=2e-6)
    images = torch.rand(COUNT, 3, side, side, generator=generator)
    with torch.inference_mode():
        mu, logvar = made.encode(images)
    found = asked(tab, packed["encoder"], interleaved(images))[:, : 2 * made.latent_dim]
    assert np.abs(found).max() > 0.05
    np.testing.assert_allclose(found, torch.cat([mu, logvar], dim=1).numpy(), atol=2e-5)


def steps_of_torch(modules: nn.Sequential, inputs: torch.Tensor) -> list[np.ndarray]:
    """What comes out of each layer that is no change of shape, maps interleaved."""
    steps = []
    for number, layer in enumerate(modules):
        inputs = layer(inputs)
        if isinstance(layer, nn.Flatten | nn.Unflatten):
            continue
        laid = next(
            (later for later in modules[number + 1 :] if not isinstance(later, nn.ReLU | nn.SiLU | nn.Sigmoid)), None
        )
        maps = inputs.unflatten(1, laid.unflattened_size) if isinstance(laid, nn.Unflatten) else inputs
        steps.append((interleaved(maps) if maps.ndim == 4 else maps)[0].numpy())
    return steps


@pytest.mark.parametrize("settings", USUAL[:2] + UNUSUAL, ids=lambda settings: "-".join(map(str, settings.values())))
def test_a_trace_is_what_comes_out_of_each_layer_of_torch(tab, settings):
    made, side = model(**settings), settings.get("image_size", 32)
    packed = {
        part: packing.pack(made, part, name=f"{part}-{next(names)}", side=side) for part in ("encoder", "decoder")
    }
    made = packing.rounded(made, 16)
    generator = torch.Generator().manual_seed(3)
    inputs = {
        "encoder": torch.rand(1, 3, side, side, generator=generator),
        "decoder": torch.randn(1, made.latent_dim, generator=generator),
    }
    for part, value in inputs.items():
        given = interleaved(value) if part == "encoder" else value
        traced = tab.evaluate(TRACED, [*(base64.b64encode(data).decode() for data in (packed[part], given.numpy()))])
        first, *traced = traced
        assert first["kind"] == "input" and np.allclose(first["numbers"], given[0].numpy())
        order = [step for step in traced if step["kind"] == "order"]
        assert len(order) == (made.order is not None)
        if order and part == "encoder":
            value = value.flatten(2).index_select(2, made.order).view_as(value)
            np.testing.assert_array_equal(order[0]["numbers"], interleaved(value)[0].numpy())
        elif order:
            np.testing.assert_allclose(
                order[0]["numbers"], interleaved(made.decode(value))[0].detach().numpy(), atol=2e-6
            )
        with torch.inference_mode():
            wanted = steps_of_torch(getattr(made, part), value)
        layers = [step for step in traced if step["kind"] != "order"]
        assert len(layers) == len(wanted)
        for step, numbers in zip(layers, wanted, strict=True):
            if "side" in step:
                maps = np.reshape(step["numbers"], (step["side"] ** 2, step["stride"]))
                assert not maps[:, step["channels"] :].any()
                found = maps[:, : step["channels"]].ravel()
            else:
                found = np.array(step["numbers"])
            np.testing.assert_allclose(found, numbers, atol=2e-5)


@pytest.mark.parametrize(("bits", "levels"), [(16, 0.2), (8, 5.0)])
def test_rounded_weights_change_a_picture_by_so_many_levels_at_most(bits, levels):
    for arch in config.BUILT_IN_ARCHS:
        made = model(arch=arch)
        z = latent.prior(64, made.latent_dim)
        before = latent.decode_exactly(made, z)
        after = latent.decode_exactly(packing.rounded(made, bits), z)
        assert 0 < 255 * (before - after).abs().max() < levels


@pytest.mark.parametrize(
    "layer",
    [
        nn.BatchNorm2d(3),
        nn.Conv2d(3, 8, 3, padding=1),
        nn.Conv2d(3, 8, 4, 2, 1, bias=False),
        nn.ConvTranspose2d(3, 8, 2, 2),
    ],
)
def test_a_model_with_a_layer_that_a_browser_is_not_taught_is_none(layer):
    assert packed_encoder(layer, nn.Flatten(), nn.LazyLinear(8)) is None


def packed_encoder(*layers: nn.Module) -> bytes | None:
    encoder = nn.Sequential(*layers)
    encoder(torch.zeros(2, 3, 32, 32))
    return packing.pack(VAE(encoder, nn.Identity(), latent_dim=4), "encoder", name="", side=32)


class Doubled(nn.Linear):
    def forward(self, numbers):
        return 2 * super().forward(numbers)


class Backwards(nn.Sequential):
    def forward(self, numbers):
        return super().forward(numbers.flip(-1))


def test_layers_in_an_order_or_a_way_that_a_browser_would_compute_otherwise_are_none():
    halved = nn.Conv2d(3, 8, 4, 2, 1)
    assert packed_encoder(halved, nn.Flatten(), nn.LazyLinear(8)) is not None
    assert packed_encoder(halved, nn.LazyLinear(8), nn.Flatten(), nn.LazyLinear(8)) is None
    assert packed_encoder(halved, nn.Flatten(2), nn.Flatten(), nn.LazyLinear(8)) is None
    assert packed_encoder(nn.Flatten(), Doubled(3072, 8)) is None
    assert packed_encoder(Backwards(nn.Flatten(), nn.LazyLinear(8))) is None
    assert packed_encoder(nn.Flatten(), nn.LazyLinear(7)) is None
    uneven = nn.Sequential(nn.Flatten(), nn.LazyLinear(3 * 81), nn.Unflatten(1, (3, 9, 9)))
    assert packed_encoder(*uneven, halved, nn.Flatten(), nn.LazyLinear(8)) is None
    whatever_is_left = nn.Sequential(nn.Flatten(), nn.LazyLinear(3 * 64), nn.Unflatten(1, (-1, 8, 8)))
    assert packed_encoder(*whatever_is_left, halved, nn.Flatten(), nn.LazyLinear(8)) is None


@pytest.mark.parametrize("change", ["register_forward_hook", "register_forward_pre_hook", "forward"])
def test_a_layer_that_does_more_when_it_is_called_than_its_kind_does_is_none(change):
    linear = nn.Linear(3072, 8)
    if change == "forward":
        linear.forward = lambda numbers: 2 * nn.functional.linear(numbers, linear.weight, linear.bias)
    else:
        getattr(linear, change)(lambda *_: None)
    assert packed_encoder(nn.Flatten(), linear) is None


@pytest.mark.parametrize("value", [math.nan, math.inf, 1e6])
def test_weights_that_half_precision_cannot_hold_are_none(value):
    made = model(arch="fc")
    with torch.no_grad():
        made.decoder[0].weight[0, 0] = value
    assert packing.pack(made, "decoder", name="", side=32) is None
    assert packing.pack(made, "encoder", name="", side=32)


@pytest.mark.parametrize("way", latent.METHODS)
@pytest.mark.parametrize("ends", ["two", "the same", "opposite", "none"])
def test_a_way_is_that_of_torch(tab, way, ends):
    a, b = torch.randn(2, 32, generator=torch.Generator().manual_seed(5))
    b = {"two": b, "the same": a, "opposite": -a, "none": torch.zeros(32)}[ends]
    script = "([a, b, parts, way]) => parts.map((part) => Array.from(between(new Float32Array(a), new Float32Array(b), part, way)))"
    parts = torch.linspace(0, 1, 10, dtype=torch.float64).tolist()
    found = tab.evaluate(script, [a.tolist(), b.tolist(), parts, way])
    np.testing.assert_allclose(found, latent.path(a, b, steps=10, method=way).numpy(), atol=2e-6)


def test_levels_are_those_of_every_page(tab):
    image = torch.rand(1, 3, 32, 32)
    found = tab.evaluate("(image) => Array.from(levels(new Float32Array(image)).data)", interleaved(image)[0].tolist())
    pixels = np.array(found, np.uint8).reshape(32, 32, 4)
    np.testing.assert_array_equal(pixels[..., :3].transpose(2, 0, 1), latent.to_uint8(image)[0])
    assert (pixels[..., 3] == 255).all()


def test_what_is_computed_first_is_answered_first_and_models_that_were_put_away_come_back(tab):
    made = model(arch="fc", widths="8-8", latent_dim=2)
    wanted = made.decode(torch.ones(1, 2)).detach()
    for number in range(30):
        asked(tab, packing.pack(made, "decoder", name=f"many-{number}", side=32), torch.ones(1, 2))
    again = tab.evaluate("async () => Array.from(await studio.run('many-0', new Float32Array([1, 1]), 1))")
    np.testing.assert_allclose(again, interleaved(wanted)[0].numpy(), atol=1e-3)


def test_the_kernel_is_what_its_text_says():
    wasmtime = pytest.importorskip("wasmtime")
    text = packing.__file__.replace("packing.py", "kernel.wat")
    with open(text) as file, open(text.replace(".wat", ".wasm"), "rb") as compiled:
        assert bytes(wasmtime.wat2wasm(file.read())) == compiled.read()
