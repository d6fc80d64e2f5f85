"""Training of one run, from its directory: one loop that reads top to bottom."""

import dataclasses
import hashlib
import itertools
import math
import platform
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from vaedash import analysis, checkpoints, config, datasets, hardware, images, latent, losses, models, runs
from vaedash.config import RunConfig
from vaedash.errors import DatasetError
from vaedash.hardware import Hardware
from vaedash.learner import Learner
from vaedash.models import VAE
from vaedash.runs import Run
from vaedash.team import ALONE, Team, TorchrunTeam

PROGRESS_SECONDS = 1.0  # between two writings of progress.json
STOP_SECONDS = 0.1  # between two looks for a stop request
_EVALUATION_BATCH = 500


def train(run: Run, *, sharing: int, data_dir: Path, team: Team = ALONE) -> tuple[str, str]:
    """Train `run` from where its directory says it is, to its end; returns the outcome's status and sentence.

    `sharing` is how many runs compute on this machine, this one included. Of a `team`, only its leader is here; the
    others are in `follow`. Raises VaedashError where it cannot begin (images missing or changed, device not here).
    """
    settings = runs.require_settings(run)
    resumed, damage = checkpoints.load_for_resume(run.path)
    if run.facts:  # perhaps of a start from which no epoch came: threads and precision stay what they were even so
        machine, difference = hardware.as_recorded(run.facts[0], settings, sharing=sharing, team=team)
    else:
        machine, difference = hardware.choose(settings, sharing=sharing, data_dir=data_dir, team=team), ""
    machine.apply()
    report = Reporter(run.path, settings)
    try:
        dataset = datasets.load(
            settings.dataset, data_dir=data_dir, fraction=settings.fraction, progress=report.loading
        )
    except _StopAskedError:
        return "stopped", _stopped_sentence(resumed["epochs"] if resumed else [])
    _require_same_images(run, dataset, resumed=resumed is not None)
    data = Split.of(dataset, settings, machine.device)

    team.begin((settings, machine, dataset.fingerprint, resumed))  # the others of a team, in `follow`
    learner = Learner(settings, machine, team)
    epochs: list[dict[str, Any]] = []
    if resumed:
        learner.load(resumed)
        epochs = resumed["epochs"]
    for sentence in filter(None, (damage, difference)):
        print(sentence, flush=True)
    runs.add_facts(
        run.path, _facts(machine, dataset, data, learner.model, resumed_after=len(epochs), note=difference or damage)
    )
    # The checkpoint is ahead of metrics.json if a kill came between the two; never behind it for good.
    runs.write_metrics(run.path, epochs)
    _save_originals(run.path, data)
    kl_by_latent = _kl_so_far(run.path, len(epochs), settings.latent_dim)

    clock = time.perf_counter()
    while (ending := _ending(epochs, settings)) is None:
        epoch = len(epochs) + 1
        beta = settings.beta_at(epoch)
        sums = torch.zeros(2, dtype=_sum_type(machine.device), device=machine.device)
        seen, training_clock = 0, time.perf_counter()

        for batch, noise in batches(data.train, settings, epoch):
            lr = settings.lr_at((epoch - 1 + seen / len(data.train)) / settings.epochs)
            # Sums over images, not means over batches: a short last batch weighs what its images weigh.
            sums += learner.step(batch, noise, beta=beta, lr=lr)
            seen += len(batch)
            if report.stop_requested():
                return "stopped", _stopped_sentence(epochs)
            if report.due():
                running = _means(sums, seen, beta)
                report.training(epochs, epoch, seen, len(data.train), running, time.perf_counter() - training_clock)
                if not math.isfinite(running["loss"]):
                    break

        # The running mean while it learned, which is what this epoch's train loss is, and the held-out losses at its end.
        train_means = _means(sums, seen, beta)
        training_seconds = time.perf_counter() - training_clock
        row = {"epoch": epoch, **_named("train", train_means)}
        for split, held_out in data.held_out.items():
            report.phase(f"measuring {split} loss")
            means, kl = evaluate(learner.working, held_out, beta=beta)
            row |= _named(split, means)
            if split == "test":
                row["active_units"] = analysis.active_units(kl)
                kl_by_latent.append(kl)
        row |= {
            "lr": lr,
            "beta": beta,
            "images_per_second": seen / training_seconds,
            "images_seen": epoch * len(data.train),
        }
        if broken := [key for key, value in row.items() if not math.isfinite(value)]:
            runs.write_metrics(run.path, [*epochs, row | {"seconds": time.perf_counter() - clock}])
            return "diverged", _diverged_sentence(epoch, broken[0], epochs, settings)
        _save_pictures(run.path, learner.model, data, epoch)
        now = time.perf_counter()
        row["seconds"], clock = now - clock, now
        epochs.append(row)
        runs.write_kl_by_latent(run.path, kl_by_latent)

        # Weights first, then the announcement: what metrics.json says is never lost.
        if runs.best_epoch(epochs, settings) == epoch:
            checkpoints.save(run.path, "best", {"epoch": epoch, "model": learner.model.state_dict()})
        checkpoints.save(run.path, "last", {"epoch": epoch, "epochs": epochs, **learner.state()})
        runs.write_metrics(run.path, epochs)
        print(_epoch_line(row, settings), flush=True)
    return ending


