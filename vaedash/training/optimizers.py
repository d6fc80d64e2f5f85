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
        _spare_the_compiler()
        # A recorded step of a GPU reads the learning rate from a tensor.
        self._lr = torch.tensor(settings.lr, device=device) if device == "cuda" else None
        lr: Tensor | float = settings.lr if self._lr is None else self._lr
        pairs = zip(model.parameters(), working.parameters(), strict=True)
        self._copies = {weight: copy for weight, copy in pairs if copy is not weight}
        of_muon = muon.taught(model) if settings.optimizer == "muon" else []
        taken = {weight for weight, _ in of_muon}
        rest = [weight for weight in model.parameters() if weight not in taken]
        copies = [self._copies[weight] for weight in rest] if self._copies else []
        self._carried = {weight: copy for weight, copy in self._copies.items() if weight in taken}
        self._all: dict[str, torch.optim.Optimizer] = {}
        if self._lr is not None:
            self._all["optimizer"] = AdamAtOnce(rest, copies, lr=self._lr)
        elif device == "cpu":
            self._all["optimizer"] = PiecewiseAdam(rest, copies, lr=settings.lr)
        else:
            self._all["optimizer"] = torch.optim.Adam(rest, lr=settings.lr)
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
            if self._lr is not None:  # what was loaded is a copy, also of the rate
                for group in optimizer.param_groups:
                    group["lr"] = self._lr
        _follow(self._copies)


@torch.no_grad()
def _follow(copies: Mapping[nn.Parameter, nn.Parameter]) -> None:
    for weight, copy in copies.items():
        copy.copy_(weight)


def _spare_the_compiler() -> None:
    """When they are first called, torch's optimizers load its compiler, to tell it to leave them alone. Nothing here uses it,
    and to load it takes two fifths of a start: they find here what they would have been told."""
    for method in vars(torch.optim.Optimizer).values():
        if (inner := getattr(method, "__wrapped__", None)) is not None:
            inner.__dynamo_disable = inner


class PiecewiseAdam(torch.optim.Adam):
    """Adam of fp32 weights on a processor; their gradients may be those of `copies` in lower precision, which follow the weights.

    The gradient in fp32, the step and the copy are made piece by piece, so that each comes from memory once and not three times;
    the numbers are those of `torch.optim.Adam`.
    """

    def __init__(self, weights: Sequence[nn.Parameter], copies: Sequence[nn.Parameter], *, lr: float) -> None:
        super().__init__(weights, lr=lr, fused=True)
        self._copies = copies or weights

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
                if copy is not weight:
                    low.copy_(piece)


def _pieces(*tensors: Tensor) -> Iterator[tuple[Tensor, ...]]:
    """Some tensors of one shape, in the same pieces."""
    if tensors[0].numel() <= _PIECE or not all(tensor.is_contiguous() for tensor in tensors):
        return iter([tensors])
    return zip(*(tensor.view(-1).split(_PIECE) for tensor in tensors), strict=True)


class AdamAtOnce(torch.optim.Adam):
    """Adam of fp32 weights on a GPU, made for all of them at once, with a learning rate that lies there too; their gradients
    may be those of `copies` in lower precision, which follow the weights.

    The weights are laid one behind the other, and keep their shapes. A kernel that takes a list of tensors, as torch's fused Adam
    is, works on 65,536 weights with each multiprocessor: of models this small it keeps an eighth of a large GPU busy.
    """

    def __init__(self, weights: Sequence[nn.Parameter], copies: Sequence[nn.Parameter], *, lr: Tensor) -> None:
        super().__init__(weights, lr=lr, capturable=True)
        self._taught = copies or weights
        self._weights = _one_behind_the_other(weights)
        self._copies = _one_behind_the_other(copies) if copies else None
        self._means, self._squares = torch.zeros_like(self._weights), torch.zeros_like(self._weights)
        self._steps = torch.zeros(len(weights), device=self._weights.device)  # each counts them, as in torch's Adam
        # In fp64, as 1 - 0.999 in fp32 is wrong in its fifth digit.
        self._betas = torch.tensor(self.defaults["betas"], device=self._weights.device, dtype=torch.float64)
        self._name_state()

    def _name_state(self) -> None:
        """Each weight's state, as torch's Adam names it, is its part of what lies here."""
        weights = self.param_groups[0]["params"]
        parts = (self._steps.unbind(), _parts(self._means, weights), _parts(self._squares, weights))
        for weight, steps, mean, square in zip(weights, *parts, strict=True):
            self.state[weight] = {"step": steps, "exp_avg": mean, "exp_avg_sq": square}

    @torch.no_grad()
    def step(self, _: object = None) -> None:  # type: ignore[override]  # no closure that would be asked again
        """One step of every weight."""
        [group] = self.param_groups
        beta1, beta2 = group["betas"]
        gradient = torch.cat([_as_lies(weight, cast(Tensor, weight.grad)) for weight in self._taught]).float()
        self._means.lerp_(gradient, 1 - beta1)
        self._squares.mul_(beta2).addcmul_(gradient, gradient, value=1 - beta2)
        self._steps += 1
        of_mean, of_square = (1 - self._betas ** self._steps[0]).unbind()
        # lr * (mean / of_mean) / (sqrt(square / of_square) + eps), with what is one number for all taken together.
        scale = of_mean / group["lr"].clamp_min(1e-30)
        below = self._squares.sqrt().mul_(scale * of_square.rsqrt()).add_(scale * group["eps"])
        self._weights.addcdiv_(self._means, below, value=-1)
        if self._copies is not None:
            self._copies.copy_(self._weights)

    @torch.no_grad()
    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from what was saved of this Adam, or of torch's own of the same weights."""
        super().load_state_dict(state_dict)
        weights = self.param_groups[0]["params"]
        loaded = [self.state[weight] for weight in weights]
        for whole in (self._steps, self._means, self._squares):
            whole.zero_()
        if all(loaded):
            self._steps.copy_(loaded[0]["step"])
            for whole, key in ((self._means, "exp_avg"), (self._squares, "exp_avg_sq")):
                for part, known in zip(_parts(whole, weights), loaded, strict=True):
                    part.copy_(known[key])
        self._name_state()


@torch.no_grad()
def _one_behind_the_other(weights: Sequence[nn.Parameter]) -> Tensor:
    """One tensor `(all,)` that holds these from here on; each keeps its shape, and how it lies."""
    whole = torch.cat([_as_lies(weight, weight) for weight in weights])
    for weight, part in zip(weights, _parts(whole, weights), strict=True):
        weight.data = part
    return whole


def _parts(whole: Tensor, weights: Sequence[Tensor]) -> list[Tensor]:
    """Of something for all weights, what belongs to each, in its shape and as it lies."""
    pieces = whole.split([weight.numel() for weight in weights])
    return [
        piece.as_strided(weight.shape, weight.stride(), piece.storage_offset())
        for piece, weight in zip(pieces, weights, strict=True)
    ]


def _as_lies(weight: Tensor, values: Tensor) -> Tensor:
    """A value for each number of a weight, in the order in which they lie in memory, `(all,)`."""
    order = sorted(range(weight.ndim), key=weight.stride, reverse=True)
    return values.permute(order).reshape(-1)
