"""What no step can beat: the time of an architecture's convolutions and matrix products alone, forward and backward."""

import argparse
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vaedash import config, places
from vaedash.bench import probe
from vaedash.bench.figures import Figures
from vaedash.config import RunConfig

if TYPE_CHECKING:
    from vaedash.models.vae import VAE

_TURNS, _SECONDS = 5, 0.6  # of each, in turns


def measure(arch: str, data_dir: Path) -> Figures:
    """On one thread and on all cores: images/s of a whole step of preset p1, of its layers alone, and the share of the two.

    A layer alone gets what it gets in the step, of the same shape, precision and layout in memory, and gives its output and its
    gradients, by the same kernels; nothing lies between one layer and the next.
    """
    figures: Figures = json.loads(probe.ask("roof", arch, str(data_dir)))
    return figures


def main() -> None:
    """The process that `measure` asks."""
    parser = argparse.ArgumentParser(prog="python -m vaedash.bench.roof", description=__doc__)
    parser.add_argument("arch", choices=config.ARCHS)
    parser.add_argument("data_dir", type=Path)
    asked = parser.parse_args()
    settings = RunConfig.build(preset="p1", arch=asked.arch, device="cpu")
    print(json.dumps({f"threads: {threads}": _set_beside(settings, asked.data_dir, threads) for threads in _threads()}))


def _threads() -> Sequence[int]:
    return sorted({1, places.cores()})


def _set_beside(settings: RunConfig, data_dir: Path, threads: int) -> Figures:
    import torch

    from vaedash.models import archs
    from vaedash.training import hardware
    from vaedash.training.step import Learner

    machine = hardware.choose(settings, sharing=1, data_dir=data_dir)
    machine.apply()
    torch.set_num_threads(threads)
    learner = Learner(
        settings, machine, apart=hardware.apart(settings, machine, bounded=False, cache=data_dir / "cache")
    )
    pixels = torch.randint(256, (settings.batch_size, *settings.frame.shape), dtype=torch.uint8)
    pixels = pixels.contiguous(memory_format=archs.memory_format(settings.arch))
    noise = torch.randn(settings.batch_size, settings.latent_dim)
    layers = _layers(learner.working, pixels.to(machine.dtype), noise.to(machine.dtype))

    def step() -> None:
        learner.step(pixels, noise, beta=settings.beta, lr=settings.lr)

    def alone() -> None:
        for layer in layers:
            layer()

    rates: dict[Callable[[], None], list[float]] = {step: [], alone: []}
    for _ in range(_TURNS):
        for what, seen in rates.items():
            seen.append(settings.batch_size * _per_second(what))
    whole, bare = max(rates[step]), max(rates[alone])
    precision = "fp32" if machine.dtype is torch.float32 else "bf16"
    return {"precision": precision, "images/s": whole, "its layers alone": bare, "share": whole / bare}


def _per_second(what: Callable[[], None]) -> float:
    what()
    start, times = time.perf_counter(), 0
    while time.perf_counter() - start < _SECONDS:
        what()
        times += 1
    return times / (time.perf_counter() - start)


def _layers(model: "VAE", pixels: Any, noise: Any) -> list[Callable[[], object]]:
    """Of each layer with weights its forward and backward pass, by itself; the first one's images need no gradient."""
    import torch
    from torch import nn

    from vaedash.models import local

    found: list[Callable[[], object]] = []

    def remember(layer: nn.Module, inputs: tuple[Any], output: Any) -> None:
        seen, gradient = inputs[0].detach(), torch.randn_like(output)
        needed = bool(found)
        if isinstance(layer, nn.Linear):
            found.append(lambda: _product(layer, seen, gradient, needed))
        elif isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            found.append(lambda: _convolution(layer, seen, gradient, needed))
        elif isinstance(layer, local.Local2d | local.LocalTranspose2d):
            patches, made = (
                torch.randn(len(layer.weight), len(seen), width).to(seen) for width in layer.weight.shape[1:]
            )
            found.append(lambda: _products(layer, patches, made, needed))

    watched = [part.register_forward_hook(remember) for part in model.modules() if not list(part.children())]
    with torch.no_grad():
        model(pixels, noise)
    for handle in watched:
        handle.remove()
    return found


def _product(layer: Any, seen: Any, gradient: Any, needed: bool) -> None:
    import torch

    with torch.no_grad():
        layer(seen)
        gradient.T @ seen
        if needed:
            gradient @ layer.weight


def _products(layer: Any, seen: Any, gradient: Any, needed: bool) -> None:
    """Those of a layer that has a matrix for each place; that each place's patch lies ready is for nothing here."""
    import torch

    with torch.no_grad():
        torch.bmm(seen, layer.weight)
        torch.bmm(seen.mT, gradient)
        if needed:
            torch.bmm(gradient, layer.weight.mT)


def _convolution(layer: Any, seen: Any, gradient: Any, needed: bool) -> None:
    import torch

    shape = (list(layer.stride), list(layer.padding), list(layer.dilation), isinstance(layer, torch.nn.ConvTranspose2d))
    with torch.no_grad():
        layer(seen)
        torch.ops.aten.convolution_backward(
            gradient,
            seen,
            layer.weight,
            [layer.out_channels],
            *shape,
            list(layer.output_padding),
            1,
            [needed, True, True],
        )


if __name__ == "__main__":
    main()
