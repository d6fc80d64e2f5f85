"""What the pages read, and keep between two runs of their scripts: runs, models, datasets."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from vaedash import config, datasets, places
from vaedash.config import USUAL_FRAME, Frame
from vaedash.datasets import labels, shapes
from vaedash.datasets.labels import Label
from vaedash.errors import DatasetError
from vaedash.images import Pixels
from vaedash.languages import say
from vaedash.runs import Run, listing, names, record
from vaedash.ui import speaking

if TYPE_CHECKING:  # torch is loaded by the pages that decode, when they do
    from vaedash.models.vae import VAE

Stamp = tuple[str, int] | None  # what tells weights from all others (`WeightFiles.stamp`)


@st.cache_resource(show_spinner=speaking.waiting("Reading runs ..."))
def _readings() -> listing.Readings:
    # Here once, so that whoever comes meanwhile waits for it instead of reading the same.
    readings = listing.Readings()
    readings.list_runs(places.runs_dir())
    return readings


def all_runs(*, archived: bool = False) -> list[Run]:
    """All runs, newest first; only those whose files changed are read again."""
    return _readings().list_runs(places.runs_dir(), archived=archived)


def current(run_id: str) -> Run:
    """A run as it is now, however often it is asked for."""
    return _readings().run(places.runs_dir() / run_id)


@st.cache_resource(max_entries=6, show_spinner=speaking.waiting("Loading weights ..."))
def _model(path: str, stamp: Stamp) -> "tuple[VAE, int]":  # noqa: ARG001 - tells new weights from old
    from vaedash.runs import weights

    return weights.load_model(record.read(Path(path)))


def model(run: Run) -> "tuple[VAE, int]":
    """The model with a run's best weights, and the epoch they are of. Loads torch. RunError if it has none."""
    return _model(str(run.path), run.weights.stamp(names.BEST))


@st.cache_resource(max_entries=4, show_spinner=speaking.waiting("Reading images ..."))
def _dataset(spec: str, fraction: float, frame: Frame, data_dir: str) -> datasets.Dataset:
    return datasets.load(spec, data_dir=Path(data_dir), fraction=fraction, frame=frame, download=False)


@st.cache_data(show_spinner=False)
def some_shapes(side: int = USUAL_FRAME.image_size) -> Pixels:
    """A few images of the built-in dataset, as they are drawn with so many pixels a side."""
    return shapes.make(n_train=24, n_test=0, side=side).train


@st.cache_resource(max_entries=4, show_spinner=False)
def _labels(spec: str, fraction: float, frame: Frame, data_dir: str) -> Sequence[Label]:
    return labels.of_test(_dataset(spec, fraction, frame, data_dir), spec)


def test_images(run: Run) -> Pixels:
    """The held-out images of a run, uint8 `(N, 3, side, side)`. DatasetError if they are not here, or not those any more."""
    return _images_of(run).test


def test_labels(run: Run) -> Sequence[Label]:
    """What is known of each of them; DatasetError likewise."""
    _images_of(run)
    return _labels(run.images_at, run.config.fraction, run.config.frame, str(places.data_dir()))


def _images_of(run: Run) -> datasets.Dataset:
    if run.images_at not in config.DATASETS and not Path(run.images_at).is_absolute():
        # A run that is passed on says what its images are called; where they were is nobody's business.
        raise DatasetError(say("Run {id} came without its images, {images_at}.", id=run.id, images_at=run.images_at))
    dataset = _dataset(run.images_at, run.config.fraction, run.config.frame, str(places.data_dir()))
    if run.dataset.get("fingerprint") and not run.trained_on(dataset.fingerprint):
        raise DatasetError(
            say("The images of {name} have changed since run {id} was trained.", name=dataset.name, id=run.id)
        )
    return dataset


def first_test_images(runs: Sequence[Run]) -> tuple[Run, Pixels]:
    """The first of some runs whose held-out images are still here, and these; the first run's DatasetError if none are."""
    reasons: list[DatasetError] = []
    for run in runs:
        try:
            return run, test_images(run)
        except DatasetError as reason:
            reasons.append(reason)
    raise reasons[0]
