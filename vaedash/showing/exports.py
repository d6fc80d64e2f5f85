"""Runs as files that other tools open: weights with a card, and encoder and decoder as graphs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from vaedash import config, images, storage
from vaedash.runs import Run
from vaedash.showing import cards

if TYPE_CHECKING:
    from vaedash.models.exported import Origin
    from vaedash.models.graphs import Part
    from vaedash.models.vae import VAE

CARD = "README.md"
_MADE_UP, _COLUMNS, _SCALE = 24, 8, 3  # pictures on the card, in a row, and by what they are enlarged


@dataclass(frozen=True, kw_only=True)
class Export:
    """What was written of a run: the folder, its files, and of graphs by how much each differs from torch at most."""

    run: Run
    folder: Path
    files: Sequence[str]
    apart: "dict[Part, float]"


def weights(run: Run, *, out: Path, licence: str = "", at: str = "") -> Export:
    """Write a run's weights into `out/<run id>`: model.safetensors, its card, a picture, and the source of an architecture of
    somebody's own. Loads torch; raises what `runs.weights.load_model` does.
    """
    from vaedash.models import archs, exported, latent

    model, origin = _loaded(run)
    made_up = latent.decode(model, latent.prior(_MADE_UP, model.latent_dim))
    card = cards.card(run, epoch=origin.epoch, parameters=archs.parameter_count(model), licence=licence, at=at)
    files = {
        exported.FILE: exported.encoded(model, origin),
        CARD: card.encode(),
        cards.PICTURE: images.encode_png(images.grid(made_up, columns=_COLUMNS, scale=_SCALE, gap=_SCALE)),
    }
    if config.is_own(run.config.arch):
        files[f"{config.arch_name(run.config.arch)}.py"] = run.source()
    return _written(run, out, files, {})


def graphs(run: Run, *, out: Path, say: Callable[[str], None]) -> Export:
    """Write encoder.onnx and decoder.onnx of a run into `out/<run id>`, each held against torch first. Loads torch.

    UsageError where what it takes is not installed; else raises what `runs.weights.load_model` and `graphs.graph` do.
    """
    from vaedash.models import graphs as writing

    writing.require_installed()
    model, origin = _loaded(run)
    said = {"run": origin.run, "name": origin.name, "arch": origin.settings.arch, "epoch": str(origin.epoch)}
    made = []
    for part in writing.NAMES:
        say(f"{run.id}: writing the {part} and holding it against torch.")
        made.append(writing.graph(model, part, said=said))
    files = {f"{graph.part}.onnx": graph.data for graph in made}
    return _written(run, out, files, {graph.part: graph.apart for graph in made})


def _loaded(run: Run) -> "tuple[VAE, Origin]":
    from vaedash.models import exported
    from vaedash.runs import weights

    model, epoch = weights.load_model(run)
    settings = replace(run.config, dataset=config.dataset_title(run.config.dataset))
    fingerprint = str(run.dataset.get("fingerprint", ""))
    return model, exported.Origin(run=run.id, name=run.name, epoch=epoch, settings=settings, fingerprint=fingerprint)


def _written(run: Run, out: Path, files: dict[str, bytes], apart: "dict[Part, float]") -> Export:
    folder = out / run.id
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        storage.write_bytes(folder / name, data)
    return Export(run=run, folder=folder, files=sorted(files), apart=apart)
