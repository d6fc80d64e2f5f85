"""A model in Python that was loaded from exported weights: from a folder, a file or the Hugging Face Hub."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vaedash import config, datasets, places, text
from vaedash.config import RunConfig
from vaedash.errors import DatasetError, UsageError
from vaedash.notebook.drawing import Drawing
from vaedash.showing import tables
from vaedash.training import named, watching

if TYPE_CHECKING:
    from vaedash.models.exported import Origin
    from vaedash.models.vae import VAE


@dataclass(frozen=True, repr=False)
class Model(Drawing):
    """Weights that were exported from a run, as torch has them: `vae`, in evaluation mode on the CPU, and where they come from.

    `data_dir` has the images that it learned from, where these are a built-in dataset and here.
    """

    vae: "VAE"
    origin: "Origin"
    data_dir: Path

    @property
    def name(self) -> str:
        """What the run was called, or else what its settings say."""
        return self.origin.name

    @property
    def settings(self) -> RunConfig:
        """Every choice that defined the run."""
        return self.origin.settings

    @property
    def epoch(self) -> int:
        """The epoch whose weights they are."""
        return self.origin.epoch

    def _model(self) -> "tuple[VAE, int]":
        return self.vae, self.epoch

    def _test_images(self) -> NDArray[np.uint8]:
        settings = self.settings
        if settings.dataset not in config.DATASETS:
            raise DatasetError(
                f"{text.name(settings.dataset)}, of which {self.name} learned, does not come along with its weights: give pictures of "
                "your own, as in reconstruct(of=[...]), or where the run itself is, take those that it has kept: "
                f'vaedash.find("{self.origin.run}").reconstruct().'
            )
        with watching.progress() as progress:
            here = datasets.load(
                settings.dataset,
                data_dir=self.data_dir,
                fraction=settings.fraction,
                frame=settings.frame,
                progress=progress,
            )
        if here.fingerprint != self.origin.fingerprint:
            raise DatasetError(
                f"The images of {here.name} here are not those of which {self.name} learned: give pictures of your own, as in "
                "reconstruct(of=[...])."
            )
        return np.array(here.test)

    def __repr__(self) -> str:
        return f"Model {self.name}, weights of epoch {self.epoch} of run {self.origin.run}"

    def _repr_html_(self) -> str:
        return tables.html_block(tables.html_words(repr(self), bold=True), tables.html_words(self.settings.title))


def load(
    model: str | os.PathLike[str],
    *,
    arch: str | os.PathLike[str] | None = None,
    data_dir: str | os.PathLike[str] | None = None,
) -> Model:
    """The model in a folder or a .safetensors file that `python -m vaedash export safetensors` has written, or `owner/name`, where
    that was pushed to on the Hugging Face Hub; the snapshot of one in the Hub's own cache is a folder too. What is here comes first.
    Loads torch.

    Files hold numbers and words; nothing of them is executed. Where the architecture is somebody's own, `arch` is the path of its
    source, which you have read: it is trusted on this machine from then on. `data_dir` is where images live, and what is fetched.

    UsageError where there is no such thing; RunError where it is damaged, another program's, or the Hub cannot be asked.
    """
    from vaedash.models import exported, hub

    here, data = places.written(model), places.data_dir(data_dir)
    words = os.fspath(model)
    if here.is_dir():
        here = here / exported.FILE
    elif not here.exists():
        if not hub.is_name(words):
            raise UsageError(
                f"There is no folder {text.name(words, most=200)}. Give one that `export safetensors` wrote, or OWNER/NAME of the Hub."
            )
        here = hub.fetch(words, data_dir=data, say=print)
    if arch is not None:
        named.arch(os.fspath(arch))
    return Model(*exported.read(hub.within_cache(here)), data)
