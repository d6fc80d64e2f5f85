"""Gradients of the weights of convolutions, whose sums come out the same, bit for bit, however many threads compute.

They are the only sums of a step that torch divides among its threads by images, so that their last bits depend on how many
those are. Here each layer's gradient is found by one thread, and the layers are divided among the threads. As none of them
needs another, no thread waits for the others in between.
"""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import NamedTuple

import torch
from torch import Tensor, nn

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

    For a processor. `most` is how many threads there will ever be.
    """

    def __init__(self, model: nn.Module, *, most: int) -> None:
        self._layers = [layer for layer in model.modules() if isinstance(layer, Convolution)]
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
        watched = [layer.register_forward_hook(self._remember) for layer in self._layers]
        self._learn(within=False)
        try:
            yield
        finally:
            for handle in watched:
                handle.remove()
            self._learn(within=True)
            tasks = sorted(self._tasks, key=lambda task: -task.multiplications)
            self._tasks.clear()
        self._find(tasks)

    def _learn(self, *, within: bool) -> None:
        for layer in self._layers:
            layer.requires_grad_(within)

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
