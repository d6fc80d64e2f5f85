"""Training of one run, from its directory: one loop that reads top to bottom, and what happens in an epoch of it."""

import dataclasses
import itertools
import math
import platform
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vaedash import config, datasets, images, places
from vaedash.config import RunConfig
from vaedash.datasets import Dataset
from vaedash.errors import DatasetError
from vaedash.images import Pixels
from vaedash.measuring import heldout, latents
from vaedash.measuring.after import Kept
from vaedash.measuring.heldout import Evaluation, Losses
from vaedash.models import archs, latent
from vaedash.models.vae import VAE
from vaedash.runs import names, schema, stopping, weights
from vaedash.runs.record import Run
from vaedash.runs.schema import Epoch, Images, Start, Status
from vaedash.training import hardware
from vaedash.training.batches import Split, batches
from vaedash.training.hardware import Hardware
from vaedash.training.pace import Pace
from vaedash.training.progress import Reporter, StopAskedError
from vaedash.training.step import Learner
from vaedash.training.team import ALONE, Team, TorchrunTeam


@dataclass(frozen=True)
class Beginning:
    """What the leader of a team gives the others: the run as it goes on there, with the state it goes on from."""

    settings: RunConfig
    images_at: str
    machine: Hardware
    fingerprint: str
    resumed: dict[str, Any] | None


class Ending(NamedTuple):
    """How a training ended, in a sentence too; and, if it was not cut short, the weights that it keeps, as far as they are in memory."""

    status: Status
    sentence: str
    kept: Kept | None = None


def train(run: Run, *, sharing: int, data_dir: Path, bounded: bool = False, team: Team = ALONE) -> Ending:
    """Train `run` from where its directory says it is, to its end.

    `sharing` is how many runs compute on this machine, this one included; its share of the cores is all that it takes if it
    is `bounded` to it, and else it takes more while nobody wants them. Of a `team`, only its leader is here; the
    others are in `follow`. Raises VaedashError where it cannot begin (images missing or changed, device not here).
    """
    settings = run.config
    resumed, damage = weights.load_for_resume(run)
    if run.facts:  # perhaps of a start from which no epoch came: threads and precision stay what they were even so
        machine, difference = hardware.as_recorded(run.facts[0], settings, sharing=sharing, team=team)
    else:
        machine, difference = hardware.choose(settings, sharing=sharing, data_dir=data_dir, team=team), ""
    machine.apply()
    apart = hardware.apart(settings, machine, bounded=bounded, cache=data_dir / "cache")
    pace = hardware.pace(settings, machine, apart)
    report = Reporter(run, settings, pace, epoch=len(resumed["epochs"]) if resumed else 0)
    try:
        dataset = datasets.load(
            run.images_at, data_dir=data_dir, fraction=settings.fraction, frame=settings.frame, progress=report.at_work
        )
    except StopAskedError:
        return Ending(Status.STOPPED, _stopped_sentence(resumed["epochs"] if resumed else []))
    _require_same_images(run, dataset, resumed=resumed is not None)
    data = Split.of(dataset, settings, machine.device)
    tested = data.held_out["test"].images
    # A run that goes on redraws what it began with; where nothing came of it yet, its images may be others by now.
    begun, some = run.trained_on(dataset.fingerprint), datasets.shown(settings.dataset, len(tested), config.PHOTO_COUNT)
    redrawn = run.redrawn if begun else some.tolist()
    photos = tested[redrawn].cpu().numpy()

    # The others of a team, in `follow`.
    team.begin(Beginning(settings, run.images_at, machine, dataset.fingerprint, resumed))
    learner = Learner(settings, machine, team, apart=apart)
    epochs: list[Epoch] = []
    if resumed:
        learner.load(resumed)
        epochs = resumed["epochs"]
    for sentence in filter(None, (damage, difference)):
        print(sentence, flush=True)
    start = _facts(machine, dataset, data, learner.model, resumed_after=len(epochs), note=difference or damage)
    start["dataset"]["redrawn"] = redrawn
    run.add_facts(start)
    # The checkpoint is ahead of metrics.json if a kill came between the two; never behind it for good.
    run.write_metrics(epochs)
    run.pictures.write_originals(images.encode_png(images.grid(photos, columns=8)))
    kl_by_latent = _kl_so_far(run, len(epochs), settings.latent_dim)
    if not epochs:
        report.draw(learner.model)  # of a model that has seen nothing yet

    clock, best = time.perf_counter(), None
    while (ending := _ending(epochs, settings)) is None:
        epoch = len(epochs) + 1
        try:
            learned, how = _learn(learner, data.train, settings, epochs, pace, report)
        except StopAskedError:
            return Ending(Status.STOPPED, _stopped_sentence(epochs))
        held_out = _measure(learner, data, report)
        kl_by_latent.append(held_out["test"].kl_by_latent)
        figures = {**learned, **_held_out_figures(held_out, settings.beta_at(epoch)), **how}
        if broken := [key for key, value in figures.items() if not math.isfinite(value)]:
            figures["seconds"] = time.perf_counter() - clock
            run.write_metrics([*epochs, schema.epoch(epoch, figures)])
            return Ending(Status.DIVERGED, _diverged_sentence(epoch, broken[0], epochs, settings))
        report.drawn(_save_pictures(run, learner.model, photos, epoch))
        now = time.perf_counter()
        figures["seconds"], clock = now - clock, now
        epochs.append(schema.epoch(epoch, figures))
        run.figures.write_kl_by_latent(kl_by_latent)

        # Weights first, then the announcement: what metrics.json says is never lost.
        if stopping.best_epoch(epochs, settings) == epoch:
            weights.save_best(run, epoch, learner.model)
            best = Kept(epoch, held_out["test"], None)
        weights.save(run, names.LAST, {"epoch": epoch, "epochs": epochs, **learner.state()})
        run.write_metrics(epochs)
        print(_epoch_line(epochs[-1], settings), flush=True)
    if best and best.epoch == len(epochs):
        best = dataclasses.replace(best, model=learner.model.cpu().eval().requires_grad_(False))
    return Ending(*ending, kept=best)


