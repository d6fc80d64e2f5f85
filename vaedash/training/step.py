"""A model and its optimizers, and the one step that teaches it; on a GPU that step is recorded once and then replayed."""

import contextlib
import copy
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import Tensor

from vaedash import places
from vaedash.config import RunConfig
from vaedash.models import archs, latent, losses
from vaedash.training.hardware import Hardware
from vaedash.training.kernels import Apart, KernelGradients, may_be_taken_apart
from vaedash.training.optimizers import Optimizers
from vaedash.training.team import ALONE, Team, TorchrunTeam

_EAGER_STEPS = 3  # before a GPU's step is recorded: libraries choose their kernels in the first ones


class Learner:
    """A freshly initialised model that is taught, by Adam or by Muon and Adam. Its weights learn in fp32; `working` is what computes.

    In fp32 the two are the same. In bf16 `working` is a low-precision copy: the gradients found with it are
    carried over to the fp32 weights, and what the optimizers make of these is copied back, once a step. (autocast would
    convert each weight anew wherever it is used.)

    On a processor, the number of torch's threads may change between two steps, and changes no number: what is
    `apart` for that says `kernels.divided`.

    In a team, each member has a learner of its own, whose weights stay equal: all make the same step of the same gradient.
    """

    def __init__(
        self, settings: RunConfig, machine: Hardware, team: Team = ALONE, *, apart: Apart | None = None
    ) -> None:
        torch.manual_seed(settings.seed)
        self.on_gpu = machine.device == "cuda"
        self.model = archs.build(settings).to(machine.device)
        # A recorded step reads its beta from a tensor, as its learning rate: nothing else may change in it.
        self._beta = torch.zeros((), device=machine.device)
        self.working = self.model if machine.dtype is torch.float32 else copy.deepcopy(self.model).to(machine.dtype)
        self._optimizers = Optimizers(settings, self.model, self.working, machine.device)
        empty = [
            torch.empty(0, *shape, device=machine.device) for shape in (settings.frame.shape, [settings.latent_dim])
        ]
        self._team, self._averaging = team, team.averaging(self.working, empty)
        taken_apart = machine.device == "cpu" and team.size == 1 and may_be_taken_apart(settings)
        self._kernels = KernelGradients(self.working, apart, most=places.cores()) if taken_apart else None
        self._steps = 0
        self._recorded: _Recorded | None = None

    def state(self) -> dict[str, Any]:
        """All that is needed to go on: the weights, Adam's moments, and Muon's where it takes part."""
        return {"model": self.model.state_dict(), **self._optimizers.state()}

    def load(self, state: Mapping[str, Any]) -> None:
        """Go on from a `state`, wherever it was saved."""
        self.model.load_state_dict(state["model"])
        self._optimizers.load(state)

    def step(self, pixels: Tensor, noise: Tensor, *, beta: float, lr: float) -> Tensor:
        """One step down the gradient of a batch's mean loss; the batch's summed recon and kl, `(2,)`.

        `pixels` is uint8 `(B, 3, side, side)`, `noise` is `(B, latent_dim)`, standard normal. The leader of a team gives the
        whole batch too, and takes the step together with the others (`follow`).
        """
        self._team.call_step(beta=beta, lr=lr)
        self._beta.fill_(beta)
        self._optimizers.set_rate(lr)
        if not self.on_gpu:
            return self._compute(pixels, noise)
        self._steps += 1
        if self._recorded is None and self._steps > _EAGER_STEPS and self._team.records_steps:
            self._recorded = _Recorded(self._compute, pixels, noise)
        if self._recorded is None or not self._recorded.fits(pixels):
            return self._compute(pixels, noise)
        return self._recorded.replay(pixels, noise)

    def follow(self, team: TorchrunTeam, batches: Iterable[tuple[Tensor, Tensor]]) -> None:
        """Take the steps that the leader of its `team` takes, over the same `batches`, until it takes no more."""
        for pixels, noise in batches:
            if (called := team.called_step()) is None:
                return
            self.step(pixels, noise, **called)

    def _compute(self, pixels: Tensor, noise: Tensor) -> Tensor:
        share = self._team.share_of(len(pixels))
        batch = latent.to_float(pixels[share])
        self.working.zero_grad(set_to_none=True)
        with self._kernels.apart() if self._kernels else contextlib.nullcontext():
            mu, logvar, decoded = self._averaging(batch, noise[share])
            recon = losses.recon_per_image(decoded, batch).sum()
            kl = losses.kl_per_image(mu, logvar).sum()
            # The mean over members of this is the mean over the batch, however it was divided: each image weighs the same.
            loss = (recon + self._beta * kl) / (len(pixels) / self._team.size)
            loss.backward()
        self._optimizers.step()
        return self._team.sum(torch.stack([recon, kl]).detach())


class _Recorded:
    """A whole step as a CUDA graph: one launch instead of some hundred, which for models this small is most of the time."""

    def __init__(self, compute: Callable[[Tensor, Tensor], Tensor], pixels: Tensor, noise: Tensor) -> None:
        self._pixels, self._noise = torch.empty_like(pixels), torch.empty_like(noise)
        torch.cuda.synchronize()
        self._graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self._graph):  # records, and computes nothing yet
            self._sums = compute(self._pixels, self._noise)

    def fits(self, pixels: Tensor) -> bool:
        """Whether a batch has the shape of the recorded one; the last of an epoch may be shorter."""
        return pixels.shape == self._pixels.shape

    def replay(self, pixels: Tensor, noise: Tensor) -> Tensor:
        """The recorded step with these images and this noise."""
        self._pixels.copy_(pixels)
        self._noise.copy_(noise)
        self._graph.replay()
        return self._sums.clone()
