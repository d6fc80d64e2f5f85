"""Muon: of a matrix's averaged gradient, only its directions are followed, each as far as every other."""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn

from vaedash.models.vae import VAE

_MOMENTUM = 0.9
# Of the odd polynomial that takes every singular value near 1 in five rounds (Jordan et al. 2024, "Muon").
_A, _B, _C = 3.4445, -4.7750, 2.0315
_ROUNDS = 5


class Taught(NamedTuple):
    """A weight that Muon teaches, `(rows, ...)`, and into how many matrices, one below the other, it falls; one of three dimensions
    is a matrix for each place."""

    weight: nn.Parameter
    matrices: int = 1


def taught(model: VAE) -> list[Taught]:
    """All weights of a model that are matrices, but those that see or draw pixels. What says mu and logvar is two matrices."""

    def matrices(part: nn.Module) -> list[nn.Parameter]:
        return [weight for weight in part.parameters() if weight.ndim > 1]

    _, *inner, head = matrices(model.encoder)
    return [*map(Taught, inner), Taught(head, 2), *map(Taught, matrices(model.decoder)[:-1])]


class Muon(torch.optim.Optimizer):
    """Weights that learn by momentum whose singular values are all brought to about 1 (Jordan et al. 2024).

    torch.optim.Muon does this in bf16, whatever the processor: on one without bf16 it was fifty times slower, some 200 ms for
    128 rows of 1,024. This is in fp32, takes convolutions too, and a learning rate that lies on a GPU. Steps are `rate` times
    that long.
    """

    def __init__(self, weights: Iterable[Taught], *, lr: float | Tensor, rate: float = 1.0) -> None:
        groups = [{"params": [weight], "matrices": matrices} for weight, matrices in weights]
        super().__init__(groups, {"lr": lr, "rate": rate})

    @torch.no_grad()
    def step(self, _: object = None) -> None:  # type: ignore[override]  # no closure that would be asked again
        """One step of every weight."""
        ahead: list[Tensor] = []
        for group in self.param_groups:
            [weight] = group["params"]
            gradient, state = weight.grad, self.state[weight]
            if not state:
                state["momentum"] = torch.zeros_like(weight)
            mean = state["momentum"].lerp_(gradient, 1 - _MOMENTUM)
            ahead.append(gradient.lerp(mean, _MOMENTUM))  # Nesterov's
        found = directions(ahead, [group["matrices"] for group in self.param_groups])
        for group, direction in zip(self.param_groups, found, strict=True):
            [weight], lr = group["params"], group["lr"] * group["rate"]
            if isinstance(lr, Tensor):
                weight.sub_(direction.mul_(lr))
            else:
                weight.sub_(direction, alpha=lr)


def directions(gradients: Sequence[Tensor], matrices: Sequence[int]) -> list[Tensor]:
    """What a step along each of some gradients `(rows, ...)` becomes, in its shape: of each of its `matrices` only the directions;
    one that is higher than wide goes further, as it has fewer of them for each of its rows. Not so the matrices of places: kernels,
    be they high or wide as they lie there, have for each number that they make as many that they add up."""
    lying = [_laid_out(gradient) for gradient in gradients]
    parts = [_matrices(gradient, count) for gradient, count in zip(lying, matrices, strict=True)]
    stepped = [torch.empty_like(gradient) for gradient in lying]
    into = [_matrices(step, count) for step, count in zip(stepped, matrices, strict=True)]
    further = [gradient.ndim != 3 for gradient, of_it in zip(lying, parts, strict=True) for _ in of_it]
    orthogonal(list(itertools.chain(*parts)), into=list(itertools.chain(*into)), further=further)
    return [step if step.ndim == 3 else step.movedim(-1, 1) for step in stepped]


def _laid_out(gradient: Tensor) -> Tensor:
    """With what makes up a row side by side, as convolutions lie in memory."""
    return (gradient if gradient.ndim == 3 else gradient.movedim(1, -1)).contiguous()


def _matrices(laid_out: Tensor, count: int) -> Sequence[Tensor]:
    return laid_out.unbind() if laid_out.ndim == 3 else laid_out.flatten(1).chunk(count)


def orthogonal(
    matrices: Sequence[Tensor], *, into: Sequence[Tensor] | None = None, further: Sequence[bool] = ()
) -> Sequence[Tensor]:
    """Of each of some matrices `(rows, columns)` about the nearest one whose singular values are 1; they come between 0.7 and 1.2,
    tiny ones below. Written `into` others of these shapes, where given; one that is to go `further` and is higher than wide becomes
    longer, by the root of how much.

    Each round is p(X) = (a + b X X^T + c (X X^T)^2) X. As all of these factors commute, they are found from X X^T alone, of the
    shorter side, and X is multiplied once: a third of the work for a matrix eight times as wide as high. Those of one shorter
    side take their rounds together.
    """
    products = [matrix @ matrix.T if _wide(matrix) else matrix.T @ matrix for matrix in matrices]
    factors: dict[int, Iterator[Tensor]] = {
        side: iter(_factors(torch.stack([product for product in products if len(product) == side])))
        for side in {len(product) for product in products}
    }
    found = into if into is not None else [torch.empty_like(matrix) for matrix in matrices]
    longer = further or [False] * len(matrices)
    for matrix, product, target, long in zip(matrices, products, found, longer, strict=True):
        factor = next(factors[len(product)])
        if _wide(matrix):
            torch.mm(factor, matrix, out=target)
        else:
            length = (matrix.shape[0] / matrix.shape[1]) ** 0.5 if long else 1.0
            torch.mm(matrix, factor.mul_(length), out=target)
    return found


def _wide(matrix: Tensor) -> bool:
    return matrix.shape[0] <= matrix.shape[1]


def _factors(products: Tensor) -> Tensor:
    """By what matrices X must be multiplied, from their X X^T `(count, side, side)`."""
    # The sum of squares is the trace. A little more than its root, so that no singular value is above 1.
    size = products.diagonal(dim1=-2, dim2=-1).sum(-1).sqrt()[:, None, None] * 1.01 + 1e-7
    product, whole = products / size.square(), None
    for number in range(_ROUNDS):
        factor = torch.baddbmm(product, product, product, beta=_B, alpha=_C)
        factor.diagonal(dim1=-2, dim2=-1).add_(_A)
        whole = factor if whole is None else factor @ whole
        if number < _ROUNDS - 1:
            product = factor @ product @ factor
    return cast(Tensor, whole) / size