def _learn(
    learner: Learner, pixels: Tensor, settings: RunConfig, epochs: Sequence[Epoch], pace: Pace, report: Reporter
) -> tuple[dict[str, float], dict[str, float]]:
    """The epoch after `epochs`, each image once: its train losses, the running mean while it learned, and how it went.

    It ends early where the losses are no numbers any more. Raises StopAskedError once somebody asks the run to stop.
    """
    epoch, clock = len(epochs) + 1, time.perf_counter()
    beta, seen = settings.beta_at(epoch), 0
    sums = torch.zeros(2, dtype=heldout.sum_type(pixels.device.type), device=pixels.device)
    for batch, noise in batches(pixels, settings, epoch):
        lr = settings.lr_at((epoch - 1 + seen / len(pixels)) / settings.epochs)
        # Sums over images, not means over batches: a short last batch weighs what its images weigh.
        with pace.step(len(batch)) as threads:
            hardware.use(threads)
            sums += learner.step(batch, noise, beta=beta, lr=lr)
        seen += len(batch)
        if report.stop_requested():
            raise StopAskedError
        if report.due():
            running, seconds = _means(sums, seen, beta=beta), time.perf_counter() - clock
            report.training(epochs, epoch, seen=seen, total=len(pixels), running=running, seconds=seconds)
            if not math.isfinite(running.loss):
                break
            report.draw(learner.model)
    losses, seconds = _means(sums, seen, beta=beta), time.perf_counter() - clock
    # An epoch may be over before a report was due: what comes after it names it all the same.
    report.training(epochs, epoch, seen=seen, total=len(pixels), running=losses, seconds=seconds)
    how = {"lr": lr, "beta": beta, "images_per_second": seen / seconds, "images_seen": epoch * len(pixels)}
    how["threads"] = pace.of_epoch()
    hardware.use(pace.settled)
    return losses.named("train"), how


