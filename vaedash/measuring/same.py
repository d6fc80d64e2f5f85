"""Whether images are those of a run: figures of others would not be comparable."""

from vaedash.datasets import Dataset
from vaedash.errors import DatasetError
from vaedash.runs import Run


def require(run: Run, dataset: Dataset) -> None:
    """DatasetError if these are not the images that the run was trained on."""
    if not run.trained_on(dataset.fingerprint):
        raise DatasetError(
            f"The images of {dataset.name} are not those run {run.id} was trained on: figures would not be comparable. "
            "Put the old ones back, say where they are with --dataset, or start a new run on these."
        )
