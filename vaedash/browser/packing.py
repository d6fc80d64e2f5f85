"""An encoder or a decoder as bytes for the visitor's browser: its layers in the order that `worker.js` computes them, and their weights.

Four bytes with the length of a JSON text, that text, and the numbers that it tells the places of, counted from its end. Images are
interleaved there, `(side, side, channels)`, so weights are too: what a torch layer holds by channel is turned here, once. Every matrix
`(k, n)` lies in panels of 8 columns, `(n / 8, k, 8)`, as `kernel.wat` reads it; n is filled up to a multiple of 8 with zeros.
"""

import copy
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from torch import nn

from vaedash.models.local import Local2d, LocalTranspose2d
from vaedash.models.vae import VAE

Array = npt.NDArray[Any]
Layer = dict[str, Any]
Bits = Literal[16, 8]
Part = Literal["encoder", "decoder"]

_ACTIVATIONS: dict[type[nn.Module], str] = {nn.ReLU: "relu", nn.SiLU: "silu", nn.Sigmoid: "sigmoid"}
# The axes of a layer's weights along which those of one unit lie.
_WITHIN_A_UNIT: dict[type[nn.Module], tuple[int, ...]] = {
    nn.Linear: (1,),
    nn.Conv2d: (1, 2, 3),
    nn.ConvTranspose2d: (0,),
    Local2d: (1,),
    LocalTranspose2d: (1,),
}
_PANEL, _ALIGNED = 8, 16


class UnknownLayerError(Exception):
    """A layer that a browser is not taught."""


def rounded(model: VAE, bits: Bits) -> VAE:
    """A copy of a model with its weights as a browser has them after `pack` with so many bits: what it draws there, to measure."""
    made = copy.deepcopy(model)
    for layer in made.modules():
        weight, axes = getattr(layer, "weight", None), _WITHIN_A_UNIT.get(type(layer))
        if axes is None or weight is None:
            continue
        whole = weight.detach().abs().amax(axes, keepdim=True) / 127
        steps = (weight.detach() / whole.where(whole > 0, 1)).round() * whole
        weight.data = steps if bits == 8 else weight.detach().half().float()
    return made


def pack(model: VAE, part: Part, *, name: str, side: int, bits: Bits = 16, slot: str = "") -> bytes | None:
    """The `encoder` or `decoder` of a model of images with `side` pixels, its weights as numbers of so many bits; a browser will know
    it by its `name`, and forgets what came before in the same `slot`, but for the last.

    With 16, a weight is the nearest number in half precision; with 8, one of 255 multiples of a scale that each unit has of its own,
    its largest weight / 127. Biases are fp32. None where it has a layer, or a number, that cannot be written so.
    """
    try:
        return _Packed(bits).whole(model, part, name, slot or name, side)
    except UnknownLayerError:
        return None


@dataclass(frozen=True)
class _Numbers:
    """What goes from one layer to the next: a vector, or maps `(channels, side, side)`; how many numbers lie at a place, channels and what
    fills up (`stride`), and in all (`width`); whether maps were flattened.
    """

    shape: tuple[int, ...]
    stride: int = 0
    width: int = 0
    flat: bool = False

    def __post_init__(self) -> None:
        stride = self.stride or self.shape[0]
        object.__setattr__(self, "stride", stride)
        object.__setattr__(self, "width", self.width or stride * math.prod(self.shape[1:]))
        object.__setattr__(self, "flat", self.flat or len(self.shape) == 1)

    def flattened(self, layer: nn.Flatten) -> "_Numbers":
        if (layer.start_dim, layer.end_dim) != (1, -1):
            raise UnknownLayerError
        return replace(self, flat=True)

    def laid(self, layer: nn.Unflatten) -> "_Numbers":
        shape = tuple(layer.unflattened_size)
        if layer.dim != 1 or len(self.shape) != 1 or len(shape) != 3 or math.prod(shape) != self.shape[0]:
            raise UnknownLayerError
        return _Numbers(shape, width=self.width)

    def maps(self) -> "_Numbers":
        if self.flat or self.shape[1] != self.shape[2]:
            raise UnknownLayerError
        return self


