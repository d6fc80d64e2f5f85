"""Runs as TensorBoard's event files, for those who have their other runs there.

The event files are made of TensorBoard's own records, which load in a quarter of a second. torch's SummaryWriter would be
as readable, but it needs TensorBoard too, takes 3 s and 600 MB to load, and writes files by itself, where `storage` writes
each of them whole or not at all.
"""

import io
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vaedash import images, installed, storage, text
from vaedash.comparing import results
from vaedash.errors import UsageError
from vaedash.runs import Run, schema
from vaedash.runs.schema import Epoch

if TYPE_CHECKING:
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary

# What TensorBoard calls the figures of an epoch: it shows those with the same beginning in one group, and all runs in one chart.
TAGS: Mapping[str, str] = {
    **{name: "/".join(reversed(name.split("_"))) for name in schema.METRICS},  # `test_loss` is `loss/test`
    **{name: f"training/{name}" for name in ("lr", "beta", "images_per_second", schema.ACTIVE_UNITS)},
}
_FILES = "events.out.tfevents.*.vaedash"


def to_tensorboard(chosen: Sequence[Run], *, out: Path) -> None:
    """Write each run into the folder `out/<run id>`, which TensorBoard shows as one run.

    What an earlier export of the run left there is replaced, so that a run in progress may be exported again and again.
    Raises UsageError where TensorBoard is not installed, and RunError where a run is damaged.
    """
    try:
        from tensorboard.summary.writer.record_writer import RecordWriter
    except ImportError:
        raise UsageError(
            f"TensorBoard is not installed. Try {installed.extra('tensorboard')}, then export again."
        ) from None
    for run in chosen:
        run.require_readable()
        file = io.BytesIO()
        writer = RecordWriter(file)
        for event in _events(run):
            writer.write(event.SerializeToString())
        folder = out / run.id
        folder.mkdir(parents=True, exist_ok=True)
        earlier = list(folder.glob(_FILES))
        # Under a new name: a TensorBoard that has the folder open goes on reading a file that it knows, not one in its place.
        storage.write_bytes(folder / _FILES.replace("*", str(time.time_ns())), file.getvalue())
        for replaced in earlier:
            replaced.unlink(missing_ok=True)


def _events(run: Run) -> Iterator["Event"]:
    """TensorBoard's `Event` records of a run: its settings and the originals as step 0, then one record for each epoch."""
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.plugins.hparams.summary_v2 import hparams_pb
    from tensorboard.plugins.scalar.summary_v2 import scalar_pb
    from tensorboard.plugins.text.summary_v2 import text_pb

    launched = schema.timestamp(run.created)
    yield Event(wall_time=launched, file_version="brain.Event:2")
    yield Event(wall_time=launched, summary=hparams_pb(_settings(run), trial_id=run.id, start_time_secs=launched))
    yield Event(wall_time=launched, summary=text_pb("settings", _words(run)))
    yield Event(wall_time=launched, summary=_picture("samples/originals", run.pictures.originals()))
    for row, ended in zip(run.epochs, _ends(run), strict=True):
        event = Event(wall_time=ended, step=row["epoch"])
        for tag, figure in _figures(row):
            event.summary.MergeFrom(scalar_pb(tag, figure))
        for kind in ("prior", "recon"):
            event.summary.MergeFrom(_picture(f"samples/{kind}", run.pictures.sample(kind, row["epoch"])))
        yield event


def _figures(row: Epoch) -> Iterator[tuple[str, float]]:
    """What was measured of an epoch, by TensorBoard's names; NaN for a loss that was not finite."""
    for name, tag in TAGS.items():
        if name in row:
            figure = row.get(name)
            yield tag, figure if isinstance(figure, (int, float)) else math.nan


def _ends(run: Run) -> Iterator[float]:
    """When each epoch ended, in seconds since 1970: at the last start before it, plus the seconds of the epochs since then."""
    starts = {str(facts.get("resumed_after_epoch")): schema.timestamp(str(facts.get("started"))) for facts in run.facts}
    now = schema.timestamp(run.created)
    for row in run.epochs:
        now = (starts.get(str(row["epoch"] - 1)) or now) + (row.get("seconds") or 0.0)
        yield now


def _settings(run: Run) -> dict[str, object]:
    """What the columns of TensorBoard's tables of runs say: the name, since a folder has only the id, and the settings."""
    settings = {name: value for name, value in run.config.to_json().items() if value is not None}
    return {"name": run.name, **settings, "dataset": text.visible(run.config.dataset)}


def _words(run: Run) -> str:
    """Command, name and settings as lines of code, in which Markdown finds no meaning."""
    lines = [results.replay_command(run), "", *(f"{name:14} {value}" for name, value in _settings(run).items())]
    return "".join(f"    {' '.join(text.visible(line).splitlines())}\n" for line in lines)


def _picture(tag: str, tiles: np.ndarray | None) -> "Summary":
    """A `Summary` with a grid of these images `(N, 3, side, side)`, or with nothing where there are none."""
    from tensorboard.compat.proto.summary_pb2 import Summary

    summary = Summary()
    if tiles is not None:
        picture = images.grid(tiles, columns=8)
        height, width, colorspace = picture.shape
        png = images.encode_png(picture)
        image = Summary.Image(height=height, width=width, colorspace=colorspace, encoded_image_string=png)
        summary.value.add(tag=tag, image=image)
    return summary
