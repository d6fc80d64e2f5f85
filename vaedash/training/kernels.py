"""Gradients of the weights of convolutions, whose sums come out the same, bit for bit, however many threads compute.

They are the only sums of a step that torch divides among its threads by images, so that their last bits may depend on how many
those are. Which of them do is found out once on each machine (`divided`). Where one does, its gradient is found by one thread,
side by side with the others of its kind; as none of them needs another, no thread waits for the others in between.
"""

import functools
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn

from vaedash import places, storage
from vaedash.config import BUILT_IN_ARCHS, USUAL_FRAME, RunConfig
from vaedash.models import archs, losses
from vaedash.models.vae import VAE
from vaedash.training import muon

_PROBES = 24  # batches: of bf16's few digits, one batch in ten shows a sum that was divided otherwise
Apart = Mapping[int, Sequence[int] | None]
"""By number of threads, which convolutions of a model (0 for the first) are to be taken apart; None for all of them."""

Convolution = nn.Conv2d | nn.ConvTranspose2d


class _Task(NamedTuple):
    layer: Convolution
    seen: Tensor
    gradient: Tensor  # of what came out of it

    @property
    def multiplications(self) -> int:
        """How much work it is, to a factor that is the same for all."""
        small = min(self.seen.shape[2:].numel(), self.gradient.shape[2:].numel())
        return self.layer.weight.numel() * small


class KernelGradients:
    """Takes the gradients of the weights of a model's convolutions out of its backward passes, and finds them afterwards.

    For a processor. With one thread there is nothing to do; with several, it concerns those that are `apart`, or all where that
    is not said. `most` is how many threads there will ever be.
    """

    def __init__(self, model: nn.Module, apart: Apart | None, *, most: int) -> None:
        self._layers = convolutions(model)
        self._apart = apart
        self._tasks: list[_Task] = []
        self._helpers = min(most, len(self._layers)) - 1
        self._pool = (
            ThreadPoolExecutor(
                self._helpers, thread_name_prefix="kernels", initializer=torch.set_num_threads, initargs=(1,)
            )
            if self._helpers > 0
            else None
        )

    @contextmanager
    def apart(self) -> Iterator[None]:
        """Within, a forward and a backward pass; at its end, all gradients are where `backward` alone would have put them."""
        layers = self._concerned(torch.get_num_threads())
        watched = [layer.register_forward_hook(self._remember) for layer in layers]
        _learn(layers, within=False)
        try:
            yield
        finally:
            for handle in watched:
                handle.remove()
            _learn(layers, within=True)
            tasks = sorted(self._tasks, key=lambda task: -task.multiplications)
            self._tasks.clear()
        if tasks:
            self._find(tasks)

    def _concerned(self, threads: int) -> Sequence[Convolution]:
        if threads == 1:
            return ()
        places = self._apart.get(threads) if self._apart else None
        return self._layers if places is None else [self._layers[place] for place in places]

    def _find(self, tasks: list[_Task]) -> None:
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        waiting, lock = iter(tasks), threading.Lock()
        helpers = min(threads - 1, self._helpers, len(tasks) - 1)
        helped = [self._pool.submit(_work, waiting, lock) for _ in range(helpers)] if self._pool else []
        _work(waiting, lock)
        for helper in helped:
            helper.result()
        torch.set_num_threads(threads)

    def _remember(self, layer: Convolution, inputs: tuple[Tensor], output: Tensor) -> Tensor:
        seen = inputs[0].detach()
        output.requires_grad_()  # of the first layer nothing else does
        output.register_hook(lambda gradient: self._tasks.append(_Task(layer, seen, gradient)))
        return output


def _learn(layers: Sequence[Convolution], *, within: bool) -> None:
    for layer in layers:
        layer.requires_grad_(within)


def _work(tasks: Iterator[_Task], lock: threading.Lock) -> None:
    """Take one after the other, until none is left."""
    while True:
        with lock:
            task = next(tasks, None)
        if task is None:
            return
        _gradient(task)


@torch.no_grad()
def _gradient(task: _Task) -> None:
    layer = task.layer
    transposed = isinstance(layer, nn.ConvTranspose2d)
    _, layer.weight.grad, bias = torch.ops.aten.convolution_backward(
        task.gradient,
        task.seen,
        layer.weight,
        [layer.out_channels],
        layer.stride,
        layer.padding,
        layer.dilation,
        transposed,
        layer.output_padding,
        layer.groups,
        [False, True, layer.bias is not None],
    )
    if layer.bias is not None:
        layer.bias.grad = bias