class _Packed:
    def __init__(self, bits: Bits) -> None:
        self._bits = bits
        self._numbers = bytearray()

    def whole(self, model: VAE, part: Part, name: str, slot: str, side: int) -> bytes:
        draws = part == "decoder"
        image, code = _Numbers((3, side, side)), _Numbers((model.latent_dim,))
        layers, made = self._layers(model.decoder if draws else model.encoder, code if draws else image)
        if made.shape != (image.shape if draws else (2 * model.latent_dim,)):
            raise UnknownLayerError
        order = None if model.order is None else self._keep(model.order.numpy().astype(np.uint16))
        header = {
            "name": name,
            "slot": slot,
            "draws": draws,
            "width": code.width if draws else image.width,
            "made": image.width if draws else 2 * model.latent_dim,
            "layers": layers,
            "order": order,
            "pixels": side * side,
        }
        words = json.dumps(header).encode()
        words += b" " * (-(4 + len(words)) % _ALIGNED)
        return len(words).to_bytes(4, "little") + words + bytes(self._numbers)

    def _layers(self, modules: nn.Module, given: "_Numbers") -> tuple[list[Layer], "_Numbers"]:
        """The layers, beginning with what is given to the first; and what the last one makes."""
        made: list[Layer] = []
        flat = list(_flattened(modules))
        for number, module in enumerate(flat):
            layer, after = self._layer(module, given, flat[number + 1 :])
            if layer is not None:
                made.append(layer | {"seen": given.width, "width": after.width})
            given = after
        return made, given

    def _layer(
        self, module: nn.Module, given: "_Numbers", later: Sequence[nn.Module]
    ) -> "tuple[Layer | None, _Numbers]":
        if isinstance(module, nn.Flatten):
            return None, given.flattened(module)
        if isinstance(module, nn.Unflatten):
            return None, given.laid(module)
        if type(module) in _ACTIVATIONS:
            return {"kind": "activation", "what": _ACTIVATIONS[type(module)]}, given
        if type(module) is nn.Linear:
            return self._linear(module, given, _laid(later))
        if type(module) in (nn.Conv2d, Local2d):
            return self._conv(module, given.maps())
        if type(module) in (nn.ConvTranspose2d, LocalTranspose2d):
            return self._deconv(module, given.maps())
        raise UnknownLayerError

    def _linear(self, layer: nn.Linear, given: "_Numbers", laid: Sequence[int] | None) -> "tuple[Layer, _Numbers]":
        weights, bias = _array(layer.weight).T, _array(layer.bias)  # (in, out)
        if not given.flat:
            raise UnknownLayerError
        if len(given.shape) == 3:
            by_place = _filled(_last(weights.reshape(*given.shape, -1)), given.stride, axis=2)
            weights = by_place.reshape(-1, weights.shape[1])
        if laid is not None:
            weights = _last(weights.T.reshape(*laid, -1)).reshape(weights.shape[1], -1).T
            bias = _last(bias.reshape(*laid)).ravel()
        made = self._matrix("linear", weights[None], bias) | {"places": 1}
        return made, _Numbers((layer.out_features,), width=made["n"])

    def _conv(self, layer: nn.Module, given: "_Numbers") -> "tuple[Layer, _Numbers]":
        (channels, side, _), stride = given.shape, given.stride
        if side % 2:
            raise UnknownLayerError
        places = (side // 2) ** 2
        if isinstance(layer, Local2d):
            # Four blocks of 2 by 2, each with its pixels and their channels: (down, right, y, x, channel).
            blocks = _array(layer.weight).reshape(places, 2, 2, 2, 2, channels, -1)
            weights = blocks.transpose(0, 1, 3, 2, 4, 5, 6).reshape(places, 16, channels, -1)
            bias = _array(layer.bias).reshape(places, -1)
        else:
            weights = _array(_usual(layer).weight).transpose(2, 3, 1, 0).reshape(1, 16, channels, -1)
            bias = _array(layer.bias)[None]
        made = weights.shape[-1]
        weights = _filled(weights, stride, axis=2).reshape(len(weights), 16 * stride, made)
        filled = _filled(bias, _multiple(made), axis=1).ravel()
        matrix = self._matrix("conv", weights, filled) | {"side": side, "channels": stride, "places": places}
        return matrix, _Numbers((made, side // 2, side // 2), stride=matrix["n"])

    def _deconv(self, layer: nn.Module, given: "_Numbers") -> "tuple[Layer, _Numbers]":
        seen, side, _ = given.shape
        places = side**2
        if isinstance(layer, LocalTranspose2d):
            blocks = _array(layer.weight).reshape(places, seen, 2, 2, 2, 2, -1)
            weights = blocks.transpose(0, 1, 2, 4, 3, 5, 6).reshape(places, seen, -1)
        else:
            weights = _array(_usual(layer).weight).transpose(0, 2, 3, 1).reshape(1, seen, -1)
        made = weights.shape[-1] // 16
        weights = _filled(weights, given.stride, axis=1)
        matrix = self._matrix("deconv", weights, _array(layer.bias)) | {
            "side": side,
            "channels": made,
            "places": places,
        }
        return matrix, _Numbers((made, 2 * side, 2 * side))

    def _matrix(self, kind: str, weights: Array, bias: Array) -> Layer:
        """`kernels` matrices `(kernels, k, n)`, and a bias as it comes, filled up where it is one for each column."""
        kernels, k, columns = weights.shape
        n = _multiple(columns)
        weights = _filled(weights, n, axis=2)
        if len(bias) == columns:
            bias = _filled(bias, n, axis=0)
        if not (np.isfinite(weights).all() and np.isfinite(bias).all()):
            raise UnknownLayerError
        panels = weights.reshape(kernels, k, n // _PANEL, _PANEL).transpose(0, 2, 1, 3)
        scales = None
        if self._bits == 8:
            most = np.abs(weights).max(axis=1) / 127
            scales = self._keep(most.astype(np.float32))
            whole = np.where(most > 0, most, 1).reshape(kernels, n // _PANEL, 1, _PANEL)
            at = self._keep(np.rint(panels / whole).astype(np.int8))
        else:
            if np.abs(weights).max() > np.finfo(np.float16).max:
                raise UnknownLayerError
            at = self._keep(panels.astype(np.float16))
        return {
            "kind": kind,
            "kernels": kernels,
            "k": k,
            "n": n,
            "columns": columns,
            "at": at,
            "scales": scales,
            "bias": self._keep(bias.astype(np.float32)),
            "biases": len(bias),
        }

    def _keep(self, numbers: Array) -> int:
        self._numbers.extend(b"\0" * (-len(self._numbers) % _ALIGNED))
        at = len(self._numbers)
        self._numbers.extend(np.ascontiguousarray(numbers).tobytes())
        return at


def _flattened(modules: nn.Module) -> Iterator[nn.Module]:
    # What torch computes besides when it is called, such as the norm that an older `spectral_norm` divides by.
    if modules._forward_hooks or modules._forward_pre_hooks or "forward" in vars(modules):
        raise UnknownLayerError
    if type(modules) is not nn.Sequential:
        yield modules
        return
    for module in modules.children():
        yield from _flattened(module)


def _laid(later: Sequence[nn.Module]) -> Sequence[int] | None:
    """As what maps `(channels, side, side)` the numbers are laid before another layer adds them up; None where they are not."""
    for module in later:
        if isinstance(module, nn.Unflatten):
            shape = tuple(module.unflattened_size)
            return shape if min(shape) > 0 else None  # -1: whatever is left
        if type(module) not in _ACTIVATIONS:
            return None
    return None


def _usual(layer: nn.Module) -> nn.Conv2d | nn.ConvTranspose2d:
    """The layer, if it halves or doubles as conv's do."""
    if not isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
        raise UnknownLayerError
    usual = layer.kernel_size == (4, 4) and layer.stride == (2, 2) and layer.padding == (1, 1)
    usual = usual and layer.dilation == (1, 1) and layer.groups == 1 and layer.padding_mode == "zeros"
    if not usual or layer.output_padding != (0, 0):
        raise UnknownLayerError
    return layer


def _array(weights: Any) -> Array:
    if weights is None:
        raise UnknownLayerError
    return weights.detach().float().cpu().contiguous().numpy()


def _last(by_channel: Array) -> Array:
    """`(channels, side, side, ...)` to `(side, side, channels, ...)`."""
    return np.moveaxis(by_channel, 0, 2)


def _multiple(count: int) -> int:
    return -(-count // _PANEL) * _PANEL


def _filled(numbers: Array, length: int, *, axis: int) -> Array:
    """With zeros behind, so that it is so long."""
    padding = [(0, 0)] * numbers.ndim
    padding[axis] = (0, length - numbers.shape[axis])
    return np.pad(numbers, padding)