def _measure(learner: Learner, data: Split, report: Reporter) -> dict[str, Evaluation]:
    """What the kept weights, which are fp32, make of all splits that are held out, `test` first; `after` does the same again."""
    measured = {}
    for split, held_out in data.held_out.items():
        report.phase(f"measuring {split} loss")
        measured[split] = heldout.evaluate(learner.model, held_out, between=report.still)
    return measured


def _held_out_figures(held_out: Mapping[str, Evaluation], beta: float) -> dict[str, float]:
    figures: dict[str, float] = {}
    for split, measured in held_out.items():
        figures |= measured.losses(beta=beta).named(split)
        if split == "test":
            figures["active_units"] = latents.active_units(measured.kl_by_latent)
    return figures


def follow(team: TorchrunTeam, *, data_dir: Path) -> None:
    """Take part in the runs that the leader of `team` is training in `train`: the same steps of the same batches, and nothing else.

    Raises DatasetError if the images here are not the leader's.
    """
    while isinstance(begun := team.begun(), Beginning):
        settings, resumed = begun.settings, begun.resumed
        begun.machine.apply()
        spec = settings.dataset if datasets.lacking(begun.images_at, data_dir=data_dir) else begun.images_at
        dataset = datasets.load(spec, data_dir=data_dir, fraction=settings.fraction, frame=settings.frame)
        if dataset.fingerprint != begun.fingerprint:
            raise DatasetError(
                f"The images of {dataset.name} on {platform.node()} are not those of worker 0 (fingerprint "
                f"{dataset.fingerprint}, there {begun.fingerprint}). Copy them from there, then resume."
            )
        pixels = Split.of(dataset, settings, begun.machine.device).train
        learner = Learner(settings, begun.machine, team)
        if resumed:
            learner.load(resumed)
        first = len(resumed["epochs"]) + 1 if resumed else 1
        learner.follow(team, (pair for epoch in itertools.count(first) for pair in batches(pixels, settings, epoch)))


# ---- what it keeps --------------------------------------------------------------------------------------


def _save_pictures(run: Run, model: VAE, photos: Pixels, epoch: int) -> Pixels:
    """The same z and the same held-out photographs, decoded after each epoch, so that one can watch it learn; returns the first."""
    pictures = {
        "prior": latent.decode(model, latent.prior(config.SAMPLE_COUNT, model.latent_dim)),
        "recon": latent.reconstruct(model, photos),
    }
    for kind, tiles in pictures.items():
        run.pictures.write(kind, epoch, images.encode_png(images.grid(tiles, columns=8)))
    return pictures["prior"]


def _kl_so_far(run: Run, epochs: int, latent_dim: int) -> list[NDArray[np.float64]]:
    """What was measured of each latent in the epochs before a resume; NaN where that is lost."""
    kept = run.figures.kl_by_latent()
    unknown = [np.full(latent_dim, np.nan)] * epochs
    return unknown if kept is None else [*kept, *unknown][:epochs]


def _means(sums: Tensor, seen: int, *, beta: float) -> Losses:
    recon, kl = (value / seen for value in sums.tolist())
    return Losses.of(recon, kl, beta=beta)


def _facts(machine: Hardware, dataset: Dataset, data: Split, model: VAE, *, resumed_after: int, note: str) -> Start:
    return {
        "started": schema.now(),
        "resumed_after_epoch": resumed_after,
        "note": note,
        "host": places.host(),
        **machine.facts(),
        "python": platform.python_version(),
        "system": platform.platform(),
        "parameters": archs.parameter_count(model),
        "dataset": {
            "name": dataset.name,
            "fingerprint": dataset.fingerprint,
            "n_train": len(data.train),
            **_held_out_sizes(data),
            "mean_picture": heldout.mean_picture(data.train, data.held_out["test"]),
            "skipped": dataset.skipped,
            "notes": list(dataset.notes),
        },
    }


