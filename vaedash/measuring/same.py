"""The images of a run, and whether images are: figures of others would not be comparable."""

from pathlib import Path

from vaedash import datasets
from vaedash.datasets import Dataset, Progress, silent
from vaedash.errors import DatasetError
from vaedash.runs import Run


def require(run: Run, dataset: Dataset) -> None:
    """DatasetError if these are not the images that the run was trained on."""
    if not run.trained_on(dataset.fingerprint):
        raise DatasetError(
            f"The images of {dataset.name} are not those run {run.id} was trained on: figures would not be comparable. "
            "Put the old ones back, say where they are with --dataset, or start a new run on these."
        )


def images_of(run: Run, *, data_dir: Path, at: str = "", progress: Progress = silent) -> Dataset:
    """The images of a run: `at` the path where somebody says that they are now, which is then kept with the run, or where they were.

    DatasetError where they are not here, or not its own.
    """
    here, settings = at or run.images_at, run.config
    dataset = datasets.load(
        here, data_dir=data_dir, fraction=settings.fraction, frame=settings.frame, progress=progress
    )
    if run.dataset.get("fingerprint"):  # else it has learned from none yet
        require(run, dataset)
    if here != run.images_at:
        run.write_notes(images=here)
    return dataset
