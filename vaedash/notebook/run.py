"""A run in Python: its curves as a table, and what its model draws."""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vaedash import config, runs
from vaedash.comparing import results
from vaedash.config import RunConfig
from vaedash.errors import UsageError
from vaedash.measuring import same
from vaedash.notebook.pictures import Pictures
from vaedash.runs import Status, schema
from vaedash.settings import require_within
from vaedash.showing import tables
from vaedash.training import watching

if TYPE_CHECKING:
    import pandas

    from vaedash.models.vae import VAE

COLUMNS = {"run": "run", "name": "name", **results.STUDY_COLUMNS}
"""What a notebook shows of runs: the study's table, and what they are called."""

Point: TypeAlias = "str | NDArray[np.uint8] | Image.Image"  # of a latent space


@dataclass(frozen=True)
class Run:
    """A run in the folder `path`; whatever is asked of it is read there anew. `data_dir` has its images.

    What draws loads torch, computes on the CPU and raises RunError where the run has no weights, or none that are sound.
    """

    path: Path
    data_dir: Path

    @property
    def record(self) -> runs.Run:
        """All that its files say, as it is now."""
        return runs.read(self.path)

    @property
    def id(self) -> str:
        """What it is called on the command line: the name of its folder."""
        return self.path.name

    @property
    def name(self) -> str:
        """What a person calls it, or else what its settings say."""
        return self.record.name

    @property
    def status(self) -> Status:
        """How it stands: running, finished, early-stopped, stopped and so on; equal to that word."""
        return self.record.status

    @property
    def settings(self) -> RunConfig:
        """Every choice that defines it; RunError where it is too damaged to have any."""
        return self.record.config

    @property
    def epochs(self) -> int:
        """How many are finished."""
        return len(self.record.epochs)

    @property
    def test_loss(self) -> float | None:
        """In nats per image, of the epoch whose weights are kept; None before the first."""
        return self.record.test_loss

    def curves(self) -> "pandas.DataFrame":
        """A row for each finished epoch: the losses on training and on test images, of which recon and KL, in nats per image (NaN
        where one was no finite number); and what the epoch cost.
        """
        import pandas

        rows = self.record.epochs
        columns = dict.fromkeys(("epoch", *schema.METRICS[:6], *(key for row in rows for key in row)))
        frame = pandas.DataFrame([dict(row) for row in rows], columns=list(columns)).set_index("epoch")
        return frame.apply(pandas.to_numeric)

    def generate(self, n: int = 64, *, seed: int = config.SAMPLE_SEED, temperature: float = 1.0) -> Pictures:
        """`n` pictures made up, from 1 to 1,024, of z drawn from N(0, temperature**2 I): for one seed the same z for every run of as
        many latents. UsageError for other numbers.
        """
        require_within("n", n, 1, config.MOST_MADE_UP)
        require_within("seed", seed, 0, 2**31 - 1)
        require_within("temperature", temperature, 0, config.HOTTEST, whole=False)
        from vaedash.models import latent

        model, epoch = self._model()
        z = latent.prior(n, model.latent_dim, seed=seed, temperature=temperature)
        what = f"{n} pictures made up by {self.name}, weights of epoch {epoch}, seed {seed}."
        return Pictures.of(latent.decode(model, z), what)

    def reconstruct(self, n: int = 16) -> Pictures:
        """The first `n` test images, from 1 to 512 or as many as there are, and what the model keeps of each, at z = mu.

        UsageError for another number; DatasetError where the images are not here any more.
        """
        require_within("n", n, 1, config.MOST_REDRAWN)
        from vaedash.models import latent

        model, epoch = self._model()
        originals = self._test_images()[:n]
        what = f"{len(originals)} test images, and below each what {self.name} keeps of it, weights of epoch {epoch}."
        return Pictures.of(latent.reconstruct(model, originals), what, originals=originals)

    def interpolate(
        self, a: Point = "random:1", b: Point = "random:2", steps: int = 10, *, method: str = "linear"
    ) -> Pictures:
        """`steps` pictures, from 2 to 500, on the way from `a` to `b` through the latent space, ends included.

        An end is `random:SEED`, `test:INDEX`, the path of an image file, a Pillow image or uint8 pixels `(height, width, 3)`; of a
        picture it is the mu. The way is `linear` or `slerp` (`latent.path`). UsageError for anything else.
        """
        require_within("steps", steps, 2, config.MOST_STEPS)
        from vaedash.models import latent, points

        model, epoch = self._model()
        start, end = (
            points.named(
                end if isinstance(end, str) else _png(end), model, frame=self.settings.frame, test=self._test_images
            )
            for end in (a, b)
        )
        z = latent.path(start, end, steps=steps, method=method)
        ends = " to ".join(end if isinstance(end, str) else "a picture" for end in (a, b))
        what = f"{steps} steps from {ends} ({method}) through {self.name}, weights of epoch {epoch}."
        return Pictures.of(latent.decode(model, z), what, columns=10)

    def _model(self) -> "tuple[VAE, int]":
        from vaedash.runs import weights

        return weights.load_model(self.record)

    def _test_images(self) -> NDArray[np.uint8]:
        with watching.progress() as progress:
            return np.array(same.images_of(self.record, data_dir=self.data_dir, progress=progress).test)

    def __repr__(self) -> str:
        return f"Run {self.id}: {self.name}, {self.status}"

    def _repr_html_(self) -> str:
        record = self.record
        return tables.html_block(
            tables.html_table([results.result(record).as_row()], COLUMNS), tables.html_words(record.sentence)
        )


def _png(picture: NDArray[np.uint8] | Image.Image) -> bytes:
    """A picture as a file, so that it is brought to a run's frame as any other. UsageError where it is none."""
    if not isinstance(picture, Image.Image):
        pixels = np.asarray(picture)
        if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:
            raise UsageError(
                f"Pixels must be uint8 (height, width, 3), got {pixels.dtype} {pixels.shape}; or give random:SEED or test:INDEX."
            )
        picture = Image.fromarray(np.ascontiguousarray(pixels))
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()
