"""An encoder or a decoder as bytes for the visitor's browser: its layers in the order that `worker.js` computes them, and their weights.

Four bytes with the length of a JSON text, that text, and the numbers that it tells the places of, counted from its end. Images are
interleaved there, `(side, side, channels)`, so weights are too: what a torch layer holds by channel is turned here, once. Every matrix
`(k, n)` lies in panels of 8 columns, `(n / 8, k, 8)`, as `kernel.wat` reads it; n is filled up to a multiple of 8 with zeros.
"""

import json
import math
from collections.abc import Iterator, Sequence
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
_PANEL, _ALIGNED = 8, 16


class UnknownLayerError(Exception):
    """A layer that a browser is not taught."""


def pack(model: VAE, part: Part, *, name: str, side: int, bits: Bits = 16) -> bytes | None:
    """The `encoder` or `decoder` of a model of images with `side` pixels, its weights as numbers of so many bits; a browser will know
    it by its `name`.

    With 16, a weight is the nearest number in half precision; with 8, one of 255 multiples of a scale that each unit has of its own,
    its largest weight / 127. Biases are fp32. None where it has a layer, or a number, that cannot be written so.
    """
    try:
        return _Packed(bits).whole(model, part, name, side)
    except UnknownLayerError:
        return None


class _Packed:
    def __init__(self, bits: Bits) -> None:
        self._bits = bits
        self._numbers = bytearray()

    def whole(self, model: VAE, part: Part, name: str, side: int) -> bytes:
        draws = part == "decoder"
        image, code = (3, side, side), (model.latent_dim,)
        layers = self._layers(model.decoder if draws else model.encoder, code if draws else image)
        order = None if model.order is None else self._keep(model.order.numpy().astype(np.uint16))
        header = {
            "name": name,
            "draws": draws,
            "width": math.prod(code if draws else image),
            "made": math.prod(image) if draws else 2 * model.latent_dim,
            "layers": layers,
            "order": order,
            "pixels": side * side,
        }
        words = json.dumps(header).encode()
        words += b" " * (-(4 + len(words)) % _ALIGNED)
        return len(words).to_bytes(4, "little") + words + bytes(self._numbers)

    def _layers(self, modules: nn.Module, shape: Sequence[int]) -> list[Layer]:
        """The layers, beginning with what has this `shape`. `stride` is how many numbers lie at a place, channels and what fills up."""
        made: list[Layer] = []
        stride, width = shape[0], math.prod(shape)  # of what goes into the next layer
        flat = list(_flattened(modules))
        for number, module in enumerate(flat):
            if isinstance(module, nn.Flatten):
                continue
            if isinstance(module, nn.Unflatten):
                shape = tuple(module.unflattened_size)
                stride = shape[0]
                continue
            if type(module) in _ACTIVATIONS:
                made.append({"kind": "activation", "what": _ACTIVATIONS[type(module)], "width": width})
                continue
            layer: Layer
            if isinstance(module, nn.Linear):
                into = next(
                    (
                        each
                        for each in flat[number:]
                        if isinstance(each, nn.Linear | nn.Unflatten) and each is not module
                    ),
                    None,
                )
                laid = tuple(into.unflattened_size) if isinstance(into, nn.Unflatten) else None
                layer = self._linear(module, shape, stride, laid)
                shape = (module.out_features,)
                stride = shape[0]
            elif len(shape) != 3 or shape[1] != shape[2]:
                raise UnknownLayerError
            elif isinstance(module, nn.Conv2d | Local2d):
                layer = self._conv(module, shape, stride)
                shape = (layer.pop("channels_made"), shape[1] // 2, shape[2] // 2)
                stride = layer["n"]
            elif isinstance(module, nn.ConvTranspose2d | LocalTranspose2d):
                layer = self._deconv(module, shape, stride)
                shape = (layer["channels"], 2 * shape[1], 2 * shape[2])
                stride = shape[0]
            else:
                raise UnknownLayerError
            made.append(layer | {"seen": width})
            width = layer["width"]
        return made

    def _linear(self, layer: nn.Linear, shape: Sequence[int], stride: int, laid: Sequence[int] | None) -> Layer:
        weights, bias = _array(layer.weight).T, _array(layer.bias)  # (in, out)
        if len(shape) == 3:
            weights = _filled(_last(weights.reshape(*shape, -1)), stride, axis=2).reshape(-1, weights.shape[1])
        if laid is not None:
            weights = _last(weights.T.reshape(*laid, -1)).reshape(weights.shape[1], -1).T
            bias = _last(bias.reshape(*laid)).ravel()
        return self._matrix("linear", weights[None], bias) | {"places": 1}

    def _conv(self, layer: nn.Conv2d | Local2d, shape: Sequence[int], stride: int) -> Layer:
        channels, side, _ = shape
        places = (side // 2) ** 2
        if isinstance(layer, Local2d):
            # Four blocks of 2 by 2, each with its pixels and their channels: (down, right, y, x, channel).
            blocks = _array(layer.weight).reshape(places, 2, 2, 2, 2, channels, -1)
            weights = blocks.transpose(0, 1, 3, 2, 4, 5, 6).reshape(places, 16, channels, -1)
            bias = _array(layer.bias).reshape(places, -1)
        else:
            _require_usual(layer)
            weights = _array(layer.weight).transpose(2, 3, 1, 0).reshape(1, 16, channels, -1)
            bias = _array(layer.bias)[None]
        made = weights.shape[-1]
        weights = _filled(weights, stride, axis=2).reshape(len(weights), 16 * stride, made)
        filled = _filled(bias, _multiple(made), axis=1).ravel()
        layer_made = self._matrix("conv", weights, filled) | {"side": side, "channels": stride, "places": places}
        return layer_made | {"width": places * layer_made["n"], "channels_made": made}

    def _deconv(self, layer: nn.ConvTranspose2d | LocalTranspose2d, shape: Sequence[int], stride: int) -> Layer:
        seen, side, _ = shape
        places = side**2
        if isinstance(layer, LocalTranspose2d):
            blocks = _array(layer.weight).reshape(places, seen, 2, 2, 2, 2, -1)
            weights = blocks.transpose(0, 1, 2, 4, 3, 5, 6).reshape(places, seen, -1)
            bias = _array(layer.bias)
        else:
            _require_usual(layer)
            weights = _array(layer.weight).transpose(0, 2, 3, 1).reshape(1, seen, -1)
            bias = _array(layer.bias)
        made = weights.shape[-1] // 16
        weights = _filled(weights, stride, axis=1)
        layer_made = self._matrix("deconv", weights, bias) | {"side": side, "channels": made, "places": places}
        return layer_made | {"width": 4 * places * made}

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
            "at": at,
            "scales": scales,
            "bias": self._keep(bias.astype(np.float32)),
            "biases": len(bias),
            "width": n,
        }

    def _keep(self, numbers: Array) -> int:
        self._numbers.extend(b"\0" * (-len(self._numbers) % _ALIGNED))
        at = len(self._numbers)
        self._numbers.extend(np.ascontiguousarray(numbers).tobytes())
        return at


def _flattened(modules: nn.Module) -> Iterator[nn.Module]:
    if not isinstance(modules, nn.Sequential):
        yield modules
        return
    for module in modules:
        yield from _flattened(module)


def _require_usual(layer: nn.Conv2d | nn.ConvTranspose2d) -> None:
    usual = layer.kernel_size == (4, 4) and layer.stride == (2, 2) and layer.padding == (1, 1)
    usual = (
        usual
        and layer.dilation == (1, 1)
        and layer.groups == 1
        and layer.padding_mode == "zeros"
        and layer.bias is not None
    )
    if not usual or (isinstance(layer, nn.ConvTranspose2d) and layer.output_padding != (0, 0)):
        raise UnknownLayerError


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
