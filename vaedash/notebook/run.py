"""A run in Python: its curves as a table, and what its model draws."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vaedash import runs
from vaedash.comparing import results
from vaedash.config import RunConfig
from vaedash.errors import DatasetError
from vaedash.measuring import same
from vaedash.notebook.drawing import Drawing
from vaedash.runs import Status, schema
from vaedash.showing import tables
from vaedash.training import watching

if TYPE_CHECKING:
    import pandas

    from vaedash.models.vae import VAE

COLUMNS = {"run": "run", "name": "name", **results.STUDY_COLUMNS}
"""What a notebook shows of runs: the study's table, and what they are called."""


@dataclass(frozen=True)
class Run(Drawing):
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

    def _model(self) -> "tuple[VAE, int]":
        from vaedash.runs import weights

        return weights.load_model(self.record)

    def _test_images(self) -> NDArray[np.uint8]:
        with watching.progress() as progress:
            return np.array(same.images_of(self.record, data_dir=self.data_dir, progress=progress).test)

    def _some_test_images(self, n: int) -> NDArray[np.uint8]:
        try:
            return super()._some_test_images(n)
        except DatasetError:
            record = self.record
            kept = record.pictures.originals()  # in whole rows, the last of which may be filled up
            if kept is None:
                raise
            return kept[: min(n, len(record.redrawn))]

    def __repr__(self) -> str:
        return f"Run {self.id}: {self.name}, {self.status}"

    def _repr_html_(self) -> str:
        record = self.record
        return tables.html_block(
            tables.html_table([results.result(record).as_row()], COLUMNS), tables.html_words(record.sentence)
        )