# ---- which of them depend on the number of threads -------------------------------------------------------------


def convolutions(model: nn.Module) -> list[Convolution]:
    """Those of a model, from the first to the last."""
    return [layer for layer in model.modules() if isinstance(layer, Convolution)]


def may_be_taken_apart(settings: RunConfig) -> bool:
    """Whether the convolutions of such a model are known to be called once in a pass, and for nothing but what they return.

    Not where somebody else has written the architecture: such a run computes with those numbers of threads only that change nothing.
    """
    return settings.arch in BUILT_IN_ARCHS


def divided(
    settings: RunConfig, dtype: torch.dtype, counts: Sequence[int], cache: Path, *, find: bool = True
) -> dict[int, list[int] | None]:
    """For each of these numbers of threads, which convolutions have other gradients with it than with one thread, for a full batch;
    without those numbers with which anything else differs. Found out once on a machine, in a second or two, then read from a
    file; unless it is to be found out, all (None) stands for what is not known yet.
    """
    file = threads_file(cache)
    of = f"{settings.arch} {settings.latent_dim} {settings.activation} {settings.batch_size} {str(dtype).removeprefix('torch.')}"
    of += f" {settings.optimizer}" if settings.optimizer == "muon" else ""
    of += f" widths {settings.widths}" if settings.widths else ""
    of += f" {settings.image_size} pixels" if settings.image_size != USUAL_FRAME.image_size else ""
    found: dict[int, list[int] | None] = {}
    for count in counts:
        key = f"{places.processor()} torch {torch.__version__} {of} {count} threads"
        if not find and key not in storage.answers(file):
            if may_be_taken_apart(settings):
                found[count] = None
            continue
        apart = storage.answered(
            file, key, functools.partial(_differing, settings, dtype, count), kind=(list, type(None))
        )
        if apart is not None:
            found[count] = apart
    return found


def threads_file(cache: Path) -> Path:
    """Where it is kept which sums depend on the number of threads."""
    return cache / "threads.json"


def _differing(settings: RunConfig, dtype: torch.dtype, count: int) -> list[int] | None:
    """The convolutions; None if they are not all that differs."""
    generator, before = torch.Generator().manual_seed(0), torch.get_num_threads()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = archs.build(settings).to(dtype)
    layers = convolutions(model) if may_be_taken_apart(settings) else []
    inside = {id(weight) for layer in layers for weight in layer.parameters()}
    others = [weight for weight in model.parameters() if id(weight) not in inside]
    apart: set[int] = set()
    try:
        for _ in range(_PROBES):
            batch = torch.rand(settings.batch_size, *settings.frame.shape, generator=generator)
            batch = batch.contiguous(memory_format=archs.memory_format(settings.arch))
            noise = torch.randn(settings.batch_size, settings.latent_dim, generator=generator)
            one, many = (_gradients(model, batch, noise, threads) for threads in (1, count))
            if any(not torch.equal(one[id(weight)], many[id(weight)]) for weight in others):
                return None
            of_muon = muon.taught(model) if settings.optimizer == "muon" else []
            if of_muon and _directions_differ([one[id(weight)].float() for weight, _ in of_muon], of_muon, count):
                return None
            for place, layer in enumerate(layers):
                if any(not torch.equal(one[id(weight)], many[id(weight)]) for weight in layer.parameters()):
                    apart.add(place)
    finally:
        torch.set_num_threads(before)
    return sorted(apart)


def _directions_differ(gradients: Sequence[Tensor], of_muon: Sequence[muon.Taught], count: int) -> bool:
    found = []
    for threads in (1, count):
        torch.set_num_threads(threads)
        found.append(muon.directions(gradients, [matrices for _, matrices in of_muon]))
    return not all(map(torch.equal, *found))


def _gradients(model: VAE, batch: Tensor, noise: Tensor, threads: int) -> dict[int, Tensor]:
    torch.set_num_threads(threads)
    model.zero_grad()
    mu, logvar, decoded = model(batch, noise)
    (losses.recon_per_image(decoded, batch).sum() + losses.kl_per_image(mu, logvar).sum()).div(len(batch)).backward()
    return {id(weight): weight.grad.clone() for weight in model.parameters() if weight.grad is not None}
