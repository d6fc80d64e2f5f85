"""What a run in progress tells the outside, about once a second, and whether somebody there has asked it to stop."""

import math
import time
from collections.abc import Sequence

from vaedash import config, images
from vaedash.config import RunConfig
from vaedash.images import Pixels
from vaedash.measuring.heldout import Losses
from vaedash.models import latent
from vaedash.models.vae import VAE
from vaedash.runs.folder import RunFolder
from vaedash.runs.schema import Epoch, Progress
from vaedash.training.pace import Pace

PROGRESS_SECONDS = 1.0  # between two writings of progress.json
PICTURE_SECONDS = 2.0  # between two pictures of what is made up; with their PNG, they take less than 1% of the time
STOP_SECONDS = 0.1  # between two looks for a stop request


class StopAskedError(Exception):
    """Somebody asked the run to stop."""


class Reporter:
    """Writes progress.json of a run, and listens for a stop request."""

    def __init__(self, run: RunFolder, settings: RunConfig, pace: Pace | None = None, *, epoch: int = 0) -> None:
        self._run, self._settings, self._pace = run, settings, pace
        self._written = self._looked = self._drawn = -math.inf
        self._last: Progress = {"epoch": epoch, "epochs": settings.epochs}
        self._said = self._last
        self._trace: list[list[float]] = []
        self._reported = (0, 0, 0.0)  # epoch, images and summed loss at the last report

    def stop_requested(self) -> bool:
        """Whether a stop was asked for, looking at most every STOP_SECONDS."""
        now = time.monotonic()
        if now - self._looked < STOP_SECONDS:
            return False
        self._looked = now
        return self._run.stop_requested()

    def due(self) -> bool:
        """Whether it is time to report again."""
        return time.monotonic() - self._written >= PROGRESS_SECONDS

    def at_work(self, what: str, done: int, total: int) -> None:
        """Progress of what takes long besides training: images that are read, or fetched, for the first time, which can take an
        hour, and what is measured in the end. It can be stopped too.

        Raises StopAskedError if it was.
        """
        if self.stop_requested():
            raise StopAskedError
        if self.due():
            self._write({**self._last, "phase": what, "done": done, "of": total})

    def phase(self, what: str) -> None:
        """What it does now that the training steps of an epoch are over."""
        self._write({**self._last, "phase": what})

    def still(self) -> None:
        """What was reported last goes on: said again once that is due, so that nobody takes a long phase for a standstill."""
        if self.due():
            self._write(self._said)

    def training(
        self, epochs: Sequence[Epoch], epoch: int, *, seen: int, total: int, running: Losses, seconds: float
    ) -> None:
        """The running loss of this epoch and the time left, at most: early stopping may end it sooner. Written once that is due;
        whatever is reported next has it too.

        `trace` is this epoch's curve so far: for each report, the epochs done (1.5: in the middle of the second)
        and the mean loss of the images since the report before.
        """
        before = self._reported if self._reported[0] == epoch else (epoch, 0, 0.0)
        if before[1] == 0:
            self._trace = []
        if seen > before[1]:
            self._trace.append([epoch - 1 + seen / total, (running.loss * seen - before[2]) / (seen - before[1])])
        self._reported = (epoch, seen, running.loss * seen)
        speed = seen / seconds
        overhead = sum(_overhead(row, total) for row in epochs) / max(1, len(epochs))
        after = self._settings.epochs - epoch
        self._last = {
            "epoch": epoch,
            "epochs": self._settings.epochs,
            "seen": seen,
            "of": total,
            "loss": running.loss,
            "recon": running.recon,
            "kl": running.kl,
            "images_per_second": speed,
            "eta_seconds": (total - seen) / speed + overhead + after * (total / speed + overhead),
            "trace": self._trace if math.isfinite(running.loss) else [],
        }
        if self.due():
            self._write({**self._last, **self._cores(), "phase": "training"})

    def draw(self, model: VAE) -> None:
        """What `model` makes up now of the first z of an epoch's pictures, unless it was drawn less than PICTURE_SECONDS ago."""
        if time.monotonic() - self._drawn >= PICTURE_SECONDS:
            z = latent.prior(config.SAMPLE_COUNT, model.latent_dim)[: config.LIVE_COUNT]
            self.drawn(latent.decode(model, z))

    def drawn(self, tiles: Pixels) -> None:
        """These are what it makes up now, the first of them at least, which are shown."""
        self._run.pictures.write_now(images.encode_png(images.grid(tiles[: config.LIVE_COUNT], columns=5)))
        self._drawn = time.monotonic()

    def _cores(self) -> Progress:
        """How many cores it computes on, how many are its share, and how many of them are free for it, if that is known."""
        if self._pace is None:
            return {}
        return {"threads": self._pace.settled, "share": self._pace.share, "free": self._pace.free}

    def _write(self, progress: Progress) -> None:
        self._written, self._said = time.monotonic(), progress
        self._run.write_progress({"updated": time.time(), **progress})


def _overhead(row: Epoch, total: int) -> float:
    """What an epoch took besides its training steps, in seconds."""
    seconds, speed = row.get("seconds"), row.get("images_per_second")
    return seconds - total / speed if seconds and speed else 0.0
