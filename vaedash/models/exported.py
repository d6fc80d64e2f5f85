"""A model as others open it: a .safetensors file with its weights, which says what they are the weights of.

The format holds numbers and words and nothing that is executed. What a file says of itself is read first, and held against its
size and the shapes that its settings ask for; memory is taken afterwards.
"""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import torch

import vaedash
from vaedash import config, storage
from vaedash.config import RunConfig
from vaedash.errors import RunError, VaedashError
from vaedash.models import archs, own
from vaedash.models.vae import VAE
from vaedash.text import name as as_name

FILE = "model.safetensors"
MOST = 500_000_000  # bytes of such a file
_MOST_SAID = 1_000_000  # bytes of what it says of itself
_LENGTH = 8  # bytes in front of that, which say how many it is
_KINDS = {torch.float32: "F32", torch.int64: "I64"}  # as the format calls them
_WRONG = (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError, VaedashError)


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where weights come from: the id and name of the run, the epoch they are of, its settings, and the fingerprint of its images
    (empty where that is not known). Of one's own images the settings have what they are called, never where they lie.
    """

    run: str
    name: str
    epoch: int
    settings: RunConfig
    fingerprint: str = ""


def encoded(model: VAE, origin: Origin) -> bytes:
    """The file of a model: its tensors, where they come from, and the SHA-256 of both."""
    from safetensors.torch import save

    said = json.dumps(
        {
            "schema": config.SCHEMA,
            "vaedash": vaedash.__version__,
            "run": origin.run,
            "name": origin.name,
            "epoch": origin.epoch,
            "fingerprint": origin.fingerprint,
            "settings": origin.settings.to_json() | {"dataset": config.dataset_title(origin.settings.dataset)},
        }
    )
    tensors = {name: tensor.contiguous() for name, tensor in model.state_dict().items()}
    file = io.BytesIO(save(tensors))
    digest = _sha256(said, _header(file), file.read())
    return save(tensors, {"format": "pt", "vaedash": said, "sha256": digest})


def read(file: Path) -> tuple[VAE, Origin]:
    """The model in such a file, in evaluation mode on the CPU, and where it comes from.

    RunError where there is none, where it is damaged or another program's, and where its architecture is somebody's own and not
    trusted here. What it holds is numbers; nothing of it is executed.
    """
    try:
        with storage.opened(file, most=MOST) as opened:
            return _read(opened, file.name)
    except FileNotFoundError:
        raise RunError(f"There is no file {file}. Give the folder that `export safetensors` has written.") from None
    except storage.UnfitError as error:
        raise RunError(f"{file.name} {error}. Put one in its place that `export safetensors` has written.") from None


def _read(file: IO[bytes], called: str) -> tuple[VAE, Origin]:
    try:
        header = _header(file)
        said, digest = header["__metadata__"]["vaedash"], header["__metadata__"]["sha256"]
        said.encode()  # fails for half a surrogate pair, of which no file is made
        origin = _origin(json.loads(said))
    except _WRONG as error:
        raise RunError(
            f"{called} is no model that this vaedash knows ({_in_short(error)}). Give one that `export safetensors` has written."
        ) from None
    _require_trusted(origin.settings.arch)
    tensors = {name: about for name, about in header.items() if name != "__metadata__"}
    _require_fitting(tensors, archs.outlined(origin.settings), called)
    start = file.tell()
    numbers = file.read(MOST)
    if _sha256(said, tensors, numbers) != digest:
        raise RunError(
            f"{called} is damaged: its bytes do not match the SHA-256 that it says. Put a sound one in its place."
        )
    file.seek(0)
    return _built(file.read(start) + numbers, origin, called), origin


def _header(file: IO[bytes]) -> dict[str, Any]:
    length = int.from_bytes(file.read(_LENGTH), "little")
    if not 2 <= length <= _MOST_SAID:
        raise ValueError("it does not begin as a .safetensors file does")
    header = json.loads(file.read(length))
    if not isinstance(header, dict):
        raise ValueError("it says nothing of itself")
    return header


def _origin(record: Mapping[str, Any]) -> Origin:
    if record["schema"] > config.SCHEMA:
        raise ValueError("a newer vaedash wrote it")
    return Origin(
        run=as_name(record["run"]),
        name=as_name(record["name"]),
        epoch=int(record["epoch"]),
        settings=RunConfig.from_json(record["settings"]),
        fingerprint=as_name(record["fingerprint"]),
    )


def _require_trusted(arch: str) -> None:
    if not own.is_trusted(arch):
        called, _, digest = arch.partition("@")
        raise RunError(
            f"{called} is an architecture of somebody's own, and nobody has asked to execute it on this machine. Read its source, "
            f'then give it: vaedash.load(..., arch="{called}.py"), the file whose SHA-256 begins with {digest[:12]}.'
        )


def _require_fitting(tensors: Mapping[str, Any], model: VAE, called: str) -> None:
    """RunError where the file has other tensors than the model, before any of them is read."""
    wanted = {name: [_KINDS.get(each.dtype), list(each.shape)] for name, each in model.state_dict().items()}
    try:
        there = {name: [about["dtype"], about["shape"]] for name, about in tensors.items()}
    except (KeyError, TypeError):
        there = {}
    if there != wanted:
        raise RunError(f"{called} holds the weights of another model than it says. Put a sound one in its place.")


def _built(data: bytes, origin: Origin, called: str) -> VAE:
    from safetensors import SafetensorError
    from safetensors.torch import load

    model = archs.build(origin.settings)
    try:
        model.load_state_dict(load(data))
    except (SafetensorError, RuntimeError):
        raise RunError(f"{called} has tensors that do not lie as they should. Put a sound one in its place.") from None
    return model.eval().requires_grad_(False)


def _sha256(said: str, tensors: Mapping[str, Any], numbers: bytes) -> str:
    """Of all that matters: what a file says, where its tensors lie in it, and their numbers."""
    return storage.sha256(f"{said}\n{json.dumps(tensors, sort_keys=True)}\n".encode() + numbers)


def _in_short(error: BaseException) -> str:
    """Its words, and for a key that is missing what that means."""
    words = "it does not say what it is" if isinstance(error, KeyError) else " ".join(str(error).split())
    return as_name(words, most=160).removesuffix(".")