def _held_out_sizes(data: Split) -> Images:
    sizes = Images(n_test=len(data.held_out["test"].images))
    if "val" in data.held_out:
        sizes["n_val"] = len(data.held_out["val"].images)
    return sizes


def _require_same_images(run: Run, dataset: Dataset, *, resumed: bool) -> None:
    if resumed and not run.trained_on(dataset.fingerprint):
        recorded = run.dataset.get("fingerprint")
        raise DatasetError(
            f"The images of {dataset.name} have changed since run {run.id} began (fingerprint {recorded}, "
            f"now {dataset.fingerprint}). Put the old ones back, or start a new run on these."
        )


# ---- how it ends, and what it says --------------------------------------------------------------------


def _ending(epochs: Sequence[Epoch], settings: RunConfig) -> tuple[Status, str] | None:
    """The outcome and its sentence if the run is over after these epochs."""
    waited = stopping.epochs_without_improvement(epochs, settings) if epochs else 0
    if waited < settings.patience and len(epochs) < settings.epochs:
        return None
    if broken := _broken_loss(epochs[-1], settings):
        return Status.DIVERGED, _broken_sentence(*broken, epochs, settings)
    if waited >= settings.patience:
        return Status.EARLY_STOPPED, (
            f"Stopped after epoch {len(epochs)}: {settings.patience} epochs in a row without the {settings.monitor} loss "
            f"falling by {settings.min_delta:g} {settings.unit}. {_best_weights(epochs, settings)}"
        )
    return Status.FINISHED, f"Finished all {settings.epochs} epochs."


def _broken_loss(last: Epoch, settings: RunConfig) -> tuple[str, float] | None:
    """The split whose loss says that this epoch has left a broken model, with that loss; one that broke down on its way may recover."""
    losses = {split: schema.loss_of(last, split) for split in ("train", "val", "test")}
    bound = config.BROKEN_LOSS * settings.frame.pixels * max(1.0, settings.beta)
    return next(((split, loss) for split, loss in losses.items() if loss is not None and loss > bound), None)


def _stopped_sentence(epochs: Sequence[Epoch]) -> str:
    if not epochs:
        return "Stopped on request before its first epoch was finished."
    return (
        f"Stopped on request; epoch {len(epochs)} is kept, the unfinished one was dropped. Resume goes on from there."
    )


def _diverged_sentence(epoch: int, key: str, epochs: Sequence[Epoch], settings: RunConfig) -> str:
    kept = f"The weights after epoch {len(epochs)} are kept." if epochs else "No epoch was finished."
    return f"Diverged in epoch {epoch}: {key} is not a finite number. {kept} {_remedy(settings)}"


def _broken_sentence(split: str, loss: float, epochs: Sequence[Epoch], settings: RunConfig) -> str:
    return (
        f"Diverged: after epoch {len(epochs)} its {split} loss is {loss:,.0f} {settings.unit}, while a picture that is wrong in "
        f"every pixel costs {settings.frame.pixels:,}. {_best_weights(epochs, settings)} {_remedy(settings)}"
    )


def _best_weights(epochs: Sequence[Epoch], settings: RunConfig) -> str:
    return f"The best weights are those of epoch {stopping.best_epoch(epochs, settings)}."


def _remedy(settings: RunConfig) -> str:
    return f"Try a smaller --lr (this run had {settings.lr:g})."


def _epoch_line(row: Epoch, settings: RunConfig) -> str:
    return (
        f"epoch {row['epoch']}/{settings.epochs}: train {row['train_loss']:.2f}, "
        f"test {row['test_loss']:.2f} = {row['test_recon']:.2f} + {row['beta']:g} * {row['test_kl']:.2f}; "
        f"{row['images_per_second']:.0f} images/s, {row['seconds']:.1f} s"
    )
