"""What makes a step of gradients: Adam, or Muon and Adam, over fp32 weights, whoever found the gradients."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn

from vaedash.config import RunConfig
from vaedash.models import archs
from vaedash.models.vae import VAE
from vaedash.training import muon

_PIECE = 131_072  # weights that stay in a core's cache with all that a step needs of them


class Optimizers:
    """All optimizers of a model, each with its weights. `working` is what computes: the model, or a copy in lower precision.

    A copy's gradients are carried over to the model's weights, and what is made of these is copied back, once a step.
    """

    def __init__(self, settings: RunConfig, model: VAE, working: VAE, device: str) -> None:
        # A recorded step of a GPU reads the learning rate from a tensor.
        self._lr = torch.tensor(settings.lr, device=device) if device == "cuda" else None
        lr: Tensor | float = settings.lr if self._lr is None else self._lr
        pairs = zip(model.parameters(), working.parameters(), strict=True)
        self._copies = {weight: copy for weight, copy in pairs if copy is not weight}
        of_muon = muon.taught(model) if settings.optimizer == "muon" else []
        taken = {weight for weight, _ in of_muon}
        rest = [weight for weight in model.parameters() if weight not in taken]
        self._all: dict[str, torch.optim.Optimizer] = {}
        if self._copies and device == "cpu":
            self._all["optimizer"] = PiecewiseAdam(rest, [self._copies[weight] for weight in rest], lr=settings.lr)
            self._carried = {weight: self._copies[weight] for weight in taken}
        else:
            self._all["optimizer"] = torch.optim.Adam(rest, lr=lr, fused=device != "mps", capturable=device == "cuda")
            self._carried = self._copies
        if of_muon:
            self._all["muon"] = muon.Muon(of_muon, lr=lr, rate=archs.muon_rate(settings.arch))

    def set_rate(self, lr: float) -> None:
        """The learning rate of the steps that follow."""
        if self._lr is not None:
            self._lr.fill_(lr)
            return
        for group in itertools.chain(*(optimizer.param_groups for optimizer in self._all.values())):
            group["lr"] = lr

    def step(self) -> None:
        """One step of every weight, down its gradient."""
        for weight, copy in self._carried.items():
            weight.grad = cast(Tensor, copy.grad).float()
        for optimizer in self._all.values():
            optimizer.step()
        _follow(self._carried)

    def state(self) -> dict[str, Any]:
        """Adam's moments as `optimizer`, and Muon's as `muon` where it takes part."""
        return {name: optimizer.state_dict() for name, optimizer in self._all.items()}

    def load(self, state: Mapping[str, Any]) -> None:
        """Go on from a `state`, once the model has its weights. Settings are those of this run and this device; only what
        was gathered is taken over.
        """
        for name, optimizer in self._all.items():
            optimizer.load_state_dict(optimizer.state_dict() | {"state": state[name]["state"]})
        _follow(self._copies)


@torch.no_grad()
def _follow(copies: Mapping[nn.Parameter, nn.Parameter]) -> None:
    for weight, copy in copies.items():
        copy.copy_(weight)


class PiecewiseAdam(torch.optim.Adam):
    """Adam of fp32 weights on a processor whose gradients are those of `copies` in lower precision, which follow the weights.

    The gradient in fp32, the step and the copy are made piece by piece, so that each comes from memory once and not three times;
    the numbers are those of `torch.optim.Adam`.
    """

    def __init__(self, weights: Sequence[nn.Parameter], copies: Sequence[nn.Parameter], *, lr: float) -> None:
        super().__init__(weights, lr=lr, fused=True)
        self._copies = copies

    @torch.no_grad()
    def step(self, _: object = None) -> None:  # type: ignore[override]  # no closure that would be asked again
        """One step of every weight."""
        [group] = self.param_groups
        beta1, beta2 = group["betas"]
        for weight, copy in zip(group["params"], self._copies, strict=True):
            state = self.state[weight]
            if not state:
                state["step"] = torch.zeros(())
                state["exp_avg"], state["exp_avg_sq"] = torch.zeros_like(weight), torch.zeros_like(weight)
            state["step"] += 1
            for piece, low, gradient, mean, square in _pieces(
                weight, copy, cast(Tensor, copy.grad), state["exp_avg"], state["exp_avg_sq"]
            ):
                torch._fused_adam_(
                    [piece],
                    [gradient.float()],
                    [mean],
                    [square],
                    [],
                    [state["step"]],
                    lr=group["lr"],
                    beta1=beta1,
                    beta2=beta2,
                    eps=group["eps"],
                    weight_decay=0.0,
                    amsgrad=False,
                    maximize=False,
                )
                low.copy_(piece)


def _pieces(*tensors: Tensor) -> Iterator[tuple[Tensor, ...]]:
    """Some tensors of one shape, in the same pieces."""
    if tensors[0].numel() <= _PIECE or not all(tensor.is_contiguous() for tensor in tensors):
        return iter([tensors])
    return zip(*(tensor.view(-1).split(_PIECE) for tensor in tensors), strict=True)