def follow(team: TorchrunTeam, *, data_dir: Path) -> None:
    """Take part in the runs that the leader of `team` is training in `train`: the same steps of the same batches, and nothing else.

    Raises DatasetError if the images here are not the leader's.
    """
    while begun := team.begun():
        settings, machine, fingerprint, resumed = begun
        machine.apply()
        dataset = datasets.load(settings.dataset, data_dir=data_dir, fraction=settings.fraction)
        if dataset.fingerprint != fingerprint:
            raise DatasetError(
                f"The images of {dataset.name} on {platform.node()} are not those of worker 0 (fingerprint "
                f"{dataset.fingerprint}, there {fingerprint}). Copy them from there, then resume."
            )
        pixels = Split.of(dataset, settings, machine.device).train
        learner = Learner(settings, machine, team)
        if resumed:
            learner.load(resumed)
        first = len(resumed["epochs"]) + 1 if resumed else 1
        learner.follow(pair for epoch in itertools.count(first) for pair in batches(pixels, settings, epoch))


# ---- data ---------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class HeldOut:
    """Images that are measured, never learned from, with the noise that draws their z: the same at every epoch."""

    images: Tensor  # (N, 3, 32, 32) uint8
    noise: Tensor  # (N, latent_dim)

    @classmethod
    def of(
        cls, pixels: np.ndarray, latent_dim: int, device: str, layout: torch.memory_format = torch.contiguous_format
    ) -> "HeldOut":
        """Drawn on the CPU whatever the device, so that every run of one latent size is measured with the same noise."""
        noise = latent.heldout_noise(len(pixels), latent_dim)
        return cls(_laid_out(pixels, layout).to(device), noise.to(device))

    def batches(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Images and their noise, some hundred at a time."""
        return zip(self.images.split(_EVALUATION_BATCH), self.noise.split(_EVALUATION_BATCH), strict=True)


@dataclasses.dataclass(frozen=True)
class Split:
    """A run's images on its device: `train` uint8 `(N, 3, 32, 32)`, and what is held out, by name (`test`, perhaps `val`)."""

    train: Tensor
    held_out: dict[str, HeldOut]

    @classmethod
    def of(cls, dataset: datasets.Dataset, settings: RunConfig, device: str) -> "Split":
        """The test images as they are; with `monitor` val, a seeded share of the training images becomes `val`."""
        train, held_out = dataset.train, {"test": dataset.test}
        if settings.monitor == "val":
            chosen = datasets.share(len(train), settings.val_fraction)
            held_out["val"], train = train[chosen], np.delete(train, chosen, axis=0)
        if not len(train):
            raise DatasetError(
                f"No training image of {dataset.name} is left: raise --fraction or lower --val-fraction."
            )
        layout = models.memory_format(settings.arch)
        return cls(
            torch.from_numpy(train).to(device),
            {name: HeldOut.of(pixels, settings.latent_dim, device, layout) for name, pixels in held_out.items()},
        )


def _laid_out(pixels: np.ndarray, layout: torch.memory_format) -> Tensor:
    tensor = torch.empty(pixels.shape, dtype=torch.uint8, memory_format=layout)
    tensor.numpy()[...] = pixels
    return tensor


def batches(pixels: Tensor, settings: RunConfig, epoch: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Each image once, in an order that depends on seed and epoch alone, with the noise that draws its z.

    No generator's state outlives an epoch, so a resume needs none; and architectures do not matter, so fc and
    conv of one seed see the same batches in the same order.
    """
    shuffle = torch.Generator().manual_seed(_derived_seed(settings.seed, "order", epoch))
    layout = models.memory_format(settings.arch)
    order = torch.randperm(len(pixels), generator=shuffle).to(pixels.device)
    generator = torch.Generator(pixels.device).manual_seed(_derived_seed(settings.seed, "noise", epoch))
    for chosen in order.split(settings.batch_size):
        noise = torch.randn(len(chosen), settings.latent_dim, generator=generator, device=pixels.device)
        yield pixels[chosen].contiguous(memory_format=layout), noise


def _derived_seed(seed: int, purpose: str, epoch: int) -> int:
    """A seed of its own for each purpose and epoch: neighbouring seeds share nothing."""
    digest = hashlib.sha256(f"{seed} {purpose} {epoch}".encode()).digest()
    return int.from_bytes(digest[:8]) >> 1


def _require_same_images(run: Run, dataset: datasets.Dataset, *, resumed: bool) -> None:
    recorded = run.dataset.get("fingerprint")
    if resumed and recorded != dataset.fingerprint:
        raise DatasetError(
            f"The images of {dataset.name} have changed since run {run.id} began (fingerprint {recorded}, "
            f"now {dataset.fingerprint}). Put the old ones back, or start a new run on these."
        )


# ---- measuring ----------------------------------------------------------------------------------------


@torch.inference_mode()
def evaluate(model: VAE, held_out: HeldOut, *, beta: float) -> tuple[dict[str, float], np.ndarray]:
    """Mean `loss`, `recon` and `kl` of held-out images in nats per image, z drawn from q(z|x) as in training; and the KL of each latent.

    Weighted by image: the mean over all of them, not over batches. The latter is float64 `(latent_dim,)`, as in `analysis`.
    """
    recon, kl_sums = 0.0, 0.0
    exact = _sum_type(held_out.images.device.type)
    for batch, noise in held_out.batches():
        pixels = latent.to_float(batch)
        mu, logvar = model.encode(pixels)
        decoded = model.decode(losses.reparameterize(mu, logvar, noise))
        recon += losses.recon_per_image(decoded, pixels).sum(dtype=exact).item()
        kl_sums += losses.kl_per_latent(mu, logvar).sum(0, dtype=exact)
    count = len(held_out.images)
    kl_by_latent = (kl_sums / count).cpu().numpy()
    recon, kl = recon / count, float(kl_sums.sum()) / count
    return {"loss": recon + beta * kl, "recon": recon, "kl": kl}, kl_by_latent


def _kl_so_far(path: Path, epochs: int, latent_dim: int) -> list[np.ndarray]:
    """What was measured of each latent in the epochs before a resume; NaN where that is lost."""
    kept = runs.kl_by_latent(path)
    unknown = [np.full(latent_dim, np.nan)] * epochs
    return unknown if kept is None else [*kept, *unknown][:epochs]


def _sum_type(device: str) -> torch.dtype:
    """In which losses are summed over an epoch: double precision, where the device knows it."""
    return torch.float32 if device == "mps" else torch.float64


def _means(sums: Tensor, seen: int, beta: float) -> dict[str, float]:
    recon, kl = (value / seen for value in sums.tolist())
    return {"loss": recon + beta * kl, "recon": recon, "kl": kl}


def _named(split: str, means: dict[str, float]) -> dict[str, float]:
    return {f"{split}_{term}": means[term] for term in ("loss", "recon", "kl")}


# ---- how it ends, and what it says --------------------------------------------------------------------


def _ending(epochs: list[dict[str, Any]], settings: RunConfig) -> tuple[str, str] | None:
    """The outcome if the run is over after these epochs."""
    if epochs and runs.epochs_without_improvement(epochs, settings) >= settings.patience:
        best = runs.best_epoch(epochs, settings)
        return "early-stopped", (
            f"Stopped after epoch {len(epochs)}: {settings.patience} epochs in a row without the {settings.monitor} loss "
            f"falling by {settings.min_delta:g} nats. The best weights are those of epoch {best}."
        )
    if len(epochs) >= settings.epochs:
        return "finished", f"Finished all {settings.epochs} epochs."
    return None


def _stopped_sentence(epochs: list[dict[str, Any]]) -> str:
    if not epochs:
        return "Stopped on request before its first epoch was finished."
    return (
        f"Stopped on request; epoch {len(epochs)} is kept, the unfinished one was dropped. Resume goes on from there."
    )


def _diverged_sentence(epoch: int, key: str, epochs: list[dict[str, Any]], settings: RunConfig) -> str:
    kept = f"The weights after epoch {len(epochs)} are kept." if epochs else "No epoch was finished."
    return f"Diverged in epoch {epoch}: {key} is not a finite number. {kept} Try a smaller --lr (this run had {settings.lr:g})."


def _epoch_line(row: dict[str, Any], settings: RunConfig) -> str:
    return (
        f"epoch {row['epoch']}/{settings.epochs}: train {row['train_loss']:.2f}, "
        f"test {row['test_loss']:.2f} = {row['test_recon']:.2f} + {row['beta']:g} * {row['test_kl']:.2f}; "
        f"{row['images_per_second']:.0f} images/s, {row['seconds']:.1f} s"
    )


def _facts(
    machine: Hardware, dataset: datasets.Dataset, data: Split, model: VAE, *, resumed_after: int, note: str
) -> dict[str, Any]:
    return {
        "started": runs.now(),
        "resumed_after_epoch": resumed_after,
        "note": note,
        "host": hardware.host(),
        **dataclasses.asdict(machine),
        "numpy": np.__version__,
        "python": platform.python_version(),
        "system": platform.platform(),
        "parameters": models.parameter_count(model),
        "dataset": {
            "name": dataset.name,
            "fingerprint": dataset.fingerprint,
            "n_train": len(data.train),
            **{f"n_{name}": len(held_out.images) for name, held_out in data.held_out.items()},
            "skipped": dataset.skipped,
            "notes": list(dataset.notes),
        },
    }


class _StopAskedError(Exception):
    """Somebody asked the run to stop while its images were read."""


class Reporter:
    """Tells the outside where the run is, about once a second, and listens for a stop request."""

    def __init__(self, path: Path, settings: RunConfig) -> None:
        self._path, self._settings = path, settings
        self._written = self._looked = -math.inf
        self._last: dict[str, Any] = {"epoch": 0, "epochs": settings.epochs}
        self._trace: list[list[float]] = []
        self._reported = (0, 0, 0.0)  # epoch, images and summed loss at the last report

    def stop_requested(self) -> bool:
        """Whether a stop was asked for, looking at most every STOP_SECONDS."""
        now = time.monotonic()
        if now - self._looked < STOP_SECONDS:
            return False
        self._looked = now
        return runs.stop_requested(self._path)

    def due(self) -> bool:
        """Whether it is time to report again."""
        return time.monotonic() - self._written >= PROGRESS_SECONDS

    def loading(self, what: str, done: int, total: int) -> None:
        """Progress of a dataset that is read, or fetched, for the first time: that can take an hour, so it can be stopped."""
        if self.stop_requested():
            raise _StopAskedError
        if self.due():
            self._write({**self._last, "phase": what, "done": done, "of": total})

    def phase(self, what: str) -> None:
        """What it does now that the training steps of an epoch are over."""
        self._write({**self._last, "phase": what})

    def training(
        self, epochs: list[dict[str, Any]], epoch: int, seen: int, total: int, running: dict[str, float], seconds: float
    ) -> None:
        """The running loss of this epoch and the time left, at most: early stopping may end it sooner.

        `trace` is this epoch's curve so far: for each report, the epochs done (1.5: in the middle of the second)
        and the mean loss of the images since the report before.
        """
        before = self._reported if self._reported[0] == epoch else (epoch, 0, 0.0)
        if before[1] == 0:
            self._trace = []
        if seen > before[1]:
            self._trace.append([epoch - 1 + seen / total, (running["loss"] * seen - before[2]) / (seen - before[1])])
        self._reported = (epoch, seen, running["loss"] * seen)
        speed = seen / seconds
        overhead = sum(row["seconds"] - total / row["images_per_second"] for row in epochs) / max(1, len(epochs))
        after = self._settings.epochs - epoch
        eta = (total - seen) / speed + overhead + after * (total / speed + overhead)
        self._last = {
            "epoch": epoch,
            "epochs": self._settings.epochs,
            "seen": seen,
            "of": total,
            **running,
            "images_per_second": speed,
            "eta_seconds": eta,
            "trace": self._trace if math.isfinite(running["loss"]) else [],
        }
        self._write({**self._last, "phase": "training"})

    def _write(self, progress: dict[str, Any]) -> None:
        self._written = time.monotonic()
        runs.write_progress(self._path, {"updated": time.time(), **progress})


# ---- pictures -----------------------------------------------------------------------------------------


def _save_originals(path: Path, data: Split) -> None:
    photos = data.held_out["test"].images[: config.PHOTO_COUNT].cpu().numpy()
    runs.write_sample(path, "originals.png", images.encode_png(images.grid(photos, columns=8)))


def _save_pictures(path: Path, model: VAE, data: Split, epoch: int) -> None:
    """The same z and the same held-out photographs, decoded after each epoch, so that one can watch it learn."""
    photos = data.held_out["test"].images[: config.PHOTO_COUNT].cpu().numpy()
    latent_dim = data.held_out["test"].noise.shape[1]
    pictures = {
        "prior": latent.decode(model, latent.prior(config.SAMPLE_COUNT, latent_dim)),
        "recon": latent.reconstruct(model, photos),
    }
    for kind, tiles in pictures.items():
        picture = images.encode_png(images.grid(tiles, columns=8))
        runs.write_sample(path, runs.sample_path(path, kind, epoch).name, picture)
